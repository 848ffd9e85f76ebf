package bot

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-telegram/bot/models"
	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/telegramtest"
)

// newRouter is a handler that can do nothing but route. Its id and name are those of the emulated bot.
func newRouter(t testing.TB) handler {
	t.Helper()
	b, err := New(Config{Token: telegramtest.DefaultToken, APIURL: "http://127.0.0.1"}, nil, nil, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	name := telegramtest.DefaultUsername
	b.me.username.Store(&name)
	return b.handler(Config{})
}

const (
	chatJSON    = `"chat":{"id":-100,"type":"supergroup","title":"S","is_forum":true}`
	privateJSON = `"chat":{"id":5,"type":"private","first_name":"Ann"}`
	fromJSON    = `"from":{"id":5,"is_bot":false,"first_name":"Ann","last_name":"Lee"}`
	botJSON     = `"from":{"id":123456,"is_bot":true,"first_name":"Desk","username":"LiveDeskBot"}`
	startJSON   = `{"message_id":9,"date":1,` + chatJSON + `,` + botJSON + `,"text":"hi"}`
)

func TestRoute(t *testing.T) {
	t.Parallel()
	h := newRouter(t)
	for name, test := range map[string]struct {
		message string // without its braces
		want    any    // nil: nothing
		at      telegram.Place
		by      person
		args    string
		quoted  bool
	}{
		"a command": {
			`"message_id":1,` + chatJSON + `,` + fromJSON + `,"text":"/ticket x y"`,
			wantTicket{}, telegram.Place{Chat: -100, Thread: 0, Reply: 1}, person{5, "Ann Lee", true}, "x y", false},
		"any letter case and the bot's name": {
			`"message_id":1,` + chatJSON + `,` + fromJSON + `,"text":"/TICKET@livedeskBOT\nx"`,
			wantTicket{}, telegram.Place{Chat: -100, Thread: 0, Reply: 1}, person{5, "Ann Lee", true}, "x", false},
		"a topic, whose opening message is no quotation": {
			`"message_id":1,"message_thread_id":9,"is_topic_message":true,"reply_to_message":{"message_id":9,` + chatJSON + `,"forum_topic_created":{"name":"T"}},` +
				chatJSON + `,` + fromJSON + `,"text":"/status"`,
			wantStatus{}, telegram.Place{Chat: -100, Thread: 9, Reply: 1}, person{5, "Ann Lee", true}, "", false},
		"a topic whose opening message is not named as such": {
			`"message_id":1,"message_thread_id":9,"is_topic_message":true,"reply_to_message":` + startJSON + `,` + chatJSON + `,` + fromJSON + `,"text":"/status"`,
			wantStatus{}, telegram.Place{Chat: -100, Thread: 9, Reply: 1}, person{5, "Ann Lee", true}, "", false},
		"a reply thread is no topic": {
			`"message_id":1,"message_thread_id":9,"reply_to_message":` + startJSON + `,` + chatJSON + `,` + fromJSON + `,"text":"/status"`,
			wantStatus{}, telegram.Place{Chat: -100, Thread: 0, Reply: 1}, person{5, "Ann Lee", true}, "", true},
		"General is no topic": {
			`"message_id":1,"message_thread_id":1,"is_topic_message":true,` + chatJSON + `,` + fromJSON + `,"text":"/status tk_1"`,
			wantStatus{}, telegram.Place{Chat: -100, Thread: 0, Reply: 1}, person{5, "Ann Lee", true}, "tk_1", false},
		"a topic in a private chat": {
			`"message_id":1,"message_thread_id":9,"is_topic_message":true,` + privateJSON + `,` + fromJSON + `,"text":"/ticket x"`,
			wantTicket{}, telegram.Place{Chat: 5, Thread: 9, Reply: 1}, person{5, "Ann Lee", true}, "x", false},
		"an anonymous administrator": {
			`"message_id":1,` + chatJSON + `,"from":{"id":1087968824,"is_bot":true,"first_name":"Group"},"sender_chat":{"id":-100,"type":"supergroup","title":"S"},"text":"/ticket x"`,
			wantTicket{}, telegram.Place{Chat: -100, Thread: 0, Reply: 1}, person{-100, "S", false}, "x", false},
		"a channel": {
			`"message_id":1,` + chatJSON + `,"from":{"id":136817688,"is_bot":true,"first_name":"Channel"},"sender_chat":{"id":-77,"type":"channel","title":"C"},"text":"/ticket x"`,
			wantTicket{}, telegram.Place{Chat: -100, Thread: 0, Reply: 1}, person{-77, "C", false}, "x", false},
		"a caption": {
			`"message_id":1,` + chatJSON + `,` + fromJSON + `,"photo":[{"file_id":"f","file_unique_id":"u","width":1,"height":1}],"caption":"/ticket x"`,
			wantTicket{}, telegram.Place{Chat: -100, Thread: 0, Reply: 1}, person{5, "Ann Lee", true}, "x", false},
		"a caption where commands do not count": {
			message: `"message_id":1,` + chatJSON + `,` + fromJSON + `,"video_note":{"file_id":"f","file_unique_id":"u"},"caption":"/ticket x"`},
		"a reply to the bot": {
			`"message_id":1,"reply_to_message":` + startJSON + `,` + chatJSON + `,` + fromJSON + `,"text":"an answer"`,
			answered{}, telegram.Place{Chat: -100, Thread: 0, Reply: 1}, person{5, "Ann Lee", true}, "an answer", true},
		"a reply to a message of another chat": {
			message: `"message_id":1,"reply_to_message":{"message_id":9,"chat":{"id":-200,"type":"supergroup"},` + botJSON + `},` + chatJSON + `,` + fromJSON + `,"text":"an answer"`},
		"words in a private chat": {
			`"message_id":1,` + privateJSON + `,` + fromJSON + `,"text":"hello"`,
			wantChat{}, telegram.Place{Chat: 5, Thread: 0, Reply: 1}, person{5, "Ann Lee", true}, "hello", false},
		"an unknown command in a private chat": {
			`"message_id":1,` + privateJSON + `,` + fromJSON + `,"text":"/nothing x"`,
			wantHelp{}, telegram.Place{Chat: 5, Thread: 0, Reply: 1}, person{5, "Ann Lee", true}, "x", false},
		"start with a payload": {
			`"message_id":1,` + privateJSON + `,` + fromJSON + `,"text":"/start abc"`,
			wantHelp{}, telegram.Place{Chat: 5, Thread: 0, Reply: 1}, person{5, "Ann Lee", true}, "abc", false},
		"a nameless person has a user name": {
			`"message_id":1,` + privateJSON + `,"from":{"id":5,"first_name":"\u0000 ","username":"ann"},"text":"/help"`,
			wantHelp{}, telegram.Place{Chat: 5, Thread: 0, Reply: 1}, person{5, "ann", true}, "", false},
		"words in a group":              {message: `"message_id":1,` + chatJSON + `,` + fromJSON + `,"text":"hello /ticket"`},
		"an unknown command in a group": {message: `"message_id":1,` + chatJSON + `,` + fromJSON + `,"text":"/nothing"`},
		"another bot's command":         {message: `"message_id":1,` + privateJSON + `,` + fromJSON + `,"text":"/ticket@OtherBot x"`},
		"another bot":                   {message: `"message_id":1,` + chatJSON + `,"from":{"id":6,"is_bot":true,"first_name":"B"},"text":"/ticket x"`},
		"a forward":                     {message: `"message_id":1,` + chatJSON + `,` + fromJSON + `,"forward_origin":{"type":"hidden_user","date":1,"sender_user_name":"x"},"text":"/ticket x"`},
		"what a linked channel posts":   {message: `"message_id":1,` + chatJSON + `,"from":{"id":777000,"first_name":"Telegram"},"sender_chat":{"id":-77,"type":"channel"},"is_automatic_forward":true,"forward_origin":{"type":"channel","date":1,"chat":{"id":-77,"type":"channel"},"message_id":3},"text":"/ticket x"`},
		"nobody":                        {message: `"message_id":1,` + chatJSON + `,"text":"/ticket x"`},
		"message 0":                     {message: `"message_id":0,` + chatJSON + `,` + fromJSON + `,"text":"/ticket x"`},
		"a bot's own message quoted in secret": {
			message: `"message_id":1,"reply_to_message":{"message_id":9,` + chatJSON + `,` + botJSON + `,"sender_chat":{"id":-100,"type":"supergroup"}},` + chatJSON + `,` + fromJSON + `,"text":"an answer"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := h.route(parseUpdate(t, `{"update_id":1,"message":{"date":1,`+test.message+`}}`))
			require.Equal(t, reflect.TypeOf(test.want), reflect.TypeOf(got))
			if test.want == nil {
				return
			}
			asked := askedOf(got)
			require.Equal(t, test.at, asked.at)
			require.Equal(t, test.by, asked.by)
			require.Equal(t, test.args, asked.args)
			require.Equal(t, test.quoted, asked.quoted != nil)
			require.Equal(t, asked.at.Chat == 5, asked.private)
		})
	}
}

func TestRouteOfOtherUpdates(t *testing.T) {
	t.Parallel()
	h := newRouter(t)
	for name, test := range map[string]struct {
		update string
		want   any
	}{
		"a press": {
			`"callback_query":{"id":"q","data":"d",` + fromJSON + `,"message":` + startJSON + `}`,
			pressed{id: "q", data: "d", chat: -100, message: 9, sent: time.Unix(1, 0), by: person{5, "Ann Lee", true}}},
		"a press under a message that is out of reach": {
			`"callback_query":{"id":"q","data":"d",` + fromJSON + `,"message":{"message_id":9,"date":0,` + chatJSON + `}}`,
			pressed{id: "q", data: "d", chat: -100, message: 9, sent: time.Unix(0, 0), by: person{5, "Ann Lee", true}}},
		"a press nobody knows where": {
			`"callback_query":{"id":"q","data":"d",` + fromJSON + `,"inline_message_id":"i"}`,
			pressed{id: "q", data: "d", sent: time.Unix(0, 0), by: person{5, "Ann Lee", true}}},
		"a group that became a supergroup": {
			`"message":{"message_id":3,"date":1,"chat":{"id":-5,"type":"group"},"migrate_to_chat_id":-100}`, migrated{-5, -100}},
		"a supergroup that was a group": {
			`"message":{"message_id":1,"date":1,` + chatJSON + `,"migrate_from_chat_id":-5}`, migrated{-5, -100}},
		"the bot was removed": {
			`"my_chat_member":{"date":1,` + chatJSON + `,` + fromJSON + `,"old_chat_member":{"status":"member","user":{"id":123456}},"new_chat_member":{"status":"kicked","user":{"id":123456},"until_date":0}}`,
			membership{chat: -100}},
		"the bot may write": {
			`"my_chat_member":{"date":1,` + chatJSON + `,` + fromJSON + `,"old_chat_member":{"status":"left","user":{"id":123456}},"new_chat_member":{"status":"restricted","user":{"id":123456},"is_member":true,"can_send_messages":true}}`,
			membership{chat: -100, member: true}},
		"a kind from the future": {`"hologram":{"id":1}`, nil},
		"a post of a channel":    {`"channel_post":{"message_id":1,"date":1,"chat":{"id":-77,"type":"channel"},"text":"/ticket x"}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, h.route(parseUpdate(t, `{"update_id":1,`+test.update+`}`)))
		})
	}
}

func TestAnEditNeverAsksForATicket(t *testing.T) {
	t.Parallel()
	got := newRouter(t).route(parseUpdate(t,
		`{"update_id":1,"edited_message":{"message_id":1,"date":1,"edit_date":2,`+chatJSON+`,`+fromJSON+`,"text":"/ticket x"}}`))
	require.NotEqual(t, reflect.TypeFor[wantTicket](), reflect.TypeOf(got))
}

// Every field of every shape that Telegram sends is replaced by what does not belong there.
func TestOddUpdatesAreRoutedWithoutPanicAndNeverLost(t *testing.T) {
	t.Parallel()
	h := newRouter(t)
	odd := []any{
		nil, "", "\x00", strings.Repeat("😀", 100), true, 0, -1, 1.5, json.Number("9223372036854775807"), json.Number("1e400"),
		[]any{}, []any{nil}, map[string]any{}, map[string]any{"id": 1},
	}
	for _, raw := range realUpdates(t) {
		var update any
		require.NoError(t, json.Unmarshal(raw, &update))
		mutate(update, odd, func() {
			changed, err := json.Marshal(update)
			if err == nil { // 1e400 is no JSON number for Go
				checkRoute(t, h, changed)
			}
		})
	}
}

func FuzzRoute(f *testing.F) {
	h := newRouter(f)
	for _, raw := range realUpdates(f) {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) { checkRoute(t, h, raw) })
}

// checkRoute requires that routing changes nothing, says the same each time, and wants nothing of an update that the
// journal does not keep.
func checkRoute(t *testing.T, h handler, raw []byte) {
	var update, same models.Update
	if json.Unmarshal(raw, &update) != nil || json.Unmarshal(raw, &same) != nil {
		return // the inbox keeps it for a look
	}
	first, second := h.route(&update), h.route(&update)
	_, kept := h.Relevant(&update)
	switch {
	case !reflect.DeepEqual(first, second):
		t.Fatalf("routed as %#v, then as %#v: %s", first, second, raw)
	case !reflect.DeepEqual(update, same):
		t.Fatalf("changed by routing: %s", raw)
	case first != nil && !kept:
		t.Fatalf("wants %#v and is not kept: %s", first, raw)
	}
}

// mutate puts each odd value into each place of a JSON value in turn, and takes each field away.
func mutate(v any, odd []any, try func()) {
	switch v := v.(type) {
	case map[string]any:
		for key, old := range v {
			mutate(old, odd, try)
			for _, o := range odd {
				v[key] = o
				try()
			}
			delete(v, key)
			try()
			v[key] = old
		}
	case []any:
		for i, old := range v {
			mutate(old, odd, try)
			for _, o := range odd {
				v[i] = o
				try()
			}
			v[i] = old
		}
	}
}

// realUpdates are updates as Telegram sends them, of every kind that people cause.
func realUpdates(t testing.TB) []json.RawMessage {
	t.Helper()
	s := telegramtest.New(telegramtest.Options{PrivateTopics: true})
	ann, bob := s.NewPerson("Ann <b>", telegramtest.LastName("Lee")), s.NewPerson("Боб", telegramtest.Username("bob"))
	group, super, forum := s.NewGroup("G"), s.NewSupergroup("S"), s.NewForum("F")
	topic, channel := forum.NewTopic("T"), s.NewChannel("C")
	super.Link(channel)
	for _, chat := range []*telegramtest.Chat{super, forum} {
		chat.SetMember(ann, telegramtest.Administrator)
	}
	said := s.Say(ann, topic, "/ticket !high 😀 <b>", telegramtest.Mentioning(ann))
	s.Edit(said, "/ticket edited")
	s.Say(bob, topic, "/ticket", telegramtest.ReplyTo(said), telegramtest.Quoting("high"))
	s.Say(bob, s.Private(bob), "/start x")
	s.Say(bob, s.Private(bob).NewTopic("P"), "hello")
	s.Say(ann, super, "/status tk_1", telegramtest.Anonymously())
	s.Say(ann, super, "/status", telegramtest.AsChannel(channel))
	s.Say(ann, super, "/ticket x", telegramtest.ForwardedFrom(bob))
	s.Say(ann, super, "/ticket x", telegramtest.ForwardedFromHidden("Bob"))
	s.Say(bob, super, "/ticket comment", telegramtest.ReplyTo(s.Publish(channel, "news")))
	for _, kind := range []telegramtest.Kind{telegramtest.Photo, telegramtest.Document, telegramtest.Video, telegramtest.Audio, telegramtest.Voice, telegramtest.Animation} {
		s.Say(bob, forum, "/ticket x", telegramtest.Attached(s.NewFile(kind, "f", "image/png", []byte("x"))))
	}
	s.Forge(bob, said, "again:1:1")
	super.Join(bob)
	super.SetBot(telegramtest.Restricted, ann)
	forum.SetBot(telegramtest.Kicked, ann)
	s.Private(bob).Block()
	group.Upgrade(ann)

	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/bot"+s.Token()+"/getUpdates", nil))
	var answer struct{ Result []json.RawMessage }
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
	require.Greater(t, len(answer.Result), 25)
	return answer.Result
}

func parseUpdate(t *testing.T, raw string) *models.Update {
	t.Helper()
	var u models.Update
	require.NoError(t, json.Unmarshal([]byte(raw), &u))
	return &u
}

func askedOf(want any) asked {
	switch w := want.(type) {
	case wantTicket:
		return w.asked
	case wantStatus:
		return w.asked
	case wantHelp:
		return w.asked
	case wantChat:
		return w.asked
	case answered:
		return w.asked
	}
	return asked{}
}

func TestNamesHoldNothingThatCannotBeStored(t *testing.T) {
	t.Parallel()
	u := parseUpdate(t, `{"message":{"message_id":1,"chat":{"id":1},"from":{"id":5,"first_name":" ","username":"a\u0000b"},"text":"/help"}}`)
	require.Equal(t, "ab", user(u.Message.From).name)
}
