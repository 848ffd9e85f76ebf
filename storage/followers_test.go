package storage_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
)

func TestOnePressTogglesFollowingOnce(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	ticket := created(t, store, process, "a")
	journal(t, store, process, true, storage.Update{ID: 1}, storage.Update{ID: 2})
	bob := storage.Person{ID: 9, Name: "Bob"}
	before, err := store.Followers(t.Context(), ticket.ID)
	require.NoError(t, err)
	for _, press := range []struct {
		update  int64
		follows bool
	}{{1, true}, {1, true}, {2, false}, {2, false}, {1, false}} {
		follows, err := store.ToggleFollow(t.Context(), ticket.ID, bob, storage.Here, bot, press.update)
		require.NoError(t, err)
		require.Equal(t, press.follows, follows)
		people, err := store.Followers(t.Context(), ticket.ID)
		require.NoError(t, err)
		if press.follows {
			require.Equal(t, append(before, bob), people)
		} else {
			require.Equal(t, before, people)
		}
	}
	owned, err := store.Owned(t.Context(), process.Number)
	require.NoError(t, err)
	require.Empty(t, owned.Updates, "they are ended in the same commit")
}

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
	require.NoError(t, store.Follow(t.Context(), ticket.ID, early, storage.Here, false))
	require.False(t, follows(early.ID))
	other := created(t, store, process, "b")
	require.NoError(t, store.Follow(t.Context(), other.ID, early, storage.Here, true))
	require.False(t, follows(early.ID), "another ticket is another")
	people, err = store.Followers(t.Context(), ticket.ID)
	require.NoError(t, err)
	require.Empty(t, people)
}
