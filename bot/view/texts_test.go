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

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

func TestEveryLanguageSaysEverything(t *testing.T) {
	t.Parallel()
	english := slices.Sorted(maps.Keys(locale(t, "en")))
	for _, lang := range Languages() {
		require.Equal(t, english, slices.Sorted(maps.Keys(locale(t, lang))), lang)
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
	texts, err := newTexts("en")
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
			for _, n := range []int{0, 1, 2, 3, 5, 11, 21, 100} {
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
	limit, plain := map[string]int{"menu": 256, "button": 40, "press": 200, "pressed": 200}[kind]
	if plain {
		require.NotRegexp(t, `[<&]`, text, "%s is no HTML", id)
		require.LessOrEqual(t, markup.Length(text), limit, id)
		return
	}
	require.NotContains(t, screen.show(t, text), "&amp;lt;", "escaped twice: %s", id)
}

func TestAnUnknownWordIsShownAsItIs(t *testing.T) {
	t.Parallel()
	texts, err := newTexts("")
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
	case f.Sel.Name == "Text":
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
