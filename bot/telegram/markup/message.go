package markup

import (
	"html"
	"regexp"
	"slices"
)

// MaxText is the longest message, counted without its tags. https://core.telegram.org/bots/api#sendmessage
const MaxText = 4096

// HTML is text that is Telegram's HTML already, and is not to be escaped again.
type HTML string

// Message is what goes into a chat.
type Message struct {
	Text    string // Telegram HTML
	Buttons [][]Button
	Ask     bool   // opens the answer field of the person replied to, and of those whom the text mentions
	Field   string // what stands in that field while it is empty; at most 64 characters
}

// Button is one below a message.
type Button struct {
	Label string
	Data  string // what Telegram tells of a press; at most 64 bytes
	Copy  string // what a press copies, of which Telegram tells nothing, in place of Data; at most 256 characters
	Style Style
}

// Style is the look of a button, for the few that should stand out. https://core.telegram.org/bots/api#inlinekeyboardbutton
type Style string

// The styles that there are.
const (
	Primary Style = "primary"
	Danger  Style = "danger"
)

// Recent reports whether a message has something below it that servers older than Bot API 9.4 do not know.
func (m Message) Recent() bool {
	return slices.ContainsFunc(slices.Concat(m.Buttons...), func(b Button) bool { return b.Copy != "" || b.Style != "" })
}

// WithoutRecent returns a message as such servers take it: buttons have no style, and those that copy are left out.
func (m Message) WithoutRecent() Message {
	var rows [][]Button
	for _, row := range m.Buttons {
		var known []Button
		for _, b := range row {
			if b.Copy == "" {
				b.Style = ""
				known = append(known, b)
			}
		}
		if len(known) > 0 {
			rows = append(rows, known)
		}
	}
	m.Buttons = rows
	return m
}

var tags = regexp.MustCompile(`<[^>]*>`)

// Plain returns Telegram HTML as people see it, without its formatting.
func Plain(text string) string { return html.UnescapeString(tags.ReplaceAllString(text, "")) }

var dateTags = regexp.MustCompile(`</?tg-time[^>]*>`)

// WithoutDates returns Telegram HTML with its dates as text, for servers that are too old for them.
func WithoutDates(text string) string { return dateTags.ReplaceAllString(text, "") }
