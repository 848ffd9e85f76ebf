package inbox

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAJournalThatRefusedCountsAsRefusingForTenSecondsOrUntilItTakesAnUpdate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in := &Inbox{}
		require.True(t, in.Stores(), "nothing else is known")
		in.noteStored(errors.New("disk full"))
		time.Sleep(10*time.Second - time.Nanosecond)
		require.False(t, in.Stores())
		time.Sleep(time.Nanosecond)
		require.True(t, in.Stores())
		in.noteStored(errors.New("disk full"))
		in.noteStored(nil)
		require.True(t, in.Stores())
	})
}

func TestWhoWakesTheInboxMakesItLookIntoTheJournal(t *testing.T) {
	t.Parallel()
	in := newIdle(t, nil)
	in.Wake()
	requireUp(t, in.queue)
}
