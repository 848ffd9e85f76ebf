package bot_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

// another is the world of another bot, with a Telegram and a LiveDesk of its own, on the database of the first.
func another(t *testing.T, first *bottest.World) *bottest.World {
	t.Helper()
	return bottest.New(t, func(w *bottest.World) {
		w.Telegram = telegramtest.New(telegramtest.Options{Token: "777:staging"})
		t.Cleanup(w.Telegram.Close)
		server := httptest.NewServer(w.Telegram)
		t.Cleanup(server.Close)
		w.Database, w.Config.Token, w.Config.APIURL = first.Database, w.Telegram.Token(), server.URL
		w.Alice = w.Telegram.NewPerson("Alice")
	})
}

func TestTwoBotsOnOneDatabaseKeepTheirTicketsApart(t *testing.T) {
	t.Parallel()
	first := bottest.New(t)
	worlds := []*bottest.World{first, another(t, first)}
	texts := []string{"of production", "of staging"}
	var messages []*telegramtest.Message
	var chats []*telegramtest.Chat
	for i, w := range worlds {
		w.Desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Unavailable(0))
		chats = append(chats, w.Telegram.NewSupergroup("S"))
		messages = append(messages, w.Say(w.Alice, chats[i], "/ticket "+texts[i]))
	}
	require.Equal(t, chats[0].ID, chats[1].ID, "not even their chats tell them apart")
	for i, w := range worlds {
		w.Desk.Clear()
		number := w.Number(messages[i])
		w.Reply(number, "an answer "+texts[i])
		w.Hears(chats[i], "an answer "+texts[i])
	}
	for i, w := range worlds {
		require.Len(t, w.Desk.Tickets(), 1)
		require.Equal(t, texts[i], w.Desk.Tickets()[0].Title)
		require.Zero(t, w.Said(chats[i], texts[1-i]))
		require.NotContains(t, w.Say(w.Alice, chats[i], "/status").Text, texts[1-i])
	}
}

func TestWorkOfABotThatNobodyServesIsWarnedAboutAndLeftAlone(t *testing.T) {
	t.Parallel()
	first := bottest.New(t)
	first.Ticket(first.Telegram.NewSupergroup("S"), "of the old token")
	first.Stop()
	second := another(t, first)
	second.Ready("")
	second.Eventually(func() bool { return strings.Contains(second.Logs.String(), "no process serves") })
	require.Contains(t, second.Logs.String(), "bot=123456 updates=0 tickets=1")
	require.Zero(t, second.Value("livedeskbot_tracking_due"))
	require.Zero(t, second.Desk.Seen(livedesktest.Get), "nobody asks for a ticket of another's")
}
