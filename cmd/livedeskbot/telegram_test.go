package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
	"livedeskbot/storage/storagetest"
)

// underWay is how long a message that was sent before Telegram said to wait may take to arrive: long, for busy machines,
// where a wait lasts twice as long.
const underWay = 1500 * time.Millisecond

func TestAFloodInOneGroupIsAnsweredInFullAndDelaysNobodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storagetest.New(t), telegramtest.Options{FloodGrace: underWay}, nil)
	w.ready()
	flooded := w.telegram.NewSupergroup("Flooded")
	flooded.Limit(10, 2*underWay) // the rule of 20 a minute, ten times faster
	var commands []*telegramtest.Message
	for i := range 50 {
		who := w.telegram.NewPerson(fmt.Sprint("Person", i))
		commands = append(commands, w.telegram.Say(who, flooded, "/ticket flood"))
	}
	var waits []time.Duration
	quiet := w.telegram.NewSupergroup("Quiet")
	for range 5 {
		began := time.Now()
		w.hears(w.telegram.Say(w.alice, quiet, "/ticket quiet"), "tk_")
		waits = append(waits, time.Since(began))
	}
	require.Less(t, len(flooded.BotMessages()), len(commands), "the flood was over before the others came")
	slices.Sort(waits)
	t.Logf("beside a flood: median %v, slowest %v", waits[len(waits)/2], waits[len(waits)-1])
	w.answered(commands)
	require.Empty(t, w.telegram.Violations())
}

// TestALimitOfTheWholeBotLosesNothing does not ask whether everybody waits as told: how many calls come together, by which the bot
// tells such a limit from a chat's, depends on the machine. The tests of the gate ask that.
func TestALimitOfTheWholeBotLosesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storagetest.New(t), telegramtest.Options{}, nil)
	w.telegram.Limit(30, time.Second)
	w.ready()
	var commands []*telegramtest.Message
	for i := range 120 {
		who := w.telegram.NewPerson(fmt.Sprint("Person", i))
		commands = append(commands, w.telegram.Say(who, w.telegram.Private(who), "/ticket everywhere"))
	}
	w.answered(commands)
}

// answered waits until every command has exactly one reply, which tells its ticket.
func (w *world) answered(commands []*telegramtest.Message) {
	w.t.Helper()
	w.settle(2 * patience)
	for _, m := range commands {
		replies := w.telegram.Replies(m)
		require.Len(w.t, replies, 1)
		require.Contains(w.t, replies[0].Text, "tk_")
	}
}

// TestALostChatIsGivenUpOnce loses chats in every way while a ticket waits whose outcome must then be told elsewhere, but for the
// one where the bot may only not write for now.
func TestALostChatIsGivenUpOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storagetest.New(t), telegramtest.Options{}, nil)
	p := w.ready()
	end := w.desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Unavailable(0))
	type loss struct {
		name    string
		chat    *telegramtest.Chat
		private *telegramtest.Chat // where the outcome must be found; nil: nowhere
	}
	var losses []loss
	lose := func(name string, chat *telegramtest.Chat, knows bool, how func(*telegramtest.Chat, *telegramtest.Person)) {
		who := w.telegram.NewPerson(name)
		l := loss{name: name, chat: chat}
		if chat == nil {
			l.chat = w.telegram.Private(who)
		}
		if knows {
			l.private = w.telegram.Private(who)
			w.telegram.Say(who, l.private, "/start")
		}
		w.hears(w.telegram.Say(who, l.chat, "/ticket "+name), "keep trying")
		how(l.chat, who)
		losses = append(losses, l)
	}
	is := func(status telegramtest.Status) func(*telegramtest.Chat, *telegramtest.Person) {
		return func(chat *telegramtest.Chat, by *telegramtest.Person) { chat.SetBot(status, by) }
	}
	lose("kicked", w.telegram.NewSupergroup("Group"), true, is(telegramtest.Kicked))
	lose("left", w.telegram.NewGroup("Group"), true, is(telegramtest.Left))
	lose("demoted", w.telegram.NewSupergroup("Group"), true, is(telegramtest.Restricted))
	lose("deleted", w.telegram.NewGroup("Group"), true, func(chat *telegramtest.Chat, _ *telegramtest.Person) { chat.Delete() })
	lose("unknown", w.telegram.NewSupergroup("Group"), false, is(telegramtest.Kicked))
	lose("blocked", nil, false, func(chat *telegramtest.Chat, _ *telegramtest.Person) { chat.Block() })
	end()
	w.settle(patience)
	calls := len(w.telegram.Calls())
	for _, l := range losses {
		told := l.chat.BotMessages() // a bot that may not write may still change what it wrote
		if l.private != nil {
			told = append(told, l.private.BotMessages()...)
		}
		require.Equal(t, l.private != nil, slices.ContainsFunc(told, func(m *telegramtest.Message) bool {
			return strings.Contains(m.Text, "tk_")
		}), l.name)
		logged := func(what string) int { return strings.Count(p.log.String(), fmt.Sprintf("%schat=%d", what, l.chat.ID)) }
		lost := func() int {
			return logged(`cannot write to a chat" `) + logged(`removed from a chat" `) + logged(`may not write to a chat for now" `)
		}
		// Where the chat was lost soon, that the ticket waits could not be told either: only its outcome is counted.
		outcome := regexp.MustCompile(fmt.Sprintf(`nobody can be told about a ticket" chat=%d ticket=\d+ number=tk_`, l.chat.ID))
		untold := func() int { return len(outcome.FindAllString(p.log.String(), -1)) }
		// What is stored is logged a moment later.
		w.eventually(func() bool { return lost() > 0 && (l.private != nil || untold() > 0) }, "%s: not logged", l.name)
		require.Equal(t, 1, lost(), "%s: handled once, logged once, of %d lines", l.name, logged(""))
		require.Equal(t, l.private == nil, untold() == 1, l.name)
		tries := 0
		for _, call := range w.telegram.Calls() {
			if call.ChatID == l.chat.ID && call.Status >= 400 {
				tries++
			}
		}
		require.LessOrEqual(t, tries, 3, "%s: calls to a chat that is lost", l.name)
	}
	require.Equal(t, len(losses), w.desk.Count())
	require.Never(t, func() bool { return w.callsBut("getUpdates", calls) }, 2*time.Second, 100*time.Millisecond, "endless repeats")
}

// callsBut reports whether Telegram was called for anything but the method after the first so many calls.
func (w *world) callsBut(method string, first int) bool {
	return slices.ContainsFunc(w.telegram.Calls()[first:], func(c telegramtest.Call) bool { return c.Method != method })
}

func TestTheOutcomeForAClosedOrDeletedTopicStandsInGeneralOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storagetest.New(t), telegramtest.Options{}, nil)
	w.ready()
	for name, lose := range map[string]func(*telegramtest.Topic){
		"closed": (*telegramtest.Topic).Close, "deleted": (*telegramtest.Topic).Delete,
	} {
		forum := w.telegram.NewForum("Forum")
		topic := forum.NewTopic(name)
		end := w.desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Unavailable(0))
		first := w.hears(w.telegram.Say(w.alice, topic, "/ticket "+name), "keep trying")
		w.telegram.Remove(first)
		lose(topic)
		end()
		w.settle(patience)
		inGeneral := slices.DeleteFunc(forum.BotMessages(), func(m *telegramtest.Message) bool { return m.Topic != nil })
		require.Len(t, inGeneral, 1, name)
		require.Contains(t, inGeneral[0].Text, "tk_")
		require.Contains(t, inGeneral[0].Text, "Alice")
	}
}

// TestAGroupIsFollowedToItsSupergroup withholds two of the three signals by which it can be known, then lets them come too.
func TestAGroupIsFollowedToItsSupergroup(t *testing.T) {
	t.Parallel()
	for first, withheld := range map[string][]string{
		"the old group says so": {"migrate_from_chat_id"},
		"the new group says so": {"migrate_to_chat_id"},
		"an answer says so":     {"migrate_to_chat_id", "migrate_from_chat_id"},
	} {
		t.Run(first, func(t *testing.T) {
			t.Parallel()
			filter := &filter{fields: withheld}
			w := newWorld(t, storagetest.New(t), telegramtest.Options{}, filter.before)
			p := w.ready()
			group := w.telegram.NewGroup("Group")
			bob := w.telegram.NewPerson("Bob")
			end := w.desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Unavailable(0))
			question := w.hears(w.telegram.Say(bob, group, "/ticket"), "What is it about")
			w.hears(w.telegram.Say(w.alice, group, "/ticket waits"), "keep trying")
			filter.on.Store(true)
			super := group.Upgrade(w.alice)
			if len(withheld) == 1 {
				w.eventually(func() bool { return strings.Contains(p.log.String(), "became a supergroup") }, "not noticed")
			}
			end()
			w.told(super, "waits")
			moved := fmt.Sprintf("from=%d to=%d", group.ID, super.ID)
			w.eventually(func() bool { return strings.Contains(p.log.String(), moved) }, "not logged")
			require.Equal(t, 1, strings.Count(p.log.String(), moved))

			filter.on.Store(false)
			for _, update := range filter.withheld() {
				_, err := w.telegram.Push(update)
				require.NoError(t, err)
			}
			// Message numbers are new there; what people see of the question is a copy.
			copied := w.telegram.Say(bob, super, "the answer", telegramtest.Fields(map[string]any{"reply_to_message": map[string]any{
				"message_id": question.ID, "date": question.Date.Unix(), "text": question.Text,
				"chat": map[string]any{"id": super.ID, "type": "supergroup"},
				"from": map[string]any{"id": w.telegram.Bot().ID, "is_bot": true, "first_name": "Bot"},
			}}))
			w.hears(copied, "tk_")
			w.settle(patience)
			require.Equal(t, 1, strings.Count(p.log.String(), moved), "handled once, logged once")
			require.Equal(t, 2, w.desk.Count())
			tickets := w.desk.Tickets()
			require.Equal(t, fmt.Sprint(super.ID), tickets[1].Requester.ContactID)
			if len(withheld) == 1 { // it was known before the first was sent
				require.Equal(t, fmt.Sprint(super.ID), tickets[0].Requester.ContactID)
			}
		})
	}
}

// told waits until a chat has exactly one message of the bot with a text, which tells a ticket.
func (w *world) told(chat *telegramtest.Chat, text string) {
	w.t.Helper()
	w.eventually(func() bool {
		return slices.ContainsFunc(chat.BotMessages(), func(m *telegramtest.Message) bool {
			return strings.Contains(m.Text, text) && strings.Contains(m.Text, "tk_")
		})
	}, "%q was not told", text)
}

// filter withholds updates that carry one of the fields.
type filter struct {
	on     atomic.Bool
	fields []string
	kept   atomic.Pointer[[]string]
}

func (f *filter) withheld() []string { return *f.kept.Load() }

func (f *filter) before(next http.Handler) http.Handler {
	f.kept.Store(&[]string{})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/getUpdates") {
			next.ServeHTTP(w, r)
			return
		}
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r)
		var body struct {
			OK     bool              `json:"ok"`
			Result []json.RawMessage `json:"result"`
		}
		if f.on.Load() && json.Unmarshal(answer.Body.Bytes(), &body) == nil && body.OK {
			body.Result = slices.DeleteFunc(body.Result, f.keep)
			answer.Body.Reset()
			_ = json.NewEncoder(answer.Body).Encode(body)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	})
}

func (f *filter) keep(update json.RawMessage) bool {
	for _, field := range f.fields {
		if strings.Contains(string(update), `"`+field+`"`) {
			kept := append(slices.Clone(*f.kept.Load()), string(update))
			f.kept.Store(&kept)
			return true
		}
	}
	return false
}
