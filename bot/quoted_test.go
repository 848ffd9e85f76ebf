package bot

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/telegramtest"
)

func TestStatusRepliesToACardThatTelegramHasNotYetAcknowledged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	topic := w.telegram.NewForum("F").NewTopic("T")
	w.telegram.Slow(400*time.Millisecond, telegramtest.Match{Method: "sendMessage", Times: 1})
	card := w.say(w.alice, topic, "/ticket Printer jam")
	status := w.say(w.alice, topic, "/status", telegramtest.ReplyTo(card))
	require.Contains(t, status.Text, "Opened")
}

func TestStatusRepliesToAnythingElseWithTheList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	help := w.say(w.alice, chat, "/help")
	require.Contains(t, w.say(w.alice, chat, "/status", telegramtest.ReplyTo(help)).Text, "No open tickets")
}
