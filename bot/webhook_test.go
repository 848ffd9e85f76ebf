package bot

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
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

// newIdleBot is a bot without anything to talk to, whose webhook hands updates to accept.
func newIdleBot(t testing.TB, accept func(context.Context, json.RawMessage) error) *Bot {
	store, err := storage.Open(t.Context(), "postgres://nobody@127.0.0.1:1/none")
	require.NoError(t, err)
	t.Cleanup(store.Close)
	desk, err := livedesk.New(livedesk.Config{BaseURL: "http://127.0.0.1:1"})
	require.NoError(t, err)
	b, err := New(Config{Token: "1:x", APIURL: "http://127.0.0.1:1", WebhookSecret: hookSecret, Rate: 1}, desk, store,
		slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	b.hook.set(accept)
	return b
}

func TestAPostThatIsNoUpdateIsRefusedForWhatIsWrongWithIt(t *testing.T) {
	t.Parallel()
	stored := 0
	b := newIdleBot(t, func(context.Context, json.RawMessage) error { stored++; return nil })
	const update = `{"update_id":7}`
	long := strings.Repeat(" ", maxUpdate-len(update))
	for name, test := range map[string]struct {
		method, secret, kind, body string
		status                     int
	}{
		"an update":                     {"POST", hookSecret, "application/json", update, 200},
		"an update with a charset":      {"POST", hookSecret, "application/json; charset=utf-8", update, 200},
		"an update of the largest size": {"POST", hookSecret, "application/json", long + update, 200},
		"one byte more":                 {"POST", hookSecret, "application/json", " " + long + update, 413},
		"asked for":                     {"GET", hookSecret, "application/json", "", 405},
		"put, with a wrong secret":      {"PUT", "wrong", "text/plain", update, 405},
		"without a secret":              {"POST", "", "application/json", update, 401},
		"with a wrong secret":           {"POST", hookSecret + "x", "application/json", update, 401},
		"with a part of the secret":     {"POST", hookSecret[:4], "application/json", update, 401},
		"in another letter case":        {"POST", strings.ToUpper(hookSecret), "application/json", update, 401},
		"wrong in everything":           {"POST", "", "text/plain", long + long, 401},
		"a form":                        {"POST", hookSecret, "application/x-www-form-urlencoded", update, 415},
		"of no kind":                    {"POST", hookSecret, "", update, 415},
		"of an odd kind":                {"POST", hookSecret, "json", update, 415},
		"nothing":                       {"POST", hookSecret, "application/json", "", 400},
		"half an update":                {"POST", hookSecret, "application/json", `{"update_id":7`, 400},
		"two updates":                   {"POST", hookSecret, "application/json", update + update, 400},
		"a list":                        {"POST", hookSecret, "application/json", "[" + update + "]", 400},
		"null":                          {"POST", hookSecret, "application/json", "null", 400},
		"an object without an id":       {"POST", hookSecret, "application/json", `{"message":{}}`, 400},
		"an id that is null":            {"POST", hookSecret, "application/json", `{"update_id":null}`, 400},
		"an id that is text":            {"POST", hookSecret, "application/json", `{"update_id":"7"}`, 400},
		"an id that is no whole number": {"POST", hookSecret, "application/json", `{"update_id":7.5}`, 400},
		"an id beyond all numbers":      {"POST", hookSecret, "application/json", `{"update_id":1e99}`, 400},
		"deeper than any update":        {"POST", hookSecret, "application/json", strings.Repeat(`{"a":`, 100_000), 400},
	} {
		before := stored
		r := httptest.NewRequest(test.method, "/telegram", strings.NewReader(test.body))
		r.Header.Set("Content-Type", test.kind)
		if test.secret != "" {
			r.Header.Set("X-Telegram-Bot-Api-Secret-Token", test.secret)
		}
		w := httptest.NewRecorder()
		b.Webhook().ServeHTTP(w, r)
		require.Equal(t, test.status, w.Code, name)
		require.Equal(t, test.status == 200, stored > before, name)
		require.Equal(t, test.status == 405, w.Header().Get("Allow") == "POST", name)
	}
}

func TestWithoutASecretOfOurOwnNobodyKnowsIt(t *testing.T) {
	t.Parallel()
	b := newIdleBot(t, func(context.Context, json.RawMessage) error { return nil })
	b.cfg.WebhookSecret = ""
	require.False(t, b.knows(""))
}

func TestNothingIsReadOfAStranger(t *testing.T) {
	t.Parallel()
	b := newIdleBot(t, nil)
	r := httptest.NewRequest(http.MethodPost, "/telegram", untouchable{t})
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	b.Webhook().ServeHTTP(w, r)
	require.Equal(t, http.StatusUnauthorized, w.Code)
}

// untouchable is a body that must not be read.
type untouchable struct{ t *testing.T }

func (u untouchable) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

func TestABodyWithoutAnEndIsCutOff(t *testing.T) {
	t.Parallel()
	b := newIdleBot(t, nil)
	r := httptest.NewRequest(http.MethodPost, "/telegram", zeros{})
	r.ContentLength = -1
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Telegram-Bot-Api-Secret-Token", hookSecret)
	w := httptest.NewRecorder()
	b.Webhook().ServeHTTP(w, r)
	require.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
}

func TestAnUpdateWhoseSenderBreaksOffIsNone(t *testing.T) {
	t.Parallel()
	b := newIdleBot(t, nil)
	r := httptest.NewRequest(http.MethodPost, "/telegram",
		io.MultiReader(strings.NewReader(`{"update_id":7}`), iotest.ErrReader(io.ErrUnexpectedEOF)))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Telegram-Bot-Api-Secret-Token", hookSecret)
	w := httptest.NewRecorder()
	b.Webhook().ServeHTTP(w, r)
	require.Equal(t, http.StatusBadRequest, w.Code)
}

func TestTheWebhookClosesBehindThePostsInHand(t *testing.T) {
	t.Parallel()
	entered, release, closed := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var h hook
	h.set(func(context.Context, json.RawMessage) error { close(entered); <-release; return nil })
	taken := make(chan error, 1)
	go func() { taken <- h.take(t.Context(), nil) }()
	<-entered
	go func() { h.set(nil); close(closed) }()
	select {
	case <-closed:
		require.Fail(t, "closed with a post in hand")
	case <-time.After(50 * time.Millisecond):
	}
	close(release)
	require.NoError(t, <-taken)
	<-closed
	require.ErrorIs(t, h.take(t.Context(), nil), errNotServing)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestASlowBodyIsGivenUp(t *testing.T) {
	t.Parallel()
	b := newIdleBot(t, nil)
	server := httptest.NewUnstartedServer(b.Webhook())
	server.Config.ReadTimeout = 200 * time.Millisecond
	server.Start()
	defer server.Close()
	body, never := io.Pipe()
	defer never.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, io.MultiReader(strings.NewReader("{"), body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Telegram-Bot-Api-Secret-Token", hookSecret)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, http.StatusRequestTimeout, res.StatusCode)
}

func TestWhatCannotBeStoredIsSentBackForLater(t *testing.T) {
	t.Parallel()
	failure := errors.New("disk full")
	store := func(context.Context, json.RawMessage) error { return failure }
	b := newIdleBot(t, store)
	status := func() int {
		r := httptest.NewRequest(http.MethodPost, "/telegram", strings.NewReader(`{"update_id":7}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Telegram-Bot-Api-Secret-Token", hookSecret)
		w := httptest.NewRecorder()
		b.Webhook().ServeHTTP(w, r)
		require.Equal(t, w.Code == http.StatusServiceUnavailable, w.Header().Get("Retry-After") != "")
		return w.Code
	}
	require.Equal(t, http.StatusServiceUnavailable, status())
	failure = nil
	require.Equal(t, http.StatusOK, status())
	b.hook.set(nil)
	require.Equal(t, http.StatusServiceUnavailable, status(), "Run does not serve")
	b.hook.set(store)
	require.Equal(t, http.StatusOK, status())
	b.work.Stop()
	require.Equal(t, http.StatusServiceUnavailable, status())
}

func FuzzPosts(f *testing.F) {
	for _, seed := range []string{`{"update_id":7}`, `{"update_id":null}`, `[]`, ``, `{"update_id":7,"message":{"text":"/ticket x"}}`} {
		f.Add([]byte(seed))
	}
	var stored json.RawMessage
	b := newIdleBot(f, func(_ context.Context, update json.RawMessage) error { stored = update; return nil })
	f.Fuzz(func(t *testing.T, body []byte) {
		stored = nil
		r := httptest.NewRequest(http.MethodPost, "/telegram", strings.NewReader(string(body)))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Telegram-Bot-Api-Secret-Token", hookSecret)
		w := httptest.NewRecorder()
		b.Webhook().ServeHTTP(w, r)
		switch w.Code {
		case http.StatusOK:
			require.True(t, json.Valid(stored))
			require.Equal(t, string(body), string(stored))
			b.read(stored)
		default:
			require.Equal(t, http.StatusBadRequest, w.Code)
			require.Nil(t, stored)
		}
	})
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
	require.Eventually(t, func() bool { return len(w.telegram.CallsOf("setWebhook")) == 3 }, 2*webhookCheck, 50*time.Millisecond)
	w.number(w.say(w.alice, w.telegram.NewSupergroup("S"), "/ticket after all"))
	require.Contains(t, w.logs.String(), "set to another address")
}
