package bot

import (
	"context"
	"encoding/json"
	"time"

	"github.com/go-telegram/bot/models"

	"livedeskbot/bot/wait"
	"livedeskbot/storage"
)

// maxTakeovers is how many processes may die with an update in hand before it is suspected of being the cause, and how many
// more while it is handled as a suspect before it is given up. Suspects are handled one at a time: whoever kills processes
// for another reason must not make the bot lose what was only waiting in them.
const maxTakeovers = 3

// accept journals updates as Telegram delivered them and hands the first deliveries on. When it returns nil, Telegram may
// be told that it has them: nothing that matters can be lost any more. Updates that mean nothing to the bot are not kept.
func (b *Bot) accept(ctx, work context.Context, raws []json.RawMessage) error {
	var updates []storage.Update
	var reads []read
	for _, raw := range raws {
		u, r, ok := b.read(raw)
		if !ok {
			continue
		}
		u.Mine = b.queue.reserve(u.ChatID)
		updates, reads = append(updates, u), append(reads, r)
	}
	if len(updates) == 0 {
		return nil
	}
	fresh, err := b.store.Journal(ctx, b.telegram.BotID, b.work.Number(), updates)
	b.noteStored(err)
	for i, u := range updates {
		switch {
		case u.Mine && err == nil && fresh[i]:
			b.enqueue(work, u, reads[i])
		case u.Mine:
			b.queue.release(u.ChatID)
		case err == nil && fresh[i]:
			b.queue.refill()
		}
		if err == nil && !fresh[i] {
			b.metrics.duplicates.Inc()
		}
	}
	return err
}

// read is an update as it reads. It takes several times the memory of the update as it was received.
type read struct {
	lane   lane
	update *models.Update // nil where it cannot be read
}

// read says what is kept of an update; ok is false where it means nothing to the bot.
func (b *Bot) read(raw json.RawMessage) (u storage.Update, r read, ok bool) {
	var update models.Update
	err := json.Unmarshal(raw, &update)
	b.metrics.received(&update)
	if err != nil {
		var id struct {
			ID int64 `json:"update_id"`
		}
		err = json.Unmarshal(raw, &id)
		return storage.Update{ID: id.ID, Payload: raw}, r, err == nil // a later version may be able to read it
	}
	r.update = &update
	r.lane, ok = b.relevant(&update)
	return storage.Update{ID: update.ID, ChatID: r.lane.chat, Payload: raw}, r, ok
}

// readAgain reads an update of the journal.
func (b *Bot) readAgain(u storage.Update) read {
	var update models.Update
	if json.Unmarshal(u.Payload, &update) != nil {
		return read{lane: lane{chat: u.ChatID}}
	}
	l, _ := b.relevant(&update)
	return read{l, &update}
}

// enqueue hands on an update that has room in the queue. Where it has to wait there, it is read again in its turn.
func (b *Bot) enqueue(work context.Context, u storage.Update, r read) {
	b.work.Updates.Hold(u.ID)
	if b.queue.push(r.lane, u) {
		b.work.Go(func() { b.workLane(work, u, r) })
	}
}

func (b *Bot) workLane(work context.Context, u storage.Update, r read) {
	for {
		b.handle(work, u, r.update)
		b.work.Updates.Drop(u.ID)
		b.queue.release(u.ChatID)
		next, ok := b.queue.next(r.lane)
		if !ok {
			return
		}
		u, r.update = next, b.readAgain(next).update
	}
}

// takeUp claims updates that wait in the journal: those of dead processes, and those that found no room.
func (b *Bot) takeUp(ctx, work context.Context) {
	for {
		limit, full := b.queue.room()
		more, err := b.claim(ctx, work, limit, full)
		if err != nil && ctx.Err() == nil {
			b.log.Warn("cannot claim updates", "error", err)
		}
		if !more && b.queue.more.Wait(ctx, time.Second) != nil {
			return
		}
	}
}

// claim takes up to limit updates from the journal in hand, leaving out full chats, and returns whether there may be more.
func (b *Bot) claim(ctx, work context.Context, limit int, full []int64) (more bool, err error) {
	if limit == 0 {
		return false, nil
	}
	updates, err := b.store.ClaimUpdates(ctx, b.telegram.BotID, b.work.Number(), limit, full)
	if err != nil {
		return false, err
	}
	more = len(updates) == limit
	b.queue.took(updates, !more, full)
	for _, u := range updates {
		b.enqueue(work, u, b.readAgain(u))
	}
	return more, nil
}

// handle does what an update asks for and marks it as done. Where that fails for now it tries again, later ones of the
// same sender wait meanwhile. update is nil where it cannot be read.
func (b *Bot) handle(work context.Context, u storage.Update, update *models.Update) {
	if u.Takeovers > maxTakeovers {
		if u.Suspected > maxTakeovers {
			b.giveUp(work, u, "processes died with it")
			return
		}
		b.suspects.Lock()
		defer b.suspects.Unlock()
		if b.work.Record(work, func() error { return b.store.Suspect(work, b.telegram.BotID, u.ID) }) != nil {
			return
		}
	}
	select {
	case <-b.identity:
	case <-work.Done():
		return
	}
	for delay := time.Duration(0); wait.Sleep(work, delay) == nil && !(delay > 0 && b.work.Stopping()); {
		err := b.try(work, u, update)
		if err == nil {
			return
		}
		delay = wait.Backoff(delay, 100*time.Millisecond, 5*time.Second)
		b.log.Warn("update failed, trying again", "update", u.ID, "chat", u.ChatID, "error", b.telegram.Redact(err))
	}
}

func (b *Bot) try(work context.Context, u storage.Update, update *models.Update) error {
	defer b.work.Recovered("update", u.ID, func() { b.giveUp(work, u, "panic") })
	if update == nil {
		b.giveUp(work, u, "unreadable")
		return nil
	}
	done, err := b.act(work, u.ID, b.route(update))
	if err != nil || done {
		return err
	}
	return b.work.Record(work, func() error { return b.store.FinishUpdate(work, b.telegram.BotID, u.ID) })
}

func (b *Bot) giveUp(work context.Context, u storage.Update, fault string) {
	b.metrics.givenUp.Inc()
	b.log.Warn("gave up an update; its row in updates is kept", "update", u.ID, "chat", u.ChatID, "fault", fault)
	_ = b.work.Record(work, func() error { return b.store.GiveUpUpdate(work, b.telegram.BotID, u.ID, fault) })
}
