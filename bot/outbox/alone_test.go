package outbox

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"livedeskbot/bot/claims"
	"livedeskbot/bot/logtest"
	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/bot/view"
	"livedeskbot/storage"
	"livedeskbot/storage/storagetest"
)

// alone is an outbox of which nothing runs, beside an emulated Telegram.
type alone struct {
	*Outbox
	server *telegramtest.Server
	logs   *logtest.Buffer
}

func newAlone(t *testing.T) alone {
	t.Helper()
	server, logs := telegramtest.New(telegramtest.Options{}), &logtest.Buffer{}
	t.Cleanup(server.Close)
	api := httptest.NewServer(server)
	t.Cleanup(api.Close)
	client, err := telegram.New(telegram.Config{Token: server.Token(), APIURL: api.URL})
	require.NoError(t, err)
	store, err := storage.OpenSized(t.Context(), storagetest.New(t), 2)
	require.NoError(t, err)
	t.Cleanup(store.Close)
	store = store.For(client.BotID)
	shown, err := view.New(view.Config{FollowUps: true})
	require.NoError(t, err)
	log := slog.New(slog.NewTextHandler(logs, nil))
	work := claims.New(store, log, func() {})
	require.NoError(t, work.Register(t.Context()))
	t.Cleanup(work.Close)
	return alone{server: server, logs: logs, Outbox: New(Needs{
		Telegram: client, Store: store, Work: work, View: shown, Metrics: prometheus.NewRegistry(), Log: log,
		Own:       func(*url.URL) bool { return false },
		Connected: func(context.Context, int64) (bool, error) { return true, nil },
	})}
}
