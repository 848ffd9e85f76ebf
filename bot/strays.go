package bot

import (
	"context"
	"slices"
	"time"

	"livedeskbot/bot/wait"
	"livedeskbot/storage"
)

// settleEvery is how often strays are looked for. It is far longer than the moment between the database storing a claim
// and this process taking it in hand.
const settleEvery = 3 * time.Second

// settleStrays frees what carries this process's number although nobody here works on it: the database stored a claim or
// an update, and its answer was lost with one connection. Seen twice, it is no claim that is just being made.
func (b *Bot) settleStrays(ctx context.Context) {
	var before storage.InHand
	for wait.Sleep(ctx, settleEvery) == nil {
		strays, err := b.strays(ctx)
		if err != nil {
			before = storage.InHand{}
			continue
		}
		lasting := storage.InHand{
			Updates: both(before.Updates, strays.Updates), Tickets: both(before.Tickets, strays.Tickets),
			Tellings: both(before.Tellings, strays.Tellings), Files: both(before.Files, strays.Files),
		}
		before = strays
		if len(lasting.Updates)+len(lasting.Tickets)+len(lasting.Tellings)+len(lasting.Files) == 0 {
			continue
		}
		if err := b.store.Free(ctx, b.number(), lasting); err == nil {
			b.log.Info("took up work that the database had stored without saying so", "updates", len(lasting.Updates),
				"tickets", len(lasting.Tickets), "tellings", len(lasting.Tellings), "files", len(lasting.Files))
			b.queue.refill()
			b.tellings.Up()
			b.carrying.Up()
			b.looks.Up()
		}
	}
}

// strays are what carries this process's number and is not in hand.
func (b *Bot) strays(ctx context.Context) (storage.InHand, error) {
	owned, err := b.store.Owned(ctx, b.number())
	return storage.InHand{
		Updates: b.hands.without(b.hands.updates, owned.Updates), Tickets: b.hands.without(b.hands.tickets, owned.Tickets),
		Tellings: b.hands.without(b.hands.tellings, owned.Tellings), Files: b.hands.without(b.hands.files, owned.Files),
	}, err
}

// both returns what stands in both lists.
func both(x, y []int64) []int64 {
	return slices.DeleteFunc(slices.Clone(x), func(id int64) bool { return !slices.Contains(y, id) })
}
