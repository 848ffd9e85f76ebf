package claims

import (
	"slices"
	"sync"

	"livedeskbot/storage"
)

// Hand is what this process is working on, of one kind, by the number of the row. After a lost connection to the database
// it tells that from what the database believes: a claim may have been stored although its answer was lost, and then nobody
// works on it. Safe for concurrent use.
type Hand struct {
	mu sync.Mutex
	// It counts, because the same thing may be in hand twice for a moment: the work of a process that was taken for dead.
	held map[int64]int
}

func newHand() *Hand { return &Hand{held: map[int64]int{}} }

// Hold notes that something is in hand until release is called.
func (h *Hand) Hold(id int64) (release func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.held[id]++
	return func() { h.Drop(id) }
}

// Drop notes that something that was held is not in hand any more.
func (h *Hand) Drop(id int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.held[id]--; h.held[id] == 0 {
		delete(h.held, id)
	}
}

// without returns the ids of what is not in hand.
func (h *Hand) without(ids []int64) []int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.DeleteFunc(ids, func(id int64) bool { return h.held[id] > 0 })
}

func (h *Hand) ids() []int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	ids := make([]int64, 0, len(h.held)) // never nil, which SQL would take for null
	for id := range h.held {
		ids = append(ids, id)
	}
	return ids
}

// inHand is everything that is in hand.
func (w *Worker) inHand() storage.InHand {
	return storage.InHand{
		Updates: w.Updates.ids(), Tickets: w.Tickets.ids(), Tellings: w.Tellings.ids(), Files: w.Files.ids(),
	}
}
