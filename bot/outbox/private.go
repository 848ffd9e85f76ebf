package outbox

import (
	"context"
	"errors"
	"time"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/bot/wait"
	"livedeskbot/storage"
)

// privateLimit is how many notices for people in private are looked at together.
const privateLimit = 16

// runPrivate tells those who follow a ticket in private what is new about it, until ctx ends. Like feeds, one process does so.
func (o *Outbox) runPrivate(ctx, work context.Context) {
	for wait.Sleep(ctx, time.Second) == nil {
		feeds, err := o.work.Process().TryFeed(ctx, o.telegram.BotID)
		if err != nil || !feeds {
			continue
		}
		due, err := o.store.PrivateNotices(ctx, privateLimit)
		if err != nil && ctx.Err() == nil {
			o.log.Warn("cannot look for what is to be told in private", "error", err)
		}
		for _, p := range due {
			done := make(chan struct{})
			o.work.Go(func() { defer close(done); o.tellPrivate(work, p) })
			select {
			case <-done:
			case <-ctx.Done():
				return
			}
		}
	}
}

// tellPrivate tells one person one notice, or puts it off.
func (o *Outbox) tellPrivate(ctx context.Context, p storage.PrivateNotice) {
	defer o.work.Recovered("notice", p.Notice, func() { _ = o.store.EndPrivate(ctx, p) })
	if pause := o.telegram.Spare(p.PersonID); pause > 0 { // a limited person must not keep the others waiting
		_ = o.store.DeferPrivate(ctx, p, pause)
		return
	}
	if err := o.postPrivate(ctx, p); err != nil {
		_ = o.store.DeferPrivate(ctx, p, 10*leastTellPause)
		return
	}
	_ = o.work.Record(ctx, func() error { return o.store.EndPrivate(ctx, p) })
}

// postPrivate posts a notice to a person who is still a member of the ticket's chat, where that is connected. Nobody else may know
// of it any more. An error: to be tried again.
func (o *Outbox) postPrivate(ctx context.Context, p storage.PrivateNotice) error {
	n, t, err := o.store.NoticeByID(ctx, p.Notice)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if follows, err := o.store.Follows(ctx, t.ID, p.PersonID); err != nil || !follows {
		return err
	}
	if connected, err := o.connected(ctx, t.ChatID); err != nil || !connected {
		return err
	}
	if member, err := o.telegram.Member(ctx, t.ChatID, p.PersonID); err != nil || !member.In {
		return err
	}
	texts, files := o.view.Notice(t, n, nil)
	for _, f := range files {
		texts = append(texts, view.FileLink(f))
	}
	for i, text := range texts {
		m := markup.Message{Text: text}
		if i == len(texts)-1 {
			m.Buttons = o.view.NoticeButtons(t, n)
		}
		id, v, err := o.telegram.Post(ctx, telegram.Place{Chat: p.PersonID}, telegram.Feeds, m)
		switch v {
		case telegram.Done:
			post := storage.Post{Ticket: t.ID, TicketID: t.TicketID, Kind: view.PostKind(t, n)}
			if err := o.work.Record(ctx, func() error { return o.store.AddPost(ctx, p.PersonID, id, post, o.telegram.BotID, 0) }); err != nil {
				return err
			}
		case telegram.Later:
			return err
		default:
			return nil // they have blocked the bot: it is their affair
		}
	}
	return nil
}
