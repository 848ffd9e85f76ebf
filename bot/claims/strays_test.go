package claims_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
)

func TestAnUpdateThatWasStoredAlthoughItsAnswerWasLostIsHandledOnce(t *testing.T) {
	t.Parallel()
	w := bottest.NewHooked(t)
	w.Serving()
	chat := w.Telegram.NewSupergroup("S")
	w.Say(w.Alice, chat, "/help")
	raw := fmt.Sprintf(`{"update_id":900000001,"message":{"message_id":77,"date":1,"text":"/ticket lost answer",
		"chat":{"id":%d,"type":"supergroup","title":"S"},"from":{"id":%d,"first_name":"Alice"}}}`, chat.ID, w.Alice.ID)

	// The database stored the update as this process's, and the answer that says so was lost.
	w.SQL(`INSERT INTO updates (bot_id, update_id, chat_id, payload, owner) VALUES ($1, 900000001, $2, $3, $4)`,
		w.BotID(), chat.ID, []byte(raw), w.Process())
	require.Equal(t, http.StatusOK, w.Post(raw).StatusCode, "delivered again")

	w.Hears(chat, "lost answer")
	require.Equal(t, http.StatusOK, w.Post(raw).StatusCode, "and again")
	w.Say(w.Alice, chat, "/help")
	require.Len(t, w.Desk.Tickets(), 1)
}
