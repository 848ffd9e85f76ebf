package view

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

// pluralForms are those that CLDR has for whole numbers. "many" is for whole millions.
var pluralForms = map[string][]string{
	"en": {"one", "other"}, "de": {"one", "other"}, "fr": {"many", "one", "other"}, "es": {"many", "one", "other"},
	"ja": {"other"}, "zh-CN": {"other"}, "zh-TW": {"other"}, "id": {"other"}, "th": {"other"},
}

func TestEveryLanguageSaysEverything(t *testing.T) {
	t.Parallel()
	require.ElementsMatch(t, slices.Collect(maps.Keys(pluralForms)), Languages())
	english := locale(t, "en")
	for _, lang := range Languages() {
		messages := locale(t, lang)
		require.Equal(t, slices.Sorted(maps.Keys(english)), slices.Sorted(maps.Keys(messages)), lang)
		for id, message := range messages {
			want := []string{"other"}
			if slices.Contains(fieldsOf(english[id]), "Count") {
				want = pluralForms[lang]
			}
			require.Equal(t, want, slices.Sorted(maps.Keys(message)), "%s: %s", lang, id)
			for form, text := range message {
				require.Equal(t, fixedParts(english[id]["other"]), fixedParts(text), "%s: %s, %s", lang, id, form)
			}
		}
	}
}

// fixed is what no language changes: fields, tags, commands, options, emoji.
var fixed = regexp.MustCompile(`\{\{.*?\}\}|</?\w+>|/[a-z]{4,}|[!#][a-z]+|team:|\w+=\d+|LiveDesk|\p{So}`)

func fixedParts(text string) []string {
	parts := fixed.FindAllString(strings.ReplaceAll(text, "{{.Second}}", ""), -1)
	slices.Sort(parts)
	return parts
}

// sameAsEnglish are texts that another language words like English.
var sameAsEnglish = map[string][]string{
	"de": {"created", "staff_team", "button_team", "word_type_problem", "agents_video", "agents_animation", "agents_audio", "agents_sticker"},
	"fr": {"created", "button_type", "word_edit_description", "word_edit_type", "word_type_incident", "word_type_question", "agents_photo", "agents_animation", "agents_audio", "agents_message"},
	"es": {"created", "agents_audio", "agents_sticker"},
	"id": {"agents_video", "agents_audio"},
}

func TestNoTextIsLeftInEnglish(t *testing.T) {
	t.Parallel()
	english := locale(t, "en")
	words := regexp.MustCompile(`\p{L}`)
	for _, lang := range Languages() {
		same := []string{}
		for id, message := range locale(t, lang) {
			plain := strings.NewReplacer("SLA", "", "UTC", "").Replace(fixed.ReplaceAllString(message["other"], ""))
			if lang != "en" && words.MatchString(plain) && message["other"] == english[id]["other"] {
				same = append(same, id)
			}
		}
		require.ElementsMatch(t, sameAsEnglish[lang], same, lang)
	}
}

func TestEveryTextIsUsedAndGetsTheFieldsItNames(t *testing.T) {
	t.Parallel()
	code := readCode(t)
	for _, lang := range Languages() {
		messages := locale(t, lang)
		for id, given := range code.said {
			require.Contains(t, messages, id, lang)
			for _, field := range fieldsOf(messages[id]) {
				require.Contains(t, given, field, "%s: %s", lang, id)
			}
		}
		for id := range messages {
			require.True(t, code.uses(id), "%s: %s is used nowhere", lang, id)
		}
	}
}

func TestTelegramTakesEveryText(t *testing.T) {
	t.Parallel()
	texts, err := newTexts("en", nil)
	require.NoError(t, err)
	screen := newScreen(t)
	const foreign = `<b>"&amp;</b> עולם ` + "\u202e_*[`"
	for _, lang := range Languages() {
		say := texts.in(lang)
		for id, forms := range locale(t, lang) {
			var pairs []any
			for _, field := range fieldsOf(forms) {
				if field != "Count" {
					pairs = append(pairs, field, foreign)
				}
			}
			counts := []int{0, 1, 2, 3, 5, 11, 21, 100, 1_000_000}
			if !slices.Contains(fieldsOf(forms), "Count") {
				counts = counts[:1]
			}
			for _, n := range counts {
				text := say.Text(id, append(pairs, "Count", n)...)
				require.NotEqual(t, id, text, lang)
				require.NotContains(t, text, "<no value>", "%s: %s", lang, id)
				requireFits(t, screen, id, text)
			}
		}
	}
}

// requireFits requires that a text keeps the rules of the place where it is shown.
func requireFits(t *testing.T, screen *screen, id, text string) {
	t.Helper()
	kind, _, _ := strings.Cut(id, "_")
	// Two buttons of 20 stand side by side on a phone.
	limit, plain := map[string]int{"menu": 256, "button": 20, "press": 200, "pressed": 200}[kind]
	if kind == "bot" {
		limit, plain = map[string]int{"bot_description": 512, "bot_short_description": 120}[id], true
	}
	if plain {
		require.NotRegexp(t, `[<&]`, text, "%s is no HTML", id)
		require.LessOrEqual(t, markup.Length(text), limit, id)
		return
	}
	require.NotContains(t, screen.show(t, text), "&amp;lt;", "escaped twice: %s", id)
}

func TestTelegramsLanguageCodesFindALanguage(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]string{
		"en": "en", "en-GB": "en", "de-AT": "de", "ja-jp": "ja", "fr-CA": "fr", "es-419": "es", "th": "th", "id": "id", "in": "id",
		"zh": "zh-CN", "zh-hans": "zh-CN", "zh-hans-raw": "zh-CN", "zh-CN": "zh-CN", "zh-sg": "zh-CN",
		"zh-hant": "zh-TW", "zh-hant-tw": "zh-TW", "zh-TW": "zh-TW", "zh-HK": "zh-TW", "ZH-HANT": "zh-TW",
		"pt-br": "", "it-IT": "", "ru": "", "ko": "", "und": "", "": "", "klingon": "", "x-none": "",
	} {
		require.Equal(t, want, Match(tag), tag)
	}
	for _, tag := range Languages() {
		require.Equal(t, tag, Match(tag))
	}
}

func TestALanguageSpeaksItsOwnTexts(t *testing.T) {
	t.Parallel()
	for _, fallback := range Languages() {
		texts, err := newTexts(fallback, nil)
		require.NoError(t, err)
		for _, lang := range Languages() {
			require.Equal(t, locale(t, lang)["question"]["other"], texts.in(lang).Text("question"))
		}
		require.Equal(t, texts.in(fallback).Text("question"), texts.in("").Text("question"))
		require.Equal(t, texts.in(fallback).Text("question"), texts.in("pt-br").Text("question"), "the operator's for the others")
	}
}

func TestTimesAreWrittenAsEachLanguageWritesThem(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 5, 22, 30, 9, 0, time.FixedZone("", 8*60*60))
	for lang, want := range map[string]string{
		"en": "5 Mar 2026, 14:30 UTC", "de": "5. März 2026, 14:30 UTC", "fr": "5 mars 2026, 14:30 UTC",
		"es": "5 de marzo de 2026, 14:30 UTC", "id": "5 Maret 2026, 14.30 UTC", "th": "5 มี.ค. 2026 14:30 น. UTC",
		"ja": "2026年3月5日 14:30 UTC", "zh-CN": "2026年3月5日 14:30 UTC", "zh-TW": "2026年3月5日 14:30 UTC",
	} {
		texts, err := newTexts(lang, nil)
		require.NoError(t, err)
		require.Equal(t, want, markup.Plain(string(texts.in(lang).When(at))), "where Telegram shows no dates")
		require.Len(t, strings.Fields(texts.in(lang).plain("months")), 12, lang)
		require.Regexp(t, `14.30.09\b`, texts.in(lang).moment(at, "09"), lang)
	}
}

func TestATimeIsADateOfTelegramsAsNearAsItIs(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 5, 14, 30, 0, 0, time.UTC)
	texts, err := newTexts("en", func() time.Time { return now })
	require.NoError(t, err)
	say := texts.in("en")
	for want, at := range map[string]time.Time{
		`<tg-time unix="1772891400" format="wt">7 Mar 2026, 13:50 UTC</tg-time>`:  now.Add(47*time.Hour + 20*time.Minute),
		`<tg-time unix="1772202600" format="Dt">27 Feb 2026, 14:30 UTC</tg-time>`: now.AddDate(0, 0, -6),
		`<tg-time unix="0" format="Dt">1 Jan 1970, 00:00 UTC</tg-time>`:           time.Unix(0, 0),
		"31 Dec 1969, 23:59 UTC": time.Unix(-1, 0),
		"8 Mar 2029, 14:30 UTC":  now.AddDate(0, 0, 1099),
		"?":                      {},
	} {
		require.Equal(t, markup.HTML(want), say.When(at))
	}
	require.Equal(t, markup.HTML(`<tg-time unix="1772721000" format="r">5 Mar 2026, 14:30 UTC</tg-time>`), say.Ago(now))
}

func TestAnUnknownWordIsShownAsItIs(t *testing.T) {
	t.Parallel()
	texts, err := newTexts("", nil)
	require.NoError(t, err)
	say := texts.in("xx")
	require.Equal(t, "In progress", say.Word("status", "in_progress"))
	require.Equal(t, "&lt;b&gt; on hold", say.Word("status", "<b>_on_hold"))
}

func TestAWordOfAnAccountHitsNoOtherText(t *testing.T) {
	t.Parallel()
	v, err := New(Config{})
	require.NoError(t, err)
	screen := newScreen(t)
	for id := range locale(t, "en") {
		for _, kind := range []string{"status", "priority", "type"} {
			word, ok := strings.CutPrefix(id, kind+"_")
			if !ok {
				continue
			}
			require.Equal(t, strings.ReplaceAll(word, "_", " "), v.In("").Word(kind, word))
		}
	}
	for _, status := range []string{"reopened", "finished", "needs_you", "gone", "unknown"} {
		desk := livedesk.Ticket{Title: "T", Status: livedesk.Status(status), Priority: "rated"}
		row := storage.Ticket{State: storage.StateCreated, TicketID: "tk_1", Status: Status(desk.Status), View: ShownOf(desk).JSON()}
		for _, text := range []string{v.Outcome(row, nil).Text, v.Card(v.In(""), desk, Customers), v.Line(v.In(""), row)} {
			require.Contains(t, strings.ToLower(screen.show(t, text)), strings.ReplaceAll(status, "_", " "))
			require.NotContains(t, text, "no value")
		}
		require.False(t, Finished(row.Status), status)
	}
}

// locale is a locale file: the plural forms by id.
func locale(t *testing.T, lang string) map[string]map[string]string {
	t.Helper()
	raw, err := fs.ReadFile(locales, "locales/"+lang+".json")
	require.NoError(t, err)
	var all map[string]any
	require.NoError(t, json.Unmarshal(raw, &all))
	messages := map[string]map[string]string{}
	for id, v := range all {
		messages[id] = map[string]string{}
		switch v := v.(type) {
		case string:
			messages[id]["other"] = v
		case map[string]any:
			for form, text := range v {
				messages[id][form] = text.(string)
			}
		}
	}
	return messages
}

var fieldForm = regexp.MustCompile(`\{\{(?:if |range )?\.([A-Za-z]+)`)

// fieldsOf are the fields that a text names in any of its forms.
func fieldsOf(forms map[string]string) []string {
	fields := map[string]bool{}
	for _, text := range forms {
		for _, m := range fieldForm.FindAllStringSubmatch(text, -1) {
			fields[m[1]] = true
		}
	}
	return slices.Sorted(maps.Keys(fields))
}

// code is what the packages say.
type code struct {
	said     map[string][]string // fields by id, where both stand in the code as they are
	literals map[string]bool
	words    map[string]bool // kinds of LiveDesk's words
}

// uses says whether an id stands in the code, whole or in two parts.
func (c code) uses(id string) bool {
	if c.literals[id] {
		return true
	}
	for i := range id {
		if id[i] == '_' && (c.words[id[:i]] || c.literals[id[:i+1]] && c.literals[id[i+1:]] || c.literals[id[:i]] && c.literals[id[i:]]) {
			return true
		}
	}
	return false
}

func readCode(t *testing.T) code {
	t.Helper()
	var files []string
	for _, pattern := range []string{"*.go", "../*.go", "../desk/*.go", "../outbox/*.go"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		files = append(files, found...)
	}
	c := code{said: map[string][]string{}, literals: map[string]bool{}, words: map[string]bool{}}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			if text, ok := literal(n); ok {
				c.literals[text] = true
			}
			if call, ok := n.(*ast.CallExpr); ok {
				c.read(call)
			}
			return true
		})
	}
	require.NotEmpty(t, c.said)
	return c
}

// read notes a call that says something.
func (c code) read(call *ast.CallExpr) {
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || len(call.Args) == 0 {
		return
	}
	id, ok := literal(call.Args[0])
	switch {
	case !ok:
	case f.Sel.Name == "Word":
		c.words["word_"+id] = true
	case f.Sel.Name == "timed":
		c.said[id] = []string{"When"}
	case f.Sel.Name == "Text", f.Sel.Name == "plain":
		fields := []string{}
		for i := 1; i < len(call.Args); i += 2 {
			if name, ok := literal(call.Args[i]); ok {
				fields = append(fields, name)
			}
		}
		c.said[id] = fields
	}
}

func literal(n ast.Node) (string, bool) {
	l, ok := n.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(l.Value)
	return text, err == nil
}

// screen is a chat on an emulated Telegram, to see texts as people do.
type screen struct {
	server *telegramtest.Server
	chat   int64
}

func newScreen(t *testing.T) *screen {
	t.Helper()
	s := telegramtest.New(telegramtest.Options{})
	reader := s.NewPerson("Reader")
	s.Say(reader, s.Private(reader), "hello")
	return &screen{server: s, chat: s.Private(reader).ID}
}

// show sends one message of Telegram HTML and returns what people see.
func (s *screen) show(t *testing.T, text string) string {
	t.Helper()
	body, err := json.Marshal(map[string]any{"chat_id": s.chat, "text": text, "parse_mode": "HTML"})
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodPost, "/bot"+s.server.Token()+"/sendMessage", strings.NewReader(string(body)))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.server.ServeHTTP(w, r)
	var answer struct {
		Description string
		Result      struct{ Text string }
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
	require.Equal(t, http.StatusOK, w.Code, "%s\n%s", answer.Description, markup.Shorten(text, 2000))
	return answer.Result.Text
}
