package bot

import (
	"context"
	"strconv"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

// sayQueue answers /status in a staff chat: all unfinished tickets, the first page.
func (h handler) sayQueue(ctx context.Context, a asked) error {
	m, err := h.queue(ctx, 0)
	if err != nil {
		return err
	}
	at, id, err := h.outbox.Answer(ctx, a.at, m)
	if err != nil || id == 0 {
		return err
	}
	return h.work.Record(ctx, func() error {
		return h.store.AddPost(ctx, at.Chat, id, storage.Post{Kind: storage.PostQueue}, h.me.id, 0)
	})
}

// queue is a page of the unfinished tickets, the last one where there are not so many.
func (h handler) queue(ctx context.Context, page int) (markup.Message, error) {
	tickets, total, err := h.store.Queue(ctx, page*view.PerPage, view.PerPage)
	if last := view.QueuePages(total) - 1; err == nil && page > last {
		page = last
		tickets, total, err = h.store.Queue(ctx, page*view.PerPage, view.PerPage)
	}
	if err != nil {
		return markup.Message{}, err
	}
	if tickets, err = h.refresh(ctx, tickets); err != nil {
		return markup.Message{}, err
	}
	names, err := h.store.NamesOf(ctx, tickets...)
	return h.view.Queue(tickets, names, page, total), err
}

// turnQueue puts another page of the unfinished tickets in place of the one that stands. Data can be forged, so the chat must be one
// of staff and the message such a page.
func (h handler) turnQueue(ctx context.Context, say view.Language, p pressed, argument string) (string, error) {
	page, err := strconv.ParseUint(argument, 10, 16)
	if err != nil {
		return say.Text("press_unknown"), nil
	}
	if staff, err := h.access.isStaffChat(ctx, p.chat); err != nil || !staff {
		return say.Text("press_unknown"), err
	}
	if is, err := h.store.IsQueue(ctx, p.chat, p.message); err != nil || !is {
		return say.Text("press_unknown"), err
	}
	m, err := h.queue(ctx, int(page))
	if err != nil {
		return "", err
	}
	if v, err := h.telegram.Edit(ctx, p.chat, p.message, telegram.Answers, m); v == telegram.Later {
		return "", err
	}
	return "", nil
}
