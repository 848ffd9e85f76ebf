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

// Lane says which updates must stay in order: those of one sender in one chat, and those that concern the whole chat.
type Lane struct {
	Chat, Sender int64
	Whole        bool  // it concerns the whole chat: what anybody wrote there after it waits for it
	With         int64 // another chat that it concerns likewise; 0: none
}

// queue hands updates to handlers: in order within a lane, at once across lanes, except that a chat's lanes do not begin anything
// while something that concerns the whole chat waits or is at work. That itself waits for no other lane.
type queue struct {
	more wait.Signal // there may be room for updates that wait in the journal

	mu      sync.Mutex
	lanes   map[Lane][]storage.Update // waiting behind the one in work, or for what concerns the whole chat
	wholes  map[int64]int             // updates that concern a whole chat, by chat
	parked  map[int64][]Lane          // lanes that wait for those
	chats   map[int64]int             // updates in memory by chat
	spilled map[int64]bool            // chats with updates that wait in the journal
	total   int
	stopped bool
}

func newQueue() *queue {
	return &queue{
		more: wait.NewSignal(), lanes: map[Lane][]storage.Update{}, wholes: map[int64]int{}, parked: map[int64][]Lane{},
		chats: map[int64]int{}, spilled: map[int64]bool{},
	}
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
	for _, chat := range l.concerns() {
		q.wholes[chat]++
	}
	waiting, busy := q.lanes[l]
	switch {
	case busy:
		q.lanes[l] = append(waiting, u)
		return false
	case q.parks(l):
		q.lanes[l] = []storage.Update{u}
		return false
	}
	q.lanes[l] = nil
	return true
}

// enter takes an idle lane for an update that has room but is not in the journal yet, and returns whether it did: the caller then
// works it. Nothing that came earlier waits there or is at work.
func (q *queue) enter(l Lane) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, busy := q.lanes[l]; busy || l.Whole || q.wholes[l.Chat] > 0 {
		return false
	}
	q.lanes[l] = nil
	return true
}

// concerns are the chats that an update of the lane concerns as a whole.
func (l Lane) concerns() []int64 {
	switch {
	case !l.Whole:
		return nil
	case l.With == 0:
		return []int64{l.Chat}
	}
	return []int64{l.Chat, l.With}
}

// parks makes a lane wait where something that concerns its whole chat is to come first.
func (q *queue) parks(l Lane) bool {
	if l.Whole || q.wholes[l.Chat] == 0 {
		return false
	}
	q.parked[l.Chat] = append(q.parked[l.Chat], l)
	return true
}

// ended notes that an update of a lane is done, and returns the lanes that may go on now: the caller works them, beginning with
// next.
func (q *queue) ended(l Lane) (free []Lane) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, chat := range l.concerns() {
		if q.wholes[chat]--; q.wholes[chat] == 0 {
			delete(q.wholes, chat)
			free = append(free, q.parked[chat]...)
			delete(q.parked, chat)
		}
	}
	return free
}

// next returns the lane's next update, or false when the lane is idle again or has to wait.
func (q *queue) next(l Lane) (storage.Update, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	waiting := q.lanes[l]
	if len(waiting) == 0 || q.stopped {
		delete(q.lanes, l)
		return storage.Update{}, false
	}
	if q.parks(l) {
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
