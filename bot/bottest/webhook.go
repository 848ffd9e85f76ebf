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

// DeskSecret is what LiveDesk and the bot of a world with LiveDesk's webhook know, and nobody else.
const DeskSecret = "0123456789-desk_SECRET"

// TakesNudges is a change of a world: its bots take LiveDesk's word that something has changed.
func TakesNudges(w *World) { w.Config.DeskSecret = DeskSecret }

// NudgeURL is an address that leads to the webhook for LiveDesk of the bot that was started last.
func (w *World) NudgeURL() string {
	w.t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/livedesk/{secret}", func(rw http.ResponseWriter, r *http.Request) { w.Bot().DeskWebhook().ServeHTTP(rw, r) })
	server := httptest.NewServer(mux)
	w.t.Cleanup(server.Close)
	return server.URL + "/livedesk/" + DeskSecret
}

// Nudge gives the bot that was started last a body as LiveDesk's webhook does, and returns the status of the answer. It is safe for
// concurrent use.
func (w *World) Nudge(body string) int {
	req := httptest.NewRequestWithContext(w.t.Context(), http.MethodPost, "/livedesk/", strings.NewReader(body))
	req.SetPathValue("secret", DeskSecret)
	answer := httptest.NewRecorder()
	w.Bot().DeskWebhook().ServeHTTP(answer, req)
	return answer.Code
}
