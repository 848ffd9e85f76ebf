package bot

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"livedeskbot/bot/claims"
	"livedeskbot/bot/telegram"
	"livedeskbot/bot/wait"
	"livedeskbot/storage"
)

const (
	// forgetEvery is how often people who asked for it are forgotten, and what they could not be told of yet is cleared.
	forgetEvery = 10 * time.Second
	// removeEvery is how often what is old is removed, and removePause lets others work between two steps of that.
	removeEvery = time.Hour
	removePause = 100 * time.Millisecond
	// unfedAfter is for how long what a feed is to tell waits for there to be one.
	unfedAfter = 24 * time.Hour
	// forgetGrace is how long after a person was forgotten that is done once more: what was being handled then has ended.
	forgetGrace = 30 * time.Second
)

// cleaner removes what is not kept any longer: of people who want to be forgotten at once, everything else by its age. One process
// of a bot does so.
type cleaner struct {
	bot       int64
	store     *storage.Store
	work      *claims.Worker
	retention time.Duration // of finished tickets; 0: for ever
	fed       bool          // staff see tickets in a feed
	log       *slog.Logger
	removed   *prometheus.CounterVec
	ran       prometheus.Gauge
}

func newCleaner(bot int64, store *storage.Store, work *claims.Worker, cfg Config, m *metrics, log *slog.Logger) *cleaner {
	c := &cleaner{bot: bot, store: store, work: work, retention: cfg.Retention, fed: len(cfg.Feeds) > 0, log: log,
		removed: counters("removed_rows_total", "Rows removed or cleared because they are old, or their person is forgotten, by table.", "table"),
		ran: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "livedeskbot_removed_last_timestamp_seconds",
			Help: "When this process last removed all that was old, in Unix time; 0: it has not.",
		}),
	}
	for _, table := range storage.Cleaned {
		c.removed.WithLabelValues(table)
	}
	m.registry.MustRegister(c.removed, c.ran)
	return c
}

// run removes until ctx ends.
func (c *cleaner) run(ctx context.Context) {
	var next time.Time // that what is old is removed
	for pause := time.Second; wait.Sleep(ctx, pause) == nil; pause = forgetEvery {
		if first, err := c.work.Process().TryForget(ctx, c.bot); err != nil || !first {
			continue
		}
		if err := c.forgetPeople(ctx); err != nil && ctx.Err() == nil {
			c.log.Warn("cannot forget people, trying again", "error", err)
		}
		if time.Now().Before(next) {
			continue
		}
		if err := c.removeOld(ctx); err == nil {
			next = time.Now().Add(removeEvery)
			c.ran.SetToCurrentTime()
		} else if ctx.Err() == nil {
			c.log.Warn("cannot forget what is old, trying again", "error", err)
			next = time.Now().Add(removeEvery / 60)
		}
	}
}

// forgetPeople goes on with the people who asked for it, and clears forgotten tickets that have been decided since.
func (c *cleaner) forgetPeople(ctx context.Context) error {
	asked, err := c.store.Forgettings(ctx)
	if err != nil {
		return err
	}
	for _, f := range asked {
		if err := c.forget(ctx, f); err != nil {
			return err
		}
	}
	cleared, err := c.store.ClearForgotten(ctx)
	c.count(cleared)
	return err
}

// forget forgets a person, and ends that once nothing from before is being handled any more.
func (c *cleaner) forget(ctx context.Context, f storage.Forgetting) error {
	open, err := c.store.OpenUpdatesNaming(ctx, f.PersonID, *f.AskedAt)
	if err != nil {
		return err
	}
	last := len(open) == 0 && time.Since(*f.AskedAt) > forgetGrace
	removed, err := c.store.Forget(ctx, f)
	c.count(removed)
	if err == nil && last {
		_, err = c.store.EndForgetting(ctx, f)
	}
	return err
}

// removeOld removes what is older than it may be, in small steps.
func (c *cleaner) removeOld(ctx context.Context) error {
	if err := c.store.EndFeeds(ctx, time.Now().Add(-unfedAfter), c.fed); err != nil {
		return err
	}
	for _, aging := range storage.Agings {
		for more := true; more; {
			removed, again, err := c.store.RemoveOld(ctx, aging, c.retention)
			if err != nil {
				return err
			}
			c.removed.WithLabelValues(aging.Table).Add(float64(removed))
			if more = again; more && wait.Sleep(ctx, removePause) != nil {
				return ctx.Err()
			}
		}
	}
	if c.retention == 0 {
		return nil
	}
	return c.removeTickets(ctx, time.Now().Add(-c.retention))
}

func (c *cleaner) removeTickets(ctx context.Context, ended time.Time) error {
	var at storage.After
	for more := true; more; {
		next, removed, again, err := c.store.RemoveTickets(ctx, ended, at)
		if err != nil {
			return err
		}
		c.count(removed)
		at = next
		if more = again; more && wait.Sleep(ctx, removePause) != nil {
			return ctx.Err()
		}
	}
	return nil
}

func (c *cleaner) count(removed []storage.Removed) {
	for _, r := range removed {
		c.removed.WithLabelValues(r.Table).Add(float64(r.Rows))
	}
}

// begin stores that a person is to be forgotten, and does so as far as it can be done now. What is being handled at the moment is
// forgotten by whoever runs the cleaner.
func (c *cleaner) begin(ctx context.Context, person int64) ([]storage.Removed, error) {
	_, removed, err := forget(ctx, c.store, c.bot, person)
	c.count(removed)
	return removed, err
}

func forget(ctx context.Context, store *storage.Store, bot, person int64) (f storage.Forgetting, removed []storage.Removed, err error) {
	open, err := store.OpenUpdatesNaming(ctx, person, time.Now().Add(time.Hour)) // the clocks of database and process may differ
	if err != nil {
		return f, nil, err
	}
	if err := store.AskForgetting(ctx, person, refsOf(open, bot, person)); err != nil {
		return f, nil, err
	}
	if f, err = store.Forgetting(ctx, person); err != nil {
		return f, nil, err
	}
	removed, err = store.Forget(ctx, f)
	return f, removed, err
}

// refsOf are the messages and presses of a person among updates, as what they ask for is named by.
func refsOf(updates []storage.Update, bot, person int64) []string {
	var refs []string
	for _, u := range updates {
		update, err := telegram.ReadUpdate(u.Payload)
		switch {
		case err != nil:
		case update.CallbackQuery != nil:
			if p := readPress(update.CallbackQuery); p.by.id == person {
				refs = append(refs, pressRef(bot, u.ID), refOf(bot, telegram.Place{Chat: p.chat, Reply: -u.ID}))
			}
		case messageIn(&update) != nil:
			if m, _ := readMessage(messageIn(&update), bot); m.by.id == person {
				refs = append(refs, refOf(bot, m.at), refOf(bot, m.at)+reopenRef)
			}
		}
	}
	return refs
}

// Forget forgets what the bot with this token has stored about a person, beside replicas that run. later says that something from
// before is, or may be, still being handled: the service forgets that too, within a minute, or after its next start.
func Forget(ctx context.Context, token string, store *storage.Store, person int64) (removed []storage.Removed, later bool, err error) {
	api, err := telegram.New(telegram.Config{Token: token})
	if err != nil {
		return nil, false, err
	}
	store = store.For(api.BotID)
	f, removed, err := forget(ctx, store, api.BotID, person)
	if err != nil {
		return removed, false, err
	}
	open, err := store.OpenUpdatesNaming(ctx, person, time.Now().Add(time.Hour))
	if err != nil {
		return removed, false, err
	}
	if later, err = store.Served(ctx); err != nil || later || len(open) > 0 {
		return removed, true, err
	}
	ended, err := store.EndForgetting(ctx, f)
	return removed, !ended, err
}
