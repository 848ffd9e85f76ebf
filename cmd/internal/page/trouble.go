package page

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

// Trouble is something that can go wrong, as long as its switch is on.
type Trouble struct {
	Name  string `json:"name"`
	With  string `json:"with"` // LiveDesk or Telegram
	Label string `json:"label"`
	About string `json:"about"` // what comes of it
	On    bool   `json:"on"`
}

// Troubles are the switches for what goes wrong with the emulators. Safe for concurrent use.
type Troubles struct {
	telegram *telegramtest.Server
	desk     *livedesktest.Desk

	mu  sync.Mutex
	on  map[string]bool
	end []func() // of LiveDesk's
}

// NewTroubles makes the switches, all off.
func NewTroubles(telegram *telegramtest.Server, desk *livedesktest.Desk) *Troubles {
	return &Troubles{telegram: telegram, desk: desk, on: map[string]bool{}}
}

// kind is a trouble and what it does to LiveDesk; desk is nil for those of Telegram.
type kind struct {
	Trouble
	op   livedesktest.Op
	desk *livedesktest.Fault
}

// kinds are the troubles there are.
var kinds = []kind{
	{Trouble{Name: "down", With: "LiveDesk", Label: "Down", About: "LiveDesk is down: tickets wait."},
		livedesktest.Any, new(livedesktest.Unavailable(0))},
	{Trouble{Name: "lose", With: "LiveDesk", Label: "Answers lost",
		About: "LiveDesk takes new tickets, but its answers are lost: they are unconfirmed."},
		livedesktest.Create, new(livedesktest.StoreThenLose())},
	{Trouble{Name: "slow", With: "LiveDesk", Label: "Slow", About: "LiveDesk takes two seconds for everything."},
		livedesktest.Any, new(livedesktest.Slow(2 * time.Second))},
	{Trouble{Name: "429", With: "LiveDesk", Label: "Too many requests",
		About: "LiveDesk says that this was too much and to wait for two seconds, each time."},
		livedesktest.Any, new(livedesktest.RateLimit(2 * time.Second))},
	{Trouble{Name: "key", With: "LiveDesk", Label: "Key refused",
		About: "LiveDesk does not accept our key: tickets wait for the operator, who is told in the log."},
		livedesktest.Any, new(livedesktest.Refuse(http.StatusUnauthorized, livedesktest.Envelope))},
	{Trouble: Trouble{Name: "limits", With: "Telegram", Label: "Limits, as in life",
		About: "Telegram takes 20 messages a minute in a group and one a second in private: cards change less often."}},
	{Trouble: Trouble{Name: "telegram-slow", With: "Telegram", Label: "Slow", About: "Telegram takes two seconds for everything."}},
	{Trouble: Trouble{Name: "telegram-down", With: "Telegram", Label: "Down",
		About: "Telegram answers 502: what people write arrives when it is back, and so do the bot's answers."}},
}

// List returns all troubles.
func (t *Troubles) List() []Trouble {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]Trouble, len(kinds))
	for i, k := range kinds {
		list[i] = k.Trouble
		list[i].On = t.on[k.Name]
	}
	return list
}

// Set switches one on or off and reports whether there is one of that name.
func (t *Troubles) Set(name string, on bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !slices.ContainsFunc(kinds, func(k kind) bool { return k.Name == name }) {
		return false
	}
	t.on[name] = on
	t.apply()
	return true
}

// Off ends all of them.
func (t *Troubles) Off() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.on)
	t.apply()
}

// again makes the limits hold for chats that have come since.
func (t *Troubles) again() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.apply()
}

// apply makes the emulators behave as the switches stand.
func (t *Troubles) apply() {
	for _, end := range t.end {
		end()
	}
	t.end = nil
	for _, k := range kinds {
		if k.desk != nil && t.on[k.Name] {
			t.end = append(t.end, t.desk.Trouble(k.op, livedesktest.Always, *k.desk))
		}
	}
	t.telegram.Calm()
	if t.on["telegram-slow"] {
		t.telegram.Slow(2*time.Second, telegramtest.Match{})
	}
	if t.on["telegram-down"] {
		t.telegram.ServerError(telegramtest.Match{})
	}
	t.limit(t.on["limits"])
}

// limit sets Telegram's limits. https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
func (t *Troubles) limit(on bool) {
	group, private, all := 20, 1, 30
	if !on {
		group, private, all = 0, 0, 0
	}
	t.telegram.Limit(all, time.Second)
	for _, ch := range t.telegram.Chats() {
		if ch.Look().Kind == "private" {
			ch.Limit(private, time.Second)
		} else {
			ch.Limit(group, time.Minute)
		}
	}
}

func (p *Page) trouble(r *http.Request) (any, error) {
	wish, err := read[struct {
		On bool `json:"on"`
	}](r)
	if err != nil {
		return nil, err
	}
	if !p.Troubles.Set(r.PathValue("trouble"), wish.On) {
		return nil, refuse(http.StatusNotFound, "There is no such trouble.")
	}
	return nil, nil
}
