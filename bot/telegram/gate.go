package telegram

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// Pace of a chat after Telegram has limited it. https://core.telegram.org/bots/faq publishes 20 messages a minute for a
// group, but lets bursts through; so the gate is open until Telegram says no, and then feels its way: slower after each
// no, faster again with each message that goes through.
const (
	leastPace = 250 * time.Millisecond
	mostPace  = 3 * time.Second
	// overall is how many calls in a second make the whole bot, and not one chat, the likely reason of a limit.
	overall = 25
	// quietly is how many calls in a minute cannot be one chat's reason to be limited.
	quietly = 15
	// inReserve is how many calls in a second, to any chat, leave enough of overall to those that may not wait.
	inReserve = 10
	// spareCalls is how many calls in a minute leave enough of what a group takes to those that may not wait.
	spareCalls = 16
)

// Priority orders the calls that wait for a chat.
type Priority int

// Answers to people go first. Feeds are what staff are told, which waits for everything else: see spare.
const (
	Answers Priority = iota
	Notices
	Feeds
	priorities
)

// forgetDoor is how long a chat's pace is remembered without a message to it.
const forgetDoor = 10 * time.Minute

// crowd is how many callers may wait for one chat before others should leave their work in the database. In one that is limited
// for longer than soon it is a single one.
const crowd = 8

// gate decides when a message may go to Telegram: one at a time for each chat, in order of priority, never before a
// retry_after is over. Chats do not wait for each other.
type gate struct {
	mu    sync.Mutex
	chats map[int64]*door
	until time.Time   // nothing goes to any chat before
	calls []time.Time // of the last second, to any chat

	closed chan struct{}
}

// door is the gate of one chat.
type door struct {
	busy    bool
	timed   bool // a timer will open it
	until   time.Time
	pace    time.Duration
	waiting [priorities][]chan struct{}
	calls   []time.Time // of the last minute
	// actAgain is when an action may be shown again.
	actAgain time.Time
}

func newGate() *gate { return &gate{chats: map[int64]*door{}, closed: make(chan struct{})} }

// ErrStopping says that the service is stopping and the message must wait for the next start.
var ErrStopping = errors.New("stopping")

// close sends away who still waits and who comes.
func (g *gate) close() { close(g.closed) }

// enter waits until a message may go to the chat. The caller must leave again. again says that the caller has been here
// with the same message and was sent away: it keeps its place.
func (g *gate) enter(ctx context.Context, chat int64, priority Priority, again bool) error {
	g.mu.Lock()
	d := g.door(chat)
	turn := make(chan struct{})
	at := len(d.waiting[priority])
	if again {
		at = 0
	}
	d.waiting[priority] = slices.Insert(d.waiting[priority], at, turn)
	g.open(d)
	g.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-g.closed:
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.Index(d.waiting[priority], turn); i >= 0 {
		d.waiting[priority] = slices.Delete(d.waiting[priority], i, i+1)
	} else {
		d.busy = false // its turn came in the same instant
		g.open(d)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return ErrStopping
}

// door returns the door of a chat; the lock is held.
func (g *gate) door(chat int64) *door {
	d := g.chats[chat]
	if d == nil {
		d = &door{}
		g.chats[chat] = d
	}
	return d
}

// pass ends the caller's turn without a call.
func (g *gate) pass(chat int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	d := g.chats[chat]
	d.busy = false
	d.calls, g.calls = d.calls[:len(d.calls)-1], g.calls[:max(len(g.calls)-1, 0)] // open took it for one
	g.open(d)
}

// leave ends the caller's turn. hold is how long Telegram asked to wait, or how long to wait after a failure.
func (g *gate) leave(chat int64, hold time.Duration, limited bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	d := g.chats[chat]
	now := time.Now()
	d.busy = false
	d.calls, g.calls = recent(d.calls, now, time.Minute), recent(g.calls, now, time.Second)
	switch {
	case limited && len(g.calls) >= overall && len(d.calls) < quietly:
		if until := now.Add(hold); until.After(g.until) { // calls that were on their way are limited too, each for its own time
			g.until = until
		}
	case limited:
		d.until, d.pace = now.Add(hold), min(max(2*d.pace, leastPace), mostPace)
	case hold > 0:
		d.until = now.Add(hold)
	default:
		if d.pace -= d.pace / 16; d.pace < leastPace/2 {
			d.pace = 0
		}
		d.until = now.Add(d.pace)
	}
	g.open(d)
}

// recent drops calls that are older than the span.
func recent(calls []time.Time, now time.Time, span time.Duration) []time.Time {
	i, _ := slices.BinarySearchFunc(calls, now.Add(-span), time.Time.Compare)
	return calls[i:]
}

// open lets the next caller in, now or by a timer.
func (g *gate) open(d *door) {
	if d.busy || d.timed {
		return
	}
	i := slices.IndexFunc(d.waiting[:], func(w []chan struct{}) bool { return len(w) > 0 })
	if i < 0 {
		return
	}
	now := time.Now()
	until := d.until
	if g.until.After(until) {
		until = g.until
	}
	if wait := until.Sub(now); wait > 0 {
		d.timed = true
		time.AfterFunc(wait, func() {
			g.mu.Lock()
			defer g.mu.Unlock()
			d.timed = false
			g.open(d)
		})
		return
	}
	d.busy = true
	d.calls, g.calls = append(d.calls, now), append(g.calls, now)
	close(d.waiting[i][0])
	d.waiting[i] = d.waiting[i][1:]
}

// crowded returns the chats for which enough callers wait, and forgets those that nothing was sent to for long.
func (g *gate) crowded() []int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	chats := []int64{}
	now := time.Now()
	for chat, d := range g.chats {
		switch {
		case d.crowded():
			chats = append(chats, chat)
		case !d.busy && !d.timed && d.idle() && now.Sub(d.until) > forgetDoor && now.Sub(d.actAgain) > forgetDoor &&
			len(recent(d.calls, now, forgetDoor)) == 0:
			delete(g.chats, chat)
		}
	}
	return chats
}

func (g *gate) isCrowded(chat int64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	d := g.chats[chat]
	return d != nil && d.crowded()
}

func (d *door) crowded() bool {
	return d.queue() >= crowd || d.queue() > 0 && time.Until(d.until) > soon
}

func (d *door) idle() bool {
	return !slices.ContainsFunc(d.waiting[:], func(w []chan struct{}) bool { return len(w) > 0 })
}

// queue is how many tellers wait for the chat; feeds have nobody else's.
func (d *door) queue() int { return len(d.waiting[Answers]) + len(d.waiting[Notices]) }

// spare is how long a call of Feeds has to wait until nobody is kept waiting by it: until no pause is on, nobody else is about to
// write to the chat, and the chat's calls in a minute and the whole bot's in a second leave room for answers to people. calls is
// how many of the chat are enough; 0: spareCalls.
func (g *gate) spare(chat int64, calls int) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	waits := []time.Duration{0, g.until.Sub(now), fullFor(recent(g.calls, now, time.Second), inReserve, time.Second, now)}
	if d := g.chats[chat]; d != nil {
		if calls == 0 {
			calls = spareCalls
		}
		waits = append(waits, d.until.Sub(now), fullFor(recent(d.calls, now, time.Minute), calls, time.Minute, now))
		if d.busy || !d.idle() {
			waits = append(waits, leastPace)
		}
	}
	return slices.Max(waits)
}

// fullFor is how long it takes until fewer than limit of the calls of a span are left.
func fullFor(calls []time.Time, limit int, span time.Duration, now time.Time) time.Duration {
	if len(calls) < limit {
		return 0
	}
	return calls[len(calls)-limit].Add(span).Sub(now)
}
