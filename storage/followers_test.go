package storage_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
)

func TestAFollowerIsWhoFollowsOrHasAsked(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	ticket := created(t, store, process, "a")
	follows := func(person int64) bool {
		is, err := store.Follows(t.Context(), ticket.ID, person)
		require.NoError(t, err)
		return is
	}
	following := func(person int64) bool {
		is, err := store.Following(t.Context(), ticket.ID, person)
		require.NoError(t, err)
		return is
	}
	require.True(t, following(5))
	early := storage.Person{ID: 1, Name: "Al"}
	for range 2 {
		require.NoError(t, store.Follow(t.Context(), ticket.ID, early, storage.Here, true))
		require.True(t, follows(early.ID))
	}
	require.False(t, follows(6))
	people, err := store.Followers(t.Context(), ticket.ID)
	require.NoError(t, err)
	require.Equal(t, []storage.Person{{ID: 5, Name: "Alice"}, early}, people, "who asked comes first")

	require.NoError(t, store.Follow(t.Context(), ticket.ID, storage.Person{ID: 5}, storage.Here, false))
	people, err = store.Followers(t.Context(), ticket.ID)
	require.NoError(t, err)
	require.Equal(t, []storage.Person{early}, people)
	require.True(t, follows(5), "who asked sees the ticket all the same")
	require.False(t, following(5), "and follows it no more")
	require.NoError(t, store.Follow(t.Context(), ticket.ID, early, storage.Here, false))
	require.False(t, follows(early.ID))
	other := created(t, store, process, "b")
	require.NoError(t, store.Follow(t.Context(), other.ID, early, storage.Here, true))
	require.False(t, follows(early.ID), "another ticket is another")
	people, err = store.Followers(t.Context(), ticket.ID)
	require.NoError(t, err)
	require.Empty(t, people)
}
