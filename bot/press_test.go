package bot_test

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

func TestAPressTakesEffectOnceAlsoWhereItsAnswerGetsLost(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]func(*telegramtest.Server, telegramtest.Match){
		"a broken server": (*telegramtest.Server).ServerError,
		"a limit": func(s *telegramtest.Server, m telegramtest.Match) {
			s.Fail(429, "Too Many Requests: retry after 1", m)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := bottest.New(t)
			w.Desk.Trouble(livedesktest.Create, 1, livedesktest.StoreThenLose())
			unconfirmed := w.Say(w.Alice, w.Telegram.NewSupergroup("S"), "/ticket lost")
			trouble(w.Telegram, telegramtest.Match{Method: "answerCallbackQuery", Times: 1})
			require.Contains(t, w.Press(w.Alice, unconfirmed, "🔁 Send again"), "Sending it again")
			w.Eventually(func() bool { return len(w.Desk.Tickets()) == 2 })
		})
	}
}

func TestForgedButtonsDoNothing(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	mine := w.Say(w.Alice, chat, "/ticket mine")
	w.Desk.Trouble(livedesktest.Create, 1, livedesktest.StoreThenLose())
	theirs := w.Say(w.Alice, w.Telegram.NewSupergroup("Theirs"), "/ticket secret")
	seen := w.Desk.Seen(livedesktest.Create)
	foreign := w.Row(theirs)
	for _, action := range []string{"again", "leave", "refresh", "talk", "page", "follow", "notify", "menu", "set", "queue", "AGAIN", "drop"} {
		for _, rest := range []string{
			":" + foreign + ":1", ":" + foreign + ":", ":" + foreign, "", ":", "::", ":x:y", ":-1:1", ":0:0", ":99999999999999999999:1",
			":1:99999999999999999999", ":1:-1", ":1:priority=urgent", ":1:status=closed", ":1:\x00", ":1:'; DROP TABLE tickets",
		} {
			w.Forge(w.Alice, mine, action+rest) // every press is answered
		}
	}
	require.Equal(t, seen, w.Desk.Seen(livedesktest.Create))
	require.Zero(t, w.Desk.Seen(livedesktest.Update))
	require.Zero(t, w.Said(chat, "secret"))
	require.Contains(t, theirs.Chat.Message(theirs.ID).Text, "may have arrived")
}

func TestPresses(t *testing.T) {
	t.Parallel()
	bottest.New(t).Parts(t,
		aConversationIsShownOnlyWhereTheTicketMayBeSeen, forgedPressesChangeNothing, buttonsOfTheCard,
	)
}

func aConversationIsShownOnlyWhereTheTicketMayBeSeen(t *testing.T, w *bottest.World) {
	group := w.Telegram.NewSupergroup("S")
	w.Say(w.Alice, w.Telegram.Private(w.Alice), "/start")
	end := w.Desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Unavailable(0))
	w.Say(w.Alice, group, "/ticket lost chat")
	group.SetBot(telegramtest.Kicked, w.Alice)
	end()
	card := w.Hears(w.Telegram.Private(w.Alice), "tk_")
	w.Reply(w.Number(card), "only for the group")

	w.Forge(w.Alice, card, "talk:"+w.Row(card)+":0")

	require.Zero(t, w.Said(card.Chat, "only for the group"), "Telegram does not say that she is still a member")
}

func TestAButtonMayBePressedBeforeItsMessageIsRecorded(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	card, _ := w.Ticket(chat, "at once")
	w.Eventually(func() bool {
		return w.SQL(`UPDATE posts SET message_id = -message_id WHERE message_id = $1`, card.ID) == 1
	})
	pressed, err := w.Telegram.Press(w.Alice, card, "Priority")
	require.NoError(t, err)
	time.AfterFunc(300*time.Millisecond, func() {
		_, _ = w.DB().Exec(w.Context(), `UPDATE posts SET message_id = -message_id WHERE message_id < 0`)
	})
	answer, err := pressed.Wait(w.Context())
	require.NoError(t, err)
	require.Empty(t, answer.Text)
	w.Press(w.Alice, card, "Low priority")
}

func forgedPressesChangeNothing(t *testing.T, w *bottest.World) {
	chat, other := w.Telegram.NewSupergroup("S"), w.Telegram.NewSupergroup("Elsewhere")
	card, number := w.Ticket(chat, "mine")
	otherCard, _ := w.Ticket(other, "theirs")
	id, mallory := w.Row(card), w.Telegram.NewPerson("Mallory")
	chat.Join(mallory)
	for _, data := range []string{
		"set:" + id + ":priority=urgent", "set:" + id + ":priority=", "set:" + id + ":status=closed", "set:" + id + ":", "menu:" + id + ":status",
		"set:999:priority=low", "set:-1:priority=low", "set:" + id, "refresh", "talk:" + id + ":-1", "page:" + id + ":x", "", strings.Repeat("x", 64),
	} {
		w.Forge(w.Alice, card, data)
	}
	require.Contains(t, w.Forge(mallory, card, "set:"+id+":priority=low"), "Only the person")
	require.Contains(t, w.Forge(w.Alice, otherCard, "set:"+id+":priority=low"), "does not belong")
	require.Contains(t, w.Forge(mallory, otherCard, "talk:"+id+":0"), "does not belong")
	w.LookedAt(number, 4)
	ticket, _ := w.Desk.Ticket(number)
	require.Empty(t, ticket.UpdateBodies)
}

func buttonsOfTheCard(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "buttons")
	bob := w.Telegram.NewPerson("Bob")
	chat.Join(bob)
	require.Contains(t, w.Press(bob, card, "Priority"), "Only the person")
	w.Press(w.Alice, card, "Priority")
	require.Contains(t, w.Press(w.Alice, card, "Low priority"), "Changing")
	w.Becomes(card, "Low priority")
	ticket, _ := w.Desk.Ticket(number)
	require.Equal(t, "low", ticket.Priority)
	w.Press(w.Alice, card, "Type")
	w.Press(w.Alice, card, "Task")
	w.Becomes(card, "Task")

	w.Press(bob, card, "🔔 Follow / unfollow")
	require.Contains(t, w.Press(bob, card, "🔔 Follow"), "You follow")
	w.Reply(number, "for both")
	require.Contains(t, w.Hears(chat, "for both").Text, "Bob")
	for i := range 12 {
		w.Reply(number, fmt.Sprintf("page text %d %s", i, strings.Repeat("x", 600)))
	}
	_, err := w.Desk.Note(number, "Li", "SECRET")
	require.NoError(t, err)
	w.Press(bob, card, "💬 Conversation")
	talk := w.Hears(chat, "(1/")
	w.Press(bob, talk, "➡️")
	require.NotContains(t, w.Becomes(talk, "(2/").Text, "SECRET")
	require.Contains(t, w.Press(bob, card, "🔄 Refresh"), "Asking")
}

func TestAFinishedTicketOffersNoChanges(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "done soon")
	row := w.Row(card)
	offered := func() string { return fmt.Sprint(chat.Message(card.ID).Buttons) }
	require.Contains(t, offered(), "Priority")
	require.NoError(t, w.Desk.SetStatus(number, "resolved"))
	w.Becomes(card, "Resolved")
	require.NotContains(t, offered(), "Priority")
	for _, data := range []string{"menu:" + row + ":priority", "set:" + row + ":priority=high"} {
		require.Contains(t, w.Forge(w.Alice, card, data), "finished")
	}
	require.Zero(t, w.Count("additions"))
	require.NoError(t, w.Desk.SetStatus(number, "open"))
	w.Becomes(card, "Open")
	require.Contains(t, offered(), "Priority")
}
