package bot_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
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
	require.Contains(t, page.Text, "11 open tickets · 1–8 of 11")
	requireOrder(t, page.Text, "lost – unconfirmed", "wrong key – waits for the operator", "number 0.", "number 5.")
	require.NotContains(t, page.Text, "number 6.")
	require.NotContains(t, page.Text, "over")
	require.Contains(t, page.Text, "Alice Liddell · Print shop")
	w.Press(w.Alice, page, "➡️")
	page = w.Becomes(page, "9–11 of 11")
	requireOrder(t, page.Text, "number 6.", "number 8.")
	w.Press(w.Alice, page, "⬅️")
	w.Becomes(page, "1–8 of 11")

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

func TestLists(t *testing.T) {
	t.Parallel()
	bottest.New(t).Parts(t,
		statusAllListsFinishedTicketsOfTheChatInPages, statusMineListsWhatIsOnesOwn,
	)
}

func statusAllListsFinishedTicketsOfTheChatInPages(t *testing.T, w *bottest.World) {
	chat, other := w.Telegram.NewSupergroup("Print shop"), w.Telegram.NewSupergroup("Elsewhere")
	_, resolved := w.Ticket(chat, "over")
	require.NoError(t, w.Desk.SetStatus(resolved, "resolved"))
	w.Hears(chat, "Resolved")
	for n := range 9 {
		w.Ticket(chat, fmt.Sprintf("number %d.", n))
	}
	foreign, _ := w.Ticket(other, "theirs")

	list := w.Say(w.Alice, chat, "/status all")
	require.Contains(t, list.Text, "10 tickets, finished ones too · 1–8 of 10")
	requireOrder(t, list.Text, "number 8.", "Alice Liddell", "number 1.")
	w.Press(w.Alice, list, "➡️")
	list = w.Becomes(list, "9–10 of 10")
	requireOrder(t, list.Text, "number 0.", "over – Resolved")
	require.NotContains(t, list.Text, "theirs")
	require.Contains(t, w.Say(w.Alice, chat, "/status").Text, "1–8 of 9", "without words only what is not finished")

	w.Press(w.Alice, list, resolved)
	require.Contains(t, w.Answer(list).Text, "over")
	require.Contains(t, w.Press(w.Alice, list, resolved), "earlier message")
	require.Len(t, w.Telegram.Replies(list), 1, "a second press opens it no second time")

	mallory := w.Telegram.NewPerson("Mallory")
	require.Contains(t, w.Forge(mallory, list, "show:"+w.Row(foreign)+":"), "does not belong")
	help := w.Say(mallory, chat, "/help")
	for _, data := range []string{"list:0:all.0.0", "show:" + w.Row(list) + ":"} {
		require.Contains(t, w.Forge(mallory, help, data), "does not belong", "only lists do that")
	}
	for _, data := range []string{"list:0:all.0", "list:0:any.0.0", "list:0:all.x.0", "list:0:all.0.-1", "list:x:all.0.0", "queue:0:0"} {
		require.Contains(t, w.Forge(mallory, list, data), "does not belong", data)
	}
}

func statusMineListsWhatIsOnesOwn(t *testing.T, w *bottest.World) {
	forum, other := w.Telegram.NewForum("F"), w.Telegram.NewSupergroup("Print shop")
	one, two := forum.NewTopic("One"), forum.NewTopic("Two")
	bob := w.Telegram.NewPerson("Bob")
	for _, chat := range []*telegramtest.Chat{forum, other} {
		chat.Join(bob)
	}
	w.Say(w.Alice, one, "/ticket of Alice")
	followed, _ := w.Ticket(one, "that Bob follows")
	w.Say(bob, one, "/follow", telegramtest.ReplyTo(followed))
	w.Say(bob, other, "/ticket elsewhere")

	list := w.Say(bob, two, "/status mine").Text
	require.Contains(t, list, "1 open ticket of yours in this chat")
	require.Contains(t, list, "that Bob follows")
	require.Contains(t, w.Say(bob, two, "/status ALLE meine").Text, "that Bob follows", "in any language")
	private := w.Say(bob, w.Telegram.Private(bob), "/status")
	requireOrder(t, private.Text, "2 open tickets of yours", "elsewhere", "Print shop", "that Bob follows", "F › One")
	require.NotContains(t, private.Text, "Alice")

	alice := fmt.Sprint(w.Alice.ID)
	w.Forge(bob, private, "list:"+alice+":all.0.0")
	require.NotContains(t, w.Becomes(private, "2 tickets").Text, "of Alice", "a forged button shows nobody else's")
	other.Leave(bob)
	w.Forge(bob, private, "list:"+alice+":all.0.0")
	require.NotContains(t, w.Becomes(private, "1 ticket,").Text, "elsewhere")
}

func TestStaffListTicketsOfAllChats(t *testing.T) {
	t.Parallel()
	w := bottest.New(t, func(w *bottest.World) { w.Config.StaffChats = []int64{-1005550001} })
	staff := w.Telegram.NewSupergroup("Staff", telegramtest.ID(-1005550001))
	_, number := w.Ticket(w.Telegram.NewSupergroup("Print shop"), "jam")
	require.NoError(t, w.Desk.SetStatus(number, "closed"))
	list := w.Say(w.Telegram.NewPerson("Bob"), staff, "/status all")
	requireOrder(t, list.Text, "1 ticket", "jam – Closed", "Alice Liddell · Print shop")
	w.Press(w.Alice, list, number)
	require.Contains(t, w.Answer(list).Text, "jam")
	require.Contains(t, w.Say(w.Telegram.NewPerson("Zoe"), staff, "/status mine").Text, "You have no open tickets.")
}
