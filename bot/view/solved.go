package view

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

// What customers say of a solution, as agents see it.
const (
	RatingField = "telegram_rating"  // custom field: 1 to 5
	ReopenTag   = "reopen-requested" // tag, until the ticket is reopened
)

// MaxStars is the best rating.
const MaxStars = 5

// ratingOf is what customers think of the solution, 1 to 5: what LiveDesk has asked them, else what they said to the bot; 0: nothing.
func ratingOf(t livedesk.Ticket) int {
	if s := t.Satisfaction; s != nil && s.Rating > 0 {
		return s.Rating
	}
	stars, err := strconv.Atoi(fmt.Sprint(t.CustomFields[RatingField])) // LiveDesk may make a number of it
	if err != nil || stars < 1 || stars > MaxStars {
		return 0
	}
	return stars
}

// IsMarked reports whether a ticket has the tag that somebody asks for it to be reopened.
func IsMarked(t livedesk.Ticket) bool { return slices.ContainsFunc(t.Tags, IsReopenTag) }

// IsReopenTag reports whether a tag asks for the ticket to be reopened. LiveDesk may write it in another letter case.
func IsReopenTag(tag string) bool { return strings.EqualFold(strings.TrimSpace(tag), ReopenTag) }

// isAsked reports whether people are asked about a change of status: whether what is said to be solved is.
func isAsked(t storage.Ticket, c Change) bool {
	return c.Status == string(livedesk.StatusResolved) && t.Status == c.Status && !c.Again
}

// NoticeButtons stand below the text of a notice.
func (v *View) NoticeButtons(t storage.Ticket, n storage.Notice) [][]markup.Button {
	if PostKind(t, n) != storage.PostSolved {
		return nil
	}
	say := v.In(t.Language)
	return [][]markup.Button{{button(say.Text("button_fixed"), "fixed", t.ID, ""), button(say.Text("button_broken"), "broken", t.ID, "")}}
}

// PostKind is what the messages of a notice are.
func PostKind(t storage.Ticket, n storage.Notice) storage.PostKind {
	if n.Kind == NoticeStatus && isAsked(t, decode[Change](n.Content)) {
		return storage.PostSolved
	}
	return ""
}

// RateButtons offer the ratings, the best one last.
func RateButtons(t storage.Ticket) [][]markup.Button {
	var row []markup.Button
	for n := 1; n <= MaxStars; n++ {
		row = append(row, button(fmt.Sprintf("%d ⭐", n), "rate", t.ID, strconv.Itoa(n)))
	}
	return [][]markup.Button{row}
}

// Rated is the message that a ticket is resolved once it has been rated. who are the people whom it mentions.
func (v *View) Rated(t storage.Ticket, who []storage.Person, n int) markup.Message {
	say := v.In(t.Language)
	return markup.Message{Text: v.statusNews(t, Change{Status: string(livedesk.StatusResolved)}, who) + "\n" +
		say.Text("rated", "Rating", n, "Stars", stars(n))}
}

// StillWrong asks a person what is still wrong with a ticket; in private there is no need to name them.
func StillWrong(say Language, t storage.Ticket, who storage.Person) markup.Message {
	var mention markup.HTML
	if who.ID != 0 {
		mention = mentions([]storage.Person{who})
	}
	return markup.Message{
		Text: say.Text("broken_question", "Number", Number(t), "Who", mention), Ask: true, Field: say.plain("field_answer"),
	}
}

// reopening is the line that reopening was asked for.
func (t Language) reopening(asked bool) string {
	if !asked {
		return ""
	}
	return t.Text("card_reopening")
}
