package bot

import (
	"slices"
	"sync"

	"livedeskbot/storage"
)

// hands is what this process is working on. After a lost connection to the database it tells that from what the database
// believes: a claim may have been stored although its answer was lost, and then nobody works on it.
type hands struct {
	mu                                sync.Mutex
	updates, tickets, tellings, files held
}

// held counts, because the same thing may be in hand twice for a moment: the work of a process that was taken for dead.
type held map[int64]int

func newHands() *hands {
	return &hands{updates: held{}, tickets: held{}, tellings: held{}, files: held{}}
}

// hold notes that something is in hand until release is called.
func (h *hands) hold(what held, id int64) (release func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	what[id]++
	return func() { h.drop(what, id) }
}

func (h *hands) drop(what held, id int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if what[id]--; what[id] == 0 {
		delete(what, id)
	}
}

// without returns the ids of what is not in hand.
func (h *hands) without(what held, ids []int64) []int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.DeleteFunc(ids, func(id int64) bool { return what[id] > 0 })
}

// all returns everything that is in hand.
func (h *hands) all() storage.InHand {
	h.mu.Lock()
	defer h.mu.Unlock()
	return storage.InHand{
		Updates: h.updates.ids(), Tickets: h.tickets.ids(), Tellings: h.tellings.ids(), Files: h.files.ids(),
	}
}

func (h held) ids() []int64 {
	ids := make([]int64, 0, len(h)) // never nil, which SQL would take for null
	for id := range h {
		ids = append(ids, id)
	}
	return ids
}
