package livedesktest

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// RefField is the custom field in which a client says what a ticket stems from. Create requests with the same value are
// attempts at the same ticket, see [Desk.Creates].
const RefField = "telegram_ref"

// How much of the past is kept; older entries go first.
const (
	keepRequests = 20_000
	keepUnknown  = 1_000
)

// Op is an operation of the API.
type Op string

// The operations; [Any] matches all of them and requests for addresses that do not exist.
const (
	Any      Op = ""
	Create   Op = "create"
	Get      Op = "get"
	Update   Op = "update"
	Upload   Op = "upload"
	Download Op = "download" // of a file; not part of the API

	unknown     Op = "unknown"
	wrongMethod Op = "wrong method"
)

// Request is one line of the desk's log.
type Request struct {
	Number int // counts from 1, without gaps
	Time   time.Time
	Op     Op // "unknown" and "wrong method" for what the API does not offer
	Method string
	Path   string
	Ref    string // [RefField] of a create or update
	Faults string // troubles that were applied, separated by a blank
	Status int    // 0 while at work and where the connection was cut instead
}

// requestLog remembers requests and wakes those who wait for them.
type requestLog struct {
	mu       sync.Mutex
	entries  []*Request
	unknown  []string
	arrivals int
	seen     map[Op]int
	refs     map[string]int // create requests
	second   []time.Time    // API requests of the last second
	busiest  int
	changed  chan struct{} // closed at the next change; nil while nobody waits
}

func (l *requestLog) arrived(c *call) *Request {
	e := &Request{
		Time: time.Now(), Op: c.op, Method: c.request.Method, Path: c.request.URL.Path, Ref: refOf(c.body),
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.arrivals++
	e.Number = l.arrivals
	l.entries = append(l.entries, e)
	if len(l.entries) >= 2*keepRequests {
		l.entries = slices.Clone(l.entries[keepRequests:])
	}
	l.seen[c.op]++
	if c.op == Create && e.Ref != "" {
		l.refs[e.Ref]++
	}
	if (c.op == unknown || c.op == wrongMethod) && len(l.unknown) < keepUnknown {
		l.unknown = append(l.unknown, e.Method+" "+e.Path)
	}
	if c.op != Download {
		l.measure(e.Time)
	}
	l.signal()
	return e
}

// measure keeps the times of the last second and how many they were at most.
func (l *requestLog) measure(now time.Time) {
	old := 0
	for old < len(l.second) && now.Sub(l.second[old]) >= time.Second {
		old++
	}
	l.second = append(l.second[old:], now)
	l.busiest = max(l.busiest, len(l.second))
}

func (l *requestLog) answered(e *Request, c *call, a answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.Faults = strings.Join(c.faults, " ")
	if !a.cut {
		e.Status = a.status
	}
	l.signal()
}

func (l *requestLog) signal() {
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
}

func (l *requestLog) next() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.changed == nil {
		l.changed = make(chan struct{})
	}
	return l.changed
}

func refOf(body []byte) string {
	if len(body) == 0 {
		return ""
	}
	var sent struct {
		Fields map[string]any `json:"custom_fields"`
	}
	_ = json.Unmarshal(body, &sent) // an invalid body has no reference and is refused later
	ref, _ := sent.Fields[RefField].(string)
	return ref
}

// Requests returns the log, oldest first: at least the last 20,000 requests.
func (d *Desk) Requests() []Request {
	d.log.mu.Lock()
	defer d.log.mu.Unlock()
	list := make([]Request, len(d.log.entries))
	for i, e := range d.log.entries {
		list[i] = *e
	}
	return list
}

// RequestsSince returns those of [Desk.Requests] that came after the one of a number.
func (d *Desk) RequestsSince(number int) []Request {
	d.log.mu.Lock()
	defer d.log.mu.Unlock()
	from := max(0, len(d.log.entries)-(d.log.arrivals-number))
	var list []Request
	for _, e := range d.log.entries[min(from, len(d.log.entries)):] {
		list = append(list, *e)
	}
	return list
}

// Seen returns how many requests for op arrived, whatever came of them.
func (d *Desk) Seen(op Op) int {
	d.log.mu.Lock()
	defer d.log.mu.Unlock()
	if op != Any {
		return d.log.seen[op]
	}
	sum := 0
	for n := range maps.Values(d.log.seen) {
		sum += n
	}
	return sum
}

// Creates returns how many create requests carried each [RefField], including those that were refused,
// failed or cut. Compare with [Desk.Tickets] for what came of them.
func (d *Desk) Creates() map[string]int {
	d.log.mu.Lock()
	defer d.log.mu.Unlock()
	return maps.Clone(d.log.refs)
}

// Unknown returns the calls that LiveDesk does not offer, as "METHOD /path".
func (d *Desk) Unknown() []string {
	d.log.mu.Lock()
	defer d.log.mu.Unlock()
	return slices.Clone(d.log.unknown)
}

// MaxPerSecond returns the greatest number of requests that arrived within any one second, downloads of
// files not counted. It goes by the real clock, not by [Options].
func (d *Desk) MaxPerSecond() int {
	d.log.mu.Lock()
	defer d.log.mu.Unlock()
	return d.log.busiest
}

// ForgetRequests empties the log, the counts and the list of unknown calls. Tickets stay.
func (d *Desk) ForgetRequests() {
	d.log.mu.Lock()
	defer d.log.mu.Unlock()
	d.log.entries, d.log.unknown, d.log.second, d.log.busiest = nil, nil, nil, 0
	clear(d.log.seen)
	clear(d.log.refs)
}

// Await waits until done is true, asking it again whenever a request arrives or has been worked on. It
// returns the error of ctx if that ends first. An answer that is late on purpose counts as worked on.
func (d *Desk) Await(ctx context.Context, done func() bool) error {
	for {
		changed := d.log.next()
		if done() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
