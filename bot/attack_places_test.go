package bot_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/outbox"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

func TestATicketWhoseTeamIsChosenByAPressStandsInThatTeamsFeed(t *testing.T) {
	t.Parallel()
	var japan *telegramtest.Chat
	w, feed := newFed(t, func(w *bottest.World) {
		japan = w.Telegram.NewSupergroup("Japan")
		w.Config.Feeds = append(w.Config.Feeds, outbox.Feed{Chat: japan.ID, Team: "ITサポート"})
	})
	chat := w.Telegram.NewSupergroup("S")
	card := w.Becomes(w.Say(w.Alice, chat, "/ticket team:Plumbers Water"), "Plumbers")
	w.Desk.Trouble(livedesktest.Get, livedesktest.Always, livedesktest.Unavailable(0))
	w.Forge(w.Alice, card, card.Buttons[0][1].Data)
	w.Number(card)
	w.Hears(japan, "Water")
	require.Zero(t, w.Said(feed, "Water"))
}
