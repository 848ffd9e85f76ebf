package bot

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/bot/wait"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

const (
	// maxRequests is how many requests may be with LiveDesk at a time.
	maxRequests = 256
	// Pauses while LiveDesk does not take requests. README.md promises at most 20 s between two tries.
	leastPause = 500 * time.Millisecond
	mostPause  = 15 * time.Second
)

// throttle decides when a request may go to LiveDesk: at the operator's rate, and while LiveDesk does not take requests
// one at a time, with pauses. It is one for all, so that a Retry-After is obeyed by all.
type throttle struct {
	limiter *rate.Limiter

	mu      sync.Mutex
	down    bool
	probing bool // one request is finding out whether it is back
	pause   time.Duration
	until   time.Time
}

func newThrottle(perSecond int) *throttle {
	// In any one second at most the burst and a second's refill go out: below twice the rate.
	return &throttle{limiter: rate.NewLimiter(rate.Limit(perSecond), max(1, perSecond/2))}
}

// enter says whether a request may go at once. Where not, it says how long LiveDesk is to be left alone; 0 says that the
// rate is used up, or that another request is finding out whether it is back.
func (t *throttle) enter() (ok bool, pause time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.down {
		if pause := time.Until(t.until); pause > 0 {
			return false, pause
		}
		if t.probing {
			return false, 0
		}
	}
	if !t.limiter.Allow() {
		return false, 0
	}
	t.probing = t.down
	return true, 0
}

// leave says how a request ended: took is whether LiveDesk took it, retryAfter how long it asked to wait. It returns
// whether that changed what we know.
func (t *throttle) leave(took bool, retryAfter time.Duration) (changed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	changed = t.down == took
	if took {
		t.down, t.probing, t.pause = false, false, 0
		return changed
	}
	if t.probing || !t.down {
		t.pause = wait.Backoff(t.pause, leastPause, mostPause)
	}
	if until := time.Now().Add(max(t.pause, retryAfter)); until.After(t.until) {
		t.until = until
	}
	t.down, t.probing = true, false
	return changed
}

// free gives back an entry that was not used.
func (t *throttle) free() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.probing = false
}

// mayProbe says whether a request would be let in to find out whether LiveDesk is back.
func (t *throttle) mayProbe() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.probing && !time.Now().Before(t.until)
}

// spare says whether the rate is far from used up, so that what can wait leaves room for people.
func (t *throttle) spare() bool { return t.limiter.Tokens() >= float64(t.limiter.Burst())/2 }

// isDown says whether LiveDesk took no request the last time: then one at a time finds out whether it is back.
func (t *throttle) isDown() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.down
}

// admit takes a place among the requests with LiveDesk, if there is one at once.
func (b *Bot) admit() bool {
	if b.work.Stopping() || b.backlog.Load() {
		return false // who waits longer goes first
	}
	ok, _ := b.enter()
	return ok
}

// dismiss gives back a place that was not used.
func (b *Bot) dismiss() {
	b.throttle.free()
	<-b.slots
}

// sendWaiting brings waiting tickets to LiveDesk, oldest first.
func (b *Bot) sendWaiting(ctx, work context.Context) {
	var last int64 // ticket that was tried last while LiveDesk was down
	for pause := time.Second; b.waiting.Wait(ctx, min(pause, time.Second)) == nil; {
		some, err := b.store.AnyWaiting(ctx, b.throttle.isDown())
		b.backlog.Store(some)
		if err == nil && some {
			last, pause, err = b.sendNext(ctx, work, last)
		} else {
			pause = time.Second
		}
		if err != nil && ctx.Err() == nil {
			b.log.Warn("cannot claim waiting tickets", "error", err)
			pause = time.Second
		}
	}
}

// sendNext sends waiting tickets until LiveDesk or the rate takes no more, and returns how long to wait then.
func (b *Bot) sendNext(ctx, work context.Context, last int64) (int64, time.Duration, error) {
	for ctx.Err() == nil {
		ok, pause := b.enter()
		if !ok {
			b.metrics.held(limitDesk, pause)
			return last, max(pause, 10*time.Millisecond), nil
		}
		t, err := b.claimWaiting(ctx, last)
		if err != nil {
			b.dismiss()
			if errors.Is(err, storage.ErrNotFound) {
				err = nil
			}
			return last, time.Second, err
		}
		last = t.ID
		b.work.Go(func() { b.create(work, t) })
	}
	return last, 0, nil
}

// enterPatiently takes a place among the requests with LiveDesk when there is one.
func (b *Bot) enterPatiently(ctx context.Context) error {
	for {
		ok, pause := b.enter()
		switch {
		case ok:
			return nil
		case b.work.Stopping():
			return telegram.ErrStopping
		}
		if err := wait.Sleep(ctx, min(max(pause, 10*time.Millisecond), time.Second)); err != nil {
			return err
		}
	}
}

// enterLast takes a place among the requests with LiveDesk when nobody else needs it.
func (b *Bot) enterLast(ctx context.Context) error {
	for {
		pause := time.Duration(0)
		if b.throttle.spare() {
			ok := false
			if ok, pause = b.enter(); ok {
				return nil
			}
		}
		if pause > time.Second {
			return errAway
		}
		if err := wait.Sleep(ctx, max(pause, 20*time.Millisecond)); err != nil {
			return err
		}
	}
}

// enter takes a place among the requests with LiveDesk.
func (b *Bot) enter() (bool, time.Duration) {
	select {
	case b.slots <- struct{}{}:
	default:
		return false, 0
	}
	ok, pause := b.throttle.enter()
	if !ok {
		<-b.slots
	}
	return ok, pause
}

func (b *Bot) claimWaiting(ctx context.Context, last int64) (storage.Ticket, error) {
	if b.throttle.isDown() {
		return b.store.ClaimProbe(ctx, b.work.Number(), last)
	}
	return b.store.ClaimWaiting(ctx, b.work.Number())
}

// create sends a ticket that is stored as sending and has its place, stores what came of it and tells it.
func (b *Bot) create(ctx context.Context, t storage.Ticket) {
	defer b.work.Tickets.Hold(t.ID)()
	outcome := b.dispatch(ctx, t)
	b.metrics.ended(t, outcome.State)
	<-b.slots
	var recorded storage.Ticket
	err := b.work.Record(ctx, func() (err error) {
		recorded, err = b.store.RecordOutcome(ctx, t.ID, t.Attempts, outcome, b.work.Number())
		return err
	})
	if errors.Is(err, storage.ErrNotFound) {
		b.log.Info("the outcome of a ticket is known already", "ticket", t.ID, "chat", t.ChatID, "outcome", outcome.State)
		return
	}
	if err != nil {
		b.log.Error("cannot record the outcome of a ticket", "ticket", t.ID, "chat", t.ChatID, "outcome", outcome.State, "error", err)
		return
	}
	b.log.Info("ticket "+string(outcome.State), "ticket", t.ID, "chat", t.ChatID, "number", outcome.TicketID, "attempt", t.Attempts)
	if recorded.Mine {
		b.tell(ctx, recorded)
	}
}

// dispatch makes the create request.
func (b *Bot) dispatch(ctx context.Context, t storage.Ticket) (o storage.Outcome) {
	defer b.work.Recovered("ticket", t.ID, func() {
		b.throttle.free()
		o = storage.Outcome{State: storage.StateUnconfirmed, Reason: view.ReasonUnknown, Due: -1}
	})
	var request livedesk.NewTicket
	if err := json.Unmarshal(t.Request, &request); err != nil {
		b.throttle.free()
		return storage.Outcome{State: storage.StateRefused, Reason: view.ReasonRefused, Due: -1}
	}
	if t.WithFiles {
		var err error
		if request, err = b.enterFiles(ctx, t, request); err != nil {
			b.throttle.free()
			b.log.Warn("cannot look at the files of a ticket, trying again", "ticket", t.ID, "error", err)
			return storage.Outcome{State: storage.StateWaiting, Reason: t.Reason, Due: leastPause}
		}
	}
	created, err := b.desk.CreateTicket(ctx, request)
	if err != nil && livedesk.KindOf(err) == livedesk.Refused && len(request.Attachments) > 0 {
		created, err = b.createBare(ctx, t, request, err)
	}
	news := b.answeredBy(err)
	o = outcomeOf(created, err, t.Attempts, b.cfg.TrackEvery)
	if o.State == storage.StateWaiting && !news {
		o.Due = 0 // LiveDesk was away before: the throttle keeps the pause, and afterwards the ticket keeps its place
	}
	return o
}

// createBare sends a refused ticket once more without its files: they must never prevent it, and a refusal says that
// nothing was created.
func (b *Bot) createBare(ctx context.Context, t storage.Ticket, request livedesk.NewTicket, refusal error) (livedesk.Created, error) {
	request, err := b.leaveFilesOut(ctx, t, request)
	if err == nil {
		err = b.throttle.limiter.Wait(ctx)
	}
	if err != nil {
		return livedesk.Created{}, refusal
	}
	b.log.Info("LiveDesk refused a ticket with files, sending it without", "ticket", t.ID, "error", refusal)
	return b.desk.CreateTicket(ctx, request)
}

// readTicket reads a ticket in the place among the requests that its caller has taken, and gives the place back.
func (b *Bot) readTicket(ctx context.Context, number string) (livedesk.Ticket, error) {
	defer func() { <-b.slots }()
	t, err := b.desk.Ticket(ctx, number)
	if errors.Is(err, livedesk.ErrNotFound) {
		b.answeredBy(nil) // an answer like any other
	} else {
		b.answeredBy(err)
	}
	return t, err
}

// answeredBy keeps the throttle informed, and the operator. It returns whether LiveDesk has just gone away or come back.
func (b *Bot) answeredBy(err error) (news bool) {
	refusal, _ := errors.AsType[*livedesk.Error](err)
	away := err != nil && livedesk.KindOf(err) == livedesk.NotSent
	var after time.Duration
	if refusal != nil {
		after = refusal.RetryAfter
	}
	changed := b.throttle.leave(!away, after)
	switch {
	case away && refusal != nil && refusal.Setup:
		b.log.Error("LiveDesk does not accept our credentials or address: "+
			"check LIVEDESK_API_KEY, LIVEDESK_API_SECRET and LIVEDESK_API_URL; tickets wait", "error", err)
	case away && changed:
		b.log.Warn("LiveDesk takes no requests; tickets wait", "error", err, "retry_after", after)
	case !away && changed:
		b.log.Info("LiveDesk takes requests again")
		b.waiting.Up()
	case err != nil && !away:
		b.log.Warn("LiveDesk", "error", err)
	}
	return changed
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
		reason := view.ReasonAway
		if refusal.Setup {
			reason = view.ReasonSetup
		}
		// A ticket that alone fails must not stand before the others: it comes back later and later.
		pause := min(leastPause<<min(attempts-1, 8), mostPause)
		return storage.Outcome{State: storage.StateWaiting, Reason: reason, Due: max(pause, refusal.RetryAfter)}
	}
	return storage.Outcome{State: storage.StateUnconfirmed, Reason: view.ReasonUnknown, Due: -1}
}
