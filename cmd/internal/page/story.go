package page

import (
	"net/http"
	"time"
)

// Story is what can be played for the person who looks on.
type Story interface {
	// Do is play, pause, next or restart; look is how long each step is left to be looked at while it plays. It returns false if
	// there is no such thing to do.
	Do(what string, look time.Duration) bool
	State() StoryState
}

// StoryState is how far the story has come.
type StoryState struct {
	Steps   []Step `json:"steps"`
	Step    int    `json:"step"`    // counts from 1; 0 before the first
	Playing bool   `json:"playing"` // goes on by itself
	Working bool   `json:"working"` // the step is happening just now
	Failed  string `json:"failed,omitempty"`
}

// Step is a step of the story.
type Step struct {
	Title  string   `json:"title"`
	Look   string   `json:"look"`           // what to look at
	Chat   int64    `json:"chat,omitempty"` // where, if in a chat
	Topic  int      `json:"topic,omitempty"`
	Person int64    `json:"person,omitempty"` // who acts there
	Desk   bool     `json:"desk,omitempty"`   // at LiveDesk
	Checks []string `json:"checks,omitempty"` // what was seen to be so
}

func (p *Page) tell(r *http.Request) (any, error) {
	wish, err := read[struct {
		Do      string  `json:"do"`
		Seconds float64 `json:"seconds"`
	}](r)
	if err != nil {
		return nil, err
	}
	if wish.Seconds < 0 || wish.Seconds > 600 || !p.Story.Do(wish.Do, time.Duration(wish.Seconds*float64(time.Second))) {
		return nil, bad("The story can play, pause, next and restart.")
	}
	return nil, nil
}

func (p *Page) kill(*http.Request) (any, error) {
	if err := p.Service.Kill(); err != nil {
		return nil, refuse(http.StatusConflict, "%v", err)
	}
	return nil, nil
}

func (p *Page) restartPostgres(*http.Request) (any, error) {
	if err := p.Postgres(); err != nil {
		return nil, refuse(http.StatusConflict, "%v", err)
	}
	return nil, nil
}
