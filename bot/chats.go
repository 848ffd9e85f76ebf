package bot

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

// chatList is the list of chats that may use the bot, and what staff decide about them.
type chatList struct{ handler }

// list handles /chats.
func (l chatList) list(ctx context.Context, a asked) error {
	m, err := l.page(ctx, 0)
	if err != nil {
		return err
	}
	_, _, err = l.outbox.Answer(ctx, a.at, m)
	return err
}

// page is a page of the list of chats, the last one where there are not so many.
func (l chatList) page(ctx context.Context, page int) (markup.Message, error) {
	chats, total, err := l.store.ListConnections(ctx, l.me.id, page*view.ChatsOnPage, view.ChatsOnPage)
	if err == nil && len(chats) == 0 && total > 0 {
		page = (total - 1) / view.ChatsOnPage
		chats, total, err = l.store.ListConnections(ctx, l.me.id, page*view.ChatsOnPage, view.ChatsOnPage)
	}
	if err != nil {
		return markup.Message{}, err
	}
	var asks errgroup.Group
	for i := range chats {
		asks.Go(func() error {
			if title := l.telegram.Title(ctx, chats[i].ChatID); title != "" {
				chats[i].Title = title
			}
			return nil
		})
	}
	_ = asks.Wait() // they return none
	return view.ChatList(l.view.In(""), chats, page, total), nil
}

// chatChoice is the press of a button about a chat.
type chatChoice struct {
	pressed
	view.ChatButton
	update int64
}

// press does what a button about a chat says, for whoever presses it in a staff chat, and returns the answer to the press.
func (l chatList) press(ctx context.Context, say view.Language, c chatChoice) (string, error) {
	staff, err := l.access.isStaffChat(ctx, c.chat)
	if err != nil || !staff {
		return say.Text("press_unknown"), err
	}
	if c.List {
		// Forged data must not put the list in the place of a ticket.
		if _, err := l.store.PostAt(ctx, c.chat, c.message); !errors.Is(err, storage.ErrNotFound) {
			return say.Text("press_unknown"), err
		}
	}
	if c.Action == "chats" {
		return "", l.turn(ctx, c)
	}
	if c.Chat, err = l.store.ChatNow(ctx, c.Chat); err != nil { // a group may have become a supergroup since
		return "", err
	}
	known, err := l.store.Connections(ctx, l.me.id, []int64{c.Chat})
	if err != nil || len(known) == 0 {
		return say.Text("press_unknown"), err
	}
	return l.decide(ctx, say, c, known[0])
}

// decide allows, refuses or disconnects a chat and shows that where the button stands.
func (l chatList) decide(ctx context.Context, say view.Language, c chatChoice, chat storage.Connection) (string, error) {
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
	err := l.store.DecideChat(ctx, l.me.id, c.Chat, from, to, c.update)
	l.access.connections.forget(c.Chat)
	answer := "pressed_" + c.Action
	switch {
	case errors.Is(err, storage.ErrNotFound):
		answer = "press_late"
	case err != nil:
		return "", err
	default:
		chat.State = to
		l.log.Info("staff have decided about a chat", "chat", c.Chat, "state", to, "person", c.by.id)
		if err := l.carryOut(ctx, chat); err != nil {
			return "", err
		}
	}
	return say.Text(answer), l.showDecision(ctx, say, c, chat)
}

// carryOut does in a chat what staff have decided about it.
func (l chatList) carryOut(ctx context.Context, chat storage.Connection) error {
	switch chat.State {
	case storage.ChatRefused:
		return door(l).leave(ctx, chat.ChatID)
	case storage.ChatConnected:
		l.outbox.Wake() // what was not told meanwhile
		me, err := l.telegram.Member(ctx, chat.ChatID, l.me.id)
		if err != nil {
			return err
		}
		_, err = door(l).greet(ctx, chat.ChatID, me.Admin, true)
		return err
	}
	return nil
}

// showDecision brings the message with the button up to date.
func (l chatList) showDecision(ctx context.Context, say view.Language, c chatChoice, chat storage.Connection) error {
	if c.List {
		return l.turn(ctx, c)
	}
	if !slices.Contains([]storage.ConnectionState{storage.ChatConnected, storage.ChatRefused, storage.ChatDisconnected}, chat.State) {
		return nil
	}
	return l.replace(ctx, c.pressed, view.ChatDecided(say, chat))
}

// turn puts a page of the list of chats in place of the one that stands.
func (l chatList) turn(ctx context.Context, c chatChoice) error {
	m, err := l.page(ctx, c.Page)
	if err != nil {
		return err
	}
	return l.replace(ctx, c.pressed, m)
}
