package bot_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

func TestATicketFromATopicIsTheDocumentedRequest(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, body string }{
		"Japanese": {
			text: "/ticket !high #incident team:ITサポート device_sn=PRN-2024-001 location=\"北京本社-3階印刷室\" プリンター紙詰まり、印刷不可\n" +
				"顧客よりA4用紙が排紙トレイで詰まったとの報告あり、緊急対応が必要。",
			body: `{"title":"プリンター紙詰まり、印刷不可","description":"顧客よりA4用紙が排紙トレイで詰まったとの報告あり、緊急対応が必要。",
				"requester":{"channel_contacts":{"channel_id":"inbox_100","contact_id":"-1001234567890","sub_contact_id":"23232323",
				"followers":[{"id":"7562646527","name":"張三"}]}},"submitter":{"id":"u_12345"},"assignment_team":"ITサポート",
				"priority":"high","ticket_type":"incident",
				"custom_fields":{"device_sn":"PRN-2024-001","location":"北京本社-3階印刷室"}}`,
		},
		"German": {
			text: "/ticket@LiveDeskBot !high #incident team:\"IT Support\" device_sn=PRN-2024-001 location=\"Beijing HQ - 3. Etage Druckerraum\" " +
				"Papierstau im Drucker, Drucken nicht möglich\nKund:in meldet A4-Papierstau im Ausgabefach, dringende Bearbeitung erforderlich.",
			body: `{"title":"Papierstau im Drucker, Drucken nicht möglich",
				"description":"Kund:in meldet A4-Papierstau im Ausgabefach, dringende Bearbeitung erforderlich.",
				"requester":{"channel_contacts":{"channel_id":"inbox_100","contact_id":"-1001234567890","sub_contact_id":"23232323",
				"followers":[{"id":"7562646527","name":"張三"}]}},"submitter":{"id":"u_12345"},"assignment_team":"IT Support",
				"priority":"high","ticket_type":"incident",
				"custom_fields":{"device_sn":"PRN-2024-001","location":"Beijing HQ - 3. Etage Druckerraum"}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := bottest.New(t, func(w *bottest.World) { w.Config.StaffMembers = map[int64]string{7562646527: "u_12345"} })
			zhang := w.Telegram.NewPerson("張三", telegramtest.ID(7562646527))
			forum := w.Telegram.NewForum("Printers", telegramtest.ID(-1001234567890))
			topic := forum.NewTopic("Beijing", telegramtest.ID(23232323))

			reply := w.Say(zhang, topic, test.text)

			require.Equal(t, topic, reply.Topic)
			body := w.Body()
			fields := body["custom_fields"].(map[string]any)
			require.NotEmpty(t, fields["telegram_ref"])
			delete(fields, "telegram_ref")
			sent, err := json.Marshal(body)
			require.NoError(t, err)
			require.JSONEq(t, test.body, string(sent))
			require.Contains(t, reply.Text, w.Desk.Tickets()[0].ID)
		})
	}
}

func TestTickets(t *testing.T) {
	t.Parallel()
	bottest.New(t).Parts(t,
		ticketsInEveryKindOfChat, whatIsNoCommandForThisBotMakesNoTicket, aReplyQuotesTheMessageAndItsFirstLineIsTheTitle,
		followersAreTheSenderAndPeopleMentionedByID, anUnknownTeamIsRefusedWithTheTeamsThereAre,
		textsFullOfMarkupAndBeyondLimitsArrive, aReplyThatQuotesAPartTakesOnlyThatAlong,
	)
}

func ticketsInEveryKindOfChat(t *testing.T, w *bottest.World) {
	group, super, forum := w.Telegram.NewGroup("G"), w.Telegram.NewSupergroup("S"), w.Telegram.NewForum("F")
	topic := forum.NewTopic("T")
	for name, where := range map[string]telegramtest.Place{
		"basic group": group, "supergroup": super, "General": forum, "topic": topic, "private": w.Telegram.Private(w.Alice),
	} {
		reply := w.Say(w.Alice, where, "/TICKET "+name)
		require.Contains(t, reply.Text, name)
		w.Number(reply)
	}
	for _, ticket := range w.Opened() {
		require.Equal(t, ticket.Title == "topic", ticket.Requester.SubContactID != "", ticket.Title)
	}
}

func whatIsNoCommandForThisBotMakesNoTicket(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	for _, text := range []string{"/ticket@OtherBot x", "please /ticket x", " /ticket x", "/tickets x", "/ticketx"} {
		w.Telegram.Say(w.Alice, chat, text)
	}
	w.Telegram.Say(w.Alice, chat, "/ticket forwarded", telegramtest.ForwardedFrom(w.Alice))
	plain := w.Telegram.Say(w.Alice, chat, "hello")
	w.Telegram.Edit(plain, "/ticket edited")
	w.Telegram.Say(w.Telegram.NewPerson("Robot", telegramtest.AsBot()), chat, "/ticket from a bot")

	w.Say(w.Alice, chat, "/ticket the only one")

	require.Len(t, w.Opened(), 1)
	require.Len(t, chat.BotMessages(), 1)
}

func TestACardSaysThatAMistypedPriorityStandsInTheTitle(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	for _, title := range []string{"!hihg printer", "printer !URGENT"} {
		card, _ := w.Ticket(chat, title)
		require.Contains(t, card.Text, "set no priority", title)
		w.Press(w.Alice, card, "Priority")
		w.Press(w.Alice, card, "High priority")
		require.NotContains(t, w.Becomes(card, "High priority").Text, "set no priority")
	}
	for _, title := range []string{"!high printer", "printer #floor", "a printer! !", "the !hihg printer", "!hihg !low"} {
		card, _ := w.Ticket(chat, title)
		require.NotContains(t, card.Text, "set no priority", title)
	}
}

func aReplyQuotesTheMessageAndItsFirstLineIsTheTitle(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewForum("F")
	topic := chat.NewTopic("T")
	bob := w.Telegram.NewPerson("Bob <b>&")
	original := w.Telegram.Say(bob, topic, "The 🖨️ burns\nsince noon")

	w.Say(w.Alice, topic, "/ticket", telegramtest.ReplyTo(original))

	body := w.Body()
	require.Equal(t, "The 🖨️ burns", body["title"])
	require.Contains(t, body["description"], "Bob <b>&")
	require.Contains(t, body["description"], "> The 🖨️ burns\n> since noon")
}

func TestAnEmptyTicketAsksAndTheReplyIsTheTicketAlsoAfterARestart(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	topic := w.Telegram.NewForum("F").NewTopic("T")
	question := w.Say(w.Alice, topic, "/ticket !high")
	require.True(t, question.ForceReply)
	require.True(t, question.Selective)
	w.Stop()
	w.Start()
	bob := w.Telegram.NewPerson("Bob")
	w.Telegram.Say(bob, topic, "not asked", telegramtest.ReplyTo(question))

	created := w.Say(w.Alice, topic, "Door stuck\nsecond floor", telegramtest.ReplyTo(question))

	w.Number(created)
	body := w.Body()
	require.Equal(t, "Door stuck", body["title"])
	require.Equal(t, "second floor", body["description"])
	require.Equal(t, "high", body["priority"])
	again := w.Say(w.Alice, topic, "Another", telegramtest.ReplyTo(question))
	require.Contains(t, again.Text, "/ticket")
	require.Len(t, w.Desk.Tickets(), 1)
}

func followersAreTheSenderAndPeopleMentionedByID(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	bob := w.Telegram.NewPerson("Bob")
	w.Say(w.Alice, chat, "/ticket for 😀 Bob and @carol", telegramtest.Mentioning(bob))
	followers := w.Opened()[0].Requester.Followers
	require.Len(t, followers, 2)
	require.Equal(t, "Alice Liddell", followers[0].Name)
	require.Equal(t, "Bob", followers[1].Name)

	chat.SetMember(bob, telegramtest.Administrator)
	w.Say(bob, chat, "/ticket in secret", telegramtest.Anonymously())
	require.Empty(t, w.Opened()[1].Requester.Followers)
}

func anUnknownTeamIsRefusedWithTheTeamsThereAre(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	reply := w.Say(w.Alice, chat, "/ticket team:Nobody help")
	require.Contains(t, reply.Text, "Nobody")
	require.Contains(t, reply.Text, "IT Support, ITサポート")
	require.Empty(t, w.Opened())
	require.Contains(t, w.Say(w.Alice, chat, "/ticket team:\"it support\" help").Text, "IT Support")
}

func textsFullOfMarkupAndBeyondLimitsArrive(t *testing.T, w *bottest.World) {
	mallory := w.Telegram.NewPerson("<b>&amp;_*`\u202eevil")
	chat := w.Telegram.NewSupergroup("</b> & [x](y)")
	for _, title := range []string{"<b>bomb", "a & b_c *d* `e`", "שלום <עולם>", "& &lt; &amp;lt;"} {
		reply := w.Say(mallory, chat, "/ticket "+title)
		require.Contains(t, reply.Text, title)
	}
	reply := w.Say(mallory, chat, "/ticket "+strings.Repeat("длинный заголовок 😀 ", 60))
	w.Number(reply)
	last := w.Opened()[4]
	require.LessOrEqual(t, len([]rune(last.Title)), 200)
	require.Contains(t, last.Description, "длинный заголовок 😀 длинный")
}

func TestTooManyTicketsInAMinuteAreDeclinedPolitely(t *testing.T) {
	t.Parallel()
	w := bottest.New(t, func(w *bottest.World) { w.Config.PerMinute = 2 })
	chat := w.Telegram.NewSupergroup("S")
	w.Number(w.Say(w.Alice, chat, "/ticket 1"))
	w.Number(w.Say(w.Alice, chat, "/ticket 2"))
	require.Contains(t, w.Say(w.Alice, chat, "/ticket 3").Text, "in a minute")
	w.Number(w.Say(w.Telegram.NewPerson("Bob"), chat, "/ticket 4"))
	require.Len(t, w.Desk.Tickets(), 3)
}

func TestMoreTeamsThanAMessageHolds(t *testing.T) {
	t.Parallel()
	w := bottest.New(t, func(w *bottest.World) {
		for n := range 400 {
			w.Config.Teams = append(w.Config.Teams, fmt.Sprintf("Team number %d", n))
		}
	})
	chat := w.Telegram.NewSupergroup("S")
	require.Contains(t, w.Say(w.Alice, chat, "/ticket team:Nobody help").Text, "Nobody")
	help := w.Say(w.Alice, chat, "/help")
	w.Press(w.Alice, help, "⚙️ More")
	require.Contains(t, w.Becomes(help, "Team number 3").Text, "…", "no more of them than a screen holds")
}

func aReplyThatQuotesAPartTakesOnlyThatAlong(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	long := w.Telegram.Say(w.Telegram.NewPerson("Bob"), chat, "Good morning all.\nThe lift stands\nsince nine.\nLunch is at noon.")
	number := w.Number(w.Say(w.Alice, chat, "/ticket", telegramtest.ReplyTo(long), telegramtest.Quoting("The lift stands\nsince nine.")))
	ticket, _ := w.Desk.Ticket(number)
	require.Equal(t, "The lift stands", ticket.Title)
	require.Regexp(t, `^> Bob, .*:\n> The lift stands\n> since nine\.$`, ticket.Description)

	card, number := w.Ticket(chat, "printer is slow")
	w.Telegram.Say(w.Alice, chat, "it is worse", telegramtest.ReplyTo(card), telegramtest.Quoting("printer is slow"))
	w.TicketIs(number, func(ticket livedesktest.Ticket) bool {
		return strings.HasSuffix(ticket.Description, "\n> printer is slow\n\nit is worse")
	})
}
