package storage_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
	"livedeskbot/storage/paralleltest"
	"livedeskbot/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(paralleltest.Run(m)) }

// bot is the id of the bot in these tests.
const bot = 42

func open(t *testing.T) *storage.Store {
	t.Helper()
	store, _ := storagetest.Lend(t, 10)
	return store.For(bot)
}

// openNew is open for what looks at plans, or puts in so much that nobody should find the traces: a database of its own.
func openNew(t *testing.T) *storage.Store {
	t.Helper()
	store, err := storage.Open(t.Context(), storagetest.New(t))
	require.NoError(t, err)
	t.Cleanup(store.Close)
	return store.For(bot)
}

// register registers a process that lives until the end of the test.
func register(t *testing.T, store *storage.Store) *storage.Process {
	t.Helper()
	process, err := store.Register(t.Context(), nil, storage.InHand{})
	require.NoError(t, err)
	t.Cleanup(process.Close)
	return process
}

// count is the only number that a query returns.
func count(t *testing.T, store *storage.Store, sql string) int {
	t.Helper()
	var n int
	require.NoError(t, store.Pool().QueryRow(t.Context(), sql).Scan(&n))
	return n
}

func exec(t *testing.T, store *storage.Store, sql string, args ...any) {
	t.Helper()
	_, err := store.Pool().Exec(t.Context(), sql, args...)
	require.NoError(t, err)
}
