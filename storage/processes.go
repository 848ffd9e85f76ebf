package storage

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Classes of the advisory locks: a process holds (processLock, its number), the one that polls Telegram (pollLock, bot).
const (
	processLock = 77
	pollLock    = 78
)

// Process is this process as the database sees it: a number that no process had before, alive for as long as its
// connection holds the advisory lock on it. Rows carry the number of the process that has them in hand.
//
// Keep the value reachable while it is in use: Go closes a connection that nothing refers to, and the lock goes with it.
type Process struct {
	store *Store
	conn  *pgxpool.Conn
	mu    sync.Mutex // guards conn, which serves one query at a time, and leads
	leads bool
	// Number of the process, never used twice.
	Number int32
}

var errClosed = errors.New("process is closed")

// Register gives this process a number and takes its lock. previous is the number whose connection was lost, or 0: what
// is still in hand under it is moved to the new number in one transaction, so that nobody takes it for a dead process's.
func (s *Store) Register(ctx context.Context, previous int32) (*Process, error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("register process: %w", err)
	}
	p := &Process{store: s, conn: conn}
	if err := p.register(ctx, previous); err != nil {
		p.Close()
		return nil, fmt.Errorf("register process: %w", err)
	}
	return p, nil
}

func (p *Process) register(ctx context.Context, previous int32) error {
	number, err := one[int32](ctx, p.conn, `SELECT nextval('process_number')::integer`)
	if err != nil {
		return err
	}
	p.Number = number
	// The lock comes before the row, so that nobody finds the row without it.
	if _, err := p.conn.Exec(ctx, `SELECT pg_advisory_lock($1::integer, $2::integer)`, processLock, number); err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, p.conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO processes (number) VALUES ($1)`, number); err != nil {
			return err
		}
		for _, move := range []string{
			`UPDATE updates SET owner = $1 WHERE owner = $2 AND done_at IS NULL`,
			`UPDATE tickets SET owner = $1 WHERE owner = $2`,
			`UPDATE tickets SET teller = $1 WHERE teller = $2`,
			`DELETE FROM processes WHERE number = $2 AND number <> $1`,
		} {
			if _, err := tx.Exec(ctx, move, number, previous); err != nil {
				return err
			}
		}
		return nil
	})
}

// Alive returns an error once the lock's connection is lost; the process must then register again.
func (p *Process) Alive(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn == nil {
		return errClosed
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err := p.conn.Exec(ctx, `SELECT 1`)
	return err
}

// TryLead returns whether this process is the one that polls Telegram for the bot. The lead stays until the
// process is closed or ends. Asking again is harmless.
func (p *Process) TryLead(ctx context.Context, botID int64) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn == nil {
		return false, errClosed
	}
	if p.leads {
		return true, nil // the lock goes with the connection, and a second one would nest
	}
	var err error
	p.leads, err = one[bool](ctx, p.conn, `SELECT pg_try_advisory_lock($1::integer, ($2::bigint & 2147483647)::integer)`, pollLock, botID)
	return p.leads, err
}

// Close ends the process for the database: its lock is free. What it still had in hand is taken up by others.
func (p *Process) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = p.conn.Hijack().Close(ctx) // a pooled connection would keep the lock
	p.conn = nil
}

// TakeOver frees what dead processes had in hand and returns how many processes that were. Ticket requests that a dead
// process had sent, or was about to send, become unconfirmed: nobody knows.
//
// It looks first and frees in later statements: one statement that does both does not look at pg_locks again for rows it
// had to wait for, and was seen to take work from the living.
func (s *Store) TakeOver(ctx context.Context) (int, error) {
	dead, err := list[int32](ctx, s.pool, `
		SELECT number FROM processes p
		WHERE NOT EXISTS (
			SELECT 1 FROM pg_locks l
			WHERE l.locktype = 'advisory' AND l.classid = $1 AND l.objid = p.number::oid AND l.objsubid = 2 AND l.granted
			  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))`, processLock)
	if err != nil {
		return 0, fmt.Errorf("take over: %w", err)
	}
	for _, number := range dead {
		if err := s.takeOver(ctx, number); err != nil && !errors.Is(err, ErrNotFound) {
			return 0, fmt.Errorf("take over process %d: %w", number, err)
		}
	}
	return len(dead), nil
}

func (s *Store) takeOver(ctx context.Context, number int32) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		// Whoever deletes the row frees the work; a second one finds nothing.
		if _, err := one[int32](ctx, tx, `DELETE FROM processes WHERE number = $1 RETURNING number`, number); err != nil {
			return err
		}
		for _, free := range []string{
			`UPDATE updates SET owner = NULL, takeovers = takeovers + 1 WHERE owner = $1 AND done_at IS NULL`,
			`UPDATE tickets
			    SET state = 'unconfirmed', reason = 'crash', owner = NULL, due_at = NULL,
			        version = version + 1, tell_at = now()
			  WHERE owner = $1 AND state = 'sending'`,
			`UPDATE tickets SET owner = NULL WHERE owner = $1`,
			`UPDATE tickets SET teller = NULL, tell_at = coalesce(tell_at, now()) WHERE teller = $1`,
		} {
			if _, err := tx.Exec(ctx, free, number); err != nil {
				return err
			}
		}
		return nil
	})
}
