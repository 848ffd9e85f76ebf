package bot

import (
	"context"
	"errors"
	"time"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/wait"
)

const (
	// silence is how long Telegram may say nothing before it counts as away: several tries of keepInTouch.
	silence = 20 * time.Second
	// askAfter is how long it may say nothing before it is asked whether it is there.
	askAfter = 8 * time.Second
	// askTimeout is how long it may take to answer that.
	askTimeout = 5 * time.Second
)

// Ready returns nil where the service can do its work: the database takes rows and Telegram answers.
func (b *Bot) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	switch {
	case b.work.Stopping():
		return errors.New("stopping")
	case b.store.Ping(ctx) != nil, !b.inbox.Stores():
		return errors.New("the database cannot be reached or takes no rows")
	case b.work.Process() == nil:
		return errors.New("starting")
	case b.work.CutOff():
		return errors.New("the database has fallen silent")
	case b.telegram.Silent() > silence:
		return errors.New("no answer from Telegram")
	}
	return nil
}

// keepInTouch asks Telegram for something when there was no other answer for a while: a poll takes long, and a process
// that does not poll may have nothing to say for hours.
func (b *Bot) keepInTouch(ctx context.Context) {
	for wait.Sleep(ctx, time.Second) == nil {
		if b.telegram.Silent() > askAfter {
			b.touch(ctx)
		}
	}
}

func (b *Bot) touch(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	err := b.me.askName(ctx, b.telegram, b.log)
	if v := telegram.Judge(err); v == telegram.Done || v == telegram.Flood {
		b.telegram.Heard(time.Now())
	}
}
