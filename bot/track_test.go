package bot_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

func TestAnAgentsPublicReplyComesToTheTopicAndNothingElse(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	forum := w.Telegram.NewForum("F")
	topic := forum.NewTopic("T")
	card, number := w.Ticket(topic, "Printer")
	_, err := w.Desk.Note(number, "Li", "SECRET-NOTE")
	require.NoError(t, err)
	for i, m := range []livedesktest.Message{
		{SenderType: "customer", Content: "SECRET-echo"},
		{SenderType: "system", Content: "SECRET-system"},
		{SenderType: "", Content: "SECRET-unknown"},
		{SenderType: "internal_member", Content: "SECRET-noflag", Omit: []string{"is_internal"}},
		{SenderType: "internal_member", Content: "SECRET-null", Set: map[string]any{"is_internal": nil}},
		{SenderType: "internal_member", Content: "SECRET-text", Set: map[string]any{"is_internal": "false"}},
		{SenderType: "internal_member", Content: "SECRET-number", Set: map[string]any{"is_internal": 0}},
	} {
		_, err := w.Desk.Message(number, m)
		require.NoError(t, err, i)
	}
	_, err = w.Desk.Reply(number, "Agent <Li>", "We are **on** it & _soon_ <script>")
	require.NoError(t, err)

	reply := w.Hears(forum, "We are on it")

	require.Equal(t, topic, reply.Topic)
	require.Equal(t, card.ID, reply.ReplyTo)
	require.Contains(t, reply.Text, "Agent <Li>")
	require.Contains(t, reply.Text, "Alice")
	_, err = w.Desk.Reply(number, "Li", "second")
	require.NoError(t, err)
	w.Hears(forum, "second")
	for _, m := range forum.BotMessages() {
		require.NotContains(t, m.Text, "SECRET")
	}
}

func TestAHundredRepliesArriveInOrderOnceAlsoShuffled(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "busy")
	w.Desk.SetDrift(livedesktest.Drift{Shuffled: true})
	start := time.Now().Add(-time.Hour)
	for i := range 100 {
		_, err := w.Desk.Message(number, livedesktest.Message{
			SenderType: "internal_member", SenderName: "Li", Content: fmt.Sprintf("answer %03d.", i), SentAt: start.Add(time.Duration(i) * time.Second),
		})
		require.NoError(t, err)
	}
	w.Hears(chat, "answer 099.")
	w.Stop()
	w.Start()
	_, err := w.Desk.Reply(number, "Li", "the last word")
	require.NoError(t, err)
	w.Hears(chat, "the last word")
	var got []string
	for _, m := range chat.BotMessages() {
		if _, text, ok := strings.Cut(m.Text, "answer "); ok {
			got = append(got, text[:3])
		}
	}
	require.Len(t, got, 100)
	require.IsIncreasing(t, got)
}

func TestAnEditedReplyIsEditedInPlace(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "edit")
	id, err := w.Desk.Reply(number, "Li", "tomorow")
	require.NoError(t, err)
	reply := w.Hears(chat, "tomorow")
	require.NoError(t, w.Desk.EditMessage(number, id, "tomorrow"))
	w.Becomes(reply, "tomorrow")
}

func TestTheCardFollowsTheTicketInPlaceAndTheEndIsAMessage(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "slow")
	require.NoError(t, w.Desk.SetPriority(number, "urgent"))
	w.Becomes(card, "Urgent")
	require.NoError(t, w.Desk.SetStatus(number, "in_progress"))
	w.Becomes(card, "In progress")
	require.NoError(t, w.Desk.SetTeam(number, "Billing"))
	w.Becomes(card, "Billing")
	require.NoError(t, w.Desk.SetSLA(number, livedesktest.SLA{FirstResponseDue: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC), Breached: true}))
	now := w.Becomes(card, "21 Nov 2026, 10:00 UTC")
	require.NotContains(t, strings.ToLower(now.Text), "breach")
	require.Len(t, chat.BotMessages(), 1, "all of that is quiet")
	require.NoError(t, w.Desk.SetStatus(number, "resolved"))
	require.Contains(t, w.Say(w.Alice, w.Telegram.Private(w.Alice), "/status "+number).Text, "Resolved")
	w.Hears(chat, "Resolved: ticket")
	w.Becomes(card, "Resolved")
	require.NoError(t, w.Desk.SetStatus(number, "open"))
	w.Hears(chat, "Reopened")
	require.NoError(t, w.Desk.SetStatus(number, "resolved"))
	require.Eventually(t, func() bool { return len(chat.BotMessages()) == 4 }, 30*time.Second, 10*time.Millisecond)
	require.NoError(t, w.Desk.Rate(number, 4, "fine"))
	w.Becomes(card, "★★★★☆")
}

func TestWithoutRelayOnlyTheCardChanges(t *testing.T) {
	t.Parallel()
	w := bottest.New(t, func(w *bottest.World) { w.Config.Relay = false })
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "quiet")
	_, err := w.Desk.Reply(number, "Li", "spoken by LiveDesk's own bot")
	require.NoError(t, err)
	require.NoError(t, w.Desk.SetStatus(number, "resolved"))
	w.Becomes(card, "Resolved")
	require.Len(t, chat.BotMessages(), 1)

	w.Stop()
	w.Config.Relay = true
	w.Start()
	_, err = w.Desk.Reply(number, "Li", "spoken by us")
	require.NoError(t, err)
	w.Hears(chat, "spoken by us")
	require.Len(t, chat.BotMessages(), 2, "what was not ours to tell is not told later")
}

func TestADeletedTicketEndsWithANeutralWord(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "gone")
	require.NoError(t, w.Desk.Delete(number))
	w.Hears(chat, "does not know ticket")
	seen := w.Desk.Seen(livedesktest.Get)
	w.Ticket(chat, "other")
	require.Eventually(t, func() bool { return w.Desk.Seen(livedesktest.Get) > seen+3 }, 30*time.Second, 10*time.Millisecond)
	gone := 0
	for _, r := range w.Desk.Requests() {
		if r.Status == 404 {
			gone++
		}
	}
	require.Equal(t, 2, gone, "asked again once, then never")
}

func TestAReplyToTheCardIsAddedToTheTicket(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "leak\nin the cellar")
	w.Desk.Trouble(livedesktest.Update, 1, livedesktest.StoreThenLose())
	added := w.Say(w.Alice, chat, "It is **worse**\nnow", telegramtest.ReplyTo(card))
	require.Contains(t, added.Text, "Added")
	_, err := w.Desk.Reply(number, "Li", "Which tap?")
	require.NoError(t, err)
	question := w.Hears(chat, "Which tap?")
	bob := w.Telegram.NewPerson("Bob")
	require.Contains(t, w.Say(bob, chat, "The left one", telegramtest.ReplyTo(question)).Text, "Added")
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
	for i := range 20 {
		w.Telegram.Say(w.Telegram.NewPerson(fmt.Sprintf("P%02d", i)), chat, fmt.Sprintf("addition %02d", i), telegramtest.ReplyTo(card))
	}
	require.Eventually(t, func() bool {
		ticket, _ := w.Desk.Ticket(number)
		return strings.Count(ticket.Description, "addition ") == 20
	}, 30*time.Second, 20*time.Millisecond)
	ticket, _ := w.Desk.Ticket(number)
	require.Contains(t, ticket.Description, "agent's own words")
	require.Eventually(t, func() bool { return len(chat.BotMessages()) == 21 }, 30*time.Second, 20*time.Millisecond)
}

func TestAnEditOfTheCommandUpdatesTheTicket(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	command := w.Telegram.Say(w.Alice, chat, "/ticket Prinetr\nfirst floor")
	card, err := w.Telegram.WaitReply(w.Context(), command)
	require.NoError(t, err)
	number := w.Number(card)
	w.Telegram.Edit(command, "/ticket Printer\nsecond floor")
	w.Becomes(card, "Printer")
	require.Eventually(t, func() bool {
		ticket, _ := w.Desk.Ticket(number)
		return ticket.Title == "Printer" && ticket.Description == "second floor"
	}, 30*time.Second, 10*time.Millisecond)
	w.Telegram.Edit(chat.Message(command.ID), "/ticket Printer\nsecond floor, left")
	require.Eventually(t, func() bool {
		ticket, _ := w.Desk.Ticket(number)
		return ticket.Description == "second floor, left"
	}, 30*time.Second, 10*time.Millisecond)
	require.Len(t, w.Desk.Tickets(), 1)
}

func TestFollowUpsCanBeLeftToLiveDesk(t *testing.T) {
	t.Parallel()
	w := bottest.New(t, func(w *bottest.World) { w.Config.FollowUps = false })
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "quiet")
	w.Telegram.Say(w.Alice, chat, "more", telegramtest.ReplyTo(card))
	w.Ticket(chat, "next")
	ticket, _ := w.Desk.Ticket(number)
	require.Empty(t, ticket.Description)
}

func TestAPhotoInAReplyToTheCardIsAdded(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	card, _ := w.Ticket(chat, "leak")
	photo := w.Telegram.NewFile(telegramtest.Photo, "", "", []byte("jpeg"))
	w.Say(w.Alice, chat, "see", telegramtest.ReplyTo(card), telegramtest.Attached(photo))
	w.Attachments(1)
	w.Becomes(card, "1 file")
}

func TestAgentsFilesComeAsFilesOrAsALink(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "files")
	_, err := w.Desk.Reply(number, "Li", "see these",
		livedesktest.File{Name: "p.jpg", Type: "image/jpeg", Content: []byte("jpeg")},
		livedesktest.File{Name: "r.pdf", Type: "application/pdf", Content: []byte("pdf")},
		livedesktest.File{Name: "huge.bin", Type: "application/octet-stream", Size: 21 << 20})
	require.NoError(t, err)
	w.Hears(chat, "huge.bin")
	var kinds []telegramtest.Kind
	for _, m := range chat.BotMessages() {
		if m.File != nil {
			kinds = append(kinds, m.File.Kind)
		}
	}
	require.Equal(t, []telegramtest.Kind{telegramtest.Photo, telegramtest.Document}, kinds)
}

func TestButtonsOfTheCard(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "buttons")
	bob := w.Telegram.NewPerson("Bob")
	chat.Join(bob)
	press := func(who *telegramtest.Person, m *telegramtest.Message, label string) string {
		p, err := w.Telegram.Press(who, chat.Message(m.ID), label)
		require.NoError(t, err, label)
		answer, err := p.Wait(w.Context())
		require.NoError(t, err)
		return answer.Text
	}
	require.Contains(t, press(bob, card, "Priority"), "Only the person")
	press(w.Alice, card, "Priority")
	require.Contains(t, press(w.Alice, card, "Low priority"), "Changing")
	w.Becomes(card, "Low priority")
	ticket, _ := w.Desk.Ticket(number)
	require.Equal(t, "low", ticket.Priority)
	press(w.Alice, card, "Type")
	press(w.Alice, card, "Task")
	w.Becomes(card, "Task")

	require.Contains(t, press(bob, card, "🔔 Follow / unfollow"), "You follow")
	_, err := w.Desk.Reply(number, "Li", "for both")
	require.NoError(t, err)
	require.Contains(t, w.Hears(chat, "for both").Text, "Bob")
	for i := range 12 {
		_, err := w.Desk.Reply(number, "Li", fmt.Sprintf("page text %d %s", i, strings.Repeat("x", 600)))
		require.NoError(t, err)
	}
	_, err = w.Desk.Note(number, "Li", "SECRET")
	require.NoError(t, err)
	press(bob, card, "💬 Conversation")
	talk := w.Hears(chat, "(1/")
	press(bob, talk, "➡️")
	require.NotContains(t, w.Becomes(talk, "(2/").Text, "SECRET")
	require.Contains(t, press(bob, card, "🔄 Refresh"), "Asking")
}

func TestFollowAndPrivateStatus(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "Shared trouble")
	bob := w.Telegram.NewPerson("Bob")
	private := w.Telegram.Private(bob)
	require.Contains(t, w.Say(bob, private, "/status "+number).Text, "no ticket")
	require.Contains(t, w.Say(bob, chat, "/follow "+number).Text, "You follow")
	require.Contains(t, w.Say(bob, private, "/status").Text, "Shared trouble")
	require.Contains(t, w.Say(bob, private, "/status "+number).Text, "Shared trouble")
	chat.Leave(bob)
	require.NotContains(t, w.Say(bob, private, "/status").Text, "Shared trouble")
	require.Contains(t, w.Say(bob, private, "/status "+number).Text, "no ticket")
	require.Contains(t, w.Say(bob, private, "/follow "+number).Text, "no ticket")
}

func TestAnAlbumAddedToATicketIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "leak")
	var files []*telegramtest.File
	for _, name := range []string{"a.txt", "b.txt", "c.txt"} {
		files = append(files, w.Telegram.NewFile(telegramtest.Document, name, "text/plain", []byte(name)))
	}
	w.Telegram.Album(w.Alice, chat, "three views", files, telegramtest.ReplyTo(card))
	require.Equal(t, []string{"a.txt", "b.txt", "c.txt"}, w.Attachments(3))
	w.Becomes(card, "3 files")
	ticket, _ := w.Desk.Ticket(number)
	require.Equal(t, 1, strings.Count(ticket.Description, "###"), ticket.Description)
	w.Hears(chat, "Added to ticket")
	answers := 0
	for _, m := range chat.BotMessages() {
		if strings.Contains(m.Text, "Added to ticket") {
			answers++
		}
	}
	require.Equal(t, 1, answers)
}

func TestALookThatChangesNothingEditsNothing(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	w.Ticket(chat, "calm")
	require.Eventually(t, func() bool { return w.Desk.Seen(livedesktest.Get) >= 3 }, 30*time.Second, 10*time.Millisecond)
	require.Empty(t, w.Telegram.CallsOf("editMessageText"))
}
