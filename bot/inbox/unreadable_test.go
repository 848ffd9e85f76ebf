package inbox_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
)

func TestAnUnreadableUpdateIsKeptForALookAndBlocksNobody(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	for _, odd := range []string{
		`{"message":{"message_id":"one","date":1,"chat":{"id":1,"type":"private"},"text":"/ticket x"}}`,
		`{"message":{"message_id":1,"date":1,"chat":{"id":"1","type":"private"},"text":"/ticket x"}}`,
		`{"message":{"message_id":1,"date":1,"chat":{"id":99999999999999999999,"type":"private"},"text":"/ticket x"}}`,
		`{"callback_query":[]}`,
		`{"my_chat_member":{"chat":true}}`,
	} {
		_, err := w.Telegram.Push(odd)
		require.NoError(t, err)
	}
	w.Number(w.Say(w.Alice, chat, "/ticket behind them"))
	w.Eventually(func() bool { return w.Telegram.Pending() == 0 })
	w.Eventually(func() bool {
		return w.Count("updates WHERE fault = 'unreadable' AND payload IS NOT NULL") == 5
	})
	require.NotContains(t, w.Logs.String(), "/ticket x")
}
