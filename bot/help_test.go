package bot_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
)

func TestStartOpensATicketByItsButton(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	bob := w.Telegram.NewPerson("Bob")
	group := w.Telegram.NewSupergroup("S")
	group.Join(bob)
	for _, where := range []*telegramtest.Chat{w.Telegram.Private(w.Alice), group} {
		opened := len(w.Desk.Tickets())
		started := w.Say(w.Alice, where, "/start https://elsewhere.example")
		require.NotContains(t, started.Text, "elsewhere", "what a link puts behind it means nothing")
		require.Equal(t, where == group, strings.Contains(started.Text, "/ticket"), "plain words do in private")
		who := w.Alice
		if where == group {
			who = bob
		}
		for range 2 { // the second press asks nothing more
			require.Contains(t, w.Press(who, started, "🎫 Open a ticket"), "Answer my question")
		}
		question := w.Hears(where, "What is it about?")
		require.Equal(t, started.ID, question.ReplyTo)
		require.Equal(t, 1, w.Said(where, "What is it about?"))
		if where == group {
			require.Contains(t, question.Text, "Bob", "so that the reply field opens for him")
		}
		w.Becomes(w.Say(who, where, "The door sticks", telegramtest.ReplyTo(question)), "tk_")
		require.Len(t, w.Desk.Tickets(), opened+1)
	}
}

func TestHelpIsScreensOfOneMessage(t *testing.T) {
	t.Parallel()
	w, feed := newFed(t)
	chat := w.Telegram.NewSupergroup("S")
	card, _ := w.Ticket(chat, "x")
	help := w.Say(w.Alice, chat, "/help")
	w.Press(w.Alice, help, "⚙️ More")
	w.Becomes(help, "!high")
	w.Press(w.Alice, help, "⚙️ More")
	require.NotContains(t, w.Becomes(help, "/follow").Text, "/chats")
	w.Press(w.Alice, help, "↩️ Back")
	w.Press(w.Alice, help, "↩️ Back")
	w.Becomes(help, "I bring your requests")
	require.Len(t, chat.BotMessages(), 2)

	for _, data := range []string{"help:0", "help:-1", "help:x", "help:"} {
		require.Contains(t, w.Forge(w.Alice, card, data), "/help", "a card is no help")
	}
	require.Contains(t, chat.Message(card.ID).Text, "tk_")
	require.Contains(t, w.Forge(w.Alice, help, "help:99"), "/help")

	staffs := w.Say(w.Alice, feed, "/help")
	w.Press(w.Alice, staffs, "⚙️ More")
	w.Becomes(staffs, "/chats")
}

func TestWhoIsSentToAQuestionFindsOneWhoseAnswerCounts(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	forum := w.Telegram.NewForum("F")
	one, two := forum.NewTopic("One"), forum.NewTopic("Two")
	press := func(start *telegramtest.Message, questions int) {
		require.Contains(t, w.Press(w.Alice, start, "🎫 Open a ticket"), "Answer my question")
		require.Equal(t, questions, w.Said(forum, "What is it about?"))
	}
	inOne, inTwo := w.Say(w.Alice, one, "/start"), w.Say(w.Alice, two, "/start")
	press(inOne, 1)
	press(inOne, 1)
	press(inTwo, 2)
	w.Number(w.Say(w.Alice, one, "/ticket something else"))
	press(inOne, 3)
}
