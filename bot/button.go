package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

// press handles a button. Clients can send data that was never on a button, so every press is checked as if it were
// typed: the ticket must belong to the chat that the button stands in, and the person must be allowed to.
func (h handler) press(ctx context.Context, update int64, p pressed) error {
	text, err := h.decide(ctx, update, p)
	if err != nil {
		return err
	}
	// The button has taken effect, so only the answer is repeated. It is not part of the chat and waits in the person's line.
	v, err := h.telegram.AnswerPress(ctx, p.by.id, p.id, markup.Plain(text))
	if v == telegram.Later {
		h.log.Info("a press stays without an answer", "chat", p.chat, "error", err)
	}
	return nil // also where it is too old to be answered, which nobody waits for
}

// choice is a press that is understood.
type choice struct {
	pressed
	update           int64
	ticket           storage.Ticket
	action, argument string
}

// decide does what a button says and returns the answer to the press.
func (h handler) decide(ctx context.Context, update int64, p pressed) (string, error) {
	say := h.view.In("")
	action, id, argument, ok := view.ParseButton(p.data)
	if !ok {
		return say.Text("press_unknown"), nil
	}
	t, err := h.store.Ticket(ctx, id)
	if errors.Is(err, storage.ErrNotFound) || err == nil && !(p.chat != 0 && (p.chat == t.ChatID || p.chat == t.CardChatID)) {
		return say.Text("press_unknown"), nil
	}
	if err != nil {
		return "", err
	}
	c := choice{pressed: p, update: update, ticket: t, action: action, argument: argument}
	switch action {
	case "again", "leave":
		return h.decideUnconfirmed(ctx, say, c)
	case "refresh":
		err = h.store.LookNow(ctx, t.ID)
		h.desk.Look()
		return say.Text("pressed_refresh"), err
	case "talk", "page":
		return h.talk(ctx, say, c)
	case "follow":
		return h.toggleFollow(ctx, say, c)
	}
	return h.choose(ctx, say, c)
}

// decideUnconfirmed sends an unconfirmed ticket again, or leaves it. The button counts for the attempt it was made for.
func (h handler) decideUnconfirmed(ctx context.Context, say view.Language, c choice) (string, error) {
	attempt, err := strconv.ParseInt(c.argument, 10, 32)
	if err != nil {
		return say.Text("press_unknown"), nil
	}
	if allowed, err := h.mayDecide(ctx, c.pressed, c.ticket); err != nil || !allowed {
		return say.Text("press_forbidden"), err
	}
	if c.action == "leave" {
		err = h.store.Leave(ctx, c.ticket.ID, int(attempt))
		h.outbox.Wake()
	} else {
		err = h.desk.Again(ctx, c.ticket.ID, int(attempt))
	}
	if errors.Is(err, storage.ErrNotFound) {
		return say.Text("press_late"), nil
	}
	return say.Text("pressed_" + c.action), err
}

// choose shows the values of a field, or sets one: for who asked for the ticket and for staff.
func (h handler) choose(ctx context.Context, say view.Language, c choice) (string, error) {
	t := c.ticket
	if _, member := h.cfg.StaffMembers[c.by.id]; !member && !h.staff[c.chat] && c.by.id != t.SenderID {
		return say.Text("press_not_yours"), nil
	}
	if t.State != storage.StateCreated || t.TicketID == "" || t.Status == view.StatusGone {
		return say.Text("press_late"), nil
	}
	if about, err := h.isAbout(ctx, c.pressed, t); err != nil || !about {
		return say.Text("press_unknown"), err
	}
	field, value, _ := strings.Cut(c.argument, "=")
	switch {
	case c.action == "menu" && field == "":
		return "", h.putButtons(ctx, c.pressed, view.CardButtons(say, t))
	case c.action == "menu" && view.Choices[field] != nil:
		return "", h.putButtons(ctx, c.pressed, view.MenuButtons(say, t, field))
	case c.action == "set" && slices.Contains(view.Choices[field], value):
		if err := h.set(ctx, c, field, value); err != nil {
			return "", err
		}
		return say.Text("pressed_set"), h.putButtons(ctx, c.pressed, view.CardButtons(say, t))
	}
	return say.Text("press_unknown"), nil
}

// set changes a field of a ticket to one of the choices.
func (h handler) set(ctx context.Context, c choice, field, value string) error {
	content, err := json.Marshal(view.Value{Value: value})
	if err != nil {
		return err
	}
	kind := map[string]storage.AdditionKind{"priority": storage.AddPriority, "type": storage.AddType}[field]
	ref := fmt.Sprintf("%d/press/%d", h.telegram.BotID, c.update)
	err = h.store.Add(ctx, storage.Addition{Ref: ref, Ticket: c.ticket.ID, Kind: kind, Content: content}, nil, h.telegram.BotID, 0)
	if err == nil {
		h.desk.Look()
	}
	return err
}

// putButtons puts buttons in place of those that were pressed. Where Telegram does not want them, they stay.
func (h handler) putButtons(ctx context.Context, p pressed, buttons [][]markup.Button) error {
	if v, err := h.telegram.EditButtons(ctx, p.chat, p.message, buttons); v == telegram.Later {
		return err
	}
	return nil
}

// talk shows a ticket's conversation, page by page, newest first, as the readers of the chat may see it.
func (h handler) talk(ctx context.Context, say view.Language, c choice) (string, error) {
	t := c.ticket
	page, err := strconv.Atoi(c.argument)
	if err != nil || page < 0 || t.TicketID == "" {
		return say.Text("press_unknown"), nil
	}
	desk, err := h.desk.Ask(ctx, t.TicketID)
	if err != nil {
		return say.Text("cannot_look", "Number", t.TicketID), nil
	}
	who, err := h.audienceOf(ctx, reader{chat: c.chat, person: c.by.id, private: c.private}, []storage.Ticket{t}, &desk)
	if err != nil || who == view.Nobody {
		return say.Text("press_unknown"), err
	}
	m := view.Page(say, t, view.Pages(say, desk, who), page)
	if c.action == "page" {
		return h.turnPage(ctx, say, c, m)
	}
	at, id, err := h.outbox.Answer(ctx, telegram.Place{Chat: c.chat, Thread: t.ThreadID, Reply: c.message}, m)
	if err != nil || id == 0 {
		return "", err
	}
	return "", h.store.AddPost(ctx, at.Chat, id, storage.Post{Ticket: t.ID, TicketID: t.TicketID}, h.telegram.BotID, 0)
}

// turnPage puts another page in place of the one that stands.
func (h handler) turnPage(ctx context.Context, say view.Language, c choice, m markup.Message) (string, error) {
	if about, err := h.isAbout(ctx, c.pressed, c.ticket); err != nil || !about {
		return say.Text("press_unknown"), err
	}
	if v, err := h.telegram.Edit(ctx, c.chat, c.message, telegram.Answers, m); v == telegram.Later {
		return "", err
	}
	return "", nil
}

// isAbout says whether the message of the button is one about the ticket: forged data must not change another one.
func (h handler) isAbout(ctx context.Context, p pressed, t storage.Ticket) (bool, error) {
	post, err := h.postAt(ctx, p.chat, p.message, p.date)
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	return post.Ticket == t.ID, err
}

// mayDecide says whether a person may decide about an unconfirmed ticket: who asked for it, administrators of the chat and
// staff.
func (h handler) mayDecide(ctx context.Context, p pressed, t storage.Ticket) (bool, error) {
	if _, staff := h.cfg.StaffMembers[p.by.id]; staff || p.by.id == t.SenderID {
		return true, nil
	}
	if p.private {
		return false, nil // a private chat has no administrators
	}
	member, err := h.telegram.Member(ctx, p.chat, p.by.id)
	return member.Admin, err
}
