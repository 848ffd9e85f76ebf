// Package telegramtest is an emulated Bot API server for tests and the try-out.
//
// A [Server] is an http.Handler with in-memory state: mount it with httptest or on a loopback port, point the bot's API
// URL at it, and play the people on the other side with [Server.Say], [Server.Press] and their neighbours. It answers
// in Telegram's words and refuses what Telegram refuses. It is stricter than Telegram: a parameter that the Bot API
// 10.1 does not have, a nested field it does not have, or a value of the wrong type is answered with 400 and
// remembered in [Server.Unknown].
//
// It does not do: MarkdownV2, inline mode, payments, stickers, polls, business, guest, rich and ephemeral messages,
// replies across chats, answers in the body of a webhook response, the age limit of 24 hours of updates, and the
// pauses with which Telegram punishes fast repeated polls. Where Telegram's behaviour is only inferred, the code says
// "inferred".
//
// Start reading at [New], then [Server.Say]; methods.go lists the calls it answers.
package telegramtest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// DefaultToken is the bot token of a server made without another one.
const DefaultToken = "123456:TEST-abcdefghijklmnopqrstuvwxyz12345"

// DefaultUsername is the name of the bot of a server made without another one.
const DefaultUsername = "LiveDeskBot"

// Options of a Server; the zero value is a bot that reads everything and that nobody limits.
type Options struct {
	Token    string // default DefaultToken
	Username string // default DefaultUsername, without @

	// Privacy switches privacy mode on: outside private chats the bot then sees only commands, replies to its
	// messages and service messages, unless it is an administrator.
	Privacy bool
	// PrivateTopics says in getMe that private chats with the bot may have topics.
	PrivateTopics bool
	// Old is a self-hosted server of an early Bot API: it refuses <tg-time>, has no setMessageReaction, and ignores what it does
	// not know of buttons: style, copy_text, and force_reply beside them. What a button then has nothing to do for, it refuses.
	Old bool
	// Strict makes an Old server refuse what it does not know of buttons. That is not known of any, but of what stands before some.
	Strict bool
	// Forget keeps no messages, versions, calls or webhook posts, for benchmarks. Edits, replies and deletions then
	// trust the message id, and Messages, Replies and the Wait functions find nothing; OnMessage still sees all.
	Forget bool
	// MaxDownload is the largest file getFile hands out in bytes; default 20 MiB, as api.telegram.org does.
	MaxDownload int64
	// FloodGrace is how long after a 429 requests that were already under way are not counted as violations.
	FloodGrace time.Duration

	// Backoff is the second pause between repeats of a failed webhook post (the first repeat is immediate), doubled
	// up to MaxBackoff. Defaults 20 ms and 500 ms; Telegram takes 2 s and 60-120 s.
	Backoff, MaxBackoff time.Duration
	// WebhookClient posts to the webhook; set it to trust a test certificate.
	WebhookClient *http.Client

	// OnMessage is called for each message that the bot sends, before the answer is written, outside of locks.
	OnMessage func(*Message)
	// KeepUploads is the largest file sent by the bot whose content is kept, for a look at it; default none.
	KeepUploads int64
	// Now is the clock for dates and limits; default time.Now.
	Now func() time.Time
}

// Server is an emulated Bot API server with one bot. Its methods are safe for concurrent use.
type Server struct {
	opts Options
	bot  *Person
	hook *http.Client

	mu          sync.Mutex
	people      map[int64]*Person
	chats       map[int64]*Chat
	nextPerson  int64
	nextChat    int64
	nextMessage int // of private chats and basic groups, which share one row of ids
	updates     queue
	webhook     *webhook
	lanes       sync.WaitGroup
	posts       []Post
	presses     map[string]*Press
	answers     []*Press // answered, oldest first
	revision    int64    // counts changes of messages and chats
	files       map[string]*File
	nextFile    int
	menus       map[menuKey][]Command
	about       map[aboutKey]string
	limit       limiter
	violations  []Violation
	calls       []Call
	unknown     []string
	faults      []*fault
	chaos       Chaos
	dice        *rand.Rand
}

// New makes a server. It starts nothing; call Close if the bot sets a webhook.
func New(o Options) *Server {
	o.Token = cmp.Or(o.Token, DefaultToken)
	o.Username = cmp.Or(o.Username, DefaultUsername)
	o.MaxDownload = cmp.Or(o.MaxDownload, 20<<20)
	o.Backoff = cmp.Or(o.Backoff, 20*time.Millisecond)
	o.MaxBackoff = cmp.Or(o.MaxBackoff, 500*time.Millisecond)
	if o.Now == nil {
		o.Now = time.Now
	}
	id, _ := strconv.ParseInt(strings.SplitN(o.Token, ":", 2)[0], 10, 64)
	s := &Server{
		opts: o, hook: o.WebhookClient, nextPerson: 5000001, nextChat: 2000001, nextMessage: 1,
		bot:    &Person{ID: id, IsBot: true, FirstName: "LiveDesk", Username: o.Username},
		people: map[int64]*Person{}, chats: map[int64]*Chat{}, presses: map[string]*Press{},
		files: map[string]*File{}, menus: map[menuKey][]Command{}, about: map[aboutKey]string{},
		updates: queue{next: 700000001},
	}
	if s.hook == nil {
		s.hook = newHookClient()
	}
	s.people[id] = s.bot
	return s
}

// Token returns the bot token this server accepts.
func (s *Server) Token() string { return s.opts.Token }

// Bot returns the bot's own user.
func (s *Server) Bot() *Person {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bot
}

// RenameBot gives the bot another name, without @, as BotFather does. Nobody is told.
func (s *Server) RenameBot(username string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	renamed := *s.bot
	renamed.Username = username
	s.bot, s.people[renamed.ID] = &renamed, &renamed
}

// Close stops posting to the webhook, ends a waiting poll and waits for posts under way to be cut.
func (s *Server) Close() {
	s.mu.Lock()
	s.stopWebhook()
	s.updates.cut(conflictWebhook)
	s.mu.Unlock()
	s.lanes.Wait()
	s.hook.CloseIdleConnections()
}

// apiError is a refusal in Telegram's form.
type apiError struct {
	code        int
	description string
	retryAfter  int
	migrateTo   int64
}

func (e *apiError) Error() string { return e.description }

func badRequest(text string) error { return &apiError{code: 400, description: "Bad Request: " + text} }
func forbidden(text string) error  { return &apiError{code: 403, description: "Forbidden: " + text} }

// errGone says that the caller hung up while its call waited: there is nobody to answer.
var errGone = errors.New("caller hung up")

var tokenShape = regexp.MustCompile(`^[0-9]+:[A-Za-z0-9_-]{3,}$`)

// ServeHTTP answers /bot<token>/<method> and /file/bot<token>/<path>.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, isFile := strings.CutPrefix(r.URL.Path, "/file")
	path, isBot := strings.CutPrefix(path, "/bot")
	token, rest, found := strings.Cut(path, "/")
	switch {
	case !isBot || !found:
		s.remember("path " + strings.ReplaceAll(r.URL.Path, s.opts.Token, "<token>"))
		writeError(w, &apiError{code: 404, description: "Not Found"})
	case !tokenShape.MatchString(token):
		writeError(w, &apiError{code: 404, description: "Not Found"})
	case token != s.opts.Token:
		writeError(w, &apiError{code: 401, description: "Unauthorized"})
	case isFile:
		s.serveFile(w, r, rest)
	default:
		s.serveMethod(w, r, rest)
	}
}

func (s *Server) serveMethod(w http.ResponseWriter, r *http.Request, name string) {
	m, known := methods[strings.ToLower(name)]
	if !known {
		s.remember("method " + name)
		writeError(w, errNoMethod)
		return
	}
	c, err := s.readCall(r, m)
	if err == nil && s.opts.Old && m.name == "setMessageReaction" {
		err = errNoMethod
	}
	if err != nil {
		s.finish(c, err)
		writeError(w, err)
		return
	}
	t := s.troubleFor(m.name, c.chatID())
	if t.refuse {
		s.finish(c, errRefused)
		panic(http.ErrAbortHandler)
	}
	result, err := s.run(c, t)
	s.finish(c, err)
	pause(r.Context(), t.slow-t.slow/2)
	s.answer(w, t, result, err)
}

var errNoMethod = &apiError{code: 404, description: "Not Found: method not found"}

// run does the work of a call after half of the slowness asked for, so that a caller who gives up early may find it done.
func (s *Server) run(c *call, t trouble) (any, error) {
	if pause(c.ctx, t.slow/2) != nil {
		return nil, errGone
	}
	if t.fail != nil {
		return nil, t.fail
	}
	return c.method.run(s, c)
}

func (s *Server) answer(w http.ResponseWriter, t trouble, result any, err error) {
	switch {
	case t.lose || errors.Is(err, errGone):
		panic(http.ErrAbortHandler)
	case t.body != nil:
		w.Header().Set("Content-Type", t.contentType)
		w.WriteHeader(t.status)
		io.WriteString(w, *t.body)
	case err != nil:
		writeError(w, err)
	default:
		writeResult(w, result)
	}
}

// raw is a result that is JSON already.
type raw []byte

func writeResult(w http.ResponseWriter, result any) {
	body, done := result.(raw)
	if !done {
		var err error
		if body, err = json.Marshal(result); err != nil {
			writeError(w, &apiError{code: 500, description: "Internal Server Error: " + err.Error()})
			return
		}
	}
	out := make([]byte, 0, len(body)+24)
	out = append(out, `{"ok":true,"result":`...)
	out = append(out, body...)
	out = append(out, '}')
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(out)))
	w.Write(out)
}

func writeError(w http.ResponseWriter, err error) {
	e, ok := errors.AsType[*apiError](err)
	if !ok {
		e = &apiError{code: 500, description: "Internal Server Error: " + err.Error()}
	}
	type parameters struct {
		RetryAfter int   `json:"retry_after,omitempty"`
		MigrateTo  int64 `json:"migrate_to_chat_id,omitempty"`
	}
	body := struct {
		OK          bool        `json:"ok"`
		ErrorCode   int         `json:"error_code"`
		Description string      `json:"description"`
		Parameters  *parameters `json:"parameters,omitempty"`
	}{ErrorCode: e.code, Description: e.description}
	if e.retryAfter != 0 || e.migrateTo != 0 {
		body.Parameters = &parameters{e.retryAfter, e.migrateTo}
	}
	if e.retryAfter != 0 {
		w.Header().Set("Retry-After", strconv.Itoa(e.retryAfter))
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(e.code)
	json.NewEncoder(w).Encode(body)
}

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
