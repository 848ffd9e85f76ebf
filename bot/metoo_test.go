package bot_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

func TestATicketAboutATicketIsAskedAbout(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	bob := w.Telegram.NewPerson("Bob")
	chat.Join(bob)
	card, number := w.Ticket(chat, "The lift is stuck")

	offer := w.Say(bob, chat, "/ticket Me too", telegramtest.ReplyTo(card))
	require.Contains(t, offer.Text, "same trouble")
	require.Equal(t, 1, w.Desk.Count())
	require.Contains(t, w.Press(w.Alice, offer, "🎫 Open another"), "Only the person", "it is his choice")
	w.Press(bob, offer, "🔔 Follow “The lift is stuck”")
	require.Empty(t, w.Becomes(offer, "You follow ticket "+number).Buttons)
	w.Reply(number, "On our way")
	require.Contains(t, w.Hears(chat, "On our way").Text, "Bob")

	other := w.Say(bob, chat, "/ticket !high The door too", telegramtest.ReplyTo(card))
	another := other.Buttons[1][0].Data
	w.Press(bob, other, "🎫 Open another")
	w.Eventually(func() bool { return w.Desk.Count() == 2 })
	made := w.Desk.Tickets()[1]
	require.Equal(t, "The door too", made.Title)
	require.Equal(t, "high", made.Priority)
	require.Contains(t, made.Description, number, "it says which one it was a reply to")
	w.Forge(bob, card, another)
	w.Forge(bob, card, "join:"+strings.TrimPrefix(another, "new:"))
	w.Quiet(bob)
	require.Equal(t, 2, w.Desk.Count(), "a second press opens nothing")
}

func TestWhoAskedAddsToTheirTicketInPlaceOfAnother(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "The lift is stuck")
	offer := w.Say(w.Alice, chat, "/ticket Somebody is inside", telegramtest.ReplyTo(card))
	w.Press(w.Alice, offer, "Add to “The lift is stuck”")
	w.TicketIs(number, func(x livedesktest.Ticket) bool { return strings.Contains(x.Description, "Somebody is inside") })
	added, _ := w.Desk.Ticket(number)
	require.NotContains(t, added.Description, "/ticket")

	album := w.Telegram.Album(w.Alice, chat, "/ticket and a picture of it", w.Texts(2), telegramtest.ReplyTo(card))
	offer = w.Answer(album[0])
	w.Eventually(func() bool { return w.Count("offers WHERE cardinality(messages) = 2") == 1 })
	require.Zero(t, w.Count("files"), "no part goes anywhere before the choice")
	w.Press(w.Alice, offer, "Add to “The lift is stuck”")
	w.TicketIs(number, func(x livedesktest.Ticket) bool {
		return strings.Count(x.Description, "a picture of it") == 1 && len(x.Attachments) == 2
	})

	require.NoError(t, w.Desk.SetStatus(number, "closed"))
	w.Becomes(card, "Closed")
	w.Becomes(w.Say(w.Alice, chat, "/ticket Once more", telegramtest.ReplyTo(card)), "tk_")
	require.Equal(t, 2, w.Desk.Count(), "nothing can be added to a closed one, so nothing is asked")
}

func TestATicketThatIsClosedMeanwhileIsNotFollowedInPlaceOfANewOne(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	bob := w.Telegram.NewPerson("Bob")
	card, number := w.Ticket(chat, "lift")
	offer := w.Say(bob, chat, "/ticket Me too", telegramtest.ReplyTo(card))
	require.NoError(t, w.Desk.SetStatus(number, "closed"))
	w.Becomes(card, "Closed")
	require.Contains(t, w.Press(bob, offer, "🔔 Follow “lift”"), "closed")
	w.Press(bob, offer, "🎫 Open another")
	w.Hears(chat, "Me too")
}
