package telegramtest

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// Press is somebody's press on a button, a callback query.
type Press struct {
	ID     string
	Update int64 // id of the update that carried it, 0 if none did
	Data   string
	By     *Person
	Under  *Message // as it stood

	s        *Server
	at       time.Time
	expired  bool
	answer   Answer
	answered chan struct{}
}

// Answer is how the bot answered a press.
type Answer struct {
	Text  string
	Alert bool
	URL   string
	At    time.Time
}

// pressLife is how long a press can be answered.
const pressLife = 150 * time.Second

// Press makes a person press the button with this label, or else with this callback data, under a message as it now
// stands. It fails if there is no such button.
func (s *Server) Press(by *Person, m *Message, button string) (*Press, error) {
	s.mu.Lock()
	now := m.Chat.history.find(m.ID)
	s.mu.Unlock()
	if now == nil {
		return nil, fmt.Errorf("press %q: message %d is gone", button, m.ID)
	}
	for _, row := range now.Buttons {
		for _, b := range row {
			if b.Data != "" && (b.Text == button || b.Data == button) {
				return s.Forge(by, now, b.Data), nil
			}
		}
	}
	return nil, fmt.Errorf("press %q: message %d has no such button", button, m.ID)
}

// Forge sends callback data that need not stand on any button, as clients can. The message of the query is as it now
// stands, or inaccessible if it was deleted.
func (s *Server) Forge(by *Person, m *Message, data string) *Press {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nextFile++
	p := &Press{
		ID: strconv.Itoa(4_000_000_000_000_000_000 + s.nextFile), Data: data, By: by, Under: m, s: s, at: s.opts.Now(),
		answered: make(chan struct{}),
	}
	s.presses[p.ID] = p
	var message any = map[string]any{"chat": m.Chat.wire(), "message_id": m.ID, "date": 0}
	if now := m.Chat.history.find(m.ID); now != nil {
		message = now.wire()
	}
	p.Update = s.enqueue("callback_query", laneOf("callback_query", by.ID), struct {
		ID       string  `json:"id"`
		From     *Person `json:"from"`
		Message  any     `json:"message"`
		Instance string  `json:"chat_instance"`
		Data     string  `json:"data"`
	}{p.ID, by, message, strconv.FormatInt(m.Chat.ID*31, 10), data})
	return p
}

// Expire makes the press too old to be answered.
func (p *Press) Expire() {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.expired = true
}

// Wait waits for the bot's answer.
func (p *Press) Wait(ctx context.Context) (Answer, error) {
	select {
	case <-p.answered:
		return p.answer, nil
	case <-ctx.Done():
		return Answer{}, fmt.Errorf("wait for the answer to press %q: %w", p.Data, ctx.Err())
	}
}

// Answer returns how the bot has answered, false if it has not.
func (p *Press) Answer() (Answer, bool) {
	if !p.Answered() {
		return Answer{}, false
	}
	return p.answer, true
}

// Answered reports whether the bot has answered.
func (p *Press) Answered() bool {
	select {
	case <-p.answered:
		return true
	default:
		return false
	}
}

// maxAnswer is the longest text of an answer in characters.
const maxAnswer = 200

func (s *Server) answerCallbackQuery(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, known := s.presses[c.values["callback_query_id"]]
	switch {
	case !known || p.expired || p.Answered() || s.opts.Now().Sub(p.at) > pressLife:
		return nil, badRequest("query is too old and response timeout expired or query ID is invalid")
	case UTF16Len(c.values["text"]) > maxAnswer:
		return nil, badRequest("MESSAGE_TOO_LONG")
	}
	p.answer = Answer{Text: c.values["text"], Alert: c.flag("show_alert"), URL: c.values["url"], At: s.opts.Now()}
	close(p.answered)
	if s.opts.Forget {
		delete(s.presses, p.ID)
	} else {
		s.answers = append(s.answers, p)
	}
	return true, nil
}
