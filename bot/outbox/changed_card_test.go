package outbox_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
)

func TestChangedCards(t *testing.T) {
	t.Parallel()
	bottest.New(t).Parts(t,
		aStatusThatAnAccountDefinedIsShownAsItIs, aCardWhoseFormattingIsNotTakenChangesWithoutIt,
	)
}

func aStatusThatAnAccountDefinedIsShownAsItIs(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "own words")
	for status, shown := range map[string]string{"reopened": "– reopened", "finished": "– finished", "needs_you": "– needs you", "gone": "– GONE"} {
		require.NoError(t, w.Desk.SetStatus(number, status))
		w.Becomes(card, shown)
	}
	require.NoError(t, w.Desk.SetStatus(number, "resolved"))
	w.Hears(chat, "Resolved: ticket")
	require.Len(t, chat.BotMessages(), 2, "the card and that it is resolved")
}

func aCardWhoseFormattingIsNotTakenChangesWithoutIt(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "odd <words>")
	w.Telegram.Fail(400, "Bad Request: can't parse entities: Unsupported start tag", telegramtest.Match{Method: "editMessageText", Chat: chat, Times: 1})
	require.NoError(t, w.Desk.SetStatus(number, "in_progress"))
	require.Contains(t, w.Becomes(card, "In progress").Text, "odd <words>")
	require.Len(t, chat.BotMessages(), 1)
}

func TestACardThatCannotBeChangedIsPostedAnew(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "stiff")
	w.Telegram.Fail(400, "Bad Request: something else", telegramtest.Match{Method: "editMessageText", Chat: chat, Times: 1})
	require.NoError(t, w.Desk.SetStatus(number, "in_progress"))
	anew := w.Hears(chat, "In progress")
	require.NotEqual(t, card.ID, anew.ID)

	w.Telegram.Fail(400, "Bad Request: something else", telegramtest.Match{Chat: chat, Times: 2})
	require.NoError(t, w.Desk.SetPriority(number, "high"))
	w.Eventually(func() bool {
		return w.Count("tickets WHERE told = version AND view->>'priority' = 'high'") == 1
	})
	require.NoError(t, w.Desk.SetStatus(number, "on_hold"))
	w.Becomes(anew, "on hold")
}
