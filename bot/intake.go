package bot

import (
	"context"
	"encoding/json"
	"time"

	"github.com/go-telegram/bot/models"

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
	var lanes []lane
	var mine []bool
	for _, raw := range raws {
		u, l, ok := b.read(raw)
		if !ok {
			continue
		}
		updates, lanes = append(updates, u), append(lanes, l)
		mine = append(mine, b.queue.reserve(u.ChatID))
	}
	if len(updates) == 0 {
		return nil
	}
	fresh, err := b.store.Journal(ctx, b.id, b.number(), updates, mine)
	b.noteStored(err)
	for i, u := range updates {
		switch {
		case mine[i] && err == nil && fresh[i]:
			b.enqueue(work, lanes[i], u)
		case mine[i]:
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

// read says what is kept of an update and in which lane it goes; ok is false where it means nothing to the bot.
func (b *Bot) read(raw json.RawMessage) (u storage.Update, l lane, ok bool) {
	var id struct {
		ID int64 `json:"update_id"`
	}
	if json.Unmarshal(raw, &id) != nil {
		return u, l, false
	}
	var update models.Update
	u = storage.Update{ID: id.ID, Payload: raw}
	err := json.Unmarshal(raw, &update)
	b.metrics.received(&update)
	if err != nil {
		return u, l, true // kept for a look: it may be a kind that a later version reads
	}
	l, ok = b.relevant(&update)
	u.ChatID = l.chat
	return u, l, ok
}

// enqueue hands on an update that has room in the queue.
func (b *Bot) enqueue(work context.Context, l lane, u storage.Update) {
	b.hands.hold(b.hands.updates, u.ID)
	if b.queue.push(l, u) {
		b.do(func() { b.workLane(work, l, u) })
	}
}

func (b *Bot) workLane(work context.Context, l lane, u storage.Update) {
	for ok := true; ok; u, ok = b.queue.next(l) {
		b.handle(work, u)
		b.hands.drop(b.hands.updates, u.ID)
		b.queue.release(u.ChatID)
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
		if !more && b.queue.more.wait(ctx, time.Second) != nil {
			return
		}
	}
}

// claim takes up to limit updates from the journal in hand, leaving out full chats, and returns whether there may be more.
func (b *Bot) claim(ctx, work context.Context, limit int, full []int64) (more bool, err error) {
	if limit == 0 {
		return false, nil
	}
	updates, err := b.store.ClaimUpdates(ctx, b.id, b.number(), limit, full)
	if err != nil {
		return false, err
	}
	more = len(updates) == limit
	b.queue.took(updates, !more, full)
	for _, u := range updates {
		b.enqueue(work, b.laneOf(u), u)
	}
	return more, nil
}

// laneOf is the lane of a journalled update.
func (b *Bot) laneOf(u storage.Update) lane {
	var update models.Update
	if json.Unmarshal(u.Payload, &update) != nil {
		return lane{chat: u.ChatID}
	}
	l, _ := b.relevant(&update)
	return l
}

// handle does what an update asks for and marks it as done. Where that fails for now it tries again, later ones of the
// same sender wait meanwhile.
func (b *Bot) handle(work context.Context, u storage.Update) {
	if u.Takeovers > maxTakeovers {
		if u.Suspected > maxTakeovers {
			b.giveUp(work, u, "processes died with it")
			return
		}
		b.suspects.Lock()
		defer b.suspects.Unlock()
		if b.persist(work, func() error { return b.store.Suspect(work, b.id, u.ID) }) != nil {
			return
		}
	}
	select {
	case <-b.identity:
	case <-work.Done():
		return
	}
	for delay := time.Duration(0); sleep(work, delay) == nil && !(delay > 0 && b.stopping.Load()); {
		err := b.try(work, u)
		if err == nil {
			return
		}
		delay = backoff(delay, 100*time.Millisecond, 5*time.Second)
		b.log.Warn("update failed, trying again", "update", u.ID, "chat", u.ChatID, "error", b.telegram.redact(err))
	}
}

func (b *Bot) try(work context.Context, u storage.Update) error {
	defer b.recovered("update", u.ID, func() { b.giveUp(work, u, "panic") })
	var update models.Update
	if json.Unmarshal(u.Payload, &update) != nil {
		b.giveUp(work, u, "unreadable")
		return nil
	}
	done, err := b.act(work, u.ID, b.route(&update))
	if err != nil || done {
		return err
	}
	return b.persist(work, func() error { return b.store.FinishUpdate(work, b.id, u.ID) })
}

func (b *Bot) giveUp(work context.Context, u storage.Update, fault string) {
	b.metrics.givenUp.Inc()
	b.log.Warn("gave up an update; its row in updates is kept", "update", u.ID, "chat", u.ChatID, "fault", fault)
	_ = b.persist(work, func() error { return b.store.GiveUpUpdate(work, b.id, u.ID, fault) })
}
