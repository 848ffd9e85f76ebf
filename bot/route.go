package bot

import (
	"strings"

	"github.com/go-telegram/bot/models"

	"livedeskbot/bot/inbox"
	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

// asked is a message that wants something of the bot.
type asked struct {
	message
	args string // what was typed after the command, or the whole text where there is none
}

// The wishes that an update can hold, besides pressed, placeName, migrated and membership: a closed set, act has a case for each.
type (
	wantTicket   struct{ asked } // /ticket
	wantStatus   struct{ asked } // /status
	wantHelp     struct{ asked } // /help
	wantStart    struct{ asked } // /start, also from a link with words of its own behind it
	wantChat     struct{ asked } // anything else in a private chat
	wantFollow   struct{ asked } // /follow
	wantUnfollow struct{ asked } // /unfollow
	wantSetup    struct{ asked } // /setup
	wantLanguage struct{ asked } // /language
	wantMyData   struct{ asked } // /mydata
	wantChats    struct{ asked } // /chats
	wantBlock    struct{ asked } // /block
	wantUnblock  struct{ asked } // /unblock
	// spoken is what a person says in a group, which means something only where the bot has asked them.
	spoken struct{ asked }
	// answered is a reply to one of the bot's messages.
	answered struct{ asked }
	// edited is another text of a message that may have asked for a ticket, or may have become one.
	edited struct{ asked }
	// albumPart is a part of an album that asks for nothing by itself.
	albumPart struct {
		chat  int64
		by    int64
		album string
		file  storage.File
	}
)

// router says what updates want. It asks nobody.
type router struct{ me *identity }

// route says what an update wants; nil: nothing. It is a pure function.
func (r router) route(u *models.Update) any {
	switch {
	case u.Message != nil:
		if move, ok := readMove(u.Message); ok {
			return move
		}
		if name, ok := readName(u.Message); ok {
			return name
		}
		m, ok := readMessage(u.Message, r.me.id)
		switch {
		case ok:
			return r.routeMessage(m)
		case m.private && m.mayTalk():
			return wantChat{asked{message: m, args: m.text}}
		}
		return partOf(m) // a forwarded album can be asked about
	case u.EditedMessage != nil:
		if m, ok := readMessage(u.EditedMessage, r.me.id); ok {
			return r.routeEdit(m)
		}
	case u.CallbackQuery != nil:
		return readPress(u.CallbackQuery)
	case u.MyChatMember != nil:
		return readMembership(u.MyChatMember)
	}
	return nil
}

func (r router) routeMessage(m message) any {
	if name, args, ok := parseCommand(m.words, r.me.name()); ok {
		a, c := asked{message: m, args: args}, commandNamed(name)
		switch {
		case c != nil:
			return c.want(a)
		case m.private:
			return wantHelp{a}
		}
		return nil // a command that somebody else may know
	}
	a := asked{message: m, args: m.words}
	switch {
	case commandWord.MatchString(m.words[:wordEnd(m.words)]):
		return nil // another bot's command
	case m.quoted != nil && m.quoted.mine:
		return answered{a}
	case !m.mayTalk():
		return partOf(m)
	case m.private:
		return wantChat{asked{message: m, args: m.text}}
	}
	return spoken{asked{message: m, args: m.text}}
}

// otherName is the name in a command that is another bot's, as far as known; empty: there is none.
func (r router) otherName(u *models.Update) string {
	m := messageIn(u)
	if m == nil {
		return ""
	}
	text := words(m)
	word := commandWord.FindStringSubmatch(text[:wordEnd(text)])
	if word == nil || strings.EqualFold(word[2], r.me.name()) {
		return ""
	}
	return word[2]
}

// routeEdit says what an edit wants: only one of the command itself matters, or of what a press may still make a ticket of. An edit
// never makes one.
func (r router) routeEdit(m message) any {
	if name, args, isCommand := parseCommand(m.words, r.me.name()); isCommand {
		if name != "ticket" {
			return nil
		}
		return edited{asked{message: m, args: args}}
	}
	if m.quoted != nil && m.quoted.mine { // an answer to the bot's question may be a ticket
		return edited{asked{message: m, args: m.words}}
	}
	if m.private && m.mayTalk() {
		return edited{asked{message: m, args: m.text}}
	}
	return nil
}

// partOf is a message as a part of an album; nil where it is none.
func partOf(m message) any {
	if m.file == nil || m.album == "" {
		return nil
	}
	file := *m.file
	file.Caption = strings.TrimSpace(markup.Clean(m.text))
	return albumPart{chat: m.at.Chat, by: m.by.id, album: m.album, file: storage.File{MessageID: m.at.Reply, File: file.JSON()}}
}

// Relevant reports whether an update can want anything, and in which lane it goes. Unlike route it does not need to know the
// bot's name, which is not known before Telegram has answered once.
func (r router) Relevant(u *models.Update) (inbox.Lane, bool) {
	switch {
	case u.Message != nil:
		if move, ok := readMove(u.Message); ok {
			return inbox.Lane{Chat: u.Message.Chat.ID, Whole: true, With: move.other(u.Message.Chat.ID)}, true
		}
		if _, ok := readName(u.Message); ok {
			return inbox.Lane{Chat: u.Message.Chat.ID}, true
		}
		m, ok := readMessage(u.Message, r.me.id)
		return m.lane(), m.album != "" || ok && m.mayWant() || m.mayTalk()
	case u.EditedMessage != nil:
		m, ok := readMessage(u.EditedMessage, r.me.id)
		return m.lane(), ok && (m.mayWant() || m.private && m.mayTalk())
	case u.CallbackQuery != nil:
		p := readPress(u.CallbackQuery)
		return inbox.Lane{Chat: p.chat, Sender: p.by.id}, true
	case u.MyChatMember != nil:
		return inbox.Lane{Chat: u.MyChatMember.Chat.ID, Whole: true}, true
	}
	return inbox.Lane{}, false
}

// mayWant reports whether a message may be a command, or answers the bot.
func (m message) mayWant() bool {
	return strings.HasPrefix(m.words, "/") || m.quoted != nil && m.quoted.mine
}

// mayTalk reports whether a message may be plain talk that matters: in private anything that a person sends, in groups what somebody
// who can be told apart writes there, which may answer a question of the bot. A command that was forwarded is words like others.
func (m message) mayTalk() bool {
	command := !m.foreign && commandWord.MatchString(m.text[:wordEnd(m.text)])
	switch {
	case !m.by.user || m.at.Reply <= 0, command, m.text == "" && m.file == nil && !m.odd:
		return false
	case m.private:
		return true
	}
	return !m.foreign && !m.odd && !view.IsThanks(m.text)
}

func (m message) lane() inbox.Lane { return inbox.Lane{Chat: m.at.Chat, Sender: m.by.id} }
