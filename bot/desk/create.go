package desk

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"time"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

// creator sends tickets that wait, oldest first.
type creator struct {
	*shared
	counts  counts
	waited  func(time.Duration)
	backlog *atomic.Bool // tickets wait that were asked for earlier
}

// admit returns a turn for a ticket that has just been asked for, if there is one at once.
func (c creator) admit() *turn {
	if c.work.Stopping() || c.backlog.Load() && !c.admission.inDoubt(creating) {
		return nil // who waits longer goes first
	}
	t, _ := c.admission.try(creating, true)
	return t
}

// run sends waiting tickets until ctx ends.
func (c creator) run(ctx, work context.Context) {
	var last int64 // ticket that was tried last while LiveDesk was down
	for pause := time.Second; c.waiting.Wait(ctx, min(pause, time.Second)) == nil; {
		some, err := c.store.AnyWaiting(ctx, c.admission.isDown(creating))
		c.backlog.Store(some)
		if err == nil && some {
			last, pause, err = c.sendNext(ctx, work, last)
		} else {
			pause = time.Second
		}
		if err != nil && ctx.Err() == nil {
			c.log.Warn("cannot claim waiting tickets", "error", err)
			pause = time.Second
		}
	}
}

// sendNext sends waiting tickets until LiveDesk or the rate takes no more, and returns how long to wait then.
func (c creator) sendNext(ctx, work context.Context, last int64) (int64, time.Duration, error) {
	for ctx.Err() == nil {
		turn, shut := c.admission.try(creating, false)
		if turn == nil {
			c.waited(min(shut, time.Second)) // run looks again after a second at the latest
			return last, max(shut, 10*time.Millisecond), nil
		}
		t, err := c.claim(work, last)
		if err != nil {
			turn.leave()
			if errors.Is(err, storage.ErrNotFound) {
				err = nil
			}
			return last, time.Second, err
		}
		last = t.ID
		c.work.Go(func() { c.create(work, turn, t) })
	}
	return last, 0, nil
}

func (c creator) claim(ctx context.Context, last int64) (storage.Ticket, error) {
	if c.admission.isDown(creating) {
		return c.store.ClaimProbe(ctx, c.work.Number(), last)
	}
	return c.store.ClaimWaiting(ctx, c.work.Number())
}

// create sends a ticket that is stored as sending, in the given turn, stores what came of it and tells it.
func (c creator) create(ctx context.Context, turn *turn, t storage.Ticket) {
	defer c.work.Tickets.Hold(t.ID)()
	outcome := c.dispatch(ctx, turn, t)
	recorded := storage.Ticket{State: outcome.State}
	err := c.work.Record(ctx, func() (err error) {
		now, err := c.store.RecordOutcome(ctx, t.ID, t.Attempts, outcome, c.work.Number())
		if err == nil {
			recorded = now
		}
		return err
	})
	c.counts.ended(t, recorded.State)
	if errors.Is(err, storage.ErrNotFound) {
		c.late(ctx, t, outcome)
		return
	}
	if err != nil {
		c.log.Error("cannot record the outcome of a ticket", "ticket", t.ID, "chat", t.ChatID, "outcome", outcome.State, "error", err)
		return
	}
	c.log.Info("ticket "+string(recorded.State), "ticket", t.ID, "chat", t.ChatID, "number", outcome.TicketID, "attempt", t.Attempts)
	if recorded.Reason == view.ReasonText {
		c.log.Warn("LiveDesk turned a ticket away again and again while it took others: something before it may look at texts",
			"ticket", t.ID, "chat", t.ChatID)
	}
	if recorded.Mine {
		c.teller.Tell(ctx, recorded)
	}
}

// late takes note of an outcome that does not count any more.
func (c creator) late(ctx context.Context, t storage.Ticket, o storage.Outcome) {
	now, err := c.store.Ticket(ctx, t.ID)
	if err == nil && o.State == storage.StateCreated && now.TicketID != o.TicketID {
		c.log.Warn("LiveDesk has a ticket twice: it confirmed a request that a person had sent again",
			"ticket", t.ID, "chat", t.ChatID, "number", now.TicketID, "second", o.TicketID)
		return
	}
	c.log.Info("the outcome of a ticket is known already", "ticket", t.ID, "chat", t.ChatID, "outcome", o.State)
}

// dispatch makes the create request.
func (c creator) dispatch(ctx context.Context, turn *turn, t storage.Ticket) (o storage.Outcome) {
	defer turn.leave()
	if t.Rebuffs < 2 { // else it was turned away while others were accepted
		turn.about = t.Ref
	}
	defer c.work.Recovered("ticket", t.ID, func() {
		o = storage.Outcome{State: storage.StateUnconfirmed, Reason: view.ReasonUnknown, Due: -1}
	})
	var request livedesk.NewTicket
	if err := json.Unmarshal(t.Request, &request); err != nil {
		return storage.Outcome{State: storage.StateRefused, Reason: view.ReasonRefused, Due: -1}
	}
	if t.WithFiles {
		var err error
		if request, err = c.enterFiles(ctx, t, request); err != nil {
			c.log.Warn("cannot look at the files of a ticket, trying again", "ticket", t.ID, "error", err)
			return storage.Outcome{State: storage.StateWaiting, Reason: t.Reason, Due: leastPause}
		}
	}
	created, err := c.client.CreateTicket(ctx, request)
	if err != nil && livedesk.KindOf(err) == livedesk.Refused && len(request.Attachments) > 0 {
		created, err = c.createBare(ctx, turn, t, request, err)
	}
	known := turn.ended(err)
	o = outcomeOf(created, err, t.Attempts, c.cfg.TrackEvery)
	if refusal, ok := errors.AsType[*livedesk.Error](err); ok && known && o.State == storage.StateWaiting && refusal.RetryAfter == 0 {
		o.Due = 0 // LiveDesk was away before: the door keeps the pause, and afterwards the ticket keeps its place
	}
	return o
}

// createBare sends a refused ticket once more without its files: they must never prevent it, and a refusal says that
// nothing was created.
func (c creator) createBare(ctx context.Context, turn *turn, t storage.Ticket, request livedesk.NewTicket, refusal error) (livedesk.Created, error) {
	request, err := c.leaveFilesOut(ctx, t, request)
	if err == nil {
		err = turn.more(ctx)
	}
	if err != nil {
		return livedesk.Created{}, refusal
	}
	c.log.Info("LiveDesk refused a ticket with files, sending it without", "ticket", t.ID, "error", refusal)
	return c.client.CreateTicket(ctx, request)
}

// outcomeOf is what an answer means for a ticket. firstLook is how soon a created one is looked at.
func outcomeOf(created livedesk.Created, err error, attempts int, firstLook time.Duration) storage.Outcome {
	if err == nil {
		return storage.Outcome{State: storage.StateCreated, TicketID: markup.Line(created.ID), Due: firstLook}
	}
	refusal, _ := errors.AsType[*livedesk.Error](err)
	switch livedesk.KindOf(err) {
	case livedesk.Refused:
		return storage.Outcome{State: storage.StateRefused, Reason: view.ReasonRefused, Detail: refusal.Message, Due: -1}
	case livedesk.NotSent:
		reason, rebuff := view.ReasonAway, ""
		if refusal.Setup {
			reason = view.ReasonSetup
		}
		if refusal.Setup && refusal.Single {
			rebuff = view.ReasonText
		}
		// A ticket that alone fails must not stand before the others: it comes back later and later.
		pause := min(leastPause<<min(attempts-1, 8), mostPause)
		return storage.Outcome{State: storage.StateWaiting, Reason: reason, Due: max(pause, refusal.RetryAfter), Rebuff: rebuff}
	}
	return storage.Outcome{State: storage.StateUnconfirmed, Reason: view.ReasonUnknown, Due: -1}
}
