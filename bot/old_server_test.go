package bot_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

// A self-hosted server may be years old, and knows neither dates nor reactions nor what buttons have become since.
func TestAStoryPlaysOnOldServers(t *testing.T) {
	t.Parallel()
	for name, strict := range map[string]bool{"that ignore what they do not know": false, "that refuse it": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := bottest.NewWith(t, telegramtest.Options{Old: true, Strict: strict})
			chat := w.Telegram.NewSupergroup("S")
			card, number := w.Ticket(chat, "The lamp flickers")
			for _, b := range slices.Concat(card.Buttons...) {
				require.NotEmpty(t, b.Data, "it has no use for %s", b.Text)
			}
			require.NoError(t, w.Desk.Change(number, func(x *livedesktest.Ticket) { x.Priority = "high" }))
			w.Becomes(card, "High priority")

			added := w.Telegram.Say(w.Alice, chat, "It got worse", telegramtest.ReplyTo(card))
			require.Contains(t, w.Answer(added).Text, "Added")
			w.Reply(number, "On our way")
			w.Hears(chat, "On our way")
			require.Contains(t, w.Say(w.Alice, chat, "/status "+number).Text, "Opened")
			require.NotEmpty(t, w.Press(w.Alice, card, "🔔 Follow / unfollow"))
			require.NoError(t, w.Desk.SetStatus(number, "resolved"))
			w.Becomes(card, "Resolved")

			w.Desk.Trouble(livedesktest.Create, 1, livedesktest.StoreThenLose())
			unconfirmed := w.Say(w.Alice, chat, "/ticket And again")
			require.Contains(t, unconfirmed.Text, "may have arrived")
			w.Press(w.Alice, unconfirmed, "🔁 Send again")
			w.Becomes(unconfirmed, "tk_")

			refused := 0
			for _, c := range w.Telegram.Calls() {
				if c.Status == 400 {
					refused++
				}
			}
			require.LessOrEqual(t, refused, 3, "what the server does not know is found out once")
		})
	}
}

func TestTheFewButtonsThatStandOut(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "x")
	last := card.Buttons[len(card.Buttons)-1]
	require.Equal(t, number, last[len(last)-1].CopyText.Text)
	w.Desk.Trouble(livedesktest.Create, 1, livedesktest.StoreThenLose())
	decide := w.Say(w.Alice, chat, "/ticket lost").Buttons[0]
	require.Equal(t, "primary", decide[0].Style)
	require.Equal(t, "danger", decide[1].Style)
}
