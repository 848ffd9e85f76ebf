package view

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

// Outcome is the message that tells where a ticket stands: its card. files are those of the ticket; nil where it has none.
func (v *View) Outcome(t storage.Ticket, files []storage.File) markup.Message {
	say := v.In(t.Language)
	if t.State == storage.StateCreated {
		return markup.Message{Text: v.created(say, t, files), Buttons: CardButtons(say, t)}
	}
	title := markup.Shorten(titled(RequestIn(t).Title), 200)
	switch t.State {
	case storage.StateRefused:
		m := markup.Message{Text: v.refusal(say, t, title)}
		if t.Reason == ReasonTeam {
			m.Buttons = teamButtons(t, v.cfg.Teams)
		}
		return m
	case storage.StateUnconfirmed:
		return markup.Message{Text: say.Text("unconfirmed", "Title", title), Buttons: decisions(say, t)}
	case storage.StateLeft:
		return markup.Message{Text: say.Text("left", "Title", title)}
	}
	return markup.Message{Text: say.Text("waiting", "Title", title)}
}

// created is the card of a ticket that LiveDesk has: as it was asked for at first, then as LiveDesk says.
func (v *View) created(say Language, t storage.Ticket, files []storage.File) string {
	request := RequestIn(t)
	shown := shownOn(t, request)
	head := "created"
	if t.TicketID == "" {
		head = "created_unnumbered"
	}
	lines := []string{
		say.Text(head, "Icon", icon(livedesk.Status(shown.Status)), "Number", Number(t), "Title", markup.Shorten(titled(shown.Title), 200),
			"Status", markup.HTML(say.Word("status", shown.Status))),
		dotted(say.facts(shown.Priority, shown.Type, shown.Team)),
		dotted(fields(request.CustomFields)),
		say.timed("card_answer_due", shown.Answer),
		say.timed("card_solution_due", shown.Solution),
		counted(say, "card_files", shown.Files),
		stars(shown.Rating),
		say.reopening(shown.Reopen && shown.Status != StatusGone),
	}
	lines = append(lines, dropped(say, files)...)
	open := t.TicketID != "" && !Finished(shown.Status)
	if open && request.Priority == "" && shown.Priority == FirstShown(request).Priority {
		lines = append(lines, noPriority(say, shown.Title))
	}
	if open && v.cfg.FollowUps {
		lines = append(lines, say.Text("card_hint"))
	}
	return strings.Join(slices.DeleteFunc(lines, empty), "\n")
}

// likePriority is a word where /ticket has its options, at the beginning or at the end of a title, that looks like a priority.
var likePriority = regexp.MustCompile(`^!\pL+(?: |$)| !\pL+$`)

// noPriority says that what looks like a priority has become a part of the title, such as a mistyped one.
func noPriority(say Language, title string) string {
	word := likePriority.FindString(title)
	if word == "" {
		return ""
	}
	return say.Text("card_no_priority", "Word", markup.Shorten(strings.TrimSpace(word), maxKey))
}

// fields are the custom fields that the person gave, by name.
func fields(given map[string]string) []string {
	var all []string
	for _, key := range slices.Sorted(maps.Keys(given)) {
		if key != "telegram_ref" {
			all = append(all, markup.Escape(markup.Isolate(markup.Shorten(key, maxKey)+": "+markup.Shorten(markup.Line(given[key]), maxName))))
		}
	}
	return all[:min(len(all), maxValues)]
}

func counted(say Language, id string, n int) string {
	if n == 0 {
		return ""
	}
	return say.Text(id, "Count", n)
}

func stars(rating int) string {
	if rating <= 0 {
		return ""
	}
	return strings.Repeat("★", min(rating, 5)) + strings.Repeat("☆", max(0, 5-rating))
}

// refusal says why a ticket will never be accepted, and what to do.
func (v *View) refusal(say Language, t storage.Ticket, title string) string {
	if t.Reason == ReasonTeam {
		if len(v.cfg.Teams) == 0 {
			return say.Text("refused_teams_none", "Title", title)
		}
		return say.Text("refused_team", "Title", title, "Team", t.Detail, "Teams", v.TeamNames())
	}
	if t.Reason == ReasonText {
		return say.Text("refused_text", "Title", title)
	}
	if t.Detail == "" {
		return say.Text("refused", "Title", title)
	}
	return say.Text("refused_because", "Title", title, "Why", markup.Shorten(markup.Line(t.Detail), 300))
}

// Mention names a person so that Telegram notifies them.
func Mention(id int64, name string) string {
	if id <= 0 {
		return markup.Escape(markup.Isolate(name))
	}
	return fmt.Sprintf(`<a href="tg://user?id=%d">%s</a>`, id, markup.Escape(markup.Isolate(name)))
}

// Elsewhere says whom a message about a ticket is for, where it does not stand below the message that asked.
func (v *View) Elsewhere(t storage.Ticket, m markup.Message) markup.Message {
	m.Text = v.In(t.Language).Text("elsewhere", "Who", markup.HTML(Mention(t.SenderID, markup.Shorten(t.SenderName, maxName)))) + "\n\n" + m.Text
	return m
}
