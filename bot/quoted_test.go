package bot_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
)

func TestStatusRepliesToACardThatTelegramHasNotYetAcknowledged(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	topic := w.Telegram.NewForum("F").NewTopic("T")
	w.Telegram.Slow(400*time.Millisecond, telegramtest.Match{Method: "sendMessage", Times: 1})
	card := w.Say(w.Alice, topic, "/ticket Printer jam")
	status := w.Say(w.Alice, topic, "/status", telegramtest.ReplyTo(card))
	require.Contains(t, status.Text, "Opened")
}

func TestStatusRepliesToAnythingElseWithTheList(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	help := w.Say(w.Alice, chat, "/help")
	require.Contains(t, w.Say(w.Alice, chat, "/status", telegramtest.ReplyTo(help)).Text, "No open tickets")
}
