package inbox

import (
	"slices"
	"strconv"

	"github.com/go-telegram/bot/models"
	"github.com/prometheus/client_golang/prometheus"

	"livedeskbot/bot/telegram"
)

// metrics are what operators watch of receiving updates.
type metrics struct {
	updates    *prometheus.CounterVec
	duplicates prometheus.Counter
	givenUp    prometheus.Counter
	posts      *prometheus.CounterVec
	leader     prometheus.Gauge
}

func newMetrics(to prometheus.Registerer, q *queue) metrics {
	counter := func(name, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Name: "livedeskbot_" + name, Help: help}
	}
	m := metrics{
		updates: prometheus.NewCounterVec(
			counter("updates_total", "Updates received from Telegram by kind, repeated deliveries included."), []string{"kind"}),
		duplicates: prometheus.NewCounter(counter("updates_duplicate_total", "Updates that were delivered before.")),
		givenUp: prometheus.NewCounter(
			counter("updates_given_up_total", "Updates that could not be handled; their rows are kept for a look.")),
		posts: prometheus.NewCounterVec(
			counter("webhook_requests_total", "Requests to the webhook by the HTTP status of the answer."), []string{"status"}),
		leader: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "livedeskbot_leader", Help: "1 where this process polls Telegram.",
		}),
	}
	for _, kind := range slices.Concat(telegram.AllowedUpdates, []string{otherKind}) {
		m.updates.WithLabelValues(kind)
	}
	for _, status := range []int{200, 400, 401, 405, 408, 413, 415, 503} { // those that posted and storePosted give
		m.posts.WithLabelValues(strconv.Itoa(status))
	}
	to.MustRegister(m.updates, m.duplicates, m.givenUp, m.posts, m.leader, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "livedeskbot_queue_depth", Help: "Updates in the memory of this process, waiting or at work.",
	}, func() float64 { return float64(q.depth()) }))
	return m
}

// otherKind is an update that cannot be read, or of a kind that was not asked for.
const otherKind = "other"

// received counts an update.
func (m metrics) received(u *models.Update) {
	kind := otherKind
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
func (m metrics) posted(status int) { m.posts.WithLabelValues(strconv.Itoa(status)).Inc() }

// leads says that this process polls, until the returned function is called.
func (m metrics) leads() func() {
	m.leader.Set(1)
	return func() { m.leader.Set(0) }
}
