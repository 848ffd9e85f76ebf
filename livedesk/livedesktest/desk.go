// Package livedesktest emulates the ticket API of EngageLab LiveDesk in memory, for tests, benchmarks and
// trying things out without an account.
//
// It serves the documented calls and nothing else: create, get and update a ticket under
// /api/v2/accounts/tickets, plus POST /api/v2/accounts/upload, which LiveDesk mentions without describing it
// (modelled on Chatwoot, the software LiveDesk derives from). Uploaded files and those of agents can be
// fetched under /files/. It is stricter than LiveDesk says it is: unknown fields and query parameters,
// letters in another case, wrong types, null and empty ids are refused, and unknown calls are remembered
// ([Desk.Unknown]). Every status and body of a refusal is inferred; LiveDesk documents none.
//
// It keeps nothing on disk, has no users, rights or web pages, tells nobody about changes unless it is told
// whom ([Desk.SetWebhook]), and does not know Telegram. It shares no code with the client, so that both cannot be wrong in the same way.
//
// Start with [New] and mount the [Desk], an [http.Handler], with httptest or any server. Look at what
// arrived with [Desk.Tickets] and [Desk.Requests], act as an agent with [Desk.Reply] and [Desk.SetStatus],
// make trouble with [Desk.Trouble] and [Desk.Chaos], and change the shape of answers with [Desk.SetDrift].
// For "connection refused" close the listener.
package livedesktest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Credentials that a [Desk] asks for unless told otherwise.
const (
	DefaultKey    = "emulated-key"
	DefaultSecret = "emulated-secret"
)

const (
	ticketsPath = "/api/v2/accounts/tickets"
	uploadPath  = "/api/v2/accounts/upload"
	filesPath   = "/files/"

	maxBody = 4 << 20 // bytes of a JSON request; LiveDesk documents no limit
)

// Options of a [Desk]. Each has a default, so the zero value is ready to use.
type Options struct {
	// Key and Secret are the credentials; default [DefaultKey] and [DefaultSecret].
	Key, Secret string
	// Teams are the names of the teams there are; the first has id 1. Default: Support, Sales, Billing,
	// IT Support, ITサポート.
	Teams []string
	// RequireEUID refuses a requester without euid, as one reading of the German documentation does.
	RequireEUID bool
	// Replace makes an update replace the whole ticket: what it does not send is as in a new one.
	Replace bool
	// MaxUpload is the largest accepted file in bytes; default 40 MiB.
	MaxUpload int64
	// KeepFile is the largest uploaded file whose content is kept for viewing, in bytes; default 64 KiB.
	// Of larger files size and hash are kept.
	KeepFile int64
	// KeepFiles is how many bytes of uploaded files are kept altogether; default 32 MiB.
	KeepFiles int64
	// Now is the clock of tickets and messages; default [time.Now].
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	if o.Key == "" {
		o.Key = DefaultKey
	}
	if o.Secret == "" {
		o.Secret = DefaultSecret
	}
	if o.Teams == nil {
		o.Teams = []string{"Support", "Sales", "Billing", "IT Support", "ITサポート"}
	}
	if o.MaxUpload == 0 {
		o.MaxUpload = 40 << 20
	}
	if o.KeepFile == 0 {
		o.KeepFile = 64 << 10
	}
	if o.KeepFiles == 0 {
		o.KeepFiles = 32 << 20
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Desk is an emulated LiveDesk. All methods are safe for concurrent use.
type Desk struct {
	options  Options
	log      requestLog
	troubles troubles

	mu       sync.Mutex // guards everything below
	tickets  map[string]*Ticket
	order    []*Ticket // oldest first
	messages int       // given message ids
	revision int64     // counts changes of tickets
	deleted  []deletion
	files    files
	drift    Drift
	webhook  Webhook
	noUpload bool
}

// New returns a desk without tickets.
func New(o Options) *Desk {
	o = o.withDefaults()
	o.Teams = slices.Clone(o.Teams)
	return &Desk{
		options:  o,
		log:      requestLog{refs: map[string]int{}, seen: map[Op]int{}},
		troubles: troubles{released: make(chan struct{})},
		tickets:  map[string]*Ticket{},
		files:    files{byID: map[string]*storedFile{}, keepOne: o.KeepFile, keepAll: o.KeepFiles},
	}
}

// call is one request on its way through the desk.
type call struct {
	request  *http.Request
	released <-chan struct{} // closed when held answers shall be given up
	op       Op
	id       string // of the ticket or file in the path
	body     []byte // of a create or update
	readErr  error
	faults   []string
}

// ServeHTTP implements [http.Handler]. Troubles that cut the connection panic with [http.ErrAbortHandler],
// which a server expects and a bare [net/http/httptest.ResponseRecorder] does not.
func (d *Desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{request: r, released: d.troubles.release()}
	c.op, c.id = route(r)
	if c.op == Create || c.op == Update {
		c.body, c.readErr = readAll(w, r)
	}
	entry := d.log.arrived(c)
	a := d.answer(c, 0)
	d.log.answered(entry, c, a)
	send(w, c, a)
}

// route returns the operation of a request and the id in its path.
func route(r *http.Request) (Op, string) {
	path := r.URL.EscapedPath()
	id, isTicket := strings.CutPrefix(path, ticketsPath+"/")
	isTicket = isTicket && id != "" && !strings.Contains(id, "/")
	switch {
	case path == ticketsPath && r.Method == http.MethodPost:
		return Create, ""
	case path == uploadPath && r.Method == http.MethodPost:
		return Upload, ""
	case isTicket && r.Method == http.MethodGet:
		return Get, unescape(id)
	case isTicket && r.Method == http.MethodPut:
		return Update, unescape(id)
	case strings.HasPrefix(path, filesPath) && r.Method == http.MethodGet:
		return Download, fileID(path)
	case path == ticketsPath, path == uploadPath, isTicket:
		return wrongMethod, ""
	default:
		return unknown, ""
	}
}

func unescape(segment string) string {
	text, err := url.PathUnescape(segment)
	if err != nil {
		return segment
	}
	return text
}

// work does what was asked for, without any trouble.
func (d *Desk) work(c *call) answer {
	a, err := d.handle(c)
	if err != nil {
		return d.refuse(err)
	}
	return a
}

func (d *Desk) handle(c *call) (answer, error) {
	switch c.op {
	case unknown:
		return answer{}, refusal{http.StatusNotFound, codeNotFound, "no such address"}
	case wrongMethod:
		return answer{}, refusal{http.StatusMethodNotAllowed, codeMethod, "wrong method"}
	case Download:
		return d.download(c)
	}
	if err := d.admit(c); err != nil {
		return answer{}, err
	}
	switch c.op {
	case Create:
		return d.create(c)
	case Get:
		return d.get(c)
	case Update:
		return d.update(c)
	default:
		return d.upload(c)
	}
}

// admit checks what all calls of the API have in common.
func (d *Desk) admit(c *call) error {
	key, secret, ok := c.request.BasicAuth()
	if !ok || key != d.options.Key || secret != d.options.Secret {
		return refusal{http.StatusUnauthorized, codeUnauthorized, "invalid API key or secret"}
	}
	if c.request.URL.RawQuery != "" {
		return refusal{http.StatusBadRequest, codeParameter, "unknown query parameter"}
	}
	return nil
}
