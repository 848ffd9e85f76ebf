package bot_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
)

// Servers older than Bot API 7.0 tell of a forward by other fields. https://core.telegram.org/bots/api-changelog#december-29-2023
func TestAForwardedCommandOfAnOldServerOpensNoTicket(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	for i, forward := range []string{
		`"forward_date":1`,
		`"forward_from":{"id":7,"first_name":"B"},"forward_date":1`,
		`"forward_sender_name":"B","forward_date":1`,
		`"forward_from_chat":{"id":-9,"type":"channel"},"forward_from_message_id":2,"forward_date":1`,
	} {
		for _, kind := range []string{"message", "edited_message"} {
			_, err := w.Telegram.Push(fmt.Sprintf(
				`{%q:{"message_id":%d,"date":1,"chat":{"id":%d,"type":"supergroup"},"from":{"id":%d,"first_name":"A"},"text":"/ticket x",%s}}`,
				kind, 1000+i, chat.ID, w.Alice.ID, forward))
			require.NoError(t, err)
		}
	}
	w.Ticket(chat, `"forward_date":1 is no field of this one`)
	require.Equal(t, 1, w.Desk.Count())
	require.Len(t, chat.BotMessages(), 1)
}
