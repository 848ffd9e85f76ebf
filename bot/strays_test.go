package bot

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

func TestAnUpdateThatWasStoredAlthoughItsAnswerWasLostIsHandledOnce(t *testing.T) {
	t.Parallel()
	w := newHookedWorld(t)
	w.serving()
	chat := w.telegram.NewSupergroup("S")
	w.say(w.alice, chat, "/help")
	b := w.bot.Load()
	raw := fmt.Sprintf(`{"update_id":900000001,"message":{"message_id":77,"date":1,"text":"/ticket lost answer",
		"chat":{"id":%d,"type":"supergroup","title":"S"},"from":{"id":%d,"first_name":"Alice"}}}`, chat.ID, w.alice.ID)

	// The database stored the update as this process's, and the answer that says so was lost.
	conn, err := pgx.Connect(t.Context(), w.database)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	_, err = conn.Exec(t.Context(), `INSERT INTO updates (bot_id, update_id, chat_id, payload, owner) VALUES ($1, 900000001, $2, $3, $4)`,
		b.telegram.BotID, chat.ID, []byte(raw), b.work.Number())
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, w.post(raw).StatusCode, "delivered again")

	w.hears(chat, "lost answer")
	require.Equal(t, http.StatusOK, w.post(raw).StatusCode, "and again")
	w.say(w.alice, chat, "/help")
	require.Len(t, w.desk.Tickets(), 1)
}
