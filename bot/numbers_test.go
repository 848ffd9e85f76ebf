package bot_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
)

func TestANumberIsUnderstoodAsPeopleTypeIt(t *testing.T) {
	t.Parallel()
	w := bottest.New(t, func(w *bottest.World) { w.Config.StaffChats = []int64{-1005550001} })
	staff := w.Telegram.NewSupergroup("Staff", telegramtest.ID(-1005550001))
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "jam")
	w.Telegram.Say(w.Alice, w.Telegram.Private(w.Alice), "/start")
	chat.Join(w.Alice)
	forms := []string{number, strings.ToUpper(number), "#" + number, number + ".", number + ",", "(" + number + ")", "【" + number + "】",
		"\u2068" + number + "\u2069", "\ufeff" + number + "\u200b", "‘" + number + "’", number + "…", "*" + number + "*"}
	for _, place := range []telegramtest.Place{chat, staff, w.Telegram.Private(w.Alice)} {
		for _, form := range forms {
			require.Contains(t, w.Say(w.Alice, place, "/status "+form).Text, "jam", form)
		}
	}
	for _, form := range []string{number[len(number)-3:], "#" + strings.ToUpper(number[len(number)-6:]) + "."} {
		require.Contains(t, w.Say(w.Alice, chat, "/status "+form).Text, "jam", form)
		require.Contains(t, w.Say(w.Alice, w.Telegram.Private(w.Alice), "/status "+form).Text, "jam", form)
		require.Contains(t, w.Say(w.Alice, chat, "/unfollow "+form).Text, number, form)
	}
	require.Contains(t, w.Say(w.Alice, chat, "/status "+number[len(number)-2:]).Text, "There is no ticket", "two characters stand for nothing")
}

func TestEndsOfNumbers(t *testing.T) {
	t.Parallel()
	bottest.New(t).Parts(t,
		theEndOfANumberFindsOnlyWhatTheChatMaySee, anEndThatSeveralNumbersHaveAsksWhichOne,
	)
}

func theEndOfANumberFindsOnlyWhatTheChatMaySee(t *testing.T, w *bottest.World) {
	theirs, ours := w.Telegram.NewSupergroup("Theirs"), w.Telegram.NewSupergroup("Ours")
	_, secret := w.Ticket(theirs, "secret")
	end := secret[len(secret)-4:]
	mallory := w.Telegram.NewPerson("Mallory")
	for _, place := range []telegramtest.Place{ours, w.Telegram.Private(mallory)} {
		foreign, missing := w.Say(mallory, place, "/status "+end).Sent, w.Say(mallory, place, "/status zzzz").Sent
		require.Equal(t, strings.ReplaceAll(missing, "zzzz", end), foreign)
	}
}

func anEndThatSeveralNumbersHaveAsksWhichOne(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	for title, number := range map[string]string{"first": "tk_20260101_aaa777", "second": "tk_20260101_bbb777"} {
		_, old := w.Ticket(chat, title)
		w.SQL(`UPDATE tickets SET ticket_id = $2 WHERE ticket_id = $1`, old, number)
	}
	require.Contains(t, w.Say(w.Alice, chat, "/status B777").Text, "tk_20260101_bbb777")
	which := w.Say(w.Alice, chat, "/status #777")
	require.Contains(t, which.Text, "Several tickets end in 777")
	requireOrder(t, which.Text, "tk_20260101_")
	w.Press(w.Alice, which, "tk_20260101_aaa777")
	require.Contains(t, w.Answer(which).Text, "tk_20260101_aaa777")
	require.Contains(t, w.Say(w.Alice, chat, "/follow 777").Text, "Several tickets end in 777")

	_, old := w.Ticket(chat, "exact")
	w.SQL(`UPDATE tickets SET ticket_id = '777' WHERE ticket_id = $1`, old)
	require.NotContains(t, w.Say(w.Alice, chat, "/status 777").Text, "Several", "the whole number comes first")
}
