package outbox

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/bot/view"
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
	require.True(t, newFeeders(nil, feeds[1:2])[0].share.Rest)
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

// newFeeder is a feeder of one chat, of which nothing runs.
func newFeeder(t *testing.T) (alone, *feeder, *telegramtest.Chat) {
	o := newAlone(t)
	chat := o.server.NewForum("Staff")
	return o, newFeeders(o.Outbox, []Feed{{Chat: chat.ID}})[0], chat
}

func TestATicketsMessageInAFeedIsEditedWhereItStandsElsePostedAnew(t *testing.T) {
	t.Parallel()
	o, f, chat := newFeeder(t)
	here, topic := telegram.Place{Chat: chat.ID}, telegram.Place{Chat: chat.ID, Thread: int64(chat.NewTopic("T").ID)}
	ticket := storage.Fed{Ticket: storage.Ticket{ID: 1, Ref: "r", State: storage.StateUnconfirmed, Request: []byte(`{"title":"Door"}`)}}
	var stands storage.FeedPost
	tell := func(at telegram.Place, additions ...storage.FeedAddition) storage.Feeding {
		done := storage.Feeding{Fed: ticket, Before: stands, After: stands}
		require.NoError(t, f.tellTicket(t.Context(), &done, at, additions))
		stands = done.After
		return done
	}
	words := storage.FeedAddition{Addition: view.NewAddition("a", 1, storage.AddText, view.Words{Text: "more"})}

	done := tell(here, words)
	require.Len(t, chat.BotMessages(), 1)
	require.Equal(t, int64(chat.BotMessages()[0].ID), done.After.MessageID)
	require.Equal(t, done.After.MessageID, done.Posted)
	require.True(t, done.More, "the words come next")
	require.False(t, done.Left)

	require.Equal(t, stands, tell(here).After)
	require.Empty(t, o.server.CallsOf("editMessageText"), "it shows that already")

	done = tell(here, words)
	require.Len(t, chat.BotMessages(), 2)
	require.Equal(t, int(done.Before.MessageID), chat.BotMessages()[1].ReplyTo)
	require.Equal(t, []storage.FeedAddition{words}, done.Additions)
	require.False(t, done.More)

	ticket.State = storage.StateLeft
	require.True(t, tell(here, words).More)
	ticket.State = storage.StateUnconfirmed
	done = tell(here)
	require.False(t, done.More)
	require.Zero(t, done.Posted)
	require.Len(t, o.server.CallsOf("editMessageText"), 2)
	require.Len(t, chat.BotMessages(), 2)

	done = tell(topic)
	require.Len(t, chat.BotMessages(), 3)
	require.True(t, done.Left)
	require.False(t, done.More)
	require.Equal(t, topic.Thread, done.After.ThreadID)

	o.server.Remove(chat.Message(int(stands.MessageID)))
	ticket.State = storage.StateLeft
	done = tell(topic)
	require.Len(t, chat.BotMessages(), 3, "instead of the one that is gone")
	require.Equal(t, done.After.MessageID, done.Posted)
	require.False(t, done.Left, "nobody else shows it")
}

func TestAFeedThatIsLimitedGoesOnWhenItMay(t *testing.T) {
	t.Parallel()
	o, f, chat := newFeeder(t)
	chat.Flood(1, 1)
	_, v, _ := o.telegram.Post(t.Context(), telegram.Place{Chat: chat.ID}, telegram.Feeds, markup.Message{Text: "too soon"})
	require.Equal(t, telegram.Later, v)
	require.True(t, f.turn(t.Context(), t.Context()), "it looks again at once")
	require.Zero(t, o.telegram.Spare(chat.ID))
	require.False(t, f.turn(t.Context(), t.Context()), "nothing is to be told")
}

func TestAFeedsMessageThatAnotherProcessHasPostedTooIsRemoved(t *testing.T) {
	t.Parallel()
	o, f, chat := newFeeder(t)
	place := telegram.Place{Chat: chat.ID}
	post := func() storage.Feeding {
		id, err := f.post(t.Context(), place, markup.Message{Text: "card"})
		require.NoError(t, err)
		return storage.Feeding{
			Fed: storage.Fed{Ticket: storage.Ticket{ID: 1, BotID: 1}}, After: storage.FeedPost{ChatID: chat.ID, MessageID: id}, Posted: id,
		}
	}
	first, second := post(), post()
	require.NoError(t, f.record(t.Context(), first))
	require.NoError(t, f.record(t.Context(), second))
	require.Len(t, chat.BotMessages(), 1)
	require.EqualValues(t, first.Posted, chat.BotMessages()[0].ID)

	late := first // nothing was posted, so nothing is removed
	late.Before, late.After.Shown = first.After, "edited"
	late.Before.MessageID, late.After.MessageID = second.Posted, second.Posted
	require.NoError(t, f.record(t.Context(), late))
	require.Len(t, o.server.CallsOf("deleteMessage"), 1)
	o.store.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Error(t, f.record(ctx, first))
}

func TestWhatTelegramsAnswerMeansForAFeed(t *testing.T) {
	t.Parallel()
	cause := errors.New("Telegram's words")
	o := newAlone(t)
	for name, c := range map[string]struct {
		v    telegram.Verdict
		err  error
		lost bool // the chat is tried rarely from then on
		row  bool // everybody knows of it
	}{
		"done":             {telegram.Done, nil, false, false},
		"not like this":    {telegram.Refused, nil, false, false},
		"gone":             {telegram.Gone, nil, false, false},
		"not now":          {telegram.Later, errNotNow, false, false},
		"moved nowhere":    {telegram.Moved, cause, false, false},
		"lost":             {telegram.Lost, errNotNow, true, true},
		"muted":            {telegram.Muted, errNotNow, true, false},
		"no topic at last": {telegram.NoTopic, errNotNow, true, false},
	} {
		chat := o.server.NewForum(name).ID
		f := newFeeders(o.Outbox, []Feed{{Chat: chat}})[0]
		require.ErrorIs(t, f.judge(t.Context(), telegram.Place{Chat: chat}, c.v, cause), c.err, name)
		require.Equal(t, c.lost, !f.lostAt.IsZero(), name)
		row, err := o.store.ChatLost(t.Context(), chat)
		require.NoError(t, err)
		require.Equal(t, c.row, row, name)
		_, muted := o.muted.Load(chat)
		require.Equal(t, c.lost && !c.row, muted, name)

		require.NoError(t, f.judge(t.Context(), telegram.Place{Chat: chat}, telegram.Done, nil), name)
		require.True(t, f.lostAt.IsZero(), name)
		row, err = o.store.ChatLost(t.Context(), chat)
		require.NoError(t, err)
		require.False(t, row, name)
		_, muted = o.muted.Load(chat)
		require.False(t, muted, name)
		require.Equal(t, c.lost, strings.Contains(o.logs.String(), fmt.Sprintf(`can be written to again" chat=%d`, chat)), name)
	}
}
