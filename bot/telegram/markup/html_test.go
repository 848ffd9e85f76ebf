package markup

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

var (
	strictTag  = regexp.MustCompile(`^<(/?)(b|i|u|s|code|pre|blockquote|tg-spoiler|a)( href="https?://[^"<>]+"| class="language-[^"<>]+"| expandable)?>`)
	strictChar = regexp.MustCompile(`^(?:&(?:amp|lt|gt|quot);|[^&<>])`)
)

// checkHTML is Telegram's HTML parser at its strictest: it returns what people see, or why the text is refused.
func checkHTML(source string) (visible string, err error) {
	var out strings.Builder
	var open []string
	for rest := source; rest != ""; {
		m := strictTag.FindStringSubmatch(rest)
		if m == nil {
			char := strictChar.FindString(rest)
			if char == "" || !utf8.ValidString(char) {
				return "", fmt.Errorf("unexpected character before %q", rest)
			}
			out.WriteString(unescape(char))
			rest = rest[len(char):]
			continue
		}
		rest = rest[len(m[0]):]
		if m[1] == "" {
			if slices.Contains(open, m[2]) {
				return "", fmt.Errorf("%s inside of another", m[0])
			}
			open = append(open, m[2])
			continue
		}
		if len(open) == 0 || open[len(open)-1] != m[2] {
			return "", fmt.Errorf("unexpected %s, open are %v", m[0], open)
		}
		open = open[:len(open)-1]
	}
	if len(open) > 0 {
		return "", errors.New("not closed: " + strings.Join(open, ", "))
	}
	return out.String(), nil
}

func unescape(s string) string {
	return strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">", "&quot;", `"`).Replace(s)
}

func withoutSpace(s string) string {
	return strings.Join(strings.FieldsFunc(s, unicode.IsSpace), "")
}

func TestEscapedTextIsReadBackUnchanged(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", `<b>"&amp;"</b> 'x' & <`, "a > b && c", "_*`[]\\ שלום 😀"} {
		visible, err := checkHTML(Escape(text))
		require.NoError(t, err)
		require.Equal(t, text, visible)
	}
	require.Equal(t, "&quot;", Escape(`"`), "as an attribute")
}

func TestIsolateWrapsOnlyWhatMayRunFromRightToLeft(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ in, want string }{
		"Latin":                    {"Zhang San", "Zhang San"},
		"Chinese and emoji":        {"張三 😀 1", "張三 😀 1"},
		"Hebrew":                   {"שלום", "\u2068שלום\u2069"},
		"Arabic in Latin":          {"Ali علي 2", "\u2068Ali علي 2\u2069"},
		"Arabic digits":            {"٣", "\u2068٣\u2069"},
		"a right-to-left mark":     {"a\u200fb", "\u2068a\u200fb\u2069"},
		"an override":              {"\u202egnp.exe\u202c", "gnp.exe"},
		"isolates that do not end": {"\u2067a\u2066\u2068", "a"},
		"an end that comes early":  {"\u2069\u202bשלום", "\u2068שלום\u2069"},
		"nothing":                  {"", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, Isolate(test.in))
		})
	}
}

func TestShortenCountsUTF16(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		in    string
		limit int
		want  string
	}{
		"short enough":           {"😀😀", 4, "😀😀"},
		"one unit too long":      {"😀😀", 3, "😀…"},
		"half an emoji is none":  {"😀😀", 2, "…"},
		"at a word":              {"printer jams often", 15, "printer jams…"},
		"no room at all":         {"ab", 1, "…"},
		"an emoji with its tone": {"👍🏽👍🏽", 7, "👍🏽…"},
		"white space in front":   {"  printer", 6, "  pri…"},
		"broken UTF-8":           {"\xff\xff\xff", 2, "\xff…"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Shorten(test.in, test.limit)
			require.Equal(t, test.want, got)
			require.LessOrEqual(t, Length(got), test.limit)
		})
	}
	require.Equal(t, 3, Length("é😀"))
}

func TestPlainLineIsOneLine(t *testing.T) {
	t.Parallel()
	require.Equal(t, "a b c d\ufffd", Line(" a\r\nb\u2028\x00c\x1b\t d\xff\n"))
	require.Empty(t, Line("\n\x00 "))
}

func TestSplitHTML(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		in    string
		limit int
		want  []string
	}{
		"nothing":                          {"", 10, nil},
		"nothing visible":                  {"<b> \n</b>", 10, nil},
		"short enough":                     {"<b>a &amp; b</b>", 5, []string{"<b>a &amp; b</b>"}},
		"between paragraphs":               {"one two\n\na\nb c defg", 14, []string{"one two", "a\nb c defg"}},
		"between lines":                    {"one two\nb c defg", 12, []string{"one two", "b c defg"}},
		"between words":                    {"one two three", 9, []string{"one two", "three"}},
		"not after a very short paragraph": {"a\n\nbcd efg hij", 10, []string{"a\n\nbcd efg", "hij"}},
		"inside of an endless word":        {"abcdef", 4, []string{"abcd", "ef"}},
		"between emoji":                    {"😀😀😀", 5, []string{"😀😀", "😀"}},
		"not inside of a reference":        {"&lt;&lt;&lt;", 2, []string{"&lt;&lt;", "&lt;"}},
		"formatting goes on":               {"<b>one <i>two three</i></b> x", 8, []string{"<b>one <i>two</i></b>", "<b><i>three</i></b> x"}},
		"a link goes on":                   {`<a href="http://x.y/?a&amp;b">one two</a>`, 4, []string{`<a href="http://x.y/?a&amp;b">one</a>`, `<a href="http://x.y/?a&amp;b">two</a>`}},
		"formatting that ends at the cut":  {"<b>one </b><i>two</i>", 4, []string{"<b>one</b>", "<i>two</i>"}},
		"code keeps its language and indentation": {
			"<pre><code class=\"language-go\">one\n  two</code></pre>", 6,
			[]string{"<pre><code class=\"language-go\">one</code></pre>", "<pre><code class=\"language-go\">  two</code></pre>"},
		},
		"more white space than a part holds": {"a" + strings.Repeat(" ", 20) + "b", 4, []string{"a", "b"}},
		"a tag that is none":                 {"a<b <x></b>", 99, []string{"a&lt;b &lt;x&gt;"}},
		"tags that cross":                    {"<b><i>a</b>b</i>c", 99, []string{"<b><i>ab</i>c</b>"}},
		"a tag that is not closed":           {"<b>a", 99, []string{"<b>a</b>"}},
		"before a date": {
			`one two <tg-time unix="1" format="wt">5 Mar 2026</tg-time>`, 14, []string{"one two", `<tg-time unix="1" format="wt">5 Mar 2026</tg-time>`},
		},
		"a date longer than a part": {
			`<tg-time unix="1" format="wt">5 Mar 2026</tg-time>`, 6,
			[]string{`<tg-time unix="1" format="wt">5 Mar</tg-time>`, `<tg-time unix="1" format="wt">2026</tg-time>`},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Split(test.in, test.limit)
			require.Equal(t, test.want, got)
		})
	}
}

func TestADateIsItsFallbackWhereThereAreNoDates(t *testing.T) {
	t.Parallel()
	const date = `<b>by</b> <tg-time unix="1772721000" format="wt">5 Mar 2026, 14:30 UTC</tg-time> &amp; not later`
	require.Equal(t, "by 5 Mar 2026, 14:30 UTC & not later", Plain(date))
	require.Equal(t, "<b>by</b> 5 Mar 2026, 14:30 UTC &amp; not later", WithoutDates(date))
}

func TestSplitHTMLLosesNoWord(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("Der <b>Drucker &amp; das <i>Papier</i></b> 😀 klemmen.\n", 50) + "\n<blockquote>" +
		strings.Repeat("a &lt;b&gt; c ", 300) + "</blockquote>"
	whole, err := checkHTML(text)
	require.NoError(t, err)
	for limit := 20; limit < 4100; limit += 97 {
		parts := requireParts(t, text, limit)
		require.Equal(t, strings.Fields(whole), strings.Fields(strings.Join(parts, " ")), "limit %d", limit)
	}
}

// requireParts splits source, checks what holds for all parts and returns what people see of them.
func requireParts(t *testing.T, source string, limit int) []string {
	t.Helper()
	var parts []string
	for _, part := range Split(source, limit) {
		visible, err := checkHTML(part)
		require.NoError(t, err)
		require.NotEmpty(t, strings.TrimSpace(visible))
		require.LessOrEqual(t, Length(visible), limit)
		parts = append(parts, visible)
	}
	return parts
}

func FuzzSplitHTML(f *testing.F) {
	f.Add("<b>one <i>two</i> three</b>", 5)
	f.Add("<pre><code class=\"language-c\">  a\n\n  b</code></pre>\n\n\n", 3)
	f.Add("&amp;&lt;<a href=\"http://x\">😀👨‍👩‍👧</a>", 2)
	f.Add("<b><b></i></b></b>a<", 2)
	f.Fuzz(func(t *testing.T, source string, limit int) {
		limit = 2 + (limit%100+100)%100
		visible, err := checkHTML(source)
		if err != nil {
			for _, part := range Split(source, limit) {
				require.LessOrEqual(t, Length(parseFormatted(part).text), limit)
			}
			return
		}
		parts := requireParts(t, source, limit)
		require.Equal(t, withoutSpace(visible), withoutSpace(strings.Join(parts, "")))
	})
}
