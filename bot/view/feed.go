package view

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

const (
	maxWho    = 60   // UTF-16 units of the name of a person, a chat or a topic
	maxAdded  = 2500 // of what a customer adds
	maxFields = 12   // that people set by name
)

// Fed reports whether a feed shows a ticket that it has not shown before: what LiveDesk has or may have, and what waits for the
// operator. Others are the customer's affair, or will be there soon.
func Fed(t storage.Ticket) bool {
	switch t.State {
	case storage.StateCreated, storage.StateUnconfirmed, storage.StateLeft:
		return true
	case storage.StateWaiting, storage.StateSending:
		return t.Reason == ReasonSetup
	}
	return false
}

// FeedCard is the message of a ticket in a feed: where it stands, who asked for it where, and the ticket's buttons. It names people
// and chats, with their ids only where they have no name.
func (v *View) FeedCard(t storage.Ticket, names storage.Names) markup.Message {
	say := v.In("")
	shown := ShownOn(t)
	lines := []string{
		v.feedHead(say, t, shown),
		"<b>" + markup.Escape(markup.Isolate(markup.Shorten(titled(markup.Line(shown.Title)), 200))) + "</b>",
		dotted(say.facts(shown.Priority, shown.Type, shown.Team)),
		say.Text("feed_from", "Who", askedBy(t), "Where", markup.HTML(askedIn(say, t, names))),
	}
	lines = append(lines, say.fields(RequestIn(t))...)
	if t.State == storage.StateCreated {
		lines = append(lines, say.timed("card_answer_due", shown.Answer), say.timed("card_solution_due", shown.Solution),
			counted(say, "card_files", shown.Files), stars(shown.Rating), say.reopening(shown.Reopen && shown.Status != StatusGone))
	}
	m := markup.Message{Text: strings.Join(slices.DeleteFunc(lines, empty), "\n")}
	switch t.State {
	case storage.StateCreated:
		m.Buttons = CardButtons(say, t)
	case storage.StateUnconfirmed:
		m.Buttons = decisions(say, t)
	}
	return m
}

// feedHead is what state a ticket is in, and what staff can do about that.
func (v *View) feedHead(say Language, t storage.Ticket, shown Shown) string {
	switch t.State {
	case storage.StateCreated:
		if t.TicketID == "" {
			return say.Text("feed_unnumbered", "Ref", t.Ref)
		}
		return say.Text("feed_created", "Icon", icon(livedesk.Status(shown.Status)), "Number", v.number(t.TicketID),
			"Status", markup.HTML(say.Word("status", shown.Status)))
	case storage.StateUnconfirmed:
		return say.Text("feed_unconfirmed", "Ref", t.Ref)
	case storage.StateLeft:
		return say.Text("feed_left", "Ref", t.Ref)
	case storage.StateRefused:
		return say.Text("feed_refused", "Why", markup.Shorten(markup.Line(t.Detail), maxTitle))
	}
	if t.Reason == ReasonSetup {
		return say.Text("feed_setup")
	}
	return say.Text("feed_waiting")
}

// number is a ticket's number for staff, a link to the console where there is one.
func (v *View) number(number string) markup.HTML {
	if link := v.console(number); link != "" {
		return markup.HTML(link)
	}
	return markup.HTML("<code>" + markup.Escape(markup.Isolate(markup.Shorten(number, MaxNumber))) + "</code>")
}

// called is how staff know a ticket: by its number, else by its title.
func (v *View) called(t storage.Ticket) markup.HTML {
	if t.TicketID != "" {
		return v.number(t.TicketID)
	}
	return markup.HTML("“" + markup.Escape(markup.Isolate(markup.Shorten(titled(markup.Line(RequestIn(t).Title)), maxName))) + "”")
}

// askedBy is who asked for a ticket.
func askedBy(t storage.Ticket) string {
	if t.SenderID == 0 && t.SenderName == "" {
		return "…" // somebody who is forgotten
	}
	return markup.Shorten(cmp.Or(t.SenderName, strconv.FormatInt(t.SenderID, 10)), maxWho)
}

// askedIn is where a ticket was asked for, as HTML with a link to the message that asked, where Telegram has links to messages.
func askedIn(say Language, t storage.Ticket, names storage.Names) string {
	if t.ChatID > 0 {
		return say.Text("feed_private")
	}
	place := placeName(names, t.ChatID, 0, t.ChatID)
	if t.ThreadID != 0 {
		place += " › " + placeName(names, t.ChatID, t.ThreadID, t.ThreadID)
	}
	if link := messageLink(t); link != "" {
		return fmt.Sprintf(`<a href="%s">%s</a>`, link, place)
	}
	return place
}

func placeName(names storage.Names, chat, thread, id int64) string {
	name := cmp.Or(names[storage.PlaceKey{Chat: chat, Thread: thread}], strconv.FormatInt(id, 10))
	return markup.Escape(markup.Isolate(markup.Shorten(markup.Line(name), maxWho)))
}

// supergroups is what ids of supergroups are counted from, downwards. https://core.telegram.org/api/bots/ids
const supergroups = -1_000_000_000_000

// messageLink is a link to the message that asked, for members of its chat; empty where there is none: messages of private chats
// and of basic groups have no links, and a chat that has moved does not say which it was. https://core.telegram.org/api/links
func messageLink(t storage.Ticket) string {
	if t.ChatID >= supergroups || t.MessageID == 0 {
		return ""
	}
	chat := supergroups - t.ChatID
	if t.ThreadID != 0 {
		return fmt.Sprintf("https://t.me/c/%d/%d/%d", chat, t.ThreadID, t.MessageID)
	}
	return fmt.Sprintf("https://t.me/c/%d/%d", chat, t.MessageID)
}

// fields are what people set by name, a line each.
func (t Language) fields(r livedesk.NewTicket) []string {
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(r.CustomFields)) {
		if key != "telegram_ref" && len(lines) < maxFields {
			lines = append(lines, t.Text("staff_field", "Key", markup.Shorten(markup.Line(key), maxName),
				"Value", markup.Shorten(markup.Line(r.CustomFields[key]), maxName)))
		}
	}
	return lines
}

// FeedMoved is what becomes of the message of a ticket in a feed that it has left.
func (v *View) FeedMoved(t storage.Ticket) markup.Message {
	shown := ShownOn(t)
	return markup.Message{Text: v.In("").Text("feed_moved", "Ticket", v.called(t), "Title", markup.Shorten(titled(shown.Title), maxName),
		"Team", markup.Shorten(markup.Line(shown.Team), maxName))}
}

// FeedAdditions is what customers have added, as one message in the feed, and how many additions it tells: as many as fit. files are
// those of the ticket.
func (v *View) FeedAdditions(t storage.Ticket, additions []storage.FeedAddition, files []storage.File) (text string, told int) {
	say := v.In("")
	var blocks []string
	length := 0
	for i, a := range additions {
		words, _ := AdditionContent(a.Addition).(Words)
		same := i > 0 && words.Text == "" && blocks != nil && originOf(additions[i-1]) == words.Origin // another part of an album
		block := v.feedAddition(say, t, a, words, files)
		if same {
			block = ""
		}
		length += markup.Length(markup.Plain(block)) + 2
		if i > 0 && length > markup.MaxText {
			break
		}
		if told = i + 1; block != "" {
			blocks = append(blocks, block)
		}
	}
	return strings.Join(blocks, "\n\n"), told
}

func originOf(a storage.FeedAddition) string {
	words, _ := AdditionContent(a.Addition).(Words)
	return words.Origin
}

func (v *View) feedAddition(say Language, t storage.Ticket, a storage.FeedAddition, words Words, files []storage.File) string {
	id := "feed_added"
	switch {
	case a.Failed:
		id = "feed_add_failed"
	case words.Broken:
		id = "feed_broken"
	}
	lines := []string{say.Text(id, "Who", markup.Shorten(a.SenderName, maxWho), "Ticket", v.called(t))}
	if text := plainHTML(withoutHeading(words.Text), maxAdded); text != "" {
		lines = append(lines, "<blockquote>"+text+"</blockquote>")
	}
	n := 0
	for _, f := range files {
		if words.Origin != "" && f.Origin == words.Origin {
			n++
		}
	}
	return strings.Join(slices.DeleteFunc(append(lines, counted(say, "card_files", n)), empty), "\n")
}

// withoutHeading is what a customer wrote of the block that goes into the description.
func withoutHeading(block string) string {
	if heading, text, ok := strings.Cut(block, "\n"); ok && strings.HasPrefix(heading, "### ") {
		return text
	}
	return block
}

// FeedReply tells somebody who replies in a feed where to answer instead.
func (v *View) FeedReply(t storage.Ticket) string {
	return v.In("").Text("feed_reply", "Ticket", v.called(t))
}

// Digest names what a message shows, so that it need not be kept.
func Digest(m markup.Message) string {
	raw, _ := json.Marshal(m) // plain fields
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:12])
}
