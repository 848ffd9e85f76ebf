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
	"log/slog"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"livedeskbot/bot/claims"
	"livedeskbot/bot/desk"
	"livedeskbot/bot/inbox"
	"livedeskbot/bot/outbox"
	"livedeskbot/bot/telegram"
	"livedeskbot/bot/view"
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
	store    *storage.Store
	log      *slog.Logger
	telegram *telegram.Client
	work     *claims.Worker
	metrics  *metrics
	me       *identity
	view     *view.View
	outbox   *outbox.Outbox
	desk     *desk.Desk
	inbox    *inbox.Inbox
}

// New returns a bot that is ready to Run. It starts nothing and calls nobody.
func New(cfg Config, client *livedesk.Client, store *storage.Store, log *slog.Logger) (*Bot, error) {
	m := newMetrics(store)
	api, err := telegram.New(telegram.Config{
		Token: cfg.Token, APIURL: cfg.APIURL, Called: m.called, Waited: m.waited("telegram"), Log: log,
	})
	if err != nil {
		return nil, err
	}
	shown, err := view.New(view.Config{
		Language: cfg.Language, ConsoleURL: cfg.ConsoleURL, Teams: cfg.Teams, FollowUps: cfg.FollowUps,
	})
	if err != nil {
		return nil, err
	}
	b := &Bot{store: store, log: log, telegram: api, metrics: m, me: newIdentity(api.BotID), view: shown}
	b.work = claims.New(store, log, m.panics.Inc)
	b.outbox = outbox.New(outbox.Needs{Telegram: api, Store: store, Work: b.work, View: shown, Metrics: m.registry, Log: log})
	b.desk = desk.New(
		desk.Config{Rate: cfg.Rate, MaxFiles: cfg.MaxFiles, Relay: cfg.Relay, TrackEvery: cfg.TrackEvery},
		desk.Needs{Client: client, Store: store, Work: b.work, Telegram: api, Teller: b.outbox, Metrics: m.registry,
			Waited: m.waited("livedesk"), Log: log})
	b.inbox = inbox.New(
		inbox.Config{WebhookURL: cfg.WebhookURL, WebhookSecret: cfg.WebhookSecret},
		inbox.Needs{Telegram: api, Store: store, Work: b.work, Handler: b.handler(cfg), Metrics: m.registry, Log: log})
	return b, nil
}

// handler is what does the wishes of people.
func (b *Bot) handler(cfg Config) handler {
	h := handler{
		cfg: cfg, me: b.me, telegram: b.telegram, store: b.store, work: b.work, view: b.view, desk: b.desk, outbox: b.outbox,
		log: b.log, staff: map[int64]bool{},
	}
	for _, chat := range cfg.StaffChats {
		h.staff[chat] = true
	}
	return h
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

	var loops errgroup.Group
	for _, loop := range []func(){
		func() { b.work.Run(ctx, b.wake) },
		func() { b.introduce(ctx) },
		func() { b.outbox.Run(ctx, work) },
		func() { b.desk.Run(ctx, work) },
		func() { b.inbox.Run(ctx, work) },
		func() { b.keepInTouch(ctx) },
		func() { b.forgetOld(ctx) },
	} {
		loops.Go(func() error { loop(); return nil })
	}
	_ = loops.Wait() // they return none
	b.work.Stop()
	b.inbox.Stop()
	b.finish(cancel)
	return nil
}

// wake makes every stage look for work in the database.
func (b *Bot) wake() {
	b.inbox.Wake()
	b.outbox.Wake()
	b.desk.Wake()
}

// Webhook takes the updates that Telegram posts while Run serves with a WebhookURL.
func (b *Bot) Webhook() http.Handler { return b.inbox.Webhook() }

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
