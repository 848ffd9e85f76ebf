package outbox

import (
	"context"
	"time"

	"livedeskbot/bot/telegram"
	"livedeskbot/storage"
)

const (
	// busyAfter is how long people wait before the bot shows that it is at work: what takes less is an answer.
	busyAfter = time.Second
	// mostBusy is how long it shows that at most. Who waits for longer is told so in words.
	mostBusy = 20 * time.Second
)

// Busy shows in a place that the bot is at work, once that has taken a second and until stop is called. It keeps nobody waiting, and
// what comes of it is nobody's concern.
func (o *Outbox) Busy(to telegram.Place) (stop func()) {
	ctx, cancel := context.WithTimeout(context.Background(), mostBusy)
	timer := time.AfterFunc(busyAfter, func() { o.act(ctx, to, telegram.Typing, func() bool { return true }) })
	return func() {
		timer.Stop()
		cancel()
	}
}

// BusyWith shows in a ticket's place that the bot is at work, until the ticket is told, by whichever process.
func (o *Outbox) BusyWith(t storage.Ticket) {
	action := telegram.Typing
	if t.WithFiles {
		action = telegram.Uploading
	}
	o.busy.Store(t.ID, time.AfterFunc(busyAfter, func() {
		o.busy.Delete(t.ID)
		ctx, cancel := context.WithTimeout(context.Background(), mostBusy)
		defer cancel()
		o.act(ctx, telegram.Place{Chat: t.ChatID, Thread: t.ThreadID}, action, func() bool {
			now, err := o.store.Ticket(ctx, t.ID)
			return err == nil && now.Told == 0
		})
	}))
}

// noLongerBusyWith spares a ticket that is told within a second the look whether it is.
func (o *Outbox) noLongerBusyWith(ticket int64) {
	if timer, ok := o.busy.LoadAndDelete(ticket); ok {
		timer.(*time.Timer).Stop()
	}
}

// act shows an action while something is still so, until ctx ends or the service stops.
func (o *Outbox) act(ctx context.Context, to telegram.Place, action telegram.Action, still func() bool) {
	for ctx.Err() == nil && !o.work.Stopping() && still() {
		o.telegram.Act(ctx, to, action)
		select {
		case <-ctx.Done():
		case <-time.After(telegram.ActionLife):
		}
	}
}
