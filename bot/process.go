package bot

import (
	"context"
	"time"

	"livedeskbot/bot/wait"
	"livedeskbot/storage"
)

// register marks this process as alive, waiting for the database as long as ctx allows. previous is nil at the start.
func (b *Bot) register(ctx context.Context, previous *storage.Process) error {
	for delay := time.Duration(0); ; delay = wait.Backoff(delay, 100*time.Millisecond, forbearance/3) {
		if err := wait.Sleep(ctx, delay); err != nil {
			return err
		}
		process, err := b.store.Register(ctx, previous, b.hands.all())
		if err == nil {
			b.process.Store(process)
			return nil
		}
		b.log.Warn("waiting for the database", "error", err)
	}
}

// number is what rows carry that this process has in hand.
func (b *Bot) number() int32 { return b.process.Load().Number }

// keepRegistered watches the connection that says that this process lives, and registers again when it is lost.
func (b *Bot) keepRegistered(ctx context.Context) {
	for wait.Sleep(ctx, time.Second) == nil {
		process := b.process.Load()
		err := process.Alive(ctx)
		if err == nil || ctx.Err() != nil {
			continue
		}
		b.log.Warn("lost the database connection that marks this process as alive", "error", err)
		process.Close()
		if b.register(ctx, process) == nil {
			b.log.Info("marked as alive again", "process", b.number())
		}
	}
}

// forbearance is how long a process must have had its connection to the database before it takes others for dead: who was
// cut off together with it, by a restart of the database, needs a moment to say that it lives.
const forbearance = 3 * time.Second

// sweep takes over what dead processes left, and forgets what is old.
func (b *Bot) sweep(ctx context.Context) {
	forget := time.Now()
	for round := 1; wait.Sleep(ctx, time.Second) == nil; round++ {
		dead, err := b.takeOver(ctx, round%10 == 0)
		if err != nil && ctx.Err() == nil {
			b.log.Warn("cannot look for dead processes", "error", err)
		}
		if dead > 0 {
			b.log.Info("took over the work of dead processes", "processes", dead)
			b.queue.refill()
			b.tellings.Up()
			b.waiting.Up()
			b.carrying.Up()
		}
		if !time.Now().Before(forget) && b.forget(ctx) == nil {
			forget = time.Now().Add(time.Hour)
		}
	}
}

// forget removes updates and parts of albums that nobody asks for any more.
func (b *Bot) forget(ctx context.Context) error {
	// Telegram delivers an update for 24 hours at most.
	if _, err := b.store.ForgetUpdates(ctx, time.Now().Add(-48*time.Hour)); err != nil {
		return err
	}
	return b.store.ForgetAlbums(ctx, time.Now().Add(-7*24*time.Hour))
}

func (b *Bot) takeOver(ctx context.Context, thorough bool) (int, error) {
	process := b.process.Load()
	if time.Since(process.Since) < forbearance || process.Alive(ctx) != nil {
		return 0, nil
	}
	return b.store.TakeOver(ctx, thorough)
}
