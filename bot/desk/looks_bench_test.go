package desk_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"livedeskbot/bot/claims"
	"livedeskbot/bot/desk"
	"livedeskbot/bot/view"
	"livedeskbot/livedesk"
	"livedeskbot/livedesk/livedesktest"
	"livedeskbot/storage"
	"livedeskbot/storage/storagetest"
)

// BenchmarkLooks looks at tickets of which there is no news and that are all due, at a rate that holds nobody up: how many requests a second come to a LiveDesk that
// answers at once, and to one that takes 50 ms.
//
//	go test ./bot/desk -run '^$' -bench Looks -benchtime 5000x
func BenchmarkLooks(b *testing.B) {
	for _, answer := range []time.Duration{0, 50 * time.Millisecond} {
		b.Run(answer.String(), func(b *testing.B) { benchmarkLooks(b, answer) })
	}
}

func benchmarkLooks(b *testing.B, answer time.Duration) {
	var seen atomic.Int64
	all := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if seen.Add(1) == int64(b.N) {
			close(all)
		}
		time.Sleep(answer)
		fmt.Fprintf(w, `{"code":0,"data":{"ticket_id":%q,"title":"T","status":"open"}}`, path.Base(r.URL.Path))
	}))
	defer server.Close()
	client, err := livedesk.New(livedesk.Config{BaseURL: server.URL, Key: livedesktest.DefaultKey, Secret: livedesktest.DefaultSecret})
	require.NoError(b, err)
	store, err := storage.Open(b.Context(), storagetest.New(b))
	require.NoError(b, err)
	defer store.Close()
	log := slog.New(slog.DiscardHandler)
	work := claims.New(store, log, func() {})
	require.NoError(b, work.Register(b.Context()))
	defer work.Close()
	_, err = store.Pool().Exec(b.Context(), `
		INSERT INTO tickets (telegram_ref, bot_id, chat_id, sender_id, request, state, ticket_id, status, told, view, due_at, changed_at)
		SELECT n, 0, -1, 1, '{}', 'created', 'tk_' || n, 'open', 1, $2, now(), now() - interval '3 days' FROM generate_series(1, $1::int) n`,
		b.N, view.ShownOf(livedesk.Ticket{Title: "T", Status: "open"}).JSON())
	require.NoError(b, err)
	_, err = store.Pool().Exec(b.Context(), `ANALYZE tickets`)
	require.NoError(b, err)
	d := desk.New(desk.Config{Rate: 10_000, TrackEvery: time.Hour}, desk.Needs{
		Client: client, Store: store, Work: work, Teller: teller{}, Metrics: prometheus.NewRegistry(), Waited: func(time.Duration) {}, Log: log,
	})
	ctx, stop := context.WithCancel(b.Context())
	b.ResetTimer()
	go func() { <-all; stop() }()
	d.Run(ctx, context.WithoutCancel(ctx))
	work.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "looks/s")
}
