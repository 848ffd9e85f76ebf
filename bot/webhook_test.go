package bot

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/telegramtest"
)

const hookSecret = "hook-Secret_1"

// newHookedWorld is a world in which Telegram posts to the bot that was started last.
func newHookedWorld(t *testing.T) *world {
	var w *world
	hook := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.bot.Load().Webhook().ServeHTTP(rw, r)
	}))
	t.Cleanup(hook.Close)
	return newWorld(t, func(made *world) {
		w = made
		w.cfg.WebhookURL, w.cfg.WebhookSecret = hook.URL+"/telegram", hookSecret
	})
}

// post sends a body to the webhook as Telegram does.
func (w *world) post(body string) *http.Response {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.context(), http.MethodPost, w.cfg.WebhookURL, strings.NewReader(body))
	require.NoError(w.t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Telegram-Bot-Api-Secret-Token", hookSecret)
	res, err := http.DefaultClient.Do(req)
	require.NoError(w.t, err)
	require.NoError(w.t, res.Body.Close())
	return res
}

// serving waits until Telegram has taken the webhook.
func (w *world) serving() {
	w.t.Helper()
	require.Eventually(w.t, func() bool { return len(w.telegram.CallsOf("setWebhook")) > 0 },
		30*time.Second, 10*time.Millisecond)
}

// lockJournal keeps everybody from writing updates until the returned function is called.
func (w *world) lockJournal() (release func()) {
	w.t.Helper()
	conn, err := pgx.Connect(w.t.Context(), w.database)
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = conn.Close(context.Background()) })
	_, err = conn.Exec(w.t.Context(), `BEGIN; LOCK TABLE updates IN ACCESS EXCLUSIVE MODE`)
	require.NoError(w.t, err)
	return func() {
		_, err := conn.Exec(w.t.Context(), `COMMIT`)
		require.NoError(w.t, err)
	}
}

func TestTicketsArriveThroughTheWebhook(t *testing.T) {
	t.Parallel()
	w := newHookedWorld(t)
	reply := w.say(w.alice, w.telegram.NewForum("F").NewTopic("T"), "/ticket by post")
	require.Contains(t, reply.Text, "by post")
	w.number(reply)
	posts := w.telegram.Posts()
	require.NotEmpty(t, posts)
	for _, p := range posts[len(posts)-1:] {
		require.Equal(t, http.StatusOK, p.Status)
	}
	set := w.telegram.CallsOf("setWebhook")
	require.Len(t, set, 1)
	require.Equal(t, hookSecret, set[0].Params["secret_token"])
	require.NotContains(t, set[0].Params, "drop_pending_updates")
	require.JSONEq(t, `["message","edited_message","callback_query","my_chat_member"]`, set[0].Params["allowed_updates"])
	require.Empty(t, w.telegram.CallsOf("getUpdates"))
	require.NotContains(t, w.logs.String(), hookSecret)
}

func TestUpdatesPostedTwiceAndThreeTimesMakeOneTicket(t *testing.T) {
	t.Parallel()
	w := newHookedWorld(t)
	chat := w.telegram.NewSupergroup("S")
	for times, title := range map[int]string{1: "twice", 2: "three times"} {
		w.telegram.Duplicate(times)
		w.say(w.alice, chat, "/ticket "+title)
	}
	w.telegram.Duplicate(0)
	w.say(w.alice, chat, "/help") // the lane is strict: what came before has been posted
	require.Len(t, w.desk.Tickets(), 2)
	require.Len(t, chat.BotMessages(), 3)
}

func TestAPostIsNotConfirmedWhileTheJournalIsLocked(t *testing.T) {
	t.Parallel()
	w := newHookedWorld(t)
	w.serving()
	release := w.lockJournal()
	chat := w.telegram.NewSupergroup("S")
	asked := w.telegram.Say(w.alice, chat, "/ticket into a locked journal")
	res := w.post(`{"update_id":900000000,"my_chat_member":{"chat":{"id":1},"new_chat_member":{"status":"member"}}}`)
	require.Equal(t, http.StatusServiceUnavailable, res.StatusCode)
	require.NotEmpty(t, res.Header.Get("Retry-After"))
	require.True(t, w.telegram.Unconfirmed(asked.Update))
	release()
	w.hears(chat, "tk_")
	require.Len(t, w.desk.Tickets(), 1)
	require.Contains(t, w.logs.String(), "updates can be stored again")
}

func TestAPostInHandAtTheStopIsStored(t *testing.T) {
	t.Parallel()
	w := newHookedWorld(t)
	w.serving()
	release := w.lockJournal()
	chat := w.telegram.NewSupergroup("S")
	w.telegram.Say(w.alice, chat, "/ticket at the last moment")
	require.Eventually(t, func() bool { return w.waitingForLock() }, 30*time.Second, 5*time.Millisecond)
	stopped := make(chan struct{})
	go func() { defer close(stopped); w.stop() }()
	require.Eventually(t, w.bot.Load().work.Stopping, 30*time.Second, time.Millisecond)
	require.Equal(t, http.StatusServiceUnavailable, w.post(`{"update_id":5}`).StatusCode, "no new ones")
	release()
	<-stopped
	require.Eventually(t, func() bool { return len(w.telegram.Posts()) > 0 }, 30*time.Second, time.Millisecond)
	require.Equal(t, http.StatusOK, w.telegram.Posts()[0].Status)
	w.start()
	w.hears(chat, "tk_")
	require.Len(t, w.desk.Tickets(), 1)
}

// waitingForLock says whether anybody waits for a lock in the world's database.
func (w *world) waitingForLock() bool {
	conn, err := pgx.Connect(w.t.Context(), w.database)
	if err != nil {
		return false
	}
	defer conn.Close(context.Background())
	var waiting bool
	err = conn.QueryRow(w.t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity
		WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%INSERT INTO updates%')`).Scan(&waiting)
	return err == nil && waiting
}

func TestSwitchingBetweenWebhookAndPollingLosesNothing(t *testing.T) {
	t.Parallel()
	w := newHookedWorld(t)
	chat := w.telegram.NewSupergroup("S")
	hook := w.cfg.WebhookURL
	var all []*telegramtest.Message
	say := func(title string) {
		all = append(all, w.telegram.Say(w.telegram.NewPerson(title), chat, "/ticket "+title))
	}
	for i, address := range []string{"", hook, "", hook} {
		say("just before " + string(rune('a'+i)))
		w.stop()
		say("while stopped " + string(rune('a'+i)))
		w.cfg.WebhookURL = address
		w.start()
		say("just after " + string(rune('a'+i)))
	}
	for _, m := range all {
		_, err := w.telegram.WaitReply(w.context(), m)
		require.NoError(t, err, m.Text)
	}
	require.Len(t, w.desk.Tickets(), len(all))
}

func TestAWebhookThatSomebodyElseRemovedOrChangedIsSetAgain(t *testing.T) {
	t.Parallel()
	w := newHookedWorld(t)
	w.serving()
	res, err := http.PostForm(w.cfg.APIURL+"/bot"+w.cfg.Token+"/setWebhook", url.Values{"url": {"http://127.0.0.1:1/other"}})
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Eventually(t, func() bool { return len(w.telegram.CallsOf("setWebhook")) == 3 }, 2*10*time.Second, 50*time.Millisecond)
	w.number(w.say(w.alice, w.telegram.NewSupergroup("S"), "/ticket after all"))
	require.Contains(t, w.logs.String(), "set to another address")
}
