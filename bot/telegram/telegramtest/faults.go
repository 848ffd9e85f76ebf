package telegramtest

import (
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Match says which requests a trouble hits; the zero value hits all of them until Calm.
type Match struct {
	Method string // name in any letter case; "file" for downloads; empty for every one
	Chat   *Chat  // nil for every one
	Times  int    // how many requests; 0 for all
}

// fault is one trouble ordered for the requests that match.
type fault struct {
	Match
	trouble
}

// trouble is what goes wrong with one request.
type trouble struct {
	slow        time.Duration
	refuse      bool    // cut before the work
	lose        bool    // cut after the work
	fail        error   // refuse in Telegram's form without doing the work
	body        *string // answer this after the work
	status      int
	contentType string
}

// Slow lets a request take so much longer, half before and half after the work: a caller who gives up in the second
// half finds it done.
func (s *Server) Slow(d time.Duration, m Match) { s.order(m, trouble{slow: d}) }

// Refuse cuts the connection before the work is done.
func (s *Server) Refuse(m Match) { s.order(m, trouble{refuse: true}) }

// Lose does the work and cuts the connection without an answer; downloads are cut half-way.
func (s *Server) Lose(m Match) { s.order(m, trouble{lose: true}) }

// Fail refuses in Telegram's form, without doing the work.
func (s *Server) Fail(code int, description string, m Match) {
	s.order(m, trouble{fail: &apiError{code: code, description: description}})
}

// ServerError does no work and answers as a gateway in front of a broken server does: 502 with a page of HTML.
func (s *Server) ServerError(m Match) {
	t := answering(502, "text/html", "<html><head><title>502 Bad Gateway</title></head></html>")
	t.fail = errBroken
	s.order(m, t)
}

// Garbage does the work and answers 200 with something that is no JSON.
func (s *Server) Garbage(m Match) { s.order(m, answering(200, "application/json", "{\"ok\":tru\x00")) }

// EmptyAnswer does the work and answers 200 with no body.
func (s *Server) EmptyAnswer(m Match) { s.order(m, answering(200, "application/json", "")) }

// EmptyResult does the work and answers ok with an empty object as the result.
func (s *Server) EmptyResult(m Match) {
	s.order(m, answering(200, "application/json", `{"ok":true,"result":{}}`))
}

var errBroken = &apiError{code: 502, description: "Bad Gateway"}

func answering(status int, contentType, body string) trouble {
	return trouble{status: status, contentType: contentType, body: &body}
}

// Chaos are the probabilities, from 0 to 1, with which requests go wrong at random; at most one of them hits a request.
type Chaos struct {
	Refuse, Lose, ServerError, Garbage, Flood, Slow float64
	SlowBy                                          time.Duration
}

// Misbehave lets requests go wrong at random from now on, the same way for the same seed and order of requests.
func (s *Server) Misbehave(seed uint64, c Chaos) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chaos, s.dice = c, rand.New(rand.NewPCG(seed, seed))
}

// Calm ends all troubles and chaos; limits and floods stay.
func (s *Server) Calm() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults, s.dice = nil, nil
}

func (s *Server) order(m Match, t trouble) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &fault{m, t})
}

// troubleFor uses up the first trouble that matches; slowness comes on top of another.
func (s *Server) troubleFor(method string, chatID int64) trouble {
	s.mu.Lock()
	defer s.mu.Unlock()
	var t trouble
	for _, f := range slices.Clone(s.faults) {
		if !f.hits(method, chatID) || f.slow == 0 && t.serious() {
			continue
		}
		slow := t.slow + f.slow
		if f.slow == 0 {
			t = f.trouble
		}
		t.slow = slow
		s.use(f)
	}
	if s.dice != nil && !t.serious() {
		return s.roll(t)
	}
	return t
}

func (f *fault) hits(method string, chatID int64) bool {
	return (f.Method == "" || strings.EqualFold(f.Method, method)) && (f.Chat == nil || f.Chat.ID == chatID)
}

func (t trouble) serious() bool { return t.refuse || t.lose || t.fail != nil || t.body != nil }

func (s *Server) use(f *fault) {
	if f.Times == 0 {
		return
	}
	if f.Times--; f.Times == 0 {
		s.faults = slices.DeleteFunc(s.faults, func(other *fault) bool { return other == f })
	}
}

func (s *Server) roll(t trouble) trouble {
	broken := answering(502, "text/html", "<html>502</html>")
	broken.fail = errBroken
	p := s.dice.Float64()
	for _, option := range []struct {
		chance float64
		trouble
	}{
		{s.chaos.Refuse, trouble{refuse: true}},
		{s.chaos.Lose, trouble{lose: true}},
		{s.chaos.ServerError, broken},
		{s.chaos.Garbage, answering(200, "application/json", "{\"ok\":tru")},
		{s.chaos.Flood, trouble{fail: tooMany(time.Second)}},
		{s.chaos.Slow, trouble{slow: s.chaos.SlowBy}},
	} {
		if p -= option.chance; p < 0 {
			option.slow += t.slow
			return option.trouble
		}
	}
	return t
}
