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

const (
	// claimTellings is how many tickets are taken at a time to tell their news, and maxTellings how many may be told at once.
	claimTellings = 16
	maxTellings   = 128
	// Pauses between tries to tell.
	leastTellPause = time.Second
	mostTellPause  = time.Minute
	// hush is the pause before a chat that is not connected is looked at again, should the database not know it as such.
	hush = 3 * time.Second
)

// Run tells, until ctx ends, what was not told at once: after a crash, a limit or a failure, and to who has waited long enough
// to be told so. What it has begun by then goes on in work, which outlives ctx.
func (o *Outbox) Run(ctx, work context.Context) {
	slots := make(chan struct{}, maxTellings)
	for {
		limit := min(claimTellings, maxTellings-len(slots)) // what is claimed is taken in hand at once
		tickets, err := o.store.ClaimTellings(work, o.work.Number(), limit, o.telegram.Crowded())
		if err != nil && ctx.Err() == nil {
			o.log.Warn("cannot claim tellings", "error", err)
		}
		for _, t := range tickets {
			slots <- struct{}{}
			o.work.Go(func() {
				defer func() {
					if full := len(slots) == cap(slots); full {
						defer o.due.Up()
					}
					<-slots
				}()
				o.Tell(work, t)
			})
		}
		if (limit == 0 || len(tickets) < limit) && o.due.Wait(ctx, time.Second) != nil {
			return
		}
	}
}

// Tell brings the card of a ticket, whose telling is in hand of this process, up to date. The words are derived from the
// row, so telling again after a crash gives the same.
func (o *Outbox) Tell(ctx context.Context, t storage.Ticket) {
	defer o.work.Tellings.Hold(t.ID)()
	defer o.work.Recovered("ticket", t.ID, func() { o.deferTelling(ctx, t, mostTellPause) })
	if o.telegram.IsCrowded(t.ChatID) {
		o.deferTelling(ctx, t, 0)
		return
	}
	// A chat that was disconnected a moment ago is told nothing any more; the database leaves out its tickets until it is connected.
	if connected, err := o.connected(ctx, t.ChatID); err != nil || !connected {
		o.deferTelling(ctx, t, hush)
		return
	}
	t, err := o.tellNext(ctx, t)
	switch {
	case errors.Is(err, errMuted):
		o.muteTelling(ctx, t)
		return
	case errors.Is(err, errMoved):
		o.deferTelling(ctx, t, 0)
		return
	case err != nil:
		o.deferTelling(ctx, t, wait.Backoff(leastTellPause<<min(t.TellTries, 6), leastTellPause, mostTellPause))
		return
	}
	more := false
	err = o.work.Record(ctx, func() (err error) {
		more, err = o.store.RecordTold(ctx, t, t.CardChatID, t.CardID, o.work.Number())
		return err
	})
	switch {
	case errors.Is(err, storage.ErrNotFound):
		o.retract(ctx, t)
	case err == nil && more:
		o.due.Up()
	}
	if err == nil {
		o.toldFirst(t)
		o.wakeFeeds()
	}
}

// tellNext tells the card where it is not up to date, so that its place is stored before anything else is told, else what
// there is beside it.
func (o *Outbox) tellNext(ctx context.Context, t storage.Ticket) (storage.Ticket, error) {
	if !t.Addable() {
		if err := o.refuseAdditions(ctx, t); err != nil {
			return t, err
		}
	}
	if t.State == storage.StateCreated && t.TicketID == "" { // nothing can be added to it any more
		if err := o.store.DropFiles(ctx, t.ID, view.DropNumber); err != nil {
			return t, err
		}
	}
	var err error
	if t.Told < t.Version {
		t.CardChatID, t.CardID, err = o.tellCard(ctx, t)
		return t, err
	}
	return t, o.tellNotices(ctx, t)
}

// retract removes a card that this process posted after it had been taken for dead: another one tells the ticket, and this
// Message would never change again.
func (o *Outbox) retract(ctx context.Context, t storage.Ticket) {
	now, err := o.store.Ticket(ctx, t.ID)
	if err != nil || t.CardID == 0 || now.CardChatID == t.CardChatID && now.CardID == t.CardID {
		return
	}
	_, err = o.telegram.Delete(ctx, t.CardChatID, t.CardID)
	o.log.Info("removed a message that another process told as well", "ticket", t.ID, "chat", t.CardChatID, "error", err)
}

// tellCard brings the card up to date and returns where it stands.
func (o *Outbox) tellCard(ctx context.Context, t storage.Ticket) (chat, id int64, err error) {
	var files []storage.File
	if t.WithFiles && t.Forgotten == "" { // their names are forgotten too
		if files, err = o.store.Files(ctx, t.ID); err != nil {
			return 0, 0, err
		}
	}
	return o.deliver(ctx, t, o.view.Outcome(t, files))
}

func (o *Outbox) deferTelling(ctx context.Context, t storage.Ticket, pause time.Duration) {
	err := o.work.Record(ctx, func() error { return o.store.DeferTelling(ctx, t.ID, pause, o.work.Number()) })
	if err == nil && pause == 0 && !o.telegram.IsCrowded(t.ChatID) {
		o.due.Up()
	}
}

// errMoved says that the chat is elsewhere now and the row says where.
var errMoved = errors.New("chat moved")

// deliver puts a message about a ticket where its person will find it: into the card, else as a reply to the message that
// asked, else into the chat's General topic, else to the person in private. It returns where it stands; 0 where nobody
// can be told, which is logged.
func (o *Outbox) deliver(ctx context.Context, t storage.Ticket, m markup.Message) (chat, id int64, err error) {
	if t.CardID != 0 {
		v, err := o.telegram.Edit(ctx, t.CardChatID, t.CardID, telegram.Answers, m)
		if v == telegram.Done {
			return t.CardChatID, t.CardID, nil
		}
		switch {
		case v == telegram.Later:
			return 0, 0, err
		case v == telegram.Muted && patient(t):
			return 0, 0, o.mute(t.CardChatID, err)
		case v == telegram.Refused: // a new card can be right, this one would stand still
			o.log.Warn("Telegram does not take a change of a card", "chat", t.CardChatID, "ticket", t.ID, "error", err)
		case v != telegram.Gone && v != telegram.Moved && t.View != nil:
			return t.CardChatID, t.CardID, nil // only what the card shows has changed, which nobody has to be told elsewhere
		}
	}
	chat, id, err = o.postFirst(ctx, t, o.places(t), func(to telegram.Place) (int64, telegram.Verdict, error) {
		return o.telegram.Post(ctx, to, telegram.Answers, o.elsewhere(t, to, m))
	})
	if err == nil && id == 0 && t.CardID != 0 && t.View != nil {
		return t.CardChatID, t.CardID, nil // what stands there is older, but there is no better place
	}
	if err == nil && id == 0 {
		o.log.Warn("nobody can be told about a ticket", "chat", t.ChatID, "ticket", t.ID, "number", t.TicketID, "state", t.State)
	}
	return chat, id, err
}

// postFirst posts a message about a ticket in the first place that takes it and returns where it stands; 0 where none does.
func (o *Outbox) postFirst(
	ctx context.Context, t storage.Ticket, places []telegram.Place, post func(telegram.Place) (int64, telegram.Verdict, error),
) (chat, id int64, err error) {
	var without int64 // chat that is lost, or muted for too long
	for _, to := range places {
		if to.Chat == without {
			continue
		}
		id, v, err := post(to)
		switch v {
		case telegram.Done:
			o.unmute(ctx, to.Chat, t.MutedAt != nil && to.Chat == t.ChatID)
			return to.Chat, id, nil
		case telegram.Later:
			return 0, 0, err
		case telegram.Muted:
			if patient(t) {
				return 0, 0, o.mute(to.Chat, err)
			}
			without = to.Chat
		case telegram.Moved:
			if _, err := o.relocate(ctx, to, err); err != nil {
				return 0, 0, err
			}
			return 0, 0, errMoved
		case telegram.Lost:
			without = to.Chat
			if err := o.lose(ctx, to.Chat, err); err != nil {
				return 0, 0, err
			}
		}
	}
	return 0, 0, nil
}

// places are where an outcome may be told, best first.
func (o *Outbox) places(t storage.Ticket) []telegram.Place {
	places := []telegram.Place{{Chat: t.ChatID, Thread: t.ThreadID, Reply: t.MessageID}}
	if t.ThreadID != 0 {
		places = append(places, telegram.Place{Chat: t.ChatID}) // a reply would go to the closed topic again
	}
	if t.SenderID > 0 && t.SenderID != t.ChatID {
		places = append(places, telegram.Place{Chat: t.SenderID})
	}
	return places
}

// elsewhere says whom the message is for where it does not stand below the message that asked.
func (o *Outbox) elsewhere(t storage.Ticket, to telegram.Place, m markup.Message) markup.Message {
	if to.Reply != 0 || to.Chat == t.ChatID && t.MessageID == 0 && to.Thread == t.ThreadID {
		return m
	}
	return o.view.Elsewhere(t, m)
}

// toldFirst notes how long a person waited for the first word about a ticket, which has just been told.
func (o *Outbox) toldFirst(t storage.Ticket) {
	if t.Told == 0 {
		o.noLongerBusyWith(t.ID)
		o.waited.Observe(max(0, time.Since(t.CreatedAt).Seconds())) // the clocks of database and process may differ
	}
}
