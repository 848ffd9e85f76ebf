// Package inbox takes updates in, by polling or by webhook, and hands each to a [Handler]: after it is stored, in the order of
// each person, with what concerns a whole chat first, and as often as it takes until it is done. Telegram gets its acknowledgement
// only when an update is in the journal, or the ticket that it asks for is stored; nothing that matters can be lost from then on.
//
// poll.go and webhook.go receive, journal.go stores and hands on, queue.go keeps one person's messages in order and bounds the
// memory. Begin with journal.go.
package inbox

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-telegram/bot/models"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"livedeskbot/bot/claims"
	"livedeskbot/bot/telegram"
	"livedeskbot/storage"
)

// Config is what the operator decides of receiving updates.
type Config struct {
	WebhookURL    string // empty: long polling
	WebhookSecret string
}

// Handler does what updates want.
type Handler interface {
	// Relevant reports whether an update can mean anything to the bot, and in which lane it goes. It must not need to know the
	// bot's name, which is not known before Telegram has answered once.
	Relevant(u *models.Update) (Lane, bool)
	// Sift says what may be kept of relevant updates that have arrived: each as it is, another one in its place, or nil for
	// nothing. An error says that they are to be delivered again.
	Sift(ctx context.Context, updates []*models.Update) ([]*models.Update, error)
	// Keeps reports whether what was said in a chat may be kept for a look where it cannot be handled.
	Keeps(ctx context.Context, chat int64) bool
	// Opens returns what opens the ticket that an update asks for and marks the update as done, in the commit that would else
	// journal it; nil: the update wants something else, or more than that. false: nothing was stored, as far as is known, and the
	// update is to be journalled.
	Opens(u *models.Update) (open func(context.Context) bool)
	// Handle does what an update wants. finished says that it is marked as done already, in the same commit as what came of
	// it. An error says that it is to be tried again.
	Handle(ctx context.Context, u *models.Update) (finished bool, err error)
}

// Needs is what an inbox is made of.
type Needs struct {
	Telegram *telegram.Client
	Store    *storage.Store
	Work     *claims.Worker
	Handler  Handler
	Metrics  prometheus.Registerer
	Log      *slog.Logger
}

// Inbox is the stage between Telegram's updates and the handler.
type Inbox struct {
	cfg      Config
	telegram *telegram.Client
	store    *storage.Store
	work     *claims.Worker
	handler  Handler
	metrics  metrics
	log      *slog.Logger
	queue    *queue
	hook     hook
	refused  atomic.Int64 // when the journal last refused updates, Unix nanoseconds; 0: it takes them
	suspects sync.Mutex   // held while an update is handled that processes died with
}

// New returns an inbox that is ready to Run. It starts nothing and calls nobody.
func New(cfg Config, n Needs) *Inbox {
	queue := newQueue()
	return &Inbox{
		cfg: cfg, telegram: n.Telegram, store: n.Store, work: n.Work, handler: n.Handler, metrics: newMetrics(n.Metrics, queue),
		log: n.Log, queue: queue,
	}
}

// Run takes updates in until ctx ends. What it has handed on by then goes on in work, which outlives ctx.
func (in *Inbox) Run(ctx, work context.Context) {
	var loops errgroup.Group
	loops.Go(func() error { in.takeUp(ctx, work); return nil })
	if in.cfg.WebhookURL == "" {
		loops.Go(func() error { in.poll(ctx, work); return nil })
	} else {
		loops.Go(func() error { in.takePosts(ctx, work); return nil })
	}
	_ = loops.Wait() // they return none
}

// Wake makes the inbox look for updates in the journal.
func (in *Inbox) Wake() { in.queue.refill() }

// Stop lets each lane finish what it has in work and nothing more.
func (in *Inbox) Stop() { in.queue.stop() }

// refusedFor is how long a refusal of the journal counts, unless it takes an update earlier: a full disk answers every
// question and takes no rows. Telegram repeats what was not taken sooner.
const refusedFor = 10 * time.Second

// Stores reports whether the journal takes updates, as far as is known.
func (in *Inbox) Stores() bool { return time.Since(time.Unix(0, in.refused.Load())) >= refusedFor }

// noteStored notes whether the journal took updates.
func (in *Inbox) noteStored(err error) {
	if err == nil {
		in.refused.Store(0)
	} else {
		in.refused.Store(time.Now().UnixNano())
	}
}
