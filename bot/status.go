package bot

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

const (
	maxListed = 10               // tickets in a list
	freshness = 10 * time.Second // how long LiveDesk's word on a listed ticket is taken as current
	recording = 2 * time.Second  // between a message of ours being in the chat and in the database, at most
)

// status handles /status in its three forms.
func (h handler) status(ctx context.Context, update int64, a asked) (bool, error) {
	about, err := h.posts.meant(ctx, a)
	if err == nil {
		return h.show(ctx, update, a, about)
	}
	if !errors.Is(err, storage.ErrNotFound) {
		return false, err
	}
	if staff, err := h.access.isStaffChat(ctx, a.at.Chat); err != nil {
		return false, err
	} else if staff {
		return false, queue{h}.list(ctx, a)
	}
	text, err := h.list(ctx, a)
	if err != nil {
		return false, err
	}
	return false, h.say(ctx, a, text)
}

// show answers with one ticket and remembers what the answer is about.
func (h handler) show(ctx context.Context, update int64, a asked, about storage.Post) (bool, error) {
	text, about, err := h.describe(ctx, a, about)
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
func (h handler) describe(ctx context.Context, a asked, about storage.Post) (string, storage.Post, error) {
	say := h.speak()
	ours, err := h.posts.rows(ctx, about)
	if err != nil {
		return "", about, err
	}
	if about.TicketID == "" { // ours, and LiveDesk has not told its number
		who, err := h.access.audience(ctx, h.reader(a), ours, nil)
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
	who, err := h.access.audience(ctx, h.reader(a), ours, desk)
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

// list are the unfinished tickets of a topic, a chat or, in private, a person.
func (h handler) list(ctx context.Context, a asked) (string, error) {
	say := h.speak()
	tickets, err := h.unfinished(ctx, a)
	if err != nil {
		return "", err
	}
	more := len(tickets) > maxListed
	tickets = tickets[:min(len(tickets), maxListed)]
	if tickets, err = h.refresh(ctx, tickets); err != nil {
		return "", err
	}
	id := "list"
	switch {
	case a.private:
		id = "list_private"
	case a.at.Thread != 0:
		id = "list_topic"
	}
	if len(tickets) == 0 {
		return say.Text(id + "_empty"), nil
	}
	lines := []string{say.Text(id, "Count", len(tickets))}
	for _, t := range tickets {
		lines = append(lines, h.view.Line(say, t))
	}
	if more {
		lines = append(lines, say.Text("list_more"))
	}
	return strings.Join(lines, "\n"), nil
}

// unfinished are up to maxListed+1 tickets for a list, newest first.
func (h handler) unfinished(ctx context.Context, a asked) ([]storage.Ticket, error) {
	if !a.private {
		return h.store.UnfinishedIn(ctx, a.at.Chat, a.at.Thread, maxListed+1)
	}
	tickets, err := h.store.UnfinishedOf(ctx, a.by.id, 5*maxListed)
	if err != nil {
		return nil, err
	}
	member := map[int64]bool{a.at.Chat: true}
	var shown []storage.Ticket
	for _, t := range tickets {
		allowed, known := member[t.ChatID]
		if !known {
			if allowed, err = h.access.ownElsewhere(ctx, h.reader(a), t); err != nil {
				return nil, err
			}
			member[t.ChatID] = allowed
		}
		if allowed {
			shown = append(shown, t)
		}
	}
	return shown[:min(len(shown), maxListed+1)], nil
}

// refresh asks LiveDesk about the tickets and returns those that are still unfinished. What LiveDesk does not say now
// stays as it was known.
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
	err := looks.Wait()
	return slices.DeleteFunc(tickets, func(t storage.Ticket) bool { return view.Finished(t.Status) }), err
}
