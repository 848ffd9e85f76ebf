// Package claims is about whose work is what. Processes share a database and nothing else: each marks the rows it works on
// with its number, holds a lock that says that it lives, and takes over what the dead have left. [Worker] is this process
// among them; it also knows what it has in hand in memory, which is the truth where the database's answer got lost.
//
// hands.go is what is in hand, strays.go frees what carries our number although nobody here works on it.
package claims

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"livedeskbot/bot/wait"
	"livedeskbot/storage"
)

// Worker is this process and its work in hand. Make one with New and Register it before anything else.
type Worker struct {
	Updates, Tickets, Tellings, Files *Hand

	store    *storage.Store
	log      *slog.Logger
	panicked func()
	process  atomic.Pointer[storage.Process]
	marked   atomic.Int64 // when the database last said that it takes this process for alive, Unix nanoseconds
	stopping atomic.Bool
	work     sync.WaitGroup // goroutines that finish what they have in hand
}

// New returns a worker that the database does not know yet. panicked is called for each panic that was recovered from.
func New(store *storage.Store, log *slog.Logger, panicked func()) *Worker {
	return &Worker{
		Updates: newHand(), Tickets: newHand(), Tellings: newHand(), Files: newHand(),
		store: store, log: log, panicked: panicked,
	}
}

// Register marks this process as alive, waiting for the database as long as ctx allows.
func (w *Worker) Register(ctx context.Context) error { return w.register(ctx, nil) }

// register is Register; previous is this process before it lost its connection, nil at the start.
func (w *Worker) register(ctx context.Context, previous *storage.Process) error {
	for delay := time.Duration(0); ; delay = wait.Backoff(delay, 100*time.Millisecond, forbearance/3) {
		if err := wait.Sleep(ctx, delay); err != nil {
			return err
		}
		process, err := w.store.Register(ctx, previous, w.inHand())
		if err == nil {
			w.process.Store(process)
			w.marked.Store(time.Now().UnixNano())
			return nil
		}
		w.log.Warn("waiting for the database", "error", err)
	}
}

// Close ends the process for the database. What it still had in hand is taken up by others.
func (w *Worker) Close() { w.process.Load().Close() }

// Process is this process as it is registered now; nil before Register. It changes when a lost connection is made anew.
func (w *Worker) Process() *storage.Process { return w.process.Load() }

// CutOff reports whether the database has not said for a while that it takes this process for alive: it may be silent to what is
// under way although it answers new connections.
func (w *Worker) CutOff() bool { return time.Since(time.Unix(0, w.marked.Load())) > cutOffAfter }

// Number is what rows carry that this process has in hand.
func (w *Worker) Number() int32 { return w.process.Load().Number }

// Go runs one piece of work that Wait waits for.
func (w *Worker) Go(f func()) { w.work.Go(f) }

// Wait returns when no work is in hand.
func (w *Worker) Wait() { w.work.Wait() }

// Stop says that no further work is taken up.
func (w *Worker) Stop() { w.stopping.Store(true) }

// Stopping reports whether no further work is taken up.
func (w *Worker) Stopping() bool { return w.stopping.Load() }

// Recovered, deferred, keeps a panic from ending the service and runs then. The panic's value may quote what people wrote,
// so only its type is logged.
func (w *Worker) Recovered(what string, id int64, then func()) {
	if p := recover(); p != nil {
		w.panicked()
		w.log.Error("panic", what, id, "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
		then()
	}
}

// Record runs a database step until it succeeds: what the outside world has done must be recorded. It gives up when ctx
// ends, or when the row is not there.
func (w *Worker) Record(ctx context.Context, step func() error) error {
	for delay := time.Duration(0); ; delay = wait.Backoff(delay, 50*time.Millisecond, time.Second) {
		if err := wait.Sleep(ctx, delay); err != nil {
			return err
		}
		err := step()
		if err == nil || errors.Is(err, storage.ErrNotFound) {
			return err
		}
		w.log.Warn("cannot record, trying again", "error", err)
	}
}

// Run keeps this process marked as alive, takes over from the dead and frees strays, until ctx ends. freed is called when
// rows have become free that somebody may be waiting to claim.
func (w *Worker) Run(ctx context.Context, freed func()) {
	var loops errgroup.Group
	loops.Go(func() error { w.keepRegistered(ctx); return nil })
	loops.Go(func() error { w.sweep(ctx, freed); return nil })
	loops.Go(func() error { w.settleStrays(ctx, freed); return nil })
	_ = loops.Wait() // they return none
}

// keepRegistered watches the connection that says that this process lives, and registers again when it is lost.
func (w *Worker) keepRegistered(ctx context.Context) {
	for wait.Sleep(ctx, time.Second) == nil {
		process := w.process.Load()
		err := process.Alive(ctx)
		if err == nil {
			w.marked.Store(time.Now().UnixNano())
		}
		if err == nil || ctx.Err() != nil {
			continue
		}
		w.log.Warn("lost the database connection that marks this process as alive", "error", err)
		process.Close()
		if w.register(ctx, process) == nil {
			w.log.Info("marked as alive again", "process", w.Number())
		}
	}
}

// cutOffAfter is several tries of keepRegistered.
const cutOffAfter = 4 * time.Second

// forbearance is how long a process must have had its connection to the database before it takes others for dead: who was
// cut off together with it, by a restart of the database, needs a moment to say that it lives.
const forbearance = 3 * time.Second

// sweep takes over what dead processes left.
func (w *Worker) sweep(ctx context.Context, freed func()) {
	for round := 1; wait.Sleep(ctx, time.Second) == nil; round++ {
		dead, err := w.takeOver(ctx, round%10 == 0)
		if err != nil && ctx.Err() == nil {
			w.log.Warn("cannot look for dead processes", "error", err)
		}
		if dead > 0 {
			w.log.Info("took over the work of dead processes", "processes", dead)
			freed()
		}
	}
}

func (w *Worker) takeOver(ctx context.Context, thorough bool) (int, error) {
	process := w.process.Load()
	if time.Since(process.Since) < forbearance || process.Alive(ctx) != nil {
		return 0, nil
	}
	return w.store.TakeOver(ctx, thorough)
}
