package bot

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"livedeskbot/storage"
)

// defaults are what the tickets of a place have where their command says nothing else.
type defaults struct {
	Priority string            `json:"priority,omitempty"`
	Type     string            `json:"type,omitempty"`
	Team     string            `json:"team,omitempty"`
	Fields   map[string]string `json:"fields,omitempty"`
	EUID     string            `json:"euid,omitempty"`    // LiveDesk contact that asks; only staff set it
	Channel  string            `json:"channel,omitempty"` // LiveDesk channel instead of LIVEDESK_CHANNEL_ID; only staff set it
}

// over returns these defaults, and for what they do not say the others.
func (d defaults) over(others defaults) defaults {
	fields := maps.Clone(others.Fields)
	if fields == nil {
		fields = d.Fields
	} else {
		maps.Copy(fields, d.Fields)
	}
	return defaults{
		Priority: cmp.Or(d.Priority, others.Priority), Type: cmp.Or(d.Type, others.Type), Team: cmp.Or(d.Team, others.Team),
		Fields: fields, EUID: cmp.Or(d.EUID, others.EUID), Channel: cmp.Or(d.Channel, others.Channel),
	}
}

// here is what holds in a place.
type here struct {
	topic, chat defaults
	languages   [2]string // of the topic and of the chat, those that are chosen
	channels    []string  // of LiveDesk that places of this chat belong to, beside the operator's
}

// of are the defaults that were set for a topic; thread 0: for the whole chat.
func (p here) of(thread int64) defaults {
	if thread == 0 {
		return p.chat
	}
	return p.topic
}

// defaults are those of the topic, then of the chat.
func (p here) defaults() defaults { return p.topic.over(p.chat) }

// language is that of the topic, then of the chat; empty: nobody has chosen one.
func (p here) language() string { return cmp.Or(p.languages[0], p.languages[1]) }

// placesAge is how long what was set for a place is remembered: another replica may have changed it.
const placesAge = 5 * time.Second

// places knows what was set for topics and chats. It remembers them for a moment, and whoever asks whether a chat is connected
// learns them with that, so that a ticket costs no query more. Safe for concurrent use.
type places struct {
	bot   int64
	store *storage.Store
	known *memory[int64, []storage.Place] // by chat
}

func newPlaces(bot int64, store *storage.Store) *places {
	return &places{bot: bot, store: store, known: newMemory[int64, []storage.Place](placesAge)}
}

// at returns what holds in a topic; thread 0: in the whole chat.
func (p *places) at(ctx context.Context, chat, thread int64) (here, error) {
	rows, err := p.rows(ctx, chat)
	if err != nil {
		return here{}, err
	}
	var h here
	for _, row := range rows {
		var d defaults
		_ = json.Unmarshal(row.Defaults, &d) // rows hold what set wrote
		switch row.ThreadID {
		case 0:
			h.chat, h.languages[1] = d, row.Language
		case thread:
			h.topic, h.languages[0] = d, row.Language
		}
		if d.Channel != "" && !slices.Contains(h.channels, d.Channel) {
			h.channels = append(h.channels, d.Channel)
		}
	}
	return h, nil
}

// fresh is at, for a change of what was set: what another replica has set a moment ago must not be lost by it.
func (p *places) fresh(ctx context.Context, chat, thread int64) (here, error) {
	p.known.forget(chat)
	return p.at(ctx, chat, thread)
}

// begin returns a function that remembers what was set in chats, as somebody who asks for it now is told. Of chats that nobody knows
// nothing is remembered: one may become the supergroup of a group, with what was set there.
func (p *places) begin() func(chats []storage.Connection, set []storage.Place) {
	remember := p.known.begin()
	return func(chats []storage.Connection, set []storage.Place) {
		rows := map[int64][]storage.Place{}
		for _, place := range set {
			rows[place.ChatID] = append(rows[place.ChatID], place)
		}
		for _, c := range chats {
			remember(c.ChatID, rows[c.ChatID])
		}
	}
}

func (p *places) rows(ctx context.Context, chat int64) ([]storage.Place, error) {
	if rows, ok := p.known.get(chat); ok {
		return rows, nil
	}
	remember := p.known.begin()
	rows, err := p.store.Places(ctx, p.bot, chat)
	if err == nil {
		remember(chat, rows)
	}
	return rows, err
}

// setDefaults stores the defaults of a topic or chat.
func (p *places) setDefaults(ctx context.Context, chat, thread int64, d defaults) error {
	raw, err := json.Marshal(d)
	if err != nil {
		return err
	}
	defer p.known.forget(chat)
	return p.store.SetDefaults(ctx, storage.Place{BotID: p.bot, ChatID: chat, ThreadID: thread, Defaults: raw})
}

// setLanguage stores the language of a topic or chat, in private that of the person.
func (p *places) setLanguage(ctx context.Context, chat, thread int64, tag string) error {
	defer p.known.forget(chat)
	return p.store.SetLanguage(ctx, storage.Place{BotID: p.bot, ChatID: chat, ThreadID: thread, Language: tag})
}
