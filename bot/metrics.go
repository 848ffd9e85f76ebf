package bot

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"livedeskbot/bot/telegram"
	"livedeskbot/storage"
)

// metrics are what operators watch. Each stage registers its own; what is here belongs to none of them alone. Labels come from
// short fixed lists, never from people, chats or tickets; each value has its series, at 0, from the start, so that the first event
// is seen as a change. What is read from the database is the same in every replica;
// everything else is this process's own.
type metrics struct {
	registry *prometheus.Registry
	panics   prometheus.Counter
	telegram *prometheus.CounterVec
	limits   *prometheus.CounterVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		panics:   counter("panics_total", "Panics that were recovered from. Any is a bug."),
		telegram: counters("telegram_calls_total", "Calls of the Bot API by method and verdict.", "method", "verdict"),
		limits:   counters("rate_limit_wait_seconds_total", "Time that work waited for its turn with a service.", "service"),
	}
	for _, method := range telegram.Methods {
		for _, verdict := range telegram.Verdicts {
			m.telegram.WithLabelValues(method, verdict)
		}
	}
	for _, service := range []string{"telegram", "livedesk"} {
		m.limits.WithLabelValues(service)
	}
	m.registry.MustRegister(m.panics, m.telegram, m.limits, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// watch adds what waits in the database.
func (m *metrics) watch(store *storage.Store) { m.registry.MustRegister(&rows{count: store.Counts}) }

// watchReadiness adds whether the service is ready, which is found out at each scrape.
func (m *metrics) watchReadiness(ready func(context.Context) error) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "livedeskbot_ready", Help: "1 where the service can do its work, as /readyz says.",
	}, func() float64 {
		if ready(context.Background()) != nil {
			return 0
		}
		return 1
	}))
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: "livedeskbot_" + name, Help: help})
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "livedeskbot_" + name, Help: help}, labels)
}

// Metrics are for Prometheus.
func (b *Bot) Metrics() prometheus.Gatherer { return b.metrics.registry }

// called counts a call of the Bot API.
func (m *metrics) called(method, verdict string) { m.telegram.WithLabelValues(method, verdict).Inc() }

// waited counts time that work waited for its turn with a service.
func (m *metrics) waited(service string) func(time.Duration) {
	return func(d time.Duration) { m.limits.WithLabelValues(service).Add(d.Seconds()) }
}

// Bounds on what scrapes cost the database.
const (
	countsAge     = 5 * time.Second
	countsTimeout = 2 * time.Second
)

// rows collects what waits in the database. While that cannot be asked, these metrics are missing.
type rows struct {
	count func(context.Context) (storage.Counts, error)

	mu    sync.Mutex
	last  storage.Counts
	err   error
	asked time.Time
}

var (
	rowsDesc = prometheus.NewDesc("livedeskbot_rows",
		"Rows in the database by what they wait for.", []string{"kind"}, nil)
	oldestDesc = prometheus.NewDesc("livedeskbot_rows_oldest_seconds",
		"How long the oldest row of a kind waits, beyond the time it was due.", []string{"kind"}, nil)
	unconfirmedDesc = prometheus.NewDesc("livedeskbot_tickets_unconfirmed",
		"Tickets of which nobody knows whether LiveDesk has them and nobody has decided.", nil, nil)
	lookDueDesc = prometheus.NewDesc("livedeskbot_tracking_due",
		"Created tickets whose next look at LiveDesk is due.", nil, nil)
	lateDesc = prometheus.NewDesc("livedeskbot_tracking_late_seconds",
		"How late the most overdue look is.", nil, nil)
)

// Describe implements prometheus.Collector.
func (r *rows) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{rowsDesc, oldestDesc, unconfirmedDesc, lookDueDesc, lateDesc} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (r *rows) Collect(to chan<- prometheus.Metric) {
	c, err := r.counts()
	if err != nil {
		return // /readyz and the log say that the database is away
	}
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	for kind, w := range map[string]storage.Waiting{
		"free_updates": c.FreeUpdates, "waiting_tickets": c.WaitingTickets, "to_tell": c.ToTell, "to_feed": c.ToFeed,
	} {
		gauge(rowsDesc, float64(w.Rows), kind)
		gauge(oldestDesc, w.Oldest, kind)
	}
	gauge(unconfirmedDesc, float64(c.Unconfirmed))
	gauge(lookDueDesc, float64(c.Looks.Rows))
	gauge(lateDesc, c.Looks.Oldest)
}

// counts asks the database, at most once in countsAge.
func (r *rows) counts() (storage.Counts, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.asked) >= countsAge {
		ctx, cancel := context.WithTimeout(context.Background(), countsTimeout)
		defer cancel()
		r.last, r.err = r.count(ctx)
		r.asked = time.Now()
	}
	return r.last, r.err
}
