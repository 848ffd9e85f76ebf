package outbox

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5"
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
	server   *telegramtest.Server
	logs     *logtest.Buffer
	database string // connection string
}

func newAlone(t *testing.T) alone {
	t.Helper()
	server, logs := telegramtest.New(telegramtest.Options{}), &logtest.Buffer{}
	t.Cleanup(server.Close)
	api := httptest.NewServer(server)
	t.Cleanup(api.Close)
	client, err := telegram.New(telegram.Config{Token: server.Token(), APIURL: api.URL})
	require.NoError(t, err)
	store, database := storagetest.Lend(t, 3)
	store = store.For(client.BotID)
	shown, err := view.New(view.Config{FollowUps: true})
	require.NoError(t, err)
	log := slog.New(slog.NewTextHandler(logs, nil))
	work := claims.New(store, log, func() {})
	require.NoError(t, work.Register(t.Context()))
	t.Cleanup(work.Close)
	return alone{server: server, logs: logs, database: database, Outbox: New(Needs{
		Telegram: client, Store: store, Work: work, View: shown, Metrics: prometheus.NewRegistry(), Log: log,
		Own:       func(*url.URL) bool { return false },
		Connected: func(context.Context, int64) (bool, error) { return true, nil },
	})}
}

// sql runs a statement in the outbox's database, for what nothing else can do.
func (o alone) sql(t *testing.T, statement string, args ...any) {
	t.Helper()
	db, err := pgx.Connect(t.Context(), o.database)
	require.NoError(t, err)
	_, err = db.Exec(t.Context(), statement, args...)
	require.NoError(t, err)
	require.NoError(t, db.Close(t.Context()))
}

// open stores a ticket that a person asked for in a chat, and follows.
func (o alone) open(t *testing.T, chat, person int64) storage.Ticket {
	t.Helper()
	ticket, err := o.store.OpenTicket(t.Context(), storage.NewTicket{
		Ref: fmt.Sprint(chat, "/", person), BotID: o.telegram.BotID, ChatID: chat, MessageID: 1, SenderID: person, SenderName: "Alice",
		Request: []byte(`{"title":"Door"}`), State: storage.StateSending, Followers: []storage.Person{{ID: person, Name: "Alice"}},
	}, o.work.Number(), 0)
	require.NoError(t, err)
	return ticket
}
