package desk

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

// timedClient measures the requests of a LiveDesk client.
type timedClient struct {
	*livedesk.Client
	seconds *prometheus.HistogramVec
}

func (c timedClient) CreateTicket(ctx context.Context, t livedesk.NewTicket) (created livedesk.Created, err error) {
	defer c.measure("create", time.Now(), &err)
	return c.Client.CreateTicket(ctx, t)
}

func (c timedClient) Ticket(ctx context.Context, id string) (t livedesk.Ticket, err error) {
	defer c.measure("get", time.Now(), &err)
	return c.Client.Ticket(ctx, id)
}

func (c timedClient) UpdateTicket(ctx context.Context, id string, update livedesk.TicketUpdate) (err error) {
	defer c.measure("update", time.Now(), &err)
	return c.Client.UpdateTicket(ctx, id, update)
}

func (c timedClient) Upload(ctx context.Context, file livedesk.File) (address string, err error) {
	defer c.measure("upload", time.Now(), &err)
	return c.Client.Upload(ctx, file)
}

func (c timedClient) measure(op string, began time.Time, err *error) {
	result := "ok"
	if *err != nil {
		result = resultOf(livedesk.KindOf(*err))
	}
	c.seconds.WithLabelValues(op, result).Observe(time.Since(began).Seconds())
}

func resultOf(k livedesk.Kind) string { return strings.ReplaceAll(k.String(), " ", "_") }

func newTimedClient(client *livedesk.Client, metrics prometheus.Registerer) timedClient {
	c := timedClient{client, prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "livedeskbot_livedesk_request_seconds", Help: "Requests to LiveDesk by operation and result.",
		Buckets: []float64{.01, .05, .1, .25, .5, 1, 2.5, 5, 15, 150},
	}, []string{"op", "result"})}
	for _, op := range []string{"create", "get", "update", "upload"} {
		for _, result := range []string{"ok", resultOf(livedesk.Refused), resultOf(livedesk.NotSent), resultOf(livedesk.Unknown)} {
			c.seconds.WithLabelValues(op, result)
		}
	}
	metrics.MustRegister(c.seconds)
	return c
}

// counts are what operators watch of creating tickets.
type counts struct {
	outcomes *prometheus.CounterVec
	retries  prometheus.Counter
}

func newCounts(metrics prometheus.Registerer) counts {
	c := counts{
		outcomes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "livedeskbot_outcomes_total", Help: "Ends of attempts to create a ticket, by the state it is in then.",
		}, []string{"state"}),
		retries: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "livedeskbot_livedesk_retries_total", Help: "Create requests that were not the first of their ticket.",
		}),
	}
	for _, state := range []storage.State{storage.StateCreated, storage.StateRefused, storage.StateWaiting, storage.StateUnconfirmed} {
		c.outcomes.WithLabelValues(string(state))
	}
	metrics.MustRegister(c.outcomes, c.retries)
	return c
}

// ended counts the end of an attempt to create a ticket.
func (c counts) ended(t storage.Ticket, state storage.State) {
	c.outcomes.WithLabelValues(string(state)).Inc()
	if t.Attempts > 1 {
		c.retries.Inc()
	}
}

// nudgeMetrics are what operators watch of nudges.
type nudgeMetrics struct{ requests, nudges *prometheus.CounterVec }

// What a nudge led to.
const (
	nudgeTicket  = "ticket"  // a look at the tickets that it named
	nudgeChat    = "chat"    // a look at those of the chats that it named
	nudgeActive  = "active"  // a look at those that were active last
	nudgeDropped = "dropped" // nothing: there were too many, or the database was away
)

func newNudgeMetrics(metrics prometheus.Registerer) nudgeMetrics {
	m := nudgeMetrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "livedeskbot_nudge_requests_total", Help: "Requests to the address for LiveDesk's webhook by the HTTP status of the answer.",
		}, []string{"status"}),
		nudges: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "livedeskbot_nudges_total", Help: "Words of LiveDesk's webhook that something has changed, by which tickets are looked at then.",
		}, []string{"led_to"}),
	}
	for _, status := range []int{
		http.StatusOK, http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusRequestTimeout,
		http.StatusRequestEntityTooLarge,
	} {
		m.requests.WithLabelValues(strconv.Itoa(status))
	}
	for _, use := range []string{nudgeTicket, nudgeChat, nudgeActive, nudgeDropped} {
		m.nudges.WithLabelValues(use)
	}
	metrics.MustRegister(m.requests, m.nudges)
	return m
}

func (m nudgeMetrics) requested(status int) { m.requests.WithLabelValues(strconv.Itoa(status)).Inc() }

func (m nudgeMetrics) used(to string, times int) { m.nudges.WithLabelValues(to).Add(float64(times)) }
