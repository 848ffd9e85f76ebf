package bot

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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
			w := newWorld(t)
			w.desk.Trouble(livedesktest.Create, 1, livedesktest.StoreThenLose())
			unconfirmed := w.say(w.alice, w.telegram.NewSupergroup("S"), "/ticket lost")
			trouble(w.telegram, telegramtest.Match{Method: "answerCallbackQuery", Times: 1})
			press, err := w.telegram.Press(w.alice, unconfirmed, unconfirmed.Buttons[0][0].Text)
			require.NoError(t, err)
			answer, err := press.Wait(w.context())
			require.NoError(t, err)
			require.Contains(t, answer.Text, "Sending it again")
			require.Eventually(t, func() bool { return len(w.desk.Tickets()) == 2 }, 30*time.Second, 10*time.Millisecond)
		})
	}
}

func TestForgedButtonsDoNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	mine := w.say(w.alice, chat, "/ticket mine")
	w.desk.Trouble(livedesktest.Create, 1, livedesktest.StoreThenLose())
	theirs := w.say(w.alice, w.telegram.NewSupergroup("Theirs"), "/ticket secret")
	seen := w.desk.Seen(livedesktest.Create)
	foreign := strings.SplitN(theirs.Buttons[0][0].Data, ":", 3)[1]
	for _, action := range []string{"again", "leave", "refresh", "talk", "page", "follow", "menu", "set", "AGAIN", "drop"} {
		for _, rest := range []string{
			":" + foreign + ":1", ":" + foreign + ":", ":" + foreign, "", ":", "::", ":x:y", ":-1:1", ":0:0", ":99999999999999999999:1",
			":1:99999999999999999999", ":1:-1", ":1:priority=urgent", ":1:status=closed", ":1:\x00", ":1:'; DROP TABLE tickets",
		} {
			press := w.telegram.Forge(w.alice, mine, action+rest)
			_, err := press.Wait(w.context())
			require.NoError(t, err, "every press is answered: %s%s", action, rest)
		}
	}
	require.Equal(t, seen, w.desk.Seen(livedesktest.Create))
	require.Zero(t, w.desk.Seen(livedesktest.Update))
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
	w := newWorld(t)
	group := w.telegram.NewSupergroup("S")
	w.say(w.alice, w.telegram.Private(w.alice), "/start")
	end := w.desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Unavailable(0))
	w.say(w.alice, group, "/ticket lost chat")
	group.SetBot(telegramtest.Kicked, w.alice)
	end()
	card := w.hears(w.telegram.Private(w.alice), "tk_")
	_, err := w.desk.Reply(w.number(card), "Agent", "only for the group")
	require.NoError(t, err)
	ticket := strings.SplitN(card.Buttons[0][0].Data, ":", 3)[1]

	_, err = w.telegram.Forge(w.alice, card, "talk:"+ticket+":0").Wait(w.context())
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprint(saidIn(card.Chat)), "only for the group", "Telegram does not say that she is still a member")
}

func TestAButtonMayBePressedBeforeItsMessageIsRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	card, _ := w.ticket(chat, "at once")
	store := w.bot.Load().store
	require.Eventually(t, func() bool {
		tag, err := store.Pool().Exec(t.Context(), `UPDATE posts SET message_id = -message_id WHERE message_id = $1`, card.ID)
		return err == nil && tag.RowsAffected() == 1
	}, 30*time.Second, 10*time.Millisecond)
	pressed, err := w.telegram.Press(w.alice, card, "Priority")
	require.NoError(t, err)
	time.AfterFunc(300*time.Millisecond, func() {
		_, _ = store.Pool().Exec(w.context(), `UPDATE posts SET message_id = -message_id WHERE message_id < 0`)
	})
	answer, err := pressed.Wait(w.context())
	require.NoError(t, err)
	require.Empty(t, answer.Text)
	_, err = w.telegram.Press(w.alice, chat.Message(card.ID), "Low priority")
	require.NoError(t, err)
}
