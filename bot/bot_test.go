package bot

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/logtest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk"
	"livedeskbot/livedesk/livedesktest"
	"livedeskbot/storage"
	"livedeskbot/storage/storagetest"
)

// world is a bot between an emulated Telegram and an emulated LiveDesk, on a database of its own.
type world struct {
	t        *testing.T
	telegram *telegramtest.Server
	desk     *livedesktest.Desk
	deskURL  string
	timeout  time.Duration // of a request to LiveDesk
	database string
	cfg      Config
	logs     *logtest.Buffer
	bot      atomic.Pointer[Bot] // the last one started
	stop     func()              // stops the bot as SIGTERM does
	alice    *telegramtest.Person
}

// newWorld makes a world; change may alter the bot's configuration before it starts.
func newWorld(t *testing.T, change ...func(*world)) *world {
	w := &world{
		t:        t,
		telegram: telegramtest.New(telegramtest.Options{}),
		desk:     livedesktest.New(livedesktest.Options{}),
		database: storagetest.New(t),
		logs:     &logtest.Buffer{},
		timeout:  time.Minute,
	}
	t.Cleanup(w.telegram.Close)
	telegram, desk := httptest.NewServer(w.telegram), httptest.NewServer(w.desk)
	t.Cleanup(telegram.Close)
	t.Cleanup(func() { w.desk.Clear(); desk.Close() })
	w.deskURL = desk.URL + "/api/v2"
	w.cfg = Config{
		Token: w.telegram.Token(), APIURL: telegram.URL, ChannelID: "inbox_100",
		Teams: []string{"IT Support", "ITサポート"}, Rate: 1000,
		MaxFiles: 20, Relay: true, FollowUps: true, TrackEvery: 200 * time.Millisecond,
	}
	w.alice = w.telegram.NewPerson("Alice", telegramtest.LastName("Liddell"))
	for _, c := range change {
		c(w)
	}
	w.start()
	t.Cleanup(func() {
		w.stop()
		require.Empty(t, w.telegram.Unknown(), "what Telegram does not have")
		require.Empty(t, w.desk.Unknown(), "what LiveDesk does not have")
		require.NotContains(t, w.logs.String(), w.cfg.Token)
		require.NotContains(t, w.logs.String(), "panic")
	})
	return w
}

// start runs the bot until stop.
func (w *world) start() {
	store, err := storage.Open(w.t.Context(), w.database)
	require.NoError(w.t, err)
	desk, err := livedesk.New(livedesk.Config{
		BaseURL: w.deskURL, Key: livedesktest.DefaultKey, Secret: livedesktest.DefaultSecret, Timeout: w.timeout,
	})
	require.NoError(w.t, err)
	log := slog.New(slog.NewTextHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	b, err := New(w.cfg, desk, store, log)
	require.NoError(w.t, err)
	w.bot.Store(b)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(w.t, <-done)
		store.Close()
	})
}

// say lets a person write and returns the bot's reply.
func (w *world) say(who *telegramtest.Person, where telegramtest.Place, text string, how ...telegramtest.Saying) *telegramtest.Message {
	w.t.Helper()
	m := w.telegram.Say(who, where, text, how...)
	reply, err := w.telegram.WaitReply(w.context(), m)
	require.NoError(w.t, err, "no reply to %q\n%s", text, w.logs)
	return reply
}

// becomes waits until a message of the bot contains a text, in place.
func (w *world) becomes(m *telegramtest.Message, text string) *telegramtest.Message {
	w.t.Helper()
	now, err := w.telegram.WaitMessage(w.context(), m.Chat, func(x *telegramtest.Message) bool {
		return x.ID == m.ID && strings.Contains(x.Text, text)
	})
	require.NoError(w.t, err, "%q did not become %q\n%s", m.Chat.Message(m.ID).Text, text, w.logs)
	return now
}

// hears waits until the bot has said something with a text in a chat.
func (w *world) hears(chat *telegramtest.Chat, text string) *telegramtest.Message {
	w.t.Helper()
	m, err := w.telegram.WaitMessage(w.context(), chat, func(x *telegramtest.Message) bool { return strings.Contains(x.Text, text) })
	require.NoError(w.t, err, "%q was not said\n%s", text, w.logs)
	return m
}

// quiet gives the bot a message that it must answer, in a private chat, and so waits until it has dealt with what came
// before from the same person elsewhere.
func (w *world) quiet(who *telegramtest.Person) {
	w.t.Helper()
	w.say(who, w.telegram.Private(who), "/help")
}

func (w *world) context() context.Context {
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	w.t.Cleanup(cancel)
	return ctx
}

var numberForm = regexp.MustCompile(`tk_[0-9]{8}_[0-9a-z]+`)

// number waits until a message of the bot names a ticket, which on a slow machine it does by an edit, and returns its number.
func (w *world) number(m *telegramtest.Message) string {
	w.t.Helper()
	return numberForm.FindString(w.becomes(m, "tk_").Text)
}

// body is the request body of the only ticket.
func (w *world) body() map[string]any {
	w.t.Helper()
	tickets := w.desk.Tickets()
	require.Len(w.t, tickets, 1)
	var body map[string]any
	require.NoError(w.t, json.Unmarshal(tickets[0].CreateBody, &body))
	return body
}
