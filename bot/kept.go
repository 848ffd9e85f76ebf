package bot

import (
	"encoding/json"
	"time"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

// kept is what somebody asked as a row stores it, so that it can be done when they have pressed a button.
type kept struct {
	Args  string      `json:"args,omitempty"`
	Asked keptMessage `json:"asked"`
}

// keptMessage is a message in a row. It has every field of message, under the same name.
type keptMessage struct {
	At      telegram.Place   `json:"at"`
	By      keptPerson       `json:"by"`
	Private bool             `json:"private,omitempty"`
	Title   string           `json:"title,omitempty"`
	Text    string           `json:"text,omitempty"`
	Words   string           `json:"words,omitempty"`
	Sent    time.Time        `json:"sent"`
	Edited  time.Time        `json:"edited"`
	Author  string           `json:"author,omitempty"`
	Kind    string           `json:"kind,omitempty"`
	File    *view.File       `json:"file,omitempty"`
	Album   string           `json:"album,omitempty"`
	People  []storage.Person `json:"people,omitempty"`
	Mine    bool             `json:"mine,omitempty"`
	Foreign bool             `json:"foreign,omitempty"`
	Odd     bool             `json:"odd,omitempty"`
	Topic   string           `json:"topic,omitempty"`
	Quoted  *keptMessage     `json:"quoted,omitempty"`
	Part    string           `json:"part,omitempty"`
}

type keptPerson struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	User     bool   `json:"user,omitempty"`
	Language string `json:"language,omitempty"`
}

// keep is what was asked, as JSON for a row. It cannot fail: it holds plain fields.
func keep(a asked) []byte {
	raw, _ := json.Marshal(kept{markup.Clean(a.args), keepMessage(a.message)})
	return raw
}

// restore reads what keep wrote.
func restore(raw []byte) (asked, error) {
	var k kept
	err := json.Unmarshal(raw, &k)
	return asked{message: k.Asked.message(), args: k.Args}, err
}

func keepMessage(m message) keptMessage {
	k := keptMessage{
		At: m.at, By: keptPerson{m.by.id, m.by.name, m.by.user, m.by.language}, Private: m.private, Title: m.title,
		Text: markup.Clean(m.text), Words: markup.Clean(m.words), Sent: m.sent, Edited: m.edited, Author: m.author, Kind: m.kind,
		File: m.file, Album: m.album, People: m.people, Mine: m.mine, Foreign: m.foreign, Odd: m.odd, Topic: m.topic, Part: m.part,
	}
	if m.quoted != nil {
		quoted := keepMessage(*m.quoted)
		k.Quoted = &quoted
	}
	return k
}

func (k keptMessage) message() message {
	m := message{
		at: k.At, by: person{k.By.ID, k.By.Name, k.By.User, k.By.Language}, private: k.Private, title: k.Title,
		text: k.Text, words: k.Words, sent: k.Sent, edited: k.Edited, author: k.Author, kind: k.Kind,
		file: k.File, album: k.Album, people: k.People, mine: k.Mine, foreign: k.Foreign, odd: k.Odd, topic: k.Topic, part: k.Part,
	}
	if k.Quoted != nil {
		quoted := k.Quoted.message()
		m.quoted = &quoted
	}
	return m
}
