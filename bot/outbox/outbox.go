// Package outbox is everything that is told: the card of each ticket, what is news beside it, and the answers to people. What is
// told is derived from a ticket's row, never from a variable, so telling again after a crash gives the same words; the row
// says what has been told. storage/telling.go has the table of those states.
//
// tell.go keeps the card true, muted.go waits for chats that may not be written to for now, notices.go tells what is news beside
// it, feed.go tells staff, private.go those who follow in private, files.go passes agents' files on, which fetch.go gets from where
// it may, answer.go answers a person's message. Glossary: answer is to a person's message; tell is about a ticket's row; post and
// edit are calls to Telegram.
package outbox

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"livedeskbot/bot/claims"
	"livedeskbot/bot/telegram"
	"livedeskbot/bot/view"
	"livedeskbot/bot/wait"
	"livedeskbot/storage"
)

// Needs is what an outbox is made of.
type Needs struct {
	Telegram *telegram.Client
	Store    *storage.Store
	Work     *claims.Worker
	View     *view.View
	Own      func(address *url.URL) bool // reports whether an address is on LiveDesk's own host
	Feeds    []Feed
	// Connected reports whether a chat may be told anything.
	Connected func(ctx context.Context, chat int64) (bool, error)
	Metrics   prometheus.Registerer
	Log       *slog.Logger
}

// Outbox is the stage between rows and Telegram. Safe for concurrent use.
type Outbox struct {
	telegram  *telegram.Client
	store     *storage.Store
	work      *claims.Worker
	view      *view.View
	connected func(ctx context.Context, chat int64) (bool, error)
	log       *slog.Logger
	due       wait.Signal   // something is to be told
	fetching  chan struct{} // files of agents in hand
	agents    *http.Client  // fetches their files; follows redirects, with which file stores answer
	waited    prometheus.Histogram
	muted     sync.Map // chats, as int64, that this process may not write to for now, as far as it has seen
	feeders   []*feeder
	busy      sync.Map // tickets, by id, that have just been opened: the *time.Timer after which the bot shows that it is at work
}

// New returns an outbox that is ready to Run. It starts nothing and calls nobody.
func New(n Needs) *Outbox {
	o := &Outbox{
		telegram: n.Telegram, store: n.Store, work: n.Work, view: n.View, connected: n.Connected, log: n.Log, due: wait.NewSignal(),
		fetching: make(chan struct{}, maxFetched),
		agents:   newFetcher(n.Own, n.Log),
		waited: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "livedeskbot_ticket_seconds", Help: "From the storing of a ticket to its first outcome in the chat.",
			Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 3600},
		}),
	}
	o.feeders = newFeeders(o, n.Feeds)
	n.Metrics.MustRegister(o.waited)
	return o
}

// Wake makes the outbox look for rows that have something to tell.
func (o *Outbox) Wake() {
	o.due.Up()
	o.wakeFeeds()
}
