package bot

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/telegramtest"
)

// ready waits until readiness is as wanted: empty for ready, else a part of what is said.
func (w *world) ready(want string) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		err := w.bot.Load().Ready(w.t.Context())
		if want == "" || err == nil {
			return err == nil && want == ""
		}
		return strings.Contains(err.Error(), want)
	}, 30*time.Second, 20*time.Millisecond, "it does not become %q", want)
}

func TestReadinessFollowsTelegram(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ready("")
	w.telegram.ServerError(telegramtest.Match{})
	w.bot.Load().telegram.Heard(time.Now().Add(-2 * silence))
	w.ready("Telegram")
	w.telegram.Calm()
	w.ready("")
}

func TestAProcessThatDoesNotPollAndHasNothingToSayStaysReady(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ready("")
	w.telegram.Slow(time.Minute, telegramtest.Match{Method: "getUpdates"})
	calls := len(w.telegram.CallsOf("getMe"))
	w.bot.Load().telegram.Heard(time.Now().Add(-askAfter - time.Second))
	require.Eventually(t, func() bool { return len(w.telegram.CallsOf("getMe")) > calls }, 30*time.Second, 10*time.Millisecond)
	w.ready("")
}

func TestReadinessFollowsTheDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ready("")
	address, err := url.Parse(w.database)
	require.NoError(t, err)
	name := address.Path[1:]
	address.Path = "/postgres"
	admin, err := pgx.Connect(t.Context(), address.String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = admin.Close(context.Background()) })
	exec := func(statement string) {
		_, err := admin.Exec(t.Context(), statement)
		require.NoError(t, err)
	}
	for _, trouble := range []struct{ begin, end string }{
		{"ALLOW_CONNECTIONS false", "ALLOW_CONNECTIONS true"},
		{"SET default_transaction_read_only = on", "RESET default_transaction_read_only"},
	} {
		exec("ALTER DATABASE " + name + " " + trouble.begin)
		exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + name + "'")
		w.ready("database")
		exec("ALTER DATABASE " + name + " " + trouble.end)
		exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + name + "'")
		w.ready("")
	}
	w.number(w.say(w.alice, w.telegram.NewSupergroup("S"), "/ticket after the trouble"))
}

func TestAStoppedBotIsNotReady(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ready("")
	w.stop()
	w.ready("stopping")
}
