package outbox_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

func TestNotices(t *testing.T) {
	t.Parallel()
	bottest.New(t).Parts(t,
		customStatusesAndRepeatedEndsAreTold, anAgentsPublicReplyComesToTheTopicAndNothingElse,
		noDisguiseOfANoteIsShownAnywhere, anEditedReplyIsEditedInPlace, aReplyEditedWhileItIsToldEndsAsItNowIs,
		anEditedReplyWhoseMessageIsGoneIsToldAgain, equalMessageNumbersInTwoGroupsAreKeptApart, bombsOfMarkupAreShownAsText,
	)
}

func customStatusesAndRepeatedEndsAreTold(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "journey")
	ends := 0
	for _, step := range []struct{ status, card, told string }{
		{"vendor_2b", "vendor 2b", ""}, {"resolved", "Resolved", "Resolved: ticket"}, {"closed", "Closed", "Closed: ticket"},
		{"vendor_2b", "vendor 2b", "Reopened"}, {"resolved", "Resolved", "Resolved: ticket"}, {"open", "Open", "Reopened"},
	} {
		require.NoError(t, w.Desk.SetStatus(number, step.status))
		w.Becomes(card, step.card)
		if step.told != "" {
			ends++
			w.Eventually(func() bool { return len(chat.BotMessages()) == 1+ends })
			require.Contains(t, chat.BotMessages()[ends].Text, step.told)
		}
	}
}

func TestAResolvedTicketIsAskedAboutWhoseRowWasReadBeforeTheLook(t *testing.T) {
	t.Parallel()
	w := bottest.New(t, func(w *bottest.World) { w.Config.TrackEvery = time.Hour })
	chat := w.Telegram.NewSupergroup("S")
	card, _ := w.Ticket(chat, "door")
	w.Eventually(func() bool { return w.Count("tickets WHERE told = version AND tell_at IS NULL") == 1 })

	look, err := w.DB().Begin(w.Context())
	require.NoError(t, err)
	_, err = look.Exec(w.Context(), `LOCK TABLE notices`)
	require.NoError(t, err)
	w.SQL(`UPDATE tickets SET tell_at = now()`)
	w.Eventually(func() bool {
		return w.Count(`pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FROM notices%'`) == 1
	}, "a telling that has read the row")
	_, err = look.Exec(w.Context(), `UPDATE tickets SET status = 'resolved', view = '{"title":"door","status":"resolved"}'`)
	require.NoError(t, err)
	_, err = look.Exec(w.Context(), `
		INSERT INTO notices (ticket, key, kind, content) VALUES ($1, 'status:resolved', 'status', '{"status":"resolved"}')`, w.Row(card))
	require.NoError(t, err)
	require.NoError(t, look.Commit(w.Context()))

	said := w.Hears(chat, "Resolved: ticket")
	require.Contains(t, said.Text, "Did this solve it?")
	require.Len(t, said.Buttons, 1)
}

func anAgentsPublicReplyComesToTheTopicAndNothingElse(t *testing.T, w *bottest.World) {
	forum := w.Telegram.NewForum("F")
	topic := forum.NewTopic("T")
	card, number := w.Ticket(topic, "Printer")
	_, err := w.Desk.Note(number, "Li", "SECRET-NOTE")
	require.NoError(t, err)
	for i, m := range []livedesktest.Message{
		{SenderType: "customer", Content: "SECRET-echo"},
		{SenderType: "system", Content: "SECRET-system"},
		{SenderType: "", Content: "SECRET-unknown"},
		{SenderType: "internal_member", Content: "SECRET-noflag", Omit: []string{"is_internal"}},
		{SenderType: "internal_member", Content: "SECRET-null", Set: map[string]any{"is_internal": nil}},
		{SenderType: "internal_member", Content: "SECRET-text", Set: map[string]any{"is_internal": "false"}},
		{SenderType: "internal_member", Content: "SECRET-number", Set: map[string]any{"is_internal": 0}},
	} {
		_, err := w.Desk.Message(number, m)
		require.NoError(t, err, i)
	}
	_, err = w.Desk.Reply(number, "Agent <Li>", "We are **on** it & _soon_ <script>")
	require.NoError(t, err)

	reply := w.Hears(forum, "We are on it")

	require.Equal(t, topic, reply.Topic)
	require.Equal(t, card.ID, reply.ReplyTo)
	require.Contains(t, reply.Text, "Agent <Li>")
	require.Contains(t, reply.Text, "Alice")
	w.Reply(number, "second")
	w.Hears(forum, "second")
	for _, m := range forum.BotMessages() {
		require.NotContains(t, m.Text, "SECRET")
	}
}

func noDisguiseOfANoteIsShownAnywhere(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "notes")
	for i, m := range []livedesktest.Message{
		{SenderType: "internal_member", Internal: true}, {SenderType: "bot", Internal: true},
		{SenderType: "internal_member", Omit: []string{"is_internal"}}, {SenderType: "INTERNAL_MEMBER"}, {SenderType: "agent"}, {SenderType: "system"},
		{SenderType: "contact", Internal: true}, {SenderType: "contact", Omit: []string{"is_internal"}}, {SenderType: "user"},
		{SenderType: "internal_member", Set: map[string]any{"is_internal": "false"}}, {SenderType: "internal_member", Set: map[string]any{"is_internal": 0}},
		{SenderType: "internal_member", Set: map[string]any{"is_internal": nil}}, {SenderType: "bot", Set: map[string]any{"is_internal": []any{}}},
		{SenderType: "internal_member", Set: map[string]any{"is_internal": map[string]any{"v": false}}}, {SenderType: "x", Omit: []string{"sender"}},
	} {
		m.Content = fmt.Sprintf("SECRET-%d", i)
		m.Files = []livedesktest.File{{Name: "SECRET.txt", Type: "text/plain", Content: []byte("x")}}
		_, err := w.Desk.Message(number, m)
		require.NoError(t, err)
	}
	id := w.Reply(number, "open word")
	w.Hears(chat, "open word")
	w.Forge(w.Alice, card, "talk:"+w.Row(card)+":0")
	w.Hears(chat, "(1/")
	for page := range 3 {
		w.Forge(w.Alice, card, fmt.Sprintf("talk:%s:%d", w.Row(card), page))
	}
	w.Say(w.Alice, chat, "/status "+number)
	// What was public and becomes a note is not told again, whatever its words become.
	require.NoError(t, w.Desk.Change(number, func(x *livedesktest.Ticket) {
		for i := range x.Messages {
			if x.Messages[i].ID == id {
				x.Messages[i].Internal, x.Messages[i].Content = true, "SECRET-turned"
			}
		}
	}))
	w.LookedAt(number, 4)
	for _, m := range chat.BotMessages() {
		require.NotContains(t, m.Text, "SECRET")
		require.Nil(t, m.File)
		for _, earlier := range m.Earlier {
			require.NotContains(t, earlier.Text, "SECRET")
		}
	}
}

func TestAHundredRepliesArriveInOrderOnceAlsoShuffled(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "busy")
	w.Desk.SetDrift(livedesktest.Drift{Shuffled: true})
	start := time.Now().Add(-time.Hour)
	for i := range 100 {
		_, err := w.Desk.Message(number, livedesktest.Message{
			SenderType: "internal_member", SenderName: "Li", Content: fmt.Sprintf("answer %03d.", i), SentAt: start.Add(time.Duration(i) * time.Second),
		})
		require.NoError(t, err)
	}
	w.Hears(chat, "answer 099.")
	w.Stop()
	w.Start()
	w.Reply(number, "the last word")
	w.Hears(chat, "the last word")
	var got []string
	for _, m := range chat.BotMessages() {
		if _, text, ok := strings.Cut(m.Text, "answer "); ok {
			got = append(got, text[:3])
		}
	}
	require.Len(t, got, 100)
	require.IsIncreasing(t, got)
}

func anEditedReplyIsEditedInPlace(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "edit")
	id := w.Reply(number, "tomorow")
	reply := w.Hears(chat, "tomorow")
	require.NoError(t, w.Desk.EditMessage(number, id, "tomorrow"))
	w.Becomes(reply, "tomorrow")
}

func TestALongReplyThatIsEditedIsThereAsAWhole(t *testing.T) {
	t.Parallel()
	long := func(word string) string {
		return strings.TrimSpace(strings.Repeat("**"+word+"** & _more_ words.\n\n", 300)) + " THE END " + word
	}
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "long")
	id := w.Reply(number, "short", livedesktest.File{Name: "a.txt", Type: "text/plain", Content: []byte("a")})
	w.Hears(chat, "short")
	first := w.Hears(chat, "short")
	w.Eventually(func() bool { return w.Files(chat) == 1 })

	require.NoError(t, w.Desk.EditMessage(number, id, long("second")))
	w.Hears(chat, "THE END second")
	require.Contains(t, chat.Message(first.ID).Text, "second", "its first part stands where the old words stood")
	for _, m := range chat.BotMessages() {
		require.LessOrEqual(t, telegramtest.UTF16Len(m.Text), 4096)
		require.NotContains(t, m.Text, "**")
	}
	require.Equal(t, 301, w.Said(chat, "second"))

	require.NoError(t, w.Desk.EditMessage(number, id, long("third")))
	w.Hears(chat, "THE END third")
	require.Equal(t, 301, w.Said(chat, "third"))
	require.Zero(t, w.Said(chat, "second"))

	require.NoError(t, w.Desk.EditMessage(number, id, "short again"))
	w.Becomes(first, "short again")
	w.Eventually(func() bool { return w.Said(chat, "third") == 0 })
	require.Equal(t, 1, w.Files(chat), "a file comes once")
}

func aReplyEditedWhileItIsToldEndsAsItNowIs(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "moving")
	w.Telegram.Slow(2*time.Second, telegramtest.Match{Method: "sendMessage", Chat: chat, Times: 1})
	id := w.Reply(number, strings.Repeat("outdated ", 1000))
	w.LookedAt(number, 3)
	require.NoError(t, w.Desk.EditMessage(number, id, "new"))
	w.LookedAt(number, 3)
	require.NoError(t, w.Desk.EditMessage(number, id, strings.Repeat("current ", 1000)))
	w.Eventually(func() bool { return w.Said(chat, "current") == 1000 && w.Said(chat, "outdated") == 0 })
}

func anEditedReplyWhoseMessageIsGoneIsToldAgain(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "gone")
	id := w.Reply(number, "Monday")
	w.Telegram.Remove(w.Hears(chat, "Monday"))
	require.NoError(t, w.Desk.EditMessage(number, id, "Tuesday"))
	w.Hears(chat, "Tuesday")
}

func equalMessageNumbersInTwoGroupsAreKeptApart(t *testing.T, w *bottest.World) {
	one, two := w.Telegram.NewSupergroup("One"), w.Telegram.NewSupergroup("Two")
	first, firstNumber := w.Ticket(one, "first")
	second, secondNumber := w.Ticket(two, "second")
	require.Equal(t, first.ID, second.ID)
	w.Reply(firstNumber, "for the first")
	w.Reply(secondNumber, "for the second")
	require.Equal(t, first.ID, w.Hears(one, "for the first").ReplyTo)
	require.Equal(t, second.ID, w.Hears(two, "for the second").ReplyTo)
	w.Add(w.Alice, two, "to the second", telegramtest.ReplyTo(second))
	ticket, _ := w.Desk.Ticket(firstNumber)
	require.Empty(t, ticket.Description)
	ticket, _ = w.Desk.Ticket(secondNumber)
	require.Contains(t, ticket.Description, "to the second")
	require.Zero(t, w.Said(one, "second"))
	require.Zero(t, w.Said(two, "first"))
}

func bombsOfMarkupAreShownAsText(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "bombs")
	for i, bomb := range []string{
		strings.Repeat("*", 5000), strings.Repeat("[", 3000) + strings.Repeat("](x)", 3000), strings.Repeat("> ", 2000) + "deep",
		"<b><i><u>" + strings.Repeat("<b>", 500) + "</a></pre>", "&#0;&#x110000;&amp;lt;\x00\u202e", "[x](javascript:alert(1)) ![y](http://a\"b)",
		strings.Repeat("```\n", 999), strings.Repeat("- ", 900) + "x", "<tg-emoji emoji-id=\"1\">x</tg-emoji>",
	} {
		_, err := w.Desk.Reply(number, "<b>Li", bomb+fmt.Sprintf("\n\nmark-%d.", i))
		require.NoError(t, err)
		w.Hears(chat, fmt.Sprintf("mark-%d.", i))
	}
}
