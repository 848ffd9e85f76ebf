package bot_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
)

func TestWhatIsSaidInAStaffChatAboutATicketStaysThere(t *testing.T) {
	t.Parallel()
	w := bottest.New(t, func(w *bottest.World) { w.Config.StaffChats = []int64{-1005550001} })
	staff := w.Telegram.NewSupergroup("Staff", telegramtest.ID(-1005550001))
	_, number := w.Ticket(w.Telegram.NewSupergroup("S"), "theirs")
	shown := w.Say(w.Alice, staff, "/status "+number)
	w.Telegram.Say(w.Alice, staff, "what a nuisance", telegramtest.ReplyTo(shown))
	w.Quiet(w.Alice)
	w.Looked(4)
	ticket, _ := w.Desk.Ticket(number)
	require.Empty(t, ticket.Description)
}

func TestFollowUpsCanBeLeftToLiveDesk(t *testing.T) {
	t.Parallel()
	w := bottest.New(t, func(w *bottest.World) { w.Config.FollowUps = false })
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "quiet")
	w.Telegram.Say(w.Alice, chat, "more", telegramtest.ReplyTo(card))
	w.Ticket(chat, "next")
	ticket, _ := w.Desk.Ticket(number)
	require.Empty(t, ticket.Description)
}
