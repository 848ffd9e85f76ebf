package bot_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot"
	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

const openNew = "Open a ticket with this"

// addTo is the button that adds to a ticket.
func addTo(title string) string { return "Add to “" + title + "”" }

func TestWhateverIsSentInPrivateMayBecomeATicket(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	private := w.Telegram.Private(w.Alice)
	photo := w.Telegram.NewFile(telegramtest.Photo, "", "image/jpeg", []byte("photo"))
	for name, test := range map[string]struct {
		text  string
		how   []telegramtest.Saying
		title string
		files int
	}{
		"words":                         {text: "it broke\nyesterday", title: "it broke"},
		"what looks like options alone": {text: "server=down", title: "server=down"},
		"a photo":                       {how: []telegramtest.Saying{telegramtest.Attached(photo)}, title: "photo – Alice Liddell", files: 1},
		"a place":                       {how: []telegramtest.Saying{telegramtest.Fields(map[string]any{"location": map[string]any{"latitude": 1.5, "longitude": 2.5}})}, title: "📍 1.50000, 2.50000"},
		"a forward":                     {text: "from a customer", how: []telegramtest.Saying{telegramtest.ForwardedFromHidden("Bob")}, title: "from a customer"},
		"a forwarded command":           {text: "/ticket leak", how: []telegramtest.Saying{telegramtest.ForwardedFrom(w.Alice)}, title: "/ticket leak"},
		"a contact":                     {how: []telegramtest.Saying{telegramtest.Fields(map[string]any{"contact": map[string]any{"phone_number": "+4912345", "first_name": "Bob"}})}, title: "👤 Bob"},
	} {
		answer := w.Say(w.Alice, private, test.text, test.how...)
		w.Press(w.Alice, answer, openNew)
		w.Eventually(func() bool {
			tickets := w.Desk.Tickets()
			return len(tickets) > 0 && strings.EqualFold(tickets[len(tickets)-1].Title, test.title) &&
				len(tickets[len(tickets)-1].Attachments) == test.files
		}, name)
	}
	require.NotContains(t, w.Logs.String(), "4912345")
	require.Zero(t, w.Count("offers WHERE ended_at IS NULL OR cardinality(messages) > 0"), "nothing is kept of what is with LiveDesk")
}

func TestAPollInPrivateIsAnsweredWithWhatToDo(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	poll := telegramtest.Fields(map[string]any{"poll": map[string]any{"id": "1", "question": "?", "options": []any{}}})
	require.Contains(t, w.Say(w.Alice, w.Telegram.Private(w.Alice), "", poll).Text, "I cannot pass that on")
	require.Zero(t, w.Count("offers"))
}

func TestAnAlbumIsOfferedOnceAndGoesWhole(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	private := w.Telegram.Private(w.Alice)
	_, number := w.Ticket(private, "leak")
	for _, label := range []string{openNew, addTo("leak")} {
		parts := w.Telegram.Album(w.Alice, private, "three views", w.Texts(3))
		answer := w.Answer(parts[0])
		w.Eventually(func() bool { return w.Count("offers WHERE cardinality(messages) = 3") == 1 })
		w.Press(w.Alice, answer, label)
		late := w.Telegram.Say(w.Alice, private, "", telegramtest.Attached(w.Text("late.txt")), telegramtest.InAlbum(parts[0].Album))
		w.Eventually(func() bool {
			ticket, _ := w.Desk.Ticket(number)
			if label == openNew {
				ticket = w.Desk.Tickets()[len(w.Desk.Tickets())-1]
			}
			return len(ticket.Attachments) == 4 && strings.Contains(ticket.Title+ticket.Description, "three views")
		}, label)
		require.Empty(t, replies(private, late))
		if label == openNew {
			w.SQL(`DELETE FROM offers`)
			continue
		}
		require.NoError(t, w.Desk.SetStatus(number, "closed"))
		w.Eventually(func() bool { return w.Count("tickets WHERE status = 'closed'") == 1 })
		late = w.Telegram.Say(w.Alice, private, "", telegramtest.Attached(w.Text("later.txt")), telegramtest.InAlbum(parts[0].Album))
		require.Contains(t, w.Answer(late).Text, number+" is closed")
	}
	require.Len(t, w.Desk.Tickets(), 2)
}

// replies are the bot's answers to a message.
func replies(chat *telegramtest.Chat, to *telegramtest.Message) (all []*telegramtest.Message) {
	for _, m := range chat.BotMessages() {
		if m.ReplyTo == to.ID {
			all = append(all, m)
		}
	}
	return all
}

func TestOffers(t *testing.T) {
	t.Parallel()
	bottest.New(t).Parts(t,
		theNewestThreeTicketsMayBeAddedToWhereverTheyAre, aMessageHandledAgainIsAnsweredWithButtonsThatWork,
		anOfferForAMessageThatWasDeletedStillWorks,
	)
}

func theNewestThreeTicketsMayBeAddedToWhereverTheyAre(t *testing.T, w *bottest.World) {
	private, group := w.Telegram.Private(w.Alice), w.Telegram.NewSupergroup("S")
	for i := range 4 {
		w.Ticket(private, fmt.Sprint("mine ", i))
	}
	_, elsewhere := w.Ticket(group, "in the group")
	w.Number(w.Say(w.Telegram.NewPerson("Bob"), group, "/ticket not hers"))
	said := w.Telegram.Say(w.Alice, private, "and another thing")
	answer := w.Answer(said)
	var labels []string
	for _, row := range answer.Buttons {
		labels = append(labels, row[0].Text)
	}
	require.Equal(t, []string{openNew, addTo("in the group"), addTo("mine 3"), addTo("mine 2")}, labels)

	w.Press(w.Alice, answer, addTo("in the group"))
	w.Reacts(said)
	ticket, _ := w.Desk.Ticket(elsewhere)
	require.Contains(t, ticket.Description, "and another thing")
	require.Zero(t, w.Said(group, "and another thing"))
	require.Nil(t, private.Message(answer.ID), "the buttons are gone")
}

func TestButtonsOfOffersAreForTheirPersonThere(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	bob := w.Telegram.NewPerson("Bob")
	alices, bobs := w.Telegram.Private(w.Alice), w.Telegram.Private(bob)
	card, _ := w.Ticket(w.Telegram.NewSupergroup("S"), "hers")
	w.Telegram.Say(bob, card.Chat, "hello") // he is there, and has nothing to do with it
	answer := w.Say(w.Alice, alices, "secret of Alice")
	his := w.Say(bob, bobs, "his")
	data := answer.Buttons[0][0].Data
	_, message, _ := strings.Cut(data, ":")
	row := w.Row(card)
	for _, forged := range []string{
		data, "add:" + message + ":" + row, "new:0", "new:-1", "new:", "new:x", "new:1:2", "add:1", "add::", "add:1:x", "add:99999999999999999999:1",
		strings.Replace(his.Buttons[0][0].Data, "new", "add", 1) + ":" + row, strings.Replace(his.Buttons[0][0].Data, "new", "add", 1) + ":0",
	} {
		require.NotEmpty(t, w.Forge(bob, his, forged), forged)
		require.NotEmpty(t, w.Forge(bob, card, forged), forged)
	}
	require.NotEmpty(t, w.Forge(w.Alice, card, data), "another chat")
	help := w.Say(w.Alice, alices, "/help")
	require.NotEmpty(t, w.Forge(w.Alice, help, data), "another message")
	require.Len(t, w.Desk.Tickets(), 1)
	require.Zero(t, w.Count("additions"))
	require.Equal(t, 2, w.Count("offers WHERE choice = ''"))
}

func TestAnOfferIsTakenOnce(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	private := w.Telegram.Private(w.Alice)
	_, number := w.Ticket(private, "leak")
	answer := w.Say(w.Alice, private, "a word")
	stands := *answer
	for range 3 {
		w.Forge(w.Alice, &stands, answer.Buttons[0][0].Data)
		w.Forge(w.Alice, &stands, answer.Buttons[1][0].Data)
	}
	w.Eventually(func() bool { return len(w.Desk.Tickets()) == 2 })
	ticket, _ := w.Desk.Ticket(number)
	require.Empty(t, ticket.Description)
	require.Zero(t, w.Count("additions"))
}

func TestAPressThatIsHandledAgainAfterACrashDoesNothingTwice(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	private := w.Telegram.Private(w.Alice)
	_, number := w.Ticket(private, "leak")
	w.Desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Unavailable(0))
	for nth := range 2 {
		said := w.Telegram.Say(w.Alice, private, "again and again")
		answer := w.Answer(said)
		kept := ""
		require.NoError(t, w.DB().QueryRow(t.Context(), `SELECT messages[1]::text FROM offers WHERE message_id = $1`, said.ID).Scan(&kept))
		data := answer.Buttons[nth*(len(answer.Buttons)-1)][0].Data // the first, then the last
		w.Forge(w.Alice, answer, data)
		// As it was where the process ended after the effect, before it was noted: the press comes again.
		w.SQL(`UPDATE offers SET ended_at = NULL, messages = ARRAY[$1::json] WHERE message_id = $2`, kept, said.ID)
		w.Forge(w.Alice, answer, data)
		require.Equal(t, nth, w.Count("additions"))
		require.Equal(t, 2, w.Count("tickets"))
	}
	w.Desk.Clear()
	w.Eventually(func() bool {
		ticket, _ := w.Desk.Ticket(number)
		return strings.Count(ticket.Description, "again and again") == 1 && len(w.Desk.Tickets()) == 2
	})
}

func aMessageHandledAgainIsAnsweredWithButtonsThatWork(t *testing.T, w *bottest.World) {
	private := w.Telegram.Private(w.Alice)
	w.Telegram.Lose(telegramtest.Match{Method: "sendMessage", Chat: private, Times: 1}) // it is repeated, and stands twice
	said := w.Telegram.Say(w.Alice, private, "twice")
	w.Eventually(func() bool { return len(replies(private, said)) == 2 })
	w.Press(w.Alice, replies(private, said)[0], openNew)
	w.Eventually(func() bool { return len(w.Opened()) == 1 })
	w.Press(w.Alice, replies(private, said)[0], openNew)
	w.Quiet(w.Alice)
	require.Len(t, w.Opened(), 1)
}

func anOfferForAMessageThatWasDeletedStillWorks(t *testing.T, w *bottest.World) {
	private := w.Telegram.Private(w.Alice)
	said := w.Telegram.Say(w.Alice, private, "gone soon")
	answer := w.Answer(said)
	w.Telegram.Remove(said)
	w.Press(w.Alice, answer, openNew)
	w.Hears(private, "gone soon")
}

func TestOffersEndWithTheRightToUseTheBot(t *testing.T) {
	t.Parallel()
	staff := int64(-1005550001)
	w := bottest.New(t, func(w *bottest.World) {
		w.Config.StaffChats, w.Config.Private = []int64{staff}, bot.Known
	})
	desk := w.Telegram.NewSupergroup("Staff", telegramtest.ID(staff))
	agent := w.Telegram.NewPerson("Agent")
	w.Telegram.Say(agent, desk, "hello")
	group := w.Telegram.NewSupergroup("S")
	w.Ticket(group, "known")
	private := w.Telegram.Private(w.Alice)
	answer := w.Say(w.Alice, private, "x")

	w.Say(agent, desk, fmt.Sprint("/block ", w.Alice.ID))
	w.Eventually(func() bool {
		return strings.Contains(w.Forge(w.Alice, answer, answer.Buttons[0][0].Data), "do nothing for you")
	})
	w.Say(agent, desk, fmt.Sprint("/unblock ", w.Alice.ID))
	w.Eventually(func() bool { return w.Forge(w.Alice, answer, "x") == "This button does not belong to a ticket here." })

	w.Stop()
	w.SQL(`UPDATE connections SET state = 'disconnected' WHERE chat_id = $1`, group.ID)
	w.Start()
	require.Contains(t, w.Forge(w.Alice, answer, answer.Buttons[1][0].Data), "cannot help")
	require.Len(t, w.Desk.Tickets(), 1)
	require.Zero(t, w.Count("additions"))

	stranger := w.Telegram.NewPerson("Stranger")
	require.Contains(t, w.Say(stranger, w.Telegram.Private(stranger), "my words").Text, "cannot help")
	require.Equal(t, 1, w.Count("offers"))
	w.Stop()
	w.Config.Private = bot.No
	w.SQL(`UPDATE connections SET state = 'connected' WHERE chat_id = $1`, group.ID)
	w.Start()
	require.Contains(t, w.Forge(w.Alice, answer, answer.Buttons[0][0].Data), "cannot help")
	require.Len(t, w.Desk.Tickets(), 1)
}

func TestWhatMayNotBeAddedToAnyMoreIsNot(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	private, group := w.Telegram.Private(w.Alice), w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(private, "soon closed")
	w.Ticket(group, "soon apart")
	answer := w.Say(w.Alice, private, "words")
	require.Len(t, answer.Buttons, 3)
	require.NoError(t, w.Desk.SetStatus(number, "closed"))
	w.Eventually(func() bool { return w.Count("tickets WHERE status = 'closed'") == 1 })
	require.Contains(t, w.Press(w.Alice, answer, addTo("soon closed")), "closed")

	w.Stop()
	w.SQL(`UPDATE connections SET state = 'disconnected' WHERE chat_id = $1`, group.ID)
	w.Start()
	require.Contains(t, w.Press(w.Alice, answer, addTo("soon apart")), "does not belong")
	require.Zero(t, w.Count("additions"))
	w.Press(w.Alice, answer, openNew)
	w.Hears(private, "words")
}

func TestAReplyAboutAClosedTicketIsOfferedAsANewOne(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	forum := w.Telegram.NewForum("F")
	topic := forum.NewTopic("T")
	card, number := w.Ticket(topic, "done")
	require.NoError(t, w.Desk.SetStatus(number, "closed"))
	w.Eventually(func() bool { return w.Count("tickets WHERE status = 'closed'") == 1 })
	bob := w.Telegram.NewPerson("Bob")
	said := w.Telegram.Say(bob, topic, "it is back", telegramtest.ReplyTo(card))
	answer := w.Answer(said)
	require.Contains(t, answer.Text, "is closed")
	require.Len(t, answer.Buttons, 1)
	require.Contains(t, w.Press(w.Alice, answer, openNew), "Only the person who asked")
	w.Forge(bob, answer, fmt.Sprintf("add:%d:%s", said.ID, w.Row(card)))
	w.Press(bob, answer, openNew)
	w.Eventually(func() bool { return len(w.Desk.Tickets()) == 2 })
	require.Equal(t, "it is back", w.Desk.Tickets()[1].Title)
	require.Equal(t, "Follows ticket "+number+".", w.Desk.Tickets()[1].Description)
	require.Zero(t, w.Count("additions"))
}

func TestOffersAreForgottenAfterADay(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	answer := w.Say(w.Alice, w.Telegram.Private(w.Alice), "old words")
	w.SQL(`UPDATE offers SET made_at = now() - interval '25 hours'`)
	w.Stop()
	w.Start()
	w.Eventually(func() bool { return w.Count("offers") == 0 })
	require.Contains(t, w.Press(w.Alice, answer, openNew), "too long ago")
	require.Empty(t, w.Desk.Tickets())
}

func TestALimitedPersonMayPressAgain(t *testing.T) {
	t.Parallel()
	w := bottest.New(t, func(w *bottest.World) { w.Config.PerMinute = 1 })
	private := w.Telegram.Private(w.Alice)
	w.Ticket(private, "one")
	answer := w.Say(w.Alice, private, "two")
	require.Contains(t, w.Press(w.Alice, answer, openNew), "Press again in a minute")
	w.SQL(`UPDATE tickets SET created_at = created_at - interval '2 minutes'`)
	require.Contains(t, w.Press(w.Alice, answer, openNew), "Opening")
	w.Eventually(func() bool { return len(w.Desk.Tickets()) == 2 })
}

func TestAnEditBeforeThePressCounts(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	private, group := w.Telegram.Private(w.Alice), w.Telegram.NewSupergroup("S")
	eve := w.Telegram.NewPerson("Eve")
	card, number := w.Ticket(group, "lift")
	last := func() livedesktest.Ticket { return w.Desk.Tickets()[w.Desk.Count()-1] }

	first := w.Telegram.Say(w.Alice, private, "my labtop")
	answer := w.Answer(first)
	second := w.Telegram.Say(w.Alice, private, "it is brokn")
	w.Eventually(func() bool { return w.Count("offers WHERE cardinality(messages) = 2") == 1 })
	w.Telegram.Edit(second, "it is broken")
	w.Telegram.Edit(first, "my laptop")
	w.Quiet(w.Alice)
	w.Press(w.Alice, answer, openNew)
	w.Eventually(func() bool { return w.Desk.Count() == 2 })
	require.Equal(t, "my laptop", last().Title)
	require.Equal(t, "it is broken", last().Description)
	w.Telegram.Edit(second, "never mind")
	w.Quiet(w.Alice)
	require.Zero(t, w.Count("offers WHERE cardinality(messages) > 0"), "nothing is kept of what is with LiveDesk")

	command := w.Telegram.Say(eve, group, "/ticket the dor", telegramtest.ReplyTo(card))
	answer = w.Answer(command)
	w.Telegram.Edit(command, "/ticket !high the door")
	w.Say(eve, group, "/status")
	w.Press(eve, answer, "🎫 Open another")
	w.Eventually(func() bool { return w.Desk.Count() == 3 })
	require.Equal(t, "the door", last().Title)
	require.Equal(t, "high", last().Priority)

	command = w.Telegram.Say(w.Alice, group, "/ticket and the dor", telegramtest.ReplyTo(card))
	answer = w.Answer(command)
	w.Telegram.Edit(command, "/ticket and the door")
	w.Say(w.Alice, group, "/status")
	w.Press(w.Alice, answer, addTo("lift"))
	w.TicketIs(number, func(x livedesktest.Ticket) bool {
		return strings.HasSuffix(x.Description, "\nand the door") && !strings.Contains(x.Description, "/ticket")
	})
}

func TestTheTicketOfSomebodyForgottenIsOfferedWithoutItsTitle(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat, private := w.Telegram.NewSupergroup("S"), w.Telegram.Private(w.Alice)
	bob := w.Telegram.NewPerson("Bob")
	chat.Join(bob)
	_, number := w.Ticket(chat, "door")
	w.Say(bob, chat, "/follow "+number)
	w.Press(w.Alice, w.Say(w.Alice, private, "/mydata"), "🗑 Forget me")
	w.Press(w.Alice, w.Hears(private, "Really?"), "🗑 Yes, forget me")
	w.Hears(private, "forgotten")
	require.Equal(t, []string{openNew, addTo("…")}, labels(w.Say(bob, w.Telegram.Private(bob), "more")))
}
