package bot_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

func TestTheBotShowsThatItIsAtWorkWhileFilesAreAwaited(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	topic := w.Telegram.NewForum("Forum").NewTopic("Floor 3")
	release := make(chan struct{})
	w.Desk.Trouble(livedesktest.Upload, 1, livedesktest.Hold(release))
	asked := w.Telegram.Say(w.Alice, topic, "/ticket with a file", telegramtest.Attached(w.Text("a.txt")))
	w.Eventually(func() bool { return len(w.Telegram.CallsOf("sendChatAction")) > 0 })
	close(release)
	w.Answer(asked)
	calls := w.Telegram.CallsOf("sendChatAction")
	require.Equal(t, "upload_document", calls[0].Params["action"])
	require.Equal(t, strconv.Itoa(topic.ID), calls[0].Params["message_thread_id"])
	for i, c := range calls[1:] {
		require.GreaterOrEqual(t, c.At.Sub(calls[i].At), 3900*time.Millisecond)
	}
}

func TestTheBotShowsThatItAsksLiveDesk(t *testing.T) {
	t.Parallel()
	w := bottest.New(t, func(w *bottest.World) { w.Config.TrackEvery = time.Hour })
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "x")
	release := make(chan struct{})
	w.Desk.Trouble(livedesktest.Get, 1, livedesktest.Hold(release))
	asked := w.Telegram.Say(w.Alice, chat, "/status "+number)
	w.Eventually(func() bool { return len(w.Telegram.CallsOf("sendChatAction")) > 0 })
	require.Equal(t, "typing", w.Telegram.CallsOf("sendChatAction")[0].Params["action"])
	close(release)
	require.Contains(t, w.Answer(asked).Text, number)
}
