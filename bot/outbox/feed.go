package outbox

import (
	"context"
	"errors"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/bot/wait"
	"livedeskbot/storage"
)

// Feed is where staff see tickets as they come and change.
type Feed struct {
	Chat, Thread int64
	Team         string // whose tickets; empty: of all that have no feed of their own
}

// feeder tells the feeds of one chat, one message at a time: Telegram limits chats, not topics. It knows nothing by heart, the rows
// say what is to be told, and it reads them when the chat has room for a message: what happened until then is told at once.
// storage/feed.go has the table of their states. Where a crash leaves open whether a message was posted, it is posted again.
type feeder struct {
	*Outbox
	feeds []Feed // all there are
	share storage.FeedShare
	due   wait.Signal

	pause   time.Duration // after a failure
	lostAt  time.Time     // when the chat could not be written to last; zero: it can be
	general bool          // the log says that a topic is lost
}

// RunFeeds tells staff in their feeds, and those who follow a ticket in private, until ctx ends. What it has begun by then goes on
// in work, which outlives ctx.
func (o *Outbox) RunFeeds(ctx, work context.Context) {
	var loops errgroup.Group
	for _, f := range o.feeders {
		loops.Go(func() error { f.run(ctx, work); return nil })
	}
	loops.Go(func() error { o.runPrivate(ctx, work); return nil })
	_ = loops.Wait() // they return none
}

// newFeeders returns a feeder for each chat that has feeds. The chat of the feed without a team, else the first, also sees to what
// has no place.
func newFeeders(o *Outbox, feeds []Feed) []*feeder {
	var feeders []*feeder
	byChat := map[int64]*feeder{}
	share := storage.FeedShare{}
	for _, feed := range feeds {
		if feed.Team != "" {
			share.Known = append(share.Known, strings.ToLower(feed.Team))
		}
		if byChat[feed.Chat] == nil {
			share.Chats = append(share.Chats, feed.Chat)
			byChat[feed.Chat] = &feeder{Outbox: o, feeds: feeds, due: wait.NewSignal()}
			feeders = append(feeders, byChat[feed.Chat])
		}
	}
	for i, f := range feeders {
		f.share = share
		f.share.Chat = share.Chats[i]
	}
	rest := 0
	for _, feed := range feeds {
		f := byChat[feed.Chat]
		if feed.Team != "" {
			f.share.Teams = append(f.share.Teams, strings.ToLower(feed.Team))
			continue
		}
		f.share.Rest = true
		rest++
	}
	if rest == 0 && len(feeders) > 0 {
		feeders[0].share.Rest = true
	}
	return feeders
}

// wakeFeeds makes feeders look for something to tell.
func (o *Outbox) wakeFeeds() {
	for _, f := range o.feeders {
		f.due.Up()
	}
}

func (f *feeder) run(ctx, work context.Context) {
	for f.due.Wait(ctx, time.Second) == nil {
		for f.turn(ctx, work) {
		}
		if ctx.Err() != nil {
			return // a step may still be at work
		}
		if f.pause > 0 && wait.Sleep(ctx, f.pause) != nil {
			return
		}
	}
}

// turn tells one thing when the chat has room for it, and reports whether to look for another one at once.
func (f *feeder) turn(ctx, work context.Context) bool {
	feeds, err := f.work.Process().TryFeed(ctx, f.telegram.BotID)
	if err != nil || !feeds {
		return false
	}
	chat, err := f.store.ChatNow(ctx, f.share.Chat)
	if err != nil || !f.mayTry(ctx, chat) {
		return false
	}
	if pause := f.telegram.Spare(chat); pause > 0 {
		return wait.Sleep(ctx, pause) == nil
	}
	more := make(chan bool, 1)
	f.work.Go(func() { more <- f.step(work, chat) })
	select {
	case again := <-more:
		return again && ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// lostPause is how often a chat is tried that cannot be written to, where nothing says that it can be again.
const lostPause = time.Minute

// mayTry reports whether the chat may be written to, as far as is known.
func (f *feeder) mayTry(ctx context.Context, chat int64) bool {
	if f.lostAt.IsZero() || time.Since(f.lostAt) > lostPause {
		return true
	}
	if _, muted := f.muted.Load(chat); muted {
		return false
	}
	lost, err := f.store.ChatLost(ctx, chat)
	return err == nil && !lost
}

// errNotNow says that Telegram did not take a message for a feed, and that it may later.
var errNotNow = errors.New("not now")

// step tells one thing, and reports whether there may be another.
func (f *feeder) step(ctx context.Context, chat int64) bool {
	told, err := f.tellLeft(ctx, chat)
	if err == nil && !told {
		told, err = f.tellNext(ctx, chat)
	}
	switch {
	case errors.Is(err, errMoved):
		return true
	case err != nil:
		if !errors.Is(err, errNotNow) && ctx.Err() == nil {
			f.log.Warn("cannot tell a staff feed, trying again", "chat", chat, "error", err)
		}
		f.pause = wait.Backoff(f.pause, leastTellPause, mostTellPause)
		if !f.lostAt.IsZero() {
			f.pause = 0 // mayTry says when
		}
		return false
	}
	f.pause = 0
	return told
}

// tellNext tells what a ticket's feed does not show yet: its card, else what was added. It reports whether there was something.
func (f *feeder) tellNext(ctx context.Context, chat int64) (told bool, err error) {
	t, before, err := f.store.NextFed(ctx, f.share)
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	nothing := storage.Feeding{Fed: t, Before: before, After: before}
	defer f.work.Recovered("ticket", t.ID, func() { // what cannot be told must not keep the others waiting
		told, err = true, f.record(ctx, nothing)
	})
	done := nothing
	additions, err := f.store.FeedAdditions(ctx, t.ID)
	if err != nil {
		return false, err
	}
	place, has := f.placeOf(t.Team, chat, before)
	if has && (before.MessageID != 0 || view.Fed(t.Ticket)) {
		if err := f.tellTicket(ctx, &done, place, additions); err != nil {
			return false, err
		}
	}
	return true, f.record(ctx, done)
}

// placeOf is where the message of a ticket belongs. Where its team has no feed and there is none without a team, it stays where it
// stands.
func (f *feeder) placeOf(team string, chat int64, stands storage.FeedPost) (telegram.Place, bool) {
	place, has := telegram.Place{Chat: stands.ChatID, Thread: stands.ThreadID}, stands.MessageID != 0
	for _, feed := range f.feeds {
		switch strings.ToLower(feed.Team) {
		case team:
			place, has = telegram.Place{Chat: feed.Chat, Thread: feed.Thread}, true
			if team != "" {
				return f.now(place, chat), true
			}
		case "":
			place, has = telegram.Place{Chat: feed.Chat, Thread: feed.Thread}, true
		}
	}
	return f.now(place, chat), has
}

// now is a place in this feeder's chat where that lives now.
func (f *feeder) now(place telegram.Place, chat int64) telegram.Place {
	if place.Chat == f.share.Chat {
		place.Chat = chat
	}
	return place
}

// tellTicket posts or edits a ticket's card where it shows something old or stands in another feed, else it posts what was added.
func (f *feeder) tellTicket(ctx context.Context, done *storage.Feeding, place telegram.Place, additions []storage.FeedAddition) error {
	names, err := f.store.NamesOf(ctx, done.Ticket)
	if err != nil {
		return err
	}
	card := f.view.FeedCard(done.Ticket, names)
	before := done.Before
	stands := before.MessageID != 0 && before.ChatID == place.Chat && before.ThreadID == place.Thread
	switch {
	case stands && before.Shown == view.Digest(card):
		if len(additions) == 0 {
			return nil
		}
		return f.tellAdditions(ctx, done, place, additions)
	case stands:
		v, err := f.telegram.Edit(ctx, place.Chat, before.MessageID, telegram.Feeds, card)
		if v != telegram.Gone && v != telegram.NoTopic {
			done.After.Shown, done.More = view.Digest(card), len(additions) > 0
			return f.judge(ctx, place, v, err)
		}
	}
	id, err := f.post(ctx, place, card)
	if err != nil {
		return err
	}
	done.More = len(additions) > 0 && id != 0
	done.After = storage.FeedPost{ChatID: place.Chat, ThreadID: place.Thread, MessageID: id, Shown: view.Digest(card)}
	done.Posted, done.Left = id, before.MessageID != 0 && !stands
	return nil
}

// tellAdditions posts what customers have added below the ticket's card.
func (f *feeder) tellAdditions(ctx context.Context, done *storage.Feeding, place telegram.Place, additions []storage.FeedAddition) error {
	var files []storage.File
	if done.WithFiles {
		var err error
		if files, err = f.store.Files(ctx, done.ID); err != nil {
			return err
		}
	}
	text, told := f.view.FeedAdditions(done.Ticket, additions, files)
	place.Reply = done.Before.MessageID
	id, err := f.post(ctx, place, markup.Message{Text: text})
	if err != nil {
		return err
	}
	done.Posted, done.Additions, done.More = id, additions[:told], told < len(additions)
	return nil
}

// post posts a message in a feed, in General where its topic is closed or deleted. 0: Telegram will never take it.
func (f *feeder) post(ctx context.Context, to telegram.Place, m markup.Message) (int64, error) {
	id, v, err := f.telegram.Post(ctx, to, telegram.Feeds, m)
	if v == telegram.NoTopic && to.Thread != 0 {
		if !f.general {
			f.log.Warn("the topic of a staff feed is closed or deleted, its messages go to General",
				"chat", to.Chat, "topic", to.Thread, "error", err)
			f.general = true
		}
		to.Thread, to.Reply = 0, 0 // a reply would go to the closed topic again
		id, v, err = f.telegram.Post(ctx, to, telegram.Feeds, m)
	} else if v == telegram.Done && to.Thread != 0 {
		f.general = false
	}
	return id, f.judge(ctx, to, v, err)
}

// judge says what Telegram's answer means for a feed: an error is returned where it is to be tried again.
func (f *feeder) judge(ctx context.Context, to telegram.Place, v telegram.Verdict, cause error) error {
	switch v {
	case telegram.Done:
		return f.regain(ctx, to.Chat)
	case telegram.Refused, telegram.Gone:
		f.log.Warn("Telegram does not take a message for a staff feed", "chat", to.Chat, "error", cause)
		return nil
	case telegram.Later:
		return errNotNow
	case telegram.Moved:
		if _, err := f.relocate(ctx, to, cause); err != nil {
			return err
		}
		return errMoved
	case telegram.Lost:
		if f.lostAt.IsZero() {
			f.log.Warn("a staff feed cannot be written to, what there is to tell waits", "chat", to.Chat, "error", cause)
		}
		f.lostAt = time.Now()
		if _, err := f.store.LoseChat(ctx, to.Chat); err != nil {
			return err
		}
		return errNotNow
	}
	f.lostAt = time.Now()
	_ = f.mute(to.Chat, cause)
	return errNotNow
}

// regain notes that the chat can be written to again.
func (f *feeder) regain(ctx context.Context, chat int64) error {
	if f.lostAt.IsZero() {
		return nil
	}
	f.log.Info("a staff feed can be written to again", "chat", chat)
	f.lostAt = time.Time{}
	f.muted.Delete(chat)
	return f.store.RegainChat(ctx, chat)
}

// record stores what was told. Where another process has posted the ticket's card meanwhile, this one's is removed: it would never
// change again.
func (f *feeder) record(ctx context.Context, done storage.Feeding) error {
	err := f.work.Record(ctx, func() error { return f.store.RecordFed(ctx, done) })
	if !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	if done.After.MessageID != done.Before.MessageID {
		_, _ = f.telegram.Delete(ctx, done.After.ChatID, done.After.MessageID)
	}
	return nil
}

// tellLeft makes a message say that its ticket has gone to another feed, and reports whether there was one.
func (f *feeder) tellLeft(ctx context.Context, chat int64) (bool, error) {
	left, err := f.store.NextLeft(ctx, f.share)
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	t, err := f.store.Ticket(ctx, left.Ticket)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return false, err
	}
	if err == nil {
		v, err := f.telegram.Edit(ctx, left.ChatID, left.MessageID, telegram.Feeds, f.view.FeedMoved(t))
		if v == telegram.Later || v == telegram.Muted && left.ChatID == chat {
			return false, f.judge(ctx, telegram.Place{Chat: chat}, v, err)
		}
		if v != telegram.Done {
			f.log.Info("a message in a staff feed cannot be changed any more", "chat", left.ChatID, "error", err)
		}
	}
	return true, f.work.Record(ctx, func() error { return f.store.RecordLeft(ctx, left) })
}
