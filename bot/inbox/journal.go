package inbox

import (
	"cmp"
	"context"
	"encoding/json"
	"time"

	"github.com/go-telegram/bot/models"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/wait"
	"livedeskbot/storage"
)

// maxTakeovers is how many processes may die with an update in hand before it is suspected of being the cause, and how many
// more while it is handled as a suspect before it is given up. Suspects are handled one at a time: whoever kills processes
// for another reason must not make the bot lose what was only waiting in them.
const maxTakeovers = 3

// accept journals updates as Telegram delivered them and hands the first deliveries on. When it returns nil, Telegram may
// be told that it has them: nothing that matters can be lost any more. Updates that mean nothing to the bot are not kept.
func (in *Inbox) accept(ctx, work context.Context, raws []json.RawMessage) error {
	updates, reads, err := in.sift(ctx, raws)
	if err != nil {
		in.noteStored(err)
		return err
	}
	if len(updates) == 0 {
		return nil
	}
	for i := range updates {
		updates[i].Mine = in.queue.reserve(updates[i].ChatID)
	}
	fresh, err := in.store.Journal(ctx, in.telegram.BotID, in.work.Number(), updates)
	in.noteStored(err)
	for i, u := range updates {
		switch {
		case u.Mine && err == nil && fresh[i]:
			in.enqueue(work, u, reads[i])
		case u.Mine:
			in.queue.release(u.ChatID)
		case err == nil && fresh[i]:
			in.queue.refill()
		}
		if err == nil && !fresh[i] {
			in.metrics.duplicates.Inc()
		}
	}
	return err
}

// sift says what is kept of updates as Telegram delivered them.
func (in *Inbox) sift(ctx context.Context, raws []json.RawMessage) (updates []storage.Update, reads []read, err error) {
	var arrived []*models.Update
	for _, raw := range raws {
		u, r, ok := in.read(raw)
		if !ok {
			continue
		}
		shown := r.update
		if shown == nil {
			shown = unreadable(raw)
			u.ChatID = shown.Message.Chat.ID
			r.lane.Chat = u.ChatID
		}
		updates, reads, arrived = append(updates, u), append(reads, r), append(arrived, shown)
	}
	if len(arrived) == 0 {
		return nil, nil, nil
	}
	kept, err := in.handler.Sift(ctx, arrived)
	if err != nil {
		return nil, nil, err
	}
	n := 0
	for i, u := range updates {
		switch kept[i] {
		case nil:
			continue
		case arrived[i]:
		default:
			reads[i].update = kept[i]
			if u.Payload, err = json.Marshal(kept[i]); err != nil {
				return nil, nil, err
			}
		}
		updates[n], reads[n] = u, reads[i]
		n++
	}
	return updates[:n], reads[:n], nil
}

// unreadable is what can be seen of an update that cannot be read: at most the chat that it comes from.
func unreadable(raw json.RawMessage) *models.Update {
	type message struct {
		Chat struct {
			ID int64 `json:"id"`
		} `json:"chat"`
	}
	var u struct {
		Message  message `json:"message"`
		Edited   message `json:"edited_message"`
		Member   message `json:"my_chat_member"`
		Callback struct {
			Message message `json:"message"`
		} `json:"callback_query"`
	}
	_ = json.Unmarshal(raw, &u) // what is of another type stays empty
	chat := cmp.Or(u.Message.Chat.ID, u.Edited.Chat.ID, u.Member.Chat.ID, u.Callback.Message.Chat.ID)
	return &models.Update{Message: &models.Message{Chat: models.Chat{ID: chat}}}
}

// read is an update as it reads. It takes several times the memory of the update as it was received.
type read struct {
	lane   Lane
	update *models.Update // nil where it cannot be read
}

// read says what is kept of an update; ok is false where it means nothing to the bot.
func (in *Inbox) read(raw json.RawMessage) (u storage.Update, r read, ok bool) {
	update, err := telegram.ReadUpdate(raw)
	in.metrics.received(&update)
	if err != nil {
		var id struct {
			ID int64 `json:"update_id"`
		}
		err = json.Unmarshal(raw, &id)
		return storage.Update{ID: id.ID, Payload: raw}, r, err == nil // a later version may be able to read it
	}
	r.update = &update
	r.lane, ok = in.handler.Relevant(&update)
	return storage.Update{ID: update.ID, ChatID: r.lane.Chat, Payload: raw}, r, ok
}

// readAgain reads an update of the journal.
func (in *Inbox) readAgain(u storage.Update) read {
	update, err := telegram.ReadUpdate(u.Payload)
	if err != nil {
		return read{lane: Lane{Chat: u.ChatID}}
	}
	l, _ := in.handler.Relevant(&update)
	return read{l, &update}
}

// enqueue hands on an update that has room in the queue. Where it has to wait there, it is read again in its turn.
func (in *Inbox) enqueue(work context.Context, u storage.Update, r read) {
	in.work.Updates.Hold(u.ID)
	if in.queue.push(r.lane, u) {
		in.work.Go(func() { in.workLane(work, u, r) })
	}
}

func (in *Inbox) workLane(work context.Context, u storage.Update, r read) {
	for {
		ended := in.handle(work, u, r.update)
		in.work.Updates.Drop(u.ID)
		in.queue.release(u.ChatID)
		if !ended {
			return // the service stops, and what comes after it must not come before it
		}
		for _, lane := range in.queue.ended(r.lane) {
			in.work.Go(func() { in.resume(work, lane) })
		}
		next, ok := in.queue.next(r.lane)
		if !ok {
			return
		}
		u, r.update = next, in.readAgain(next).update
	}
}

// resume works a lane that had to wait.
func (in *Inbox) resume(work context.Context, l Lane) {
	if u, ok := in.queue.next(l); ok {
		in.workLane(work, u, read{l, in.readAgain(u).update})
	}
}

// takeUp claims updates that wait in the journal: those of dead processes, and those that found no room.
func (in *Inbox) takeUp(ctx, work context.Context) {
	for {
		limit, full := in.queue.room()
		more, err := in.claim(work, limit, full)
		if err != nil && ctx.Err() == nil {
			in.log.Warn("cannot claim updates", "error", err)
		}
		if !more && in.queue.more.Wait(ctx, time.Second) != nil {
			return
		}
	}
}

// claim takes up to limit updates from the journal in hand, leaving out full chats, and returns whether there may be more.
func (in *Inbox) claim(work context.Context, limit int, full []int64) (more bool, err error) {
	if limit == 0 {
		return false, nil
	}
	updates, err := in.store.ClaimUpdates(work, in.telegram.BotID, in.work.Number(), limit, full)
	if err != nil {
		return false, err
	}
	more = len(updates) == limit
	in.queue.took(updates, !more, full)
	for _, u := range updates {
		in.enqueue(work, u, in.readAgain(u))
	}
	return more, nil
}

// handle does what an update asks for and marks it as done. Where that fails for now it tries again, later ones of the
// same sender wait meanwhile; false: until the service stopped. update is nil where it cannot be read.
func (in *Inbox) handle(work context.Context, u storage.Update, update *models.Update) (ended bool) {
	if u.Takeovers > maxTakeovers {
		if u.Suspected > maxTakeovers {
			in.giveUp(work, u, "processes died with it")
			return true
		}
		in.suspects.Lock()
		defer in.suspects.Unlock()
		if in.work.Record(work, func() error { return in.store.Suspect(work, in.telegram.BotID, u.ID, u.Suspected+1) }) != nil {
			return false
		}
	}
	for delay := time.Duration(0); wait.Sleep(work, delay) == nil && !(delay > 0 && in.work.Stopping()); {
		err := in.try(work, u, update)
		if err == nil {
			return true
		}
		delay = wait.Backoff(delay, 100*time.Millisecond, 5*time.Second)
		in.log.Warn("update failed, trying again", "update", u.ID, "chat", u.ChatID, "error", in.telegram.Redact(err))
	}
	return false
}

func (in *Inbox) try(work context.Context, u storage.Update, update *models.Update) error {
	defer in.work.Recovered("update", u.ID, func() { in.giveUp(work, u, "panic") })
	if update == nil {
		in.giveUp(work, u, "unreadable")
		return nil
	}
	done, err := in.handler.Handle(work, update)
	if err != nil || done {
		return err
	}
	return in.work.Record(work, func() error { return in.store.FinishUpdate(work, in.telegram.BotID, u.ID) })
}

func (in *Inbox) giveUp(work context.Context, u storage.Update, fault string) {
	in.metrics.givenUp.Inc()
	in.log.Warn("gave up an update; its row in updates is kept", "update", u.ID, "chat", u.ChatID, "fault", fault)
	keep := in.handler.Keeps(work, u.ChatID)
	_ = in.work.Record(work, func() error { return in.store.GiveUpUpdate(work, in.telegram.BotID, u.ID, fault, keep) })
}
