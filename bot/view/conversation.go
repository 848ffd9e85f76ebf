package view

import (
	"slices"
	"strings"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/livedesk"
)

const (
	maxExcerpt  = 600  // UTF-16 units of a reply on a card
	maxMessage  = 1500 // of a message of a conversation
	maxMessages = 30   // of a conversation in a staff chat
	maxPage     = 2000 // UTF-16 units of a page of a conversation
)

// FromUs reports whether a message is provably public and provably from our side. Everything else stays in.
func FromUs(m livedesk.Message) bool {
	return !m.Internal && (m.Sender.Type == livedesk.SenderInternalMember || m.Sender.Type == livedesk.SenderBot)
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

// conversation is the whole history, internal messages marked.
func conversation(say Language, t livedesk.Ticket) string {
	messages := history(t, Staff)
	var lines []string
	if earlier := len(messages) - maxMessages; earlier > 0 {
		lines = append(lines, say.Text("staff_earlier", "Count", earlier))
		messages = messages[earlier:]
	}
	for _, m := range messages {
		lines = append(lines, entry(say, m, Staff))
	}
	return strings.Join(lines, "\n")
}

// history are the messages that an audience may see, oldest first.
func history(t livedesk.Ticket, who Audience) []livedesk.Message {
	messages := slices.Clone(t.Conversation)
	if who != Staff {
		messages = slices.DeleteFunc(messages, func(m livedesk.Message) bool { return !FromUs(m) })
	}
	slices.SortStableFunc(messages, func(a, b livedesk.Message) int { return a.SentAt.Compare(b.SentAt) })
	return messages
}

// entry is one message of a conversation.
func entry(say Language, m livedesk.Message, who Audience) string {
	id, name := "staff_public", people(m.Sender.Name)
	if m.Internal {
		id = "staff_internal"
	}
	if who == Staff {
		name = people(m.Sender.Name, m.Sender.ID, string(m.Sender.Type))
	}
	lines := []string{say.Text(id, "Who", markup.HTML(name), "When", say.When(m.SentAt))}
	if text := plainHTML(m.Content, maxMessage); text != "" {
		lines = append(lines, "<blockquote>"+text+"</blockquote>")
	}
	for _, a := range shown(m.Attachments) {
		lines = append(lines, "📎 "+attachment(a, who))
	}
	return strings.Join(lines, "\n")
}

// Pages are the messages of a ticket, newest first, in pages that fit a message.
func Pages(say Language, t livedesk.Ticket, who Audience) []string {
	messages := history(t, who)
	slices.Reverse(messages)
	var pages []string
	page, used := []string{}, 0
	for _, m := range messages {
		text := entry(say, m, who)
		size := markup.Length(markup.Plain(text))
		if used > 0 && used+size > maxPage {
			pages, page, used = append(pages, strings.Join(page, "\n\n")), nil, 0
		}
		page, used = append(page, text), used+size
	}
	if len(page) > 0 {
		pages = append(pages, strings.Join(page, "\n\n"))
	}
	if len(pages) == 0 {
		return []string{say.Text("talk_empty")}
	}
	return pages
}
