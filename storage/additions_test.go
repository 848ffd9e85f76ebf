package storage_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
)

// words are an addition to a ticket, by the message that asked for it.
func words(ref string, ticket int64) storage.Addition {
	return storage.Addition{Ref: ref, Ticket: ticket, Kind: storage.AddText, Content: []byte(`{}`)}
}

func TestAnAdditionThatComesWhileAnEndedTicketIsToldIsAnsweredAfterwards(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	ticket := openTicket(t, store, process, newTicket("ref", 7, storage.StateRefused))
	require.True(t, ticket.Mine, "it is being told")
	require.NoError(t, store.Add(t.Context(), words("m", ticket.ID), nil, bot, 0))
	more, err := store.RecordTold(t.Context(), ticket, 7, 100, process.Number)
	require.NoError(t, err)
	require.True(t, more, "who told it did not know of the addition")
}

func TestAnAdditionThatIsDeliveredAgainOnlyEndsItsUpdate(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	journal(t, store, process, true, storage.Update{ID: 1}, storage.Update{ID: 2})
	made, refused := created(t, store, process, "made"), openTicket(t, store, process, newTicket("refused", 7, storage.StateRefused))
	for _, k := range []storage.Ticket{made, refused} {
		require.NoError(t, store.Add(t.Context(), words(k.Ref, k.ID), []storage.File{file(3, "m")}, bot, 1))
	}
	exec(t, store, `UPDATE tickets SET due_at = NULL, tell_at = NULL, version = 3`)
	for _, k := range []storage.Ticket{made, refused} {
		require.NoError(t, store.Add(t.Context(), words(k.Ref, k.ID), []storage.File{file(3, "m")}, bot, 2))
	}
	require.Equal(t, 2, count(t, store, `SELECT count(*) FROM tickets WHERE due_at IS NULL AND tell_at IS NULL AND version = 3`))
	require.Equal(t, 2, count(t, store, `SELECT count(*) FROM files`))
	require.Zero(t, count(t, store, `SELECT count(*) FROM updates WHERE done_at IS NULL`))
}

func TestAKindThatTheVersionBeforeTakesForATypeIsNotSeenByIt(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	ticket := created(t, store, process, "a")
	rating := func(ref string) storage.Addition {
		return storage.Addition{Ref: ref, Ticket: ticket.ID, Kind: storage.AddRating, Content: []byte(`{}`)}
	}
	_, err := store.LastAddition(t.Context(), ticket.ID, storage.AddRating)
	require.ErrorIs(t, err, storage.ErrNotFound)
	require.NoError(t, store.Add(t.Context(), rating("first"), nil, bot, 0))
	require.NoError(t, store.Add(t.Context(), rating("second"), nil, bot, 0))
	require.Zero(t, count(t, store, `SELECT count(*) FROM additions WHERE done_at IS NULL`), "as the version before asks")

	require.True(t, looks(t, store, process, 1)[0].Pending)
	additions, err := store.Additions(t.Context(), ticket.ID)
	require.NoError(t, err)
	require.Len(t, additions, 2)
	last, err := store.LastAddition(t.Context(), ticket.ID, storage.AddRating)
	require.NoError(t, err)
	require.Equal(t, "second", last.Ref)
	asked := rating("third")
	_, err = store.RecordLook(t.Context(), ticket.ID, storage.Look{
		View: []byte(`{}`), Every: time.Hour, Additions: []int64{additions[0].ID}, Failed: []int64{additions[1].ID}, Asked: []storage.Addition{asked},
	}, process.Number)
	require.NoError(t, err)
	tickets := looks(t, store, process, 1)
	require.Len(t, tickets, 1, "what the look itself asks for is due at once")
	additions, err = store.Additions(t.Context(), ticket.ID)
	require.NoError(t, err)
	require.Len(t, additions, 1)
	require.Equal(t, "third", additions[0].Ref)
	require.NoError(t, store.Tried(t.Context(), []int64{additions[0].ID}, nil))
	_, err = store.RecordLook(t.Context(), ticket.ID, storage.Look{View: []byte(`{}`), Every: time.Hour}, process.Number)
	require.NoError(t, err)
	require.Empty(t, looks(t, store, process, 1), "what was tried in vain waits")
	last, err = store.LastAddition(t.Context(), ticket.ID, storage.AddRating)
	require.NoError(t, err)
	require.Equal(t, "third", last.Ref, "one that was given up does not count")
}
