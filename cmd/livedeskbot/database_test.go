package main

import (
	"context"
	"net/http"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/telegramtest"
)

func TestNothingIsAcknowledgedWhileTheDatabaseIsInTrouble(t *testing.T) {
	t.Parallel()
	pg := newPostgres(t)
	w := newWorld(t, pg.server.URL(), telegramtest.Options{}, nil)
	p := w.ready()
	healthy := w.watchHealth(p)
	chat := w.telegram.NewSupergroup("Group")
	for _, trouble := range []struct {
		name       string
		begin, end func()
	}{
		{"gone", func() { pg.end(syscall.SIGINT) }, pg.start},
		{"crashed", func() { pg.end(syscall.SIGKILL) }, pg.start},
		{"stuck", pg.suspend, pg.resume},
		{"read-only", func() { w.makeReadOnly("on") }, func() { w.makeReadOnly("off") }},
		{"full", w.fillUp, w.makeRoom},
	} {
		t.Log(trouble.name)
		trouble.begin()
		m := w.telegram.Say(w.alice, chat, "/ticket "+trouble.name)
		w.eventually(func() bool { return p.get("/readyz") == http.StatusServiceUnavailable }, "%s: still ready\n%s", trouble.name, p.log)
		// Long enough for several tries to store it.
		require.Never(t, func() bool { return !w.telegram.Unconfirmed(m.Update) }, time.Second, 50*time.Millisecond, trouble.name)
		require.Empty(t, w.telegram.Replies(m))
		trouble.end()
		w.hears(m, "tk_")
		w.eventually(func() bool { return p.get("/readyz") == http.StatusOK }, "%s: not ready again\n%s", trouble.name, p.log)
		// What it told while it was not marked as alive, it may take back and tell again.
		w.eventually(func() bool { return len(w.telegram.Replies(m)) == 1 }, "%s: not one reply", trouble.name)
	}
	require.Equal(t, 5, w.desk.Count())
	require.True(t, healthy(), "/healthz did not always answer")
	w.settle(patience)
}

// watchHealth asks for the health of the process again and again until stop is called, which reports whether it was always
// good.
func (w *world) watchHealth(p *process) (stop func() bool) {
	ctx, cancel := context.WithCancel(w.t.Context())
	w.t.Cleanup(cancel)
	var ill atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			if p.get("/healthz") != http.StatusOK && ctx.Err() == nil {
				ill.Store(true)
			}
			time.Sleep(50 * time.Millisecond)
		}
	}()
	return func() bool {
		cancel()
		<-done
		return !ill.Load()
	}
}

// makeReadOnly is what a failed-over primary looks like to those who are still connected to it.
func (w *world) makeReadOnly(on string) {
	w.t.Helper()
	w.admin(`SET transaction_read_only = off; ALTER DATABASE postgres SET default_transaction_read_only = ` + on)
	w.admin(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'livedeskbot'`)
}

// fillUp lets every row be refused as a full disk does, makeRoom ends that.
func (w *world) fillUp() {
	w.t.Helper()
	w.admin(`
		CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
			BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$`)
	for _, table := range []string{"updates", "tickets", "processes", "chats", "questions", "posts"} {
		w.admin(`CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON ` + table + ` EXECUTE FUNCTION full_disk()`)
	}
}

func (w *world) makeRoom() {
	w.t.Helper()
	w.admin(`DROP FUNCTION full_disk CASCADE`)
}

func (w *world) admin(sql string) {
	w.t.Helper()
	conn, err := pgx.Connect(w.t.Context(), w.database)
	require.NoError(w.t, err)
	defer conn.Close(w.t.Context())
	_, err = conn.Exec(w.t.Context(), sql)
	require.NoError(w.t, err)
}
