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

// Classes of the advisory locks: a process holds (processLock, its number), the one that polls Telegram (pollLock, bot), the one
// that tells staff and those who follow in private (feedLock, bot).
const (
	processLock = 77
	pollLock    = 78
	feedLock    = 79
	forgetLock  = 80
)

// Process is this process as the database sees it: a number that no process had before, alive for as long as its
// connection holds the advisory lock on it. Rows carry the number of the process that has them in hand.
//
// Keep the value reachable while it is in use: Go closes a connection that nothing refers to, and the lock goes with it.
type Process struct {
	store   *Store
	conn    *pgxpool.Conn
	mu      sync.Mutex // guards conn, which serves one query at a time, polls, feeds and forgets
	polls   bool
	feeds   bool
	forgets bool
	pid     int32 // of the server's side of the connection
	// Number of the process, which no other process ever has.
	Number int32
	// Since is when it was registered over its present connection.
	Since time.Time
}

var errClosed = errors.New("process is closed")

// InHand is what a process is working on: updates, tickets to send or look at, tickets to tell, and files.
type InHand struct{ Updates, Tickets, Tellings, Files []int64 }

// Register gives this process a number and takes its lock. previous is the same process before it lost its connection, or
// nil: the number stays the same then, and of what carries it, everything that is not in hand is freed: it was claimed, and
// the answer that says so was lost with the connection.
func (s *Store) Register(ctx context.Context, previous *Process, hand InHand) (*Process, error) {
	if previous != nil {
		s.pool.Reset() // what cut one connection has likely cut the others
	}
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("register process: %w", err)
	}
	p := &Process{store: s, conn: conn, Since: time.Now()}
	if err := p.register(ctx, previous, hand); err != nil {
		p.Close()
		return nil, fmt.Errorf("register process: %w", err)
	}
	return p, nil
}

func (p *Process) register(ctx context.Context, previous *Process, hand InHand) (err error) {
	// Behind a pooler the connection itself knows another one.
	if p.pid, err = one[int32](ctx, p.conn, `SELECT pg_backend_pid()`); err != nil {
		return err
	}
	if previous == nil {
		p.Number, err = one[int32](ctx, p.conn, `SELECT nextval('process_number')::integer`)
	} else {
		p.Number = previous.Number
		err = p.replace(ctx, previous)
	}
	if err != nil {
		return err
	}
	// The lock comes before the row, so that nobody finds the row without it.
	if _, err := p.conn.Exec(ctx, `SELECT pg_advisory_lock($1::integer, $2::integer)`, processLock, p.Number); err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, p.conn, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO processes (number, bot_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, p.Number, p.store.bot)
		if err != nil {
			return err
		}
		return free(ctx, tx, p.Number, allBut, hand)
	})
}

// replace ends the connection that was lost, of which the server may not know yet.
func (p *Process) replace(ctx context.Context, previous *Process) error {
	_, err := p.conn.Exec(ctx, `
		SELECT pg_terminate_backend(pid) FROM pg_locks
		WHERE locktype = 'advisory' AND classid = $1 AND objid = $2::integer::oid AND objsubid = 2 AND granted AND pid = $3`,
		processLock, previous.Number, previous.pid)
	return err
}

// Alive returns an error once the lock's connection is lost, or leads to a server that takes no changes any more: another one
// may, and knows nothing of the lock. The process must then register again.
func (p *Process) Alive(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn == nil {
		return errClosed
	}
	err := ctx.Err()
	if err == nil {
		ask, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second) // see try
		defer cancel()
		err = writable(ask, p.conn)
	}
	if err != nil {
		return fmt.Errorf("process %d is cut off: %w", p.Number, err)
	}
	return nil
}

// TryLead reports whether this process is the one that polls Telegram for the bot. The lead stays until the
// process is closed or ends. Asking again is harmless.
func (p *Process) TryLead(ctx context.Context, botID int64) (bool, error) {
	lead, err := p.try(ctx, pollLock, botID, &p.polls)
	if err != nil {
		return false, fmt.Errorf("lead bot %d: %w", botID, err)
	}
	return lead, nil
}

// TryFeed is TryLead for the process that tells staff, and those who follow in private, about the bot's tickets.
func (p *Process) TryFeed(ctx context.Context, botID int64) (bool, error) {
	feed, err := p.try(ctx, feedLock, botID, &p.feeds)
	if err != nil {
		return false, fmt.Errorf("feed staff of bot %d: %w", botID, err)
	}
	return feed, nil
}

// TryForget is TryLead for the process that removes what is not kept any longer.
func (p *Process) TryForget(ctx context.Context, botID int64) (bool, error) {
	forget, err := p.try(ctx, forgetLock, botID, &p.forgets)
	if err != nil {
		return false, fmt.Errorf("forget for bot %d: %w", botID, err)
	}
	return forget, nil
}

// try takes the lock of a class for a bot, which holds says whether this process has already.
//
// The end of ctx does not break it off: that would close the connection, and others would take this process for dead while it
// still finishes its work.
func (p *Process) try(ctx context.Context, class int, botID int64, holds *bool) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn == nil {
		return false, errClosed
	}
	if *holds {
		return true, nil // the lock goes with the connection, and a second one would nest
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	var err error
	*holds, err = one[bool](context.WithoutCancel(ctx), p.conn,
		`SELECT pg_try_advisory_lock($1::integer, ($2::bigint & 2147483647)::integer)`, class, botID)
	return *holds, err
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
// It looks first and frees in later statements, under the lock: one statement that does both does not look at pg_locks
// again for rows it had to wait for, and was seen to take work from the living.
//
// thorough looks for the numbers in all rows too: a process that was taken over may still write for a moment, until it
// notices that it was cut off. That reads much, and need not be often.
func (s *Store) TakeOver(ctx context.Context, thorough bool) (int, error) {
	dead, err := list[int32](ctx, s.pool, `
		SELECT number FROM (
			SELECT number FROM processes
			UNION SELECT owner FROM updates WHERE $2 AND owner IS NOT NULL AND done_at IS NULL
			UNION SELECT owner FROM tickets WHERE $2 AND owner IS NOT NULL
			UNION SELECT teller FROM tickets WHERE $2 AND teller IS NOT NULL
			UNION SELECT owner FROM files WHERE $2 AND owner IS NOT NULL) p
		WHERE NOT `+lives, processLock, thorough)
	if err != nil {
		return 0, fmt.Errorf("take over: %w", err)
	}
	for _, number := range dead {
		if err := s.takeOver(ctx, number); err != nil {
			return 0, fmt.Errorf("take over process %d: %w", number, err)
		}
	}
	return len(dead), nil
}

// lives is true of a row p with the number of a process that holds its lock, of the class $1.
const lives = `EXISTS (
			SELECT 1 FROM pg_locks l
			WHERE l.locktype = 'advisory' AND l.classid = $1 AND l.objid = p.number::oid AND l.objsubid = 2 AND l.granted
			  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))`

func (s *Store) takeOver(ctx context.Context, number int32) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		// It may have registered again meanwhile, and must not while its work is freed.
		dead, err := one[bool](ctx, tx, `SELECT pg_try_advisory_xact_lock($1::integer, $2::integer)`, processLock, number)
		if err != nil || !dead {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM processes WHERE number = $1`, number); err != nil {
			return err
		}
		return free(ctx, tx, number, allBut, InHand{})
	})
}

// Unserved is the open work of a bot that no living process serves.
type Unserved struct {
	BotID            int64
	Updates, Tickets int64
}

// Unserved returns the other bots that have open work which nobody does. Where a process of a version lives that does not say
// which bot it serves, there are none as far as is known.
func (s *Store) Unserved(ctx context.Context) ([]Unserved, error) {
	// Not "bot_id <> $2", for which no index helps to leave out the bot's own.
	bots, err := many[Unserved](ctx, s.pool, `
		WITH served AS (SELECT bot_id FROM processes p WHERE `+lives+`),
		open AS (
			SELECT bot_id, id FROM tickets WHERE state = 'waiting' AND owner IS NULL
			UNION SELECT bot_id, id FROM tickets WHERE `+lookable+` AND owner IS NULL AND due_at IS NOT NULL
			UNION SELECT bot_id, id FROM tickets WHERE teller IS NULL AND tell_at IS NOT NULL
			UNION SELECT bot_id, id FROM tickets WHERE owner IS NOT NULL),
		work AS (
			SELECT bot_id, 0 AS updates, count(*) AS tickets FROM open GROUP BY bot_id
			UNION ALL SELECT bot_id, count(*), 0 FROM updates WHERE done_at IS NULL AND owner IS NULL GROUP BY bot_id
			UNION ALL SELECT bot_id, count(*), 0 FROM updates WHERE done_at IS NULL AND owner IS NOT NULL GROUP BY bot_id)
		SELECT bot_id, sum(updates)::bigint AS updates, sum(tickets)::bigint AS tickets FROM work
		WHERE (bot_id < $2 OR bot_id > $2) AND NOT EXISTS (SELECT FROM served WHERE served.bot_id IN (work.bot_id, 0))
		GROUP BY bot_id
		ORDER BY bot_id`, processLock, s.bot)
	if err != nil {
		return nil, fmt.Errorf("look for unserved bots: %w", err)
	}
	return bots, nil
}

// Owned returns what carries the number of a process.
func (s *Store) Owned(ctx context.Context, number int32) (owned InHand, err error) {
	for _, what := range []struct {
		sql string
		ids *[]int64
	}{
		{`SELECT update_id FROM updates WHERE owner = $1 AND done_at IS NULL`, &owned.Updates},
		{`SELECT id FROM tickets WHERE owner = $1`, &owned.Tickets},
		{`SELECT id FROM tickets WHERE teller = $1`, &owned.Tellings},
		{`SELECT id FROM files WHERE owner = $1`, &owned.Files},
	} {
		if *what.ids, err = list[int64](ctx, s.pool, what.sql, number); err != nil {
			return InHand{}, fmt.Errorf("owned by process %d: %w", number, err)
		}
	}
	return owned, nil
}

// Free takes work out of the hands of a process that is not working on it, as if it had died with it.
func (s *Store) Free(ctx context.Context, number int32, strays InHand) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error { return free(ctx, tx, number, only, strays) })
	if err != nil {
		return fmt.Errorf("free work of process %d: %w", number, err)
	}
	return nil
}

// Which of what carries a number is freed: all but what is listed, or only that.
const (
	allBut = "<> ALL"
	only   = "= ANY"
)

// free gives back what carries the number of a process.
func free(ctx context.Context, tx pgx.Tx, number int32, which string, listed InHand) error {
	for _, free := range []struct {
		sql string
		ids []int64
	}{
		{`UPDATE updates SET owner = NULL, takeovers = takeovers + 1
		  WHERE owner = $1 AND done_at IS NULL AND update_id ` + which + ` ($2)`, listed.Updates},
		// Should the process have stored another outcome meanwhile, this is not told.
		{noticeUnconfirmed + ` FROM tickets
		  WHERE owner = $1 AND state = 'sending' AND (told > 0 OR teller IS NOT NULL) AND reason <> '` + reasonAgain + `'
		    AND id ` + which + ` ($2) ` + onceNoticed, listed.Tickets},
		// One statement, because the process may still store a ticket that it is sending.
		{`UPDATE tickets SET
		    owner = NULL,
		    state = CASE state WHEN 'sending' THEN 'unconfirmed' ELSE state END,
		    reason = CASE state WHEN 'sending' THEN 'crash' ELSE reason END,
		    due_at = CASE WHEN state <> 'sending' THEN due_at END,
		    ` + newsNow(`state = 'sending'`) + `
		  WHERE owner = $1 AND id ` + which + ` ($2)`, listed.Tickets},
		{`UPDATE tickets SET teller = NULL, ` + tellInTurn(always) + ` WHERE teller = $1 AND id ` + which + ` ($2)`, listed.Tellings},
		{`UPDATE files SET owner = NULL WHERE owner = $1 AND id ` + which + ` ($2)`, listed.Files},
	} {
		if _, err := tx.Exec(ctx, free.sql, number, append([]int64{}, free.ids...)); err != nil { // nil would be null
			return err
		}
	}
	return nil
}
