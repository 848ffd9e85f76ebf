// Package markup makes text fit for Telegram: it escapes and repairs what people wrote, turns Markdown into Telegram's HTML,
// cuts what is too long, and knows what a message is made of. Lengths are UTF-16 code units, as Telegram counts them.
// https://core.telegram.org/bots/api#html-style
package markup

import (
	"strings"
	"unicode"
	"unicode/utf16"

	"golang.org/x/text/unicode/bidi"
)

var htmlEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

// Escape makes s safe as text and as a quoted attribute in Telegram's HTML
// (https://core.telegram.org/bots/api#html-style).
func Escape(s string) string {
	return htmlEscapes.Replace(s)
}

// Clean repairs UTF-8, ends lines with a line feed alone and removes control characters other than line feed and
// tab: Telegram refuses or drops them, and Postgres cannot store NUL.
func Clean(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune { // an invalid byte comes as U+FFFD
		switch {
		case r == '\n', r == '\t', !unicode.IsControl(r):
			return r
		case r == '\r':
			return '\n'
		case unicode.IsSpace(r): // vertical tab, form feed and next line part words
			return ' '
		}
		return -1
	}, s)
}

// Line makes s one line without control characters, for names and titles.
func Line(s string) string {
	return strings.Join(strings.Fields(Clean(s)), " ")
}

// Isolate keeps foreign text of one line, a name or a title, from rearranging the line that it is put into: what
// may run from right to left is wrapped in a first strong isolate, and characters that override or embed are
// removed (Unicode Standard Annex 9). Left-to-right and right-to-left marks stay, they only act inside.
func Isolate(s string) string {
	wrap := false
	s = strings.Map(func(r rune) rune {
		properties, _ := bidi.LookupRune(r)
		switch properties.Class() {
		case bidi.LRE, bidi.RLE, bidi.LRO, bidi.RLO, bidi.PDF, bidi.LRI, bidi.RLI, bidi.FSI, bidi.PDI:
			return -1
		case bidi.R, bidi.AL, bidi.AN:
			wrap = true
		}
		return r
	}, s)
	if !wrap {
		return s
	}
	return "\u2068" + s + "\u2069"
}

// Length returns the length of s in UTF-16 code units, in which Telegram counts.
func Length(s string) int {
	return width(s, utf16.RuneLen)
}

// Shorten cuts s to at most limit UTF-16 code units, "…" included, at a word where possible. The limit is at
// least 1. Use it before Isolate and Escape.
func Shorten(s string, limit int) string {
	return Ellipsis(s, limit, utf16.RuneLen)
}

// Ellipsis is Shorten with a measure of its own: how much of the limit a character takes.
func Ellipsis(s string, limit int, measure func(rune) int) string {
	if width(s, measure) <= limit {
		return s
	}
	return strings.TrimRightFunc(s[:cutText(s, limit-1, measure)], unicode.IsSpace) + "…"
}

func width(s string, measure func(rune) int) int {
	total := 0
	for _, r := range s {
		total += measure(r)
	}
	return total
}
