package inbox

import (
	"maps"
	"slices"
	"sync"

	"livedeskbot/bot/wait"
	"livedeskbot/storage"
)

// Bounds on updates in memory. What is beyond them waits in the journal, so a flood in one chat costs rows, not memory,
// and leaves room for the other chats.
const (
	maxQueued     = 5000
	maxChatQueued = 100
)

// Lane says which updates must stay in order: those of one sender in one chat.
type Lane struct{ Chat, Sender int64 }

// queue hands updates to handlers: in order within a lane, at once across lanes.
type queue struct {
	more wait.Signal // there may be room for updates that wait in the journal

	mu      sync.Mutex
	lanes   map[Lane][]storage.Update // waiting behind the one in work
	chats   map[int64]int             // updates in memory by chat
	spilled map[int64]bool            // chats with updates that wait in the journal
	total   int
	stopped bool
}

func newQueue() *queue {
	return &queue{more: wait.NewSignal(), lanes: map[Lane][]storage.Update{}, chats: map[int64]int{}, spilled: map[int64]bool{}}
}

// reserve takes room for one update of a chat. Without room, or behind others of the chat that found none, the update
// has to wait in the journal.
func (q *queue) reserve(chat int64) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.stopped || q.spilled[chat] || !q.fits(chat) {
		q.spilled[chat] = true
		return false
	}
	q.chats[chat]++
	q.total++
	return true
}

func (q *queue) fits(chat int64) bool { return q.total < maxQueued && q.chats[chat] < maxChatQueued }

// release gives back the room of one update.
func (q *queue) release(chat int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.total--
	if q.chats[chat]--; q.chats[chat] == 0 {
		delete(q.chats, chat)
	}
	if len(q.spilled) > 0 {
		q.more.Up()
	}
}

// push adds an update that has room to its lane and returns whether the lane was idle: the caller then works it.
func (q *queue) push(l Lane, u storage.Update) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	waiting, busy := q.lanes[l]
	if busy {
		q.lanes[l] = append(waiting, u)
	} else {
		q.lanes[l] = nil
	}
	return !busy
}

// next returns the lane's next update, or false when the lane is idle again.
func (q *queue) next(l Lane) (storage.Update, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	waiting := q.lanes[l]
	if len(waiting) == 0 || q.stopped {
		delete(q.lanes, l)
		return storage.Update{}, false
	}
	u := waiting[0]
	q.lanes[l] = waiting[1:]
	return u, true
}

// room returns how many updates may be claimed from the journal, and the chats that have enough in memory.
func (q *queue) room() (int, []int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	full := slices.DeleteFunc(slices.Collect(maps.Keys(q.chats)), func(chat int64) bool { return q.chats[chat] < maxChatQueued/2 })
	if q.stopped {
		return 0, full
	}
	return min(maxQueued-q.total, maxChatQueued/2), full
}

// took notes updates that were claimed from the journal. all says that nothing else waits there, apart from chats that
// were left out.
func (q *queue) took(updates []storage.Update, all bool, except []int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, u := range updates {
		q.chats[u.ChatID]++
		q.total++
	}
	if all {
		maps.DeleteFunc(q.spilled, func(chat int64, _ bool) bool { return !slices.Contains(except, chat) })
	}
}

// depth is how many updates are in memory.
func (q *queue) depth() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.total
}

// refill says that something may wait in the journal.
func (q *queue) refill() { q.more.Up() }

// stop lets the lanes finish what they have in work and nothing more.
func (q *queue) stop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stopped = true
}
