package desk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/wait"
	"livedeskbot/livedesk"
)

// plenty is a rate that holds nobody up.
const plenty = 10_000

// lobby is an admission of a service that stops when stopping is set, and counts how often it was reopened.
type lobby struct {
	*admission
	t        *testing.T
	stopping atomic.Bool
	reopened int
}

func newLobby(t *testing.T, perSecond int) *lobby {
	l := &lobby{t: t}
	l.admission = newAdmission(perSecond, l.stopping.Load, slog.New(slog.DiscardHandler), func() { l.reopened++ })
	return l
}

// turn is one that must be there at once.
func (l *lobby) turn(k kind) *turn {
	l.t.Helper()
	turn, _ := l.try(k, false)
	require.NotNil(l.t, turn)
	return turn
}

// refuses is a turn whose request LiveDesk does not take.
func (l *lobby) refuses(k kind, after time.Duration) {
	l.t.Helper()
	turn := l.turn(k)
	defer turn.leave()
	turn.ended(notTaken(after))
}

// takes is a turn whose request LiveDesk takes.
func (l *lobby) takes(k kind) {
	l.t.Helper()
	turn := l.turn(k)
	defer turn.leave()
	turn.ended(nil)
}

// isShut reports for how long a door is shut.
func (l *lobby) isShut(k kind) time.Duration {
	l.t.Helper()
	turn, shut := l.try(k, false)
	turn.leave()
	require.Equal(l.t, turn == nil, shut > 0)
	return shut
}

// notTaken is LiveDesk's word that it took no request and wants to be left alone.
func notTaken(after time.Duration) error {
	return &livedesk.Error{Kind: livedesk.NotSent, RetryAfter: after}
}

func TestInNoSecondMoreThanTwiceTheRateGoesOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const perSecond, seconds = 10, 6
		l := newLobby(t, perSecond)
		ctx, cancel := context.WithTimeout(t.Context(), seconds*time.Second)
		defer cancel()
		var went []time.Time
		for {
			turn, err := l.enter(ctx, creating, patiently)
			if err != nil {
				break
			}
			went = append(went, time.Now())
			turn.leave()
			if len(went) == 2*perSecond { // a lull saves up as much as ever
				time.Sleep(2 * time.Second)
			}
		}
		require.Greater(t, len(went), (seconds-2)*perSecond-2, "the rate is used")
		for i, first := range went {
			n := 0
			for _, at := range went[i:] {
				if at.Sub(first) < time.Second {
					n++
				}
			}
			require.Less(t, n, 2*perSecond)
		}
	})
}

func TestAPauseLastsAsLongAsLiveDeskAskedFor(t *testing.T) {
	t.Parallel()
	for name, meanwhile := range map[string]func(*turn){
		"and others succeed":        func(other *turn) { other.ended(nil) },
		"and others fail":           func(other *turn) { other.ended(notTaken(0)) },
		"and others ask for less":   func(other *turn) { other.ended(notTaken(time.Second)) },
		"and others come to no end": func(*turn) {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newLobby(t, plenty)
				other := l.turn(creating) // was let in before
				l.refuses(creating, 40*time.Second)
				meanwhile(other)
				other.leave()
				require.Equal(t, 40*time.Second, l.isShut(creating))
				time.Sleep(40*time.Second - time.Nanosecond)
				require.Equal(t, time.Nanosecond, l.isShut(creating))
				time.Sleep(time.Nanosecond)
				l.takes(creating)
				require.Zero(t, l.isShut(creating))
			})
		})
	}
}

func TestALongerPauseCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLobby(t, plenty)
		one, other := l.turn(reading), l.turn(reading)
		one.ended(notTaken(time.Second))
		other.ended(notTaken(time.Minute))
		require.Equal(t, time.Minute, l.isShut(reading))
	})
}

func TestAShutDoorLeavesTheOthersOpen(t *testing.T) {
	t.Parallel()
	for shut := range kinds {
		t.Run(shut.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newLobby(t, plenty)
				l.refuses(shut, time.Minute)
				for k := range kinds {
					require.Equal(t, k == shut, l.isShut(k) > 0, k)
					require.Equal(t, k == shut, l.isDown(k), k)
					require.Equal(t, k != shut, l.mayTry(k), k)
				}
			})
		})
	}
}

func TestWhileLiveDeskIsAwayOneRequestAtATimeFindsOutWhetherItIsBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLobby(t, plenty)
		l.refuses(creating, 0)
		for _, pause := range []time.Duration{
			500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 15 * time.Second, 15 * time.Second,
		} {
			require.Equal(t, pause, l.isShut(creating))
			time.Sleep(pause)
			probe := l.turn(creating)
			none, shut := l.try(creating, false)
			require.Nil(t, none)
			require.Zero(t, shut, "it is not known for how long")
			require.False(t, l.mayTry(creating))
			probe.ended(notTaken(0))
			probe.leave()
		}
		time.Sleep(mostPause)
		l.takes(creating)
		for range 3 {
			l.turn(creating) // all go again
		}
		l.refuses(creating, 0)
		require.Equal(t, leastPause, l.isShut(creating), "what was is forgotten")
	})
}

func TestRequestsThatFailTogetherMakeOnePause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLobby(t, plenty)
		var turns []*turn
		for range 10 {
			turns = append(turns, l.turn(creating))
		}
		for _, turn := range turns {
			turn.ended(notTaken(0))
			turn.leave()
		}
		require.Equal(t, leastPause, l.isShut(creating))
	})
}

func TestWhatLiveDeskAnsweredShutsNoDoor(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"nothing wrong":          nil,
		"a refusal":              &livedesk.Error{Kind: livedesk.Refused},
		"an outcome nobody sees": &livedesk.Error{Kind: livedesk.Unknown},
		"an error of another":    errors.New("odd"),
	} {
		l := newLobby(t, plenty)
		require.False(t, l.turn(creating).ended(err), name)
		require.False(t, l.isDown(creating), name)
		require.Zero(t, l.isShut(creating), name)
		require.Zero(t, l.reopened, name)
	}
}

func TestWhoEndsHearsWhetherLiveDeskWasKnownToBeAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLobby(t, plenty)
		one, other := l.turn(creating), l.turn(creating)
		require.False(t, one.ended(notTaken(0)))
		require.True(t, other.ended(notTaken(0)))
		require.Zero(t, l.reopened)
		time.Sleep(leastPause)
		require.False(t, l.turn(creating).ended(nil))
		require.False(t, l.turn(creating).ended(nil))
		require.Equal(t, 1, l.reopened)
	})
}

func TestAPanicGivesThePlaceAndTheProbeBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLobby(t, plenty)
		l.refuses(creating, 0)
		time.Sleep(leastPause)
		require.Panics(t, func() {
			defer l.turn(creating).leave()
			panic("bug")
		})
		require.Empty(t, l.slots)
		require.True(t, l.mayTry(creating))
		require.True(t, l.isDown(creating), "it said nothing about LiveDesk")
		l.takes(creating)
	})
}

func TestATurnIsGivenBackOnce(t *testing.T) {
	t.Parallel()
	l := newLobby(t, plenty)
	one := l.turn(creating)
	l.turn(creating)
	one.leave()
	one.leave()
	(*turn)(nil).leave()
	require.Len(t, l.slots, 1, "that of the other one")
}

func TestATurnThatWasGivenBackLateEndsNoOthersProbe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLobby(t, plenty)
		late := l.turn(creating)
		late.ended(notTaken(0))
		time.Sleep(leastPause)
		l.turn(creating) // finds out
		late.leave()
		require.False(t, l.mayTry(creating))
	})
}

func TestSoManyRequestsAreWithLiveDeskAndNoMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLobby(t, plenty)
		var last *turn
		for range cap(l.slots) {
			last = l.turn(reading)
		}
		none, shut := l.try(creating, false)
		require.Nil(t, none)
		require.Zero(t, shut)
		last.leave()
		l.turn(creating)
	})
}

func TestEverybodyWaitsForTheRate(t *testing.T) {
	t.Parallel()
	for name, patience := range map[string]patience{"a person": asPerson, "patiently": patiently, "as the last": asLast} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newLobby(t, 1)
				l.turn(creating)
				began := time.Now()
				turn, err := l.enter(t.Context(), creating, patience)
				require.NoError(t, err)
				require.NotNil(t, turn)
				require.GreaterOrEqual(t, time.Since(began), time.Second/2)
				require.LessOrEqual(t, time.Since(began), 1100*time.Millisecond)

				ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
				defer cancel()
				_, err = l.enter(ctx, creating, patience)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.Len(t, l.slots, 2)
			})
		})
	}
}

func TestHowLongSomebodyWaitsForALiveDeskThatIsAway(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		patience patience
		away     time.Duration
		waits    time.Duration
		err      error
	}{
		"a person, not at all":                    {patience: asPerson, away: time.Second, err: ErrAway},
		"who is patient, until it is back":        {patience: patiently, away: time.Minute, waits: time.Minute},
		"who is the last, a moment":               {patience: asLast, away: time.Second, waits: time.Second},
		"who is the last, not much longer though": {patience: asLast, away: time.Second + time.Millisecond, err: ErrAway},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newLobby(t, plenty)
				l.refuses(reading, test.away)
				began := time.Now()
				turn, err := l.enter(t.Context(), reading, test.patience)
				require.ErrorIs(t, err, test.err)
				require.Equal(t, test.err == nil, turn != nil)
				require.Equal(t, test.waits, time.Since(began))
			})
		})
	}
}

func TestThePatientStopWaitingWhenTheServiceStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLobby(t, plenty)
		l.refuses(creating, time.Hour)
		time.AfterFunc(10*time.Second, func() { l.stopping.Store(true) })
		began := time.Now()
		_, err := l.enter(t.Context(), creating, patiently)
		require.ErrorIs(t, err, errStopping)
		require.LessOrEqual(t, time.Since(began), 11*time.Second)
	})
}

func TestTheLastLeavesHalfOfTheRateToPeople(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const perSecond = 20 // a burst of 10
		l := newLobby(t, perSecond)
		last := 0
		require.Equal(t, perSecond/4+1, l.room(reading))
		for l.spare() > 0 {
			turn, err := l.enter(t.Context(), reading, asLast)
			require.NoError(t, err)
			turn.leave()
			last++
		}
		require.Equal(t, perSecond/4+1, last)
		for range perSecond/4 - 1 {
			l.turn(creating) // people find it at once
		}
		began := time.Now()
		_, err := l.enter(t.Context(), reading, asLast)
		require.NoError(t, err)
		require.Greater(t, time.Since(began), 150*time.Millisecond, "until there is as much again")
	})
}

func TestLooksUseTheWholeRateAndKeepNobodyWaiting(t *testing.T) {
	t.Parallel()
	for _, perSecond := range []int{1, 3, 10, 100, 1000, 10_000} {
		t.Run(fmt.Sprint(perSecond), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const seconds = 10
				l := newLobby(t, perSecond)
				k := tracker{&shared{cfg: Config{Rate: perSecond, TrackEvery: time.Minute}, admission: l.admission}}
				ctx, cancel := context.WithTimeout(t.Context(), seconds*time.Second)
				defer cancel()
				var inHand, looks, people atomic.Int64
				go func() { // as the tracker does while more are due than may go
					for wait.Sleep(ctx, k.lookPause(true)) == nil {
						for range min(looksInHand(perSecond)-int(inHand.Load()), l.room(reading)) {
							inHand.Add(1)
							go func() {
								defer inHand.Add(-1)
								turn, err := l.enter(ctx, reading, asLast)
								if err != nil {
									return
								}
								looks.Add(1)
								time.Sleep(50 * time.Millisecond) // LiveDesk
								turn.leave()
							}()
						}
					}
				}()
				pause := max(100*time.Millisecond, 2*time.Second/time.Duration(perSecond))
				for wait.Sleep(ctx, pause) == nil {
					began := time.Now()
					turn, err := l.enter(ctx, creating, asPerson)
					if err != nil {
						break // the end
					}
					turn.leave()
					people.Add(1)
					require.LessOrEqual(t, time.Since(began), time.Second/time.Duration(perSecond)+20*time.Millisecond, "its own turn")
				}
				time.Sleep(time.Second) // all have ended
				require.InEpsilon(t, perSecond*seconds, looks.Load()+people.Load(), 0.12)
				require.NotZero(t, people.Load())
			})
		})
	}
}

func TestAnotherRequestInTheSameTurnWaitsForTheRateToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLobby(t, 1)
		turn := l.turn(reading)
		began := time.Now()
		require.NoError(t, turn.more(t.Context()))
		require.Equal(t, time.Second, time.Since(began))
	})
}
