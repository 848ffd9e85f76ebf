package claims

import (
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/logtest"
	"livedeskbot/storage"
)

func TestWhatIsHeldTwiceIsInHandUntilItIsDroppedTwice(t *testing.T) {
	t.Parallel()
	h := newHand()
	release := h.Hold(7)
	h.Hold(7)
	h.Hold(8)
	release()
	require.ElementsMatch(t, []int64{7, 8}, h.ids())
	require.Equal(t, []int64{9}, h.without([]int64{7, 8, 9}))
	h.Drop(7)
	require.Equal(t, []int64{8}, h.ids())
	require.Equal(t, []int64{7, 9}, h.without([]int64{7, 8, 9}))
	require.Len(t, h.held, 1, "what was dropped is forgotten")
}

func TestAnEmptyHandIsAListOfNothing(t *testing.T) {
	t.Parallel()
	require.Equal(t, []int64{}, newHand().ids(), "null in SQL would match no row at all")
}

func TestEachKindOfWorkHasAHandOfItsOwn(t *testing.T) {
	t.Parallel()
	w := New(nil, nil, nil)
	w.Updates.Hold(1)
	w.Tickets.Hold(2)
	w.Tellings.Hold(3)
	w.Files.Hold(4)
	require.Equal(t, storage.InHand{Updates: []int64{1}, Tickets: []int64{2}, Tellings: []int64{3}, Files: []int64{4}}, w.inHand())
}

func TestOnlyWhatStandsInBothLists(t *testing.T) {
	t.Parallel()
	before := []int64{1, 2, 3}
	require.Equal(t, []int64{2}, both(before, []int64{4, 2}))
	require.Empty(t, both(before, nil))
	require.Equal(t, []int64{1, 2, 3}, before, "it is looked at again")
}

func TestAPanicIsCountedLoggedWithoutItsWordsAndEndsNothing(t *testing.T) {
	t.Parallel()
	var logs logtest.Buffer
	panics, after := 0, 0
	w := New(nil, slog.New(slog.NewTextHandler(&logs, nil)), func() { panics++ })
	func() {
		defer w.Recovered("ticket", 12345, func() { after++ })
		panic(errors.New("what somebody wrote"))
	}()
	func() { defer w.Recovered("ticket", 12345, func() { after++ }) }()
	require.Equal(t, 1, panics)
	require.Equal(t, 1, after)
	require.Contains(t, logs.String(), "ticket=12345")
	require.Contains(t, logs.String(), "panic=*errors.errorString")
	require.NotContains(t, logs.String(), "what somebody wrote")
}

func TestWhatHappenedOutsideIsRecordedSoonerOrLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := New(nil, slog.New(slog.DiscardHandler), nil)
		tries, began := 0, time.Now()
		require.NoError(t, w.Record(t.Context(), func() error {
			if tries++; tries <= 10 {
				return errors.New("the database is away")
			}
			return nil
		}))
		require.Equal(t, 11, tries)
		require.Equal(t, 6550*time.Millisecond, time.Since(began), "50 ms, twice as long each time, at most a second")

		tries = 0
		require.ErrorIs(t, w.Record(t.Context(), func() error { tries++; return storage.ErrNotFound }), storage.ErrNotFound)
		require.Equal(t, 1, tries, "no row comes of trying again")
	})
}
