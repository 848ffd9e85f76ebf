package outbox

import (
	"context"
	"errors"
	"time"

	"livedeskbot/storage"
)

const (
	// Pauses between tries to write to a chat in which the bot may not write for now. Telegram tells when the bot itself is no
	// longer restricted, but not when a chat's night mode ends.
	leastMutedPause = time.Minute
	mostMutedPause  = 15 * time.Minute
	// mutedFor is how long the news of a ticket wait for such a chat before it counts as lost for them.
	mutedFor = 7 * 24 * time.Hour
)

// errMuted says that the bot may not write to the chat for now.
var errMuted = errors.New("the bot may not write to the chat for now")

// patient reports whether the news of a ticket still wait for a chat in which the bot may not write.
func patient(t storage.Ticket) bool { return t.MutedAt == nil || time.Since(*t.MutedAt) < mutedFor }

// mute notes that the bot may not write to a chat for now, and returns errMuted.
func (o *Outbox) mute(chat int64, cause error) error {
	if _, known := o.muted.LoadOrStore(chat, true); !known {
		o.log.Warn("the bot may not write to a chat for now; what is to be told there waits", "chat", chat, "error", cause)
	}
	return errMuted
}

func (o *Outbox) muteTelling(ctx context.Context, t storage.Ticket) {
	pause := min(leastMutedPause<<min(t.TellTries, 6), mostMutedPause)
	// An error says that ctx has ended: the telling is taken over like any other.
	_ = o.work.Record(ctx, func() error { return o.store.MuteTelling(ctx, t.ID, pause, o.work.Number()) })
}

// unmute makes due what waits for a chat that a message has just been posted to. waits says that something is known to.
func (o *Outbox) unmute(ctx context.Context, chat int64, waits bool) {
	if _, known := o.muted.LoadAndDelete(chat); !known && !waits {
		return
	}
	if o.work.Record(ctx, func() error { return o.store.RegainChat(ctx, chat) }) != nil {
		return // ctx has ended; what waits is tried in its turn
	}
	o.log.Info("the bot may write to a chat again", "chat", chat)
	o.due.Up()
}

// Regain makes due what waits for a chat that the bot may write to again.
func (o *Outbox) Regain(ctx context.Context, chat int64) error {
	o.muted.Delete(chat)
	err := o.store.RegainChat(ctx, chat)
	o.due.Up()
	return err
}
