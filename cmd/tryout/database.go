package main

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// database is the private Postgres of the try-out, by its connection string.
type database string

// keepPromises makes the server write each commit down before it answers, as a lasting one does; a temporary one leaves that
// for later, which a crash would show.
func (d database) keepPromises(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, string(d))
	if err != nil {
		return fmt.Errorf("the private Postgres: %w", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, `ALTER ROLE CURRENT_USER SET synchronous_commit = on`); err != nil {
		return fmt.Errorf("the private Postgres: %w", err)
	}
	return nil
}

// crash kills one of the server's processes, after which Postgres trusts none of them: it cuts all connections and recovers
// from its log. crash returns when it takes connections again.
func (d database) crash(ctx context.Context) error {
	victim, err := pgx.Connect(ctx, string(d))
	if err != nil {
		return slip("Postgres is down already. It comes back in a moment.")
	}
	defer victim.Close(ctx)
	witness, err := pgx.Connect(ctx, string(d))
	if err != nil {
		return fmt.Errorf("restart Postgres: %w", err)
	}
	defer witness.Close(ctx)
	if err := syscall.Kill(int(victim.PgConn().PID()), syscall.SIGKILL); err != nil {
		return fmt.Errorf("restart Postgres: %w", err)
	}
	_, _ = witness.WaitForNotification(ctx) // nobody notifies; it ends when the server has cut the connection
	for {
		conn, err := pgx.Connect(ctx, string(d))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("restarted Postgres does not come back: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
