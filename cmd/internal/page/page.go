// Package page is the try-out's web page and the HTTP interface below it: the state of the emulated Telegram and the
// emulated LiveDesk, to be seen, followed and changed. Tests and other programs may use the interface as the page does.
//
// It keeps no state of its own but what switches are on and a few lines of the log; everything else is asked of the
// emulators each time. It does not know how the service, the database and the story are run: see [World].
//
// # The interface
//
// Bodies are JSON, unless a line says otherwise. 200 answers with what is named behind the arrow, else with {}; a refusal has
// another status and {"error": "a sentence for the person"}. Chats, people and topics go by their ids in Telegram; topic 0 is
// General, and where there are no topics the whole chat. Shapes of answers are the types with json tags in this package.
//
//	GET    /api/state                                 -> [Update], everything
//	GET    /api/events                                server-sent events: "state" with everything, then "change" with what
//	                                                  has changed, at most 20 a second
//	GET    /api/chats/{chat}/messages?topic=&before=  -> the 50 messages before that one, oldest first
//	GET    /api/chats/{chat}/menu?person=             -> [Menu], what that person's client shows after "/"
//	GET    /api/files/{file}                          the content of a message's file
//	GET    /api/tickets/{ticket}                      -> [Ticket]
//	GET    /api/tickets/{ticket}/file?url=            the content of one of its files
//
//	POST   /api/uploads?name=                         a file, of the body's Content-Type -> {"id"}, to be named in "files" once
//	POST   /api/people                                {name, username, language} -> {"id"}
//	POST   /api/chats                                 {kind, title, person} -> {"id"}; kind: group, supergroup, forum, private.
//	                                                  The person makes it and adds the bot
//	POST   /api/chats/{chat}/members                  {person}, who joins
//	POST   /api/chats/{chat}/topics                   {name} -> {"id"}
//	PATCH  /api/chats/{chat}/topics/{topic}           {closed}
//	PUT    /api/chats/{chat}/bot                      {status, person}: member, administrator, restricted, left; by that person
//	POST   /api/chats/{chat}/upgrade                  {person}: the group becomes a supergroup -> {"id"}
//	POST   /api/chats/{chat}/messages                 {person, topic, text, reply_to, quote, mentions, files} -> {"ids"}
//	PATCH  /api/chats/{chat}/messages/{message}       {text}
//	DELETE /api/chats/{chat}/messages/{message}
//	POST   /api/chats/{chat}/messages/{message}/press {person, data} -> {"press"}; its answer is in an [Update]
//	PUT    /api/chats/{chat}/messages/{message}/reaction {person, emoji}, empty for none
//
//	POST   /api/tickets/{ticket}/messages             {text, internal, files}, of the agent
//	PATCH  /api/tickets/{ticket}                      {status, priority, type, team, promise_hours, stars, feedback}, what is there
//	DELETE /api/tickets/{ticket}
//
//	PUT    /api/troubles/{trouble}                    {on}
//	POST   /api/service/kill                          kill -9; it starts again
//	POST   /api/postgres/restart                      a crash and the recovery from it -> when it is back
//	POST   /api/story                                 {do, seconds}: play, pause, next, restart; seconds to look at each step
//
// # Who may use it
//
// Whoever can reach the loopback address. Requests for another host name are refused (a page elsewhere may have its name
// resolve to loopback), and so are changes that a page of another origin asks for.
//
// Start with New; the page itself is in static, where main.js is the first to read.
package page

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strconv"

	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

// World is what the page shows and plays with.
type World struct {
	Telegram *telegramtest.Server
	Desk     *livedesktest.Desk
	Troubles *Troubles
	Log      *Log

	Agent string           // who answers at LiveDesk
	Teams []string         // LiveDesk's
	Staff map[int64]bool   // ids of staff chats
	About map[int64]string // what a chat is for, in a few words

	Service  Service
	Story    Story
	Postgres func() error // lets the database crash and returns when it is back
}

// Service is the process of the service.
type Service interface {
	// Kill ends the process as kill -9 does. It is started again after a moment.
	Kill() error
	State() ServiceState
}

// ServiceState is what there is to know of the process.
type ServiceState struct {
	Running bool `json:"running"`
	Process int  `json:"process"` // its id
	Starts  int  `json:"starts"`  // how often it was started
}

// Page is the page and its interface, an http.Handler. Safe for concurrent use.
type Page struct {
	World
	uploads uploads
	handler http.Handler
}

//go:embed static
var static embed.FS

// New makes the page. It starts nothing.
func New(w World) *Page {
	p := &Page{World: w}
	mux := http.NewServeMux()
	p.routes(mux)
	files, err := fs.Sub(static, "static")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	mux.Handle("/", http.FileServerFS(files))
	p.handler = guarded(http.NewCrossOriginProtection().Handler(mux))
	return p
}

// ServeHTTP implements http.Handler.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.handler.ServeHTTP(w, r) }

func (p *Page) routes(mux *http.ServeMux) {
	for pattern, answer := range map[string]handler{
		"GET /api/state":                                    p.state,
		"GET /api/chats/{chat}/messages":                    p.earlier,
		"GET /api/chats/{chat}/menu":                        p.menu,
		"POST /api/people":                                  p.newPerson,
		"POST /api/chats":                                   p.newChat,
		"POST /api/chats/{chat}/members":                    p.join,
		"POST /api/chats/{chat}/topics":                     p.newTopic,
		"PATCH /api/chats/{chat}/topics/{topic}":            p.changeTopic,
		"PUT /api/chats/{chat}/bot":                         p.changeBot,
		"POST /api/chats/{chat}/upgrade":                    p.upgrade,
		"POST /api/chats/{chat}/messages":                   p.say,
		"PATCH /api/chats/{chat}/messages/{message}":        p.edit,
		"DELETE /api/chats/{chat}/messages/{message}":       p.remove,
		"POST /api/chats/{chat}/messages/{message}/press":   p.press,
		"PUT /api/chats/{chat}/messages/{message}/reaction": p.react,
		"GET /api/tickets/{ticket}":                         p.ticket,
		"PATCH /api/tickets/{ticket}":                       p.changeTicket,
		"DELETE /api/tickets/{ticket}":                      p.deleteTicket,
		"POST /api/tickets/{ticket}/messages":               p.reply,
		"POST /api/uploads":                                 p.upload,
		"PUT /api/troubles/{trouble}":                       p.trouble,
		"POST /api/service/kill":                            p.kill,
		"POST /api/postgres/restart":                        p.restartPostgres,
		"POST /api/story":                                   p.tell,
	} {
		mux.Handle(pattern, answer)
	}
	mux.HandleFunc("GET /api/events", p.events)
	mux.HandleFunc("GET /api/files/{file}", p.file)
	mux.HandleFunc("GET /api/tickets/{ticket}/file", p.ticketFile)
	mux.Handle("/api/", handler(func(*http.Request) (any, error) { return nil, refuse(http.StatusNotFound, "There is no such call.") }))
}

// policy lets the page load its own files and nothing else, and run no script but them. With trusted types the browser itself
// refuses to make elements out of text.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob: data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// guarded refuses requests for another host and says what a browser may do with the answers.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-cache")
		if !loopback(r.Host) {
			http.Error(w, "This page answers to its loopback address only.", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// loopback reports whether a Host header names this machine by a name that nobody else can give it.
func loopback(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	ip := net.ParseIP(name)
	return name == "localhost" || ip != nil && ip.IsLoopback()
}

// handler answers with a value as JSON, or refuses.
type handler func(*http.Request) (any, error)

func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	value, err := h(r)
	status := http.StatusOK
	if err != nil {
		status = http.StatusInternalServerError
		if f, ok := errors.AsType[fault](err); ok {
			status = f.status
		}
		value = map[string]string{"error": err.Error()}
	}
	if value == nil {
		value = struct{}{}
	}
	body, err := json.Marshal(value)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // whoever asked may have left
}

// fault is a refusal in words for the person.
type fault struct {
	status int
	text   string
}

func (f fault) Error() string { return f.text }

func refuse(status int, format string, args ...any) error {
	return fault{status, fmt.Sprintf(format, args...)}
}

func bad(format string, args ...any) error { return refuse(http.StatusBadRequest, format, args...) }

// maxJSON is the largest body of a call in bytes.
const maxJSON = 1 << 20

// read decodes the body of a call.
func read[T any](r *http.Request) (T, error) {
	var v T
	d := json.NewDecoder(io.LimitReader(r.Body, maxJSON))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return v, bad("The request is not understood: %v", err)
	}
	return v, nil
}

// by says in a call who does something.
type by struct {
	Person int64 `json:"person"`
}

func (b by) id() int64 { return b.Person }

// readBy is read for what a person does, and finds the person.
func readBy[T interface{ id() int64 }](p *Page, r *http.Request) (T, *telegramtest.Person, error) {
	wish, err := read[T](r)
	if err != nil {
		return wish, nil, err
	}
	who, err := p.person(wish.id())
	return wish, who, err
}

type made[T int | int64 | string] struct {
	ID T `json:"id"`
}

// The things that addresses name.

func (p *Page) chat(r *http.Request) (*telegramtest.Chat, error) {
	id, _ := strconv.ParseInt(r.PathValue("chat"), 10, 64) // no chat has the id 0
	if ch := p.Telegram.Chat(id); ch != nil {
		return ch, nil
	}
	return nil, refuse(http.StatusNotFound, "There is no chat %s.", r.PathValue("chat"))
}

func (p *Page) message(r *http.Request) (*telegramtest.Message, error) {
	ch, err := p.chat(r)
	if err != nil {
		return nil, err
	}
	id, _ := strconv.Atoi(r.PathValue("message"))
	if m := ch.Message(id); m != nil {
		return m, nil
	}
	return nil, refuse(http.StatusNotFound, "There is no message %s in that chat.", r.PathValue("message"))
}

func (p *Page) person(id int64) (*telegramtest.Person, error) {
	if who := p.Telegram.Person(id); who != nil && !who.IsBot {
		return who, nil
	}
	return nil, bad("There is no person %d.", id)
}

// place is a topic of a chat, or the chat.
func place(ch *telegramtest.Chat, topic int) (telegramtest.Place, error) {
	if topic == 0 {
		return ch, nil
	}
	if t := ch.Topic(topic); t != nil {
		return t, nil
	}
	return nil, bad("There is no topic %d in that chat.", topic)
}
