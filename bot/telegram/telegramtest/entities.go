package telegramtest

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Entity is a MessageEntity; offset and length count UTF-16 code units.
type Entity struct {
	Type           string  `json:"type"`
	Offset         int     `json:"offset"`
	Length         int     `json:"length"`
	URL            string  `json:"url,omitempty"`
	User           *Person `json:"user,omitempty"`
	Language       string  `json:"language,omitempty"`
	CustomEmojiID  string  `json:"custom_emoji_id,omitempty"`
	UnixTime       int64   `json:"unix_time,omitempty"`
	DateTimeFormat string  `json:"date_time_format,omitempty"`
}

// UTF16Len is the length of a text as Telegram counts it.
func UTF16Len(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xffff {
			n++
		}
	}
	return n
}

var (
	commandPattern = regexp.MustCompile(`/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?`)
	mentionPattern = regexp.MustCompile(`@[A-Za-z0-9_]{3,32}`)
	hashtagPattern = regexp.MustCompile(`#[\pL\pN_]+`)
	urlPattern     = regexp.MustCompile(`(?i)https?://[^\s<>"]+`)
)

// maxEntities is how many entities of one kind are looked for; a message has at most 100 in all.
const maxEntities = 100

// detect finds the entities that Telegram's clients mark by themselves: web addresses, commands, mentions and
// hashtags. Finer rules of theirs (bare domains, numbers, mail addresses) are left out.
func detect(s string) []Entity {
	if !strings.ContainsAny(s, "/@#") {
		return nil
	}
	var found []Entity
	var taken [][]int
	for _, kind := range []struct {
		name    string
		pattern *regexp.Regexp
	}{
		{"url", urlPattern}, {"bot_command", commandPattern}, {"mention", mentionPattern}, {"hashtag", hashtagPattern},
	} {
		for _, at := range kind.pattern.FindAllStringIndex(s, maxEntities) {
			if standsAlone(s, at) && !overlaps(taken, at) {
				taken = append(taken, at)
				found = append(found, Entity{
					Type: kind.name, Offset: UTF16Len(s[:at[0]]), Length: UTF16Len(s[at[0]:at[1]]),
				})
			}
		}
	}
	sortEntities(found)
	return found
}

// standsAlone says that no word runs into the find from either side.
func standsAlone(s string, at []int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:at[0]])
	after, _ := utf8.DecodeRuneInString(s[at[1]:])
	return !isWord(before) && before != '/' && !isWord(after) && after != '/'
}

func isWord(r rune) bool {
	return r != utf8.RuneError && (r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r))
}

func overlaps(taken [][]int, at []int) bool {
	return slices.ContainsFunc(taken, func(t []int) bool { return at[0] < t[1] && t[0] < at[1] })
}

func sortEntities(all []Entity) {
	slices.SortStableFunc(all, func(a, b Entity) int {
		if a.Offset != b.Offset {
			return a.Offset - b.Offset
		}
		return b.Length - a.Length
	})
}

// merge adds the detected entities that touch none of the given ones.
func merge(given, detected []Entity) []Entity {
	all := slices.Clone(given)
	for _, d := range detected {
		touches := slices.ContainsFunc(given, func(g Entity) bool {
			return d.Offset < g.Offset+g.Length && g.Offset < d.Offset+d.Length
		})
		if !touches {
			all = append(all, d)
		}
	}
	sortEntities(all)
	return all
}

// trim cuts white space from both ends, as the server does, and fits the entities to what is left.
func trim(s string, all []Entity) (string, []Entity) {
	left := strings.TrimLeftFunc(s, unicode.IsSpace)
	shift := UTF16Len(s[:len(s)-len(left)])
	s = strings.TrimRightFunc(left, unicode.IsSpace)
	size := UTF16Len(s)
	var kept []Entity
	for _, e := range all {
		end := min(e.Offset+e.Length-shift, size)
		e.Offset = max(e.Offset-shift, 0)
		e.Length = end - e.Offset
		if e.Length > 0 {
			kept = append(kept, e)
		}
	}
	return s, kept
}

// checkEntities refuses entities that reach beyond the text or cut a character in two, which Telegram partly repairs.
func checkEntities(s string, all []Entity) error {
	if len(all) == 0 {
		return nil
	}
	starts := map[int]bool{}
	n := 0
	for _, r := range s {
		starts[n] = true
		n += UTF16Len(string(r))
	}
	starts[n] = true
	for _, e := range all {
		switch {
		case e.Length <= 0 || e.Offset < 0 || e.Offset+e.Length > n:
			return badRequest("can't parse entities: entity lies outside of the text")
		case !starts[e.Offset] || !starts[e.Offset+e.Length]:
			return badRequest("can't parse entities: entity begins or ends in the middle of a UTF-16 pair")
		}
	}
	return nil
}
