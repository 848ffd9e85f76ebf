package bot

import (
	"encoding/json"
	"strings"

	"github.com/go-telegram/bot/models"

	"livedeskbot/bot/inbox"
	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/markup"
	"livedeskbot/storage"
)

// person is who wrote: a user, or the chat in whose name an anonymous administrator or a channel writes.
type person struct {
	id   int64
	name string
	user bool // somebody who can be told apart, mentioned and written to
}

// asked is a message that wants something of the bot.
type asked struct {
	at      telegram.Place // its chat and topic; reply is the message itself
	by      person
	private bool
	args    string // what was typed after the command, or the whole text where there is none
	message *models.Message
	quoted  *models.Message // Message of the same chat that it answers; nil: none
}

// The intentions that an update can have.
type (
	wantTicket struct{ asked } // /ticket
	wantStatus struct{ asked } // /status
	wantHelp   struct{ asked } // /help and /start
	wantChat   struct{ asked } // Plain words in a private chat
	wantFollow struct {        // /follow and /unfollow
		asked
		on bool
	}
	// answered is a reply to one of the bot's messages.
	answered struct{ asked }
	// edited is another text of a message that may have asked for a ticket.
	edited struct{ asked }
	// albumPart is a part of an album that asks for nothing by itself.
	albumPart struct {
		chat  int64
		album string
		file  storage.File
	}
	// pressed is a button under one of the bot's messages.
	pressed struct {
		id, data string
		chat     int64 // 0 where Telegram does not say
		message  int64 // that carries the button
		date     int   // of that message, Unix seconds; 0 where Telegram does not say
		by       person
		private  bool
	}
	// migrated says that a group has become a supergroup.
	migrated struct{ from, to int64 }
	// membership says whether the bot can write to a chat.
	membership struct {
		chat   int64
		member bool
	}
)

// route says what an update wants; nil: nothing. It is a pure function.
func (h handler) route(u *models.Update) any {
	switch {
	case u.Message != nil:
		return h.routeMessage(u.Message)
	case u.EditedMessage != nil:
		return h.routeEdit(u.EditedMessage)
	case u.CallbackQuery != nil:
		return routePress(u.CallbackQuery)
	case u.MyChatMember != nil:
		return membership{chat: u.MyChatMember.Chat.ID, member: canWrite(u.MyChatMember.NewChatMember)}
	}
	return nil
}

func (h handler) routeMessage(m *models.Message) any {
	switch {
	case m.MigrateToChatID != 0:
		return migrated{from: m.Chat.ID, to: m.MigrateToChatID}
	case m.MigrateFromChatID != 0:
		return migrated{from: m.MigrateFromChatID, to: m.Chat.ID}
	}
	a, ok := wishOf(m)
	if !ok {
		return partOf(m) // a forwarded album can be asked about
	}
	if c, ok := parseCommand(a.args, h.me.name()); ok {
		a.args = c.args
		switch c.name {
		case "ticket":
			return wantTicket{a}
		case "status":
			return wantStatus{a}
		case "follow", "unfollow":
			return wantFollow{a, c.name == "follow"}
		case "help", "start":
			return wantHelp{a}
		}
		if !a.private {
			return nil // a command that somebody else may know
		}
		return wantHelp{a}
	}
	switch {
	case commandWord.MatchString(a.args[:wordEnd(a.args)]):
		return nil // another bot's command
	case h.mine(a.quoted):
		return answered{a}
	case m.MediaGroupID != "":
		return partOf(m)
	case a.private && a.args != "":
		return wantChat{a}
	}
	return nil
}

// wishOf is a message as somebody's wish; ok is false where nobody can wish anything by it.
func wishOf(m *models.Message) (a asked, ok bool) {
	by, ok := sender(m)
	return asked{
		at: telegram.Place{Chat: m.Chat.ID, Thread: topic(m), Reply: int64(m.ID)}, by: by,
		private: m.Chat.Type == models.ChatTypePrivate, args: words(m), message: m, quoted: quoted(m),
	}, ok && m.ForwardOrigin == nil && m.ID > 0
}

// routeEdit says what an edit wants: only one of the command itself matters, and it never makes a ticket.
func (h handler) routeEdit(m *models.Message) any {
	a, ok := wishOf(m)
	if !ok {
		return nil
	}
	if c, isCommand := parseCommand(a.args, h.me.name()); isCommand {
		if c.name != "ticket" {
			return nil
		}
		a.args = c.args
		return edited{a}
	}
	if h.mine(a.quoted) { // an answer to the bot's question may be a ticket
		return edited{a}
	}
	return nil
}

func partOf(m *models.Message) any {
	f, ok := fileOf(m)
	if !ok || m.MediaGroupID == "" {
		return nil
	}
	f.Caption = strings.TrimSpace(markup.Clean(m.Caption))
	raw, _ := json.Marshal(f) // Plain fields: it cannot fail
	return albumPart{chat: m.Chat.ID, album: m.MediaGroupID, file: storage.File{MessageID: int64(m.ID), File: raw}}
}

func routePress(q *models.CallbackQuery) pressed {
	p := pressed{id: q.ID, data: q.Data, by: user(&q.From)}
	var chat models.Chat
	if m := q.Message.Message; m != nil {
		chat, p.message, p.date = m.Chat, int64(m.ID), m.Date
	} else if m := q.Message.InaccessibleMessage; m != nil {
		chat, p.message = m.Chat, int64(m.MessageID)
	}
	p.chat, p.private = chat.ID, chat.Type == models.ChatTypePrivate
	return p
}

// Relevant reports whether an update can want anything, and in which lane it goes. Unlike route it does not need to know the
// bot's name, which is not known before Telegram has answered once.
func (h handler) Relevant(u *models.Update) (inbox.Lane, bool) {
	switch {
	case u.Message != nil:
		m := u.Message
		if m.MigrateToChatID != 0 || m.MigrateFromChatID != 0 {
			return inbox.Lane{Chat: m.Chat.ID}, true
		}
		a, ok := wishOf(m)
		return a.lane(), m.MediaGroupID != "" || ok && (h.mayWant(a) || a.private && a.args != "")
	case u.EditedMessage != nil:
		a, ok := wishOf(u.EditedMessage)
		return a.lane(), ok && h.mayWant(a)
	case u.CallbackQuery != nil:
		p := routePress(u.CallbackQuery)
		return inbox.Lane{Chat: p.chat, Sender: p.by.id}, true
	case u.MyChatMember != nil:
		return inbox.Lane{Chat: u.MyChatMember.Chat.ID}, true
	}
	return inbox.Lane{}, false
}

// mayWant says whether a message may be a command, or answers the bot.
func (h handler) mayWant(a asked) bool { return strings.HasPrefix(a.args, "/") || h.mine(a.quoted) }

func (a asked) lane() inbox.Lane { return inbox.Lane{Chat: a.at.Chat, Sender: a.by.id} }

// sender says who wrote a message. ok is false for other bots and for messages without anybody.
func sender(m *models.Message) (p person, ok bool) {
	switch {
	case m.SenderChat != nil:
		return person{id: m.SenderChat.ID, name: markup.Line(m.SenderChat.Title)}, true
	case m.From == nil || m.From.IsBot:
		return person{}, false
	}
	return user(m.From), true
}

func user(u *models.User) person {
	name := markup.Line(u.FirstName + " " + u.LastName)
	if name == "" {
		name = markup.Line(u.Username)
	}
	return person{id: u.ID, name: name, user: true}
}

// words is the text of a message, or the caption where commands count in it.
func words(m *models.Message) string {
	if m.Text != "" {
		return m.Text
	}
	if len(m.Photo) > 0 || m.Video != nil || m.Document != nil || m.Animation != nil || m.Audio != nil || m.Voice != nil {
		return m.Caption
	}
	return ""
}

// topic is the message's topic: the thread number also stands in replies outside of topics, where it is none.
func topic(m *models.Message) int64 {
	const general = 1
	if !m.IsTopicMessage || m.MessageThreadID == general {
		return 0
	}
	return int64(m.MessageThreadID)
}

// quoted is the message of the same chat that a person answers. In a topic, Telegram fills in the message that opened the
// topic where the person answers none.
func quoted(m *models.Message) *models.Message {
	r := m.ReplyToMessage
	if r == nil || r.Chat.ID != m.Chat.ID || r.ForumTopicCreated != nil || m.IsTopicMessage && r.ID == m.MessageThreadID {
		return nil
	}
	return r
}

// mine says whether a message is one of this bot's.
func (h handler) mine(m *models.Message) bool {
	return m != nil && m.From != nil && m.From.ID == h.me.id && m.SenderChat == nil
}

// mentioned are the people whom a message mentions by id. A mention by @name carries none.
func mentioned(m *models.Message) []storage.Person {
	var people []storage.Person
	for _, e := range append(m.Entities, m.CaptionEntities...) {
		if e.Type == models.MessageEntityTypeTextMention && e.User != nil && !e.User.IsBot {
			u := user(e.User)
			people = append(people, storage.Person{ID: u.id, Name: u.name})
		}
	}
	return people
}

func canWrite(m models.ChatMember) bool {
	switch m.Type {
	case models.ChatMemberTypeLeft, models.ChatMemberTypeBanned:
		return false
	case models.ChatMemberTypeRestricted:
		return m.Restricted != nil && m.Restricted.CanSendMessages
	}
	return true
}
