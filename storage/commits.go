package storage

import (
	"context"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// maxShared is how many statements share a commit.
	maxShared = 32
	// maxCommits is how many such commits are under way at a time: while one waits for the disk, another one is worked on.
	maxCommits = 2
)

// commits lets the small statements of many tickets share a commit, its round trip and its wait for the disk: those that
// come while others are under way go together in the next one. A statement that comes alone waits for nobody.
type commits struct {
	pool *pgxpool.Pool
	ctx  context.Context // ends with the store; not with a caller, whose statement is not alone
	end  context.CancelFunc

	mu      sync.Mutex
	waiting []*statement
	running int
}

func newCommits(pool *pgxpool.Pool) *commits {
	ctx, end := context.WithCancel(context.Background())
	return &commits{pool: pool, ctx: ctx, end: end}
}

// statement is one that waits to be committed.
type statement struct {
	sql  string
	args []any
	read func(pgx.Rows) error
	err  error // of read
	done chan error
}

// shared returns the only row of a statement, read by to, once it is committed. ErrNotFound: it returned none. The
// statement may commit with others, so it must lock no more than the rows of its own ticket. Where ctx ends first, nobody
// knows whether it was committed, as with any other call.
func shared[T any](ctx context.Context, c *commits, to pgx.RowToFunc[T], sql string, args ...any) (T, error) {
	var value, none T
	s := &statement{sql: sql, args: args, done: make(chan error, 1), read: func(rows pgx.Rows) (err error) {
		value, err = pgx.CollectOneRow(rows, to)
		return missing(err)
	}}
	c.add(s)
	select {
	case err := <-s.done:
		return value, err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

func (c *commits) add(s *statement) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = append(c.waiting, s)
	if c.running < maxCommits {
		c.running++
		go c.work()
	}
}

// work commits what waits until nothing does.
func (c *commits) work() {
	for all := c.next(); len(all) > 0; all = c.next() {
		c.commit(all)
	}
}

func (c *commits) next() []*statement {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := min(len(c.waiting), maxShared)
	if n == 0 {
		c.running--
	}
	next := c.waiting[:n:n]
	c.waiting = c.waiting[n:]
	return next
}

// commit runs statements as one transaction, which a batch is.
func (c *commits) commit(all []*statement) {
	batch := &pgx.Batch{}
	for _, s := range all {
		batch.Queue(s.sql, s.args...).Query(func(rows pgx.Rows) error {
			s.err = s.read(rows)
			return rows.Err() // what cannot be read is the matter of one statement
		})
	}
	err := c.pool.SendBatch(c.ctx, batch).Close()
	if len(all) > 1 && refusal(err) { // nothing was committed; with a lost connection nobody knows
		for _, s := range all { // only one of them is at fault
			c.commit([]*statement{s})
		}
		return
	}
	for _, s := range all {
		if err != nil {
			s.err = err
		}
		s.done <- s.err
	}
}
