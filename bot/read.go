package bot

import (
	"fmt"
	"mime"
	"slices"
	"strings"
	"time"

	"github.com/go-telegram/bot/models"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

// person is who wrote: a user, or the chat in whose name an anonymous administrator or a channel writes.
type person struct {
	id       int64
	name     string
	user     bool   // somebody who can be told apart, mentioned and written to
	language string // that Telegram's app has for them, a tag; empty: it does not say
}

// message is a message of a chat, as far as it matters here. This file alone knows what Telegram calls the rest.
type message struct {
	at      telegram.Place // its chat and topic; Reply is the message itself
	by      person
	private bool
	title   string // of its chat
	text    string // or the caption, in any form that has words
	words   string // the same, where commands count
	sent    time.Time
	edited  time.Time
	author  string           // the name to quote it under, also that of a bot
	kind    string           // what it is where it has no words, for view.Kind
	file    *view.File       // nil: none
	album   string           // that it is a part of; empty: none
	people  []storage.Person // whom it mentions by id; a mention by @name carries none
	mine    bool             // written by this bot
	foreign bool             // forwarded: written by somebody else, perhaps elsewhere
	odd     bool             // something that can be taken along neither as text nor as a file, such as a poll
	topic   string           // what its topic was called when it was opened; empty where Telegram does not say
	quoted  *message         // message of the same chat that it answers; nil: none
	part    string           // of that message, where its writer chose one to quote; empty: all of it
}

// What Telegram tells beside messages.
type (
	// pressed is a button under one of the bot's messages.
	pressed struct {
		id, data string
		chat     int64     // 0 where Telegram does not say
		thread   int64     // topic of the message; 0 also where Telegram does not say
		message  int64     // that carries the button
		answers  int64     // the message that that one answers; 0 also where Telegram does not say
		sent     time.Time // that message; the beginning of 1970 where Telegram does not say
		by       person
		private  bool
		stands   bool // Telegram says that the message has this very button
		feed     bool // the message is one of the ticket's in its feed
	}
	// placeName says what a chat or a topic is called from now on.
	placeName struct {
		place storage.PlaceKey
		name  string
	}
	// migrated says that a group has become a supergroup.
	migrated struct{ from, to int64 }
	// membership says what the bot has become in a chat.
	membership struct {
		chat           int64
		title          string // of the chat
		group          bool   // it is a group, no channel and no private chat
		member, writes bool   // the bot is there, and may write
		joined         bool   // it was not there before
		admin          bool   // it is an administrator, who sees everything
		by             person // who made it so
	}
)

// readMessage reads a message; bot is this bot's id. ok is false for what no person asks the bot for: messages of other bots,
// forwards, messages without anybody.
func readMessage(m *models.Message, bot int64) (read message, ok bool) {
	by, ok := sender(m)
	read = message{
		at: telegram.Place{Chat: m.Chat.ID, Thread: topic(m), Reply: int64(m.ID)}, by: by,
		private: m.Chat.Type == models.ChatTypePrivate, title: markup.Line(m.Chat.Title), text: body(m), words: words(m),
		sent: time.Unix(int64(m.Date), 0), edited: time.Unix(int64(m.EditDate), 0), author: by.name, kind: kindOf(m), file: fileOf(m),
		album: m.MediaGroupID, people: mentioned(m), mine: m.From != nil && m.From.ID == bot && m.SenderChat == nil,
		topic: topicName(m), foreign: m.ForwardOrigin != nil, odd: isOdd(m),
	}
	if !ok && m.From != nil {
		read.author = user(m.From).name
	}
	if q := quoted(m); q != nil {
		answered, _ := readMessage(q, bot)
		answered.quoted = nil
		read.quoted = &answered
		if m.Quote != nil && m.Quote.IsManual {
			read.part = strings.TrimSpace(markup.Clean(m.Quote.Text))
		}
	}
	return read, ok && m.ForwardOrigin == nil && m.ID > 0
}

// messageIn is the message of an update, new or edited; nil: it has none.
func messageIn(u *models.Update) *models.Message {
	if u.Message != nil {
		return u.Message
	}
	return u.EditedMessage
}

func readPress(q *models.CallbackQuery) pressed {
	p := pressed{id: q.ID, data: q.Data, by: user(&q.From), sent: time.Unix(0, 0)}
	var chat models.Chat
	if m := q.Message.Message; m != nil {
		chat, p.message, p.sent, p.thread, p.stands = m.Chat, int64(m.ID), time.Unix(int64(m.Date), 0), topic(m), hasButton(m, q.Data)
		if answered := quoted(m); answered != nil {
			p.answers = int64(answered.ID)
		}
	} else if m := q.Message.InaccessibleMessage; m != nil {
		chat, p.message = m.Chat, int64(m.MessageID)
	}
	p.chat, p.private = chat.ID, chat.Type == models.ChatTypePrivate
	return p
}

// hasButton reports whether a button with this data stands below a message.
func hasButton(m *models.Message, data string) bool {
	return m.ReplyMarkup != nil && slices.ContainsFunc(m.ReplyMarkup.InlineKeyboard, func(row []models.InlineKeyboardButton) bool {
		return slices.ContainsFunc(row, func(b models.InlineKeyboardButton) bool { return b.CallbackData == data })
	})
}

// readMove reports whether a message says that its group became a supergroup, or that its supergroup was a group.
func readMove(m *models.Message) (migrated, bool) {
	switch {
	case m.MigrateToChatID != 0:
		return migrated{from: m.Chat.ID, to: m.MigrateToChatID}, true
	case m.MigrateFromChatID != 0:
		return migrated{from: m.MigrateFromChatID, to: m.Chat.ID}, true
	}
	return migrated{}, false
}

// other is the chat of a move that is not the given one.
func (m migrated) other(chat int64) int64 {
	if chat == m.from {
		return m.to
	}
	return m.from
}

// readMembership also says who added the bot. The message that new members have joined says the same, and is not needed.
func readMembership(m *models.ChatMemberUpdated) membership {
	by := user(&m.From)
	by.user = !m.From.IsBot // an anonymous administrator is a bot of Telegram's
	before, _ := presence(m.OldChatMember)
	member, writes := presence(m.NewChatMember)
	return membership{
		chat: m.Chat.ID, title: markup.Line(m.Chat.Title), by: by,
		group:  m.Chat.Type == models.ChatTypeGroup || m.Chat.Type == models.ChatTypeSupergroup,
		member: member, writes: writes, joined: member && !before,
		admin: m.NewChatMember.Type == models.ChatMemberTypeAdministrator,
	}
}

// presence says whether somebody is in a chat and may write there.
func presence(m models.ChatMember) (member, writes bool) {
	switch m.Type {
	case models.ChatMemberTypeLeft, models.ChatMemberTypeBanned:
		return false, false
	case models.ChatMemberTypeRestricted:
		in := m.Restricted != nil && m.Restricted.IsMember
		return in, in && m.Restricted.CanSendMessages
	}
	return true, true
}

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
	return person{id: u.ID, name: name, user: true, language: u.LanguageCode}
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

// topicName is what a message's topic was called when it was opened, where Telegram quotes that: in messages that answer no other.
func topicName(m *models.Message) string {
	if r := m.ReplyToMessage; topic(m) != 0 && r != nil && r.ForumTopicCreated != nil {
		return markup.Line(r.ForumTopicCreated.Name)
	}
	return ""
}

// readName reports whether a message says what its chat or its topic is called from now on.
func readName(m *models.Message) (placeName, bool) {
	n := placeName{place: storage.PlaceKey{Chat: m.Chat.ID}}
	switch {
	case m.NewChatTitle != "":
		n.name = m.NewChatTitle
	case m.ForumTopicCreated != nil && topic(m) != 0:
		n.place.Thread, n.name = topic(m), m.ForumTopicCreated.Name
	case m.ForumTopicEdited != nil && topic(m) != 0:
		n.place.Thread, n.name = topic(m), m.ForumTopicEdited.Name // empty where only its picture has changed
	}
	n.name = markup.Line(n.name)
	return n, n.name != ""
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

// cited is the message that m answers, with the words that m quotes of it.
func (m message) cited() message {
	cited := *m.quoted
	if m.part != "" {
		cited.text = m.part
	}
	return cited
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

// fileOf returns the file that a message carries; nil: none.
func fileOf(m *models.Message) *view.File {
	at := func(kind, id, name, mimeType string, size int64, ending string) *view.File {
		if name = view.SafeName(name); name == "" {
			name = fmt.Sprintf("%s-%d%s", kind, m.ID, ending)
		}
		return &view.File{ID: id, Name: name, MIME: mimeType, Size: size}
	}
	switch {
	case len(m.Photo) > 0:
		p := m.Photo[len(m.Photo)-1] // the largest
		return at("photo", p.FileID, "", "image/jpeg", int64(p.FileSize), ".jpg")
	case m.Animation != nil: // also has a document, for clients that do not know animations
		return at("animation", m.Animation.FileID, m.Animation.FileName, m.Animation.MimeType, int64(m.Animation.FileSize), ".mp4")
	case m.Document != nil:
		return at("document", m.Document.FileID, m.Document.FileName, m.Document.MimeType, int64(m.Document.FileSize), ending(m.Document.MimeType))
	case m.Video != nil:
		return at("video", m.Video.FileID, m.Video.FileName, m.Video.MimeType, int64(m.Video.FileSize), ".mp4")
	case m.Audio != nil:
		return at("audio", m.Audio.FileID, m.Audio.FileName, m.Audio.MimeType, int64(m.Audio.FileSize), ".mp3")
	case m.Voice != nil:
		return at("voice", m.Voice.FileID, "", m.Voice.MimeType, int64(m.Voice.FileSize), ".ogg")
	case m.VideoNote != nil:
		return at("video-note", m.VideoNote.FileID, "", "video/mp4", int64(m.VideoNote.FileSize), ".mp4")
	case m.Sticker != nil:
		return at("sticker", m.Sticker.FileID, "", "", int64(m.Sticker.FileSize), stickerEnding(m.Sticker))
	}
	return nil
}

// https://core.telegram.org/stickers#creating-stickers
func stickerEnding(s *models.Sticker) string {
	switch {
	case s.IsAnimated:
		return ".tgs"
	case s.IsVideo:
		return ".webm"
	}
	return ".webp"
}

func ending(mimeType string) string {
	endings, err := mime.ExtensionsByType(mimeType)
	if err != nil || len(endings) == 0 {
		return ""
	}
	return endings[0]
}

// body is what a message says, in any form that has words.
func body(m *models.Message) string {
	switch {
	case m.Text != "":
		return m.Text
	case m.Venue != nil: // also has a location
		return "📍 " + m.Venue.Title + ", " + m.Venue.Address + "\n" + mapLink(m.Venue.Location)
	case m.Location != nil:
		return fmt.Sprintf("📍 %.5f, %.5f\n", m.Location.Latitude, m.Location.Longitude) + mapLink(*m.Location)
	case m.Contact != nil: // the number not in the first line, which becomes a title
		return "👤 " + markup.Line(m.Contact.FirstName+" "+m.Contact.LastName) + "\n" + m.Contact.PhoneNumber
	}
	return m.Caption
}

func mapLink(at models.Location) string {
	return fmt.Sprintf("https://maps.google.com/?q=%f,%f", at.Latitude, at.Longitude)
}

// isOdd reports whether a message is what a person sent, and holds neither words nor a file.
func isOdd(m *models.Message) bool {
	return m.Poll != nil || m.Dice != nil || m.Game != nil || m.Story != nil || m.Checklist != nil || m.PaidMedia != nil ||
		m.Invoice != nil || m.Giveaway != nil || m.RichMessage != nil && m.Text == ""
}

// kindOf is what a message is, for [view.View.Kind].
func kindOf(m *models.Message) string {
	switch {
	case len(m.Photo) > 0:
		return "photo"
	case m.Video != nil, m.VideoNote != nil:
		return "video"
	case m.Animation != nil:
		return "animation"
	case m.Voice != nil, m.Audio != nil:
		return "audio"
	case m.Document != nil:
		return "document"
	case m.Sticker != nil:
		return "sticker"
	}
	return "message"
}
