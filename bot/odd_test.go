package bot

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/go-telegram/bot/models"
	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/telegramtest"
)

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
	for _, kind := range []telegramtest.Kind{
		telegramtest.Photo, telegramtest.Document, telegramtest.Video, telegramtest.Audio, telegramtest.Voice, telegramtest.Animation,
	} {
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
