package outbox

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram"
	"livedeskbot/storage"
)

// feeds are two of one chat and one of another.
var feeds = []Feed{{Chat: 1, Thread: 5}, {Chat: 2, Team: "Japan"}, {Chat: 1, Thread: 6, Team: "Billing"}}

func TestEachChatWithFeedsHasOneFeeder(t *testing.T) {
	t.Parallel()
	all := storage.FeedShare{Known: []string{"japan", "billing"}, Chats: []int64{1, 2}}
	one, two := all, all
	one.Chat, one.Teams, one.Rest = 1, []string{"billing"}, true
	two.Chat, two.Teams = 2, []string{"japan"}
	feeders := newFeeders(nil, feeds)
	require.Len(t, feeders, 2)
	require.Equal(t, one, feeders[0].share)
	require.Equal(t, two, feeders[1].share)

	japan := newFeeders(nil, feeds[1:])
	require.True(t, japan[0].share.Rest, "somebody sees to what has no place")
	require.False(t, japan[1].share.Rest)
	require.Empty(t, newFeeders(nil, nil))
}

func TestATicketStandsInTheFeedOfItsTeam(t *testing.T) {
	t.Parallel()
	stands := storage.FeedPost{ChatID: 2, ThreadID: 3, MessageID: 9}
	const now = 11 // where the first feeder's chat lives
	for name, c := range map[string]struct {
		feeds  []Feed
		team   string
		stands storage.FeedPost
		place  telegram.Place
		has    bool
	}{
		"a topic of the chat":           {feeds, "billing", stands, telegram.Place{Chat: now, Thread: 6}, true},
		"another chat":                  {feeds, "japan", storage.FeedPost{}, telegram.Place{Chat: 2}, true},
		"no team":                       {feeds, "", stands, telegram.Place{Chat: now, Thread: 5}, true},
		"a team without a feed":         {feeds, "other", stands, telegram.Place{Chat: now, Thread: 5}, true},
		"no feed for all":               {feeds[1:], "other", stands, telegram.Place{Chat: 2, Thread: 3}, true},
		"no feed for all, and no place": {feeds[1:], "other", storage.FeedPost{}, telegram.Place{}, false},
	} {
		f := feeder{feeds: c.feeds, share: storage.FeedShare{Chat: 1}}
		place, has := f.placeOf(c.team, now, c.stands)
		require.Equal(t, c.place, place, name)
		require.Equal(t, c.has, has, name)
	}
}

func TestAFeederThatFailsTriesMoreAndMoreRarely(t *testing.T) {
	t.Parallel()
	o := newAlone(t)
	f := newFeeders(o.Outbox, feeds)[0]
	f.pause = time.Minute
	require.False(t, f.step(t.Context(), 1), "nothing is to be told")
	require.Zero(t, f.pause)

	o.store.Close()
	for _, pause := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		require.False(t, f.step(t.Context(), 1))
		require.Equal(t, pause*time.Second, f.pause)
	}
	f.lostAt = time.Now()
	require.False(t, f.step(t.Context(), 1))
	require.Zero(t, f.pause, "the chat says when")
}

func TestAFeedThatIsLostIsTriedAgainAfterAMinuteOrAWord(t *testing.T) {
	t.Parallel()
	o := newAlone(t)
	f := newFeeders(o.Outbox, feeds)[0]
	_, err := o.store.LoseChat(t.Context(), 1)
	require.NoError(t, err)
	require.True(t, f.mayTry(t.Context(), 1), "it does not know of it")
	f.lostAt = time.Now().Add(-lostPause - time.Second)
	require.True(t, f.mayTry(t.Context(), 1), "after a minute")
	f.lostAt = time.Now()
	require.False(t, f.mayTry(t.Context(), 1))
	require.NoError(t, o.store.RegainChat(t.Context(), 1))
	require.True(t, f.mayTry(t.Context(), 1), "somebody has written to it")
	_ = o.mute(1, nil)
	require.False(t, f.mayTry(t.Context(), 1))
	require.NoError(t, o.Regain(t.Context(), 1))
	require.True(t, f.mayTry(t.Context(), 1))
	o.store.Close()
	require.False(t, f.mayTry(t.Context(), 1), "nobody knows")
}
