package bot

import (
	"context"
	"strconv"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

// talk shows a ticket's conversation, page by page, newest first, as the readers of the chat may see it.
func (h handler) talk(ctx context.Context, say view.Language, c choice) (string, error) {
	t := c.ticket
	page, err := strconv.Atoi(c.argument)
	if err != nil || page < 0 || t.TicketID == "" {
		return say.Text("press_unknown"), nil
	}
	desk, err := h.desk.Ask(ctx, t.TicketID)
	if err != nil {
		return say.Text("cannot_look", "Number", view.Number(t)), nil
	}
	who, err := h.access.audience(ctx, reader{chat: c.chat, person: c.by.id, private: c.private, channels: h.here.channels}, []storage.Ticket{t}, &desk)
	if err != nil || who == view.Nobody {
		return say.Text("press_unknown"), err
	}
	m := view.Page(say, t, view.Pages(say, desk, who), page)
	if c.action == "page" {
		return h.turnPage(ctx, say, c, m)
	}
	at, id, err := h.outbox.Answer(ctx, below(c), m)
	if err != nil || id == 0 {
		return "", err
	}
	return "", h.store.AddPost(ctx, at.Chat, id, storage.Post{Ticket: t.ID, TicketID: t.TicketID}, h.me.id, 0)
}

// turnPage puts another page in place of the one that stands.
func (h handler) turnPage(ctx context.Context, say view.Language, c choice, m markup.Message) (string, error) {
	if about, err := h.posts.isAbout(ctx, c.pressed, c.ticket); err != nil || !about {
		return say.Text("press_unknown"), err
	}
	if v, err := h.telegram.Edit(ctx, c.chat, c.message, telegram.Answers, m); v == telegram.Later {
		return "", err
	}
	return "", nil
}

// below is the place below the message of a button.
func below(c choice) telegram.Place {
	to := telegram.Place{Chat: c.chat, Thread: c.thread, Reply: c.message}
	if to.Thread == 0 && c.chat == c.ticket.ChatID && !c.feed {
		to.Thread = c.ticket.ThreadID
	}
	return to
}
