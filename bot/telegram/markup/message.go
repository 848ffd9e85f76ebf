package markup

import (
	"html"
	"regexp"
)

// MaxText is the longest message, counted without its tags. https://core.telegram.org/bots/api#sendmessage
const MaxText = 4096

// HTML is text that is Telegram's HTML already, and is not to be escaped again.
type HTML string

// Message is what goes into a chat.
type Message struct {
	Text    string // Telegram HTML
	Buttons [][]Button
	Ask     bool // opens the answer field of the person replied to
}

// Button is one below a message.
type Button struct {
	Label string
	Data  string // what Telegram tells of a press; at most 64 bytes
}

var tags = regexp.MustCompile(`<[^>]*>`)

// Plain returns Telegram HTML as people see it, without its formatting.
func Plain(text string) string { return html.UnescapeString(tags.ReplaceAllString(text, "")) }

var dateTags = regexp.MustCompile(`</?tg-time[^>]*>`)

// WithoutDates returns Telegram HTML with its dates as text, for servers that are too old for them.
func WithoutDates(text string) string { return dateTags.ReplaceAllString(text, "") }
