package bot

import (
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram"
	"livedeskbot/storage/storagetest"
)

func TestAChangeOfAPlaceKeepsWhatAnotherReplicaHasSet(t *testing.T) {
	t.Parallel()
	store, _ := storagetest.Lend(t, 3)
	one, other := newPlaces(1, store), newPlaces(1, store)
	_, err := one.at(t.Context(), -100, 0)
	require.NoError(t, err)
	require.NoError(t, other.setDefaults(t.Context(), -100, 0, defaults{Priority: "high"}))
	now, err := one.fresh(t.Context(), -100, 0)
	require.NoError(t, err)
	require.Equal(t, "high", now.of(0).Priority)
}

func TestWhatWasSetInAChatIsLearntWithItsConnection(t *testing.T) {
	t.Parallel()
	store, _ := storagetest.Lend(t, 3)
	require.NoError(t, newPlaces(1, store).setDefaults(t.Context(), -100, 7, defaults{Priority: "high"}))
	require.NoError(t, store.NameChats(t.Context(), 1, []int64{-100}, nil))
	a := access{newChats: Ask, store: store, telegram: &telegram.Client{BotID: 1}, places: newPlaces(1, store), answers: newAnswers()}
	_, err := a.look(t.Context(), []int64{-100, -101})
	require.NoError(t, err)
	rows, ok := a.places.known.get(-100)
	require.True(t, ok)
	require.Len(t, rows, 1)
	_, ok = a.places.known.get(-101)
	require.False(t, ok, "it may become the supergroup of a group")
}
