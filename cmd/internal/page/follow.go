package page

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"livedeskbot/livedesk/livedesktest"
)

// beat is the shortest time between two events. What happens in it comes together, so that a busy hour of the emulators is no
// more events than a quiet one.
const beat = 50 * time.Millisecond

// alive is how often a silent stream says something, so that either side notices when the other has gone.
const alive = 15 * time.Second

// follower knows what somebody has seen.
type follower struct {
	page           *Page
	telegram, desk int64 // revisions
	answers        int
	log            int64
	calls          int
	seen           map[string]string // JSON of what comes whole
}

func (p *Page) follow() *follower { return &follower{page: p, seen: map[string]string{}} }

// first is everything.
func (f *follower) first() Update {
	p := f.page
	u := f.next()
	bot := personOf(p.Telegram.Bot())
	u.Bot, u.Agent, u.Teams, u.Emoji = &bot, p.Agent, p.Teams, emoji
	u.Answers = nil // those were shown to others
	return u
}

// next is what has changed since the last time.
func (f *follower) next() Update {
	var u Update
	f.chats(&u)
	f.tickets(&u)
	p := f.page
	u.Log, f.log = p.Log.since(f.log)
	if all := p.Troubles.List(); f.differs("troubles", all) {
		u.Troubles = all
	}
	if state := p.Service.State(); f.differs("service", state) {
		u.Service = &state
	}
	if state := p.Story.State(); f.differs("story", state) {
		u.Story = &state
	}
	return u
}

func (f *follower) chats(u *Update) {
	p := f.page
	before := f.telegram
	changed, now := p.Telegram.Since(before)
	f.telegram = now
	if before == 0 {
		changed = newest(changed)
	}
	for _, m := range changed {
		u.Messages = append(u.Messages, messageOf(m))
	}
	for _, press := range p.Telegram.Answers(f.answers) {
		f.answers++
		if answer, ok := press.Answer(); ok {
			u.Answers = append(u.Answers, answerOf(press, answer))
		}
	}
	if now == before {
		return
	}
	var chats []Chat
	for _, ch := range p.Telegram.Chats() {
		chats = append(chats, p.chatOf(ch, time.Now()))
	}
	if f.differs("chats", chats) {
		u.Chats = chats
	}
	var people []Person
	for _, who := range p.Telegram.People() {
		people = append(people, personOf(who))
	}
	if f.differs("people", people) {
		u.People = people
	}
}

func (f *follower) tickets(u *Update) {
	p := f.page
	changed, deleted, now := p.Desk.Since(f.desk)
	f.desk, u.Deleted = now, deleted
	for _, t := range changed {
		u.Tickets = append(u.Tickets, rowOf(t))
	}
	u.Calls, f.calls = calls(p.Desk.RequestsSince(f.calls), f.calls)
}

// maxCalls is how many of LiveDesk's requests are worth showing at once.
const maxCalls = 100

// calls are the requests that have been dealt with, apart from the looks at tickets, which are too many, and the number of
// the last one that was looked at.
func calls(all []livedesktest.Request, last int) (found []Call, now int) {
	for _, r := range all {
		if r.Status == 0 && r.Faults == "" {
			break // at work
		}
		last = r.Number
		if r.Op != livedesktest.Get && r.Op != livedesktest.Download || r.Status != http.StatusOK {
			found = append(found, Call{r.Number, r.Time, r.Method, r.Path, r.Status, r.Faults})
		}
	}
	return found[max(0, len(found)-maxCalls):], last
}

// differs reports whether a value is another one than the last time, and remembers it.
func (f *follower) differs(name string, value any) bool {
	body, err := json.Marshal(value)
	if err != nil || f.seen[name] == string(body) {
		return false
	}
	f.seen[name] = string(body)
	return true
}

// empty reports whether nothing has changed.
func (u Update) empty() bool {
	return len(u.Messages)+len(u.Answers)+len(u.Tickets)+len(u.Deleted)+len(u.Calls)+len(u.Log)+len(u.Chats)+len(u.People)+
		len(u.Troubles) == 0 && u.Service == nil && u.Story == nil
}

func (p *Page) state(*http.Request) (any, error) { return p.follow().first(), nil }

// events streams everything and then all changes, until the client leaves.
func (p *Page) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	f := p.follow()
	if send(w, out, "state", f.first()) != nil {
		return
	}
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for last := time.Now(); ; {
		select {
		case <-r.Context().Done():
			return
		case <-tick.C:
		}
		u := f.next()
		if u.empty() && time.Since(last) < alive {
			continue
		}
		last = time.Now()
		if send(w, out, "change", u) != nil {
			return
		}
	}
}

func send(w http.ResponseWriter, out *http.ResponseController, event string, u Update) error {
	body, err := json.Marshal(u)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "event: %s\ndata: %s\n\n", event, body); err != nil {
		return err
	}
	return out.Flush()
}
