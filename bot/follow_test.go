package bot_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
)

func TestFollowing(t *testing.T) {
	t.Parallel()
	bottest.New(t).Parts(t,
		followAndPrivateStatus, aPressOnFollowAsksWhatItsPresserWants,
	)
}

func followAndPrivateStatus(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "Shared trouble")
	bob := w.Telegram.NewPerson("Bob")
	private := w.Telegram.Private(bob)
	require.Contains(t, w.Say(bob, private, "/status "+number).Text, "no ticket")
	require.Contains(t, w.Say(bob, chat, "/follow "+number).Text, "You follow")
	require.Contains(t, w.Say(bob, private, "/status").Text, "Shared trouble")
	require.Contains(t, w.Say(bob, private, "/status "+number).Text, "Shared trouble")
	chat.Leave(bob)
	require.NotContains(t, w.Say(bob, private, "/status").Text, "Shared trouble")
	require.Contains(t, w.Say(bob, private, "/status "+number).Text, "no ticket")
	require.Contains(t, w.Say(bob, private, "/follow "+number).Text, "no ticket")
}

func aPressOnFollowAsksWhatItsPresserWants(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "Shared trouble")
	bob := w.Telegram.NewPerson("Bob")
	chat.Join(bob)
	row := w.Row(card)

	for range 2 { // who asked for the ticket is not silenced by a press
		require.Contains(t, w.Forge(w.Alice, card, "follow:"+row+":"), "You follow this ticket")
		require.Contains(t, w.Forge(bob, card, "follow:"+row+":"), "You do not follow")
	}
	w.Press(bob, card, "↩️ Back")
	w.Press(bob, card, "🔔 Follow / unfollow")
	require.Contains(t, w.Press(bob, card, "🔔 Follow"), "You follow ticket "+number)
	require.Contains(t, w.Forge(bob, card, "notify:"+row+":on"), "You follow ticket "+number, "a second press changes nothing")
	require.Contains(t, w.Forge(w.Alice, card, "follow:"+row+":"), "You follow this ticket")
	require.Contains(t, w.Press(w.Alice, card, "🔕 Stop following"), "do not follow ticket "+number)
	require.Contains(t, w.Forge(w.Alice, card, "follow:"+row+":"), "You do not follow")

	w.Reply(number, "Is it plugged in?")
	said := w.Hears(chat, "Is it plugged in?").Text
	require.Contains(t, said, "Bob")
	require.NotContains(t, said, "Alice")
	require.Contains(t, w.Forge(bob, w.Say(bob, chat, "/help"), "notify:"+row+":off"), "does not belong")
	require.Contains(t, w.Forge(bob, card, "notify:"+row+":maybe"), "does not belong")
}
