package bot

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"livedeskbot/bot/telegram/markup"
)

// titleLimit is the longest title of a ticket, in code points.
const titleLimit = 200

// ticketText is what a person wrote after /ticket, or as the answer to the bot's question. It is valid UTF-8
// without control characters other than line feed and tab.
type ticketText struct {
	title       string            // one line of at most titleLimit code points; empty where only options were given
	description string            // Markdown, as written
	priority    string            // high, medium, low or empty
	ticketType  string            // problem, incident, question, task or empty
	team        string            // as written, not checked against the known teams
	fields      map[string]string // nil where none were given
}

// parseTicketText reads args, the text after the command. Its first line that is not blank holds title and
// options, so that "/ticket" may also stand alone on its line. Options are separated by white space, in any
// order and place; of several for the same thing the last one counts. Whatever is not a complete option stays
// in the title. A title over titleLimit is shortened, and the full one opens the description.
func parseTicketText(args string) ticketText {
	line, rest := firstLine(markup.Clean(args))
	var t ticketText
	full := t.takeOptions(line)
	t.title = shortTitle(full)
	if t.title != full {
		t.description = full + "\n\n"
	}
	t.description = strings.TrimRightFunc(t.description+dropBlankLines(rest), unicode.IsSpace)
	return t
}

// shortTitle cuts line at a word, so that it fits a ticket's title.
func shortTitle(line string) string {
	return markup.Ellipsis(line, titleLimit, func(rune) int { return 1 })
}

// firstLine splits text at the end of its first line that is not blank.
func firstLine(text string) (line, rest string) {
	line, rest, _ = strings.Cut(dropBlankLines(text), "\n")
	return line, rest
}

// dropBlankLines removes blank lines at the beginning of text. The indentation of the first line that is not
// blank stays: in Markdown it has a meaning.
func dropBlankLines(text string) string {
	blank := text[:spaceEnd(text)]
	return text[strings.LastIndexByte(blank, '\n')+1:]
}

// takeOptions sets what the options in line say and returns the line without them.
func (t *ticketText) takeOptions(line string) (title string) {
	var kept strings.Builder
	for line != "" {
		size := t.takeOption(line)
		isOption := size > 0
		if !isOption {
			size = wordEnd(line)
		}
		size += spaceEnd(line[size:])
		if !isOption {
			kept.WriteString(line[:size])
		}
		line = line[size:]
	}
	return strings.TrimSpace(kept.String())
}

var optionKey = regexp.MustCompile(`^(?:(?i:team):|[A-Za-z][A-Za-z0-9_]*=)`)

// takeOption sets what the option at the beginning of line says and returns its length; 0 where there is none.
func (t *ticketText) takeOption(line string) int {
	end := wordEnd(line)
	switch word := strings.ToLower(line[:end]); word {
	case "!high", "!medium", "!low":
		t.priority = word[1:]
		return end
	case "#problem", "#incident", "#question", "#task":
		t.ticketType = word[1:]
		return end
	}
	key := optionKey.FindString(line)
	value, size := optionValue(line[len(key):])
	switch {
	case key == "", size == 0, strings.EqualFold(key, "telegram_ref="): // the bot's own field
		return 0
	case strings.HasSuffix(key, ":"):
		t.team = value
	default:
		t.setField(strings.TrimSuffix(key, "="), value)
	}
	return len(key) + size
}

func (t *ticketText) setField(key, value string) {
	if t.fields == nil {
		t.fields = make(map[string]string)
	}
	t.fields[key] = value
}

// quotes are families of quotation marks: one of a family opens, the next of the same family closes. Phones
// type the curly ones by themselves, and languages disagree on which of them comes first.
var quotes = []string{`"`, "“”„‟", "«»", "\uff02"}

// optionValue reads the word or the quoted words at the beginning of s and returns how many bytes they take;
// 0 where nothing is there, nothing is between the quotes, or the closing one does not end a word.
func optionValue(s string) (value string, size int) {
	opening, start := utf8.DecodeRuneInString(s)
	for _, family := range quotes {
		if !strings.ContainsRune(family, opening) {
			continue
		}
		length := strings.IndexAny(s[start:], family)
		if length < 1 {
			return "", 0
		}
		end := start + length
		_, closing := utf8.DecodeRuneInString(s[end:])
		if wordEnd(s[end+closing:]) > 0 {
			return "", 0
		}
		return s[start:end], end + closing
	}
	end := wordEnd(s)
	return s[:end], end
}

// wordEnd returns the length of the word that s begins with.
func wordEnd(s string) int {
	if end := strings.IndexFunc(s, unicode.IsSpace); end >= 0 {
		return end
	}
	return len(s)
}

// spaceEnd returns the length of the white space that s begins with.
func spaceEnd(s string) int {
	return len(s) - len(strings.TrimLeftFunc(s, unicode.IsSpace))
}
