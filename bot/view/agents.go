package view

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"time"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/storage"
)

// AppendBlock puts a block of Markdown below a text.
func AppendBlock(text, block string) string {
	if block == "" {
		return text
	}
	return strings.TrimSpace(text + "\n\n" + block)
}

// Added is a block that a customer adds to the description. What could be taken for a heading of ours, and what follows it for
// somebody else's words, is defused.
func (v *View) Added(who string, when time.Time, text string) string {
	return v.heading("agents_heading", who, when) + "\n" + ownHeading.ReplaceAllString(text, `$1\$2`)
}

// Rewritten is a block with the new words of a customer, for where the old ones are not there any more.
func (v *View) Rewritten(who string, when time.Time, text string) string {
	return v.heading("agents_heading_edited", who, when) + "\n" + text
}

// heading stands above what a customer adds to the description: when, to the second, and who.
func (v *View) heading(id, who string, when time.Time) string {
	say := v.agents()
	return say.plain(id, "When", say.moment(when, when.UTC().Format("05")), "Who", markup.Line(who))
}

// ownHeading is a line that reads like a heading of ours in any language.
var ownHeading = regexp.MustCompile(`(?m)^(\s*)(###\s)`)

// Quoted is a message of a chat as a Markdown quotation.
func (v *View) Quoted(who string, when time.Time, text string) string {
	say := v.agents()
	return say.plain("agents_quote", "Who", who, "When", say.moment(when, "")) + "\n" + Quotation(text)
}

// Quotation is a text as a Markdown quotation.
func Quotation(text string) string { return "> " + strings.ReplaceAll(text, "\n", "\n> ") }

// Kind names a message without words; kind is one of photo, video, animation, audio, document, sticker and message.
func (v *View) Kind(kind string) string { return v.agents().plain("agents_" + kind) }

// agents is what agents read: the language of the desk, not of the chat.
func (v *View) agents() Language { return v.In("") }

// FileNote is what the description says of a file: that it did not come along, and the words that stood below it alone.
func (v *View) FileNote(f storage.File) string { return fileNote(v.agents(), f) }

// NoteOf returns the [View.FileNote] of a file that stands in a text; empty: none does. It may have been written while
// agents read another language.
func (v *View) NoteOf(text string, f storage.File) string {
	for _, say := range v.everyLanguage() {
		if note := fileNote(say, f); note != "" && HasLines(text, note) {
			return note
		}
	}
	return ""
}

func fileNote(say Language, f storage.File) string {
	file, note := FileIn(f), ""
	if f.State == storage.FileDropped {
		note = say.plain("agents_dropped", "Name", file.Name, "Why", say.plain("agents_"+f.Reason))
	}
	if file.Caption != "" {
		note = AppendBlock(note, file.Name+": "+file.Caption)
	}
	return note
}

// HasLines reports whether whole lines of a text are the given ones. Blank lines, white space, and characters written as HTML
// entities do not count: LiveDesk may change them.
func HasLines(text, lines string) bool {
	return strings.Contains("\n"+bare(text)+"\n", "\n"+bare(lines)+"\n") || bare(lines) == ""
}

// SameLine reports whether two titles say the same, as HasLines compares.
func SameLine(x, y string) bool { return bare(x) == bare(y) }

// bare is a text in a form in which all that LiveDesk may make of it is equal.
func bare(text string) string {
	for range 4 { // what is written back as it was read may be escaped anew each time
		text = html.UnescapeString(text)
	}
	var lines []string
	for line := range strings.Lines(lineBreak.ReplaceAllString(text, "\n")) {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// lineBreak is a line break as HTML writes it.
var lineBreak = regexp.MustCompile(`(?i)<br ?/?>`)

// ReplaceLines replaces whole lines of a text, compared as HasLines does. ok is false where they are not there.
func ReplaceLines(text, old, with string) (replaced string, ok bool) {
	lines, wanted := strings.Split(text, "\n"), strings.Split(bare(old), "\n")
	var filled []int // lines that are not blank
	var found []string
	for i, line := range lines {
		if line = bare(line); line != "" {
			filled, found = append(filled, i), append(found, line)
		}
	}
	for i := 0; bare(old) != "" && i+len(wanted) <= len(found); i++ {
		if slices.Equal(found[i:i+len(wanted)], wanted) {
			last := filled[i+len(wanted)-1]
			return strings.TrimSpace(strings.Join(slices.Concat(lines[:filled[i]], []string{with}, lines[last+1:]), "\n")), true
		}
	}
	return text, false
}
