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
			press, err := w.Telegram.Press(w.Alice, unconfirmed, unconfirmed.Buttons[0][0].Text)
			require.NoError(t, err)
			answer, err := press.Wait(w.Context())
			require.NoError(t, err)
			require.Contains(t, answer.Text, "Sending it again")
			require.Eventually(t, func() bool { return len(w.Desk.Tickets()) == 2 }, 30*time.Second, 10*time.Millisecond)
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
	foreign := strings.SplitN(theirs.Buttons[0][0].Data, ":", 3)[1]
	for _, action := range []string{"again", "leave", "refresh", "talk", "page", "follow", "menu", "set", "AGAIN", "drop"} {
		for _, rest := range []string{
			":" + foreign + ":1", ":" + foreign + ":", ":" + foreign, "", ":", "::", ":x:y", ":-1:1", ":0:0", ":99999999999999999999:1",
			":1:99999999999999999999", ":1:-1", ":1:priority=urgent", ":1:status=closed", ":1:\x00", ":1:'; DROP TABLE tickets",
		} {
			press := w.Telegram.Forge(w.Alice, mine, action+rest)
			_, err := press.Wait(w.Context())
			require.NoError(t, err, "every press is answered: %s%s", action, rest)
		}
	}
	require.Equal(t, seen, w.Desk.Seen(livedesktest.Create))
	require.Zero(t, w.Desk.Seen(livedesktest.Update))
	require.NotContains(t, fmt.Sprint(saidIn(chat)), "secret")
	require.Contains(t, theirs.Chat.Message(theirs.ID).Text, "may have arrived")
}

// saidIn is what the bot said in a chat.
func saidIn(chat *telegramtest.Chat) []string {
	var all []string
	for _, m := range chat.BotMessages() {
		all = append(all, m.Text)
	}
	return all
}

func TestAConversationIsShownOnlyWhereTheTicketMayBeSeen(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	group := w.Telegram.NewSupergroup("S")
	w.Say(w.Alice, w.Telegram.Private(w.Alice), "/start")
	end := w.Desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Unavailable(0))
	w.Say(w.Alice, group, "/ticket lost chat")
	group.SetBot(telegramtest.Kicked, w.Alice)
	end()
	card := w.Hears(w.Telegram.Private(w.Alice), "tk_")
	_, err := w.Desk.Reply(w.Number(card), "Agent", "only for the group")
	require.NoError(t, err)
	ticket := strings.SplitN(card.Buttons[0][0].Data, ":", 3)[1]

	_, err = w.Telegram.Forge(w.Alice, card, "talk:"+ticket+":0").Wait(w.Context())
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprint(saidIn(card.Chat)), "only for the group", "Telegram does not say that she is still a member")
}

func TestAButtonMayBePressedBeforeItsMessageIsRecorded(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	card, _ := w.Ticket(chat, "at once")
	w.Eventually(func() bool {
		return w.SQL(`UPDATE posts SET message_id = -message_id WHERE message_id = $1`, card.ID) == 1
	}, "the card is not recorded")
	pressed, err := w.Telegram.Press(w.Alice, card, "Priority")
	require.NoError(t, err)
	time.AfterFunc(300*time.Millisecond, func() {
		_, _ = w.DB().Exec(w.Context(), `UPDATE posts SET message_id = -message_id WHERE message_id < 0`)
	})
	answer, err := pressed.Wait(w.Context())
	require.NoError(t, err)
	require.Empty(t, answer.Text)
	_, err = w.Telegram.Press(w.Alice, chat.Message(card.ID), "Low priority")
	require.NoError(t, err)
}
