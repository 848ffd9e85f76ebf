package outbox

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/markup"
	"livedeskbot/storage"
)

func TestAnOutcomeIsToldWhereItWasAskedForElseInGeneralElseInPrivate(t *testing.T) {
	t.Parallel()
	var o Outbox
	asked, general, private := telegram.Place{Chat: -1, Thread: 5, Reply: 7}, telegram.Place{Chat: -1}, telegram.Place{Chat: 9}
	require.Equal(t, []telegram.Place{asked, general, private}, o.places(storage.Ticket{ChatID: -1, ThreadID: 5, MessageID: 7, SenderID: 9}))
	require.Equal(t, []telegram.Place{{Chat: -1, Reply: 7}, private}, o.places(storage.Ticket{ChatID: -1, MessageID: 7, SenderID: 9}))
	require.Equal(t, []telegram.Place{{Chat: 9, Reply: 7}}, o.places(storage.Ticket{ChatID: 9, MessageID: 7, SenderID: 9}), "it is private")
	require.Equal(t, []telegram.Place{{Chat: -1, Reply: 7}}, o.places(storage.Ticket{ChatID: -1, MessageID: 7, SenderID: -2}), "a channel")
	require.Equal(t, []telegram.Place{{Chat: -1, Reply: 7}}, o.places(storage.Ticket{ChatID: -1, MessageID: 7}))
}

func TestAMessageSaysWhomItIsForWhereItDoesNotStandBelowTheOneThatAsked(t *testing.T) {
	t.Parallel()
	o := newAlone(t)
	ticket := storage.Ticket{ChatID: -1, ThreadID: 5, MessageID: 7, SenderID: 9, SenderName: "Alice"}
	moved := ticket
	moved.MessageID = 0
	for _, c := range []struct {
		ticket storage.Ticket
		to     telegram.Place
		named  bool
	}{
		{ticket, telegram.Place{Chat: -1, Thread: 5, Reply: 7}, false},
		{ticket, telegram.Place{Chat: -1}, true},
		{ticket, telegram.Place{Chat: 9}, true},
		{moved, telegram.Place{Chat: -1, Thread: 5}, false},
		{moved, telegram.Place{Chat: -1}, true},
		{moved, telegram.Place{Chat: 9, Thread: 5}, true},
	} {
		said := o.elsewhere(c.ticket, c.to, markup.Message{Text: "words"}).Text
		require.Equal(t, c.named, strings.Contains(said, "Alice"), c.to)
		require.True(t, strings.HasSuffix(said, "words"))
	}
}

func TestAMessageGoesToTheFirstPlaceThatTakesIt(t *testing.T) {
	t.Parallel()
	o := newAlone(t)
	topic, general, private := telegram.Place{Chat: -1, Thread: 5}, telegram.Place{Chat: -1}, telegram.Place{Chat: 9}
	lately, longAgo := time.Now().Add(-6*24*time.Hour), time.Now().Add(-8*24*time.Hour)
	away := errors.New("away")
	for name, c := range map[string]struct {
		topic, general, private telegram.Verdict
		muted                   *time.Time
		chat                    int64
		tried                   []telegram.Place
		err                     error
	}{
		"an open topic":                {telegram.Done, telegram.Done, telegram.Done, nil, -1, []telegram.Place{topic}, nil},
		"a closed topic":               {telegram.NoTopic, telegram.Done, telegram.Done, nil, -1, []telegram.Place{topic, general}, nil},
		"a chat that is lost":          {telegram.Lost, telegram.Done, telegram.Done, nil, 9, []telegram.Place{topic, private}, nil},
		"Telegram is away":             {telegram.NoTopic, telegram.Later, telegram.Done, nil, 0, []telegram.Place{topic, general}, away},
		"a chat muted just now":        {telegram.Muted, telegram.Done, telegram.Done, nil, 0, []telegram.Place{topic}, errMuted},
		"a chat muted for some days":   {telegram.Muted, telegram.Done, telegram.Done, &lately, 0, []telegram.Place{topic}, errMuted},
		"a chat muted for over a week": {telegram.Muted, telegram.Done, telegram.Done, &longAgo, 9, []telegram.Place{topic, private}, nil},
		"a group that moved nowhere":   {telegram.Moved, telegram.Done, telegram.Done, nil, 0, []telegram.Place{topic}, away},
		"no place":                     {telegram.Refused, telegram.Gone, telegram.Lost, nil, 0, []telegram.Place{topic, general, private}, nil},
	} {
		var tried []telegram.Place
		ticket := storage.Ticket{ChatID: -1, MutedAt: c.muted}
		places := []telegram.Place{topic, general, private}
		chat, id, err := o.postFirst(t.Context(), ticket, places, func(to telegram.Place) (int64, telegram.Verdict, error) {
			tried = append(tried, to)
			return 3, map[telegram.Place]telegram.Verdict{topic: c.topic, general: c.general, private: c.private}[to], away
		})
		require.ErrorIs(t, err, c.err, name)
		require.Equal(t, c.tried, tried, name)
		require.Equal(t, c.chat, chat, name)
		require.Equal(t, chat != 0, id == 3, name)
	}
}

func TestThatTheBotMayNotWriteIsSaidOnceUntilItMay(t *testing.T) {
	t.Parallel()
	o := newAlone(t)
	for _, times := range []int{1, 2} {
		for range 2 {
			require.ErrorIs(t, o.mute(-1, nil), errMuted)
		}
		require.Equal(t, times, strings.Count(o.logs.String(), "may not write to a chat for now"))
		o.unmute(t.Context(), -1, false)
		o.unmute(t.Context(), -1, false)
		require.Equal(t, times, strings.Count(o.logs.String(), "may write to a chat again"))
	}
}

func TestAnAnswerFollowsAGroupToTheSupergroup(t *testing.T) {
	t.Parallel()
	o := newAlone(t)
	group := o.server.NewGroup("G")
	super := group.UpgradeUntold()
	for times := range 2 {
		at, id, err := o.Answer(t.Context(), telegram.Place{Chat: group.ID, Reply: 7}, markup.Message{Text: "hello"})
		require.NoError(t, err)
		require.Equal(t, telegram.Place{Chat: super.ID}, at)
		require.NotZero(t, id)
		require.Len(t, super.BotMessages(), times+1)
		require.Equal(t, 1, strings.Count(o.logs.String(), "group became a supergroup"), "it is news once")
	}
	select {
	case <-o.due:
	default:
		require.Fail(t, "nobody looks for what waits there")
	}
	o.store.Close()
	_, _, err := o.Answer(t.Context(), telegram.Place{Chat: group.ID}, markup.Message{Text: "hello"})
	require.Error(t, err)
	require.Len(t, super.BotMessages(), 2)
}

func TestAnAnswerThatItsTopicDoesNotTakeStandsInGeneralWhereThatWasWished(t *testing.T) {
	t.Parallel()
	o := newAlone(t)
	forum := o.server.NewForum("F")
	topic := forum.NewTopic("T")
	topic.Close()
	to := telegram.Place{Chat: forum.ID, Thread: int64(topic.ID), Reply: 7}
	_, id, err := o.Answer(t.Context(), to, markup.Message{Text: "not there"})
	require.NoError(t, err)
	require.Zero(t, id)
	require.Empty(t, forum.BotMessages())
	at, id, err := o.AnswerNear(t.Context(), to, markup.Message{Text: "near"})
	require.NoError(t, err)
	require.Equal(t, telegram.Place{Chat: forum.ID}, at)
	require.EqualValues(t, id, forum.BotMessages()[0].ID)
	_, _, err = o.AnswerNear(t.Context(), telegram.Place{Chat: forum.ID}, markup.Message{Text: "there"})
	require.NoError(t, err)
	require.Len(t, forum.BotMessages(), 2)
}
