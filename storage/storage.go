// Package storage keeps what only the bot knows in Postgres: the journal of updates, the tickets with their files, what is
// to be changed in them and what was told about them, the questions put to people, what became of chats, and which process
// has which of these in hand. The SQL is written by hand.
//
// It knows neither Telegram nor LiveDesk: requests are JSON, ids are numbers. There is no job queue: work is rows that
// are due, and a row in hand carries the number of its process.
//
// Start with tickets.go, where a ticket goes from the message that asks for it to LiveDesk's answer, then telling.go, the
// table of what is to be told about it, and processes.go, who has work in hand. A file for each table:
//
//	updates.go    updates      Telegram's updates, stored before they are handled
//	tickets.go    tickets      tickets on their way to LiveDesk, and finding them again
//	looks.go      tickets      looks at those that LiveDesk has
//	telling.go    tickets      what is to be told about them
//	additions.go  additions    what is to be changed in those that LiveDesk has
//	notices.go    notices      messages about a ticket beside its card
//	followers.go  followers    who follows a ticket
//	posts.go      posts        the bot's messages about tickets
//	feed.go       feed_posts   what staff see of tickets in their feeds
//	names.go      place_names  what chats and topics are called
//	private.go    private_notices  news for those who follow in private
//	files.go      files        files on their way from Telegram into a ticket
//	albums.go     album_parts  parts of albums, which come one by one
//	questions.go  questions    questions put to people
//	chats.go      chats        chats that were lost or have moved
//	processes.go  processes    running processes, and taking over from dead ones
//
// and beside them storage.go, the connection and what all queries share; named.go, arguments by name; commits.go,
// statements that share a commit; migrate.go, the schema; counts.go and facts.go, what is asked from outside.
package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrNotFound says that there is no such row.
var ErrNotFound = errors.New("not found")

// Store is the database. Safe for concurrent use.
type Store struct {
	pool    *pgxpool.Pool
	commits *commits
}

// Open connects to Postgres at url, a connection string as libpq reads it. It returns without a connection: a
// database that is away is an error of the calls.
func Open(ctx context.Context, url string) (*Store, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("DATABASE_URL is not a Postgres connection string") // pgx's error may quote the password
	}
	config.MaxConns = 10
	config.MaxConnIdleTime = time.Minute
	config.ConnConfig.ConnectTimeout = 5 * time.Second
	maps.Copy(config.ConnConfig.RuntimeParams, map[string]string{
		"application_name":                    "livedeskbot",
		"statement_timeout":                   "30s",
		"lock_timeout":                        "5s",
		"idle_in_transaction_session_timeout": "30s",
		// A vanished host must not keep its locks for hours.
		"tcp_keepalives_idle":              "10",
		"tcp_keepalives_interval":          "5",
		"tcp_keepalives_count":             "3",
		"tcp_user_timeout":                 "20s",
		"client_connection_check_interval": "5s",
	})
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	return &Store{pool: pool, commits: newCommits(pool)}, nil
}

// Close closes every connection. It waits a moment for calls in flight, not for ever: what they did not commit is not done.
func (s *Store) Close() {
	s.commits.end()
	closed := make(chan struct{})
	go func() {
		s.pool.Close()
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(5 * time.Second):
	}
}

// Pool is for migrations, which bring their own statements.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// Ping returns nil where a new row could be written: the database answers and is not read-only.
func (s *Store) Ping(ctx context.Context) error {
	readOnly, err := one[string](ctx, s.pool, `SHOW transaction_read_only`)
	if err != nil {
		return fmt.Errorf("ping database: %w", err)
	}
	if readOnly == "on" {
		return errors.New("ping database: it is read-only")
	}
	return nil
}

// IsAway reports whether an error means that the database cannot be reached, is not ready or hung up, which may pass.
func IsAway(err error) bool {
	var connect *pgconn.ConnectError
	var state *pgconn.PgError
	switch {
	case errors.As(err, &connect):
		return !errors.As(err, &state) || !permanent(state.Code)
	case errors.As(err, &state):
		return passing.MatchString(state.Code)
	}
	return pgconn.SafeToRetry(err) || slices.ContainsFunc(hungUp, func(lost error) bool { return errors.Is(err, lost) })
}

// hungUp are the errors that end a broken connection, of pgx and of database/sql, which goose uses.
var hungUp = []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, syscall.ECONNRESET, syscall.EPIPE, driver.ErrBadConn, sql.ErrConnDone}

// passing are the SQLSTATEs of a server that starts or stops (57P), has lost a connection (08), has no room (53), is a
// standby or otherwise read-only (25006), or in which somebody else holds what is needed (55P03, 40).
// https://www.postgresql.org/docs/current/errcodes-appendix.html
var passing = regexp.MustCompile(`^(57P|08|53|40|25006|55P03)`)

// permanent reports whether a refusal to connect is a matter of settings: password, user or database.
func permanent(code string) bool { return strings.HasPrefix(code, "28") || code == "3D000" }

// querier is what pool, connection and transaction share.
type querier interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// one returns the only column of the only row.
func one[T any](ctx context.Context, q querier, sql string, args ...any) (T, error) {
	rows, _ := q.Query(ctx, sql, args...) // CollectOneRow returns the error
	value, err := pgx.CollectOneRow(rows, pgx.RowTo[T])
	return value, missing(err)
}

// row returns the only row as a struct.
func row[T any](ctx context.Context, q querier, sql string, args ...any) (T, error) {
	rows, _ := q.Query(ctx, sql, args...)
	value, err := pgx.CollectOneRow(rows, pgx.RowToStructByNameLax[T])
	return value, missing(err)
}

// many returns all rows as structs.
func many[T any](ctx context.Context, q querier, sql string, args ...any) ([]T, error) {
	rows, _ := q.Query(ctx, sql, args...)
	return pgx.CollectRows(rows, pgx.RowToStructByNameLax[T])
}

// list returns the only column of all rows.
func list[T any](ctx context.Context, q querier, sql string, args ...any) ([]T, error) {
	rows, _ := q.Query(ctx, sql, args...)
	return pgx.CollectRows(rows, pgx.RowTo[T])
}

func missing(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNotFound
	}
	return err
}
