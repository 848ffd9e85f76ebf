package view

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

const (
	maxExcerpt  = 600  // UTF-16 units of a reply on a card
	maxQuote    = 2500 // of a quotation in a conversation; what is longer has several
	longQuote   = 300  // from here on a quotation is folded
	longLines   = 6    // and from so many lines on
	maxMessages = 30   // of a ticket in a staff chat
	maxMessage  = 1500 // UTF-16 units of each of them
	maxPage     = 3500 // UTF-16 units of a page of a conversation
)

// FromUs reports whether a message is provably public and provably from our side. Everything else stays in.
func FromUs(m livedesk.Message) bool {
	return !m.Internal && (m.Sender.Type == livedesk.SenderInternalMember || m.Sender.Type == livedesk.SenderBot)
}

// senderCustomer is the side of what our rows have.
const senderCustomer livedesk.SenderType = "customer"

// fromCustomer reports whether a message is provably public and the customer's. LiveDesk documents no word for them; these are what
// help desks use. A user is an agent to some, so that word is none of them.
func fromCustomer(m livedesk.Message) bool {
	switch m.Sender.Type {
	case senderCustomer, "contact", "requester", "end_user":
		return !m.Internal
	}
	return false
}

// LastReply is the newest message that customers may see; order is not documented, so times decide.
func LastReply(t livedesk.Ticket) *livedesk.Message {
	var last *livedesk.Message
	for i, m := range t.Conversation {
		if FromUs(m) && (last == nil || !m.SentAt.Before(last.SentAt)) {
			last = &t.Conversation[i]
		}
	}
	return last
}

// excerpt is the beginning of a message, and who wrote it when.
func excerpt(say Language, m livedesk.Message) string {
	head := say.Text("card_reply", "Who", markup.Shorten(markup.Line(m.Sender.Name), maxName), "When", say.When(m.SentAt))
	text := plainHTML(m.Content, maxExcerpt)
	if n := len(m.Attachments); n > 0 {
		text = strings.TrimSpace(text + "\n" + say.Text("card_files", "Count", n))
	}
	return head + "\n<blockquote>" + text + "</blockquote>"
}

// conversation is the history on the card for staff, internal messages marked.
func conversation(say Language, t livedesk.Ticket) string {
	messages := history(t, Staff)
	var lines []string
	if earlier := len(messages) - maxMessages; earlier > 0 {
		lines = append(lines, say.Text("staff_earlier", "Count", earlier))
		messages = messages[earlier:]
	}
	for _, m := range messages {
		m.Content = markup.Shorten(strings.TrimSpace(m.Content), maxMessage)
		lines = append(lines, entry(say, m, Staff)...)
	}
	return strings.Join(lines, "\n")
}

// history are the messages that an audience may see, oldest first.
func history(t livedesk.Ticket, who Audience) []livedesk.Message {
	messages := slices.Clone(t.Conversation)
	if who != Staff {
		messages = slices.DeleteFunc(messages, func(m livedesk.Message) bool { return !FromUs(m) && !fromCustomer(m) })
	}
	slices.SortStableFunc(messages, func(a, b livedesk.Message) int { return a.SentAt.Compare(b.SentAt) })
	return messages
}

// entry is one message of a conversation: who wrote when what, with which files. What is long is in several parts.
func entry(say Language, m livedesk.Message, who Audience) []string {
	id, name := "card_reply", people(m.Sender.Name)
	switch {
	case m.Internal:
		id = "staff_internal"
	case fromCustomer(m):
		id = "talk_customer"
	}
	if who == Staff {
		name = people(m.Sender.Name, m.Sender.ID, string(m.Sender.Type))
	}
	lines := []string{say.Text(id, "Who", markup.HTML(name), "When", say.When(m.SentAt))}
	var parts []string
	for _, text := range markup.Split(markup.ForQuotation(m.Content), maxQuote) {
		parts = append(parts, strings.Join(append(lines, quotation(text)), "\n"))
		lines = nil
	}
	for _, a := range shown(m.Attachments) {
		lines = append(lines, "📎 "+attachment(a, who))
	}
	if len(lines) == 0 {
		return parts
	}
	files := strings.Join(lines, "\n")
	if last := len(parts) - 1; last >= 0 && markup.Length(markup.Plain(parts[last]+files)) < maxPage {
		parts[last] += "\n" + files
		return parts
	}
	return append(parts, files)
}

// quotation is Telegram HTML as a quotation, folded where it is long.
func quotation(text string) string {
	if markup.Length(markup.Plain(text)) > longQuote || strings.Count(text, "\n") >= longLines {
		return "<blockquote expandable>" + text + "</blockquote>"
	}
	return "<blockquote>" + text + "</blockquote>"
}

// Said is what customers wrote that stands in the description of a ticket at LiveDesk and in none of its messages: what they asked
// for, as last edited, and what they added, as the rows have it.
func Said(t storage.Ticket, additions []storage.Addition) []livedesk.Message {
	request := RequestIn(t)
	said := []livedesk.Message{fromRow(t.SenderName, t.CreatedAt, cmp.Or(request.Description, request.Title))}
	for _, a := range additions {
		switch c := AdditionContent(a).(type) {
		case Words:
			said = append(said, fromRow(a.SenderName, a.CreatedAt, withoutHeading(c.Text)))
		case Edit:
			said[0].Content = cmp.Or(c.Description, c.Title)
		}
	}
	return slices.DeleteFunc(said, func(m livedesk.Message) bool { return m.Content == "" })
}

func fromRow(name string, at time.Time, text string) livedesk.Message {
	return livedesk.Message{Sender: livedesk.Sender{Type: senderCustomer, Name: name}, Content: text, SentAt: at}
}

// Pages are the messages of a ticket and what else was said, newest first, in pages that fit a message.
func Pages(say Language, t livedesk.Ticket, said []livedesk.Message, who Audience) []string {
	for _, m := range said {
		if !slices.ContainsFunc(t.Conversation, func(other livedesk.Message) bool {
			return fromCustomer(other) && bare(other.Content) == bare(m.Content)
		}) {
			t.Conversation = append(slices.Clip(t.Conversation), m)
		}
	}
	messages := history(t, who)
	slices.Reverse(messages)
	var pages []string
	page, used := []string{}, 0
	for _, m := range messages {
		for _, text := range entry(say, m, who) {
			size := markup.Length(markup.Plain(text))
			if used > 0 && used+size > maxPage {
				pages, page, used = append(pages, strings.Join(page, "\n\n")), nil, 0
			}
			page, used = append(page, text), used+size
		}
	}
	if len(page) > 0 {
		pages = append(pages, strings.Join(page, "\n\n"))
	}
	if len(pages) == 0 {
		return []string{say.Text("talk_empty")}
	}
	return pages
}
