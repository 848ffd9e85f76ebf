package bot

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/go-telegram/bot/models"

	"livedeskbot/bot/view"
)

// reach says whose a command is. Each has those of the one before too.
type reach int

const (
	everybody      reach = iota
	administrators       // the menu of others does not name it
	staffChats           // elsewhere it is somebody else's command, and neither menu nor /help name it
)

// command is one of the bot's commands.
type command struct {
	name  string          // lower case, without the slash
	want  func(asked) any // what it wishes
	menu  bool            // it stands in Telegram's menu, with the text menu_NAME
	help  bool            // it has a paragraph of /help, the text help_NAME; else another's names it
	first bool            // that stands on the first screen
	reach reach           // whose it is
}

// commands are all there are. The parser, the menu, /help and a test read them.
var commands = []command{
	{name: "ticket", want: func(a asked) any { return wantTicket{a} }, menu: true, help: true, first: true},
	{name: "status", want: func(a asked) any { return wantStatus{a} }, menu: true, help: true, first: true},
	{name: "follow", want: func(a asked) any { return wantFollow{a} }, menu: true, help: true},
	{name: "unfollow", want: func(a asked) any { return wantUnfollow{a} }, menu: true},
	{name: "setup", want: func(a asked) any { return wantSetup{a} }, menu: true, help: true, reach: administrators},
	{name: "language", want: func(a asked) any { return wantLanguage{a} }, menu: true, help: true},
	{name: "help", want: func(a asked) any { return wantHelp{a} }, menu: true, help: true},
	{name: "mydata", want: func(a asked) any { return wantMyData{a} }, menu: true, help: true},
	{name: "chats", want: func(a asked) any { return wantChats{a} }, menu: true, help: true, reach: staffChats},
	{name: "block", want: func(a asked) any { return wantBlock{a} }, menu: true, help: true, reach: staffChats},
	{name: "unblock", want: func(a asked) any { return wantUnblock{a} }, menu: true, reach: staffChats},
	{name: "start", want: func(a asked) any { return wantStart{a} }}, // Telegram's own button for it
}

var commandWord = regexp.MustCompile(`^/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]+))?$`)

// parseCommand reads the command that text, the text or caption of a message, begins with: its name in lower case, and everything
// after it and the one separator that ends it. ok is false where there is none and where another bot is meant; username is this
// bot's, without the @. The message's entities are not asked: clients leave them out of some captions, and their UTF-16 offsets
// add nothing to a command at offset 0.
func parseCommand(text, username string) (name, args string, ok bool) {
	end := wordEnd(text)
	word := commandWord.FindStringSubmatch(text[:end])
	if word == nil || word[2] != "" && !strings.EqualFold(word[2], username) {
		return "", "", false
	}
	_, separator := utf8.DecodeRuneInString(text[end:])
	return strings.ToLower(word[1]), text[end+separator:], true
}

// commandNamed returns a command by its name; nil where it is none of ours.
func commandNamed(name string) *command {
	for i := range commands {
		if commands[i].name == name {
			return &commands[i]
		}
	}
	return nil
}

// menu are the commands in Telegram's menu of those readers.
func menu(t view.Language, readers reach) []models.BotCommand {
	var all []models.BotCommand
	for _, c := range commands {
		if c.menu && c.reach <= readers {
			all = append(all, models.BotCommand{Command: c.name, Description: t.Text("menu_" + c.name)})
		}
	}
	return all
}
