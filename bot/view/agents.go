package view

import (
	"fmt"
	"regexp"
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

// HasLines reports whether whole lines of a text are the given ones. Blank lines and white space around a line do not count:
// LiveDesk may change them.
func HasLines(text, lines string) bool {
	return strings.Contains("\n"+bare(text)+"\n", "\n"+bare(lines)+"\n") || bare(lines) == ""
}

func bare(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// ReplaceLines replaces whole lines of a text, exactly as they are.
func ReplaceLines(text, old, with string) (string, bool) {
	before, after, ok := strings.Cut("\n"+text+"\n", "\n"+old+"\n")
	if !ok || old == "" {
		return text, false
	}
	return strings.TrimSpace(before + "\n" + with + "\n" + after), true
}
