package bot

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/telegramtest"
)

func TestTheCommandItselfIsAnAnswerToTheQuestionWithoutQuotingIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	question := w.say(w.alice, chat, "/ticket")
	again := w.say(w.alice, chat, "/ticket", telegramtest.ReplyTo(question))
	require.True(t, again.ForceReply, "the question is no title")
	w.number(w.say(w.alice, chat, "/ticket Door stuck", telegramtest.ReplyTo(again)))
	require.Equal(t, "Door stuck", w.body()["title"])
	require.NotContains(t, w.body(), "description")
}

func TestAnAnswerMayBeginWithASlash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	for _, text := range []string{"/var/log is full", "/ is read-only", "/привет"} {
		w.number(w.say(w.alice, chat, text, telegramtest.ReplyTo(w.say(w.alice, chat, "/ticket"))))
	}
	question := w.say(w.alice, chat, "/ticket")
	w.telegram.Say(w.alice, chat, "/weather@OtherBot", telegramtest.ReplyTo(question))
	w.say(w.alice, chat, "/status")
	require.Len(t, w.desk.Tickets(), 3)
}

func TestNamesHoldNothingThatCannotBeStored(t *testing.T) {
	t.Parallel()
	u := parseUpdate(t, `{"message":{"message_id":1,"chat":{"id":1},"from":{"id":5,"first_name":" ","username":"a\u0000b"},"text":"/help"}}`)
	require.Equal(t, "ab", user(u.Message.From).name)
}

func TestAMillionCharactersAreATicketToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	text := "/ticket " + strings.Repeat("a=“b слово 😀 ", 75_000) + "\n" + strings.Repeat("строка\n", 10_000)
	w.number(w.say(w.alice, chat, text))
	ticket := w.desk.Tickets()[0]
	require.LessOrEqual(t, len([]rune(ticket.Title)), titleLimit)
	require.True(t, strings.HasSuffix(ticket.Description, "строка"))
}

func TestOptionsOfEveryAnswerCountWhereTheTextIsStillMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewGroup("G")
	question := w.say(w.alice, chat, "/ticket #incident")
	again := w.say(w.alice, chat, "!low", telegramtest.ReplyTo(question))
	require.Contains(t, again.Text, "What is it about?")
	w.say(w.alice, chat, "door", telegramtest.ReplyTo(again))
	require.Equal(t, "low", w.body()["priority"])
	require.Equal(t, "incident", w.body()["ticket_type"])
}
