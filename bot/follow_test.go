package bot_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
)

func TestFollowAndPrivateStatus(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
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
