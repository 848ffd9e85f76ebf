// Package bottest is a whole bot between an emulated Telegram and an emulated LiveDesk, on a database of its own, for tests only.
//
// A test makes a World and plays the people, the agents and the operator: people write and press (people.go), agents answer with
// the methods of Desk and tests look at what became of tickets there (desk.go), operators watch (operator.go), and where there is
// no other way, tests look into the database (database.go). webhook.go has the World to which Telegram posts its updates.
//
// Methods that wait do so for half a minute or more, because machines that run tests are busy, and fail the test with what the
// bot has logged. Since this package needs package bot, tests that use it are in external packages: bot_test, desk_test.
//
// Start with New; where several small tests need no world of their own, with Parts.
package bottest

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"livedeskbot/bot"
	"livedeskbot/bot/logtest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk"
	"livedeskbot/livedesk/livedesktest"
	"livedeskbot/storage"
	"livedeskbot/storage/storagetest"
)

// patience is how long the methods wait whose wish comes true in milliseconds on an idle machine.
const patience = 30 * time.Second

// connections are those of one bot to its database, fewer than the service's: half of what a small test costs is Postgres beginning them.
const connections = 3

// World is a bot and everything around it. Its fields may be changed while no bot runs.
type World struct {
	Telegram *telegramtest.Server
	Desk     *livedesktest.Desk
	DeskURL  string        // of LiveDesk's API
	Timeout  time.Duration // of a request to LiveDesk
	Database string        // connection string
	Config   bot.Config
	Logs     *logtest.Buffer // of all bots of this world
	Alice    *telegramtest.Person

	t      testing.TB
	before int // tickets that LiveDesk had when the part began; see Part
	*running
}

// running is what the parts of a test share.
type running struct {
	whole testing.TB              // the test with all its parts
	lent  string                  // connection string of the database that New lent
	bot   atomic.Pointer[bot.Bot] // the last one started
	mu    sync.Mutex
	store *storage.Store // over the lent database, for the first bot; nil: it is in use
	db    *pgxpool.Pool
	stops []func() // of the bots that run
}

// New makes a world and starts its bot; change may alter the world before that. At the end of the test the bot is stopped, and
// fails the test if it has called what Telegram or LiveDesk do not have, has panicked, or has logged its token.
func New(t testing.TB, change ...func(*World)) *World {
	t.Helper()
	return NewWith(t, telegramtest.Options{}, change...)
}

// NewWith is New with another Telegram.
func NewWith(t testing.TB, o telegramtest.Options, change ...func(*World)) *World {
	t.Helper()
	store, database := storagetest.Lend(t, connections)
	w := &World{
		Telegram: telegramtest.New(o), Desk: livedesktest.New(livedesktest.Options{}),
		Timeout: time.Minute, Database: database, Logs: &logtest.Buffer{}, t: t,
		running: &running{whole: t, lent: database, store: store},
	}
	t.Cleanup(w.Telegram.Close)
	telegram, desk := httptest.NewServer(w.Telegram), httptest.NewServer(w.Desk)
	t.Cleanup(telegram.Close)
	t.Cleanup(func() { w.Desk.Clear(); desk.Close() })
	w.DeskURL = desk.URL + "/api/v2"
	w.Config = bot.Config{
		Token: w.Telegram.Token(), APIURL: telegram.URL, ChannelID: "inbox_100",
		Teams: []string{"IT Support", "ITサポート"}, Rate: 1000, NewChats: bot.Any, Private: bot.Any,
		MaxFiles: 20, Relay: true, FollowUps: true, TrackEvery: 200 * time.Millisecond,
	}
	w.Alice = w.newAlice()
	for _, c := range change {
		c(w)
	}
	w.Start()
	t.Cleanup(w.finish)
	return w
}

func (w *World) finish() {
	w.Stop()
	require.Empty(w.t, w.Telegram.Unknown(), "what Telegram does not have")
	require.Empty(w.t, w.Desk.Unknown(), "what LiveDesk does not have")
	require.NotContains(w.t, w.Logs.String(), w.Config.Token)
	require.NotContains(w.t, w.Logs.String(), "panic")
}

// Parts plays the parts of a test one after the other in this world, each as a subtest of t that has the part's name; see Part.
func (w *World) Parts(t *testing.T, parts ...func(*testing.T, *World)) {
	for _, part := range parts {
		name := runtime.FuncForPC(reflect.ValueOf(part).Pointer()).Name()
		t.Run(name[strings.LastIndex(name, ".")+1:], func(t *testing.T) { part(t, w.Part(t)) })
	}
}

// Part is this world for a subtest, when the one before has ended. Most of what a small test costs is the world, so subtests share one
// that ask it nothing about the whole: each has an Alice of its own, makes its own chats, and finds neither LiveDesk nor Telegram odd or in
// trouble, but logs, tables, metrics and what the emulators count are of all parts so far.
func (w *World) Part(t *testing.T) *World {
	t.Cleanup(func() {
		w.Desk.Clear()
		w.Desk.SetDrift(livedesktest.Drift{})
		w.Telegram.Calm()
	})
	within := *w
	within.t, within.before, within.Alice = t, w.Desk.Count(), w.newAlice()
	return &within
}

func (w *World) newAlice() *telegramtest.Person {
	return w.Telegram.NewPerson("Alice", telegramtest.LastName("Liddell"))
}

// Start runs a bot with the world's configuration until Stop, or until stop, which stops this one alone. Where another one
// runs, it is a replica beside it.
func (w *World) Start() (stop func()) {
	w.t.Helper()
	store, leave := w.connect()
	desk, err := livedesk.New(livedesk.Config{
		BaseURL: w.DeskURL, Key: livedesktest.DefaultKey, Secret: livedesktest.DefaultSecret, Timeout: w.Timeout,
	})
	require.NoError(w.t, err)
	log := slog.New(slog.NewTextHandler(w.Logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	b, err := bot.New(w.Config, desk, store, log)
	require.NoError(w.t, err)
	w.bot.Store(b)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(w.whole, <-done)
		leave()
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stops = append(w.stops, stop)
	return stop
}

// connect returns a store for a bot, and what the bot does with it in the end.
func (w *World) connect() (store *storage.Store, leave func()) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if store := w.store; store != nil && w.Database == w.lent {
		w.store = nil
		return store, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.store = store
		}
	}
	store, err := storage.OpenSized(w.whole.Context(), w.Database, connections)
	require.NoError(w.t, err)
	return store, store.Close
}

// Stop stops every bot that runs, as SIGTERM does.
func (w *World) Stop() {
	w.mu.Lock()
	stops := w.stops
	w.stops = nil
	w.mu.Unlock()
	for _, stop := range stops {
		stop()
	}
}

// Bot is the bot that was started last.
func (w *World) Bot() *bot.Bot { return w.bot.Load() }

// Context ends with the test, or after a minute.
func (w *World) Context() context.Context {
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	w.t.Cleanup(cancel)
	return ctx
}

// Eventually waits until something has come true; what says what that is.
func (w *World) Eventually(is func() bool, what ...string) {
	w.t.Helper()
	require.Eventually(w.t, is, patience, 10*time.Millisecond, "%s\n%s", strings.Join(what, " "), w.Logs)
}
