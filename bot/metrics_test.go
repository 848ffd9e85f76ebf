package bot_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"livedeskbot/bot"
	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
	"livedeskbot/storage"
)

func TestMetricsCountWhatHappens(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	w.Telegram.Duplicate(1)
	w.Number(w.Say(w.Alice, chat, "/ticket one"))
	w.Telegram.Duplicate(0)
	end := w.Desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Unavailable(0))
	waiting := w.Say(w.Alice, chat, "/ticket two")
	end()
	w.Becomes(waiting, "tk_")
	w.Desk.Trouble(livedesktest.Create, 1, livedesktest.StoreThenLose())
	w.Say(w.Alice, chat, "/ticket three")
	w.Say(w.Alice, chat, "/ticket team:Nobody four")

	require.Equal(t, 5.0, w.Value("livedeskbot_updates_total", "kind", "message"))
	require.Equal(t, 1.0, w.Value("livedeskbot_updates_duplicate_total"))
	require.Equal(t, 2.0, w.Value("livedeskbot_outcomes_total", "state", "created"))
	require.Equal(t, 1.0, w.Value("livedeskbot_outcomes_total", "state", "refused"))
	require.Equal(t, 1.0, w.Value("livedeskbot_outcomes_total", "state", "unconfirmed"))
	require.Positive(t, w.Value("livedeskbot_outcomes_total", "state", "waiting"))
	require.Positive(t, w.Value("livedeskbot_livedesk_retries_total"))
	require.Equal(t, 2.0, w.Value("livedeskbot_livedesk_request_seconds", "op", "create", "result", "ok"))
	require.Positive(t, w.Value("livedeskbot_livedesk_request_seconds", "op", "create", "result", "not_sent"))
	require.Equal(t, 1.0, w.Value("livedeskbot_livedesk_request_seconds", "op", "create", "result", "outcome_unknown"))
	require.Positive(t, w.Value("livedeskbot_telegram_calls_total", "method", "sendMessage", "verdict", "ok"))
	require.Equal(t, 1.0, w.Value("livedeskbot_leader"))
	require.Equal(t, 1.0, w.Value("livedeskbot_ready"))
	w.Eventually(func() bool { return w.Value("livedeskbot_ticket_seconds") == 4 })
	require.Equal(t, 1.0, w.Value("livedeskbot_tickets_unconfirmed"))
}

func TestMetricsCountLimitsAndFailuresOfTelegram(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	chat.Flood(1, 1)
	w.Telegram.ServerError(telegramtest.Match{Method: "sendMessage", Times: 1})
	w.Say(w.Alice, chat, "/help")
	require.Equal(t, 1.0, w.Value("livedeskbot_telegram_calls_total", "method", "sendMessage", "verdict", "flood"))
	require.Equal(t, 1.0, w.Value("livedeskbot_telegram_calls_total", "method", "sendMessage", "verdict", "failed"))
	require.GreaterOrEqual(t, w.Value("livedeskbot_rate_limit_wait_seconds_total", "service", "telegram"), 1.0)
}

func TestEverySeriesIsThereFromTheStart(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	series := func() (all []string) {
		families, err := w.Bot().Metrics().Gather()
		require.NoError(t, err)
		for _, f := range families {
			for _, m := range f.GetMetric() {
				if strings.HasPrefix(f.GetName(), "livedeskbot_") {
					all = append(all, fmt.Sprint(f.GetName(), m.GetLabel()))
				}
			}
		}
		return all
	}
	before := series()
	chat := w.Telegram.NewSupergroup("S")
	w.Desk.Trouble(livedesktest.Create, 1, livedesktest.Refuse(422, livedesktest.Envelope))
	w.Say(w.Alice, chat, "/ticket refused")
	w.Desk.Trouble(livedesktest.Create, 1, livedesktest.Unavailable(0))
	w.Desk.Trouble(livedesktest.Upload, 1, livedesktest.Cut())
	chat.Flood(1, 1)
	w.Telegram.ServerError(telegramtest.Match{Method: "editMessageText", Times: 1})
	card := w.Say(w.Alice, chat, "/ticket", telegramtest.Attached(w.Text("a.txt")))
	number := w.Number(card)
	w.Reply(number, "", livedesktest.File{Name: "a.txt", Type: "text/plain", Content: []byte("a")})
	w.Eventually(func() bool { return w.Files(chat) == 1 })
	w.Press(w.Alice, card, "🔄 Refresh")
	_, err := w.Telegram.Push(`{"channel_post":{}}`)
	require.NoError(t, err)
	chat.SetBot(telegramtest.Kicked, w.Alice)
	w.Quiet(w.Alice)
	w.Bot().Webhook().ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/telegram", nil))
	w.Bot().DeskWebhook().ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/livedesk/x", nil))
	require.ElementsMatch(t, before, series())
}

func TestMetricsNeedNoDatabase(t *testing.T) {
	t.Parallel()
	store, err := storage.Open(t.Context(), "postgres://nobody@127.0.0.1:1/none")
	require.NoError(t, err)
	t.Cleanup(store.Close)
	b, err := bot.New(bot.Config{Token: "1:x", APIURL: "http://127.0.0.1:1", Rate: 1}, nil, store, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	families, err := b.Metrics().Gather()
	require.NoError(t, err)
	require.NotEmpty(t, families)
	for _, f := range families {
		require.NotEqual(t, "livedeskbot_rows", f.GetName())
		if f.GetName() == "livedeskbot_ready" {
			require.Zero(t, f.GetMetric()[0].GetGauge().GetValue())
		}
	}
}

func TestEveryKindOfRowIsCounted(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	w.Stop()
	store, err := storage.Open(t.Context(), w.Database)
	require.NoError(t, err)
	t.Cleanup(store.Close)
	w.SQL(`INSERT INTO updates (bot_id, update_id, chat_id, received_at) VALUES (1, 1, 1, now() - interval '60 s')`)
	for i, columns := range []string{
		`'waiting', '', now() - interval '70 s', NULL`,
		`'created', 'tk_1', now() - interval '80 s', now() - interval '90 s'`,
		`'created', 'tk_2', now() + interval '1 h', now() + interval '1 h'`,
		`'created', '', now() - interval '1 h', NULL`, // without a number, which cannot be looked at
		`'unconfirmed', '', NULL, NULL`,
	} {
		w.SQL(`
			INSERT INTO tickets (telegram_ref, bot_id, chat_id, sender_id, request, state, ticket_id, due_at, tell_at)
			SELECT $1, 1, 1, 1, '{}', `+columns, string(rune('a'+i)))
	}
	c, err := store.For(1).Counts(t.Context())
	require.NoError(t, err)
	for name, test := range map[string]struct {
		got    storage.Waiting
		oldest float64
	}{
		"updates": {c.FreeUpdates, 60}, "waiting": {c.WaitingTickets, 70}, "looks": {c.Looks, 80}, "tellings": {c.ToTell, 90},
	} {
		require.EqualValues(t, 1, test.got.Rows, name)
		require.InDelta(t, test.oldest, test.got.Oldest, 20, name)
	}
	require.EqualValues(t, 1, c.Unconfirmed)
}

func TestTheDashboardUsesTheMetricsThereAre(t *testing.T) {
	t.Parallel()
	dashboard, err := os.ReadFile("../deploy/grafana-dashboard.json")
	require.NoError(t, err)
	require.True(t, json.Valid(dashboard))
	used := metricsIn(string(dashboard))
	alerts, err := os.ReadFile("../deploy/alerts.yaml")
	require.NoError(t, err)
	for name := range metricsIn(string(alerts)) {
		require.True(t, used[name], "an alert is about %s, which is not on the dashboard", name)
	}

	w := bottest.New(t)
	there := map[string]bool{}
	families, err := w.Bot().Metrics().Gather()
	require.NoError(t, err)
	for _, f := range families {
		there[f.GetName()] = true
		if strings.HasPrefix(f.GetName(), "livedeskbot_") {
			require.True(t, used[f.GetName()], "%s is not on the dashboard", f.GetName())
		}
	}
	for name := range used {
		require.True(t, there[name], "%s is on the dashboard and is no metric", name)
	}
}

// metricsIn are the names of the metrics in a text.
func metricsIn(text string) map[string]bool {
	names := map[string]bool{}
	for _, name := range regexp.MustCompile(`(?:livedeskbot|process|go)_[a-z_]+`).FindAllString(text, -1) {
		names[strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_count")] = true
	}
	return names
}

func TestMetricsAreNamedAsPrometheusAsksFor(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	problems, err := testutil.GatherAndLint(w.Bot().Metrics())
	require.NoError(t, err)
	require.Empty(t, problems)
	page := httptest.NewRecorder()
	promhttp.HandlerFor(w.Bot().Metrics(), promhttp.HandlerOpts{}).
		ServeHTTP(page, httptest.NewRequest("GET", "/metrics", nil))
	require.Contains(t, page.Body.String(), "livedeskbot_queue_depth")
}
