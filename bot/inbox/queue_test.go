package inbox

import (
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
)

func TestUpdatesOfALaneKeepTheirOrderAndLanesDoNotWait(t *testing.T) {
	t.Parallel()
	q := newQueue()
	alice, bob := Lane{Chat: 1, Sender: 5}, Lane{Chat: 1, Sender: 6}
	require.True(t, q.push(alice, storage.Update{ID: 1}), "the caller works an idle lane")
	require.False(t, q.push(alice, storage.Update{ID: 2}))
	require.False(t, q.push(alice, storage.Update{ID: 3}))
	require.True(t, q.push(bob, storage.Update{ID: 4}))
	for _, id := range []int64{2, 3} {
		u, ok := q.next(alice)
		require.True(t, ok)
		require.Equal(t, id, u.ID)
	}
	_, ok := q.next(alice)
	require.False(t, ok)
	require.True(t, q.push(alice, storage.Update{ID: 5}), "idle again")
}

func TestALaneIsEnteredOnlyWhereNothingIsBefore(t *testing.T) {
	t.Parallel()
	q := newQueue()
	alice, bob := Lane{Chat: 1, Sender: 5}, Lane{Chat: 1, Sender: 6}
	require.True(t, q.enter(alice))
	require.False(t, q.enter(alice), "she is at work")
	require.False(t, q.push(alice, storage.Update{ID: 1}), "and others of hers wait")
	u, ok := q.next(alice)
	require.True(t, ok)
	require.EqualValues(t, 1, u.ID)
	_, ok = q.next(alice)
	require.False(t, ok)

	whole := Lane{Chat: 1, Whole: true}
	require.False(t, q.enter(whole))
	require.True(t, q.push(whole, storage.Update{ID: 2}))
	require.False(t, q.enter(bob), "what concerns the whole chat comes first")
	q.ended(whole)
	_, ok = q.next(whole)
	require.False(t, ok)
	require.True(t, q.enter(bob))
}

func TestWhatConcernsAWholeChatComesBeforeWhatItsMembersWroteAfterIt(t *testing.T) {
	t.Parallel()
	q := newQueue()
	const group, super, other = 1, 2, 3
	alice, bob := Lane{Chat: super, Sender: 5}, Lane{Chat: super, Sender: 6}
	move := Lane{Chat: group, Whole: true, With: super}
	require.True(t, q.push(alice, storage.Update{ID: 1}))
	require.True(t, q.push(move, storage.Update{ID: 2}), "it waits for nobody")
	require.False(t, q.push(alice, storage.Update{ID: 3}), "behind her first one")
	require.False(t, q.push(bob, storage.Update{ID: 4}))
	require.False(t, q.push(Lane{Chat: group, Sender: 5}, storage.Update{ID: 5}))
	require.True(t, q.push(Lane{Chat: other, Sender: 5}, storage.Update{ID: 6}), "other chats do not wait")
	require.True(t, q.push(Lane{Chat: super, Whole: true}, storage.Update{ID: 7}))
	require.Empty(t, q.ended(alice))
	_, ok := q.next(alice)
	require.False(t, ok)

	require.Equal(t, []Lane{{Chat: group, Sender: 5}}, q.ended(move), "of two for the supergroup one is at work")
	require.ElementsMatch(t, []Lane{alice, bob}, q.ended(Lane{Chat: super, Whole: true}))
	require.False(t, q.push(bob, storage.Update{ID: 8}))
	for _, want := range []struct {
		lane Lane
		id   int64
	}{{alice, 3}, {bob, 4}, {bob, 8}} {
		u, ok := q.next(want.lane)
		require.True(t, ok)
		require.Equal(t, want.id, u.ID)
	}
	_, ok = q.next(alice)
	require.False(t, ok)
	require.True(t, q.push(alice, storage.Update{ID: 9}))
	require.Empty(t, q.wholes)
	require.Empty(t, q.parked)
}

func TestAFloodInOneChatWaitsInTheJournalAndLeavesRoomForOthers(t *testing.T) {
	t.Parallel()
	q := newQueue()
	for range maxChatQueued {
		require.True(t, q.reserve(7))
	}
	require.False(t, q.reserve(7))
	require.True(t, q.reserve(8))

	q.release(7)
	requireUp(t, q)
	require.False(t, q.reserve(7), "behind others of the chat that found no room")
	limit, full := q.room()
	require.Equal(t, maxChatQueued/2, limit)
	require.Equal(t, []int64{7}, full)
	q.took(nil, true, full)
	require.False(t, q.reserve(7), "nobody looked for those of the full chat")

	for range maxChatQueued/2 - 1 {
		q.release(7)
	}
	_, full = q.room()
	require.Equal(t, []int64{7}, full, "half of its room is taken")
	q.release(7)
	limit, full = q.room()
	require.Empty(t, full)
	q.took([]storage.Update{{ID: 1, ChatID: 7}}, false, full)
	require.False(t, q.reserve(7), "there may be more in the journal")
	q.took([]storage.Update{{ID: 2, ChatID: 7}}, true, full)
	require.True(t, q.reserve(7))
	require.Equal(t, maxChatQueued/2, limit)
}

func TestMemoryIsBoundedOverAllChats(t *testing.T) {
	t.Parallel()
	q := newQueue()
	require.True(t, q.reserve(7))
	q.release(7)
	require.Empty(t, q.more, "nothing waits for room")
	for n := range maxQueued {
		require.True(t, q.reserve(int64(n)))
	}
	require.False(t, q.reserve(-1))
	limit, _ := q.room()
	require.Zero(t, limit)
	for n := range maxQueued {
		q.release(int64(n))
	}
	require.Empty(t, q.chats, "chats are forgotten with their last update")
	require.Zero(t, q.total)
}

func TestAStoppedQueueTakesAndGivesNothing(t *testing.T) {
	t.Parallel()
	q := newQueue()
	l := Lane{Chat: 1}
	require.True(t, q.reserve(1))
	q.push(l, storage.Update{ID: 1})
	q.push(l, storage.Update{ID: 2})
	q.stop()
	_, ok := q.next(l)
	require.False(t, ok, "it is taken up after the next start")
	require.False(t, q.reserve(1))
	limit, _ := q.room()
	require.Zero(t, limit)
}

// requireUp requires that somebody was told to look for more in the journal.
func requireUp(t *testing.T, q *queue) {
	t.Helper()
	select {
	case <-q.more:
	default:
		require.Fail(t, "nobody is told that there is room")
	}
}
