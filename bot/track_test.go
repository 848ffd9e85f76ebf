package bot

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

// ticket opens one and returns its card and number.
func (w *world) ticket(where telegramtest.Place, text string) (*telegramtest.Message, string) {
	w.t.Helper()
	card := w.say(w.alice, where, "/ticket "+text)
	return card, w.number(card)
}

func TestAnAgentsPublicReplyComesToTheTopicAndNothingElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	forum := w.telegram.NewForum("F")
	topic := forum.NewTopic("T")
	card, number := w.ticket(topic, "Printer")
	_, err := w.desk.Note(number, "Li", "SECRET-NOTE")
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
		_, err := w.desk.Message(number, m)
		require.NoError(t, err, i)
	}
	_, err = w.desk.Reply(number, "Agent <Li>", "We are **on** it & _soon_ <script>")
	require.NoError(t, err)

	reply := w.hears(forum, "We are on it")

	require.Equal(t, topic, reply.Topic)
	require.Equal(t, card.ID, reply.ReplyTo)
	require.Contains(t, reply.Text, "Agent <Li>")
	require.Contains(t, reply.Text, "Alice")
	_, err = w.desk.Reply(number, "Li", "second")
	require.NoError(t, err)
	w.hears(forum, "second")
	for _, m := range forum.BotMessages() {
		require.NotContains(t, m.Text, "SECRET")
	}
}

func TestAHundredRepliesArriveInOrderOnceAlsoShuffled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	_, number := w.ticket(chat, "busy")
	w.desk.SetDrift(livedesktest.Drift{Shuffled: true})
	start := time.Now().Add(-time.Hour)
	for i := range 100 {
		_, err := w.desk.Message(number, livedesktest.Message{
			SenderType: "internal_member", SenderName: "Li", Content: fmt.Sprintf("answer %03d.", i), SentAt: start.Add(time.Duration(i) * time.Second),
		})
		require.NoError(t, err)
	}
	w.hears(chat, "answer 099.")
	w.stop()
	w.start()
	_, err := w.desk.Reply(number, "Li", "the last word")
	require.NoError(t, err)
	w.hears(chat, "the last word")
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
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	_, number := w.ticket(chat, "edit")
	id, err := w.desk.Reply(number, "Li", "tomorow")
	require.NoError(t, err)
	reply := w.hears(chat, "tomorow")
	require.NoError(t, w.desk.EditMessage(number, id, "tomorrow"))
	w.becomes(reply, "tomorrow")
}

func TestTheCardFollowsTheTicketInPlaceAndTheEndIsAMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	card, number := w.ticket(chat, "slow")
	require.NoError(t, w.desk.SetPriority(number, "urgent"))
	w.becomes(card, "Urgent")
	require.NoError(t, w.desk.SetStatus(number, "in_progress"))
	w.becomes(card, "In progress")
	require.NoError(t, w.desk.SetTeam(number, "Billing"))
	w.becomes(card, "Billing")
	require.NoError(t, w.desk.SetSLA(number, livedesktest.SLA{FirstResponseDue: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC), Breached: true}))
	now := w.becomes(card, "21 Nov 2026, 10:00 UTC")
	require.NotContains(t, strings.ToLower(now.Text), "breach")
	require.Len(t, chat.BotMessages(), 1, "all of that is quiet")
	require.NoError(t, w.desk.SetStatus(number, "resolved"))
	require.Contains(t, w.say(w.alice, w.telegram.Private(w.alice), "/status "+number).Text, "Resolved")
	w.hears(chat, "Resolved: ticket")
	w.becomes(card, "Resolved")
	require.NoError(t, w.desk.SetStatus(number, "open"))
	w.hears(chat, "Reopened")
	require.NoError(t, w.desk.SetStatus(number, "resolved"))
	require.Eventually(t, func() bool { return len(chat.BotMessages()) == 4 }, 30*time.Second, 10*time.Millisecond)
	require.NoError(t, w.desk.Rate(number, 4, "fine"))
	w.becomes(card, "★★★★☆")
}

func TestWithoutRelayOnlyTheCardChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.cfg.Relay = false })
	chat := w.telegram.NewSupergroup("S")
	card, number := w.ticket(chat, "quiet")
	_, err := w.desk.Reply(number, "Li", "spoken by LiveDesk's own bot")
	require.NoError(t, err)
	require.NoError(t, w.desk.SetStatus(number, "resolved"))
	w.becomes(card, "Resolved")
	require.Len(t, chat.BotMessages(), 1)

	w.stop()
	w.cfg.Relay = true
	w.start()
	_, err = w.desk.Reply(number, "Li", "spoken by us")
	require.NoError(t, err)
	w.hears(chat, "spoken by us")
	require.Len(t, chat.BotMessages(), 2, "what was not ours to tell is not told later")
}

func TestADeletedTicketEndsWithANeutralWord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	_, number := w.ticket(chat, "gone")
	require.NoError(t, w.desk.Delete(number))
	w.hears(chat, "does not know ticket")
	seen := w.desk.Seen(livedesktest.Get)
	w.ticket(chat, "other")
	require.Eventually(t, func() bool { return w.desk.Seen(livedesktest.Get) > seen+3 }, 30*time.Second, 10*time.Millisecond)
	gone := 0
	for _, r := range w.desk.Requests() {
		if r.Status == 404 {
			gone++
		}
	}
	require.Equal(t, 2, gone, "asked again once, then never")
}

func TestAReplyToTheCardIsAddedToTheTicket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	card, number := w.ticket(chat, "leak\nin the cellar")
	w.desk.Trouble(livedesktest.Update, 1, livedesktest.StoreThenLose())
	added := w.say(w.alice, chat, "It is **worse**\nnow", telegramtest.ReplyTo(card))
	require.Contains(t, added.Text, "Added")
	_, err := w.desk.Reply(number, "Li", "Which tap?")
	require.NoError(t, err)
	question := w.hears(chat, "Which tap?")
	bob := w.telegram.NewPerson("Bob")
	require.Contains(t, w.say(bob, chat, "The left one", telegramtest.ReplyTo(question)).Text, "Added")
	ticket, _ := w.desk.Ticket(number)
	require.Contains(t, ticket.Description, "in the cellar\n\n### ")
	require.Contains(t, ticket.Description, "Alice Liddell\nIt is **worse**\nnow")
	require.Contains(t, ticket.Description, "Bob\nThe left one")
	require.Equal(t, 1, strings.Count(ticket.Description, "worse"))
}

func TestConcurrentAdditionsAndAnAgentsEditsSurvive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	card, number := w.ticket(chat, "many")
	require.NoError(t, w.desk.Change(number, func(t *livedesktest.Ticket) { t.Description = "agent's own words" }))
	for i := range 20 {
		w.telegram.Say(w.telegram.NewPerson(fmt.Sprintf("P%02d", i)), chat, fmt.Sprintf("addition %02d", i), telegramtest.ReplyTo(card))
	}
	require.Eventually(t, func() bool {
		ticket, _ := w.desk.Ticket(number)
		return strings.Count(ticket.Description, "addition ") == 20
	}, 30*time.Second, 20*time.Millisecond)
	ticket, _ := w.desk.Ticket(number)
	require.Contains(t, ticket.Description, "agent's own words")
	require.Eventually(t, func() bool { return len(chat.BotMessages()) == 21 }, 30*time.Second, 20*time.Millisecond)
}

func TestAnEditOfTheCommandUpdatesTheTicket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	command := w.telegram.Say(w.alice, chat, "/ticket Prinetr\nfirst floor")
	card, err := w.telegram.WaitReply(w.context(), command)
	require.NoError(t, err)
	number := w.number(card)
	w.telegram.Edit(command, "/ticket Printer\nsecond floor")
	w.becomes(card, "Printer")
	require.Eventually(t, func() bool {
		ticket, _ := w.desk.Ticket(number)
		return ticket.Title == "Printer" && ticket.Description == "second floor"
	}, 30*time.Second, 10*time.Millisecond)
	w.telegram.Edit(chat.Message(command.ID), "/ticket Printer\nsecond floor, left")
	require.Eventually(t, func() bool {
		ticket, _ := w.desk.Ticket(number)
		return ticket.Description == "second floor, left"
	}, 30*time.Second, 10*time.Millisecond)
	require.Len(t, w.desk.Tickets(), 1)
}

func TestFollowUpsCanBeLeftToLiveDesk(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.cfg.FollowUps = false })
	chat := w.telegram.NewSupergroup("S")
	card, number := w.ticket(chat, "quiet")
	w.telegram.Say(w.alice, chat, "more", telegramtest.ReplyTo(card))
	w.ticket(chat, "next")
	ticket, _ := w.desk.Ticket(number)
	require.Empty(t, ticket.Description)
}

func TestAPhotoInAReplyToTheCardIsAdded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	card, _ := w.ticket(chat, "leak")
	photo := w.telegram.NewFile(telegramtest.Photo, "", "", []byte("jpeg"))
	w.say(w.alice, chat, "see", telegramtest.ReplyTo(card), telegramtest.Attached(photo))
	w.attachments(1)
	w.becomes(card, "1 file")
}

func TestAgentsFilesComeAsFilesOrAsALink(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	_, number := w.ticket(chat, "files")
	_, err := w.desk.Reply(number, "Li", "see these",
		livedesktest.File{Name: "p.jpg", Type: "image/jpeg", Content: []byte("jpeg")},
		livedesktest.File{Name: "r.pdf", Type: "application/pdf", Content: []byte("pdf")},
		livedesktest.File{Name: "huge.bin", Type: "application/octet-stream", Size: 21 << 20})
	require.NoError(t, err)
	w.hears(chat, "huge.bin")
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
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	card, number := w.ticket(chat, "buttons")
	bob := w.telegram.NewPerson("Bob")
	chat.Join(bob)
	press := func(who *telegramtest.Person, m *telegramtest.Message, label string) string {
		p, err := w.telegram.Press(who, chat.Message(m.ID), label)
		require.NoError(t, err, label)
		answer, err := p.Wait(w.context())
		require.NoError(t, err)
		return answer.Text
	}
	require.Contains(t, press(bob, card, "Priority"), "Only the person")
	press(w.alice, card, "Priority")
	require.Contains(t, press(w.alice, card, "Low priority"), "Changing")
	w.becomes(card, "Low priority")
	ticket, _ := w.desk.Ticket(number)
	require.Equal(t, "low", ticket.Priority)
	press(w.alice, card, "Type")
	press(w.alice, card, "Task")
	w.becomes(card, "Task")

	require.Contains(t, press(bob, card, "🔔 Follow / unfollow"), "You follow")
	_, err := w.desk.Reply(number, "Li", "for both")
	require.NoError(t, err)
	require.Contains(t, w.hears(chat, "for both").Text, "Bob")
	for i := range 12 {
		_, err := w.desk.Reply(number, "Li", fmt.Sprintf("page text %d %s", i, strings.Repeat("x", 600)))
		require.NoError(t, err)
	}
	_, err = w.desk.Note(number, "Li", "SECRET")
	require.NoError(t, err)
	press(bob, card, "💬 Conversation")
	talk := w.hears(chat, "(1/")
	press(bob, talk, "➡️")
	require.NotContains(t, w.becomes(talk, "(2/").Text, "SECRET")
	require.Contains(t, press(bob, card, "🔄 Refresh"), "Asking")
}

func TestFollowAndPrivateStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	_, number := w.ticket(chat, "Shared trouble")
	bob := w.telegram.NewPerson("Bob")
	private := w.telegram.Private(bob)
	require.Contains(t, w.say(bob, private, "/status "+number).Text, "no ticket")
	require.Contains(t, w.say(bob, chat, "/follow "+number).Text, "You follow")
	require.Contains(t, w.say(bob, private, "/status").Text, "Shared trouble")
	require.Contains(t, w.say(bob, private, "/status "+number).Text, "Shared trouble")
	chat.Leave(bob)
	require.NotContains(t, w.say(bob, private, "/status").Text, "Shared trouble")
	require.Contains(t, w.say(bob, private, "/status "+number).Text, "no ticket")
	require.Contains(t, w.say(bob, private, "/follow "+number).Text, "no ticket")
}

func TestAnAlbumAddedToATicketIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	card, number := w.ticket(chat, "leak")
	var files []*telegramtest.File
	for _, name := range []string{"a.txt", "b.txt", "c.txt"} {
		files = append(files, w.telegram.NewFile(telegramtest.Document, name, "text/plain", []byte(name)))
	}
	w.telegram.Album(w.alice, chat, "three views", files, telegramtest.ReplyTo(card))
	require.Equal(t, []string{"a.txt", "b.txt", "c.txt"}, w.attachments(3))
	w.becomes(card, "3 files")
	ticket, _ := w.desk.Ticket(number)
	require.Equal(t, 1, strings.Count(ticket.Description, "###"), ticket.Description)
	w.hears(chat, "Added to ticket")
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
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	w.ticket(chat, "calm")
	require.Eventually(t, func() bool { return w.desk.Seen(livedesktest.Get) >= 3 }, 30*time.Second, 10*time.Millisecond)
	require.Empty(t, w.telegram.CallsOf("editMessageText"))
}
