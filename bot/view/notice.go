package view

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/storage"
)

// maxMention is how much of a name a mention shows, in UTF-16 units.
const maxMention = 40

// Notice shows what is told about a ticket beside its card: messages, then files. who are the people whom it mentions.
func (v *View) Notice(t storage.Ticket, n storage.Notice, who []storage.Person) (texts []string, files []ReplyFile) {
	say := v.In(t.Language)
	var text string
	switch n.Kind {
	case NoticeReply:
		c := decode[Reply](n.Content)
		text = say.Text("relayed", "Who", c.Who, "Number", Number(t), "People", mentions(who)) + "\n" +
			markup.FromMarkdown(markup.Clean(c.Text))
		if v.cfg.FollowUps {
			text += "\n" + say.Text("relayed_hint")
		}
		files = c.Files
	case NoticeStatus:
		c := decode[Change](n.Content)
		text = v.statusNews(t, c, who)
		if isAsked(t, c) {
			text += "\n" + say.Text("solved_ask")
		}
	case NoticeEdited:
		c := decode[EditedContent](n.Content)
		text = say.edited("edited", c.Changed) + say.edited("edited_not", c.Kept)
	case NoticeUnconfirmed:
		if t.State != storage.StateUnconfirmed || t.Attempts != decode[Unconfirmed](n.Content).Attempt {
			return nil, nil // it is decided
		}
		text = say.Text("turned_unconfirmed", "Who", markup.HTML(Mention(t.SenderID, markup.Shorten(t.SenderName, maxMention))),
			"Title", markup.Shorten(RequestIn(t).Title, 100))
	default:
		c := decode[Answer](n.Content)
		text = say.Text(c.Text, "Number", Number(t), "Name", markup.Shorten(c.Name, 60))
	}
	return markup.Split(text, markup.MaxText), files
}

func (v *View) statusNews(t storage.Ticket, c Change, who []storage.Person) string {
	say := v.In(t.Language)
	return say.Text(statusText(c), "Number", Number(t), "People", mentions(who), "Status", markup.HTML(say.Word("status", c.Status)),
		"Title", shownTitle(t))
}

// NoticeField is what stands in the answer field that a notice opens; empty: it opens none.
func (v *View) NoticeField(t storage.Ticket, n storage.Notice) string {
	if !v.cfg.FollowUps || n.Kind != NoticeStatus || statusText(decode[Change](n.Content)) != "status_needs_you" {
		return ""
	}
	return v.In(t.Language).plain("field_answer")
}

// Mentions reports whether a notice mentions people: those that answer one person do not.
func Mentions(n storage.Notice) bool { return n.Kind == NoticeReply || n.Kind == NoticeStatus }

func mentions(people []storage.Person) markup.HTML {
	var names []string
	for _, p := range people {
		names = append(names, Mention(p.ID, markup.Shorten(p.Name, maxMention)))
	}
	return markup.HTML(strings.Join(names, ", "))
}

// statusText is the text that tells a change of status.
func statusText(c Change) string {
	switch {
	case c.Again:
		return "status_reopened"
	case c.Status == StatusGone:
		return "vanished"
	case Finished(c.Status):
		return "status_finished"
	}
	return "status_needs_you"
}

// shownTitle is the title as the card shows it; nothing before LiveDesk has been looked at.
func shownTitle(t storage.Ticket) string {
	if t.Forgotten != "" {
		return titled("")
	}
	return markup.Shorten(decode[Shown](t.View).Title, 100)
}

// FileLink stands for a file that Telegram does not take or that cannot be fetched.
func FileLink(f ReplyFile) string {
	name := markup.Escape(markup.Isolate(markup.Shorten(f.Name, maxTitle)))
	if u, err := url.Parse(f.URL); err != nil || len(f.URL) > maxLink || u.Scheme != "https" && u.Scheme != "http" {
		return "📎 " + name
	}
	return fmt.Sprintf(`📎 <a href="%s">%s</a>`, markup.Escape(f.URL), name)
}

// Reactions of the bot to messages of people. https://core.telegram.org/bots/api#reactiontypeemoji
const (
	ReactionAdded  = "✍"
	ReactionThanks = "🤝"
)

// AdditionNotice tells what came of an addition, as an answer to it; of an album once.
func AdditionNotice(a storage.Addition, id string) storage.Notice {
	words, _ := AdditionContent(a).(Words)
	n := NewNotice("addition:"+cmp.Or(words.Origin, a.Ref), NoticeAnswer, Answer{Text: id, Chat: words.Chat, Message: words.Message})
	n.ReplyTo, n.Person = a.MessageID, whoInPrivate(a)
	return n
}

// EditNotice tells what came of edits of the message that asked, the last of which counts. title is the ticket's now; empty where it
// is as the edit says.
func EditNotice(edits []storage.Addition, title string) storage.Notice {
	c := EditedContent{Text: "added"}
	var last Edit
	for _, a := range edits {
		last = AdditionContent(a).(Edit)
		for _, name := range last.Changes() {
			if !slices.Contains(c.Changed, name) {
				c.Changed = append(c.Changed, name)
			}
		}
	}
	c.Kept = last.Kept
	if title != "" && slices.Contains(c.Changed, editedTitle) && !SameLine(title, last.Title) { // an agent's title stays
		c.Changed = slices.DeleteFunc(c.Changed, func(name string) bool { return name == editedTitle })
		c.Kept = append([]string{editedTitle}, c.Kept...)
	}
	a := edits[len(edits)-1]
	n := NewNotice("addition:"+a.Ref, NoticeEdited, c)
	n.ReplyTo = a.MessageID
	return n
}

// edited is a line with the names of what was edited; empty where there are none.
func (t Language) edited(id string, names []string) string {
	if len(names) == 0 {
		return ""
	}
	var words []string
	for _, name := range names[:min(len(names), maxValues)] {
		switch name {
		case editedTitle, "description", "priority", "type", EditedTeam:
			words = append(words, t.Word("edit", name))
		default:
			words = append(words, markup.Escape(markup.Isolate(markup.Shorten(name, maxKey))))
		}
	}
	return t.Text(id, "What", markup.HTML(strings.Join(words, ", "))) + "\n"
}

// Settled names the text that tells that an addition is in its ticket, or never will be. Empty: nobody is told.
func Settled(a storage.Addition, in bool) string {
	came, failed := "added", "add_failed"
	switch a.Kind { // that these came is seen on the message and on the card
	case storage.AddRating:
		came, failed = "", "rate_failed"
	case storage.AddReopen:
		came, failed = "", "reopen_failed"
	}
	words, _ := AdditionContent(a).(Words)
	switch {
	case a.MessageID == 0 && words.Message == 0 && whoInPrivate(a) == 0:
		return ""
	case in:
		return came
	}
	return failed
}

// whoInPrivate is who asked for an addition in private, away from the ticket's chat; 0: nobody.
func whoInPrivate(a storage.Addition) int64 {
	switch c := AdditionContent(a).(type) {
	case Rating:
		return c.Person
	case Reopening:
		return c.Person
	}
	return 0
}

// Answered is the message that a notice answers, and its chat; 0: none.
func Answered(t storage.Ticket, n storage.Notice) (chat, message int64) {
	if n.Kind != NoticeAnswer {
		return 0, 0
	}
	if c := decode[Answer](n.Content); c.Message != 0 {
		return c.Chat, c.Message
	}
	return t.ChatID, n.ReplyTo
}

// Reaction is what says as much as the words of a notice, where the message that it answers takes it; empty: nothing does.
func Reaction(n storage.Notice) string {
	if n.Kind == NoticeAnswer && decode[Answer](n.Content).Text == "added" {
		return ReactionAdded
	}
	return ""
}

// FileNotice tells what became of a file that does not come along.
func FileNotice(f storage.File) storage.Notice {
	file := FileIn(f)
	return NewNotice(fmt.Sprintf("file:%d", f.ID), NoticeAnswer, Answer{
		Text: "file_" + f.Reason, Name: file.Name, Chat: file.Chat, Message: file.Message,
	})
}
