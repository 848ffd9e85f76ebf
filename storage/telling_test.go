package storage_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
)

func TestWaitingIsToldOnceAndEveryOtherOutcomeAlways(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	ticket := openTicket(t, store, process, newTicket("ref", 7, storage.StateSending))
	waiting := storage.Outcome{State: storage.StateWaiting, Reason: "away"}
	ticket, err := store.RecordOutcome(t.Context(), ticket.ID, 1, waiting, process.Number)
	require.NoError(t, err)
	require.True(t, ticket.Mine)
	more, err := store.RecordTold(t.Context(), ticket, 7, 100, process.Number)
	require.NoError(t, err)
	require.False(t, more)

	claimed, err := store.ClaimWaiting(t.Context(), process.Number)
	require.NoError(t, err)
	require.Equal(t, 2, claimed.Attempts)
	again, err := store.RecordOutcome(t.Context(), ticket.ID, 2, waiting, process.Number)
	require.NoError(t, err)
	require.False(t, again.Mine)
	require.Equal(t, ticket.Version, again.Version)

	claimed, err = store.ClaimWaiting(t.Context(), process.Number)
	require.NoError(t, err)
	created, err := store.RecordOutcome(t.Context(), claimed.ID, 3, storage.Outcome{State: storage.StateCreated, TicketID: "tk_1", Due: -1}, process.Number)
	require.NoError(t, err)
	require.True(t, created.Mine)
	require.Equal(t, int64(100), created.CardID, "in the same message")
}

func TestNewsDuringATellingAreToldAfterIt(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	ticket := openTicket(t, store, process, newTicket("ref", 7, storage.StateSending))
	told, err := store.RecordOutcome(t.Context(), ticket.ID, 1, storage.Outcome{State: storage.StateUnconfirmed, Due: -1}, process.Number)
	require.NoError(t, err)
	require.NoError(t, store.Leave(t.Context(), ticket.ID, 1))
	require.Empty(t, tellings(t, store, process), "one telling at a time")

	more, err := store.RecordTold(t.Context(), told, 7, 100, process.Number)
	require.NoError(t, err)
	require.True(t, more)
	require.Empty(t, tellings(t, store, process, 7), "a chat that has enough in hand is left out")
	claimed := tellings(t, store, process)
	require.Len(t, claimed, 1)
	require.Equal(t, storage.StateLeft, claimed[0].State)
	require.NoError(t, store.DeferTelling(t.Context(), ticket.ID, time.Hour, process.Number))
	require.Empty(t, tellings(t, store, process))
	_, err = store.RecordTold(t.Context(), claimed[0], 7, 100, process.Number)
	require.ErrorIs(t, err, storage.ErrNotFound, "a telling that was given back is not this process's to record")
}

func tellings(t *testing.T, store *storage.Store, process *storage.Process, except ...int64) []storage.Ticket {
	t.Helper()
	if except == nil {
		except = []int64{}
	}
	tickets, err := store.ClaimTellings(t.Context(), process.Number, 10, except)
	require.NoError(t, err)
	return tickets
}
