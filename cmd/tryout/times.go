package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"livedeskbot/bot/telegram/telegramtest"
)

// withTimes is the text of a message with its dates as a client shows them, in the zone of who looks at it.
func withTimes(c telegramtest.Content, now time.Time) string {
	text := utf16.Encode([]rune(c.Text)) // what offsets count
	for _, e := range slices.Backward(c.Entities) {
		if e.Type == "date_time" {
			shown := utf16.Encode([]rune(when(time.Unix(e.UnixTime, 0), e.DateTimeFormat, now)))
			text = slices.Replace(text, e.Offset, e.Offset+e.Length, shown...)
		}
	}
	return string(utf16.Decode(text))
}

// when writes a date in a format of Telegram's: r is relative, w the weekday, d or D a short or long date, t or T a short or long
// time. https://core.telegram.org/bots/api#date-time-entity-formatting
func when(at time.Time, format string, now time.Time) string {
	if format == "r" {
		return relative(at.Sub(now))
	}
	layouts := map[rune]string{'w': "Monday", 'd': "02/01/06", 'D': "2 January 2006", 't': "15:04", 'T': "15:04:05"}
	var parts []string
	for _, letter := range format {
		parts = append(parts, at.Format(layouts[letter]))
	}
	return strings.Join(parts, " ")
}

func relative(from time.Duration) string {
	for _, unit := range []struct {
		name string
		size time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}} {
		n := int(from.Abs() / unit.size)
		if n == 0 {
			continue
		}
		if n > 1 {
			unit.name += "s"
		}
		if from > 0 {
			return fmt.Sprintf("in %d %s", n, unit.name)
		}
		return fmt.Sprintf("%d %s ago", n, unit.name)
	}
	return "just now"
}
