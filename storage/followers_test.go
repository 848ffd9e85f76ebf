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
		follows, err := store.ToggleFollow(t.Context(), ticket.ID, bob, bot, press.update)
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
