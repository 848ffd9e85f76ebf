package desk_test

import (
	"encoding/json"
	"html"
	"maps"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

// serveDesk replaces the world's LiveDesk by one with other options.
func serveDesk(t *testing.T, w *bottest.World, options livedesktest.Options) {
	w.Desk = livedesktest.New(options)
	server := httptest.NewServer(w.Desk)
	t.Cleanup(func() { w.Desk.Clear(); server.Close() })
	w.DeskURL = server.URL + "/api/v2"
}

func TestWordsThatComeBackChangedAreAddedOnce(t *testing.T) {
	t.Parallel()
	whole := bottest.New(t)
	tags := regexp.MustCompile(`<[^>]*>`)
	for name, change := range map[string]func(string) string{
		"escaped":       html.EscapeString,
		"escaped twice": func(s string) string { return html.EscapeString(html.EscapeString(s)) },
		"other entities": func(s string) string {
			return strings.NewReplacer("<", "&#60;", "&", "&#x26;", `"`, "&quot;").Replace(s)
		},
		"spaces":       func(s string) string { return strings.ReplaceAll(s, " ", "\u00a0 ") },
		"line breaks":  func(s string) string { return strings.ReplaceAll(s, "\n", "<br />") },
		"without tags": func(s string) string { return tags.ReplaceAllString(s, "") },
	} {
		t.Run(name, func(t *testing.T) {
			w := whole.Part(t)
			w.Desk.SetDrift(livedesktest.Drift{Words: change})
			chat := w.Telegram.NewSupergroup("S")
			card, number := w.Ticket(chat, "Broken <b>door</b> & \"lock\"\nthe first <i>text</i>")
			w.Add(w.Alice, chat, "if a < b && b > c\n\t\"then\"  <u>what</u>", telegramtest.ReplyTo(card))
			w.TicketIs(number, func(k livedesktest.Ticket) bool { return len(k.UpdateBodies) == 1 })
		})
	}
}

func TestAnEditFindsWordsThatComeBackChanged(t *testing.T) {
	t.Parallel()
	w := bottest.New(t, func(w *bottest.World) { serveDesk(t, w, livedesktest.Options{Replace: true}) })
	w.Desk.SetDrift(livedesktest.Drift{Words: html.EscapeString})
	asked := w.Telegram.Say(w.Alice, w.Telegram.NewSupergroup("S"), "/ticket a < b\nis <wrong>")
	number := w.Number(w.Answer(asked))
	w.Telegram.Edit(asked, "/ticket a <= b\nis <right>")
	w.TicketIs(number, func(k livedesktest.Ticket) bool {
		return k.Title == "a <= b" && k.Description == "is <right>" && len(k.UpdateBodies) == 1
	})
}

func TestACustomersWordsTakeNothingFromTheTicket(t *testing.T) {
	t.Parallel()
	whole := bottest.New(t, func(w *bottest.World) { serveDesk(t, w, livedesktest.Options{Replace: true}) })
	for name, test := range map[string]struct{ priority, kind, after string }{
		"urgent":               {"urgent", "task", "urgent"},
		"normal":               {"normal", "None", "normal"},
		"an account's own":     {"P1", "wish", "medium"}, // which this LiveDesk shows and does not take
		"high, without a type": {"high", "", "high"},
	} {
		t.Run(name, func(t *testing.T) {
			w := whole.Part(t)
			chat := w.Telegram.NewSupergroup("S")
			card, number := w.Ticket(chat, "calm order=12 !low")
			require.NoError(t, w.Desk.Change(number, func(k *livedesktest.Ticket) {
				k.Priority, k.Type, k.Tags = test.priority, test.kind, []string{"vip"}
				k.CustomFields["count"] = 3
			}))
			w.Add(w.Alice, chat, "and another thing", telegramtest.ReplyTo(card))
			k, _ := w.Desk.Ticket(number)
			require.Equal(t, test.after, k.Priority)
			if test.kind == "task" {
				require.Equal(t, "task", k.Type)
			}
			require.Equal(t, []string{"vip"}, k.Tags)
			require.EqualValues(t, "12", k.CustomFields["order"])
			require.Len(t, k.CustomFields, 3, "with telegram_ref")
		})
	}
}

func TestARatingTakesNothingFromTheTicketHoweverOddItIs(t *testing.T) {
	t.Parallel()
	whole := bottest.New(t, func(w *bottest.World) { serveDesk(t, w, livedesktest.Options{Replace: true}) })
	for _, optional := range []livedesktest.Form{livedesktest.Documented, livedesktest.Null, livedesktest.Blank} {
		t.Run(string(optional), func(t *testing.T) {
			w := whole.Part(t)
			w.Desk.SetDrift(livedesktest.Drift{Optional: optional})
			chat := w.Telegram.NewSupergroup("S")
			_, number := w.Ticket(chat, "door\nis <stuck>")
			fields := map[string]any{
				"count": 3, "none": nil, "list": []any{1, "two"}, "object": map[string]any{"a": nil}, "flag": false, "empty": "",
			}
			before, _ := w.Desk.Ticket(number)
			require.NoError(t, w.Desk.Change(number, func(k *livedesktest.Ticket) {
				maps.Copy(k.CustomFields, fields)
				k.Priority, k.Tags, k.Attachments = "urgent", []string{"vip"}, []string{"https://files.example/a.txt?signed=1"}
			}))
			require.NoError(t, w.Desk.SetStatus(number, "resolved"))
			w.Press(w.Alice, w.Hears(chat, "Did this solve it?"), "✅ Yes, solved")
			w.Press(w.Alice, w.Hears(chat, "Did this solve it?"), "5 ⭐")
			w.TicketIs(number, func(k livedesktest.Ticket) bool { return k.CustomFields["telegram_rating"] == "5" })
			after, _ := w.Desk.Ticket(number)
			fields["telegram_ref"], fields["telegram_rating"] = before.Ref, "5"
			want, err := json.Marshal(fields)
			require.NoError(t, err)
			kept, err := json.Marshal(after.CustomFields)
			require.NoError(t, err)
			require.JSONEq(t, string(want), string(kept))
			require.Equal(t, []string{"vip"}, after.Tags)
			require.Equal(t, []string{"https://files.example/a.txt?signed=1"}, after.Attachments)
			require.Equal(t, "urgent", after.Priority)
			require.Equal(t, before.Title+before.Description+before.Type, after.Title+after.Description+after.Type)
		})
	}
}

func TestWhatWasReadBeforeALongWaitIsNotWrittenBack(t *testing.T) {
	t.Parallel()
	w := bottest.New(t, func(w *bottest.World) {
		serveDesk(t, w, livedesktest.Options{Replace: true})
		w.Config.TrackEvery = time.Minute
	})
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "mine")
	_, other := w.Ticket(chat, "another")
	release := make(chan struct{})
	seen := w.Desk.Seen(livedesktest.Get)
	w.Desk.Trouble(livedesktest.Get, 1, livedesktest.Hold(release))
	added := w.Telegram.Say(w.Alice, chat, "more", telegramtest.ReplyTo(card))
	require.NoError(t, w.Desk.Await(w.Context(), func() bool { return w.Desk.Seen(livedesktest.Get) > seen }))
	w.Desk.Trouble(livedesktest.Get, 1, livedesktest.RateLimit(3*time.Second))
	w.Say(w.Alice, chat, "/status "+other)
	require.NoError(t, w.Desk.SetPriority(number, "urgent"))
	require.NoError(t, w.Desk.Change(number, func(k *livedesktest.Ticket) { k.Tags = []string{"seen"} }))
	close(release)
	w.Reacts(added)
	k, _ := w.Desk.Ticket(number)
	require.Equal(t, "urgent", k.Priority)
	require.Equal(t, []string{"seen"}, k.Tags)
}
