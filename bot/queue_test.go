package bot_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/livedesk/livedesktest"
)

func TestStatusInAStaffChatIsTheQueueInPages(t *testing.T) {
	t.Parallel()
	w := bottest.New(t, func(w *bottest.World) { w.Config.PerMinute = 0 })
	w.Stop()
	staff := w.Telegram.NewSupergroup("Staff")
	w.Config.StaffChats = []int64{staff.ID}
	w.Start()
	require.Contains(t, w.Say(w.Alice, staff, "/status").Text, "No open tickets anywhere")
	chat := w.Telegram.NewSupergroup("Print shop")
	for n := range 9 {
		w.Ticket(chat, fmt.Sprintf("number %d.", n))
	}
	_, resolved := w.Ticket(chat, "over")
	require.NoError(t, w.Desk.SetStatus(resolved, "resolved"))
	w.Hears(chat, "Resolved")
	w.Desk.Trouble(livedesktest.Create, 1, livedesktest.StoreThenLose())
	card := w.Say(w.Alice, chat, "/ticket lost")
	w.Becomes(card, "may have arrived")
	w.Desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Refuse(401, livedesktest.Envelope))
	w.Becomes(w.Say(w.Alice, chat, "/ticket wrong key"), "Not with the support team")

	page := w.Say(w.Alice, staff, "/status")
	require.Contains(t, page.Text, "11 open tickets (1/2)")
	requireOrder(t, page.Text, "lost – unconfirmed", "wrong key – waits for the operator", "number 0.", "number 5.")
	require.NotContains(t, page.Text, "number 6.")
	require.NotContains(t, page.Text, "over")
	require.Contains(t, page.Text, "Alice Liddell · Print shop")
	w.Press(w.Alice, page, "➡️")
	page = w.Becomes(page, "(2/2)")
	requireOrder(t, page.Text, "number 6.", "number 8.")
	w.Press(w.Alice, page, "⬅️")
	w.Becomes(page, "(1/2)")

	require.Contains(t, w.Say(w.Alice, chat, "/status").Text, "in this chat", "customers see their own")
	bob := w.Telegram.NewPerson("Bob")
	require.Contains(t, w.Forge(bob, card, "queue:0:0"), "does not belong")
	help := w.Say(bob, staff, "/help")
	require.Contains(t, w.Forge(bob, help, "queue:0:0"), "does not belong", "only the list turns its pages")
	for _, page := range []string{"-1", "x", "", "99999999999999999999"} {
		require.Contains(t, w.Forge(bob, help, "queue:0:"+page), "does not belong")
	}
}

// requireOrder requires that texts stand in a text one after the other.
func requireOrder(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		_, after, found := strings.Cut(text, part)
		require.True(t, found, "%q does not stand in its place in\n%s", part, text)
		text = after
	}
}
