// Package view is all that people read: texts in their languages, the card of a ticket, lists, conversations, what is news
// beside a card, and what agents read in a ticket. A row, who reads it and in which language go in, [markup] and buttons come
// out. It asks nobody: no network, no database; the clock only says whether a time is near.
//
// contents.go has what rows store as JSON: it is written and read here and nowhere else. The words stand in locales, which
// texts.go reads; times.go has times, access.go says who may use the bot, outcome.go is the card of a ticket of ours, card.go the
// answer to /status, notice.go what is told beside the card, agents.go what goes into the ticket.
package view

import (
	"slices"
	"strings"
	"time"

	"livedeskbot/bot/telegram/markup"
)

// Audience is who reads a chat. What is shown is decided by who reads it, never by who asks.
type Audience int

// Who may read a chat.
const (
	Nobody    Audience = iota // nobody who may see the ticket
	Customers                 // never internal messages, contact data or breaches
	Staff                     // everything
)

// Config is what the operator decides of what people see.
type Config struct {
	Language   string   // where nothing else is chosen
	ConsoleURL string   // link to a ticket for staff, with {ticket_id}; empty: none
	Teams      []string // that people may choose from
	FollowUps  bool     // people can add to a ticket by a reply

	Now func() time.Time // clock; nil: time.Now
}

// View shows tickets. Safe for concurrent use.
type View struct {
	cfg   Config
	texts *texts
}

// New returns a view. It fails only where the locales are broken.
func New(cfg Config) (*View, error) {
	texts, err := newTexts(cfg.Language, cfg.Now)
	if err != nil {
		return nil, err
	}
	return &View{cfg: cfg, texts: texts}, nil
}

// In returns a language by its tag; empty: the one where nothing is chosen.
func (v *View) In(lang string) Language { return v.texts.in(lang) }

// everyLanguage are the languages, that of the operator first: it may have been another one yesterday.
func (v *View) everyLanguage() []Language {
	all := []Language{v.In("")}
	for _, tag := range Languages() {
		all = append(all, v.In(tag))
	}
	return all
}

// Coded is a language under the code that Telegram has for menus and descriptions.
type Coded struct {
	Code string // two letters; empty: who reads none of the other languages
	Language
}

// ByCode are the languages under Telegram's codes, the one where nothing is chosen first. The codes tell no scripts apart: Chinese
// is Traditional where the operator's language is, and else Simplified.
func (v *View) ByCode() []Coded {
	all := []Coded{{"", v.In("")}}
	for _, tag := range append([]string{v.texts.fallback}, Languages()...) {
		code, _, _ := strings.Cut(tag, "-")
		if !slices.ContainsFunc(all, func(c Coded) bool { return c.Code == code }) {
			all = append(all, Coded{code, v.In(tag)})
		}
	}
	return all
}

// IsQuestion reports whether a message of the bot, as people see it, is its question for a ticket's text in any language; it may name
// who is asked.
func (v *View) IsQuestion(text string) bool {
	return slices.ContainsFunc(v.everyLanguage(), func(say Language) bool { return strings.HasSuffix(text, markup.Plain(say.Text("question"))) })
}

// TeamNames are the teams to choose from, as many as fit a message.
func (v *View) TeamNames() string { return markup.Shorten(strings.Join(v.cfg.Teams, ", "), 2000) }
