// Package bot is the ticket bot: it wires the three stages together and does what people want. The promise: every /ticket gets
// exactly one outcome, whatever crashes or is delivered twice.
//
// The way of an update: the inbox journals it and hands it to the handler (act.go). read.go turns it into our own types, the
// border behind which nobody knows Telegram's; route.go and commands.go say what it wants, without asking anybody; one file for
// each thing that people can do does it: ticket.go, metoo.go, question.go, talk.go, status.go, list.go, follow.go, addition.go,
// edit.go, mydata.go, chats.go, block.go, and, for buttons, press.go, offers.go, unconfirmed.go, choose.go, conversation.go,
// solved.go. access.go and connected.go decide who may do and see what; turnaway.go says so to those who may not, joined.go
// greets chats and asks staff about them, and sift.go keeps what is said elsewhere out of the journal. feed.go is what people do
// in the feeds of staff, and forget.go removes what is not kept any longer.
//
// The way of a ticket: ticket.go stores it, the desk brings it to LiveDesk and looks at it from then on, the outbox tells what
// became of it. Stages speak through rows: each step is a change of the ticket's row, from which any process can go on.
// Operators ask ready.go, metrics.go and check.go.
//
// Words, one for one thing. Ask is what a person does, want what they wish; a question is the bot's. To answer is to say
// something to a person's message, to tell is about a ticket's row, a notice is what is told beside its card; to post and to edit
// are calls to Telegram. A chat is connected where the bot works; a hint says that it does nothing. A feed is where staff see
// tickets, the queue their list of unfinished ones. To open is to store a ticket, to create is LiveDesk's; to add is to bring
// words into a ticket, to amend is to write them there; to look is to read a ticket, a nudge LiveDesk's word that there is
// something to see. To follow is to want news of a ticket; a chat that becomes a supergroup moves. Talk is what people say
// without a command; an offer is the bot's answer to it, with buttons that choose what becomes of it.
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

// Config is what the operator decides; docs/settings.md explains each setting.
type Config struct {
	Token         string // of the bot, "digits:characters"
	APIURL        string // Bot API server without trailing slash
	WebhookURL    string // empty: long polling
	WebhookSecret string

	ChannelID    string           // LiveDesk's channel of the requester's channel contact
	Teams        []string         // that people may choose from
	CustomFields []string         // keys that people may set; nil: any
	ConsoleURL   string           // link to a ticket for staff, with {ticket_id}; empty: none
	Rate         int              // requests a second to LiveDesk
	StaffChats   []int64          // whose members are staff
	StaffMembers map[int64]string // Telegram user to LiveDesk member
	Chats        []int64          // that may use the bot, besides staff chats
	NewChats     Policy           // of other chats: Ask, Any or No
	Private      Policy           // of people in private: Known, Any or No
	PerMinute    int              // tickets one person may open in a minute; 0: no limit
	MaxFiles     int              // files taken along with one ticket
	Relay        bool             // agents' replies and changes of status are posted
	FollowUps    bool             // what people reply to a card is added to the ticket
	Feeds        []outbox.Feed    // where staff see tickets as they come and change; these chats are staff chats too
	FeedRate     int              // messages a minute that a feed's chat takes for all; 0: what leaves room for answers in a group
	TrackEvery   time.Duration    // shortest time between two looks at a ticket
	DeskSecret   string           // that LiveDesk's webhook knows; empty: it is off
	Retention    time.Duration    // how long after its last change a finished ticket is kept; 0: for ever
	Language     string           // of all texts
}

// Shutdown is the longest that work in hand may take once Run has been told to stop.
const Shutdown = 20 * time.Second

// Bot is the service between Telegram, LiveDesk and Postgres. Make one with New.
type Bot struct {
	cfg      Config
	store    *storage.Store
	log      *slog.Logger
	telegram *telegram.Client
	work     *claims.Worker
	metrics  *metrics
	me       *identity
	view     *view.View
	access   access
	outbox   *outbox.Outbox
	desk     *desk.Desk
	inbox    *inbox.Inbox
	cleaner  *cleaner
}

// New returns a bot that is ready to Run. It starts nothing and calls nobody.
func New(cfg Config, client *livedesk.Client, store *storage.Store, log *slog.Logger) (*Bot, error) {
	m := newMetrics()
	api, err := telegram.New(telegram.Config{
		Token: cfg.Token, APIURL: cfg.APIURL, Called: m.called, Waited: m.waited("telegram"), Log: log,
		SpareCalls: cfg.FeedRate,
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
	store = store.For(api.BotID)
	m.watch(store)
	b := &Bot{
		cfg: cfg, store: store, log: log, telegram: api, metrics: m, me: newIdentity(api.BotID), view: shown,
		access: newAccess(cfg, store, api),
	}
	b.work = claims.New(store, log, m.panics.Inc)
	b.cleaner = newCleaner(api.BotID, store, b.work, cfg, m, log)
	b.outbox = outbox.New(outbox.Needs{
		Telegram: api, Store: store, Work: b.work, View: shown, Own: client.Serves, Feeds: cfg.Feeds, Connected: b.access.connected,
		Metrics: m.registry, Log: log,
	})
	b.desk = desk.New(
		desk.Config{Rate: cfg.Rate, MaxFiles: cfg.MaxFiles, Relay: cfg.Relay, TrackEvery: cfg.TrackEvery, Secret: cfg.DeskSecret},
		desk.Needs{Client: client, Store: store, Work: b.work, Telegram: api, View: shown, Teller: b.outbox, Metrics: m.registry,
			Waited: m.waited("livedesk"), Log: log})
	b.inbox = inbox.New(
		inbox.Config{WebhookURL: cfg.WebhookURL, WebhookSecret: cfg.WebhookSecret},
		inbox.Needs{Telegram: api, Store: store, Work: b.work, Handler: b.handler(cfg), Metrics: m.registry, Log: log})
	m.watchReadiness(b.Ready)
	return b, nil
}

// handler is what does the wishes of people.
func (b *Bot) handler(cfg Config) handler {
	return handler{
		router: router{b.me}, sieve: sieve{b.access}, cfg: cfg, telegram: b.telegram, store: b.store, work: b.work, view: b.view,
		desk: b.desk, outbox: b.outbox, posts: posts{b.store}, cleaner: b.cleaner, places: b.access.places,
		names: &placeNames{store: b.store, log: b.log, known: newMemory[storage.PlaceKey, string](freshName)}, log: b.log,
	}
}

// Run serves until ctx ends, then finishes the work in hand within Shutdown. It needs no outside service to start: what
// is away is waited for. It returns an error only where going on makes no sense.
func (b *Bot) Run(ctx context.Context) error {
	// Work in hand outlives ctx, the loops that take up work do not. A claim is work in hand: given up on the way, it could be
	// stored all the same, and a ticket be taken for sent.
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		b.work.Stop()
		// What only waits for its turn in a limited chat need not hold up the stop: it is told after the next start.
		time.AfterFunc(Shutdown/4, b.telegram.CloseGate)
		time.AfterFunc(Shutdown, cancel)
	})()
	if err := b.work.Register(ctx); err != nil {
		return nil //nolint:nilerr // ctx ended before the database was there: nothing was begun
	}
	defer b.work.Close()
	if err := b.nameChats(ctx); err != nil {
		return nil //nolint:nilerr // as above
	}

	var loops errgroup.Group
	for _, loop := range []func(){
		func() { b.work.Run(ctx, b.wake) },
		func() { b.introduce(ctx) },
		func() { b.warnOfUnserved(ctx) },
		func() { b.outbox.Run(ctx, work) },
		func() { b.outbox.RunFeeds(ctx, work) },
		func() { b.desk.Run(ctx, work) },
		func() { b.inbox.Run(ctx, work) },
		func() { b.keepInTouch(ctx) },
		func() { b.cleaner.run(ctx) },
	} {
		loops.Go(func() error { loop(); return nil })
	}
	_ = loops.Wait() // they return none
	b.work.Stop()
	b.inbox.Stop()
	done := make(chan struct{})
	go func() { b.work.Wait(); close(done) }()
	select {
	case <-done:
	case <-work.Done():
		b.log.Warn("stopped with work in hand; it is taken up at the next start")
	}
	return nil
}

// nameChats tells the database which chats the settings name, before anything is decided.
func (b *Bot) nameChats(ctx context.Context) error {
	return b.work.Record(ctx, func() error { return b.store.NameChats(ctx, b.me.id, b.cfg.AllStaffChats(), b.cfg.Chats) })
}

// wake makes every stage look for work in the database.
func (b *Bot) wake() {
	b.inbox.Wake()
	b.outbox.Wake()
	b.desk.Wake()
}

// DeskWebhook takes LiveDesk's word that something has changed, where the path's part "secret" is the DeskSecret.
func (b *Bot) DeskWebhook() http.Handler { return b.desk.Webhook() }

// Webhook takes the updates that Telegram posts while Run serves with a WebhookURL.
func (b *Bot) Webhook() http.Handler { return b.inbox.Webhook() }
