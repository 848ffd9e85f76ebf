package view

import (
	"fmt"
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
func Added(who string, when time.Time, text string) string {
	return Heading(who, when) + "\n" + ownHeading.ReplaceAllString(text, `$1\$2`)
}

// Heading stands above what a customer adds to the description: when, and who.
func Heading(who string, when time.Time) string {
	return fmt.Sprintf("### %s, %s", when.UTC().Format("2 Jan 2006 15:04:05 UTC"), markup.Line(who))
}

// ownHeading is a line that reads like a heading of ours.
var ownHeading = regexp.MustCompile(`(?m)^(\s*)(###\s)`)

// Quoted is a message of a chat as a Markdown quotation.
func Quoted(who string, when time.Time, text string) string {
	return fmt.Sprintf("> %s, %s:\n> %s", who, when.UTC().Format("2 Jan 2006 15:04 UTC"), strings.ReplaceAll(text, "\n", "\n> "))
}

// FileNote is what the description says of a file: that it did not come along, and the words that stood below it alone.
// Agents read the language of the desk, not of the chat.
func FileNote(f storage.File) string {
	file, note := FileIn(f), ""
	if f.State == storage.FileDropped {
		why := map[string]string{
			DropTooBig: "larger than Telegram hands out to bots", DropExpired: "no longer available at Telegram",
			DropRefused: "refused by LiveDesk's upload", DropNoPlace: "LiveDesk offers no upload",
			DropTooMany: "too many files", DropFailed: "could not be transferred",
		}[f.Reason]
		note = fmt.Sprintf("[Not included: %s – %s]", file.Name, why)
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
