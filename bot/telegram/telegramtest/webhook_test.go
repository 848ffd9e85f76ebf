package telegramtest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	tt "livedeskbot/bot/telegram/telegramtest"
)

// hook is a webhook that notes what it gets and answers as told.
type hook struct {
	*httptest.Server
	got chan int64 // update ids
	ask func(update int64, r *http.Request) (status int, retryAfter string)
}

func newHook(t *testing.T, ask func(int64, *http.Request) (int, string)) *hook {
	h := &hook{got: make(chan int64, 1000), ask: ask}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var u struct {
			ID int64 `json:"update_id"`
		}
		json.NewDecoder(r.Body).Decode(&u)
		h.got <- u.ID
		status, after := h.ask(u.ID, r)
		if after != "" {
			w.Header().Set("Retry-After", after)
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(func() {
		h.CloseClientConnections()
		h.Close()
	})
	return h
}

func fine(int64, *http.Request) (int, string) { return 200, "" }

func (b *bot) drained() {
	b.t.Helper()
	require.Eventually(b.t, func() bool { return b.s.Pending() == 0 }, 30*time.Second, 2*time.Millisecond)
}

func TestWebhookGetsUpdatesWithItsSecret(t *testing.T) {
	t.Parallel()
	secrets := make(chan string, 1)
	h := newHook(t, func(_ int64, r *http.Request) (int, string) {
		secrets <- r.Header.Get("X-Telegram-Bot-Api-Secret-Token")
		return 204, ""
	})
	b := start(t, tt.Options{})
	b.does("setWebhook", p{"url": h.URL, "secret_token": "s-1_A", "max_connections": 7})
	m := b.s.Say(b.s.NewPerson("A"), b.s.NewGroup("G"), "x")
	require.Equal(t, m.Update, <-h.got)
	require.Equal(t, "s-1_A", <-secrets)
	b.drained()
	info := b.does("getWebhookInfo", nil)
	require.Equal(t, h.URL, info["url"])
	require.EqualValues(t, 7, info["max_connections"])
	require.EqualValues(t, 0, info["pending_update_count"])
}

func TestWebhookKeepsTheOrderOfAChatThroughFailures(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	failed := map[int64]int{}
	h := newHook(t, func(id int64, _ *http.Request) (int, string) {
		mu.Lock()
		defer mu.Unlock()
		if failed[id]++; failed[id] <= 2 {
			return 503, ""
		}
		return 200, ""
	})
	b := start(t, tt.Options{Backoff: time.Millisecond})
	b.does("setWebhook", p{"url": h.URL})
	alice, chat := b.s.NewPerson("A"), b.s.NewGroup("G")
	var want []int64
	for range 3 {
		id := b.s.Say(alice, chat, "x").Update
		want = append(want, id, id, id)
	}
	b.drained()
	for _, id := range want {
		require.Equal(t, id, <-h.got)
	}
	require.Contains(t, b.does("getWebhookInfo", nil)["last_error_message"], "503")
	require.Len(t, b.s.Posts(), 9)
}

func TestOneStuckChatDoesNotHoldAnother(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	b := start(t, tt.Options{})
	alice, slow, quick := b.s.NewPerson("A"), b.s.NewGroup("G"), b.s.NewGroup("H")
	stuck := b.s.Say(alice, slow, "x").Update
	h := newHook(t, func(id int64, _ *http.Request) (int, string) {
		if id == stuck {
			<-release
		}
		return 200, ""
	})
	b.does("setWebhook", p{"url": h.URL})
	require.Equal(t, stuck, <-h.got, "what was pending is posted")
	behind := b.s.Say(alice, slow, "y").Update
	beside := b.s.Say(alice, quick, "z").Update
	require.Equal(t, beside, <-h.got)
	close(release)
	require.Equal(t, behind, <-h.got)
	b.drained()
}

func TestWebhookUsesNoMoreConnectionsThanAllowed(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	h := newHook(t, func(int64, *http.Request) (int, string) {
		<-release
		return 200, ""
	})
	b := start(t, tt.Options{})
	b.does("setWebhook", p{"url": h.URL, "max_connections": 2})
	alice := b.s.NewPerson("A")
	for range 5 {
		b.s.Say(alice, b.s.NewGroup("G"), "x")
	}
	<-h.got
	<-h.got
	select {
	case <-h.got:
		require.Fail(t, "a third connection was opened")
	case <-time.After(30 * time.Millisecond):
	}
	close(release)
	b.drained()
}

func TestRetryAfterOfTheWebhookIsHonoured(t *testing.T) {
	t.Parallel()
	var once sync.Once
	h := newHook(t, func(int64, *http.Request) (status int, after string) {
		status = 200
		once.Do(func() { status, after = 503, "1" })
		return status, after
	})
	b := start(t, tt.Options{})
	b.does("setWebhook", p{"url": h.URL})
	b.s.Say(b.s.NewPerson("A"), b.s.NewGroup("G"), "x")
	b.drained()
	posts := b.s.Posts()
	require.Len(t, posts, 2)
	require.GreaterOrEqual(t, posts[1].At.Sub(posts[0].At), time.Second)
}

func TestPendingUpdatesSurviveChangesOfTheWebhook(t *testing.T) {
	t.Parallel()
	h := newHook(t, func(int64, *http.Request) (int, string) { return 500, "" })
	b := start(t, tt.Options{})
	b.does("setWebhook", p{"url": h.URL})
	m := b.s.Say(b.s.NewPerson("A"), b.s.NewGroup("G"), "x")
	<-h.got
	b.does("deleteWebhook", nil)
	require.Equal(t, []int64{m.Update}, ids(b.updates(nil)))
	other := newHook(t, fine)
	b.does("setWebhook", p{"url": other.URL})
	require.Equal(t, m.Update, <-other.got)
	b.drained()
	b.does("deleteWebhook", nil)
	b.s.Say(b.s.NewPerson("A"), b.s.NewGroup("G"), "x")
	b.does("setWebhook", p{"url": other.URL, "drop_pending_updates": true})
	require.Zero(t, b.s.Pending())
}

func TestWebhooksTelegramRefuses(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	for want, params := range map[string]p{
		"An HTTPS URL must be provided": {"url": "http://example.com/telegram"},
		"only on ports":                 {"url": "https://example.com:8080/telegram"},
		"unallowed characters":          {"url": "https://example.com/", "secret_token": "a b"},
		"unallowed characters ":         {"url": "https://example.com/", "secret_token": strings.Repeat("a", 257)},
		"max_connections":               {"url": "https://example.com/", "max_connections": 101},
		"invalid webhook URL":           {"url": "https://"},
	} {
		require.Contains(t, b.refused("setWebhook", params), strings.TrimSpace(want))
	}
	require.Equal(t, "", b.does("getWebhookInfo", nil)["url"])
}
