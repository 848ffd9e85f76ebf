package bot

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/markup"
)

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
		"options at both ends and in any letter case": {
			"!HIGH Printer jams  in\ttray 2 #Question TEAM:it",
			ticketText{title: "Printer jams  in\ttray 2", priority: "high", ticketType: "question", team: "it"},
		},
		"a word between words is text": {
			"Set !high to x=5 in #problem list",
			ticketText{title: "Set !high to x=5 in #problem list"},
		},
		"an option with spaces between words is text too": {
			`Why does name="A B" fail !low`,
			ticketText{title: `Why does name="A B" fail`, priority: "low"},
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
		"a quote that is not closed":           {`team:"IT Support x !low`, ticketText{title: `team:"IT Support x`, priority: "low"}},
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
			require.Equal(t, test.want, options{}.parse(test.args))
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
			got := options{}.parse("!low " + test.line + "\nmore")
			require.Equal(t, test.title, got.title)
			if test.title == test.line {
				require.Equal(t, "more", got.description)
				return
			}
			require.Equal(t, test.line+"\n\nmore", got.description)
			require.Equal(t, test.line, options{}.parse(test.line).description)
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
		got := options{}.parse(args)
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
		kept := strings.FieldsFunc(line, unicode.IsSpace)
		for len(kept) > 0 && plainOption.MatchString(kept[0]) {
			kept = kept[1:]
		}
		for len(kept) > 0 && plainOption.MatchString(kept[len(kept)-1]) {
			kept = kept[:len(kept)-1]
		}
		want := strings.Join(kept, " ")
		if strings.Join(strings.Fields(got.title), " ") != want {
			full, _, _ := strings.Cut(got.description, "\n")
			require.Equal(t, want, strings.Join(strings.Fields(full), " "))
		}
	})
}

func TestATeamOfSeveralWordsNeedsNoQuotes(t *testing.T) {
	t.Parallel()
	o := options{teams: []string{"IT", "IT Support", "Büro Süd", "ITサポート"}}
	for args, want := range map[string]ticketText{
		"team:it support Printer":      {title: "Printer", team: "IT Support"},
		"Printer team:IT Support !low": {title: "Printer", team: "IT Support", priority: "low"},
		"Printer team:IT":              {title: "Printer", team: "IT"},
		"team:it supporters here":      {title: "supporters here", team: "IT"},
		"team:BÜRO süd Licht":          {title: "Licht", team: "Büro Süd"},
		`Printer team:"IT Support"`:    {title: "Printer", team: "IT Support"},
		"Printer team:Nobody Else":     {title: "Printer team:Nobody Else"}, // between words: text
		"team:Nobody Else":             {title: "Else", team: "Nobody"},
	} {
		require.Equal(t, want, o.parse(args), args)
	}
}

func TestOnlyFieldsThatAreAllowedAreFields(t *testing.T) {
	t.Parallel()
	o := options{fields: []string{"order"}}
	require.Equal(t, ticketText{title: "x=5 does not hold", fields: map[string]string{"order": "7"}}, o.parse("order=7 x=5 does not hold"))
	require.Equal(t, ticketText{title: "Why is it Order=8"}, o.parse("Why is it Order=8"))
}
