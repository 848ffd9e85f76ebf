package bot_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot"
	"livedeskbot/bot/bottest"
	"livedeskbot/storage"
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

func TestWhatIsBeingHandledIsKnownByWhatItMakes(t *testing.T) {
	t.Parallel()
	const message = `"message_id":77,"date":1,"text":"a","chat":{"id":-7,"type":"supergroup"}`
	var updates []storage.Update
	for id, payload := range []string{
		`{"message":{` + message + `,"from":{"id":5}}}`,
		`{"message":{` + message + `,"from":{"id":6},"entities":[{"type":"text_mention","user":{"id":5}}]}}`,
		`{"callback_query":{"id":"1","data":"a","from":{"id":5},"message":{` + message + `}}}`,
		`{"callback_query":{"id":"1","data":"a","from":{"id":6},"message":{` + message + `,"from":{"id":5}}}}`,
		`nothing that can be read`,
	} {
		updates = append(updates, storage.Update{ID: int64(id), Payload: []byte(payload)})
	}
	require.Equal(t, []string{"42/-7/77", "42/-7/77/reopen", "42/press/2", "42/-7/-2"}, bot.RefsOf(updates, 42, 5))
}
