package telegramtest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// htmlTags are the tags of parse mode HTML and the entities they make. https://core.telegram.org/bots/api#html-style
var htmlTags = map[string]string{
	"b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
	"s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler", "span": "spoiler",
	"tg-emoji": "custom_emoji", "a": "text_link", "code": "code", "pre": "pre", "blockquote": "blockquote", "tg-time": "date_time",
}

// htmlReferences are all named references that Telegram knows.
var htmlReferences = map[string]rune{"lt": '<', "gt": '>', "amp": '&', "quot": '"'}

// parseHTML takes the markup out of a text and returns what it means, or the refusal in Telegram's words. Like
// Telegram it takes an ampersand that begins no known reference as it is, but never a bare <. old is [Options.Old].
func parseHTML(s string, old bool) (string, []Entity, error) {
	p := htmlParser{in: s, old: old}
	for p.at < len(p.in) {
		if err := p.step(); err != nil {
			return "", nil, badRequest("can't parse entities: " + err.Error())
		}
	}
	if n := len(p.open); n > 0 {
		err := htmlFault("Can't find end tag corresponding to start tag %q", p.open[n-1].name)
		return "", nil, badRequest("can't parse entities: " + err.Error())
	}
	for i := range p.found {
		if p.found[i].Type == "code" {
			p.found[i].Language = "" // only <pre> keeps it
		}
	}
	sortEntities(p.found)
	return p.out.String(), p.found, nil
}

type htmlParser struct {
	in    string
	old   bool // knows no dates
	at    int  // byte position in in
	out   strings.Builder
	units int // UTF-16 length of out
	open  []openTag
	found []Entity
}

type openTag struct {
	name     string
	argument string
	format   string // of a date
	expand   bool
	units    int
	bytes    int
}

func (p *htmlParser) step() error {
	switch {
	case p.in[p.at] == '&':
		r, size := decodeReference(p.in[p.at:])
		if size == 0 {
			r, size = '&', 1
		}
		p.write(r, size)
	case strings.HasPrefix(p.in[p.at:], "</"):
		return p.endTag()
	case p.in[p.at] == '<':
		return p.startTag()
	default:
		r, size := utf8.DecodeRuneInString(p.in[p.at:])
		p.write(r, size)
	}
	return nil
}

func (p *htmlParser) write(r rune, size int) {
	p.out.WriteRune(r)
	p.units += UTF16Len(string(r))
	p.at += size
}

// decodeReference reads one of the four named references or a numeric one; size is 0 if it is neither.
func decodeReference(s string) (r rune, size int) {
	end := 1
	for end < len(s) && (s[end] == '#' && end == 1 || isAlnum(s[end])) {
		end++
	}
	name := s[1:end]
	if end < len(s) && s[end] == ';' {
		end++
	}
	if named, ok := htmlReferences[name]; ok {
		return named, end
	}
	number, isNumber := strings.CutPrefix(name, "#")
	base := 10
	if hex, ok := strings.CutPrefix(number, "x"); ok {
		number, base = hex, 16
	}
	code, err := strconv.ParseInt(number, base, 32)
	if !isNumber || err != nil || code == 0 || !utf8.ValidRune(rune(code)) {
		return 0, 0
	}
	return rune(code), end
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func (p *htmlParser) startTag() error {
	begin := p.at
	name, rest := cutWord(p.in[begin+1:], ">")
	name = strings.ToLower(name)
	if rest == "" {
		return htmlFault("Unclosed start tag at byte offset %d", begin)
	}
	if _, known := htmlTags[name]; !known || p.old && name == "tg-time" {
		return htmlFault("Unsupported start tag %q at byte offset %d", name, begin)
	}
	tag := openTag{name: name, units: p.units, bytes: p.out.Len()}
	for rest = trimLeft(rest); rest != "" && rest[0] != '>'; rest = trimLeft(rest) {
		var err error
		if rest, err = tag.attribute(rest, begin); err != nil {
			return err
		}
	}
	if rest == "" {
		return htmlFault("Unclosed start tag at byte offset %d", begin)
	}
	if name == "span" && tag.argument != "tg-spoiler" {
		return htmlFault("Tag \"span\" must have class \"tg-spoiler\" at byte offset %d", begin)
	}
	p.at = len(p.in) - len(rest) + 1
	p.open = append(p.open, tag)
	return nil
}

// attribute reads one name="value" and keeps the value if it means something for this tag.
func (t *openTag) attribute(s string, begin int) (rest string, err error) {
	name, rest := cutWord(s, "=>")
	if name == "" {
		return "", htmlFault("Empty attribute name in the tag %q at byte offset %d", t.name, begin)
	}
	rest = trimLeft(rest)
	if t.name == "blockquote" && name == "expandable" && !strings.HasPrefix(rest, "=") {
		t.expand = true
		return rest, nil
	}
	if !strings.HasPrefix(rest, "=") {
		return "", htmlFault(
			"Expected equal sign in declaration of an attribute of the tag %q at byte offset %d", t.name, begin)
	}
	value, rest, err := attributeValue(trimLeft(rest[1:]), begin)
	if err != nil {
		return "", err
	}
	switch t.name + " " + name {
	case "a href", "tg-emoji emoji-id", "span class", "tg-time unix":
		t.argument = value
	case "tg-time format":
		t.format = value
	case "code class":
		t.argument, _ = strings.CutPrefix(value, "language-")
	}
	return rest, nil
}

func attributeValue(s string, begin int) (value, rest string, err error) {
	if s == "" {
		return "", "", htmlFault("Unclosed start tag at byte offset %d", begin)
	}
	if s[0] != '"' && s[0] != '\'' {
		end := 0
		for end < len(s) && (isAlnum(s[end]) || s[end] == '.' || s[end] == '-') {
			end++
		}
		if end < len(s) && s[end] != '>' && !unicode.IsSpace(rune(s[end])) {
			return "", "", htmlFault("Unexpected end of name token at byte offset %d", begin)
		}
		return strings.ToLower(s[:end]), s[end:], nil
	}
	quoted, rest, closed := strings.Cut(s[1:], s[:1])
	if !closed {
		return "", "", htmlFault("Unclosed start tag at byte offset %d", begin)
	}
	return unescape(quoted), rest, nil
}

func unescape(s string) string {
	var out strings.Builder
	for s != "" {
		r, size := utf8.DecodeRuneInString(s)
		if r == '&' {
			if decoded, n := decodeReference(s); n > 0 {
				r, size = decoded, n
			}
		}
		out.WriteRune(r)
		s = s[size:]
	}
	return out.String()
}

func (p *htmlParser) endTag() error {
	begin := p.at
	if len(p.open) == 0 {
		return htmlFault("Unexpected end tag at byte offset %d", begin)
	}
	name, rest := cutWord(p.in[begin+2:], ">")
	rest = trimLeft(rest)
	if !strings.HasPrefix(rest, ">") {
		return htmlFault("Unclosed end tag at byte offset %d", begin)
	}
	tag := p.open[len(p.open)-1]
	if name = strings.ToLower(name); name != "" && name != tag.name {
		return htmlFault("Unmatched end tag at byte offset %d, expected \"</%s>\", found \"</%s>\"", begin, tag.name, name)
	}
	p.at = len(p.in) - len(rest) + 1
	p.open = p.open[:len(p.open)-1]
	if p.units == tag.units {
		return nil
	}
	return p.close(tag)
}

// close adds the entity of a tag that had content.
func (p *htmlParser) close(tag openTag) error {
	e := Entity{Type: htmlTags[tag.name], Offset: tag.units, Length: p.units - tag.units}
	switch tag.name {
	case "a":
		if e.URL = tag.argument; e.URL == "" {
			e.URL = p.out.String()[tag.bytes:]
		}
		return p.closeLink(e)
	case "tg-emoji":
		if id, err := strconv.ParseInt(tag.argument, 10, 64); err != nil || id == 0 {
			return htmlFault("Invalid custom emoji identifier specified")
		}
		e.CustomEmojiID = tag.argument
	case "blockquote":
		if tag.expand {
			e.Type = "expandable_blockquote"
		}
	case "code":
		e.Language = tag.argument
	case "pre":
		return p.closePre(e)
	case "tg-time":
		return p.closeTime(e, tag)
	}
	p.found = append(p.found, e)
	return nil
}

// dateFormat is the form of a date's format. https://core.telegram.org/bots/api#date-time-entity-formatting
var dateFormat = regexp.MustCompile(`^(r|w?[dD]?[tT]?)$`)

// latestDate is how far in the future a date may lie.
const latestDate = 1098 * 24 * time.Hour

// closeTime refuses what is no date, in inferred words, and drops one that Telegram does not take.
func (p *htmlParser) closeTime(e Entity, tag openTag) error {
	unix, err := strconv.ParseInt(tag.argument, 10, 64)
	if err != nil || !dateFormat.MatchString(tag.format) {
		return htmlFault("Invalid date-time specified")
	}
	if unix < 0 || unix > time.Now().Add(latestDate).Unix() {
		return nil
	}
	e.UnixTime, e.DateTimeFormat = unix, tag.format
	p.found = append(p.found, e)
	return nil
}

// closeLink makes a mention of tg://user links and drops addresses that are none, as Telegram does without a word.
func (p *htmlParser) closeLink(e Entity) error {
	if id, ok := strings.CutPrefix(e.URL, "tg://user?id="); ok {
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			return nil
		}
		e.Type, e.URL, e.User = "text_mention", "", &Person{ID: n}
	} else if !isWebAddress(e.URL) {
		return nil
	}
	p.found = append(p.found, e)
	return nil
}

func isWebAddress(s string) bool {
	scheme, rest, hasScheme := strings.Cut(s, "://")
	if !hasScheme {
		return strings.Contains(s, ".") && !strings.ContainsAny(s, " \n\t")
	}
	switch strings.ToLower(scheme) {
	case "http", "https", "tg", "ton":
		return rest != "" && !strings.ContainsAny(s, " \n\t")
	}
	return false
}

// closePre merges <pre><code class="language-x"> into one entity.
func (p *htmlParser) closePre(e Entity) error {
	if n := len(p.found); n > 0 {
		inner := p.found[n-1]
		if inner.Type == "code" && inner.Language != "" && inner.Offset == e.Offset && inner.Length == e.Length {
			e.Language = inner.Language
			p.found[n-1] = e
			return nil
		}
	}
	p.found = append(p.found, e)
	return nil
}

// cutWord cuts before the first white space or one of the stop characters.
func cutWord(s, stops string) (word, rest string) {
	end := strings.IndexFunc(s, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(stops, r) })
	if end < 0 {
		end = len(s)
	}
	return s[:end], s[end:]
}

func trimLeft(s string) string { return strings.TrimLeftFunc(s, unicode.IsSpace) }

// htmlFault is why Telegram's parser refuses a text, in its own words, capitals included.
func htmlFault(format string, args ...any) error { return parseError(fmt.Sprintf(format, args...)) }

type parseError string

func (e parseError) Error() string { return string(e) }
