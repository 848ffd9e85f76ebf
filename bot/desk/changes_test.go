package desk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

func TestAnEditOfTheCommandUpdatesTheTicket(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	command := w.Telegram.Say(w.Alice, chat, "/ticket Prinetr\nfirst floor")
	card := w.Answer(command)
	number := w.Number(card)
	w.Telegram.Edit(command, "/ticket Printer\nsecond floor")
	w.Becomes(card, "Printer")
	w.Eventually(func() bool {
		ticket, _ := w.Desk.Ticket(number)
		return ticket.Title == "Printer" && ticket.Description == "second floor"
	})
	w.Telegram.Edit(chat.Message(command.ID), "/ticket Printer\nsecond floor, left")
	w.Eventually(func() bool {
		ticket, _ := w.Desk.Ticket(number)
		return ticket.Description == "second floor, left"
	})
	require.Len(t, w.Desk.Tickets(), 1)
}

func TestTheLastOfSeveralQuickEditsWins(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	command := w.Telegram.Say(w.Alice, chat, "/ticket one\nfirst")
	card := w.Answer(command)
	number := w.Number(card)
	resume := w.HoldLooks(card)
	for _, text := range []string{"two\nsecond", "three\nthird", "four\nfourth"} {
		w.Telegram.Edit(chat.Message(command.ID), "/ticket "+text)
	}
	w.Additions(3)
	resume()
	w.TicketIs(number, func(x livedesktest.Ticket) bool { return x.Title == "four" && x.Description == "fourth" })
}

func TestAnEditKeepsWhatAgentsMadeOfTheTicket(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	command := w.Telegram.Say(w.Alice, chat, "/ticket Printer\nno")
	card := w.Answer(command)
	number := w.Number(card)
	require.NoError(t, w.Desk.Change(number, func(x *livedesktest.Ticket) {
		x.Title, x.Description = "Printer [net]", "cause unknown, now noted\nno\n\n## Agent\nno idea"
	}))
	w.Telegram.Edit(command, "/ticket Printer\nyes")
	w.TicketIs(number, func(x livedesktest.Ticket) bool {
		return x.Title == "Printer [net]" && x.Description == "cause unknown, now noted\nyes\n\n## Agent\nno idea"
	})
}

func TestAnEditKeepsWhatIsSaidOfMissingFiles(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	w.Desk.SetUpload(false)
	chat := w.Telegram.NewSupergroup("S")
	command := w.Telegram.Say(w.Alice, chat, "/ticket Door\nfirst", telegramtest.Attached(w.Texts(1)[0]))
	card := w.Answer(command)
	w.Telegram.Edit(command, "/ticket Door\nsecond")
	w.TicketIs(w.Number(card), func(x livedesktest.Ticket) bool {
		return strings.HasPrefix(x.Description, "second\n\n[Not included: a.txt") && strings.Count(x.Description, "a.txt") == 1
	})
}

func TestAnEditKeepsWhatWasSaidOfMissingFilesInAnotherLanguage(t *testing.T) {
	t.Parallel()
	w := bottest.New(t, func(w *bottest.World) { w.Config.Language = "de" })
	w.Desk.SetUpload(false)
	chat := w.Telegram.NewSupergroup("S")
	command := w.Telegram.Say(w.Alice, chat, "/ticket Tür\nerstens", telegramtest.Attached(w.Texts(1)[0]))
	number := w.Number(w.Answer(command))
	w.Stop()
	w.Config.Language = "ja"
	w.Start()
	w.Telegram.Edit(command, "/ticket Tür\nzweitens")
	w.TicketIs(number, func(x livedesktest.Ticket) bool {
		return strings.HasPrefix(x.Description, "zweitens\n\n[Nicht dabei: a.txt") && strings.Count(x.Description, "a.txt") == 1
	})
}

func TestAnEditAfterTwoDaysIsTooLate(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	command := w.Telegram.Say(w.Alice, chat, "/ticket Old")
	card := w.Answer(command)
	w.SQL(`UPDATE tickets SET created_at = now() - interval '49 hours'`)
	w.Telegram.Edit(command, "/ticket New")
	w.Quiet(w.Alice)
	w.Looked(4)
	ticket, _ := w.Desk.Ticket(w.Number(card))
	require.Equal(t, "Old", ticket.Title)
}

func TestTheLastOfSeveralQuickPressesWins(t *testing.T) {
	t.Parallel()
	w := bottest.New(t, func(w *bottest.World) { w.Config.TrackEvery = time.Second })
	card, number := w.Ticket(w.Telegram.NewSupergroup("S"), "quick")
	id := w.Row(card)
	resume := w.HoldLooks(card)
	for _, value := range []string{"high", "low", "high", "low"} {
		require.Contains(t, w.Forge(w.Alice, card, "set:"+id+":priority="+value), "Changing")
	}
	resume()
	w.TicketIs(number, func(x livedesktest.Ticket) bool { return x.Priority == "low" })
}
