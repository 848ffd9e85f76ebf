package view

import (
	"fmt"
	"strings"
	"time"

	"livedeskbot/bot/telegram/markup"
)

const (
	nearby   = 6 * 24 * time.Hour    // within that, the day of the week names a day
	farthest = 1097 * 24 * time.Hour // Telegram takes a day more; its clock may be another one
)

// timed is a line about a time, or nothing where it is not known.
func (t Language) timed(id string, at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return t.Text(id, "When", t.When(at))
}

// When is a time as Telegram shows it in the zone and the language of each reader: a day of the week or a date, and the time of day.
func (t Language) When(at time.Time) markup.HTML {
	if at.Sub(t.now()).Abs() < nearby {
		return t.date(at, "wt")
	}
	return t.date(at, "Dt")
}

// Ago is how long ago a time was, as Telegram counts it for each reader.
func (t Language) Ago(at time.Time) markup.HTML { return t.date(at, "r") }

// date is a time in one of Telegram's formats. What it shows where it knows none is in UTC, because it does not say where the
// readers are. https://core.telegram.org/bots/api#date-time-entity-formatting
func (t Language) date(at time.Time, format string) markup.HTML {
	if at.IsZero() {
		return "?"
	}
	text := markup.Escape(t.moment(at, ""))
	if at.Unix() < 0 || at.After(t.now().Add(farthest)) {
		return markup.HTML(text)
	}
	return markup.HTML(fmt.Sprintf(`<tg-time unix="%d" format="%s">%s</tg-time>`, at.Unix(), format, text))
}

// moment is a time in UTC with its seconds, which may be left out. The text months names the twelve in order, between blanks.
func (t Language) moment(at time.Time, seconds string) string {
	at = at.UTC()
	return t.plain("moment", "Day", at.Day(), "Month", strings.Fields(t.plain("months"))[at.Month()-1], "Year", at.Year(),
		"Hour", at.Format("15"), "Minute", at.Format("04"), "Second", seconds)
}
