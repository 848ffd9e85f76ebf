package inbox

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	tg "github.com/go-telegram/bot"
	"github.com/stretchr/testify/require"

	"livedeskbot/bot/logtest"
	"livedeskbot/bot/telegram/telegramtest"
)

const hookURL = "http://127.0.0.1:1/" + hookSecret

// direct hands requests to a handler without a network, whose connections would stop the clock of a bubble.
type direct struct{ http.Handler }

func (d direct) Do(r *http.Request) (*http.Response, error) { return d.RoundTrip(r) }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w.Result(), nil
}

// newWatched is an inbox that knows nothing of updates but where they are posted by the emulated Telegram, and its log.
func newWatched(t *testing.T, hook http.HandlerFunc) (*Inbox, *telegramtest.Server, *logtest.Buffer) {
	server := telegramtest.New(telegramtest.Options{WebhookClient: &http.Client{Transport: direct{hook}}})
	t.Cleanup(server.Close)
	in, logs := newIdle(t, nil), &logtest.Buffer{}
	in.cfg.WebhookURL, in.log = hookURL, slog.New(slog.NewTextHandler(logs, nil))
	var err error
	in.telegram.Bot, err = tg.New(server.Token(), tg.WithSkipGetMe(), tg.WithHTTPClient(time.Minute, direct{server}))
	require.NoError(t, err)
	return in, server, logs
}

// redirect sets another webhook, as somebody else might.
func redirect(t *testing.T, in *Inbox, to string) {
	t.Helper()
	_, err := in.telegram.SetWebhook(t.Context(), &tg.SetWebhookParams{URL: to})
	require.NoError(t, err)
}

func TestTheWebhookIsSetAgainWithinTenSecondsAfterItIsNotOurs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in, server, logs := newWatched(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); in.takePosts(ctx, ctx) }()
		sets := func() int { return len(server.CallsOf("setWebhook")) }
		synctest.Wait()
		require.Equal(t, 1, sets())
		set := server.CallsOf("setWebhook")[0].Params
		require.Equal(t, hookURL, set["url"])
		require.Equal(t, "40", set["max_connections"])
		require.Zero(t, in.telegram.Silent())

		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, 1, sets(), "it is ours")
		require.Len(t, server.CallsOf("getWebhookInfo"), 6)
		require.Zero(t, in.telegram.Silent())

		for i, other := range []string{"http://127.0.0.1:1/other", ""} {
			redirect(t, in, other)
			time.Sleep(10 * time.Second)
			synctest.Wait()
			require.Equal(t, 3+2*i, sets())
			require.Equal(t, 1+i, strings.Count(logs.String(), "it is set again"))
		}

		server.Fail(500, "Internal Server Error", telegramtest.Match{Method: "getWebhookInfo", Times: 1})
		redirect(t, in, "")
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Equal(t, 6, sets(), "Telegram does not say whose it is")
		require.Equal(t, 1, strings.Count(logs.String(), "cannot ask for the webhook"))
		require.Equal(t, 10*time.Second, in.telegram.Silent())
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Equal(t, 7, sets())

		cancel()
		<-ended
		require.ErrorIs(t, in.hook.take(t.Context(), nil), errNotServing)
		require.NotContains(t, logs.String(), hookSecret)
	})
}

func TestTheWebhookIsTriedUntilTelegramTakesIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in, server, logs := newWatched(t, nil)
		server.Fail(500, "Internal Server Error", telegramtest.Match{Method: "setWebhook", Times: 3})
		began := time.Now()
		in.setWebhook(t.Context())
		require.Equal(t, 700*time.Millisecond, time.Since(began), "100 ms, and twice as long each time")
		require.Equal(t, 3, strings.Count(logs.String(), "cannot set the webhook"))

		server.Fail(500, "Internal Server Error", telegramtest.Match{Method: "setWebhook"})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		in.setWebhook(ctx)
		require.Error(t, ctx.Err())
	})
}

func TestWhatTelegramCouldNotDeliverIsLoggedOnceAndWithoutTheSecret(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var down atomic.Bool
		in, server, logs := newWatched(t, func(w http.ResponseWriter, _ *http.Request) {
			if down.Load() {
				w.WriteHeader(http.StatusBadGateway)
			}
		})
		told := func() int { return strings.Count(logs.String(), "could not deliver") }
		redirect(t, in, hookURL)
		fail := func() {
			down.Store(true)
			_, err := server.Push(`{"my_chat_member":{}}`)
			require.NoError(t, err)
			time.Sleep(time.Second)
			down.Store(false)
		}
		fail()
		time.Sleep(time.Second)

		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go in.watchWebhook(ctx)
		time.Sleep(11 * time.Second)
		require.Zero(t, told(), "what went wrong before is history")
		fail()
		time.Sleep(30 * time.Second)
		require.Equal(t, 1, told(), logs)
		require.Contains(t, logs.String(), "502 Bad Gateway")
		require.NotContains(t, logs.String(), hookSecret)
	})
}
