package bot_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
)

func TestAWrongTeamIsChosenByOnePressOfWhoAsked(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat, bob := w.Telegram.NewSupergroup("S"), w.Telegram.NewPerson("Bob")
	chat.Join(bob)
	file := w.Telegram.NewFile(telegramtest.Document, "a.txt", "text/plain", []byte("a"))
	card := w.Say(w.Alice, chat, "/ticket team:Plumbers !high Water everywhere", telegramtest.Attached(file))
	card = w.Becomes(card, "Plumbers")
	require.Equal(t, "ITサポート", card.Buttons[0][1].Text)
	data := card.Buttons[0][1].Data

	require.Contains(t, w.Forge(bob, card, data), "Only the person")
	require.Contains(t, w.Forge(w.Alice, card, strings.TrimRight(data, "0123456789abcdef")+"ffff"), "does not belong")
	require.Empty(t, w.Desk.Tickets())
	require.Contains(t, w.Forge(w.Alice, card, data), "Opening it")
	require.Contains(t, w.Forge(w.Alice, card, data), "already decided")
	card = w.Becomes(card, "tk_")
	require.Contains(t, card.Text, "ITサポート")
	body := w.Body()
	require.Equal(t, "ITサポート", body["assignment_team"])
	require.Equal(t, "high", body["priority"])
	require.Equal(t, "Water everywhere", body["title"])
	require.Len(t, body["attachments"], 1)
}
