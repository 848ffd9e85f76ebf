package telegram

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	here  = int64(-1)
	there = int64(-2)
)

func TestOneMessageAtATimeGoesToAChat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		var mu sync.Mutex
		now, most, all := 0, 0, 0
		for range 20 {
			go func() {
				_ = g.enter(t.Context(), here, Answers, false)
				mu.Lock()
				now++
				most, all = max(most, now), all+1
				mu.Unlock()
				time.Sleep(time.Second)
				mu.Lock()
				now--
				mu.Unlock()
				g.leave(here, 0, false)
			}()
		}
		synctest.Wait()
		start := time.Now()
		require.NoError(t, g.enter(t.Context(), there, Answers, false))
		require.Zero(t, time.Since(start), "chats do not wait for each other")
		g.leave(there, 0, false)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, 1, most)
		require.Equal(t, 20, all)
	})
}

func TestAnswersGoBeforeNoticesAndWhoWasSentAwayKeepsItsPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		require.NoError(t, g.enter(t.Context(), here, Answers, false))
		var order []string
		wait := func(name string, priority Priority, again bool) {
			go func() {
				_ = g.enter(t.Context(), here, priority, again)
				order = append(order, name)
				g.leave(here, 0, false)
			}()
			synctest.Wait()
		}
		wait("notice", Notices, false)
		wait("answer 1", Answers, false)
		wait("answer 2", Answers, false)
		wait("repeated", Answers, true)
		g.leave(here, 0, false)
		synctest.Wait()
		require.Equal(t, []string{"repeated", "answer 1", "answer 2", "notice"}, order)
	})
}

func TestNothingGoesToAChatBeforeItsRetryAfterIsOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		require.NoError(t, g.enter(t.Context(), here, Answers, false))
		g.leave(here, 7*time.Second, true)
		start := time.Now()
		require.NoError(t, g.enter(t.Context(), there, Answers, false))
		g.leave(there, 0, false)
		require.Zero(t, time.Since(start), "other chats are not limited")
		require.NoError(t, g.enter(t.Context(), here, Answers, true))
		require.Equal(t, 7*time.Second, time.Since(start))
		g.leave(here, 0, false)
	})
}

// A chat that allows one message every two seconds, as groups are said to do in the long run.
func TestThePaceFindsWhatAChatAllows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		const allowed = 2 * time.Second
		last, limits, sent := time.Now().Add(-time.Hour), 0, 0
		for start := time.Now(); time.Since(start) < 5*time.Minute; {
			require.NoError(t, g.enter(t.Context(), here, Answers, false))
			if wait := allowed - time.Since(last); wait > 0 {
				limits++
				g.leave(here, wait, true)
				continue
			}
			last = time.Now()
			sent++
			g.leave(here, 0, false)
		}
		require.Greater(t, sent, 100, "of the 150 that it allows")
		require.Less(t, limits, sent/2)
		time.Sleep(time.Second)
		for range 100 {
			require.NoError(t, g.enter(t.Context(), here, Answers, false))
			g.leave(here, 0, false)
		}
		start := time.Now()
		require.NoError(t, g.enter(t.Context(), here, Answers, false))
		require.Zero(t, time.Since(start), "and is free again when it says no more")
	})
}

func TestALimitOfTheWholeBotHoldsEveryChatForTheLongestTimeAsked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		for chat := range int64(overall) {
			require.NoError(t, g.enter(t.Context(), chat+10, Answers, false))
		}
		start := time.Now()
		g.leave(10, 9*time.Second, true)
		g.leave(11, 2*time.Second, true) // was on its way
		require.NoError(t, g.enter(t.Context(), there, Answers, false))
		require.Equal(t, 9*time.Second, time.Since(start))
	})
}

func TestAFewMessagesToManyChatsAreNotTheWholeBotsLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		for chat := range int64(overall - 1) {
			require.NoError(t, g.enter(t.Context(), chat+10, Answers, false))
		}
		g.leave(10, 9*time.Second, true)
		start := time.Now()
		require.NoError(t, g.enter(t.Context(), there, Answers, false))
		require.Zero(t, time.Since(start))
	})
}

func TestWhoGivesUpOrIsClosedOutLeavesTheChatOpen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		require.NoError(t, g.enter(t.Context(), here, Answers, false))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, g.enter(ctx, here, Answers, false), context.DeadlineExceeded)
		g.leave(here, 0, false)
		require.NoError(t, g.enter(t.Context(), here, Answers, false))

		left := make(chan error)
		go func() { left <- g.enter(t.Context(), here, Notices, false) }()
		synctest.Wait()
		g.close()
		require.ErrorIs(t, <-left, ErrStopping)
		require.False(t, g.isCrowded(here))
	})
}

func TestACrowdedChatIsNamedAndAQuietOneForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		ctx, cancel := context.WithCancel(t.Context())
		require.NoError(t, g.enter(ctx, here, Answers, false))
		for range crowd {
			go func() { _ = g.enter(ctx, here, Notices, false) }()
		}
		require.NoError(t, g.enter(ctx, there, Answers, false))
		g.leave(there, 0, false)
		synctest.Wait()
		require.True(t, g.isCrowded(here))
		require.False(t, g.isCrowded(there))
		require.Equal(t, []int64{here}, g.crowded())
		cancel()
		synctest.Wait()
		require.Empty(t, g.crowded())
		g.leave(here, 0, false)
		time.Sleep(2 * forgetDoor)
		require.Empty(t, g.crowded())
		require.Empty(t, g.chats, "what is not used takes no memory")
	})
}

// Many chats with limits of their own and callers who come and go: nobody is ever early, lost or stuck.
func TestNoRetryAfterIsViolatedUnderLoad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		var mu sync.Mutex
		until := map[int64]time.Time{}
		var faults []string
		var callers sync.WaitGroup
		for n := range 400 {
			callers.Go(func() {
				chat, again := int64(n%20), false
				for try := 0; ; try++ {
					if g.enter(t.Context(), chat, Priority(n)%priorities, again) != nil {
						return
					}
					mu.Lock()
					if time.Now().Before(until[chat]) {
						faults = append(faults, fmt.Sprint(n))
					}
					limited := (n*7+try*3)%5 == 0 && try < 3
					hold := time.Duration(n%4+1) * time.Second
					if limited {
						until[chat] = time.Now().Add(hold)
					}
					mu.Unlock()
					if !limited {
						g.leave(chat, 0, false)
						return
					}
					g.leave(chat, hold, true)
					again = true
				}
			})
		}
		callers.Wait()
		require.Empty(t, slices.Compact(faults))
	})
}

func TestALimitedChatIsCrowdedByTheFirstWhoWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		wait := func(chat int64, hold time.Duration) {
			require.NoError(t, g.enter(t.Context(), chat, Answers, false))
			g.leave(chat, hold, true)
			require.False(t, g.isCrowded(chat))
			go func() {
				_ = g.enter(t.Context(), chat, Notices, false)
				g.leave(chat, 0, false)
			}()
			synctest.Wait()
		}
		wait(here, soon+time.Second)
		wait(there, soon)
		require.Equal(t, []int64{here}, g.crowded())
		time.Sleep(time.Second)
		require.False(t, g.isCrowded(here))
		time.Sleep(soon)
	})
}

func TestATurnWithoutACallIsNoMessage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		require.NoError(t, g.enter(t.Context(), here, Answers, false))
		g.leave(here, 5*time.Second, true)
		pace := g.chats[here].pace
		start := time.Now()
		for range quietly {
			require.NoError(t, g.enter(t.Context(), here, Notices, false))
			g.pass(here)
		}
		require.Equal(t, 5*time.Second, time.Since(start), "the next goes at once")
		require.Equal(t, pace, g.chats[here].pace)
		require.Len(t, g.chats[here].calls, 1)
	})
}

func TestWhatMayWaitLeavesRoomForOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		call := func(chat int64, p Priority) {
			require.NoError(t, g.enter(t.Context(), chat, p, false))
			g.leave(chat, 0, false)
		}
		require.Zero(t, g.spare(here, 3))
		call(here, Feeds)
		time.Sleep(2 * time.Second)
		call(here, Answers)
		require.Zero(t, g.spare(here, 3))
		call(here, Feeds)
		require.Equal(t, 58*time.Second, g.spare(here, 3), "until the first of three is a minute old")
		require.Zero(t, g.spare(there, 3), "other chats have room")
		require.Zero(t, g.spare(here, 0), "a group takes more")
		call(here, Answers) // has its room all the same

		for chat := range int64(inReserve) {
			call(chat+10, Answers)
		}
		require.Equal(t, time.Second, g.spare(there, 3), "the whole bot has much to say")
		time.Sleep(time.Second)
		require.Zero(t, g.spare(there, 3))
		require.NoError(t, g.enter(t.Context(), there, Answers, false))
		require.Positive(t, g.spare(there, 3), "somebody writes to the chat")
		g.leave(there, 7*time.Second, true)
		require.Equal(t, 7*time.Second, g.spare(there, 3), "Telegram limits it")
	})
}

func TestFeedsWaitForAnswersAndNotices(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		require.NoError(t, g.enter(t.Context(), here, Answers, false))
		var order []Priority
		for _, p := range []Priority{Feeds, Notices, Answers} {
			go func() {
				_ = g.enter(t.Context(), here, p, false)
				order = append(order, p)
				g.leave(here, 0, false)
			}()
			synctest.Wait()
		}
		g.leave(here, 0, false)
		synctest.Wait()
		require.Equal(t, []Priority{Answers, Notices, Feeds}, order)
	})
}
