package bot

import (
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram"
	"livedeskbot/storage"
	"livedeskbot/storage/storagetest"
)

func TestAChangeOfAPlaceKeepsWhatAnotherReplicaHasSet(t *testing.T) {
	t.Parallel()
	store, err := storage.Open(t.Context(), storagetest.New(t))
	require.NoError(t, err)
	t.Cleanup(store.Close)
	one, other := newPlaces(1, store), newPlaces(1, store)
	_, err = one.at(t.Context(), -100, 0)
	require.NoError(t, err)
	require.NoError(t, other.setDefaults(t.Context(), -100, 0, defaults{Priority: "high"}))
	now, err := one.fresh(t.Context(), -100, 0)
	require.NoError(t, err)
	require.Equal(t, "high", now.of(0).Priority)
}

func TestWhatWasSetInAChatIsLearntWithItsConnection(t *testing.T) {
	t.Parallel()
	store, err := storage.Open(t.Context(), storagetest.New(t))
	require.NoError(t, err)
	t.Cleanup(store.Close)
	require.NoError(t, newPlaces(1, store).setDefaults(t.Context(), -100, 7, defaults{Priority: "high"}))
	a := access{newChats: Ask, store: store, telegram: &telegram.Client{BotID: 1}, places: newPlaces(1, store), answers: newAnswers()}
	_, err = a.look(t.Context(), []int64{-100, -101})
	require.NoError(t, err)
	for chat, want := range map[int64]int{-100: 1, -101: 0} {
		rows, ok := a.places.known.get(chat)
		require.True(t, ok)
		require.Len(t, rows, want)
	}
}
