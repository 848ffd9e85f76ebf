package bot

import (
	"context"
	"time"

	"livedeskbot/bot/wait"
)

const (
	forgetEvery = time.Hour
	// forgetAgain is how soon after a failure it is tried again. Nobody waits for it.
	forgetAgain = time.Minute
)

// forgetOld removes, every hour, updates, hints, offers and parts of albums that nobody asks for any more.
func (b *Bot) forgetOld(ctx context.Context) {
	for pause := time.Second; wait.Sleep(ctx, pause) == nil; {
		pause = forgetEvery
		if err := b.forget(ctx); err != nil && ctx.Err() == nil {
			b.log.Warn("cannot forget old updates, trying again", "error", err)
			pause = forgetAgain
		}
	}
}

func (b *Bot) forget(ctx context.Context) error {
	// Telegram delivers an update for 24 hours at most.
	if _, err := b.store.ForgetUpdates(ctx, time.Now().Add(-48*time.Hour)); err != nil {
		return err
	}
	if err := b.store.ForgetHints(ctx, time.Now().Add(-2*time.Hour)); err != nil {
		return err
	}
	if err := b.store.ForgetOffers(ctx, time.Now().Add(-24*time.Hour)); err != nil {
		return err
	}
	return b.store.ForgetAlbums(ctx, time.Now().Add(-7*24*time.Hour))
}
