package desk

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"livedeskbot/bot/wait"
	"livedeskbot/livedesk"
)

const (
	// maxRequests is how many requests may be with LiveDesk at a time, beside looks.
	maxRequests = 256
	// Pauses while LiveDesk does not take requests. docs/promises.md promises at most 20 s between two tries.
	leastPause = 500 * time.Millisecond
	mostPause  = 15 * time.Second
)

// ErrAway says that LiveDesk is to be left alone for now.
var ErrAway = errors.New("LiveDesk takes no requests")

// errStopping says that the service is stopping and the request must wait for the next start.
var errStopping = errors.New("stopping")

// kind is a kind of request. LiveDesk may take one kind and not another.
type kind int

const (
	creating  kind = iota // tickets
	reading               // and changing them
	uploading             // files
	kinds
)

func (k kind) String() string { return [...]string{"create", "read and change", "upload"}[k] }

// admission decides when a request may go to LiveDesk: at the operator's rate, and while LiveDesk does not take requests of
// its kind one at a time, with pauses. It is one for all, so that a Retry-After is obeyed by all. Safe for concurrent use.
//
// What one request alone may be the cause of, such as 403 from a firewall that dislikes a text, shuts the door only when
// another request fails in such a way too, with none taken in between.
type admission struct {
	limiter  *rate.Limiter
	slots    chan struct{} // requests with LiveDesk
	stopping func() bool
	log      *slog.Logger
	reopened func() // is called when LiveDesk takes tickets again

	mu     sync.Mutex
	doors  [kinds]door
	wanted time.Time // when somebody last found the rate used up
}

// door is what is known of LiveDesk's taking one kind of request.
type door struct {
	down    bool // it did not take the last one
	probing bool // one request is finding out whether it is back
	pause   time.Duration
	until   time.Time // when it may be tried again
	asked   time.Time // until when LiveDesk itself asked to be left alone; a pause lasts as long as that
	suspect string    // what the last request was about that failed, perhaps alone, since LiveDesk took one
	doubt   bool      // the failures may be those of the requests, so one about something else may be tried at once
}

func newAdmission(perSecond int, stopping func() bool, log *slog.Logger, reopened func()) *admission {
	return &admission{
		// In any one second at most the burst and a second's refill go out: below twice the rate.
		limiter: rate.NewLimiter(rate.Limit(perSecond), max(1, perSecond/2)),
		slots:   make(chan struct{}, maxRequests+looksInHand(perSecond)), stopping: stopping, log: log, reopened: reopened,
	}
}

// turn is a request's place among those with LiveDesk. Who has one defers leave, which gives it back also after a panic, and
// says with ended what came of the request.
type turn struct {
	admission *admission
	kind      kind
	about     string // what the request is about, such as a ticket's number; empty: it is known to fail alone
	left      bool
	told      bool // ended was called
}

// patience is how somebody waits for a turn.
type patience int

const (
	asPerson  patience = iota // for the rate, but not for a LiveDesk that is away
	patiently                 // for everything, until the service stops
	asLast                    // until nobody else needs the rate; not for a LiveDesk that is away for long
)

// enter returns a turn when there is one. ErrAway, errStopping, or the error of ctx: there is none.
func (a *admission) enter(ctx context.Context, k kind, p patience) (*turn, error) {
	for {
		var shut time.Duration
		if p != asLast || a.spare() > 0 {
			var t *turn
			if t, shut = a.try(k, p == asPerson); t != nil {
				return t, nil
			}
		}
		step := 10 * time.Millisecond
		switch {
		case p == asPerson && shut > 0, p == asLast && shut > time.Second:
			return nil, ErrAway
		case p == patiently && a.stopping():
			return nil, errStopping
		case p == patiently:
			step = min(max(shut, step), time.Second)
		case p == asLast:
			step = max(shut, 2*step)
		}
		if err := wait.Sleep(ctx, step); err != nil {
			return nil, err
		}
	}
}

// try returns a turn if there is one at once. Where not, it says for how long LiveDesk is to be left alone; 0 says that the
// rate is used up, or that another request is finding out whether LiveDesk is back. fresh is a request about something that has
// not failed so far.
func (a *admission) try(k kind, fresh bool) (t *turn, shut time.Duration) {
	select {
	case a.slots <- struct{}{}:
	default:
		return nil, 0
	}
	ok, shut := a.open(k, fresh)
	if !ok {
		<-a.slots
		return nil, shut
	}
	return &turn{admission: a, kind: k}, 0
}

func (a *admission) open(k kind, fresh bool) (ok bool, shut time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	d := &a.doors[k]
	if shut := d.shut(); shut > 0 && (!fresh || !d.doubt || time.Until(d.asked) > 0) {
		return false, shut
	}
	if d.probing {
		return false, 0
	}
	if !a.limiter.Allow() {
		a.wanted = time.Now()
		return false, 0
	}
	d.probing = d.down
	return true, 0
}

// shut is how long the door stays shut.
func (d *door) shut() time.Duration { return max(time.Until(d.until), time.Until(d.asked)) }

// wantedFor is longer than those wait who try again and again to get a turn.
const wantedFor = 30 * time.Millisecond

// spare is how many requests the rate allows at once that can wait: half of what it allows is left to people, and all while
// somebody tries to get a turn.
func (a *admission) spare() int {
	a.mu.Lock()
	wanted := time.Since(a.wanted) < wantedFor
	a.mu.Unlock()
	least, now := max(1, float64(a.limiter.Burst())/2), a.limiter.Tokens()
	if wanted || now < least {
		return 0
	}
	return 1 + int(now-least)
}

// room is how many requests that can wait may go at once, which is one at a time while LiveDesk does not take them.
func (a *admission) room(k kind) int {
	if a.isDown(k) {
		return min(1, a.spare())
	}
	return a.spare()
}

// isDown reports whether LiveDesk did not take the last request: then one at a time finds out whether it is back.
func (a *admission) isDown(k kind) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.doors[k].down
}

// inDoubt reports whether LiveDesk did not take the last requests, and it may be their own fault.
func (a *admission) inDoubt(k kind) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.doors[k].down && a.doors[k].doubt
}

// mayTry reports whether a request would be let in, as far as LiveDesk is concerned.
func (a *admission) mayTry(k kind) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	d := &a.doors[k]
	return !d.probing && d.shut() <= 0
}

// leave gives the turn back. A turn that did not end says nothing about LiveDesk. It may be called again, and of nil.
func (t *turn) leave() {
	if t == nil || t.left {
		return
	}
	t.left = true
	<-t.admission.slots
	if !t.told {
		t.admission.mu.Lock()
		defer t.admission.mu.Unlock()
		t.admission.doors[t.kind].probing = false
	}
}

// more waits for the rate to allow another request in the same turn.
func (t *turn) more(ctx context.Context) error { return t.admission.limiter.Wait(ctx) }

// ended says with which error a request ended, nil for none, and returns whether LiveDesk was known to be away and still is.
func (t *turn) ended(err error) (known bool) {
	t.told = true
	refusal, _ := errors.AsType[*livedesk.Error](err)
	f := finding{took: livedesk.KindOf(err) != livedesk.NotSent || err == nil, about: t.about}
	if refusal != nil {
		f.asked, f.single = refusal.RetryAfter, refusal.Single
	}
	was, is, sure := t.admission.learn(t.kind, f)
	log := t.admission.log
	switch {
	case !f.took && refusal.Setup && sure:
		log.Error("LiveDesk does not accept our credentials or address: "+
			"check LIVEDESK_API_KEY, LIVEDESK_API_SECRET and LIVEDESK_API_URL; tickets wait", "error", err)
	case !f.took && !is:
		log.Warn("LiveDesk does not take one request; it is tried again, others go on", "kind", t.kind, "error", err)
	case !f.took && !was:
		log.Warn("LiveDesk takes no requests; tickets wait", "kind", t.kind, "error", err, "retry_after", f.asked)
	case f.took && was:
		log.Info("LiveDesk takes requests again", "kind", t.kind)
		t.admission.reopened()
	case err != nil && f.took:
		log.Warn("LiveDesk", "error", err)
	}
	return was && is
}

// finding is what a request has found out about LiveDesk.
type finding struct {
	took   bool          // it took the request, whatever came of it
	single bool          // where it did not, the request alone may be the cause
	about  string        // as in turn
	asked  time.Duration // how long it asked to be left alone; 0: it did not
}

// learn notes a finding and returns whether LiveDesk was away before and is away now. sure says that a failure is not the first of
// its kind since LiveDesk took a request, nor one of what is known to fail alone.
func (a *admission) learn(k kind, f finding) (was, is, sure bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	d := &a.doors[k]
	was = d.down
	now := time.Now()
	if until := now.Add(f.asked); f.asked > 0 && until.After(d.asked) {
		d.asked = until
	}
	if f.took {
		*d = door{asked: d.asked}
		return was, false, true
	}
	first := d.suspect == ""
	if first {
		d.suspect = f.about
	}
	sure = !f.single || f.about != "" && !first
	if f.single && !d.down && (f.about == "" || f.about == d.suspect) {
		return was, false, sure
	}
	if d.probing || !d.down {
		d.pause = wait.Backoff(d.pause, leastPause, mostPause)
	}
	if until := now.Add(d.pause); until.After(d.until) {
		d.until = until
	}
	d.down, d.probing, d.doubt = true, false, f.single
	return was, true, sure
}
