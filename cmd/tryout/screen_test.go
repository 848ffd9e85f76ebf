package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTextsAreBrokenToFit(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text  string
		lines []string
	}{
		"nothing":                         {"", nil},
		"what fits":                       {"0123456789", []string{"0123456789"}},
		"between words":                   {"01234 56789 abc", []string{"01234", "56789 abc"}},
		"a word too long":                 {"0123456789abc", []string{"0123456789", "abc"}},
		"a long word after a short one":   {"ab 0123456789abc", []string{"ab", "0123456789", "abc"}},
		"at its own line ends":            {"a\n\nb\n", []string{"a", "", "b"}},
		"wide characters count twice":     {"プリンター紙", []string{"プリンター", "紙"}},
		"an indent is no place to break":  {"    0123456789", []string{"    012345", "6789"}},
		"bytes that are no text are kept": {"\xff\xfe", []string{"\xff\xfe"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.lines, wrap(test.text, 10))
		})
	}
}

func TestAPanelIsOpenedWhereThePlaceChanges(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := newScreen(&out)
	s.said("A", "#1 Nina", "one")
	s.said("A", "#2 Bot", "two\n\nthree")
	s.said("B", "#1 Omar", "")
	s.check("done")
	s.said("B", "#2 Omar", "four")
	require.Equal(t, strings.TrimPrefix(`
┌ A
│ #1 Nina
│    one
│ #2 Bot
│    two
│
│    three
┌ B
│ #1 Omar
✓ done
┌ B
│ #2 Omar
│    four
`, "\n"), out.String())
}

func TestWhatIsWrittenOverThePromptLeavesItBelow(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := newScreen(&out)
	s.ask("> ")
	s.info("news")
	require.Equal(t, "\n> \r\x1b[K\x1b[Anews\n\n> ", out.String())
	s.answered()
	s.info("more")
	require.True(t, strings.HasSuffix(out.String(), "> more\n"))
}

func TestASentenceThatBeginsWithACommandIsAMessage(t *testing.T) {
	t.Parallel()
	for line, word := range map[string]string{
		"help": "help", "help me": "", "quit": "quit", "quit it": "", "Reply to me": "", "reply 4 yes": "reply",
		"/status": "", "photo": "photo", "say help": "say", "agent show": "agent",
	} {
		c, _, ok := find(commands(), line)
		require.Equal(t, word, c.word, line)
		require.Equal(t, word != "", ok, line)
	}
}

func TestHelpFitsTheTerminal(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := &session{screen: newScreen(&out)}
	_, err := s.help(t.Context(), "")
	require.NoError(t, err)
	for line := range strings.Lines(out.String()) {
		require.LessOrEqual(t, cells(strings.TrimSuffix(line, "\n")), 80, line)
	}
}
