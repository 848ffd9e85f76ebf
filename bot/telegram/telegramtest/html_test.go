package telegramtest

import (
	"html"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestHTMLBecomesTextAndEntities(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]struct {
		text     string
		entities []Entity
	}{
		"a &lt;b&gt; &amp;&quot;":                       {"a <b> &\"", nil},
		"AT&T &copy; & x":                               {"AT&T &copy; & x", nil},
		"&#128512;&#x41;":                               {"😀A", nil},
		"😀<b>ж<i>x</i></b>":                             {"😀жx", []Entity{{Type: "bold", Offset: 2, Length: 2}, {Type: "italic", Offset: 3, Length: 1}}},
		"<B >x</B>":                                     {"x", []Entity{{Type: "bold", Length: 1}}},
		"<b></b>x":                                      {"x", nil},
		`<a href="http://x.y/?a&amp;b">l</a>`:           {"l", []Entity{{Type: "text_link", Length: 1, URL: "http://x.y/?a&b"}}},
		`<a href="tg://user?id=42">l</a>`:               {"l", []Entity{{Type: "text_mention", Length: 1, User: &Person{ID: 42}}}},
		`<a href="javascript:x">l</a>`:                  {"l", nil},
		`<span class="tg-spoiler">x</span>`:             {"x", []Entity{{Type: "spoiler", Length: 1}}},
		`<pre><code class="language-go">x</code></pre>`: {"x", []Entity{{Type: "pre", Length: 1, Language: "go"}}},
		`<code class="language-go">x</code>`:            {"x", []Entity{{Type: "code", Length: 1}}},
		"<blockquote expandable>x</blockquote>":         {"x", []Entity{{Type: "expandable_blockquote", Length: 1}}},
		"<b>x</>":                                       {"x", []Entity{{Type: "bold", Length: 1}}},
		`<tg-time unix="1800000000" format="wt">x</tg-time>`: {"x", []Entity{
			{Type: "date_time", Length: 1, UnixTime: 1800000000, DateTimeFormat: "wt"}}},
		`<tg-time unix="99999999999" format="r">later than Telegram takes</tg-time>`: {"later than Telegram takes", nil},
	} {
		text, entities, err := parseHTML(in, false)
		require.NoError(t, err, in)
		require.Equal(t, want.text, text, in)
		require.Equal(t, want.entities, entities, in)
	}
}

func TestHTMLThatTelegramRefuses(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"<h1>x</h1>":             `Unsupported start tag "h1" at byte offset 0`,
		"a < b":                  "Unsupported start tag \"\" at byte offset 2",
		"a <b":                   "Unclosed start tag at byte offset 2",
		"<b>x":                   `Can't find end tag corresponding to start tag "b"`,
		"ж</b>":                  "Unexpected end tag at byte offset 2",
		"<b>x</i>":               `Unmatched end tag at byte offset 4, expected "</b>", found "</i>"`,
		"<b>x</b":                "Unclosed end tag at byte offset 4",
		"<a href>x</a>":          "Expected equal sign",
		`<a href="x>y</a>`:       "Unclosed start tag",
		"<span>x</span>":         `Tag "span" must have class "tg-spoiler" at byte offset 0`,
		"<a =x>y</a>":            "Empty attribute name",
		"<a href=x/y>z</a>":      "Unexpected end of name token",
		"<tg-emoji>x</tg-emoji>": "Invalid custom emoji identifier specified",
		"<tg-time>x</tg-time>":   "Invalid date-time specified",
		`<tg-time unix="1800000000" format="rt">x</tg-time>`: "Invalid date-time specified",
	} {
		_, _, err := parseHTML(in, false)
		require.ErrorContains(t, err, "Bad Request: can't parse entities: "+want, in)
	}
}

func TestAnOldServerRefusesDates(t *testing.T) {
	t.Parallel()
	_, _, err := parseHTML(`<b>by</b> <tg-time unix="1800000000" format="r">15 Jan</tg-time>`, true)
	require.ErrorContains(t, err, `Bad Request: can't parse entities: Unsupported start tag "tg-time" at byte offset 10`)
}

func FuzzHTMLKeepsEntitiesInsideTheText(f *testing.F) {
	for _, seed := range []string{
		"a &lt;b&gt;", "<b>x</b>", `<a href="tg://user?id=1">😀</a>`, "<pre><code class=\"language-go\">x</code></pre>", "<", "</", "&#", "<a b='",
		"<blockquote expandable>x</blockquote>", `<tg-time unix="1" format="r">x</tg-time>`, "\xff<b>\xfe</b>", "&#xd800;",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		text, entities, err := parseHTML(in, false)
		if err != nil {
			return
		}
		for _, e := range entities {
			require.Positive(t, e.Length)
			require.LessOrEqual(t, e.Offset+e.Length, UTF16Len(text))
		}
		require.True(t, utf8.ValidString(text) || !utf8.ValidString(in))
		trimmed, kept := trim(text, entities)
		require.NoError(t, checkEntities(trimmed, kept))
	})
}

func FuzzEscapedTextComesBackUnchanged(f *testing.F) {
	f.Add("a <b> & \"c\" 😀")
	f.Fuzz(func(t *testing.T, in string) {
		if !utf8.ValidString(in) {
			return
		}
		text, entities, err := parseHTML(html.EscapeString(in), false)
		require.NoError(t, err)
		require.Empty(t, entities)
		require.Equal(t, in, text)
	})
}

func FuzzDetectedEntitiesLieInTheText(f *testing.F) {
	f.Add("/ticket@LiveDeskBot 😀 #тег @someone https://x.y")
	f.Fuzz(func(t *testing.T, in string) {
		require.NoError(t, checkEntities(in, detect(in)))
	})
}
