package desk_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

func TestATimeInWhichLiveDeskKnowsNoTicketIsAnOutage(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "mine")
	w.Ticket(chat, "another")
	w.Looked(2)
	end := w.Desk.Trouble(livedesktest.Get, livedesktest.Always, livedesktest.Refuse(http.StatusNotFound, livedesktest.Envelope))
	w.Looked(8)
	w.SQL(`UPDATE tickets SET missed_at = missed_at - interval '1 hour'`)
	added := w.Telegram.Say(w.Alice, chat, "more", telegramtest.ReplyTo(card))
	asked := w.Say(w.Alice, chat, "/status "+number)
	require.NotContains(t, asked.Text, "does not know", "nor who asks")
	_, err := w.Desk.Reply(number, "Kenji", "Is it better?")
	require.NoError(t, err)
	w.Looked(8)
	end()
	w.Hears(chat, "Is it better?")
	w.Reacts(added)
	require.Zero(t, w.Said(chat, "does not know"))
	require.Zero(t, w.Count("tickets WHERE status = 'gone' OR missed > 1"))
}

func TestATicketThatComesBackIsFollowedOnWithoutAWrongWord(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ before, after, said string }{
		"as it was":             {"in_progress", "in_progress", ""},
		"resolved, as it was":   {"resolved", "resolved", ""},
		"resolved meanwhile":    {"open", "resolved", "Resolved: ticket"},
		"reopened meanwhile":    {"resolved", "in_progress", "Reopened: ticket"},
		"in progress meanwhile": {"open", "in_progress", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := bottest.New(t)
			chat := w.Telegram.NewSupergroup("S")
			card, number := w.Ticket(chat, "mine")
			w.Ticket(chat, "another")
			words := map[string]string{"open": "Open", "in_progress": "In progress", "resolved": "Resolved"}
			require.NoError(t, w.Desk.SetStatus(number, test.before))
			w.Becomes(card, words[test.before])
			w.Looked(2)
			back := w.Missing(number)
			w.Becomes(card, "Not with LiveDesk")
			w.Hears(chat, "does not know ticket")
			require.Contains(t, w.Say(w.Alice, chat, "/status "+number).Text, "does not know ticket")
			said := len(chat.BotMessages())

			require.NoError(t, w.Desk.SetStatus(number, test.after))
			_, err := w.Desk.Reply(number, "Kenji", "We are back")
			require.NoError(t, err)
			back()
			w.Hears(chat, "We are back")
			require.NotEmpty(t, w.Becomes(card, words[test.after]).Buttons)
			if test.said != "" {
				w.Hears(chat, test.said)
				said++
			}
			w.Looked(4)
			require.Len(t, chat.BotMessages(), said+1, "%v", chat.BotMessages())
		})
	}
}

func TestAMissingTicketIsLookedAtEverMoreRarelyAndOneThatIsGoneToo(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "mine")
	w.Ticket(chat, "another")
	w.Missing(number)
	w.Hears(chat, "does not know ticket")
	rows := `tickets WHERE ticket_id = '` + number + `'`
	for quiet, next := range map[string]string{
		"5 hours": `due_at BETWEEN now() + interval '14 minutes' AND now() + interval '16 minutes'`, "8 days": "due_at IS NULL",
	} {
		w.SQL(`UPDATE tickets SET changed_at = now() - $2::interval, due_at = now() WHERE ticket_id = $1`, number, quiet)
		w.Eventually(func() bool { return w.Count(rows+" AND "+next) == 1 }, quiet)
	}
}
