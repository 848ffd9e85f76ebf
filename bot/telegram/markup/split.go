package markup

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Split cuts Telegram HTML into messages of at most limit UTF-16 code units each, counted as Telegram does: without tags,
// references resolved. The limit is at least 2. It cuts between paragraphs, else lines, else words, else characters; what is open
// at a cut is closed before and opened again behind it. White space at a cut is dropped, and a part in which nothing would be
// seen is left out. A date is cut only where it begins a part. Anything that is not one of the tags in our texts counts as text,
// so that every part is well-formed whatever comes in.
func Split(source string, limit int) []string {
	f := parseFormatted(source)
	var parts []string
	for pos := 0; pos < len(f.text); {
		pos += gapEnd(f.text[pos:])
		size := f.beforeDate(pos, pos+splitPoint(f.text[pos:], limit)) - pos
		if seen := strings.TrimRightFunc(f.text[pos:pos+size], unicode.IsSpace); seen != "" {
			size = len(seen)
			parts = append(parts, f.part(pos, pos+size))
		}
		pos += size
	}
	return parts
}

// gapEnd returns how much of the white space at the beginning of s a cut takes away: the indentation of a line stays.
func gapEnd(s string) int {
	space := spaceEnd(s)
	if i := strings.LastIndexByte(s[:space], '\n'); i >= 0 {
		return i + 1
	}
	return space
}

// splitPoint returns how many bytes of text go into the next message. It leaves at most half of a message unused.
func splitPoint(text string, limit int) int {
	end := cutText(text, limit, utf16.RuneLen)
	if end == len(text) {
		return end
	}
	for _, separator := range []string{"\n\n", "\n"} {
		if i := strings.LastIndex(text[:end], separator); i >= end/2 {
			return i
		}
	}
	return end
}

// cutText returns how many bytes of s to keep, so that they measure at most limit: up to the last place between two
// words, else between two characters as people see them, else between two code points.
func cutText(s string, limit int, measure func(rune) int) int {
	end := len(s)
	for i, r := range s {
		if limit -= measure(r); limit < 0 {
			end = i
			break
		}
	}
	if end == len(s) {
		return end
	}
	character := 0
	for i, indentation := end, spaceEnd(s); i > indentation; {
		before, size := utf8.DecodeLastRuneInString(s[:i])
		after, _ := utf8.DecodeRuneInString(s[i:])
		if !joined(s[:i], after) {
			if partsWords(before) || partsWords(after) {
				return i
			}
			character = max(character, i)
		}
		i -= size
	}
	if character > 0 {
		return character
	}
	return end
}

// partsWords reports whether a word may end before and after r: white space, and scripts written without any.
func partsWords(r rune) bool {
	return unicode.IsSpace(r) || unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana,
		unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// joined reports whether next continues the character that before ends with, as far as accents, emoji, flags and
// conjoining Hangul go (Unicode Standard Annex 29 has more rules, for rarer scripts).
func joined(before string, next rune) bool {
	const joiner, nonJoiner = '\u200d', '\u200c'
	last, _ := utf8.DecodeLastRuneInString(before)
	switch {
	case next == joiner, next == nonJoiner, last == joiner:
		return true
	case unicode.Is(unicode.M, next):
		return true
	case next >= 0x1F3FB && next <= 0x1F3FF, next >= 0xE0020 && next <= 0xE007F: // skin tones, tags of flags
		return true
	case next >= 0x1160 && next <= 0x11FF: // Hangul vowels and finals
		return true
	case unicode.Is(unicode.Regional_Indicator, next):
		letters := len(before) - len(strings.TrimRightFunc(before, isRegional))
		return letters/utf8.UTFMax%2 == 1
	}
	return false
}

func isRegional(r rune) bool {
	return unicode.Is(unicode.Regional_Indicator, r)
}

// formatted is Telegram HTML taken apart.
type formatted struct {
	text string    // what people see
	tags []htmlTag // in their order, properly nested; some may stay open
}

type htmlTag struct {
	pos     int    // place in formatted.text, in bytes
	raw     string // as written, with attributes
	name    string
	closing bool
}

var tagPattern = regexp.MustCompile(
	`<(/?)(b|i|u|s|a|code|pre|blockquote|tg-spoiler|tg-time)((?: [a-z]+(?:="[^"<>]*")?)*)>`)

func parseFormatted(source string) formatted {
	var text strings.Builder
	var tags, open []htmlTag
	at := 0
	for _, m := range tagPattern.FindAllStringSubmatchIndex(source, -1) {
		text.WriteString(html.UnescapeString(source[at:m[0]]))
		at = m[1]
		t := htmlTag{pos: text.Len(), raw: source[m[0]:m[1]], name: source[m[4]:m[5]], closing: m[2] < m[3]}
		if t.closing && (len(open) == 0 || open[len(open)-1].name != t.name) {
			continue
		}
		open = t.apply(open)
		tags = append(tags, t)
	}
	text.WriteString(html.UnescapeString(source[at:]))
	return formatted{text: text.String(), tags: tags}
}

// beforeDate returns where the part from begin to end has to end so that it cuts no date: each half would show all of it.
func (f formatted) beforeDate(begin, end int) int {
	opened := 0
	for _, t := range f.tags {
		switch {
		case t.name != "tg-time":
		case !t.closing:
			opened = t.pos
		case begin < opened && opened < end && end < t.pos:
			return opened
		}
	}
	return end
}

// apply returns the tags that are open behind t where those in open are before it.
func (t htmlTag) apply(open []htmlTag) []htmlTag {
	if t.closing {
		return open[:len(open)-1]
	}
	return append(open, t)
}

// part returns the HTML for f.text[from:to].
func (f formatted) part(from, to int) string {
	var out strings.Builder
	var open []htmlTag
	tags := f.tags
	for len(tags) > 0 && tags[0].pos <= from {
		open = tags[0].apply(open)
		tags = tags[1:]
	}
	for _, t := range open {
		out.WriteString(t.raw)
	}
	for len(tags) > 0 && tags[0].pos < to {
		out.WriteString(Escape(f.text[from:tags[0].pos]) + tags[0].raw)
		open = tags[0].apply(open)
		from = tags[0].pos
		tags = tags[1:]
	}
	out.WriteString(Escape(f.text[from:to]))
	for _, t := range slices.Backward(open) {
		out.WriteString("</" + t.name + ">")
	}
	return out.String()
}

// spaceEnd returns the length of the white space that s begins with.
func spaceEnd(s string) int {
	return len(s) - len(strings.TrimLeftFunc(s, unicode.IsSpace))
}
