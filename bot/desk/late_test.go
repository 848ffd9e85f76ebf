package desk_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/livedesk/livedesktest"
)

func TestAConfirmationThatComesAfterAPressKeepsTheTicketFromBeingSentAgain(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	release := make(chan struct{})
	w.Desk.Trouble(livedesktest.Create, 1, livedesktest.Hold(release))
	asked := w.Telegram.Say(w.Alice, chat, "/ticket mine")
	require.NoError(t, w.Desk.Await(w.Context(), func() bool { return w.Desk.Seen(livedesktest.Create) == 1 }))
	// What others do with the work of a process that they take for dead.
	require.EqualValues(t, 1, w.SQL(`UPDATE tickets SET owner = NULL, state = 'unconfirmed', reason = 'crash', version = version + 1, tell_at = now()`))
	unconfirmed := w.Answer(asked)

	bob := w.Telegram.NewPerson("Bob")
	w.Desk.Trouble(livedesktest.Create, 1, livedesktest.RateLimit(6*time.Second))
	limited := w.Say(bob, chat, "/ticket limited")
	require.Contains(t, w.Press(w.Alice, unconfirmed, unconfirmed.Buttons[0][0].Text), "Sending")
	w.Becomes(unconfirmed, "keep trying")
	close(release)
	number := w.Number(unconfirmed)
	w.Number(limited)
	require.Equal(t, 3, w.Desk.Seen(livedesktest.Create), "one of each, and the limited one")
	require.Equal(t, 2, w.Desk.Count())
	require.Equal(t, number, w.Number(unconfirmed), "the number stays")
}
