package bot

import (
	"context"
	"sync"
	"time"
)

const (
	// settleEvery is how soon a doubt is settled.
	settleEvery = 2 * time.Second
	// doubtFor is longer than the database goes on with a statement that nobody waits for any more.
	doubtFor = time.Minute
)

// doubts are updates whose journalling failed, which does not mean that they are not stored: the answer may have been
// lost, or have come too late. Such a row would be in the hands of this process, and nobody would work on it.
type doubts struct {
	mu    sync.Mutex
	since map[int64]time.Time
}

// drop forgets the doubts about updates that are journalled again, and returns which of them there were.
func (d *doubts) drop(ids []int64) map[int64]bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	had := map[int64]bool{}
	for _, id := range ids {
		if _, ok := d.since[id]; ok {
			had[id] = true
			delete(d.since, id)
		}
	}
	return had
}

func (d *doubts) add(id int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.since == nil {
		d.since = map[int64]time.Time{}
	}
	d.since[id] = time.Now()
}

// all returns the doubts there are, and forgets those that are too old to come true.
func (d *doubts) all() []int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	var ids []int64
	for id, since := range d.since {
		ids = append(ids, id)
		if time.Since(since) > doubtFor {
			delete(d.since, id)
		}
	}
	return ids
}

// settleDoubts frees doubtful updates that are stored after all, for whoever takes them up.
func (b *Bot) settleDoubts(ctx context.Context) {
	for sleep(ctx, settleEvery) == nil {
		ids := b.hands.without(b.hands.updates, b.doubts.all())
		if len(ids) == 0 {
			continue
		}
		freed, err := b.store.FreeUpdates(ctx, b.id, b.number(), ids)
		if err == nil && freed > 0 {
			b.log.Info("updates were stored although the database did not say so", "updates", freed)
			b.queue.refill()
		}
	}
}
