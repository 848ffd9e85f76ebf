package bottest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// HookSecret is what Telegram and the bot of a world with a webhook know, and nobody else.
const HookSecret = "hook-Secret_1"

// NewHooked is New for a world in which Telegram posts updates to the bot that was started last.
func NewHooked(t testing.TB) *World {
	t.Helper()
	var w *World
	hook := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.Bot().Webhook().ServeHTTP(rw, r)
	}))
	t.Cleanup(hook.Close)
	return New(t, func(made *World) {
		w = made
		w.Config.WebhookURL, w.Config.WebhookSecret = hook.URL+"/telegram", HookSecret
	})
}

// Serving waits until Telegram has taken the webhook.
func (w *World) Serving() {
	w.t.Helper()
	w.Eventually(func() bool { return len(w.Telegram.CallsOf("setWebhook")) > 0 })
}

// Post sends a body to the webhook as Telegram does.
func (w *World) Post(body string) *http.Response {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.Context(), http.MethodPost, w.Config.WebhookURL, strings.NewReader(body))
	require.NoError(w.t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Telegram-Bot-Api-Secret-Token", HookSecret)
	res, err := http.DefaultClient.Do(req)
	require.NoError(w.t, err)
	require.NoError(w.t, res.Body.Close())
	return res
}
