package storage

import (
	"context"
	"encoding/json"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
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
	item []byte // JSON of what given reads; nil: it goes by its arguments
	read func(pgx.CollectableRow) error
	err  error // of read, or that there was nothing to read
	done chan error
}

// shared returns the only row of a statement, read by to, once it is committed. ErrNotFound: it returned none. The
// statement may commit with others, so it must lock no more than the rows of its own ticket. Where ctx ends first, nobody
// knows whether it was committed, as with any other call.
func shared[T any](ctx context.Context, c *commits, to pgx.RowToFunc[T], sql string, args ...any) (T, error) {
	return await(ctx, c, to, &statement{sql: sql, args: args})
}

// grouped is shared for a statement that begins with [given]: those of one commit run as one. Most of what such a statement costs
// Postgres is to begin it, not to change a row.
func grouped[T any](ctx context.Context, c *commits, to pgx.RowToFunc[T], sql string, item any) (value T, err error) {
	raw, err := json.Marshal(item)
	if err != nil {
		return value, err
	}
	return await(ctx, c, to, &statement{sql: sql, item: raw})
}

// alone is grouped without others, in a transaction.
func alone[T any](ctx context.Context, tx pgx.Tx, to pgx.RowToFunc[T], sql string, item any) (value T, err error) {
	raw, err := json.Marshal(item)
	if err != nil {
		return value, err
	}
	rows, _ := tx.Query(ctx, sql, []string{string(raw)}, 1) // CollectOneRow returns the error
	value, err = pgx.CollectOneRow(rows, func(row pgx.CollectableRow) (T, error) { return to(numberedRow{row}) })
	return value, missing(err)
}

func await[T any](ctx context.Context, c *commits, to pgx.RowToFunc[T], s *statement) (T, error) {
	var value, none T
	s.done = make(chan error, 1)
	s.read = func(row pgx.CollectableRow) (err error) {
		value, err = to(row)
		return err
	}
	c.add(s)
	select {
	case err := <-s.done:
		return value, err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// given begins a statement for any number of items, whose fields are columns of the rows of "given". Its n is the item's place,
// which the statement returns as its first column with the row that the item comes to, at most one for each.
//
// The limit, which cuts off nothing, is for the planner: it takes the items to be few, and looks their tickets up by index, also
// while the table is so small that reading all of it seems cheaper. The plan is kept while the table grows.
func given(columns string) string {
	return `
	WITH given AS MATERIALIZED (
		SELECT n, item.*
		FROM (SELECT * FROM unnest($1::json[]) WITH ORDINALITY AS i (item, n) LIMIT $2) i, json_to_record(i.item) AS item (` + columns + `))`
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
	for _, group := range groups(all) {
		queue(batch, group)
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

// groups are statements that can run as one, in the order in which the first of each came.
func groups(all []*statement) (groups [][]*statement) {
	for _, s := range all {
		i := slices.IndexFunc(groups, func(g []*statement) bool { return s.item != nil && g[0].item != nil && g[0].sql == s.sql })
		if i < 0 {
			groups = append(groups, []*statement{s})
		} else {
			groups[i] = append(groups[i], s)
		}
	}
	return groups
}

// queue adds statements to a batch that are the same but for their items, or a single one with arguments.
func queue(batch *pgx.Batch, group []*statement) {
	first := group[0]
	args := first.args
	if first.item != nil {
		items := make([]string, len(group))
		for i, s := range group {
			items[i] = string(s.item)
		}
		args = []any{items, len(items)}
	}
	for _, s := range group {
		s.err = ErrNotFound
	}
	batch.Queue(first.sql, args...).Query(func(rows pgx.Rows) error {
		for rows.Next() { // what cannot be read is the matter of one statement
			if first.item == nil {
				first.err = first.read(rows)
				continue
			}
			row := numberedRow{rows}
			n, err := row.number()
			if err != nil {
				return err
			}
			group[n-1].err = group[n-1].read(row)
		}
		return rows.Err()
	})
}

// numberedRow is a row without its first column, the number of what it belongs to.
type numberedRow struct{ all pgx.CollectableRow }

func (r numberedRow) number() (n int, err error) {
	columns := make([]any, len(r.all.FieldDescriptions())) // nil: not read
	columns[0] = &n
	return n, r.all.Scan(columns...)
}

// FieldDescriptions implements [pgx.CollectableRow], as do the others.
func (r numberedRow) FieldDescriptions() []pgconn.FieldDescription {
	return r.all.FieldDescriptions()[1:]
}

func (r numberedRow) Scan(to ...any) error { return r.all.Scan(append([]any{nil}, to...)...) }

func (r numberedRow) RawValues() [][]byte { return r.all.RawValues()[1:] }

func (r numberedRow) Values() ([]any, error) {
	values, err := r.all.Values()
	if err != nil {
		return nil, err
	}
	return values[1:], nil
}
