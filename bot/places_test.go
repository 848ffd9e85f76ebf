package bot

import (
	"testing"

	"github.com/stretchr/testify/require"

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
