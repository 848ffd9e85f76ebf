package bot

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

const (
	freshness = 10 * time.Second // how long LiveDesk's word on a listed ticket is taken as current
	recording = 2 * time.Second  // between a message of ours being in the chat and in the database, at most
)

// status handles /status: a ticket by its number, or as a reply to a message about it, or a list.
func (h handler) status(ctx context.Context, update int64, a asked) (bool, error) {
	defer h.outbox.Busy(a.at)()
	if list, own, ok := (lists{h}).asked(a); ok && (markup.Line(a.args) != "" || a.quoted == nil) {
		return false, lists{h}.post(ctx, a, list, own)
	}
	about, err := h.posts.meant(ctx, a)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return false, lists{h}.post(ctx, a, view.List{}, false)
	case err != nil:
		return false, err
	case about.Ticket != 0 || about.TicketID == "":
		return h.show(ctx, update, a, about)
	}
	return h.showNumber(ctx, update, a, about.TicketID)
}

// showNumber answers with the ticket that a number means: as LiveDesk writes it, else as people do.
func (h handler) showNumber(ctx context.Context, update int64, a asked, typed string) (bool, error) {
	about := storage.Post{TicketID: typed}
	ours, err := h.known(ctx, h.reader(a), typed)
	if err != nil {
		return false, err
	}
	if len(ours) > 0 {
		about.TicketID = ours[0].TicketID
	}
	text, about, err := h.describe(ctx, h.reader(a), about)
	if err != nil || about != (storage.Post{}) {
		return h.tell(ctx, update, a, text, about, err)
	}
	found, err := h.ending(ctx, h.reader(a), typed)
	switch {
	case err != nil:
		return false, err
	case len(found) == 1:
		return h.show(ctx, update, a, storage.Post{TicketID: found[0].TicketID})
	case len(found) > 1:
		return false, h.ambiguous(ctx, a, typed, found)
	}
	return false, h.say(ctx, a, text)
}

// show answers with one ticket and remembers what the answer is about.
func (h handler) show(ctx context.Context, update int64, a asked, about storage.Post) (bool, error) {
	text, about, err := h.describe(ctx, h.reader(a), about)
	return h.tell(ctx, update, a, text, about, err)
}

// tell answers with what describe returned.
func (h handler) tell(ctx context.Context, update int64, a asked, text string, about storage.Post, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	if about == (storage.Post{}) {
		return false, h.say(ctx, a, text)
	}
	parts := markup.Split(text, markup.MaxText)
	for i, part := range parts {
		at, id, err := h.outbox.Answer(ctx, a.at, markup.Message{Text: part})
		if err != nil || id == 0 {
			return false, err
		}
		done := int64(0)
		if i == len(parts)-1 {
			done = update
		}
		if err := h.work.Record(ctx, func() error { return h.store.AddPost(ctx, at.Chat, id, about, h.me.id, done) }); err != nil {
			return false, err
		}
	}
	return true, nil
}

// describe returns what the readers of the chat may know of a ticket, and what the text is about: nothing where they may
// not know that the ticket exists.
func (h handler) describe(ctx context.Context, r reader, about storage.Post) (string, storage.Post, error) {
	say := h.speak()
	ours, err := h.posts.rows(ctx, about)
	if err != nil {
		return "", about, err
	}
	if about.TicketID == "" { // ours, and LiveDesk has not told its number
		who, err := h.access.audience(ctx, r, ours, nil)
		if err != nil || who == view.Nobody || len(ours) == 0 {
			return say.Text("not_found"), storage.Post{}, err
		}
		return h.view.Outcome(ours[0], nil).Text, about, nil
	}
	ticket, lookErr := h.desk.Ask(ctx, about.TicketID)
	var desk *livedesk.Ticket
	if lookErr == nil {
		desk = &ticket
	}
	who, err := h.access.audience(ctx, r, ours, desk)
	if err != nil {
		return "", about, err
	}
	known := who != view.Nobody && len(ours) > 0
	if known {
		about.Ticket = ours[0].ID
	}
	switch {
	case lookErr == nil && who != view.Nobody:
		return h.view.Card(say, ticket, who), about, h.seenAs(ctx, ours, ticket)
	case lookErr == nil || errors.Is(lookErr, livedesk.ErrNotFound) && !known:
		return say.Text("not_found_number", "Number", markup.Shorten(about.TicketID, view.MaxNumber)), storage.Post{}, nil
	case errors.Is(lookErr, livedesk.ErrNotFound) && ours[0].Status == view.StatusGone:
		return say.Text("vanished", "Number", about.TicketID), about, nil
	case known:
		return h.lastKnown(say, ours[0]), about, nil
	}
	return say.Text("cannot_look", "Number", markup.Shorten(about.TicketID, view.MaxNumber)), storage.Post{}, nil
}

func (h handler) reader(a asked) reader {
	return reader{chat: a.at.Chat, person: a.by.id, private: a.private, channels: h.here.channels}
}

// seenAs stores what LiveDesk just said.
func (h handler) seenAs(ctx context.Context, ours []storage.Ticket, ticket livedesk.Ticket) error {
	for _, t := range ours {
		if err := h.store.Seen(ctx, t.ID, view.Status(ticket.Status)); err != nil {
			return err
		}
		if t.Status == view.StatusGone { // it is not, so its card is wrong
			if err := h.store.LookNow(ctx, t.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// lastKnown is what can be said of a ticket while LiveDesk says nothing.
func (h handler) lastKnown(say view.Language, t storage.Ticket) string {
	if t.SeenAt == nil {
		return say.Text("known_never", "Number", view.Number(t))
	}
	return say.Text("known_last", "Number", view.Number(t), "Status", markup.HTML(say.Word("status", t.Status)), "When", say.When(*t.SeenAt))
}

// refresh asks LiveDesk about tickets. What it does not say now stays as it was known.
func (h handler) refresh(ctx context.Context, tickets []storage.Ticket) ([]storage.Ticket, error) {
	var looks errgroup.Group
	for i := range tickets {
		t := &tickets[i]
		if t.TicketID == "" || t.SeenAt != nil && time.Since(*t.SeenAt) < freshness {
			continue
		}
		looks.Go(func() error {
			desk, err := h.desk.Ask(ctx, t.TicketID)
			if err != nil {
				return nil //nolint:nilerr // shown as last known
			}
			t.Status = view.Status(desk.Status)
			return h.store.Seen(ctx, t.ID, t.Status)
		})
	}
	return tickets, looks.Wait()
}
