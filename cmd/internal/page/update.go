package page

import (
	"slices"
	"time"

	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

// Update is what there is to see, or what has changed of it. Lists marked "all" come whole or not at all; the others bring what
// is new, and things that are known already in their present state.
type Update struct {
	Bot      *Person       `json:"bot,omitempty"`
	Agent    string        `json:"agent,omitempty"`
	Teams    []string      `json:"teams,omitempty"`
	Emoji    []string      `json:"emoji,omitempty"`    // that people may react with
	People   []Person      `json:"people,omitempty"`   // all
	Chats    []Chat        `json:"chats,omitempty"`    // all
	Messages []Message     `json:"messages,omitempty"` // at first the newest of each topic
	Answers  []Answer      `json:"answers,omitempty"`
	Tickets  []Row         `json:"tickets,omitempty"`
	Deleted  []string      `json:"deleted,omitempty"` // ids of tickets
	Calls    []Call        `json:"calls,omitempty"`   // of LiveDesk's API
	Log      []Line        `json:"log,omitempty"`
	Troubles []Trouble     `json:"troubles,omitempty"` // all
	Service  *ServiceState `json:"service,omitempty"`
	Story    *StoryState   `json:"story,omitempty"`
}

// Person is a user of Telegram.
type Person struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	Username string `json:"username,omitempty"`
	Language string `json:"language,omitempty"`
	Status   string `json:"status,omitempty"` // in a chat
}

// Chat is a chat of Telegram.
type Chat struct {
	ID      int64    `json:"id"`
	Kind    string   `json:"kind"` // private, group, supergroup, forum, channel
	Title   string   `json:"title"`
	About   string   `json:"about,omitempty"`
	Staff   bool     `json:"staff,omitempty"`
	Bot     string   `json:"bot"` // what the bot is there: member, administrator, restricted, left, kicked
	Gone    bool     `json:"gone,omitempty"`
	Topics  []Topic  `json:"topics,omitempty"` // General first
	Members []Person `json:"members"`
	Doing   *Doing   `json:"doing,omitempty"`
}

// Topic is a topic of a chat.
type Topic struct {
	ID     int    `json:"id"`
	Name   string `json:"name"`
	Closed bool   `json:"closed,omitempty"`
}

// Doing is what the bot says that it is doing.
type Doing struct {
	Action string    `json:"action"`
	Topic  int       `json:"topic"`
	Until  time.Time `json:"until"`
}

// Message is a message in its present state.
type Message struct {
	Chat       int64                   `json:"chat"`
	ID         int                     `json:"id"`
	Topic      int                     `json:"topic"`
	From       Person                  `json:"from"`
	Bot        bool                    `json:"bot,omitempty"`
	Notice     string                  `json:"notice,omitempty"` // of a service message
	Date       time.Time               `json:"date"`
	Edited     *time.Time              `json:"edited,omitempty"`
	Deleted    bool                    `json:"deleted,omitempty"`
	Text       string                  `json:"text,omitempty"`
	Entities   []telegramtest.Entity   `json:"entities,omitempty"`
	Buttons    [][]telegramtest.Button `json:"buttons,omitempty"`
	ReplyTo    *Replied                `json:"reply_to,omitempty"`
	File       *File                   `json:"file,omitempty"`
	Album      string                  `json:"album,omitempty"`
	Reactions  []Reaction              `json:"reactions,omitempty"`
	ForceReply bool                    `json:"force_reply,omitempty"` // clients open the reply field
	Selective  bool                    `json:"selective,omitempty"`   // only those of who is answered or named
	Prompt     string                  `json:"prompt,omitempty"`      // in that field
}

// Replied is what a message answers.
type Replied struct {
	ID    int    `json:"id"`
	From  int64  `json:"from"`
	Name  string `json:"name"`
	Text  string `json:"text"` // the quoted part, or the beginning
	Quote bool   `json:"quote,omitempty"`
}

// File is a file in a message.
type File struct {
	ID    string `json:"id"`
	Kind  string `json:"kind"` // photo, document, video, audio, voice, animation
	Name  string `json:"name,omitempty"`
	Type  string `json:"type,omitempty"`
	Size  int64  `json:"size"`
	Shown bool   `json:"shown,omitempty"` // its content can be had
}

// Reaction is somebody's reaction.
type Reaction struct {
	Emoji string `json:"emoji"`
	Name  string `json:"name"`
	By    int64  `json:"by"`
}

// Answer is the bot's answer to a press on a button, which clients show for a moment.
type Answer struct {
	Press   string `json:"press"`
	By      int64  `json:"by"`
	Name    string `json:"name"`
	Chat    int64  `json:"chat"`
	Message int    `json:"message"`
	Data    string `json:"data"`
	Text    string `json:"text,omitempty"`
	Alert   bool   `json:"alert,omitempty"`
	URL     string `json:"url,omitempty"`
}

// Row is a ticket in the list.
type Row struct {
	ID       string    `json:"id"`
	Title    string    `json:"title"`
	Status   string    `json:"status"`
	Priority string    `json:"priority"`
	Team     string    `json:"team,omitempty"`
	From     string    `json:"from,omitempty"`
	Changed  time.Time `json:"changed"`
}

// Call is a request that LiveDesk got.
type Call struct {
	Number int       `json:"number"`
	At     time.Time `json:"at"`
	Method string    `json:"method"`
	Path   string    `json:"path"`
	Status int       `json:"status"` // 0 where the answer was lost
	Fault  string    `json:"fault,omitempty"`
}

func personOf(p *telegramtest.Person) Person {
	if p == nil {
		return Person{}
	}
	return Person{ID: p.ID, Name: p.Name(), Username: p.Username, Language: p.Language}
}

func (p *Page) chatOf(ch *telegramtest.Chat, now time.Time) Chat {
	l := ch.Look()
	c := Chat{
		ID: ch.ID, Kind: l.Kind, Title: l.Title, About: p.About[ch.ID], Staff: p.Staff[ch.ID], Bot: string(l.Bot), Gone: l.Gone,
		Members: []Person{},
	}
	if l.Forum {
		c.Kind = "forum"
		c.Topics = append(c.Topics, Topic{Name: "General", Closed: l.GeneralOff})
		for _, t := range l.Topics {
			c.Topics = append(c.Topics, Topic{t.ID, t.Name, t.Closed})
		}
	}
	for _, m := range l.Members {
		member := personOf(m.Person)
		member.Status = string(m.Status)
		c.Members = append(c.Members, member)
	}
	if l.Doing.Until.After(now) {
		c.Doing = &Doing{l.Doing.Action, l.Doing.Thread, l.Doing.Until}
	}
	return c
}

func messageOf(m *telegramtest.Message) Message {
	out := Message{
		Chat: m.Chat.ID, ID: m.ID, From: personOf(m.From), Bot: m.FromBot, Notice: m.Notice(), Date: m.Date, Deleted: m.Deleted,
		Text: m.Text, Entities: m.Entities, Buttons: m.Buttons, File: fileOf(m.File), Album: m.Album,
		ForceReply: m.ForceReply, Selective: m.Selective, Prompt: m.Prompt,
	}
	if m.Topic != nil {
		out.Topic = m.Topic.ID
	}
	if m.SenderChat != nil {
		out.From.Name = m.SenderChat.Look().Title
	}
	if !m.Edited.IsZero() {
		out.Edited = &m.Edited
	}
	if m.ReplyTo != 0 {
		out.ReplyTo = repliedOf(m)
	}
	if m.Reaction != "" {
		out.Reactions = append(out.Reactions, Reaction{Emoji: m.Reaction, Name: "Bot"})
	}
	for _, r := range m.Reactions {
		out.Reactions = append(out.Reactions, Reaction{r.Emoji, r.By.Name(), r.By.ID})
	}
	return out
}

// snippet is how much of a message is shown where another one answers it.
const snippet = 100

func repliedOf(m *telegramtest.Message) *Replied {
	r := &Replied{ID: m.ReplyTo, Name: "Deleted message"}
	if to := m.Chat.Message(m.ReplyTo); to != nil {
		r.From, r.Name, r.Text = to.From.ID, to.From.Name(), to.Text
		if to.Text == "" && to.File != nil {
			r.Text = string(to.File.Kind)
		}
	}
	if m.Quote != "" {
		r.Text, r.Quote = m.Quote, true
	}
	r.Text = cut(r.Text, snippet)
	return r
}

// cut shortens a text to so many characters.
func cut(text string, most int) string {
	if all := []rune(text); len(all) > most {
		return string(all[:most]) + "…"
	}
	return text
}

func fileOf(f *telegramtest.File) *File {
	if f == nil {
		return nil
	}
	out := &File{ID: f.ID, Kind: string(f.Kind), Name: f.Name, Type: f.MIME, Size: f.Size, Shown: f.Content() != nil}
	if f.Upload.Name != "" {
		out.Name, out.Type = f.Upload.Name, f.Upload.MIME
	}
	return out
}

func answerOf(press *telegramtest.Press, answer telegramtest.Answer) Answer {
	return Answer{
		Press: press.ID, By: press.By.ID, Name: press.By.Name(), Chat: press.Under.Chat.ID, Message: press.Under.ID, Data: press.Data,
		Text: answer.Text, Alert: answer.Alert, URL: answer.URL,
	}
}

func rowOf(t livedesktest.Ticket) Row {
	r := Row{ID: t.ID, Title: t.Title, Status: t.Status, Priority: t.Priority, Team: t.Team, From: t.Requester.Name, Changed: t.UpdatedAt}
	if len(t.Requester.Followers) > 0 && r.From == "" {
		r.From = t.Requester.Followers[0].Name
	}
	for _, m := range t.Messages {
		r.Changed = later(r.Changed, m.SentAt)
	}
	for _, c := range t.StatusChanges {
		r.Changed = later(r.Changed, c.At)
	}
	return r
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// newest are the last messages of each topic of each chat, of messages in any order, oldest change first.
func newest(all []*telegramtest.Message) []*telegramtest.Message {
	type thread struct {
		chat  *telegramtest.Chat
		topic *telegramtest.Topic
	}
	byPlace := slices.Clone(all)
	slices.SortFunc(byPlace, func(a, b *telegramtest.Message) int { return b.ID - a.ID })
	seen := map[thread]int{}
	var kept []*telegramtest.Message
	for _, m := range byPlace {
		if at := (thread{m.Chat, m.Topic}); !m.Deleted && seen[at] < pageSize {
			seen[at]++
			kept = append(kept, m)
		}
	}
	slices.Reverse(kept)
	return kept
}

// pageSize is how many messages of a topic are handed out at once.
const pageSize = 50
