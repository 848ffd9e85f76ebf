// Package outbox is everything that is told: the card of each ticket, what is news beside it, and the answers to people. What is
// told is derived from a ticket's row, never from a variable, so telling again after a crash gives the same words; the row
// says what has been told. storage/telling.go has the table of those states.
//
// tell.go keeps the card true, notices.go tells what is news beside it, feed.go tells staff, private.go those who follow in private, files.go passes agents' files on, answer.go answers a
// person's message. Glossary: answer is to a person's message; tell is about a ticket's row; post and edit are calls to Telegram.
package outbox

import (
	"log/slog"
	"net/http"

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
	Feeds    []Feed
	Metrics  prometheus.Registerer
	Log      *slog.Logger
}

// Outbox is the stage between rows and Telegram. Safe for concurrent use.
type Outbox struct {
	telegram *telegram.Client
	store    *storage.Store
	work     *claims.Worker
	view     *view.View
	log      *slog.Logger
	due      wait.Signal   // something is to be told
	fetching chan struct{} // files of agents in hand
	agents   *http.Client  // fetches their files; follows redirects, with which file stores answer
	waited   prometheus.Histogram
	feeders  []*feeder
}

// New returns an outbox that is ready to Run. It starts nothing and calls nobody.
func New(n Needs) *Outbox {
	o := &Outbox{
		telegram: n.Telegram, store: n.Store, work: n.Work, view: n.View, log: n.Log, due: wait.NewSignal(),
		fetching: make(chan struct{}, maxFetched),
		agents:   &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()},
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
