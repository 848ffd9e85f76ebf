package storage_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
	"livedeskbot/storage/localpg"
	"livedeskbot/storage/storagetest"
)

// enough is the longest that a call may take whose connection has fallen silent, on a busy machine.
const enough = 20 * time.Second

// openOver opens the database at an address of the test's own.
func openOver(t *testing.T, url string) *storage.Store {
	t.Helper()
	store, err := storage.Open(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(store.Close)
	return store
}

// Of each kind of call one is under way when its connection falls silent: none of them gives itself a deadline.
func TestACallWhoseConnectionFallsSilentEndsAndTheNextOneWorks(t *testing.T) {
	t.Parallel()
	database := storagetest.New(t)
	setUp := openOver(t, database)
	process := register(t, setUp)
	ticket := openTicket(t, setUp, process, newTicket("ref", 7, storage.StateSending))
	for name, call := range map[string]func(*storage.Store) error{
		"a statement": func(s *storage.Store) error { return s.FinishUpdate(context.Background(), bot, 1) },
		"a batch":     func(s *storage.Store) error { return s.Tried(context.Background(), []int64{1}, []int64{1}) },
		"a transaction": func(s *storage.Store) error {
			return s.Add(context.Background(), storage.Addition{Ref: "m", Ticket: ticket.ID, Kind: storage.AddText, Content: []byte(`{}`)}, nil, bot, 1)
		},
		"a shared commit": func(s *storage.Store) error {
			_, err := s.RecordTold(context.Background(), storage.Ticket{ID: ticket.ID}, 7, 1, process.Number)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			line := storagetest.NewLine(t, database)
			store := openOver(t, line.URL())
			require.NoError(t, store.Ping(t.Context())) // so that there is a connection
			line.Silence()
			ended := make(chan error, 1)
			go func() { ended <- call(store) }()
			select {
			case err := <-ended:
				require.Error(t, err)
				require.True(t, storage.IsAway(err), "%v", err)
			case <-time.After(enough):
				require.Fail(t, "it still waits")
			}
			ctx, cancel := context.WithTimeout(t.Context(), enough)
			defer cancel()
			require.NoError(t, store.Ping(ctx))
		})
	}
}

func TestAServerThatTakesNoChangesAnyMoreIsLeft(t *testing.T) {
	t.Parallel()
	first, second := newServer(t), newServer(t)
	u, err := url.Parse(first.URL())
	require.NoError(t, err)
	u.Host += "," + second.Address()
	query := u.Query()
	query.Set("target_session_attrs", "read-write")
	u.RawQuery = query.Encode()
	store := openOver(t, u.String())
	process := register(t, store)
	journal(t, store, process, false, storage.Update{ID: 1})

	// The connections that are there stay, as with a server that is demoted without a restart.
	demoted := newPool(t, first.URL())
	_, err = demoted.Exec(t.Context(), `ALTER SYSTEM SET default_transaction_read_only = on`)
	require.NoError(t, err)
	_, err = demoted.Exec(t.Context(), `SELECT pg_reload_conf()`)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return process.Alive(t.Context()) != nil }, enough, 10*time.Millisecond)
	require.Eventually(t, func() bool {
		_, err := store.Journal(t.Context(), bot, process.Number, []storage.Update{{ID: 2}})
		return err == nil
	}, enough, 10*time.Millisecond)
	require.Equal(t, 1, count(t, openOver(t, second.URL()), `SELECT count(*) FROM updates WHERE update_id = 2`))
	process.Close()
	again, err := store.Register(t.Context(), process, storage.InHand{})
	require.NoError(t, err)
	t.Cleanup(again.Close)
	require.NoError(t, again.Alive(t.Context()))
}

// newServer is a line to a server of its own, with the schema.
func newServer(t *testing.T) *storagetest.Line {
	t.Helper()
	server, err := localpg.StartTemporary(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	require.NoError(t, storage.Migrate(t.Context(), newPool(t, server.URL()), quiet))
	return storagetest.NewLine(t, server.URL())
}
