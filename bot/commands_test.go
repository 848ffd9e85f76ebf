package bot

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

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
	for _, staff := range []bool{false, true} {
		help, listed := markup.Plain(h.help(staff)), map[string]bool{}
		for _, c := range menu(h.view.In(""), staff) {
			listed[c.Command] = true
		}
		for _, c := range commands {
			here := staff || !c.staff
			require.Equal(t, c.menu && here, listed[c.name], c.name)
			require.Equal(t, c.name != "start" && here, strings.Contains(help, "/"+c.name), c.name) // Telegram's own button has no need of words
		}
	}
	for _, c := range commands {
		require.NotNil(t, c.want(asked{}), c.name)
		require.Same(t, commandNamed(c.name), commandNamed(strings.ToLower(c.name)))
	}
}

func TestHelpFitsWithAnyTeams(t *testing.T) {
	t.Parallel()
	teams := slices.Repeat([]string{strings.Repeat("Team ", 100)}, 1000)
	for _, lang := range view.Languages() {
		v, err := view.New(view.Config{Language: lang, Teams: teams})
		require.NoError(t, err)
		h := handler{view: v, cfg: Config{Teams: teams}, router: router{newIdentity(1)}}
		name := strings.Repeat("n", 32)
		h.me.username.Store(&name)
		require.LessOrEqual(t, markup.Length(markup.Plain(h.help(true))), markup.MaxText, lang)
	}
}

func TestThePagesNameEveryCommand(t *testing.T) {
	t.Parallel()
	for _, c := range commands {
		name := "../docs/customer.md"
		if c.staff {
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

func TestParseTicketText(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		args string
		want ticketText
	}{
		"nothing":      {"", ticketText{}},
		"blank":        {" \n\t\n ", ticketText{}},
		"only a title": {"Printer jams", ticketText{title: "Printer jams"}},
		"a title and a description": {
			"Printer jams \n\n  **A4** paper\n\n- tray 2\n\n",
			ticketText{title: "Printer jams", description: "  **A4** paper\n\n- tray 2"},
		},
		"the Japanese example of the vendor": {
			"!high #incident team:ITサポート device_sn=PRN-2024-001 location=\"北京本社-3階印刷室\" プリンター紙詰まり、印刷不可\n" +
				"顧客よりA4用紙が排紙トレイで詰まったとの報告あり、緊急対応が必要。",
			ticketText{
				title:       "プリンター紙詰まり、印刷不可",
				description: "顧客よりA4用紙が排紙トレイで詰まったとの報告あり、緊急対応が必要。",
				priority:    "high",
				ticketType:  "incident",
				team:        "ITサポート",
				fields:      map[string]string{"device_sn": "PRN-2024-001", "location": "北京本社-3階印刷室"},
			},
		},
		"the German example of the vendor": {
			"!high #incident team:\"IT Support\" device_sn=PRN-2024-001 location=\"Beijing HQ - 3. Etage Druckerraum\" " +
				"Papierstau im Drucker, Drucken nicht möglich\r\n" +
				"Kund:in meldet A4-Papierstau im Ausgabefach, dringende Bearbeitung erforderlich.",
			ticketText{
				title:       "Papierstau im Drucker, Drucken nicht möglich",
				description: "Kund:in meldet A4-Papierstau im Ausgabefach, dringende Bearbeitung erforderlich.",
				priority:    "high",
				ticketType:  "incident",
				team:        "IT Support",
				fields:      map[string]string{"device_sn": "PRN-2024-001", "location": "Beijing HQ - 3. Etage Druckerraum"},
			},
		},
		"options anywhere and in any letter case": {
			"Printer !HIGH jams  in\ttray 2 #Question TEAM:it",
			ticketText{title: "Printer jams  in\ttray 2", priority: "high", ticketType: "question", team: "it"},
		},
		"the last of several options": {
			"!high #task team:a k=1 x !low #problem team:b k=2",
			ticketText{title: "x", priority: "low", ticketType: "problem", team: "b", fields: map[string]string{"k": "2"}},
		},
		"the title on the line below the command": {"\nPrinter !low\njams", ticketText{title: "Printer", description: "jams", priority: "low"}},
		"options without a title":                 {"!low #task\njams", ticketText{description: "jams", priority: "low", ticketType: "task"}},
		"no options below the first line":         {"x\n!high k=v", ticketText{title: "x", description: "!high k=v"}},
		"quotes of many languages": {
			"x a=“1 1” b=„2 2“ c=«3 3» d=»4 4« e=\uff025 5\uff02 f=”6 6” team:„IT Support“",
			ticketText{title: "x", team: "IT Support", fields: map[string]string{
				"a": "1 1", "b": "2 2", "c": "3 3", "d": "4 4", "e": "5 5", "f": "6 6",
			}},
		},
		"another kind of quote between quotes": {`x size="24” wide"`, ticketText{title: "x", fields: map[string]string{"size": "24” wide"}}},
		"a quote that is not closed":           {`team:"IT Support !low x`, ticketText{title: `team:"IT Support x`, priority: "low"}},
		"a quote closed inside of a word":      {`k="a b"c x`, ticketText{title: `k="a b"c x`}},
		"options without a value":              {`team: k= k="" x`, ticketText{title: `team: k= k="" x`}},
		"the field of the bot":                 {`telegram_ref=1 Telegram_Ref="2 2" x`, ticketText{title: `telegram_ref=1 Telegram_Ref="2 2" x`}},
		"a web address":                        {"https://x.y/?a=b fails", ticketText{title: "https://x.y/?a=b fails"}},
		"what only looks like an option": {
			"!urgent #none !highly #1 _k=v 1k=v ключ=v ä=v (k=v)",
			ticketText{title: "!urgent #none !highly #1 _k=v 1k=v ключ=v ä=v (k=v)"},
		},
		"control characters and broken UTF-8": {"a\x00b\x1b\x7f \xff\x0bc\rd\x00", ticketText{title: "ab \ufffd c", description: "d"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, parseTicketText(test.args))
		})
	}
}

func TestALongTitleIsCutAtAWordAndOpensTheDescription(t *testing.T) {
	t.Parallel()
	family := "👨‍👩‍👧"
	tests := map[string]struct{ line, title string }{
		"exactly as long as allowed": {strings.Repeat("x", 200), strings.Repeat("x", 200)},
		"a word ends at the limit":   {strings.Repeat("x", 199) + " y", strings.Repeat("x", 199) + "…"},
		"in the middle of a word":    {"a" + strings.Repeat(" word", 40), "a" + strings.Repeat(" word", 39) + "…"},
		"one endless word":           {strings.Repeat("x", 201), strings.Repeat("x", 199) + "…"},
		"a script without spaces":    {"PC " + strings.Repeat("紙", 200), "PC " + strings.Repeat("紙", 196) + "…"},
		"emoji of several parts":     {strings.Repeat(family, 50), strings.Repeat(family, 39) + "…"},
		"flags":                      {strings.Repeat("🇩🇪", 101), strings.Repeat("🇩🇪", 99) + "…"},
		"accents that follow":        {strings.Repeat("e\u0301", 101), strings.Repeat("e\u0301", 99) + "…"},
		"a letter with endless ones": {"x" + strings.Repeat("\u0301", 200), "x" + strings.Repeat("\u0301", 198) + "…"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := parseTicketText("!low " + test.line + "\nmore")
			require.Equal(t, test.title, got.title)
			if test.title == test.line {
				require.Equal(t, "more", got.description)
				return
			}
			require.Equal(t, test.line+"\n\nmore", got.description)
			require.Equal(t, test.line, parseTicketText(test.line).description)
		})
	}
}

var plainOption = regexp.MustCompile(`^(?i:!(high|medium|low)|#(problem|incident|question|task))$`)

func FuzzParseTicketText(f *testing.F) {
	for _, seed := range []string{
		"!high #task title\nrest", "team:\"A B\" k=v t", "k=“a", "k=\"a !low\"x", "\r\n \x00x", strings.Repeat("👨‍👩‍👧 ", 90),
		strings.Repeat("x", 250) + "\ny", "k=\"", "k=\"\"", "\x85a\u2028b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, args string) {
		got := parseTicketText(args)
		require.LessOrEqual(t, utf8.RuneCountInString(got.title), titleLimit)
		require.Equal(t, markup.Clean(got.title), got.title)
		require.Equal(t, markup.Clean(got.description), got.description)
		require.NotContains(t, got.title, "\n")
		require.Equal(t, strings.TrimSpace(got.title), got.title)

		line, rest := firstLine(markup.Clean(args))
		require.True(t, strings.HasSuffix(got.description, strings.TrimSpace(rest)))
		if strings.ContainsAny(line, ":=") {
			return
		}
		var kept []string
		for _, word := range strings.FieldsFunc(line, unicode.IsSpace) {
			if !plainOption.MatchString(word) {
				kept = append(kept, word)
			}
		}
		want := strings.Join(kept, " ")
		if strings.Join(strings.Fields(got.title), " ") != want {
			full, _, _ := strings.Cut(got.description, "\n")
			require.Equal(t, want, strings.Join(strings.Fields(full), " "))
		}
	})
}
