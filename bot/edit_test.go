package bot_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

func TestEdits(t *testing.T) {
	t.Parallel()
	bottest.New(t).Parts(t,
		anEditAppliesItsOptionsAndSaysWhatChanged, anEditSaysThatAnAgentsTitleStays, anEditThatNamesARightTeamOpensTheTicket,
	)
}

func anEditAppliesItsOptionsAndSaysWhatChanged(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	command := w.Telegram.Say(w.Alice, chat, "/ticket Prinetr jams room=1")
	card := w.Answer(command)
	number := w.Number(card)
	edit := func(text string) { w.Telegram.Edit(chat.Message(command.ID), text) }

	edit("/ticket !high #incident Printer jams room=2 floor=3")
	w.TicketIs(number, func(x livedesktest.Ticket) bool {
		return x.Title == "Printer jams" && x.Priority == "high" && x.Type == "incident" &&
			x.CustomFields["room"] == "2" && x.CustomFields["floor"] == "3" && x.CustomFields["telegram_ref"] != nil
	})
	changed := w.Hears(chat, "Changed:")
	require.Equal(t, "✏️ Changed: title, priority, type, floor, room", changed.Text)
	require.Equal(t, command.ID, changed.ReplyTo)
	w.Becomes(card, "room: 2")

	// An agent's choice stands, also where the same option still stands in the text.
	require.NoError(t, w.Desk.Change(number, func(x *livedesktest.Ticket) { x.Priority = "medium" }))
	edit("/ticket !high #incident Printer jams room=2 floor=3\nSince noon")
	w.TicketIs(number, func(x livedesktest.Ticket) bool { return x.Description == "Since noon" && x.Priority == "medium" })
	require.Equal(t, "✏️ Changed: description", w.Hears(chat, "description").Text)

	edit("/ticket Printer jams team:\"it support\"\nSince noon")
	require.Equal(t, "⚠️ Not changed: team. The support team can do that.", w.Hears(chat, "Not changed").Text)
	w.TicketIs(number, func(x livedesktest.Ticket) bool { return x.Type == "incident" && x.Team == "" })
	require.Len(t, w.Opened(), 1)
}

func anEditSaysThatAnAgentsTitleStays(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	command := w.Telegram.Say(w.Alice, chat, "/ticket Prinetr")
	number := w.Number(w.Answer(command))
	require.NoError(t, w.Desk.Change(number, func(x *livedesktest.Ticket) { x.Title = "Printer [net]" }))
	w.Telegram.Edit(command, "/ticket !low Printer")
	require.Equal(t, "✏️ Changed: priority\n⚠️ Not changed: title. The support team can do that.", w.Hears(chat, "Changed").Text)
	w.TicketIs(number, func(x livedesktest.Ticket) bool { return x.Title == "Printer [net]" && x.Priority == "low" })
}

func TestAnEditBeforeLiveDeskHasTheTicketRewritesTheRequest(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	back := w.Desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Unavailable(0))
	command := w.Telegram.Say(w.Alice, chat, "/ticket Prinetr")
	card := w.Answer(command)
	require.Contains(t, card.Text, "keep trying")
	w.Telegram.Edit(command, "/ticket Printer !high team:it support room=2")
	require.Equal(t, "✏️ Changed: title, priority, team, room", w.Hears(chat, "Changed").Text)
	back()
	w.Becomes(card, "IT Support")
	body := w.Body()
	require.Equal(t, "Printer", body["title"])
	require.Equal(t, "high", body["priority"])
	require.Equal(t, "IT Support", body["assignment_team"])
	require.Equal(t, "2", body["custom_fields"].(map[string]any)["room"])
	require.Zero(t, w.Count("additions"))
}

func anEditThatNamesARightTeamOpensTheTicket(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	command := w.Telegram.Say(w.Alice, chat, "/ticket team:support Printer")
	card := w.Answer(command)
	require.Contains(t, card.Text, "no team")
	w.Telegram.Edit(command, "/ticket team:it support Printer")
	require.Contains(t, w.Becomes(card, "tk_").Text, "IT Support")
	require.Len(t, w.Opened(), 1)
}

func TestAPressAfterAnEditHasTheLastWord(t *testing.T) {
	t.Parallel()
	for _, last := range []string{"the press", "the edit"} {
		t.Run(last, func(t *testing.T) {
			t.Parallel()
			w := bottest.New(t)
			chat := w.Telegram.NewSupergroup("S")
			command := w.Telegram.Say(w.Alice, chat, "/ticket Printer")
			card := w.Answer(command)
			row, number := w.Row(card), w.Number(card)
			resume := w.HoldLooks(card)
			press := func() { w.Forge(w.Alice, card, "set:"+row+":priority=low") }
			want := "low"
			if last == "the edit" {
				press()
				want = "high"
			}
			w.Telegram.Edit(command, "/ticket !high Printer\njams")
			if last == "the press" {
				w.Additions(1)
				press()
			}
			w.Additions(2)
			resume()
			w.TicketIs(number, func(x livedesktest.Ticket) bool { return x.Description == "jams" && x.Priority == want })
		})
	}
}

func TestAnOptionThatIsTakenBackAtOnceIsTakenBack(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	command := w.Telegram.Say(w.Alice, chat, "/ticket !low #task room=1 Printer")
	card := w.Answer(command)
	number := w.Number(card)
	resume := w.HoldLooks(card)
	w.Telegram.Edit(command, "/ticket !high #incident room=2 Printer")
	w.Additions(1)
	w.Telegram.Edit(command, "/ticket !low #task room=1 Printer")
	w.Additions(2)
	resume()
	w.TicketIs(number, func(x livedesktest.Ticket) bool {
		return x.Priority == "low" && x.Type == "task" && x.CustomFields["room"] == "1"
	})
}

func TestAnEditTakesNothingFromATicketThatCameOfAPress(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	card, closed := w.Ticket(chat, "done")
	require.NoError(t, w.Desk.SetStatus(closed, "closed"))
	w.Becomes(card, "Closed")
	said := w.Telegram.Say(w.Alice, chat, "it is bakc", telegramtest.ReplyTo(card))
	offer := w.Answer(said)
	w.Telegram.Say(w.Alice, chat, "and it smells", telegramtest.ReplyTo(card))
	w.Eventually(func() bool { return w.Count("offers WHERE cardinality(messages) = 2") == 1 })
	w.Press(w.Alice, offer, openNew)
	number := w.Number(w.Hears(chat, "it is bakc"))
	for _, text := range []string{"it is back", "it is back\nsince noon"} {
		w.Telegram.Edit(chat.Message(said.ID), text)
		w.TicketIs(number, func(x livedesktest.Ticket) bool {
			_, since, _ := strings.Cut(text, "\n")
			return x.Title == "it is back" && strings.Contains(x.Description, since) &&
				strings.HasPrefix(x.Description, "Follows ticket "+closed) && strings.Contains(x.Description, "and it smells")
		})
	}
}

func TestAnEditOfWordsInPrivateReachesTheTicketThatCameOfThem(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	private := w.Telegram.Private(w.Alice)
	said := w.Telegram.Say(w.Alice, private, "my lapotp is loud")
	offer := w.Answer(said)
	w.Telegram.Say(w.Alice, private, "and hot")
	w.Eventually(func() bool { return w.Count("offers WHERE cardinality(messages) = 2") == 1 })
	w.Press(w.Alice, offer, openNew)
	number := w.Number(w.Hears(private, "my lapotp is loud"))
	w.Telegram.Edit(said, "my laptop is loud")
	w.TicketIs(number, func(x livedesktest.Ticket) bool {
		return x.Title == "my laptop is loud" && strings.Contains(x.Description, "and hot")
	})
	require.Equal(t, "✏️ Changed: title", w.Hears(private, "Changed").Text)
}

func TestAnEditKeepsTheQuotationOfTheBotsMessage(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	card, first := w.Ticket(chat, "lift")
	bob := w.Telegram.NewPerson("Bob")
	command := w.Telegram.Say(bob, chat, "/ticket The dor too", telegramtest.ReplyTo(card))
	w.Press(bob, w.Answer(command), "🎫 Open another")
	number := w.Number(w.Hears(chat, "The dor too"))
	w.Telegram.Edit(command, "/ticket The door too")
	w.TicketIs(number, func(x livedesktest.Ticket) bool {
		return x.Title == "The door too" && strings.Contains(x.Description, first)
	})
}
