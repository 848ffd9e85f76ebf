package bot

import (
	"cmp"
	"regexp"
	"slices"
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
	team        string            // as written where it is none of the known ones
	fields      map[string]string // nil where none were given
}

// orElse returns the text with the defaults of its place for what it does not say.
func (t ticketText) orElse(d defaults) ticketText {
	t.priority, t.ticketType, t.team = cmp.Or(t.priority, d.Priority), cmp.Or(t.ticketType, d.Type), cmp.Or(t.team, d.Team)
	t.fields = defaults{Fields: t.fields}.over(defaults{Fields: d.Fields}).Fields
	return t
}

// options are what words may be read as options beside those that are always there.
type options struct {
	teams  []string // names that may be written without quotes
	fields []string // keys of custom fields; nil: any
}

// parse reads args, the text after the command. Its first line that is not blank holds title and options, so that "/ticket"
// may also stand alone on its line. Options stand at the beginning or at the end of that line, in any order, parted by white
// space; of several for the same thing the last one counts. A word between words of the title is text, and so is whatever is
// not a complete option. A title over titleLimit is shortened, and the full one opens the description.
func (o options) parse(args string) ticketText {
	line, rest := firstLine(markup.Clean(args))
	t, full := o.parseLine(line)
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

// parseLine reads the options at both ends of a line and returns what stands between them.
func (o options) parseLine(line string) (t ticketText, title string) {
	words := o.split(line)
	first := slices.IndexFunc(words, func(w word) bool { return w.set == nil })
	if first < 0 {
		first = len(words)
	}
	last := len(words)
	for last > first && words[last-1].set != nil {
		last--
	}
	for _, w := range slices.Concat(words[:first], words[last:]) {
		w.set(&t)
	}
	var between strings.Builder
	for _, w := range words[first:last] {
		between.WriteString(w.text)
	}
	return t, strings.TrimSpace(between.String())
}

// word is a word of a line with the white space behind it, or several that are one option.
type word struct {
	text string
	set  func(*ticketText) // takes the option; nil: it is none
}

// split parts a line into words and options.
func (o options) split(line string) []word {
	var words []word
	for line != "" {
		size, set := o.option(line)
		if set == nil {
			size = wordEnd(line)
		}
		size += spaceEnd(line[size:])
		words = append(words, word{line[:size], set})
		line = line[size:]
	}
	return words
}

var optionKey = regexp.MustCompile(`^(?:(?i:team):|[A-Za-z][A-Za-z0-9_]*=)`)

// option reads the option at the beginning of line and returns its length; set is nil where there is none.
func (o options) option(line string) (size int, set func(*ticketText)) {
	end := wordEnd(line)
	switch word := strings.ToLower(line[:end]); word {
	case "!high", "!medium", "!low":
		return end, func(t *ticketText) { t.priority = word[1:] }
	case "#problem", "#incident", "#question", "#task":
		return end, func(t *ticketText) { t.ticketType = word[1:] }
	}
	key := optionKey.FindString(line)
	switch {
	case key == "", strings.EqualFold(key, "telegram_ref="): // the bot's own field
		return 0, nil
	case strings.HasSuffix(key, ":"):
		value, size := o.team(line[len(key):])
		if size == 0 {
			return 0, nil
		}
		return len(key) + size, func(t *ticketText) { t.team = value }
	}
	name := strings.TrimSuffix(key, "=")
	value, size := optionValue(line[len(key):])
	if size == 0 || o.fields != nil && !slices.Contains(o.fields, name) {
		return 0, nil
	}
	return len(key) + size, func(t *ticketText) { t.setField(name, value) }
}

func (t *ticketText) setField(key, value string) {
	if t.fields == nil {
		t.fields = make(map[string]string)
	}
	t.fields[key] = value
}

// team reads the longest known team that s begins with, in any letter case, else a value as any other.
func (o options) team(s string) (value string, size int) {
	for _, team := range o.teams {
		if n := prefixFold(s, team); n > size && wordEnd(s[n:]) == 0 {
			value, size = team, n
		}
	}
	if size > 0 {
		return value, size
	}
	return optionValue(s)
}

// prefixFold returns how many bytes of s are the given prefix but for letter case; 0 where s does not begin with it.
func prefixFold(s, prefix string) int {
	end := 0
	for range utf8.RuneCountInString(prefix) {
		_, size := utf8.DecodeRuneInString(s[end:])
		end += size
	}
	if prefix == "" || !strings.EqualFold(s[:end], prefix) {
		return 0
	}
	return end
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
