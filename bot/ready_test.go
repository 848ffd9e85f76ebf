package bot_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"livedeskbot/bot"
	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
)

func TestReadinessFollowsTelegram(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	w.Ready("")
	w.Telegram.ServerError(telegramtest.Match{})
	w.Bot().HeardOfTelegram(time.Now().Add(-2 * bot.Silence))
	w.Ready("Telegram")
	w.Telegram.Calm()
	w.Ready("")
}

func TestAProcessThatDoesNotPollAndHasNothingToSayStaysReady(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	w.Ready("")
	w.Telegram.Slow(time.Minute, telegramtest.Match{Method: "getUpdates"})
	calls := len(w.Telegram.CallsOf("getMe"))
	w.Bot().HeardOfTelegram(time.Now().Add(-bot.AskAfter - time.Second))
	w.Eventually(func() bool { return len(w.Telegram.CallsOf("getMe")) > calls })
	w.Ready("")
}

func TestReadinessFollowsTheDatabase(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	w.Ready("")
	address, err := url.Parse(w.Database)
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
		w.Ready("database")
		exec("ALTER DATABASE " + name + " " + trouble.end)
		exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + name + "'")
		w.Ready("")
	}
	w.Number(w.Say(w.Alice, w.Telegram.NewSupergroup("S"), "/ticket after the trouble"))
}

func TestAStoppedBotIsNotReady(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	w.Ready("")
	w.Stop()
	w.Ready("stopping")
}
