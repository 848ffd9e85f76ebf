package outbox_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

func TestAnOutcomeFindsItsPersonWhereTheTopicOrChatIsLost(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	forum := w.Telegram.NewForum("F")
	topic := forum.NewTopic("T")
	w.Say(w.Alice, w.Telegram.Private(w.Alice), "/start")
	end := w.Desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Unavailable(0))
	first := w.Say(w.Alice, topic, "/ticket closed topic")
	w.Telegram.Remove(first)
	topic.Close()
	end()
	inGeneral := w.Hears(forum, "tk_")
	require.Nil(t, inGeneral.Topic)
	require.Contains(t, inGeneral.Text, "Alice")

	end = w.Desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Unavailable(0))
	w.Say(w.Alice, forum, "/ticket kicked")
	forum.SetBot(telegramtest.Kicked, w.Alice)
	end()
	private := w.Hears(w.Telegram.Private(w.Alice), "tk_")
	require.Contains(t, private.Text, "kicked")
}

func TestARepliesTopicThatIsClosedOrDeletedMeansGeneral(t *testing.T) {
	t.Parallel()
	whole := bottest.New(t)
	for name, end := range map[string]func(*telegramtest.Topic){"closed": (*telegramtest.Topic).Close, "deleted": (*telegramtest.Topic).Delete} {
		t.Run(name, func(t *testing.T) {
			w := whole.Part(t)
			forum := w.Telegram.NewForum("F")
			topic := forum.NewTopic("T")
			_, number := w.Ticket(topic, "topic")
			end(topic)
			w.Reply(number, "still here")
			reply := w.Hears(forum, "still here")
			require.Nil(t, reply.Topic)
			require.Contains(t, reply.Text, number)
			bob := w.Telegram.NewPerson("Bob")
			w.Add(bob, forum, "and here", telegramtest.ReplyTo(reply))
		})
	}
}

func TestALostChatStopsNothingElse(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	lost, chat := w.Telegram.NewSupergroup("Lost"), w.Telegram.NewSupergroup("S")
	_, lostNumber := w.Ticket(lost, "lost")
	_, number := w.Ticket(chat, "kept")
	lost.Delete()
	w.Reply(lostNumber, "nobody hears")
	w.Reply(number, "all hear")
	w.Hears(chat, "all hear")
	sent := len(w.Telegram.CallsOf("sendMessage"))
	w.Looked(6)
	require.LessOrEqual(t, len(w.Telegram.CallsOf("sendMessage")), sent+1)
}

func TestAnEditedReplyInAGroupThatMovedIsTold(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	group := w.Telegram.NewGroup("G")
	_, number := w.Ticket(group, "moves")
	id := w.Reply(number, "Monday")
	w.Hears(group, "Monday")
	super := group.Upgrade(w.Alice)
	require.NoError(t, w.Desk.EditMessage(number, id, "Tuesday"))
	w.Hears(super, "Tuesday")
}
