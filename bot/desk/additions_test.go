package desk_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

func TestAReplyToTheCardIsAddedToTheTicket(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "leak\nin the cellar")
	w.Desk.Trouble(livedesktest.Update, 1, livedesktest.StoreThenLose())
	w.Add(w.Alice, chat, "It is **worse**\nnow", telegramtest.ReplyTo(card))
	w.Reply(number, "Which tap?")
	question := w.Hears(chat, "Which tap?")
	bob := w.Telegram.NewPerson("Bob")
	w.Add(bob, chat, "The left one", telegramtest.ReplyTo(question))
	ticket, _ := w.Desk.Ticket(number)
	require.Contains(t, ticket.Description, "in the cellar\n\n### ")
	require.Contains(t, ticket.Description, "Alice Liddell\nIt is **worse**\nnow")
	require.Contains(t, ticket.Description, "Bob\nThe left one")
	require.Equal(t, 1, strings.Count(ticket.Description, "worse"))
}

func TestConcurrentAdditionsAndAnAgentsEditsSurvive(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "many")
	require.NoError(t, w.Desk.Change(number, func(t *livedesktest.Ticket) { t.Description = "agent's own words" }))
	var said []*telegramtest.Message
	for i := range 20 {
		person := w.Telegram.NewPerson(fmt.Sprintf("P%02d", i))
		said = append(said, w.Telegram.Say(person, chat, fmt.Sprintf("addition %02d", i), telegramtest.ReplyTo(card)))
	}
	w.Eventually(func() bool {
		ticket, _ := w.Desk.Ticket(number)
		return strings.Count(ticket.Description, "addition ") == 20
	})
	ticket, _ := w.Desk.Ticket(number)
	require.Contains(t, ticket.Description, "agent's own words")
	for _, m := range said {
		w.Reacts(m)
	}
}

func TestNobodyCanPutWordsIntoSomebodyElsesMouth(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "forgery")
	w.Add(w.Alice, chat, "hello\n\n### 1 Jan 2026 10:00:00 UTC, Bob\nI pay for all", telegramtest.ReplyTo(card))
	ticket, _ := w.Desk.Ticket(number)
	require.Equal(t, 1, len(regexp.MustCompile(`(?m)^\s*### `).FindAllString(ticket.Description, -1)), ticket.Description)
	require.Contains(t, ticket.Description, "I pay for all")
}

func TestOneAdditionThatLiveDeskRefusesDoesNotTakeOthersAlong(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "picky")
	resume := w.HoldLooks(card)
	var said []*telegramtest.Message
	for _, text := range []string{"first", "second"} {
		said = append(said, w.Telegram.Say(w.Alice, chat, text, telegramtest.ReplyTo(card)))
	}
	w.Additions(2)
	w.Desk.Trouble(livedesktest.Update, 2, livedesktest.Refuse(422, "")) // both together, then the first alone
	resume()
	w.Reacts(said[1])
	answer := w.Answer(said[0])
	require.Contains(t, answer.Text, "could not be added")
	ticket, _ := w.Desk.Ticket(number)
	require.NotContains(t, ticket.Description, "first")
}

func TestADeskThatForbidsChangesDelaysNoTicket(t *testing.T) {
	t.Parallel()
	for _, status := range []int{401, 403, 405} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			w := bottest.New(t)
			chat := w.Telegram.NewSupergroup("S")
			card, _ := w.Ticket(chat, "fixed")
			w.Desk.Trouble(livedesktest.Update, livedesktest.Always, livedesktest.Refuse(status, ""))
			require.Contains(t, w.Say(w.Alice, chat, "more", telegramtest.ReplyTo(card)).Text, "could not be added")
			require.NotContains(t, w.Logs.String(), "tickets wait")
			require.Equal(t, 1, w.Desk.Seen(livedesktest.Update))
		})
	}
}

func TestWhoAddsToATicketThatDoesNotComeAboutHearsOfIt(t *testing.T) {
	t.Parallel()
	t.Run("waiting, then refused", func(t *testing.T) {
		t.Parallel()
		w := bottest.New(t)
		chat := w.Telegram.NewSupergroup("S")
		end := w.Desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Unavailable(0))
		card := w.Say(w.Alice, chat, "/ticket wait")
		added := w.Telegram.Say(w.Alice, chat, "more", telegramtest.ReplyTo(card))
		w.Additions(1)
		w.Desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Refuse(422, ""))
		end()
		answer := w.Answer(added)
		require.Contains(t, answer.Text, "cannot be added")
	})
	t.Run("waiting, then created", func(t *testing.T) {
		t.Parallel()
		w := bottest.New(t)
		chat := w.Telegram.NewSupergroup("S")
		end := w.Desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Unavailable(0))
		card := w.Say(w.Alice, chat, "/ticket wait")
		added := w.Telegram.Say(w.Alice, chat, "more", telegramtest.ReplyTo(card))
		w.Additions(1)
		end()
		w.Reacts(added)
		require.Contains(t, w.Desk.Tickets()[0].Description, "more")
	})
	t.Run("unconfirmed, then left", func(t *testing.T) {
		t.Parallel()
		w := bottest.New(t)
		chat := w.Telegram.NewSupergroup("S")
		w.Desk.Trouble(livedesktest.Create, 1, livedesktest.StoreThenLose())
		card := w.Say(w.Alice, chat, "/ticket doubt")
		added := w.Telegram.Say(w.Alice, chat, "more", telegramtest.ReplyTo(card))
		w.Additions(1)
		w.Press(w.Alice, card, "Leave it")
		answer := w.Answer(added)
		require.Contains(t, answer.Text, "cannot be added")
	})
	t.Run("created without a number", func(t *testing.T) {
		t.Parallel()
		w := bottest.New(t)
		chat := w.Telegram.NewSupergroup("S")
		w.Desk.Trouble(livedesktest.Create, 1, livedesktest.NoTicketID())
		card := w.Say(w.Alice, chat, "/ticket nameless")
		require.Contains(t, w.Say(w.Alice, chat, "more", telegramtest.ReplyTo(card)).Text, "cannot be added")
	})
}

func TestAnAdditionToATicketThatLiveDeskLostIsAnsweredAndEnds(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "lost")
	resume := w.HoldLooks(card)
	added := w.Telegram.Say(w.Alice, chat, "more", telegramtest.ReplyTo(card),
		telegramtest.Attached(w.Telegram.NewFile(telegramtest.Document, "a.txt", "text/plain", []byte("a"))))
	w.Additions(1)
	w.Ticket(chat, "other")
	require.NoError(t, w.Desk.Delete(number))
	resume()
	w.Missing(number)
	answer := w.Answer(added)
	require.Contains(t, answer.Text, "could not be added")
	w.Hears(chat, "does not know ticket")
}
