package bot

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

// inStaffChat does what a command of staff says, in a staff chat. Elsewhere it is a command that somebody else may know.
func (h handler) inStaffChat(ctx context.Context, a asked, do func(context.Context, asked) error) error {
	staff, err := h.access.isStaffChat(ctx, a.at.Chat)
	switch {
	case err != nil:
		return err
	case staff:
		return do(ctx, a)
	case a.private:
		return h.explain(ctx, a)
	}
	return nil
}

// explain answers with what the bot can do.
func (h handler) explain(ctx context.Context, a asked) error {
	staff, err := h.access.isStaffChat(ctx, a.at.Chat)
	if err != nil {
		return err
	}
	return h.say(ctx, a, h.help(staff))
}

// listChats handles /chats.
func (h handler) listChats(ctx context.Context, a asked) error {
	m, err := h.chatPage(ctx, 0)
	if err != nil {
		return err
	}
	_, _, err = h.outbox.Answer(ctx, a.at, m)
	return err
}

// chatPage is a page of the list of chats, the last one where there are not so many.
func (h handler) chatPage(ctx context.Context, page int) (markup.Message, error) {
	chats, total, err := h.store.ListConnections(ctx, h.me.id, page*view.ChatsOnPage, view.ChatsOnPage)
	if err == nil && len(chats) == 0 && total > 0 {
		page = (total - 1) / view.ChatsOnPage
		chats, total, err = h.store.ListConnections(ctx, h.me.id, page*view.ChatsOnPage, view.ChatsOnPage)
	}
	if err != nil {
		return markup.Message{}, err
	}
	var asks errgroup.Group
	for i := range chats {
		asks.Go(func() error {
			if title := h.telegram.Title(ctx, chats[i].ChatID); title != "" {
				chats[i].Title = title
			}
			return nil
		})
	}
	_ = asks.Wait() // they return none
	return view.ChatList(h.view.In(""), chats, page, total), nil
}

// chatChoice is the press of a button about a chat.
type chatChoice struct {
	pressed
	view.ChatButton
	update int64
}

// pressChat does what a button about a chat says, for whoever presses it in a staff chat, and returns the answer to the press.
func (h handler) pressChat(ctx context.Context, say view.Language, c chatChoice) (string, error) {
	staff, err := h.access.isStaffChat(ctx, c.chat)
	if err != nil || !staff {
		return say.Text("press_unknown"), err
	}
	if c.List {
		// Forged data must not put the list in the place of a ticket.
		if _, err := h.store.PostAt(ctx, c.chat, c.message); !errors.Is(err, storage.ErrNotFound) {
			return say.Text("press_unknown"), err
		}
	}
	if c.Action == "chats" {
		return "", h.turnChatPage(ctx, c)
	}
	if c.Chat, err = h.store.ChatNow(ctx, c.Chat); err != nil { // a group may have become a supergroup since
		return "", err
	}
	known, err := h.store.Connections(ctx, h.me.id, []int64{c.Chat})
	if err != nil || len(known) == 0 {
		return say.Text("press_unknown"), err
	}
	return h.decideChat(ctx, say, c, known[0])
}

// decideChat allows, refuses or disconnects a chat and shows that where the button stands.
func (h handler) decideChat(ctx context.Context, say view.Language, c chatChoice, chat storage.Connection) (string, error) {
	from, to := []storage.ConnectionState{storage.ChatAsked}, storage.ChatConnected
	switch {
	case chat.Named != "":
		return say.Text("press_named"), nil
	case c.Action == "disconnect":
		from, to = []storage.ConnectionState{storage.ChatConnected}, storage.ChatDisconnected
	case c.List:
		from = []storage.ConnectionState{storage.ChatDisconnected}
	case chat.AskChatID != c.chat || chat.AskID != 0 && chat.AskID != c.message:
		return say.Text("press_unknown"), nil
	case c.Action == "refuse":
		to = storage.ChatRefused
	}
	err := h.store.DecideChat(ctx, h.me.id, c.Chat, from, to, c.update)
	h.access.connections.forget(c.Chat)
	answer := "pressed_" + c.Action
	switch {
	case errors.Is(err, storage.ErrNotFound):
		answer = "press_late"
	case err != nil:
		return "", err
	default:
		chat.State = to
		h.log.Info("staff have decided about a chat", "chat", c.Chat, "state", to, "person", c.by.id)
		if err := h.carryOut(ctx, chat); err != nil {
			return "", err
		}
	}
	return say.Text(answer), h.showDecision(ctx, say, c, chat)
}

// carryOut does in a chat what staff have decided about it.
func (h handler) carryOut(ctx context.Context, chat storage.Connection) error {
	switch chat.State {
	case storage.ChatRefused:
		return h.leave(ctx, chat.ChatID)
	case storage.ChatConnected:
		h.outbox.Wake() // what was not told meanwhile
		me, err := h.telegram.Member(ctx, chat.ChatID, h.me.id)
		if err != nil {
			return err
		}
		_, err = h.greet(ctx, chat.ChatID, me.Admin, true)
		return err
	}
	return nil
}

// showDecision brings the message with the button up to date.
func (h handler) showDecision(ctx context.Context, say view.Language, c chatChoice, chat storage.Connection) error {
	if c.List {
		return h.turnChatPage(ctx, c)
	}
	if !slices.Contains([]storage.ConnectionState{storage.ChatConnected, storage.ChatRefused, storage.ChatDisconnected}, chat.State) {
		return nil
	}
	return h.replace(ctx, c.pressed, view.ChatDecided(say, chat))
}

// turnChatPage puts a page of the list of chats in place of the one that stands.
func (h handler) turnChatPage(ctx context.Context, c chatChoice) error {
	m, err := h.chatPage(ctx, c.Page)
	if err != nil {
		return err
	}
	return h.replace(ctx, c.pressed, m)
}

// replace puts a message in place of the one with the button. Where Telegram does not want it, that one stays.
func (h handler) replace(ctx context.Context, p pressed, m markup.Message) error {
	if v, err := h.telegram.Edit(ctx, p.chat, p.message, telegram.Answers, m); v == telegram.Later {
		return err
	}
	return nil
}
