package claims

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
func (w *Worker) settleStrays(ctx context.Context, freed func()) {
	var before storage.InHand
	for wait.Sleep(ctx, settleEvery) == nil {
		strays, err := w.strays(ctx)
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
		if err := w.store.Free(ctx, w.Number(), lasting); err == nil {
			w.log.Info("took up work that the database had stored without saying so", "updates", len(lasting.Updates),
				"tickets", len(lasting.Tickets), "tellings", len(lasting.Tellings), "files", len(lasting.Files))
			freed()
		}
	}
}

// strays are what carries this process's number and is not in hand.
func (w *Worker) strays(ctx context.Context) (storage.InHand, error) {
	owned, err := w.store.Owned(ctx, w.Number())
	return storage.InHand{
		Updates: w.Updates.without(owned.Updates), Tickets: w.Tickets.without(owned.Tickets),
		Tellings: w.Tellings.without(owned.Tellings), Files: w.Files.without(owned.Files),
	}, err
}

// both returns what stands in both lists.
func both(x, y []int64) []int64 {
	return slices.DeleteFunc(slices.Clone(x), func(id int64) bool { return !slices.Contains(y, id) })
}
