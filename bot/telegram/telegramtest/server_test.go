package telegramtest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	tt "livedeskbot/bot/telegram/telegramtest"
)

// bot is the other side of the wire: plain HTTP, so that nothing of ours can hide a mistake of the server.
type bot struct {
	t   *testing.T
	s   *tt.Server
	url string
}

func start(t *testing.T, o tt.Options) *bot {
	s := tt.New(o)
	server := httptest.NewServer(s)
	t.Cleanup(func() {
		s.Close()
		server.CloseClientConnections()
		server.Close()
	})
	return &bot{t: t, s: s, url: server.URL}
}

type p map[string]any

type reply struct {
	OK          bool            `json:"ok"`
	Result      json.RawMessage `json:"result"`
	Code        int             `json:"error_code"`
	Description string          `json:"description"`
	Parameters  struct {
		RetryAfter int   `json:"retry_after"`
		MigrateTo  int64 `json:"migrate_to_chat_id"`
	} `json:"parameters"`
}

func (b *bot) method(name string) string { return b.url + "/bot" + b.s.Token() + "/" + name }

func (b *bot) post(method, contentType string, body io.Reader) (reply, error) {
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.method(method), body)
	if err != nil {
		return reply{}, err
	}
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	var r reply
	err = json.NewDecoder(resp.Body).Decode(&r)
	if err == nil && !r.OK && r.Code != resp.StatusCode {
		err = fmt.Errorf("status %d but error_code %d", resp.StatusCode, r.Code)
	}
	return r, err
}

func (b *bot) call(method string, params p) reply {
	b.t.Helper()
	body, err := json.Marshal(params)
	require.NoError(b.t, err)
	r, err := b.post(method, "application/json", bytes.NewReader(body))
	require.NoError(b.t, err)
	return r
}

// does makes a call that must succeed and returns its result.
func (b *bot) does(method string, params p) map[string]any {
	b.t.Helper()
	r := b.call(method, params)
	require.True(b.t, r.OK, "%s: %s", method, r.Description)
	var result map[string]any
	if json.Unmarshal(r.Result, &result) != nil {
		return nil
	}
	return result
}

// refused makes a call that must fail and returns the code and description in one.
func (b *bot) refused(method string, params p) string {
	b.t.Helper()
	r := b.call(method, params)
	require.False(b.t, r.OK, "%s succeeded", method)
	return fmt.Sprintf("%d %s", r.Code, r.Description)
}

// updates polls once without waiting.
func (b *bot) updates(params p) []map[string]any {
	b.t.Helper()
	r := b.call("getUpdates", params)
	require.True(b.t, r.OK, r.Description)
	var all []map[string]any
	require.NoError(b.t, json.Unmarshal(r.Result, &all))
	return all
}

// next takes the oldest update and confirms it.
func (b *bot) next() map[string]any {
	b.t.Helper()
	all := b.updates(p{"limit": 1})
	require.NotEmpty(b.t, all, "no update is waiting")
	b.updates(p{"offset": int64(all[0]["update_id"].(float64)) + 1, "limit": 1})
	return all[0]
}

func (b *bot) nextMessage() map[string]any {
	b.t.Helper()
	m, ok := b.next()["message"].(map[string]any)
	require.True(b.t, ok, "the update is no message")
	return m
}

func TestTokenDecidesWhoIsAnswered(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	for name, c := range map[string]struct {
		path   string
		status int
	}{
		"right token":         {"/bot" + b.s.Token() + "/getMe", 200},
		"wrong token":         {"/bot123:AAAAAAAAAAAAAAAAA/getMe", 401},
		"malformed token":     {"/botnonsense/getMe", 404},
		"foreign path":        {"/else", 404},
		"unknown method":      {"/bot" + b.s.Token() + "/getEverything", 404},
		"method in any case":  {"/bot" + b.s.Token() + "/GETME", 200},
		"file with no token":  {"/file/documents/1", 404},
		"file that is absent": {"/file/bot" + b.s.Token() + "/documents/1", 404},
	} {
		resp, err := http.Get(b.url + c.path)
		require.NoError(t, err)
		resp.Body.Close()
		require.Equal(t, c.status, resp.StatusCode, name)
	}
	require.ElementsMatch(t, []string{"path /else", "path /file/documents/1", "method getEverything"}, b.s.Unknown())
}

func TestParametersAreTakenFromEveryKindOfRequest(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	chat := b.s.NewGroup("G")
	form := url.Values{"chat_id": {fmt.Sprint(chat.ID)}, "text": {"hi"}}

	resp, err := http.Get(b.method("sendMessage") + "?" + form.Encode())
	require.NoError(t, err)
	resp.Body.Close()
	require.Equal(t, 200, resp.StatusCode)

	r, err := b.post("sendMessage", "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
	require.NoError(t, err)
	require.True(t, r.OK, r.Description)

	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	require.NoError(t, w.WriteField("chat_id", fmt.Sprint(chat.ID)))
	require.NoError(t, w.WriteField("text", "hi"))
	require.NoError(t, w.Close())
	r, err = b.post("sendMessage", w.FormDataContentType(), &body)
	require.NoError(t, err)
	require.True(t, r.OK, r.Description)

	b.does("sendMessage", p{"chat_id": chat.ID, "text": "hi"})
	require.Len(t, chat.BotMessages(), 4)
	require.Empty(t, b.s.Unknown())
}

func TestMistakesInParametersAreRefusedAndRemembered(t *testing.T) {
	t.Parallel()
	for name, params := range map[string]p{
		"unknown parameter":           {"chat_id": 1, "text": "x", "txt": "y"},
		"text as a number":            {"chat_id": 1, "text": 5},
		"number as a word":            {"chat_id": 1, "text": "x", "message_thread_id": "one"},
		"flag as a number":            {"chat_id": 1, "text": "x", "protect_content": 1},
		"unknown field of a reply":    {"chat_id": 1, "text": "x", "reply_parameters": p{"message": 5}},
		"unknown field of a button":   {"chat_id": 1, "text": "x", "reply_markup": p{"inline_keyboard": [][]p{{{"text": "a", "data": "b"}}}}},
		"wrong type in an entity":     {"chat_id": 1, "text": "x", "entities": []p{{"type": "bold", "offset": "0", "length": 1}}},
		"parse mode not emulated":     {"chat_id": 1, "text": "x", "parse_mode": "MarkdownV2"},
		"reply into a foreign chat":   {"chat_id": 1, "text": "x", "reply_parameters": p{"message_id": 1, "chat_id": 2}},
		"feature beyond this package": {"chat_id": 1, "text": "x", "message_effect_id": "5"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t, tt.Options{})
			alice := b.s.NewPerson("Alice", tt.ID(1))
			b.s.Say(alice, b.s.Private(alice), "/start")
			require.Contains(t, b.refused("sendMessage", params), "400 Bad Request")
			require.Len(t, b.s.Unknown(), 1)
		})
	}
}

func TestInvalidUTF8IsRefused(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	r, err := b.post("sendMessage", "application/x-www-form-urlencoded", strings.NewReader("chat_id=1&text=%ff%fe"))
	require.NoError(t, err)
	require.Equal(t, "Bad Request: strings must be encoded in UTF-8", r.Description)
}

func TestGetMeTellsPrivacyMode(t *testing.T) {
	t.Parallel()
	me := start(t, tt.Options{Privacy: true, Username: "OurBot", Token: "77:abcdef"}).does("getMe", nil)
	require.Equal(t, "OurBot", me["username"])
	require.EqualValues(t, 77, me["id"])
	require.Equal(t, false, me["can_read_all_group_messages"])
}

func TestCallsAreLoggedWithTheirOutcome(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	chat := b.s.NewGroup("G")
	b.does("sendMessage", p{"chat_id": chat.ID, "text": "x"})
	b.refused("sendMessage", p{"chat_id": 4, "text": "x"})
	calls := b.s.CallsOf("sendMessage")
	require.Len(t, calls, 2)
	require.Equal(t, chat.ID, calls[0].ChatID)
	require.Equal(t, 200, calls[0].Status)
	require.Equal(t, 400, calls[1].Status)
	require.Equal(t, "Bad Request: chat not found", calls[1].Error)
}
