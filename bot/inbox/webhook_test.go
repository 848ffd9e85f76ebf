package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"livedeskbot/bot/claims"
	"livedeskbot/bot/logtest"
	"livedeskbot/bot/telegram"
	"livedeskbot/storage"
)

const hookSecret = "hook-Secret_1"

// newIdle is an inbox without anything to talk to, whose webhook hands updates to accept.
func newIdle(t testing.TB, accept func(context.Context, json.RawMessage) error) *Inbox {
	store, err := storage.Open(t.Context(), "postgres://nobody@127.0.0.1:1/none")
	require.NoError(t, err)
	t.Cleanup(store.Close)
	api, err := telegram.New(telegram.Config{Token: "1:x", APIURL: "http://127.0.0.1:1"})
	require.NoError(t, err)
	log := slog.New(slog.DiscardHandler)
	in := New(Config{WebhookSecret: hookSecret}, Needs{
		Telegram: api, Store: store, Work: claims.New(store, log, func() {}), Handler: nothing{}, Metrics: prometheus.NewRegistry(), Log: log,
	})
	in.hook.set(accept)
	return in
}

func TestAPostThatIsNoUpdateIsRefusedForWhatIsWrongWithIt(t *testing.T) {
	t.Parallel()
	stored := 0
	in := newIdle(t, func(context.Context, json.RawMessage) error { stored++; return nil })
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
		in.Webhook().ServeHTTP(w, r)
		require.Equal(t, test.status, w.Code, name)
		require.Equal(t, test.status == 200, stored > before, name)
		require.Equal(t, test.status == 405, w.Header().Get("Allow") == "POST", name)
	}
}

func TestWithoutASecretOfOurOwnNobodyKnowsIt(t *testing.T) {
	t.Parallel()
	in := newIdle(t, func(context.Context, json.RawMessage) error { return nil })
	in.cfg.WebhookSecret = ""
	require.False(t, in.knows(""))
}

func TestNothingIsReadOfAStranger(t *testing.T) {
	t.Parallel()
	in := newIdle(t, nil)
	r := httptest.NewRequest(http.MethodPost, "/telegram", untouchable{t})
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	in.Webhook().ServeHTTP(w, r)
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
	in := newIdle(t, nil)
	r := httptest.NewRequest(http.MethodPost, "/telegram", zeros{})
	r.ContentLength = -1
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Telegram-Bot-Api-Secret-Token", hookSecret)
	w := httptest.NewRecorder()
	in.Webhook().ServeHTTP(w, r)
	require.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
}

func TestAnUpdateWhoseSenderBreaksOffIsNone(t *testing.T) {
	t.Parallel()
	in := newIdle(t, nil)
	r := httptest.NewRequest(http.MethodPost, "/telegram",
		io.MultiReader(strings.NewReader(`{"update_id":7}`), iotest.ErrReader(io.ErrUnexpectedEOF)))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Telegram-Bot-Api-Secret-Token", hookSecret)
	w := httptest.NewRecorder()
	in.Webhook().ServeHTTP(w, r)
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
	in := newIdle(t, nil)
	server := httptest.NewUnstartedServer(in.Webhook())
	server.Config.ReadTimeout = time.Second
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
	in, logs := newIdle(t, store), &logtest.Buffer{}
	in.log = slog.New(slog.NewTextHandler(logs, nil))
	status := func() int {
		r := httptest.NewRequest(http.MethodPost, "/telegram", strings.NewReader(`{"update_id":7}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Telegram-Bot-Api-Secret-Token", hookSecret)
		w := httptest.NewRecorder()
		in.Webhook().ServeHTTP(w, r)
		require.Equal(t, w.Code == http.StatusServiceUnavailable, w.Header().Get("Retry-After") != "")
		return w.Code
	}
	for range 2 {
		require.Equal(t, http.StatusServiceUnavailable, status())
	}
	failure = nil
	for range 2 {
		require.Equal(t, http.StatusOK, status())
	}
	require.Equal(t, 1, strings.Count(logs.String(), "cannot store updates"), "the first of them says it")
	require.Equal(t, 1, strings.Count(logs.String(), "updates can be stored again"))
	in.hook.set(nil)
	require.Equal(t, http.StatusServiceUnavailable, status(), "Run does not serve")
	require.Equal(t, 1, strings.Count(logs.String(), "cannot store updates"), "that is nothing to worry about")
	in.hook.set(store)
	require.Equal(t, http.StatusOK, status())
	in.work.Stop()
	require.Equal(t, http.StatusServiceUnavailable, status())
	require.Equal(t, 4.0, testutil.ToFloat64(in.metrics.posts.WithLabelValues("503")))
	require.Equal(t, 3.0, testutil.ToFloat64(in.metrics.posts.WithLabelValues("200")))
}

func FuzzPosts(f *testing.F) {
	for _, seed := range []string{`{"update_id":7}`, `{"update_id":null}`, `[]`, ``, `{"update_id":7,"message":{"text":"/ticket x"}}`} {
		f.Add([]byte(seed))
	}
	var stored json.RawMessage
	in := newIdle(f, func(_ context.Context, update json.RawMessage) error { stored = update; return nil })
	f.Fuzz(func(t *testing.T, body []byte) {
		stored = nil
		r := httptest.NewRequest(http.MethodPost, "/telegram", strings.NewReader(string(body)))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Telegram-Bot-Api-Secret-Token", hookSecret)
		w := httptest.NewRecorder()
		in.Webhook().ServeHTTP(w, r)
		switch w.Code {
		case http.StatusOK:
			require.True(t, json.Valid(stored))
			require.Equal(t, string(body), string(stored))
			in.read(stored)
		default:
			require.Equal(t, http.StatusBadRequest, w.Code)
			require.Nil(t, stored)
		}
	})
}
