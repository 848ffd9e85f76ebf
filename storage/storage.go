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
//	nudges.go     tickets      LiveDesk's word that there is something to see
//	lists.go      tickets      lists of them, page by page
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
//	offers.go     offers       what people wrote and may still choose what becomes of
//	connections.go  connections  which chats may use the bot
//	places.go     places       what was set for chats, topics and people
//	uses.go       uses         who uses the bot where
//	blocks.go     blocks       people for whom the bot does nothing
//	hints.go      hints        who was told what within the hour
//	forget.go     forgettings  people who are forgotten, in every table
//	retention.go               what ends by its age, in every table
//	mydata.go                  what is stored about a person, in every table
//	chats.go      chats        chats that were lost or have moved
//	processes.go  processes    running processes, and taking over from dead ones
//
// and beside them storage.go, what all queries share; dial.go, connections and when they are given up; session.go, what is
// set on each; named.go, arguments by name; commits.go, statements that share a commit; migrate.go, the schema; counts.go and
// facts.go, what is asked from outside.
package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrNotFound says that there is no such row.
var ErrNotFound = errors.New("not found")

// Store is the database, for the work of one bot: see For. Safe for concurrent use.
type Store struct {
	pool    *pgxpool.Pool
	commits *commits
	bot     int64
}

// Open connects to Postgres at url, a connection string as libpq reads it. It returns without a connection: a
// database that is away is an error of the calls, and so is one that does not answer within 13 s. Of several servers in the
// string, with target_session_attrs=read-write, it uses the one that takes changes, also after another one has become that.
func Open(ctx context.Context, url string) (*Store, error) { return OpenSized(ctx, url, 10) }

// OpenSized is Open with no more than so many connections. Tests that run many bots on a machine give each a few: a connection costs
// Postgres a process, which learns the tables and plans each statement by itself.
func OpenSized(ctx context.Context, url string, connections int32) (*Store, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("DATABASE_URL is not a Postgres connection string") // pgx's error may quote the password
	}
	// Where one connection has fallen silent, or leads to a server that takes no changes any more, the others have too.
	var opened atomic.Pointer[pgxpool.Pool] // nil while its first connections are made
	reset := func() {
		if pool := opened.Load(); pool != nil {
			pool.Reset()
		}
	}
	config.MaxConns = connections
	config.MaxConnIdleTime = time.Minute
	config.PingTimeout = 2 * time.Second
	config.ConnConfig.ConnectTimeout = connectTimeout
	config.ConnConfig.DialFunc = dial(reset)
	refused := config.ConnConfig.OnPgError
	config.ConnConfig.OnPgError = func(conn *pgconn.PgConn, err *pgconn.PgError) bool {
		if err.Code == readOnly {
			reset()
			return false // closes this one
		}
		return refused(conn, err)
	}
	config.ConnConfig.RuntimeParams["application_name"] = "livedeskbot"
	config.AfterConnect = configure(bounded)
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	opened.Store(pool)
	return &Store{pool: pool, commits: newCommits(pool)}, nil
}

// For returns the same database for the work of a bot. Several bots may share a database: each claims, counts and finds its own
// tickets only, and what dead processes left is freed for whichever bot it is of. A store that is for no bot finds none.
func (s *Store) For(bot int64) *Store {
	scoped := *s
	scoped.bot = bot
	return &scoped
}

// Close closes every connection, also those of the same database for other bots. It waits a moment for calls in flight, not for
// ever: what they did not commit is not done.
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
	if err := writable(ctx, s.pool); err != nil {
		return fmt.Errorf("ping database: %w", err)
	}
	return nil
}

// writable returns nil where the database answers and takes changes.
func writable(ctx context.Context, q querier) error {
	readOnly, err := one[string](ctx, q, `SHOW transaction_read_only`)
	if err == nil && readOnly == "on" {
		err = errors.New("it is read-only")
	}
	return err
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
var hungUp = []error{
	io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, syscall.ECONNRESET, syscall.EPIPE, syscall.ETIMEDOUT, syscall.EHOSTUNREACH,
	syscall.ENETUNREACH, driver.ErrBadConn, sql.ErrConnDone,
}

// readOnly is the SQLSTATE of a server that takes no changes.
const readOnly = "25006"

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
