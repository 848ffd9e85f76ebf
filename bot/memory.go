package bot

import (
	"sync"
	"time"
)

// memory remembers answers of the database or of Telegram for a short life. Safe for concurrent use.
type memory[K comparable, V any] struct {
	life time.Duration

	mu      sync.Mutex
	known   map[K]remembered[V]
	changes int // how often something was forgotten
}

type remembered[V any] struct {
	value V
	until time.Time
}

// maxRemembered bounds a memory: what is beyond it is asked for again.
const maxRemembered = 50_000

func newMemory[K comparable, V any](life time.Duration) *memory[K, V] {
	return &memory[K, V]{life: life, known: map[K]remembered[V]{}}
}

// get returns what is remembered.
func (m *memory[K, V]) get(key K) (value V, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.known[key]
	if !ok || !time.Now().Before(r.until) {
		return value, false
	}
	return r.value, true
}

// begin returns a function that remembers answers to a question that is asked now. Where something was forgotten since, the
// answers may be old, and it does not.
func (m *memory[K, V]) begin() (put func(K, V)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	began, until := m.changes, time.Now().Add(m.life)
	return func(key K, value V) {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.changes != began {
			return
		}
		if len(m.known) >= maxRemembered {
			clear(m.known)
		}
		m.known[key] = remembered[V]{value, until}
	}
}

// forget forgets one answer.
func (m *memory[K, V]) forget(key K) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.changes++
	delete(m.known, key)
}
