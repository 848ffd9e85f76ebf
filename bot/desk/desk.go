// Package desk is everything with LiveDesk: it sends tickets that wait, looks at those that are there, changes them, and
// carries files in. Its work is rows that are due; what came of it is a change of the row, and people are told by the outbox.
//
// LiveDesk has no idempotency key, no list and no search. That a request is about to leave is therefore stored before it
// leaves, and a ticket whose answer got lost is unconfirmed: only a person sends it again.
//
// admission.go decides when a request may go. create.go sends tickets, track.go looks at them, amend.go changes them, files.go
// carries files; webhook.go, words.go and nudges.go take LiveDesk's word that something has changed. Begin with create.go.
package desk

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"livedeskbot/bot/claims"
	"livedeskbot/bot/telegram"
	"livedeskbot/bot/view"
	"livedeskbot/bot/wait"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

// Needs is what a desk is made of.
type Needs struct {
	Client   *livedesk.Client
	Store    *storage.Store
	Work     *claims.Worker
	Telegram *telegram.Client // where files come from
	View     *view.View       // of which agents read what comes into tickets
	Teller   Teller
	Metrics  prometheus.Registerer
	Waited   func(time.Duration) // is told how long tickets wait for their turn
	Log      *slog.Logger
}

// Desk is the stage between rows and LiveDesk. Safe for concurrent use.
type Desk struct {
	*shared
	creator creator
	carrier carrier
	tracker tracker
	nudges  *nudges
}

// New returns a desk that is ready to Run. It starts nothing and calls nobody.
func New(cfg Config, n Needs) *Desk {
	s := &shared{
		cfg: cfg, client: newTimedClient(n.Client, n.Metrics), store: n.Store, work: n.Work, view: n.View, teller: n.Teller,
		finds: newFinds(), log: n.Log,
		waiting: wait.NewSignal(), carrying: wait.NewSignal(), looks: wait.NewSignal(),
	}
	s.admission = newAdmission(cfg.Rate, n.Work.Stopping, n.Log, s.waiting.Up)
	return &Desk{
		shared:  s,
		creator: creator{shared: s, counts: newCounts(n.Metrics), waited: n.Waited, backlog: new(atomic.Bool)},
		carrier: carrier{shared: s, telegram: n.Telegram},
		tracker: tracker{shared: s},
		nudges: &nudges{
			secret: cfg.Secret, store: n.Store, looks: s.looks, metrics: newNudgeMetrics(n.Metrics), log: n.Log, arrived: wait.NewSignal(),
		},
	}
}

// Run works on what is due until ctx ends. What it has begun by then goes on in work, which outlives ctx.
func (d *Desk) Run(ctx, work context.Context) {
	var loops errgroup.Group
	loops.Go(func() error { d.creator.run(ctx, work); return nil })
	loops.Go(func() error { d.carrier.run(ctx, work); return nil })
	loops.Go(func() error { d.tracker.run(ctx, work); return nil })
	loops.Go(func() error { d.tracker.hasten(ctx); return nil })
	loops.Go(func() error { d.nudges.run(ctx); return nil })
	_ = loops.Wait() // they return none
}

// Wake makes the desk look for due work of every kind.
func (d *Desk) Wake() {
	d.waiting.Up()
	d.carrying.Up()
	d.looks.Up()
}

// Look makes the desk look for tickets that are to be looked at now.
func (d *Desk) Look() { d.looks.Up() }

// Carry makes the desk look for files that are to be carried.
func (d *Desk) Carry() { d.carrying.Up() }

// Webhook takes LiveDesk's word that something has changed, where the path's part "secret" is the secret. It answers 200 to any
// body, and 404, 405, 408, 413 or 400 where the secret is wrong, it is no POST, or the body is too large or does not come.
func (d *Desk) Webhook() http.Handler { return d.nudges }

// Open stores a ticket and begins its way to LiveDesk, at once where nothing is in the way. In the same commit it ends the
// update that asked for it. storage.ErrExists, storage.ErrTooMany: nothing was stored.
func (d *Desk) Open(ctx context.Context, update int64, t storage.NewTicket) (storage.Ticket, error) {
	var turn *turn
	if t.State == storage.StateWaiting && t.Gather == 0 {
		if turn = d.creator.admit(); turn != nil {
			t.State = storage.StateSending
		}
	}
	ticket, err := d.store.OpenTicket(ctx, t, d.work.Number(), update)
	if err != nil {
		turn.leave()
		return storage.Ticket{}, err
	}
	switch ticket.State {
	case storage.StateSending:
		d.work.Go(func() { d.creator.create(ctx, turn, ticket) })
	case storage.StateWaiting:
		d.waiting.Up()
		d.carrying.Up()
	case storage.StateRefused:
		d.creator.counts.ended(ticket, ticket.State)
		d.work.Go(func() { d.teller.Tell(ctx, ticket) })
	}
	return ticket, nil
}

// Again sends an unconfirmed ticket once more, for one press of the button under the given attempt. storage.ErrNotFound: it is
// decided already.
func (d *Desk) Again(ctx context.Context, id int64, attempt int) error {
	to := storage.StateWaiting
	turn := d.creator.admit()
	if turn != nil {
		to = storage.StateSending
	}
	t, err := d.store.TryAgain(ctx, id, attempt, to, d.work.Number())
	switch {
	case err != nil:
		turn.leave()
		return err
	case turn != nil:
		d.work.Go(func() { d.creator.create(ctx, turn, t) })
	default:
		d.waiting.Up()
		d.teller.Wake()
	}
	return nil
}

// maxNumber is the longest number of a ticket that LiveDesk is asked for, in characters; longer ones do not exist.
const maxNumber = 128

// askPatience is how long a person waits for LiveDesk's word before being told what was known last.
const askPatience = 20 * time.Second

// Ask asks LiveDesk for a ticket, for a person who waits. ErrAway: LiveDesk is to be left alone for now.
func (d *Desk) Ask(ctx context.Context, number string) (livedesk.Ticket, error) {
	if len(number) > maxNumber {
		return livedesk.Ticket{}, livedesk.ErrNotFound
	}
	ctx, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	turn, err := d.admission.enter(ctx, reading, asPerson)
	if err != nil {
		return livedesk.Ticket{}, err
	}
	return d.read(ctx, turn, number)
}
