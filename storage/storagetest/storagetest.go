// Package storagetest gives each test a fresh, migrated database, for tests only.
//
// The first call in a test binary starts a throw-away server (localpg), which ends with the binary however that ends,
// and migrates one template; every further database is a copy of it, made in about ten milliseconds. Where
// TEST_DATABASE_URL names a server, that one is used: its role must be allowed to create databases, and the template
// stays there for the next run. A machine without server programs gets some (localpg/fetch), which every test binary that
// imports this package may start. Nothing is skipped: where that fails the tests fail and say what to install.
//
// Start with New; where many small tests each need a database, with Lend.
package storagetest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"livedeskbot/migrations"
	"livedeskbot/storage"
	"livedeskbot/storage/localpg"
	_ "livedeskbot/storage/localpg/fetch"
)

// setupTimeout bounds what no test's own deadline does.
const setupTimeout = time.Minute

// New returns the connection string of a database with the current schema and no rows, dropped at the end of the test.
func New(t testing.TB) string {
	t.Helper()
	url, drop, err := create(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, drop()) })
	return url
}

// create makes a database with settings of its own, of the form "name = value".
func create(ctx context.Context, settings ...string) (url string, drop func() error, err error) {
	s, err := shared()
	if err != nil {
		return "", nil, err
	}
	name := "test_" + strings.ToLower(rand.Text())
	if _, err := s.admin.Exec(ctx, s.copyTemplate(name)); err != nil {
		return "", nil, err
	}
	for _, setting := range settings {
		if _, err := s.admin.Exec(ctx, "ALTER DATABASE "+name+" SET "+setting); err != nil {
			return "", nil, err
		}
	}
	return s.databaseURL(name), func() error {
		ctx, cancel := context.WithTimeout(context.Background(), setupTimeout) // the test's own has ended
		defer cancel()
		_, err := s.admin.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
		return err
	}, nil
}

// shared is one for the whole test binary. Nobody stops it: localpg does when the binary has gone.
var shared = sync.OnceValues(func() (*server, error) {
	address := os.Getenv("TEST_DATABASE_URL")
	if address == "" {
		private, err := localpg.StartTemporary(context.Background()) // has its own limits, for a download too
		if err != nil {
			return nil, err
		}
		address = private.URL()
	}
	ctx, cancel := context.WithTimeout(context.Background(), setupTimeout)
	defer cancel()
	return prepare(ctx, address)
})

// server is a Postgres with a migrated template.
type server struct {
	url      *url.URL
	admin    *pgxpool.Pool
	template string
	strategy string
}

func prepare(ctx context.Context, address string) (*server, error) {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Scheme == "" {
		return nil, errors.New("TEST_DATABASE_URL is not of the form postgres://user:password@host:5432/db")
	}
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, errors.New("TEST_DATABASE_URL is not a Postgres connection string")
	}
	config.MaxConns = 4
	admin, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect to the test server: %w", err)
	}
	s := &server{url: parsed, admin: admin}
	if s.template, err = templateName(); err != nil {
		return nil, err
	}
	// The default strategy of 15 and later writes every page to the log, twice as slow here; 14 has no choice.
	var version int
	if err := admin.QueryRow(ctx, `SELECT current_setting('server_version_num')::int`).Scan(&version); err != nil {
		return nil, fmt.Errorf("connect to the test server: %w", err)
	}
	if version >= 150000 {
		s.strategy = " STRATEGY file_copy"
	}
	return s, s.ensureTemplate(ctx)
}

// templateName changes with the migrations, so that an old template on a lasting server is not taken for the new one.
func templateName() (string, error) {
	sum := sha256.New()
	err := fs.WalkDir(migrations.FS, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(migrations.FS, path)
		fmt.Fprintf(sum, "%s %d\n%s", path, len(content), content)
		return err
	})
	return "livedeskbot_template_" + hex.EncodeToString(sum.Sum(nil)[:6]), err
}

// ensureTemplate makes the template under another name first: a half-migrated one is never copied. Test binaries that
// share a server take turns.
func (s *server) ensureTemplate(ctx context.Context) error {
	return s.admin.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		const key = 77_0001
		if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, key); err != nil {
			return fmt.Errorf("lock template: %w", err)
		}
		defer conn.Exec(ctx, `SELECT pg_advisory_unlock($1)`, key)
		var exists bool
		err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, s.template).Scan(&exists)
		if err != nil || exists {
			return err
		}
		return s.makeTemplate(ctx, conn.Conn())
	})
}

func (s *server) makeTemplate(ctx context.Context, admin *pgx.Conn) error {
	draft := s.template + "_draft"
	for _, statement := range []string{"DROP DATABASE IF EXISTS " + draft, "CREATE DATABASE " + draft + " TEMPLATE template0"} {
		if _, err := admin.Exec(ctx, statement); err != nil {
			return fmt.Errorf("create template: %w", err)
		}
	}
	pool, err := pgxpool.New(ctx, s.databaseURL(draft))
	if err != nil {
		return fmt.Errorf("create template: %w", err)
	}
	err = storage.Migrate(ctx, pool, slog.New(slog.DiscardHandler))
	pool.Close() // a database in use can be neither renamed nor copied
	if err != nil {
		return err
	}
	if _, err := admin.Exec(ctx, "ALTER DATABASE "+draft+" RENAME TO "+s.template); err != nil {
		return fmt.Errorf("create template: %w", err)
	}
	return nil
}

func (s *server) copyTemplate(name string) string {
	return "CREATE DATABASE " + name + " TEMPLATE " + s.template + s.strategy
}

func (s *server) databaseURL(name string) string {
	u := *s.url
	u.Path = "/" + name
	return u.String()
}
