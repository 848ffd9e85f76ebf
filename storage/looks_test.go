package storage_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
)

func looks(t *testing.T, store *storage.Store, process *storage.Process, limit int) []storage.Ticket {
	t.Helper()
	tickets, err := store.ClaimLooks(t.Context(), process.Number, limit)
	require.NoError(t, err)
	return tickets
}

func TestALookOfADeadProcessStoresNothing(t *testing.T) {
	t.Parallel()
	store := open(t)
	dead, living := register(t, store), register(t, store)
	ticket := created(t, store, dead, "a")
	require.Len(t, looks(t, store, dead, 10), 1)
	kill(t, store, dead)
	require.Equal(t, 1, takeOver(t, store))
	require.Len(t, looks(t, store, living, 10), 1)
	_, err := store.RecordLook(t.Context(), ticket.ID, storage.Look{View: []byte(`{}`), Notices: []storage.Notice{reply("1", "x")}}, dead.Number)
	require.ErrorIs(t, err, storage.ErrNotFound)
	require.Empty(t, notices(t, store, ticket.ID))
}

func TestWhoWaitsLongestForTheirMeasureIsLookedAtFirst(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	for ref, times := range map[string][2]int{ // looked at every so many seconds, late by so many
		"active": {30, 30}, "quiet": {1800, 300}, "neglected": {1800, 3600}, "future": {30, -30},
	} {
		ticket := created(t, store, process, ref)
		exec(t, store, `UPDATE tickets SET every = $2, due_at = now() - make_interval(secs => $3) WHERE id = $1`, ticket.ID, times[0], times[1])
	}
	for _, want := range []string{"neglected", "active", "quiet"} {
		tickets := looks(t, store, process, 1)
		require.Len(t, tickets, 1)
		require.Equal(t, "tk_"+want, tickets[0].TicketID)
	}
	require.Empty(t, looks(t, store, process, 1))
}

func TestWhatComesDuringALookIsLookedAtAtOnce(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	ticket := created(t, store, process, "a")
	require.Len(t, looks(t, store, process, 1), 1)
	add := storage.Addition{Ref: "m", Ticket: ticket.ID, Kind: storage.AddText, Content: []byte(`{}`)}
	require.NoError(t, store.Add(t.Context(), add, nil, bot, 0))
	require.NoError(t, store.Add(t.Context(), add, nil, bot, 0), "it may be delivered twice")
	_, err := store.RecordLook(t.Context(), ticket.ID, storage.Look{View: []byte(`{}`), Every: time.Hour}, process.Number)
	require.NoError(t, err)
	tickets := looks(t, store, process, 1)
	require.Len(t, tickets, 1)
	require.True(t, tickets[0].Pending)

	additions, err := store.Additions(t.Context(), ticket.ID)
	require.NoError(t, err)
	require.Len(t, additions, 1)
	require.NoError(t, store.Tried(t.Context(), []int64{additions[0].ID}, nil))
	_, err = store.RecordLook(t.Context(), ticket.ID, storage.Look{View: []byte(`{}`), Every: time.Hour}, process.Number)
	require.NoError(t, err)
	require.Empty(t, looks(t, store, process, 1), "what was tried in vain waits")
}
