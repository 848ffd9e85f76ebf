package bot

import (
	"context"
	"strconv"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

// talk shows a ticket's conversation, page by page, newest first, as the readers of the chat may see it: what LiveDesk has, and what
// customers wrote.
func (h handler) talk(ctx context.Context, say view.Language, c choice) (string, error) {
	t := c.ticket
	page, err := strconv.Atoi(c.argument)
	if err != nil || page < 0 || t.TicketID == "" {
		return say.Text("press_unknown"), nil
	}
	defer h.outbox.Busy(telegram.Place{Chat: c.chat, Thread: c.thread})()
	desk, err := h.desk.Ask(ctx, t.TicketID)
	if err != nil {
		return say.Text("cannot_look", "Number", view.Number(t)), nil
	}
	who, err := h.access.audience(ctx, h.pressReader(c.pressed), []storage.Ticket{t}, &desk)
	if err != nil || who == view.Nobody {
		return say.Text("press_unknown"), err
	}
	additions, err := h.store.Said(ctx, t.ID)
	if err != nil {
		return "", err
	}
	m := view.Page(say, t, view.Pages(say, desk, view.Said(t, additions), who), page)
	if c.action == "page" {
		return h.turnPage(ctx, say, c, m)
	}
	return h.openBelow(ctx, say, c.pressed, below(c), storage.Post{Ticket: t.ID, TicketID: t.TicketID, Kind: storage.PostTalk}, m)
}

// turnPage puts another page in place of the one that stands. The card has no pages.
func (h handler) turnPage(ctx context.Context, say view.Language, c choice, m markup.Message) (string, error) {
	if c.chat == c.ticket.CardChatID && c.message == c.ticket.CardID {
		return say.Text("press_unknown"), nil
	}
	if about, err := h.posts.isAbout(ctx, c.pressed, c.ticket); err != nil || !about {
		return say.Text("press_unknown"), err
	}
	return "", h.replace(ctx, c.pressed, m)
}

// below is the place below the message of a button.
func below(c choice) telegram.Place {
	to := telegram.Place{Chat: c.chat, Thread: c.thread, Reply: c.message}
	if to.Thread == 0 && c.chat == c.ticket.ChatID && !c.feed {
		to.Thread = c.ticket.ThreadID
	}
	return to
}
