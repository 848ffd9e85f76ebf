package outbox_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

func TestWaitingIsToldThoughTelegramWasAwayAtFirst(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	end := w.Desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Unavailable(0))
	w.Telegram.ServerError(telegramtest.Match{Method: "sendMessage", Chat: chat, Times: 6}) // more than are tried at once
	waiting := w.Say(w.Alice, chat, "/ticket later")
	require.Contains(t, waiting.Text, "keep trying")
	end()
	w.Becomes(waiting, "tk_")
	require.Len(t, chat.BotMessages(), 1)
}
