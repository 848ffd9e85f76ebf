package bot_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

func TestUnconfirmedIsDecidedByItsButtons(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	bob, admin := w.Telegram.NewPerson("Bob"), w.Telegram.NewPerson("Admin")
	chat.Join(bob)
	chat.SetMember(admin, telegramtest.Administrator)
	w.Desk.Trouble(livedesktest.Create, 2, livedesktest.StoreThenLose())
	unconfirmed := w.Say(w.Alice, chat, "/ticket lost")
	again := unconfirmed.Buttons[0][0].Data
	for _, data := range []string{"menu:" + w.Row(unconfirmed) + ":", "follow:" + w.Row(unconfirmed) + ":", "notify:" + w.Row(unconfirmed) + ":on"} {
		require.Contains(t, w.Forge(bob, unconfirmed, data), "already decided")
	}
	require.Equal(t, again, chat.Message(unconfirmed.ID).Buttons[0][0].Data, "nobody takes the decision away")

	require.Contains(t, w.Forge(bob, unconfirmed, again), "Only the person")
	elsewhere := w.Say(bob, w.Telegram.NewSupergroup("Elsewhere"), "/help")
	require.Contains(t, w.Forge(bob, elsewhere, again), "does not belong")
	require.Contains(t, w.Forge(w.Alice, elsewhere, again), "does not belong")
	require.Len(t, w.Desk.Tickets(), 1)

	require.Contains(t, w.Forge(w.Alice, unconfirmed, again), "Sending")
	second := w.Becomes(unconfirmed, "may have arrived")
	w.Eventually(func() bool { return len(w.Desk.Tickets()) == 2 })
	require.Contains(t, w.Forge(w.Alice, unconfirmed, again), "already decided")
	w.Eventually(func() bool {
		second = chat.Message(unconfirmed.ID)
		return second.Buttons[0][0].Data != again
	})
	require.Contains(t, w.Forge(admin, second, second.Buttons[0][0].Data), "Sending")
	w.Becomes(unconfirmed, "tk_")
	require.Contains(t, w.Forge(admin, second, second.Buttons[0][1].Data), "already decided")
	tickets := w.Desk.Tickets()
	require.Len(t, tickets, 3)
	require.Len(t, w.Desk.Creates(), 1, "all attempts carry the same reference")
}

func TestLeavingAnUnconfirmedTicketEndsIt(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	w.Desk.Trouble(livedesktest.Create, 1, livedesktest.Cut())
	unconfirmed := w.Say(w.Alice, w.Telegram.NewSupergroup("S"), "/ticket lost")
	w.Press(w.Alice, unconfirmed, "Leave it")
	left := w.Becomes(unconfirmed, "Left as it is")
	require.Empty(t, left.Buttons)
	require.Empty(t, w.Desk.Tickets())
}

func TestWhoWasToldToWaitIsToldOnceThatTheTicketIsUnconfirmed(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	back := w.Desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Unavailable(0))
	card := w.Say(w.Alice, chat, "/ticket lights out")
	require.Contains(t, card.Text, "keep trying")
	w.Desk.Trouble(livedesktest.Create, 2, livedesktest.StoreThenLose())
	back()
	decide := w.Hears(chat, "choose above")
	require.Contains(t, decide.Text, "Alice")
	require.Equal(t, card.ID, decide.ReplyTo)
	w.Becomes(card, "may have arrived")

	w.Eventually(func() bool { return w.Count("tickets WHERE told = version AND tell_at IS NULL") == 1 })
	require.Len(t, chat.BotMessages(), 2)
}

func TestWhatIsUnconfirmedAtFirstIsOneMessage(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	w.Desk.Trouble(livedesktest.Create, 1, livedesktest.StoreThenLose())
	w.Say(w.Alice, chat, "/ticket lost")
	w.Eventually(func() bool { return w.Count("tickets WHERE told = version AND tell_at IS NULL") == 1 })
	require.Len(t, chat.BotMessages(), 1)
	require.Zero(t, w.Count("notices"))
}
