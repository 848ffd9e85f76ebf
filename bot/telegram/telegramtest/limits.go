package telegramtest

import (
	"fmt"
	"slices"
	"time"
)

// Violation is a request that came while its chat, or the bot as a whole, had been told to wait.
type Violation struct {
	Method string
	ChatID int64
	At     time.Time
	Since  time.Duration // since the 429 that asked to wait
	Early  time.Duration // how much of the wait was left
}

// limiter allows a number of requests in a sliding window, and can be told to refuse some in any case.
type limiter struct {
	n        int
	per      time.Duration
	sent     []time.Time
	forced   int
	forcedBy int       // seconds
	told     time.Time // when the last 429 was answered
	until    time.Time // how long it runs
}

// Limit allows n messages and edits in the chat within a sliding window; Telegram is said to allow 20 a minute in a
// group and about one a second elsewhere. 0 lifts it.
func (ch *Chat) Limit(n int, per time.Duration) {
	ch.s.mu.Lock()
	defer ch.s.mu.Unlock()
	ch.limit = limiter{n: n, per: per}
}

// Limit allows n messages and edits within a sliding window over all chats; about 30 a second in life. 0 lifts it.
func (s *Server) Limit(n int, per time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit = limiter{n: n, per: per}
}

// Flood answers the next n messages and edits in the chat with 429 and retry_after seconds. What comes while that
// time runs is a violation and does not count as one of the n.
func (ch *Chat) Flood(n, seconds int) {
	ch.s.mu.Lock()
	defer ch.s.mu.Unlock()
	ch.limit.forced, ch.limit.forcedBy = n, seconds
}

// Flood is Chat.Flood for all chats together.
func (s *Server) Flood(n, seconds int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit.forced, s.limit.forcedBy = n, seconds
}

// Violations returns the requests that disregarded a retry_after, oldest first.
func (s *Server) Violations() []Violation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.violations)
}

// flooded refuses a request that comes too early and counts those that did not wait as told.
func (s *Server) flooded(c *call, ch *Chat) error {
	now := s.opts.Now()
	for _, l := range []*limiter{&ch.limit, &s.limit} {
		if now.Before(l.until) {
			if since := now.Sub(l.told); since > s.opts.FloodGrace {
				s.violations = append(s.violations, Violation{c.method.name, ch.ID, now, since, l.until.Sub(now)})
			}
			return tooMany(l.until.Sub(now))
		}
	}
	for _, l := range []*limiter{&ch.limit, &s.limit} {
		if wait := l.full(now); wait > 0 {
			err := tooMany(wait)
			l.told, l.until = now, now.Add(time.Duration(err.retryAfter)*time.Second)
			return err
		}
	}
	ch.limit.count(now)
	s.limit.count(now)
	return nil
}

// full returns how long to wait until a request is allowed, 0 if it is allowed now.
func (l *limiter) full(now time.Time) time.Duration {
	if l.forced > 0 {
		l.forced--
		return time.Duration(l.forcedBy) * time.Second
	}
	if l.n == 0 {
		return 0
	}
	l.sent = slices.DeleteFunc(l.sent, func(at time.Time) bool { return now.Sub(at) >= l.per })
	if len(l.sent) < l.n {
		return 0
	}
	return l.per - now.Sub(l.sent[0])
}

func (l *limiter) count(now time.Time) {
	if l.n > 0 {
		l.sent = append(l.sent, now)
	}
}

// tooMany rounds the wait up to whole seconds, the unit of retry_after.
func tooMany(wait time.Duration) *apiError {
	seconds := max(1, int((wait+time.Second-1)/time.Second))
	return &apiError{
		code: 429, description: fmt.Sprintf("Too Many Requests: retry after %d", seconds), retryAfter: seconds,
	}
}
