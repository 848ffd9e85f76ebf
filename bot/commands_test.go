package bot

import (
	"os"
	"slices"
	"strings"
	"testing"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"

	"github.com/stretchr/testify/require"
)

func TestParseCommand(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text       string
		name, args string
	}{
		"a bare command":                        {"/ticket", "ticket", ""},
		"with arguments":                        {"/ticket printer jams", "ticket", "printer jams"},
		"with this bot's name":                  {"/ticket@DeskBot printer", "ticket", "printer"},
		"with this bot's name in other letters": {"/ticket@dESKbOT printer", "ticket", "printer"},
		"in capitals":                           {"/TICKET Printer", "ticket", "Printer"},
		"ended by a line feed":                  {"/ticket\nprinter", "ticket", "printer"},
		"ended by a wide space":                 {"/ticket\u3000プリンター", "ticket", "プリンター"},
		"ended by a no-break space":             {"/ticket\u00a0printer", "ticket", "printer"},
		"only one separator is removed":         {"/ticket \n x ", "ticket", "\n x "},
		"emoji and Cyrillic behind it":          {"/ticket 😀 привет", "ticket", "😀 привет"},
		"digits and underscores":                {"/a_1", "a_1", ""},
		"the longest name":                      {"/" + strings.Repeat("a", 32), strings.Repeat("a", 32), ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			name, args, ok := parseCommand(test.text, "DeskBot")
			require.True(t, ok)
			require.Equal(t, test.name, name)
			require.Equal(t, test.args, args)
		})
	}
}

func TestHelpAndMenuKnowEveryCommand(t *testing.T) {
	t.Parallel()
	h := newRouter(t)
	for _, readers := range []reach{everybody, administrators, staffChats} {
		help, listed := markup.Plain(strings.Join(h.help(readers == staffChats), "\n")), map[string]bool{}
		for _, c := range menu(h.view.In(""), readers) {
			listed[c.Command] = true
		}
		for _, c := range commands {
			require.Equal(t, c.menu && c.reach <= readers, listed[c.name], c.name)
			explained := c.name != "start" && (c.reach != staffChats || readers == staffChats) // Telegram's own button has no need of words
			require.Equal(t, explained, strings.Contains(help, "/"+c.name), c.name)
		}
	}
	for _, c := range commands {
		require.NotNil(t, c.want(asked{}), c.name)
		require.Same(t, commandNamed(c.name), commandNamed(strings.ToLower(c.name)))
	}
}

func TestEveryScreenIsShort(t *testing.T) {
	t.Parallel()
	teams := slices.Repeat([]string{strings.Repeat("Team ", 100)}, 1000)
	for _, lang := range view.Languages() {
		v, err := view.New(view.Config{Language: lang, Teams: teams})
		require.NoError(t, err)
		h := handler{view: v, cfg: Config{Teams: teams}, router: router{newIdentity(1)}}
		name := strings.Repeat("n", 32)
		h.me.username.Store(&name)
		screens := append(h.help(true), view.Start(v.In(lang), true).Text, view.Start(v.In(lang), false).Text)
		require.GreaterOrEqual(t, len(screens), 5, lang)
		for _, screen := range screens {
			require.Less(t, markup.Length(markup.Plain(screen)), 400, "%s: %s", lang, screen)
		}
		require.Subset(t, h.help(true), h.help(false), "staff chats know more")
		require.NotContains(t, strings.Join(h.help(false), ""), "/chats", lang)
	}
}

func TestThePagesNameEveryCommand(t *testing.T) {
	t.Parallel()
	for _, c := range commands {
		name := "../docs/customer.md"
		if c.reach == staffChats {
			name = "../docs/operator.md"
		}
		page, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Regexp(t, "(?m)^\\| .*`/"+c.name+"\\b", string(page), name)
	}
}

func TestParseCommandIgnoresWhatIsNotMeantForThisBot(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"nothing":                        "",
		"a slash":                        "/",
		"a space in front":               " /ticket",
		"a word in front":                "привет /ticket",
		"an emoji in front":              "😀 /ticket",
		"another bot":                    "/ticket@OtherBot x",
		"a bot whose name begins alike":  "/ticket@DeskBot2 x",
		"an empty bot name":              "/ticket@ x",
		"two bot names":                  "/ticket@DeskBot@DeskBot",
		"a path":                         "/ticket/1",
		"a Cyrillic command":             "/тикет x",
		"a letter that only folds to K":  "/tic\u212aet x",
		"a name that is too long":        "/" + strings.Repeat("a", 33),
		"punctuation behind the command": "/ticket: x",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, ok := parseCommand(text, "DeskBot")
			require.False(t, ok)
		})
	}
	_, _, ok := parseCommand("/ticket@ x", "")
	require.False(t, ok, "a bot that does not know its name yet")
}

func FuzzParseCommand(f *testing.F) {
	for _, seed := range []string{"/ticket@DeskBot x", "/a\r\nb", "/@", "\xff/\x00", "/ticket\xe3\x80", "//x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name, args, ok := parseCommand(text, "DeskBot")
		if !ok {
			require.Empty(t, name+args)
			return
		}
		require.Regexp(t, `^[a-z0-9_]{1,32}$`, name)
		require.True(t, strings.HasSuffix(text, args))
		require.True(t, strings.EqualFold(text[1:1+len(name)], name))
	})
}
