// Package bot is the Telegram side of the ticket bot: it takes updates in, decides what people want, asks LiveDesk for it
// and tells them what came of it. The promise: every /ticket gets exactly one outcome, whatever crashes or is delivered
// twice.
//
// The way of an update: poll.go or webhook.go receives it, intake.go journals it in Postgres before Telegram gets its
// acknowledgement, queue.go keeps one person's messages in order, route.go and command.go say what is wanted (pure
// functions), and act.go hands it to one file per intention: ticket.go, status.go, follow.go, button.go, addition.go.
//
// The way of a ticket: ticket.go stores it, files.go carries its files, desk.go brings it to LiveDesk, track.go looks at it
// from then on, amend.go changes it there. tell.go keeps its card true, relay.go posts what is news beside the card. Each
// step is a change of the ticket's row, so that any process can go on from there; what is told is derived from the row.
// process.go, hands.go and strays.go see to it that every row is worked on by one living process.
//
// send.go alone knows what Telegram answers, gate.go how fast it may be asked, telegram.go how; access.go knows who may
// see what. The words stand in locales, which text.go reads; card.go and conversation.go show a ticket in them, and
// html.go, markdown.go and split.go make them fit Telegram. Operators ask ready.go, metrics.go and check.go.
package bot

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	tg "github.com/go-telegram/bot"
	"golang.org/x/sync/errgroup"

	"livedeskbot/bot/claims"
	"livedeskbot/bot/telegram"
	"livedeskbot/bot/view"
	"livedeskbot/bot/wait"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

// Config is what the operator decides; README.md explains each setting.
type Config struct {
	Token         string // of the bot, "digits:characters"
	APIURL        string // Bot API server without trailing slash
	WebhookURL    string // empty: long polling
	WebhookSecret string

	ChannelID    string           // LiveDesk's channel of the requester's channel contact
	Teams        []string         // that people may choose from
	ConsoleURL   string           // link to a ticket for staff, with {ticket_id}; empty: none
	Rate         int              // requests a second to LiveDesk
	StaffChats   []int64          // whose members are staff
	StaffMembers map[int64]string // Telegram user to LiveDesk member
	PerMinute    int              // tickets one person may open in a minute; 0: no limit
	MaxFiles     int              // files taken along with one ticket
	Relay        bool             // agents' replies and changes of status are posted
	FollowUps    bool             // what people reply to a card is added to the ticket
	TrackEvery   time.Duration    // shortest time between two looks at a ticket
	Language     string           // of all texts
}

// Shutdown is the longest that work in hand may take once Run has been told to stop.
const Shutdown = 20 * time.Second

// Bot is the service between Telegram, LiveDesk and Postgres. Make one with New.
type Bot struct {
	cfg   Config
	desk  timedDesk
	store *storage.Store
	log   *slog.Logger

	telegram *telegram.Client
	view     *view.View
	staff    map[int64]bool // chats

	metrics    *metrics
	hook       hook
	work       *claims.Worker
	queue      *queue
	throttle   *throttle
	tellings   wait.Signal   // something is to be told
	waiting    wait.Signal   // a ticket is due to be sent
	carrying   wait.Signal   // a file is to be carried
	looks      wait.Signal   // a ticket is to be looked at
	slots      chan struct{} // requests with LiveDesk
	fetching   chan struct{} // files of agents in hand
	agentFiles *http.Client  // follows redirects, with which file stores answer
	backlog    atomic.Bool   // tickets wait that were asked for earlier

	username atomic.Pointer[string]
	identity chan struct{} // closed once username is known
	unstored atomic.Int64  // when the journal last refused updates, Unix nanoseconds; 0: it takes them
	suspects sync.Mutex    // held while an update is handled that processes died with
}

// New returns a bot that is ready to Run. It starts nothing and calls nobody.
func New(cfg Config, desk *livedesk.Client, store *storage.Store, log *slog.Logger) (*Bot, error) {
	shown, err := view.New(view.Config{
		Language: cfg.Language, ConsoleURL: cfg.ConsoleURL, Teams: cfg.Teams, FollowUps: cfg.FollowUps,
	})
	if err != nil {
		return nil, err
	}
	queue := newQueue()
	metrics := newMetrics(queue, store)
	client, err := telegram.New(telegram.Config{
		Token: cfg.Token, APIURL: cfg.APIURL, Called: metrics.called, Waited: metrics.waited(limitTelegram), Log: log,
	})
	if err != nil {
		return nil, err
	}
	b := &Bot{
		cfg: cfg, desk: timedDesk{desk, metrics.desk}, store: store, log: log,
		telegram: client, view: shown, staff: map[int64]bool{}, metrics: metrics,
		queue: queue, work: claims.New(store, log, metrics.panics.Inc), throttle: newThrottle(cfg.Rate),
		tellings: wait.NewSignal(), waiting: wait.NewSignal(), carrying: wait.NewSignal(), looks: wait.NewSignal(), slots: make(chan struct{}, maxRequests),
		fetching:   make(chan struct{}, maxFetched),
		agentFiles: &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()},
		identity:   make(chan struct{}),
	}
	for _, chat := range cfg.StaffChats {
		b.staff[chat] = true
	}
	return b, nil
}

// Run serves until ctx ends, then finishes the work in hand within Shutdown. It needs no outside service to start: what
// is away is waited for. It returns an error only where going on makes no sense.
func (b *Bot) Run(ctx context.Context) error {
	defer context.AfterFunc(ctx, b.work.Stop)()
	// Work in hand outlives ctx, the loops that take up work do not.
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	if err := b.work.Register(ctx); err != nil {
		return nil //nolint:nilerr // ctx ended before the database was there: nothing was begun
	}
	defer b.work.Close()

	loops, ctx := errgroup.WithContext(ctx)
	loops.Go(func() error { b.work.Run(ctx, b.lookAround); return nil })
	loops.Go(func() error { b.introduce(ctx); return nil })
	loops.Go(func() error { b.takeUp(ctx, work); return nil })
	loops.Go(func() error { b.sendWaiting(ctx, work); return nil })
	loops.Go(func() error { b.tellDue(ctx, work); return nil })
	loops.Go(func() error { b.carryFiles(ctx, work); return nil })
	loops.Go(func() error { b.track(ctx, work); return nil })
	loops.Go(func() error { b.forgetOld(ctx); return nil })
	loops.Go(func() error { b.keepInTouch(ctx); return nil })
	if b.cfg.WebhookURL == "" {
		loops.Go(func() error { b.poll(ctx, work); return nil })
	} else {
		loops.Go(func() error { b.takePosts(ctx, work); return nil })
	}
	err := loops.Wait()
	b.work.Stop()
	b.queue.stop()
	b.finish(cancel)
	return err
}

// finish waits for the work in hand, at most Shutdown.
func (b *Bot) finish(cancel context.CancelFunc) {
	done := make(chan struct{})
	go func() { b.work.Wait(); close(done) }()
	// What only waits for its turn in a limited chat need not hold up the stop: it is told after the next start.
	defer time.AfterFunc(Shutdown/4, b.telegram.CloseGate).Stop()
	select {
	case <-done:
	case <-time.After(Shutdown):
		b.log.Warn("stopped with work in hand; it is taken up at the next start")
		cancel()
	}
}

// introduce learns the bot's own name, without which commands cannot be read, and sets Telegram's menu of commands.
func (b *Bot) introduce(ctx context.Context) {
	for delay := time.Duration(0); ; delay = wait.Backoff(delay, 250*time.Millisecond, 5*time.Second) {
		if wait.Sleep(ctx, delay) != nil {
			return
		}
		me, err := b.telegram.GetMe(ctx)
		if err == nil && me.Username != "" {
			b.telegram.Heard(time.Now())
			b.username.Store(&me.Username)
			close(b.identity)
			b.log.Info("serving", "bot", me.Username, "process", b.work.Number())
			break
		}
		if ctx.Err() == nil {
			b.log.Warn("Telegram does not say who this bot is", "error", b.telegram.Redact(err))
		}
	}
	if err := b.setMenu(ctx); err != nil && ctx.Err() == nil {
		b.log.Warn("cannot set the menu of commands", "error", b.telegram.Redact(err))
	}
}

func (b *Bot) setMenu(ctx context.Context) error {
	t := b.view.In("")
	var errs []error
	for _, command := range menu(t) {
		_, err := b.telegram.SetMyCommands(ctx, &tg.SetMyCommandsParams{Commands: command.list, Scope: command.scope})
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// lookAround makes every loop look for work in the database.
func (b *Bot) lookAround() {
	b.queue.refill()
	b.tellings.Up()
	b.waiting.Up()
	b.carrying.Up()
	b.looks.Up()
}
