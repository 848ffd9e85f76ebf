package desk

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func TestTheNumberOfATicketIsFoundWhereverItStands(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"text":                       "Ticket tk_20251104_0a1b2c was answered.",
		"text alone":                 "tk_20251104_0a1b2c",
		"JSON":                       `{"ticket_info":{"ticket_id":"tk_20251104_0a1b2c"}}`,
		"a JSON text with lines":     `{"content":"see\ntk_20251104_0a1b2c\tplease"}`,
		"JSON inside of JSON":        `{"payload":"{\"text\":\"see\\ntk_20251104_0a1b2c\"}"}`,
		"a JSON code":                `{"id":"\u0074k\u005f20251104\u005f0a1b2c\u00fc"}`,
		"a form":                     "event=reply&ticket=tk_20251104_0a1b2c&by=Li+Ming",
		"an address":                 "https://desk.example.com/tickets/tk_20251104_0a1b2c?tab=all",
		"an address in a form":       "link=https%3A%2F%2Fdesk.example.com%2Ftk_20251104_0a1b2c%3Ftab",
		"an address twice in a form": "link=https%253A%252F%252Fdesk.example.com%252Ftk_20251104_0a1b2c%253F",
		"XML":                        "<ticket id='tk_20251104_0a1b2c'/>",
		"a list":                     "-tk_20251104_0a1b2c-",
		"other letters":              "票号tk_20251104_0a1b2c。",
		"no letters":                 "\xff\xfetk_20251104_0a1b2c\x00",
		"a percent sign before it":   "100%, tk_20251104_0a1b2c 5%",
		"the beginning of an escape": `tk_20251104_0a1b2c\`,
	} {
		words, err := wordsOf(iotest.OneByteReader(strings.NewReader(body)))
		require.NoError(t, err, name)
		require.Contains(t, words, "tk_20251104_0a1b2c", name)
	}
}

func TestTheIdOfAChatIsFoundAsNumberAndAsText(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"contact":-1001234567890}`, `{"contact":"-1001234567890"}`, "contact=-1001234567890", "contact=%2D1001234567890", "_-1001234567890",
	} {
		words, err := wordsOf(strings.NewReader(body))
		require.NoError(t, err)
		require.Equal(t, []string{"-1001234567890"}, words, body)
	}
}

func TestOfATextOnlyFewShortWordsCount(t *testing.T) {
	t.Parallel()
	var body strings.Builder
	for i := range 5 * maxWords {
		fmt.Fprintf(&body, "tk_%d tk_%d word ", i, i)
	}
	words, err := wordsOf(strings.NewReader(body.String()))
	require.NoError(t, err)
	require.Len(t, words, maxWords)
	require.Equal(t, "tk_0", words[0])
	require.Equal(t, "tk_199", words[maxWords-1])

	longest := strings.Repeat("1", maxWord)
	words, err = wordsOf(strings.NewReader(longest + " " + longest + "2 -_- -- no_digit"))
	require.NoError(t, err)
	require.Equal(t, []string{longest}, words)
}

func TestATextThatBreaksOffIsAnError(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, begin := range []string{"", "tk_1", `\`, `\u0`, "%", "%2", strings.Repeat("tk_1 tk_2", 1000)} {
		_, err := wordsOf(strings.NewReader(begin))
		require.NoError(t, err, begin)
		_, err = wordsOf(io.MultiReader(strings.NewReader(begin), iotest.ErrReader(broken)))
		require.ErrorIs(t, err, broken, begin)
	}
}

func FuzzWords(f *testing.F) {
	f.Add([]byte(`{"a":"\\u0031%252F-100"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		words, err := wordsOf(strings.NewReader(string(body)))
		require.NoError(t, err)
		require.LessOrEqual(t, len(words), maxWords)
		for _, word := range words {
			require.LessOrEqual(t, len(word), maxWord)
			require.Regexp(t, `^(-[0-9]+|[A-Za-z0-9].*)$`, word)
		}
	})
}
