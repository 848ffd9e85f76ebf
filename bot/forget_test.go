package bot_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
)

func TestForgettingThatTakesLongAndFailsIsToldAndKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	w := bottest.New(t, func(w *bottest.World) {
		w.SQL(`CREATE FUNCTION stuck() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(600); RETURN NULL; END $$`)
		w.SQL(`CREATE TRIGGER stuck BEFORE DELETE ON updates EXECUTE FUNCTION stuck()`)
	})
	forgetting := func() bool {
		return w.Count(`pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'`) == 1
	}
	w.Eventually(forgetting)
	began := time.Now()

	chat := w.Telegram.NewSupergroup("S")
	raw := fmt.Sprintf(`{"update_id":1,"message":{"message_id":77,"date":1,"text":"/ticket of the dead",
		"chat":{"id":%d,"type":"supergroup","title":"S"},"from":{"id":%d,"first_name":"Alice"}}}`, chat.ID, w.Alice.ID)
	w.SQL(`INSERT INTO processes (number) VALUES (1000)`)
	w.SQL(`INSERT INTO updates (bot_id, update_id, chat_id, payload, owner) VALUES ($1, 1, $2, $3, 1000)`, w.BotID(), chat.ID, []byte(raw))
	w.Hears(chat, "of the dead")
	if time.Since(began) < 9*time.Second { // on a slower machine the database gives up meanwhile
		require.True(t, forgetting(), "it was taken over meanwhile")
	}
	w.Eventually(func() bool { return strings.Contains(w.Logs.String(), "cannot forget") })
}
