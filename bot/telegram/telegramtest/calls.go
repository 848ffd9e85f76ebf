package telegramtest

import (
	"errors"
	"slices"
	"time"
)

// Call is one request the server received for a method it knows, or for a file.
type Call struct {
	Method string
	ChatID int64 // 0 if it names no chat by number
	At     time.Time
	Took   time.Duration     // until the work was done, without the time to write the answer
	Status int               // HTTP status of the outcome, whatever a Trouble made of it; 0 if the connection was cut before the work
	Error  string            // description of a refusal
	Params map[string]string // parameters as sent, JSON ones as JSON; must not be changed
}

// errRefused stands in the log for a connection cut before the work.
var errRefused = errors.New("connection cut before the work")

// Calls returns the requests received so far, oldest first.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// CallsOf returns the requests for one method, oldest first.
func (s *Server) CallsOf(method string) []Call {
	return slices.DeleteFunc(s.Calls(), func(c Call) bool { return c.Method != method })
}

// Unknown returns what the bot asked for that the Bot API, or this server, does not have: paths, methods, parameters,
// nested fields and wrong types, oldest first. A test should require it to be empty.
func (s *Server) Unknown() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.unknown)
}

func (s *Server) remember(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unknown = append(s.unknown, what)
}

// finish writes a call into the log.
func (s *Server) finish(c *call, err error) {
	if s.opts.Forget {
		return
	}
	entry := Call{
		Method: c.method.name, ChatID: c.chatID(), At: c.began, Took: s.opts.Now().Sub(c.began), Status: 200, Params: c.values,
	}
	if err != nil {
		entry.Status, entry.Error = 0, err.Error()
		if e, ok := errors.AsType[*apiError](err); ok {
			entry.Status = e.code
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, entry)
}
