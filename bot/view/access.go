package view

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/storage"
)

const (
	// MaxChatTitle is how much of a chat's title is kept and shown, in UTF-16 units.
	MaxChatTitle = 60
	// ChatsOnPage is how many chats stand on a page of their list.
	ChatsOnPage = 8
	// maxLabel is how much of a title stands on a button.
	maxLabel = 24
)

// ChatID is the id of a chat as people copy it.
func ChatID(id int64) string { return strconv.FormatInt(id, 10) }

// ChatButton is what a button about a chat says: "ACTION:CHAT", or "ACTION:CHAT:PAGE" in the list of chats.
type ChatButton struct {
	Action string // allow, refuse, disconnect; chats turns to a page
	Chat   int64  // 0 for chats
	Page   int
	List   bool // it stands in the list of chats
}

func (b ChatButton) data() string {
	if !b.List {
		return fmt.Sprintf("%s:%d", b.Action, b.Chat)
	}
	return fmt.Sprintf("%s:%d:%d", b.Action, b.Chat, b.Page)
}

// ParseChatButton reads the data of a button about a chat.
func ParseChatButton(data string) (b ChatButton, ok bool) {
	parts := strings.Split(data, ":")
	b = ChatButton{Action: parts[0], List: len(parts) == 3}
	if len(parts) < 2 || len(parts) > 3 || !slices.Contains([]string{"allow", "refuse", "disconnect", "chats"}, b.Action) {
		return ChatButton{}, false
	}
	var err error
	if b.Chat, err = strconv.ParseInt(parts[1], 10, 64); err == nil && b.List {
		var page uint64
		page, err = strconv.ParseUint(parts[2], 10, 16)
		b.Page = int(page)
	}
	stands := b.Action == "allow" || b.List == (b.Action != "refuse") // only the question offers to refuse, and only the list the others
	return b, err == nil && stands
}

// Greeting is what the bot says in a group that it joins. reads says that it sees everything there, now that the group has just been
// connected.
func Greeting(say Language, name string, reads, now bool) markup.Message {
	var paragraphs []string
	if now {
		paragraphs = append(paragraphs, say.Text("greeting_connected"))
	}
	paragraphs = append(paragraphs, say.Text("greeting", "Bot", "@"+name))
	if !reads {
		paragraphs = append(paragraphs, say.Text("greeting_privacy", "Bot", "@"+name))
	}
	return markup.Message{Text: strings.Join(paragraphs, "\n\n")}
}

// AskAboutChat asks staff whether a chat may use the bot. who has added the bot to it, or sent the first command there.
func AskAboutChat(say Language, c storage.Connection, who storage.Person, added bool) markup.Message {
	id := "ask_command"
	if added {
		id = "ask_added"
	}
	return markup.Message{
		Text: say.Text(id, "Title", c.Title, "Chat", ChatID(c.ChatID), "Who", markup.HTML(Mention(who.ID, markup.Shorten(who.Name, maxMention))),
			"Person", ChatID(who.ID)),
		Buttons: [][]markup.Button{{
			{Label: say.Text("button_allow"), Data: ChatButton{Action: "allow", Chat: c.ChatID}.data(), Style: markup.Primary},
			{Label: say.Text("button_refuse"), Data: ChatButton{Action: "refuse", Chat: c.ChatID}.data(), Style: markup.Danger},
		}},
	}
}

// ChatDecided takes the place of the question about a chat, once it is decided.
func ChatDecided(say Language, c storage.Connection) markup.Message {
	id := "asked_refused"
	if c.Connected() {
		id = "asked_allowed"
	}
	return markup.Message{Text: say.Text(id, "Title", c.Title, "Chat", ChatID(c.ChatID))}
}

// ChatList is a page of the groups that are or were connected, total of them in all, with buttons to change that.
func ChatList(say Language, chats []storage.Connection, page, total int) markup.Message {
	if total == 0 {
		return markup.Message{Text: say.Text("chats_none")}
	}
	lines := []string{say.Text("chats", "Count", total)}
	var m markup.Message
	for _, c := range chats {
		lines = append(lines, chatLine(say, c))
		if c.Named == "" {
			m.Buttons = append(m.Buttons, []markup.Button{chatButton(say, c, page)})
		}
	}
	m.Text = strings.Join(lines, "\n")
	if row := pageButtons(page, total); len(row) > 0 {
		m.Buttons = append(m.Buttons, row)
	}
	return m
}

func chatLine(say Language, c storage.Connection) string {
	id := "chats_line"
	switch {
	case c.Staff():
		id = "chats_staff"
	case c.Named != "":
		id = "chats_named"
	case !c.Connected():
		id = "chats_disconnected"
	}
	return say.Text(id, "Title", markup.Shorten(c.Title, MaxChatTitle), "Chat", ChatID(c.ChatID), "Count", int(c.Open))
}

// chatButton disconnects a chat, or connects it again. Labels are no HTML, so the title stands behind the text.
func chatButton(say Language, c storage.Connection, page int) markup.Button {
	button := ChatButton{Action: "disconnect", Chat: c.ChatID, Page: page, List: true}
	label := say.Text("button_disconnect")
	if !c.Connected() {
		button.Action, label = "allow", say.Text("button_connect")
	}
	title := cmp.Or(markup.Shorten(c.Title, maxLabel), ChatID(c.ChatID))
	return markup.Button{Label: label + " " + markup.Isolate(title), Data: button.data()}
}

func pageButtons(page, total int) (row []markup.Button) {
	if page > 0 {
		row = append(row, markup.Button{Label: "⬅️", Data: ChatButton{Action: "chats", Page: page - 1, List: true}.data()})
	}
	if (page+1)*ChatsOnPage < total {
		row = append(row, markup.Button{Label: "➡️", Data: ChatButton{Action: "chats", Page: page + 1, List: true}.data()})
	}
	return row
}
