package bot

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-telegram/bot/models"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

// metrics are what operators watch. Labels come from short fixed lists, never from people, chats or tickets. What is read
// from the database is the same in every replica; everything else is this process's own.
type metrics struct {
	registry *prometheus.Registry

	updates    *prometheus.CounterVec
	duplicates prometheus.Counter
	givenUp    prometheus.Counter
	panics     prometheus.Counter
	posts      *prometheus.CounterVec
	outcomes   *prometheus.CounterVec
	told       prometheus.Histogram
	desk       *prometheus.HistogramVec
	retries    prometheus.Counter
	telegram   *prometheus.CounterVec
	limits     *prometheus.CounterVec
	leader     prometheus.Gauge
}

// Services that limit how fast they may be asked.
const (
	limitTelegram = "telegram"
	limitDesk     = "livedesk"
)

func newMetrics(q *queue, store *storage.Store) *metrics {
	m := &metrics{
		registry:   prometheus.NewRegistry(),
		updates:    counters("updates_total", "Updates received from Telegram by kind, repeated deliveries included.", "kind"),
		duplicates: counter("updates_duplicate_total", "Updates that were delivered before."),
		givenUp:    counter("updates_given_up_total", "Updates that could not be handled; their rows are kept for a look."),
		panics:     counter("panics_total", "Panics that were recovered from. Any is a bug."),
		posts:      counters("webhook_requests_total", "Requests to the webhook by the HTTP status of the answer.", "status"),
		outcomes:   counters("outcomes_total", "Ends of attempts to create a ticket, by the state it is in then.", "state"),
		told: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "livedeskbot_ticket_seconds", Help: "From the storing of a ticket to its first outcome in the chat.",
			Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 3600},
		}),
		desk: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "livedeskbot_livedesk_request_seconds", Help: "Requests to LiveDesk by operation and result.",
			Buckets: []float64{.01, .05, .1, .25, .5, 1, 2.5, 5, 15, 150},
		}, []string{"op", "result"}),
		retries:  counter("livedesk_retries_total", "Create requests that were not the first of their ticket."),
		telegram: counters("telegram_calls_total", "Calls of the Bot API by method and verdict.", "method", "verdict"),
		limits:   counters("rate_limit_wait_seconds_total", "Time that work waited for its turn with a service.", "service"),
		leader: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "livedeskbot_leader", Help: "1 where this process polls Telegram.",
		}),
	}
	m.registry.MustRegister(m.updates, m.duplicates, m.givenUp, m.panics, m.posts, m.outcomes, m.told, m.desk, m.retries,
		m.telegram, m.limits, m.leader, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "livedeskbot_queue_depth", Help: "Updates in the memory of this process, waiting or at work.",
		}, func() float64 { return float64(q.depth()) }),
		&rows{count: store.Counts})
	return m
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: "livedeskbot_" + name, Help: help})
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "livedeskbot_" + name, Help: help}, labels)
}

// Metrics are for Prometheus.
func (b *Bot) Metrics() prometheus.Gatherer { return b.metrics.registry }

// received counts an update; one that cannot be read has no kind of its own.
func (m *metrics) received(u *models.Update) {
	kind := "other"
	switch {
	case u.Message != nil:
		kind = "message"
	case u.EditedMessage != nil:
		kind = "edited_message"
	case u.CallbackQuery != nil:
		kind = "callback_query"
	case u.MyChatMember != nil:
		kind = "my_chat_member"
	}
	m.updates.WithLabelValues(kind).Inc()
}

// posted counts a request to the webhook.
func (m *metrics) posted(status int) { m.posts.WithLabelValues(strconv.Itoa(status)).Inc() }

// ended counts the end of an attempt to create a ticket.
func (m *metrics) ended(t storage.Ticket, state storage.State) {
	m.outcomes.WithLabelValues(string(state)).Inc()
	if t.Attempts > 1 {
		m.retries.Inc()
	}
}

// toldFirst notes how long a person waited for the first word about a ticket, which has just been told.
func (m *metrics) toldFirst(t storage.Ticket) {
	if t.Told == 0 {
		m.told.Observe(max(0, time.Since(t.CreatedAt).Seconds())) // the clocks of database and process may differ
	}
}

// called counts a call of the Bot API.
func (m *metrics) called(method, verdict string) { m.telegram.WithLabelValues(method, verdict).Inc() }

// waited counts time that work waited for its turn with a service.
func (m *metrics) waited(service string) func(time.Duration) {
	return func(d time.Duration) { m.limits.WithLabelValues(service).Add(d.Seconds()) }
}

// held counts that tickets wait because their service takes no request for the given time; sendWaiting looks again after
// a second at the latest.
func (m *metrics) held(service string, d time.Duration) {
	m.limits.WithLabelValues(service).Add(min(d, time.Second).Seconds())
}

// leads says in the metrics that this process polls, until the returned function is called.
func (m *metrics) leads() func() {
	m.leader.Set(1)
	return func() { m.leader.Set(0) }
}

// timedDesk measures the requests of a LiveDesk client.
type timedDesk struct {
	*livedesk.Client
	seconds *prometheus.HistogramVec
}

func (d timedDesk) CreateTicket(ctx context.Context, t livedesk.NewTicket) (created livedesk.Created, err error) {
	defer d.measure("create", time.Now(), &err)
	return d.Client.CreateTicket(ctx, t)
}

func (d timedDesk) Ticket(ctx context.Context, id string) (t livedesk.Ticket, err error) {
	defer d.measure("get", time.Now(), &err)
	return d.Client.Ticket(ctx, id)
}

func (d timedDesk) UpdateTicket(ctx context.Context, id string, update livedesk.TicketUpdate) (err error) {
	defer d.measure("update", time.Now(), &err)
	return d.Client.UpdateTicket(ctx, id, update)
}

func (d timedDesk) Upload(ctx context.Context, file livedesk.File) (address string, err error) {
	defer d.measure("upload", time.Now(), &err)
	return d.Client.Upload(ctx, file)
}

func (d timedDesk) measure(op string, began time.Time, err *error) {
	result := "ok"
	if *err != nil {
		result = strings.ReplaceAll(livedesk.KindOf(*err).String(), " ", "_")
	}
	d.seconds.WithLabelValues(op, result).Observe(time.Since(began).Seconds())
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
		"free_updates": c.FreeUpdates, "waiting_tickets": c.WaitingTickets, "to_tell": c.ToTell,
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
