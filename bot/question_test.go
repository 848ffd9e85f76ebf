package bot_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot"
	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/bot/view"
)

func TestQuestions(t *testing.T) {
	t.Parallel()
	bottest.New(t).Parts(t,
		theCommandItselfIsAnAnswerToTheQuestionWithoutQuotingIt, anAnswerMayBeginWithASlash, manyTimesWhatTelegramAllowsIsATicketToo,
		optionsOfEveryAnswerCountWhereTheTextIsStillMissing,
	)
}

func theCommandItselfIsAnAnswerToTheQuestionWithoutQuotingIt(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	question := w.Say(w.Alice, chat, "/ticket")
	again := w.Say(w.Alice, chat, "/ticket", telegramtest.ReplyTo(question))
	require.True(t, again.ForceReply, "the question is no title")
	w.Number(w.Say(w.Alice, chat, "/ticket Door stuck", telegramtest.ReplyTo(again)))
	require.Equal(t, "Door stuck", w.Body()["title"])
	require.NotContains(t, w.Body(), "description")
}

func anAnswerMayBeginWithASlash(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	for _, text := range []string{"/var/log is full", "/ is read-only", "/привет"} {
		w.Number(w.Say(w.Alice, chat, text, telegramtest.ReplyTo(w.Say(w.Alice, chat, "/ticket"))))
	}
	question := w.Say(w.Alice, chat, "/ticket")
	w.Telegram.Say(w.Alice, chat, "/weather@OtherBot", telegramtest.ReplyTo(question))
	w.Say(w.Alice, chat, "/status")
	require.Len(t, w.Opened(), 3)
}

func manyTimesWhatTelegramAllowsIsATicketToo(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	text := "/ticket " + strings.Repeat("a=“b слово 😀 ", 15_000) + "\n" + strings.Repeat("строка\n", 2_000)
	w.Number(w.Say(w.Alice, chat, text))
	ticket := w.Opened()[0]
	require.LessOrEqual(t, len([]rune(ticket.Title)), bot.TitleLimit)
	require.True(t, strings.HasSuffix(ticket.Description, "строка"))
}

func optionsOfEveryAnswerCountWhereTheTextIsStillMissing(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewGroup("G")
	question := w.Say(w.Alice, chat, "/ticket #incident")
	again := w.Say(w.Alice, chat, "!low", telegramtest.ReplyTo(question))
	require.Contains(t, again.Text, "What is it about?")
	w.Say(w.Alice, chat, "door", telegramtest.ReplyTo(again))
	require.Equal(t, "low", w.Body()["priority"])
	require.Equal(t, "incident", w.Body()["ticket_type"])
}

func TestAReplyToSomebodyElsesQuestionAnswersNoQuestionFromBefore(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	bob := w.Telegram.NewPerson("Bob")
	old := w.Say(bob, chat, "/ticket !high")
	w.SQL(`UPDATE questions SET asked_at = asked_at - interval '1 hour'`)
	hers := w.Say(w.Alice, chat, "/ticket")
	require.Contains(t, w.Say(bob, chat, "I can help with that", telegramtest.ReplyTo(hers)).Text, "about no ticket")
	require.Zero(t, w.Count("tickets"))
	w.Number(w.Say(bob, chat, "door", telegramtest.ReplyTo(old)))
	w.Telegram.Say(bob, chat, "is it the lift?", telegramtest.ReplyTo(hers))
	w.Say(bob, chat, "/status")
	require.Zero(t, w.Said(chat, "has been answered"))
	w.Number(w.Say(w.Alice, chat, "lift", telegramtest.ReplyTo(hers)))
}

func TestThanksForTheQuestionAreNoTicket(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	question := w.Say(w.Alice, chat, "/ticket")
	require.Equal(t, view.ReactionThanks, w.Reacts(w.Telegram.Say(w.Alice, chat, "Thank you!", telegramtest.ReplyTo(question))))
	w.Number(w.Say(w.Alice, chat, "thanks, but the door is stuck", telegramtest.ReplyTo(question)))
	require.Equal(t, "thanks, but the door is stuck", w.Body()["title"])
}
