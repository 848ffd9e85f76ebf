package view

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/livedesk"
)

const (
	maxName        = 80   // UTF-16 units of a name
	maxKey         = 40   // of the name of a custom field on a customer's card
	maxTitle       = 300  // of a title, a remark or a field
	maxDescription = 1500 // of a description in a staff chat
	maxValues      = 20   // of a list, such as files, tags or followers
	maxLink        = 2000 // characters of an address that staff can open
)

// Card shows a ticket as an audience may see it, as Telegram HTML.
func (v *View) Card(say Language, t livedesk.Ticket, who Audience) string {
	sections := []string{v.face(say, t, who)}
	if who == Staff {
		sections = append(sections, v.background(say, t), conversation(say, t))
	} else if last := LastReply(t); last != nil {
		sections = append(sections, excerpt(say, *last))
	}
	return strings.Join(slices.DeleteFunc(sections, empty), "\n\n")
}

// face is what everybody sees first: number, title, status, promise, times.
func (v *View) face(say Language, t livedesk.Ticket, who Audience) string {
	lines := []string{
		say.Text("card_head", "Number", markup.Shorten(t.ID, MaxNumber), "Title", markup.Shorten(markup.Line(t.Title), maxTitle)),
		dotted(append([]string{icon(t.Status) + " <b>" + say.Word("status", Status(t.Status)) + "</b>"},
			say.facts(string(t.Priority), string(t.Type), teamName(t))...)),
		say.timed("card_opened", t.CreatedAt),
		say.timed("card_updated", t.UpdatedAt),
		say.timed("card_resolved", t.ResolvedAt),
		say.timed("card_closed", t.ClosedAt),
		say.promise(t),
		attachments(say, t, who),
		rating(say, t),
		say.reopening(IsMarked(t) && Finished(Status(t.Status))),
	}
	return strings.Join(slices.DeleteFunc(lines, empty), "\n")
}

func rating(say Language, t livedesk.Ticket) string {
	n, feedback := ratingOf(t), ""
	if n == 0 {
		return ""
	}
	if t.Satisfaction != nil {
		feedback = t.Satisfaction.Feedback
	}
	return say.Text("card_rating", "Stars", stars(n), "Feedback", markup.Shorten(markup.Line(feedback), maxTitle))
}

func empty(s string) bool { return s == "" }

func icon(s livedesk.Status) string {
	switch s {
	case livedesk.StatusOpen:
		return "🟢"
	case livedesk.StatusInProgress:
		return "🔵"
	case livedesk.StatusResolved:
		return "✅"
	case livedesk.StatusClosed:
		return "⚫"
	}
	return "🟡"
}

func teamName(t livedesk.Ticket) string {
	if t.Team == nil {
		return ""
	}
	return t.Team.Name
}

// facts are priority, type and team, those that are known.
func (t Language) facts(priority, kind, team string) []string {
	var facts []string
	if priority != "" {
		facts = append(facts, t.Word("priority", priority))
	}
	if kind != "" && kind != "None" {
		facts = append(facts, t.Word("type", kind))
	}
	if team != "" {
		facts = append(facts, markup.Escape(markup.Isolate(markup.Shorten(markup.Line(team), maxName))))
	}
	return facts
}

func dotted(facts []string) string { return strings.Join(facts, " · ") }

// promise is when the next answer, or the solution, is due while somebody waits for it.
func (t Language) promise(ticket livedesk.Ticket) string {
	s := ticket.SLA
	switch {
	case s == nil || Finished(Status(ticket.Status)):
		return ""
	case s.FirstResponseAt.IsZero() && !s.FirstResponseDue.IsZero():
		return t.timed("card_answer_due", s.FirstResponseDue)
	}
	return t.timed("card_solution_due", s.ResolutionDue)
}

// attachments are the names of a ticket's files on one line.
func attachments(say Language, t livedesk.Ticket, who Audience) string {
	n := len(t.Attachments)
	if n == 0 {
		return ""
	}
	line := say.Text("card_files", "Count", n)
	var names []string
	for _, a := range shown(t.Attachments) {
		names = append(names, attachment(a, who))
	}
	if n > len(names) {
		names = append(names, "…")
	}
	return line + " " + strings.Join(names, ", ")
}

// shown are as many of a list as are shown.
func shown[T any](list []T) []T { return list[:min(len(list), maxValues)] }

// attachment is a file's name; staff can open it.
func attachment(a livedesk.Attachment, who Audience) string {
	name := markup.Escape(markup.Isolate(markup.Shorten(markup.Line(a.Name), maxName)))
	if who != Staff || !strings.HasPrefix(a.URL, "http") || len(a.URL) > maxLink {
		return name
	}
	return fmt.Sprintf(`<a href="%s">%s</a>`, markup.Escape(a.URL), name)
}

// background is what only staff see of a ticket, apart from its conversation.
func (v *View) background(say Language, t livedesk.Ticket) string {
	var lines []string
	add := func(id, value string) {
		if value != "" {
			lines = append(lines, say.Text("staff_"+id, "Value", markup.HTML(value)))
		}
	}
	add("console", v.console(t.ID))
	add("description", plainHTML(t.Description, maxDescription))
	add("requester", people(contact(t.Requester)...))
	if c := t.Requester.ChannelContacts; c != nil {
		add("channel", people(c.ChannelID, c.ContactID, c.SubContactID))
		add("channel_followers", people(names(c.Followers)...))
	}
	if t.Submitter != nil {
		add("submitter", people(t.Submitter.ID))
	}
	if t.Team != nil {
		add("team", people(t.Team.Name, t.Team.ID))
	}
	add("followers", people(names(t.Followers)...))
	add("tags", people(t.Tags...))
	for _, key := range slices.Sorted(maps.Keys(t.CustomFields)) {
		lines = append(lines, say.Text("staff_field", "Key", markup.Shorten(markup.Line(key), maxName), "Value", fieldText(t.CustomFields[key])))
	}
	add("sla", slaLine(say, t.SLA))
	if s := t.Satisfaction; s != nil {
		add("rated", say.timed("at", s.SubmittedAt))
	}
	for _, c := range t.StatusChanges[max(0, len(t.StatusChanges)-maxValues):] {
		add("change", dotted(slices.DeleteFunc([]string{
			say.Word("status", Status(c.To)), say.timed("at", c.At), people(string(c.ByType), c.ByID)}, empty)))
	}
	return strings.Join(lines, "\n")
}

func (v *View) console(number string) string {
	if v.cfg.ConsoleURL == "" || len(number) > MaxNumber {
		return ""
	}
	return fmt.Sprintf(`<a href="%s">%s</a>`, markup.Escape(consoleLink(v.cfg.ConsoleURL, number)), markup.Escape(number))
}

func contact(c livedesk.Contact) []string { return []string{c.Name, c.Email, c.Phone, c.EUID} }

func names(persons []livedesk.Person) []string {
	var all []string
	for _, p := range persons {
		all = append(all, strings.TrimSpace(p.Name+" "+p.ID))
	}
	return all
}

// people are several values of others on one line.
func people(values ...string) string {
	var shown []string
	for _, v := range values {
		if v = markup.Line(v); v != "" {
			shown = append(shown, markup.Escape(markup.Isolate(markup.Shorten(v, 200))))
		}
		if len(shown) > maxValues {
			return strings.Join(shown[:maxValues], ", ") + ", …"
		}
	}
	return strings.Join(shown, ", ")
}

func plainHTML(text string, limit int) string {
	return markup.Escape(markup.Shorten(strings.TrimSpace(markup.Clean(text)), limit))
}

func fieldText(value any) string {
	if s, ok := value.(string); ok {
		return markup.Shorten(markup.Line(s), maxTitle)
	}
	text, _ := json.Marshal(value)
	return markup.Shorten(string(text), maxTitle)
}

func slaLine(say Language, s *livedesk.SLA) string {
	if s == nil {
		return ""
	}
	parts := []string{
		say.timed("card_answer_due", s.FirstResponseDue), say.timed("sla_answered", s.FirstResponseAt),
		say.timed("card_solution_due", s.ResolutionDue), say.Text("sla_kept"),
	}
	if s.Breached {
		parts[3] = say.Text("sla_breached")
	}
	return strings.Join(slices.DeleteFunc(parts, empty), "; ")
}

// titled is a title as people see it. That of a forgotten ticket is gone.
func titled(title string) string { return cmp.Or(title, "…") }

// consoleLink is the address of a ticket in LiveDesk's console.
func consoleLink(pattern, number string) string {
	return strings.ReplaceAll(pattern, "{ticket_id}", url.PathEscape(number))
}
