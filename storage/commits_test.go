package storage_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
)

// openAll opens tickets at once while the table is locked, so that they wait for each other, and returns their errors.
func openAll(t *testing.T, store *storage.Store, process *storage.Process, wants []storage.NewTicket) []error {
	t.Helper()
	lock, err := store.Pool().Begin(t.Context())
	require.NoError(t, err)
	_, err = lock.Exec(t.Context(), `LOCK TABLE tickets IN EXCLUSIVE MODE`)
	require.NoError(t, err)
	errs := make([]error, len(wants))
	var all sync.WaitGroup
	for i, want := range wants {
		all.Go(func() {
			ticket, err := store.OpenTicket(t.Context(), want, process.Number, 0)
			if err == nil && ticket.Ref != want.Ref {
				err = fmt.Errorf("%s got the ticket of %s", want.Ref, ticket.Ref)
			}
			errs[i] = err
		})
	}
	awaitLocked(t, store)
	require.NoError(t, lock.Rollback(t.Context()))
	all.Wait()
	return errs
}

// awaitLocked returns when a statement waits for the table.
func awaitLocked(t *testing.T, store *storage.Store) {
	t.Helper()
	require.Eventually(t, func() bool {
		return count(t, store, `SELECT count(*) FROM pg_locks WHERE relation = 'tickets'::regclass AND NOT granted`) > 0
	}, 30*time.Second, 5*time.Millisecond)
}

func TestTicketsThatComeTogetherShareACommit(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	var wants []storage.NewTicket
	for i := range 100 {
		wants = append(wants, newTicket(fmt.Sprint("ref ", i), 7, storage.StateSending))
	}
	for _, err := range openAll(t, store, process, wants) {
		require.NoError(t, err)
	}
	require.Equal(t, 100, count(t, store, `SELECT count(*) FROM tickets`))
	require.Less(t, count(t, store, `SELECT count(DISTINCT xmin::text) FROM tickets`), 50)
}

func TestAStatementThatFailsSparesThoseItWouldHaveBeenCommittedWith(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	var wants []storage.NewTicket
	for i := range 100 {
		want := newTicket(fmt.Sprint("ref ", i), 7, storage.StateSending)
		if i%10 == 3 {
			want.SenderName = "\x00" // which Postgres does not take
		}
		wants = append(wants, want)
	}
	for i, err := range openAll(t, store, process, wants) {
		require.Equal(t, i%10 == 3, err != nil, err)
	}
	require.Equal(t, 90, count(t, store, `SELECT count(*) FROM tickets`))
}

func TestWhoGivesUpWaitingDoesNotTakeOthersAlong(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	lock, err := store.Pool().Begin(t.Context())
	require.NoError(t, err)
	_, err = lock.Exec(t.Context(), `LOCK TABLE tickets IN EXCLUSIVE MODE`)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	hasty, patient := make(chan error, 1), make(chan error, 1)
	begin := func(ctx context.Context, ref string, done chan<- error) {
		_, err := store.OpenTicket(ctx, newTicket(ref, 7, storage.StateSending), process.Number, 0)
		done <- err
	}
	go begin(ctx, "hasty", hasty)
	go begin(t.Context(), "patient", patient)
	awaitLocked(t, store)
	cancel()
	require.ErrorIs(t, <-hasty, context.Canceled)
	require.NoError(t, lock.Rollback(t.Context()))
	require.NoError(t, <-patient)
}
