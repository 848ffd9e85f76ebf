package bot_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

func TestConversation(t *testing.T) {
	t.Parallel()
	bottest.New(t).Parts(t,
		aConversationHasBothSides, aConversationStandsOnceInAChat,
	)
}

func aConversationHasBothSides(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "jam\nIt **blinks**.")
	w.Telegram.Say(w.Alice, chat, "twice now", telegramtest.ReplyTo(card))
	w.TicketIs(number, func(ticket livedesktest.Ticket) bool { return strings.Contains(ticket.Description, "twice now") })
	w.Reply(number, "Is it **red**?\n\n> twice now\n\n"+strings.Repeat("Please look. ", 100))
	for _, m := range []livedesktest.Message{
		{SenderType: "contact", SenderName: "Alice", Content: "by mail: yes"},
		{SenderType: "contact", SenderName: "Alice", Content: "NOT FLAGGED", Omit: []string{"is_internal"}},
		{SenderType: "contact", SenderName: "Alice", Content: "INTERNAL", Internal: true},
		{SenderType: "user", SenderName: "Somebody", Content: "UNKNOWN SIDE"},
	} {
		_, err := w.Desk.Message(number, m)
		require.NoError(t, err)
	}

	w.Press(w.Alice, card, "💬 Conversation")
	talk := w.Hears(chat, "by mail")
	requireOrder(t, talk.Text, "👤 Alice", "by mail: yes", "💬 Li", "Is it red?", "👤 Alice Liddell", "twice now", "👤 Alice Liddell", "It blinks.")
	for _, secret := range []string{"NOT FLAGGED", "INTERNAL", "UNKNOWN SIDE", "###"} {
		require.NotContains(t, talk.Text, secret)
	}
	kinds := map[string]int{}
	for _, e := range talk.Entities {
		kinds[e.Type]++
	}
	require.Equal(t, 1, kinds["expandable_blockquote"], "what is long is folded")
	require.Equal(t, 3, kinds["blockquote"], "and no quotation stands in another")
	require.Equal(t, 3, kinds["bold"], "the number, and what was written so")
	require.Equal(t, 4, kinds["date_time"])
}

func aConversationStandsOnceInAChat(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "jam")
	bob := w.Telegram.NewPerson("Bob")
	chat.Join(bob)
	require.Empty(t, w.Press(w.Alice, card, "💬 Conversation"))
	talk := w.Hears(chat, "(1/1)")
	w.Reply(number, "have a look")
	w.Hears(chat, "have a look")
	require.Contains(t, w.Press(bob, card, "💬 Conversation"), "earlier message")
	require.Contains(t, chat.Message(talk.ID).Text, "have a look")
	require.Contains(t, w.Press(bob, card, "💬 Conversation"), "earlier message", "also where nothing has changed")

	w.Stop()
	w.Start()
	w.Press(bob, card, "💬 Conversation")
	conversations := slices.DeleteFunc(chat.BotMessages(), func(m *telegramtest.Message) bool { return !strings.Contains(m.Text, "(1/1)") })
	require.Len(t, conversations, 1, "the next process knows it too")
	status := w.Say(w.Alice, chat, "/status", telegramtest.ReplyTo(talk))
	require.Contains(t, status.Text, number, "a reply to it is about the ticket")
	require.Contains(t, w.Forge(w.Alice, card, "page:"+w.Row(card)+":0"), "does not belong", "the card stays a card")
}
