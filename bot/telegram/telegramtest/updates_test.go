package telegramtest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	tt "livedeskbot/bot/telegram/telegramtest"
)

func ids(all []map[string]any) []int64 {
	var found []int64
	for _, u := range all {
		found = append(found, int64(u["update_id"].(float64)))
	}
	return found
}

func TestUpdatesAreKeptUntilConfirmed(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	alice := b.s.NewPerson("Alice")
	chat := b.s.NewGroup("G")
	var sent []int64
	for range 5 {
		sent = append(sent, b.s.Say(alice, chat, "x").Update)
	}
	require.Equal(t, sent, ids(b.updates(nil)))
	require.Equal(t, sent, ids(b.updates(p{"offset": 1})), "a low offset confirms nothing")
	require.Equal(t, sent, ids(b.updates(p{"offset": sent[4] + 1000})), "an offset the server does not know confirms nothing")
	require.Equal(t, sent[:2], ids(b.updates(p{"limit": 2})))
	require.Equal(t, sent[2:], ids(b.updates(p{"offset": sent[2]})))
	require.False(t, b.s.Unconfirmed(sent[1]))
	require.True(t, b.s.Unconfirmed(sent[2]))
	require.Equal(t, sent[4:], ids(b.updates(p{"offset": -1})), "a negative offset forgets what is before")
	require.Equal(t, 1, b.s.Pending())
	require.Empty(t, b.updates(p{"offset": sent[4] + 1}))
}

func TestPollTakesAtMostAHundredUpdates(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	alice := b.s.NewPerson("Alice")
	chat := b.s.NewGroup("G")
	for range 101 {
		b.s.Say(alice, chat, "x")
	}
	require.Len(t, b.updates(nil), 100)
	require.Len(t, b.updates(p{"limit": 500}), 100)
}

// polling starts a poll that waits and returns its answer once there is one.
func (b *bot) polling() <-chan reply {
	answer := make(chan reply, 1)
	go func() {
		r, err := b.post("getUpdates", "application/json", strings.NewReader(`{"timeout":30}`))
		if err == nil {
			answer <- r
		}
	}()
	return answer
}

// conflict repeats what should cut a poll until it does: the poll may not have arrived at first.
func (b *bot) conflict(started <-chan reply, cut func()) reply {
	b.t.Helper()
	var got reply
	require.Eventually(b.t, func() bool {
		cut()
		select {
		case got = <-started:
			return true
		default:
			return false
		}
	}, 30*time.Second, 5*time.Millisecond)
	return got
}

func TestPollWaitsForTheNextUpdate(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	answer := b.polling()
	m := b.s.Say(b.s.NewPerson("Alice"), b.s.NewGroup("G"), "x")
	require.Contains(t, string((<-answer).Result), itoa(m.Update))
}

func TestNewerPollerCutsTheOlder(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	older := b.polling()
	got := b.conflict(older, func() { b.updates(nil) })
	require.Equal(t, 409, got.Code)
	require.Contains(t, got.Description, "terminated by other getUpdates request")
	require.Equal(t, 1, b.s.Conflicts())
}

func TestWebhookCutsPollingAndForbidsIt(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	poll := b.polling()
	set := func() { b.does("setWebhook", p{"url": "http://127.0.0.1:1/"}) }
	got := b.conflict(poll, func() {
		set()
		b.does("deleteWebhook", nil)
	})
	require.Equal(t, 409, got.Code)
	set()
	require.Contains(t, b.refused("getUpdates", nil), "409 Conflict: can't use getUpdates method while webhook is active")
}

func TestAllowedUpdatesAreRemembered(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	alice := b.s.NewPerson("Alice")
	chat := b.s.NewGroup("G")
	m := b.s.Say(alice, chat, "x")
	b.updates(p{"allowed_updates": []string{"edited_message"}})
	b.updates(nil)
	require.Zero(t, b.s.Say(alice, chat, "x").Update)
	require.NotZero(t, b.s.Edit(m, "y").Update)
	b.updates(p{"allowed_updates": []string{}})
	require.NotZero(t, b.s.Say(alice, chat, "x").Update)
	require.Contains(t, b.refused("getUpdates", p{"allowed_updates": []string{"messages"}}), "unknown kind of update")
}

func TestUpdatesCanComeTwice(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	alice := b.s.NewPerson("Alice")
	chat := b.s.NewGroup("G")
	b.s.Duplicate(2)
	m := b.s.Say(alice, chat, "x")
	require.Equal(t, []int64{m.Update, m.Update, m.Update}, ids(b.updates(nil)))
	b.updates(p{"offset": m.Update + 1})
	m = b.s.Say(alice, chat, "x")
	for _, offset := range []int64{0, m.Update + 1, m.Update + 1} {
		require.Equal(t, []int64{m.Update}, ids(b.updates(p{"offset": offset, "limit": 1})), "confirming ends no repetition")
	}
	b.s.Duplicate(0)
	require.Empty(t, b.updates(p{"offset": m.Update + 1}))
	b.s.Redeliver(m)
	require.Equal(t, []int64{m.Update}, ids(b.updates(p{"offset": m.Update + 1})), "despite having been confirmed")
	require.Empty(t, b.updates(p{"offset": m.Update + 1}))
}

func TestRawUpdatesArePushedAsTheyAre(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	id, err := b.s.Push(`{"shiny":{"new":true}}`)
	require.NoError(t, err)
	got := b.next()
	require.EqualValues(t, id, got["update_id"])
	require.Equal(t, map[string]any{"new": true}, got["shiny"])
	id, err = b.s.Push(`{"update_id":900000000}`)
	require.NoError(t, err)
	require.EqualValues(t, 900000000, id)
	require.EqualValues(t, 900000001, b.s.Say(b.s.NewPerson("A"), b.s.NewGroup("G"), "x").Update)
	_, err = b.s.Push(`[]`)
	require.Error(t, err)
}

func TestPollOfACallerWhoHungUpIsForgotten(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	client := &http.Client{Timeout: 20 * time.Millisecond}
	_, err := client.Get(b.method("getUpdates") + "?timeout=30")
	require.Error(t, err)
	m := b.s.Say(b.s.NewPerson("A"), b.s.NewGroup("G"), "x")
	require.Equal(t, []int64{m.Update}, ids(b.updates(nil)))
}
