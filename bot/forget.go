package bot

import (
	"context"
	"time"

	"livedeskbot/bot/wait"
)

// forgetOld removes, every hour, updates and parts of albums that nobody asks for any more.
func (b *Bot) forgetOld(ctx context.Context) {
	next := time.Now()
	for wait.Sleep(ctx, time.Second) == nil {
		if !time.Now().Before(next) && b.forget(ctx) == nil {
			next = time.Now().Add(time.Hour)
		}
	}
}

func (b *Bot) forget(ctx context.Context) error {
	// Telegram delivers an update for 24 hours at most.
	if _, err := b.store.ForgetUpdates(ctx, time.Now().Add(-48*time.Hour)); err != nil {
		return err
	}
	return b.store.ForgetAlbums(ctx, time.Now().Add(-7*24*time.Hour))
}
