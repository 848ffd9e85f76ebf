package desk

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/livedesk"
)

func quietAdmission() *admission {
	return newAdmission(1000, func() bool { return false }, slog.New(slog.DiscardHandler), func() {})
}

// end lets a request about something end with an error.
func end(a *admission, k kind, about string, err error) (known bool) {
	return (&turn{admission: a, kind: k, about: about}).ended(err)
}

var (
	forbidden   = &livedesk.Error{Kind: livedesk.NotSent, Status: 403, Setup: true, Single: true}
	unreachable = &livedesk.Error{Kind: livedesk.NotSent}
)

func limited(after time.Duration) error {
	return &livedesk.Error{Kind: livedesk.NotSent, Status: 429, RetryAfter: after}
}

func TestAPauseLastsAsLongAsWasAskedForWhateverElseIsTaken(t *testing.T) {
	t.Parallel()
	a := quietAdmission()
	end(a, creating, "1", limited(time.Hour))
	end(a, creating, "2", nil) // was under way
	end(a, creating, "3", limited(time.Minute))
	for _, fresh := range []bool{false, true} {
		turn, shut := a.try(creating, fresh)
		require.Nil(t, turn)
		require.Greater(t, shut, 59*time.Minute)
	}
	for _, other := range []kind{reading, uploading} {
		turn, _ := a.try(other, false)
		require.NotNil(t, turn, "%v has a door of its own", other)
	}
}

func TestOneRequestThatFailsAloneShutsNoDoor(t *testing.T) {
	t.Parallel()
	a := quietAdmission()
	for range 5 {
		end(a, creating, "1", forbidden)
		require.False(t, a.isDown(creating))
	}
	end(a, creating, "2", nil)
	end(a, creating, "3", forbidden)
	require.False(t, a.isDown(creating), "another was taken in between")
	end(a, creating, "", forbidden)
	require.False(t, a.isDown(creating), "that one is known to fail alone")
	end(a, creating, "1", forbidden)
	require.True(t, a.isDown(creating), "two in a row")
}

func TestALiveDeskThatIsAwayShutsTheDoorAtOnce(t *testing.T) {
	t.Parallel()
	for _, err := range []error{unreachable, limited(0), limited(time.Second)} {
		a := quietAdmission()
		require.False(t, end(a, creating, "1", err), "that is news")
		turn, shut := a.try(creating, true)
		require.Nil(t, turn, "also to what has not failed so far")
		require.Positive(t, shut)
		require.True(t, end(a, creating, "2", err))
	}
}

func TestWhatHasNotFailedIsTriedAtOnceWhileTheFailuresMayBeTheirOwn(t *testing.T) {
	t.Parallel()
	a := quietAdmission()
	end(a, creating, "1", forbidden)
	end(a, creating, "2", forbidden)
	turn, _ := a.try(creating, false)
	require.Nil(t, turn)
	first, _ := a.try(creating, true)
	require.NotNil(t, first)
	second, _ := a.try(creating, true)
	require.Nil(t, second, "but one at a time")
	first.ended(nil)
	first.leave()
	require.False(t, a.isDown(creating))
}

func TestAPanicWhileFindingOutLeavesTheDoorAsItWas(t *testing.T) {
	t.Parallel()
	a := quietAdmission()
	end(a, creating, "1", unreachable)
	require.Eventually(t, func() bool { return a.mayTry(creating) }, 30*time.Second, time.Millisecond)
	require.Panics(t, func() {
		turn, _ := a.try(creating, false)
		defer turn.leave()
		require.False(t, a.mayTry(creating), "one at a time finds out")
		panic("while finding out")
	})
	require.True(t, a.mayTry(creating))
	require.Empty(t, a.slots)
}

func TestOneAtATimeOfThoseThatCanWaitGoesToALiveDeskThatIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := quietAdmission()
		require.Greater(t, a.room(reading), 1)
		end(a, reading, "1", unreachable)
		require.Equal(t, 1, a.room(reading))
		require.Greater(t, a.room(creating), 1)
		a.wanted = time.Now()
		require.Zero(t, a.room(reading), "somebody cannot wait")
		time.Sleep(wantedFor)
		require.Equal(t, 1, a.room(reading))
	})
}

func TestFailuresThatMayBeTheRequestsOwnAreDoubtful(t *testing.T) {
	t.Parallel()
	a := quietAdmission()
	for _, c := range []struct {
		about   string
		err     error
		doubted bool
	}{{"1", forbidden, false}, {"2", forbidden, true}, {"3", unreachable, false}, {"4", forbidden, true}, {"5", nil, false}} {
		end(a, creating, c.about, c.err)
		require.Equal(t, c.doubted, a.inDoubt(creating), c.about)
		require.False(t, a.inDoubt(reading))
	}
}
