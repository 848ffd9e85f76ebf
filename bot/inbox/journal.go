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

// arrival is an update between Telegram and the journal.
type arrival struct {
	storage.Update
	read
	entered bool // its lane is taken for it
	opened  bool // its ticket is, and it is done
	left    bool // nobody waited until its ticket was open or could not be opened
}

// accept journals updates as Telegram delivered them and hands the first deliveries on. When it returns nil, Telegram may
// be told that it has them: nothing that matters can be lost any more. Updates that mean nothing to the bot are not kept.
func (in *Inbox) accept(ctx, work context.Context, raws []json.RawMessage) error {
	arrivals, err := in.sift(ctx, raws)
	if err != nil {
		in.noteStored(err)
		return err
	}
	if len(arrivals) == 0 {
		return nil
	}
	for i := range arrivals {
		arrivals[i].Mine = in.queue.reserve(arrivals[i].ChatID)
	}
	fresh := map[int64]bool{}
	if err = in.open(ctx, work, arrivals); err == nil {
		fresh, err = in.journal(ctx, arrivals)
	}
	in.noteStored(err)
	for _, a := range arrivals {
		first := fresh[a.ID]
		delete(fresh, a.ID) // the same update may stand there twice
		switch {
		case a.left:
		case a.Mine && first:
			in.enqueue(work, a)
		case a.Mine:
			in.drop(work, a)
		case first:
			in.queue.refill()
		}
		if err == nil && !first && !a.opened {
			in.metrics.duplicates.Inc()
		}
	}
	return err
}

// drop gives back what was taken for an arrival that is not to be handled.
func (in *Inbox) drop(work context.Context, a arrival) {
	in.queue.release(a.ChatID)
	if a.entered {
		in.goOn(work, a.lane)
	}
}

// open opens the tickets that updates ask for, where nothing that came earlier is to be handled first. Where ctx ends before it is
// known whether they are open, that goes on in work.
func (in *Inbox) open(ctx, work context.Context, arrivals []arrival) error {
	ends := map[*arrival]chan bool{}
	lanes, wholes := map[Lane]bool{}, map[int64]bool{} // of updates before, which are not in the queue yet
	for i := range arrivals {
		a := &arrivals[i]
		if a.Mine && a.update != nil && !lanes[a.lane] && !wholes[a.lane.Chat] {
			if open := in.opens(a); open != nil && in.queue.enter(a.lane) {
				a.entered = true
				ends[a] = in.begin(work, a.ID, open)
			}
		}
		lanes[a.lane] = true
		for _, chat := range a.lane.concerns() {
			wholes[chat] = true
		}
	}
	for a, ended := range ends {
		select {
		case a.opened = <-ended:
		case <-ctx.Done():
			a.left = true
			in.work.Go(func() {
				<-ended
				in.drop(work, *a)
			})
		}
	}
	return ctx.Err()
}

// opens is what the handler opens an arrival's ticket with. What it cannot read is given up once it is in the journal.
func (in *Inbox) opens(a *arrival) func(context.Context) bool {
	defer in.work.Recovered("update", a.ID, func() {})
	return in.handler.Opens(a.update)
}

// begin opens a ticket, and says whether it is open once that is known.
func (in *Inbox) begin(work context.Context, update int64, open func(context.Context) bool) chan bool {
	ended := make(chan bool, 1)
	in.work.Go(func() {
		opened := false
		defer func() { ended <- opened }()
		defer in.work.Recovered("update", update, func() {})
		opened = open(work)
	})
	return ended
}

// journal stores the arrivals that are not done, and returns by number those that are first deliveries.
func (in *Inbox) journal(ctx context.Context, arrivals []arrival) (fresh map[int64]bool, err error) {
	var updates []storage.Update
	for _, a := range arrivals {
		if !a.opened {
			updates = append(updates, a.Update)
		}
	}
	if len(updates) == 0 {
		return nil, nil
	}
	return in.store.Journal(ctx, in.telegram.BotID, in.work.Number(), updates)
}

// sift says what is kept of updates as Telegram delivered them.
func (in *Inbox) sift(ctx context.Context, raws []json.RawMessage) ([]arrival, error) {
	var arrivals []arrival
	var updates []*models.Update
	for _, raw := range raws {
		a, ok := in.read(raw)
		if !ok {
			continue
		}
		shown := a.update
		if shown == nil {
			shown = unreadable(raw)
			a.ChatID = shown.Message.Chat.ID
			a.lane.Chat = a.ChatID
		}
		arrivals, updates = append(arrivals, a), append(updates, shown)
	}
	if len(arrivals) == 0 {
		return nil, nil
	}
	kept, err := in.handler.Sift(ctx, updates)
	if err != nil {
		return nil, err
	}
	n := 0
	for i, a := range arrivals {
		switch kept[i] {
		case nil:
			continue
		case updates[i]:
		default:
			a.update = kept[i]
			if a.Payload, err = json.Marshal(kept[i]); err != nil {
				return nil, err
			}
		}
		arrivals[n] = a
		n++
	}
	return arrivals[:n], nil
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
func (in *Inbox) read(raw json.RawMessage) (a arrival, ok bool) {
	update, err := telegram.ReadUpdate(raw)
	in.metrics.received(&update)
	if err != nil {
		var id struct {
			ID int64 `json:"update_id"`
		}
		err = json.Unmarshal(raw, &id)
		return arrival{Update: storage.Update{ID: id.ID, Payload: raw}}, err == nil // a later version may be able to read it
	}
	lane, ok := in.handler.Relevant(&update)
	return arrival{Update: storage.Update{ID: update.ID, ChatID: lane.Chat, Payload: raw}, read: read{lane, &update}}, ok
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
func (in *Inbox) enqueue(work context.Context, a arrival) {
	in.work.Updates.Hold(a.ID)
	if a.entered || in.queue.push(a.lane, a.Update) {
		in.work.Go(func() { in.workLane(work, a.Update, a.read) })
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
			in.goOn(work, lane)
		}
		next, ok := in.queue.next(r.lane)
		if !ok {
			return
		}
		u, r.update = next, in.readAgain(next).update
	}
}

// goOn works what waits in a lane.
func (in *Inbox) goOn(work context.Context, l Lane) {
	if u, ok := in.queue.next(l); ok {
		in.work.Go(func() { in.workLane(work, u, read{l, in.readAgain(u).update}) })
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
		in.enqueue(work, arrival{Update: u, read: in.readAgain(u)})
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
