package bot

import (
	"context"
	"strconv"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

// queue is the list of all unfinished tickets, for staff.
type queue struct{ handler }

// list answers /status in a staff chat: all unfinished tickets, the first page.
func (q queue) list(ctx context.Context, a asked) error {
	m, err := q.page(ctx, 0)
	if err != nil {
		return err
	}
	at, id, err := q.outbox.Answer(ctx, a.at, m)
	if err != nil || id == 0 {
		return err
	}
	return q.work.Record(ctx, func() error {
		return q.store.AddPost(ctx, at.Chat, id, storage.Post{Kind: storage.PostQueue}, q.me.id, 0)
	})
}

// page is a page of the unfinished tickets, the last one where there are not so many.
func (q queue) page(ctx context.Context, page int) (markup.Message, error) {
	tickets, total, err := q.store.Queue(ctx, page*view.PerPage, view.PerPage)
	if last := view.QueuePages(total) - 1; err == nil && page > last {
		page = last
		tickets, total, err = q.store.Queue(ctx, page*view.PerPage, view.PerPage)
	}
	if err != nil {
		return markup.Message{}, err
	}
	if tickets, err = q.refresh(ctx, tickets); err != nil {
		return markup.Message{}, err
	}
	names, err := q.store.NamesOf(ctx, tickets...)
	return q.view.Queue(tickets, names, page, total), err
}

// turn puts another page of the unfinished tickets in place of the one that stands. Data can be forged, so the chat must be one
// of staff and the message such a page.
func (q queue) turn(ctx context.Context, say view.Language, p pressed, argument string) (string, error) {
	page, err := strconv.ParseUint(argument, 10, 16)
	if err != nil {
		return say.Text("press_unknown"), nil
	}
	if staff, err := q.access.isStaffChat(ctx, p.chat); err != nil || !staff {
		return say.Text("press_unknown"), err
	}
	if is, err := q.store.IsQueue(ctx, p.chat, p.message); err != nil || !is {
		return say.Text("press_unknown"), err
	}
	m, err := q.page(ctx, int(page))
	if err != nil {
		return "", err
	}
	if v, err := q.telegram.Edit(ctx, p.chat, p.message, telegram.Answers, m); v == telegram.Later {
		return "", err
	}
	return "", nil
}
