package storage_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
)

func TestPostsOfTwoChatsMayHaveTheSameNumber(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	journal(t, store, process, true, storage.Update{ID: 1})
	for _, chat := range []int64{7, 8} {
		post := storage.Post{TicketID: fmt.Sprintf("tk_%d", chat)}
		require.NoError(t, store.AddPost(t.Context(), chat, 100, post, bot, 1))
	}
	for _, chat := range []int64{7, 8} {
		post, err := store.PostAt(t.Context(), chat, 100)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf("tk_%d", chat), post.TicketID)
	}
	_, err := store.PostAt(t.Context(), 9, 100)
	require.ErrorIs(t, err, storage.ErrNotFound)
	require.Zero(t, count(t, store, `SELECT count(*) FROM updates WHERE done_at IS NULL`))
}

// Whoever shows a ticket while it is removed may store the message just after that.
func TestAPostAboutATicketThatWasRemovedIsAboutNone(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	journal(t, store, process, true, storage.Update{ID: 1})
	require.NoError(t, store.AddPost(t.Context(), 7, 100, storage.Post{Ticket: 99, TicketID: "tk_99"}, bot, 1))
	_, err := store.PostAt(t.Context(), 7, 100)
	require.ErrorIs(t, err, storage.ErrNotFound)
}
