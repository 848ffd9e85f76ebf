package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

func TestAnUpdateThatWasStoredAlthoughItsAnswerWasLostIsHandledOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	w.say(w.alice, chat, "/help")
	b := w.bot.Load()
	raw := json.RawMessage(fmt.Sprintf(`{"update_id":900000001,"message":{"message_id":77,"date":1,"text":"/ticket lost answer",
		"chat":{"id":%d,"type":"supergroup","title":"S"},"from":{"id":%d,"first_name":"Alice"}}}`, chat.ID, w.alice.ID))

	// The database stores the update, and its caller has gone.
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	require.Error(t, b.accept(gone, context.Background(), []json.RawMessage{raw}))
	conn, err := pgx.Connect(t.Context(), w.database)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	_, err = conn.Exec(t.Context(), `INSERT INTO updates (bot_id, update_id, chat_id, payload, owner) VALUES ($1, 900000001, $2, $3, $4)`,
		b.telegram.BotID, chat.ID, []byte(raw), b.work.Number())
	require.NoError(t, err)
	require.NoError(t, b.accept(t.Context(), context.Background(), []json.RawMessage{raw}), "delivered again")

	w.hears(chat, "lost answer")
	require.NoError(t, b.accept(t.Context(), context.Background(), []json.RawMessage{raw}), "and again")
	w.say(w.alice, chat, "/help")
	require.Len(t, w.desk.Tickets(), 1)
}
