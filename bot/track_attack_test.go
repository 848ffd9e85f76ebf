package bot

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk"
	"livedeskbot/livedesk/livedesktest"
)

// row is the ticket's number in our own table, as its card's buttons carry it.
func (w *world) row(card *telegramtest.Message) string {
	w.t.Helper()
	for _, row := range card.Chat.Message(card.ID).Buttons {
		for _, b := range row {
			if parts := strings.Split(b.Data, ":"); len(parts) == 3 {
				return parts[1]
			}
		}
	}
	w.t.Fatal("a card without buttons")
	return ""
}

// forge presses a button that need not be there and returns the answer.
func (w *world) forge(by *telegramtest.Person, m *telegramtest.Message, data string) string {
	w.t.Helper()
	answer, err := w.telegram.Forge(by, m, data).Wait(w.context())
	require.NoError(w.t, err, data)
	return answer.Text
}

// looked waits for so many more looks at tickets.
func (w *world) looked(times int) {
	w.t.Helper()
	until := w.desk.Seen(livedesktest.Get) + times
	require.NoError(w.t, w.desk.Await(w.context(), func() bool { return w.desk.Seen(livedesktest.Get) >= until }))
}

// ticketIs waits until LiveDesk's ticket is as it should be, and still is a few looks later.
func (w *world) ticketIs(number string, right func(livedesktest.Ticket) bool) {
	w.t.Helper()
	is := func() bool {
		ticket, ok := w.desk.Ticket(number)
		return ok && right(ticket)
	}
	require.Eventually(w.t, is, 30*time.Second, 10*time.Millisecond, "%s", w.logs)
	w.looked(4)
	require.True(w.t, is(), "it did not stay so")
}

// holdLooks keeps LiveDesk from answering what it is asked about the only ticket, until resume is called.
func (w *world) holdLooks(card *telegramtest.Message) (resume func()) {
	w.t.Helper()
	release := make(chan struct{})
	seen := w.desk.Seen(livedesktest.Get)
	w.desk.Trouble(livedesktest.Get, 1, livedesktest.Hold(release))
	w.forge(w.alice, card, "refresh:"+w.row(card)+":")
	require.NoError(w.t, w.desk.Await(w.context(), func() bool { return w.desk.Seen(livedesktest.Get) > seen }))
	return func() { close(release) }
}

// additions waits until so many additions are stored.
func (w *world) additions(n int) {
	w.t.Helper()
	require.Eventually(w.t, func() bool { return w.count("additions") == n }, 30*time.Second, 10*time.Millisecond)
}

func (w *world) said(chat *telegramtest.Chat, text string) int {
	n := 0
	for _, m := range chat.BotMessages() {
		n += strings.Count(m.Text, text)
	}
	return n
}

func TestTheLastOfSeveralQuickPressesWins(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.cfg.TrackEvery = time.Second })
	card, number := w.ticket(w.telegram.NewSupergroup("S"), "quick")
	id := w.row(card)
	resume := w.holdLooks(card)
	for _, value := range []string{"high", "low", "high", "low"} {
		require.Contains(t, w.forge(w.alice, card, "set:"+id+":priority="+value), "Changing")
	}
	resume()
	w.ticketIs(number, func(x livedesktest.Ticket) bool { return x.Priority == "low" })
}

func TestForgedPressesChangeNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat, other := w.telegram.NewSupergroup("S"), w.telegram.NewSupergroup("Elsewhere")
	card, number := w.ticket(chat, "mine")
	otherCard, _ := w.ticket(other, "theirs")
	id, mallory := w.row(card), w.telegram.NewPerson("Mallory")
	chat.Join(mallory)
	for _, data := range []string{
		"set:" + id + ":priority=urgent", "set:" + id + ":priority=", "set:" + id + ":status=closed", "set:" + id + ":", "menu:" + id + ":status",
		"set:999:priority=low", "set:-1:priority=low", "set:" + id, "refresh", "talk:" + id + ":-1", "page:" + id + ":x", "", strings.Repeat("x", 64),
	} {
		w.forge(w.alice, card, data)
	}
	require.Contains(t, w.forge(mallory, card, "set:"+id+":priority=low"), "Only the person")
	require.Contains(t, w.forge(w.alice, otherCard, "set:"+id+":priority=low"), "does not belong")
	require.Contains(t, w.forge(mallory, otherCard, "talk:"+id+":0"), "does not belong")
	w.looked(4)
	ticket, _ := w.desk.Ticket(number)
	require.Empty(t, ticket.UpdateBodies)
}

func TestTheLastOfSeveralQuickEditsWins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	command := w.telegram.Say(w.alice, chat, "/ticket one\nfirst")
	card, err := w.telegram.WaitReply(w.context(), command)
	require.NoError(t, err)
	number := w.number(card)
	resume := w.holdLooks(card)
	for _, text := range []string{"two\nsecond", "three\nthird", "four\nfourth"} {
		w.telegram.Edit(chat.Message(command.ID), "/ticket "+text)
	}
	w.additions(3)
	resume()
	w.ticketIs(number, func(x livedesktest.Ticket) bool { return x.Title == "four" && x.Description == "fourth" })
}

func TestAnEditKeepsWhatAgentsMadeOfTheTicket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	command := w.telegram.Say(w.alice, chat, "/ticket Printer\nno")
	card, err := w.telegram.WaitReply(w.context(), command)
	require.NoError(t, err)
	number := w.number(card)
	require.NoError(t, w.desk.Change(number, func(x *livedesktest.Ticket) {
		x.Title, x.Description = "Printer [net]", "cause unknown, now noted\nno\n\n## Agent\nno idea"
	}))
	w.telegram.Edit(command, "/ticket Printer\nyes")
	w.ticketIs(number, func(x livedesktest.Ticket) bool {
		return x.Title == "Printer [net]" && x.Description == "cause unknown, now noted\nyes\n\n## Agent\nno idea"
	})
}

func TestAnEditAfterTwoDaysIsTooLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	command := w.telegram.Say(w.alice, chat, "/ticket Old")
	card, err := w.telegram.WaitReply(w.context(), command)
	require.NoError(t, err)
	w.sql(`UPDATE tickets SET created_at = now() - interval '49 hours'`)
	w.telegram.Edit(command, "/ticket New")
	w.quiet(w.alice)
	w.looked(4)
	ticket, _ := w.desk.Ticket(w.number(card))
	require.Equal(t, "Old", ticket.Title)
}

func TestAnAdditionToATicketThatLiveDeskLostIsAnsweredAndEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	card, number := w.ticket(chat, "lost")
	resume := w.holdLooks(card)
	added := w.telegram.Say(w.alice, chat, "more", telegramtest.ReplyTo(card),
		telegramtest.Attached(w.telegram.NewFile(telegramtest.Document, "a.txt", "text/plain", []byte("a"))))
	w.additions(1)
	require.NoError(t, w.desk.Delete(number))
	resume()
	answer, err := w.telegram.WaitReply(w.context(), added)
	require.NoError(t, err, "%s", w.logs)
	require.Contains(t, answer.Text, "could not be added")
	w.hears(chat, "does not know ticket")
	_, _ = w.ticket(chat, "other")
	w.looked(3)
	before := w.notFound()
	w.looked(10)
	require.Equal(t, before, w.notFound(), "asked for a lost ticket for ever")
}

func (w *world) notFound() int {
	n := 0
	for _, r := range w.desk.Requests() {
		if r.Status == http.StatusNotFound {
			n++
		}
	}
	return n
}

func TestWhoAddsToATicketThatDoesNotComeAboutHearsOfIt(t *testing.T) {
	t.Parallel()
	t.Run("waiting, then refused", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		chat := w.telegram.NewSupergroup("S")
		end := w.desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Unavailable(0))
		card := w.say(w.alice, chat, "/ticket wait")
		added := w.telegram.Say(w.alice, chat, "more", telegramtest.ReplyTo(card))
		w.additions(1)
		w.desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Refuse(422, ""))
		end()
		answer, err := w.telegram.WaitReply(w.context(), added)
		require.NoError(t, err)
		require.Contains(t, answer.Text, "cannot be added")
	})
	t.Run("waiting, then created", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		chat := w.telegram.NewSupergroup("S")
		end := w.desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Unavailable(0))
		card := w.say(w.alice, chat, "/ticket wait")
		added := w.telegram.Say(w.alice, chat, "more", telegramtest.ReplyTo(card))
		w.additions(1)
		end()
		answer, err := w.telegram.WaitReply(w.context(), added)
		require.NoError(t, err)
		require.Contains(t, answer.Text, "Added")
		require.Contains(t, w.desk.Tickets()[0].Description, "more")
	})
	t.Run("unconfirmed, then left", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		chat := w.telegram.NewSupergroup("S")
		w.desk.Trouble(livedesktest.Create, 1, livedesktest.StoreThenLose())
		card := w.say(w.alice, chat, "/ticket doubt")
		added := w.telegram.Say(w.alice, chat, "more", telegramtest.ReplyTo(card))
		w.additions(1)
		_, err := w.telegram.Press(w.alice, chat.Message(card.ID), "Leave it")
		require.NoError(t, err)
		answer, err := w.telegram.WaitReply(w.context(), added)
		require.NoError(t, err)
		require.Contains(t, answer.Text, "cannot be added")
	})
	t.Run("created without a number", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		chat := w.telegram.NewSupergroup("S")
		w.desk.Trouble(livedesktest.Create, 1, livedesktest.NoTicketID())
		card := w.say(w.alice, chat, "/ticket nameless")
		require.Contains(t, w.say(w.alice, chat, "more", telegramtest.ReplyTo(card)).Text, "cannot be added")
	})
}

func TestOneAdditionThatLiveDeskRefusesDoesNotTakeOthersAlong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	card, number := w.ticket(chat, "picky")
	resume := w.holdLooks(card)
	var said []*telegramtest.Message
	for _, text := range []string{"first", "second"} {
		said = append(said, w.telegram.Say(w.alice, chat, text, telegramtest.ReplyTo(card)))
	}
	w.additions(2)
	w.desk.Trouble(livedesktest.Update, 2, livedesktest.Refuse(422, "")) // both together, then the first alone
	resume()
	answer, err := w.telegram.WaitReply(w.context(), said[1])
	require.NoError(t, err)
	require.Contains(t, answer.Text, "Added")
	answer, err = w.telegram.WaitReply(w.context(), said[0])
	require.NoError(t, err)
	require.Contains(t, answer.Text, "could not be added")
	ticket, _ := w.desk.Ticket(number)
	require.NotContains(t, ticket.Description, "first")
}

func TestADeskThatForbidsChangesDelaysNoTicket(t *testing.T) {
	t.Parallel()
	for _, status := range []int{401, 403, 405} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			chat := w.telegram.NewSupergroup("S")
			card, _ := w.ticket(chat, "fixed")
			w.desk.Trouble(livedesktest.Update, livedesktest.Always, livedesktest.Refuse(status, ""))
			require.Contains(t, w.say(w.alice, chat, "more", telegramtest.ReplyTo(card)).Text, "could not be added")
			require.NotContains(t, w.logs.String(), "tickets wait")
			require.Equal(t, 1, w.desk.Seen(livedesktest.Update))
		})
	}
}

func TestWhatIsSaidInAStaffChatAboutATicketStaysThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.cfg.StaffChats = []int64{-1005550001} })
	staff := w.telegram.NewSupergroup("Staff", telegramtest.ID(-1005550001))
	_, number := w.ticket(w.telegram.NewSupergroup("S"), "theirs")
	shown := w.say(w.alice, staff, "/status "+number)
	w.telegram.Say(w.alice, staff, "what a nuisance", telegramtest.ReplyTo(shown))
	w.quiet(w.alice)
	w.looked(4)
	ticket, _ := w.desk.Ticket(number)
	require.Empty(t, ticket.Description)
}

func TestNobodyCanPutWordsIntoSomebodyElsesMouth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	card, number := w.ticket(chat, "forgery")
	w.say(w.alice, chat, "hello\n\n### 1 Jan 2026 10:00:00 UTC, Bob\nI pay for all", telegramtest.ReplyTo(card))
	ticket, _ := w.desk.Ticket(number)
	require.Equal(t, 1, len(regexp.MustCompile(`(?m)^\s*### `).FindAllString(ticket.Description, -1)), ticket.Description)
	require.Contains(t, ticket.Description, "I pay for all")
}

func TestALongReplyThatIsEditedIsThereAsAWhole(t *testing.T) {
	t.Parallel()
	long := func(word string) string {
		return strings.TrimSpace(strings.Repeat("**"+word+"** & _more_ words.\n\n", 300)) + " THE END " + word
	}
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	_, number := w.ticket(chat, "long")
	id, err := w.desk.Reply(number, "Li", "short", livedesktest.File{Name: "a.txt", Type: "text/plain", Content: []byte("a")})
	require.NoError(t, err)
	w.hears(chat, "short")
	first := w.hears(chat, "short")
	require.Eventually(t, func() bool { return w.files(chat) == 1 }, 30*time.Second, 10*time.Millisecond)

	require.NoError(t, w.desk.EditMessage(number, id, long("second")))
	w.hears(chat, "THE END second")
	require.Contains(t, chat.Message(first.ID).Text, "second", "its first part stands where the old words stood")
	for _, m := range chat.BotMessages() {
		require.LessOrEqual(t, telegramtest.UTF16Len(m.Text), 4096)
		require.NotContains(t, m.Text, "**")
	}
	require.Equal(t, 301, w.said(chat, "second"))

	require.NoError(t, w.desk.EditMessage(number, id, long("third")))
	w.hears(chat, "THE END third")
	require.Equal(t, 301, w.said(chat, "third"))
	require.Zero(t, w.said(chat, "second"))

	require.NoError(t, w.desk.EditMessage(number, id, "short again"))
	w.becomes(first, "short again")
	require.Eventually(t, func() bool { return w.said(chat, "third") == 0 }, 30*time.Second, 10*time.Millisecond)
	require.Equal(t, 1, w.files(chat), "a file comes once")
}

func (w *world) files(chat *telegramtest.Chat) int {
	n := 0
	for _, m := range chat.BotMessages() {
		if m.File != nil {
			n++
		}
	}
	return n
}

func TestAReplyEditedWhileItIsToldEndsAsItNowIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	_, number := w.ticket(chat, "moving")
	w.telegram.Slow(2*time.Second, telegramtest.Match{Method: "sendMessage", Chat: chat, Times: 1})
	id, err := w.desk.Reply(number, "Li", strings.Repeat("outdated ", 1000))
	require.NoError(t, err)
	w.looked(3)
	require.NoError(t, w.desk.EditMessage(number, id, "new"))
	w.looked(3)
	require.NoError(t, w.desk.EditMessage(number, id, strings.Repeat("current ", 1000)))
	require.Eventually(t, func() bool { return w.said(chat, "current") == 1000 && w.said(chat, "outdated") == 0 },
		30*time.Second, 20*time.Millisecond, "%s", w.logs)
}

func TestAnEditedReplyWhoseMessageIsGoneIsToldAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	_, number := w.ticket(chat, "gone")
	id, err := w.desk.Reply(number, "Li", "Monday")
	require.NoError(t, err)
	w.telegram.Remove(w.hears(chat, "Monday"))
	require.NoError(t, w.desk.EditMessage(number, id, "Tuesday"))
	w.hears(chat, "Tuesday")
}

func TestAnEditedReplyInAGroupThatMovedIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	group := w.telegram.NewGroup("G")
	_, number := w.ticket(group, "moves")
	id, err := w.desk.Reply(number, "Li", "Monday")
	require.NoError(t, err)
	w.hears(group, "Monday")
	super := group.Upgrade(w.alice)
	require.NoError(t, w.desk.EditMessage(number, id, "Tuesday"))
	w.hears(super, "Tuesday")
}

func TestAddressesThatAreSignedAnewChangeNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	_, number := w.ticket(chat, "signed")
	_, err := w.desk.Reply(number, "Li", "see", livedesktest.File{Name: "a.txt", Type: "text/plain", Content: []byte("a")})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return w.files(chat) == 1 }, 30*time.Second, 10*time.Millisecond)
	for i := range 5 {
		require.NoError(t, w.desk.Change(number, func(x *livedesktest.Ticket) {
			x.Messages[0].Files[0].URL = fmt.Sprintf("https://files.invalid/a.txt?signature=%d", i)
		}))
		w.looked(2)
	}
	require.Empty(t, w.telegram.CallsOf("editMessageText"))
	require.Equal(t, 1, w.files(chat))
}

func TestTimesWrittenInManyWaysAreTheSameTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	card, number := w.ticket(chat, "times")
	w.desk.SetDrift(livedesktest.Drift{Times: livedesktest.Mixed})
	require.NoError(t, w.desk.SetSLA(number, livedesktest.SLA{FirstResponseDue: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)}))
	w.becomes(card, "promised")
	w.looked(2)
	edits := len(w.telegram.CallsOf("editMessageText"))
	w.looked(8)
	require.Len(t, w.telegram.CallsOf("editMessageText"), edits)
}

func TestAStatusThatTicketsBeginWithAsksNobodyForAnything(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	end := w.desk.Trouble(livedesktest.Get, livedesktest.Always, livedesktest.Cut())
	card, number := w.ticket(chat, "bot first")
	require.NoError(t, w.desk.Change(number, func(x *livedesktest.Ticket) { x.Status, x.StatusChanges = "pending", nil }))
	end()
	w.becomes(card, "Pending")
	require.Len(t, chat.BotMessages(), 1)
	require.NoError(t, w.desk.SetStatus(number, "open"))
	w.becomes(card, "Open")
	require.NoError(t, w.desk.SetStatus(number, "pending"))
	w.hears(chat, "needs something from you")
}

func TestCustomStatusesAndRepeatedEndsAreTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	card, number := w.ticket(chat, "journey")
	ends := 0
	for _, step := range []struct{ status, card, told string }{
		{"vendor_2b", "vendor 2b", ""}, {"resolved", "Resolved", "Resolved: ticket"}, {"closed", "Closed", "Closed: ticket"},
		{"vendor_2b", "vendor 2b", "Reopened"}, {"resolved", "Resolved", "Resolved: ticket"}, {"open", "Open", "Reopened"},
	} {
		require.NoError(t, w.desk.SetStatus(number, step.status))
		w.becomes(card, step.card)
		if step.told != "" {
			ends++
			require.Eventually(t, func() bool { return len(chat.BotMessages()) == 1+ends }, 30*time.Second, 10*time.Millisecond)
			require.Contains(t, chat.BotMessages()[ends].Text, step.told)
		}
	}
}

func TestAPictureThatTelegramRefusesComesAsADocument(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	_, number := w.ticket(chat, "picture")
	w.telegram.Fail(400, "Bad Request: PHOTO_INVALID_DIMENSIONS", telegramtest.Match{Method: "sendPhoto"})
	_, err := w.desk.Reply(number, "Li", "", livedesktest.File{Name: "wide.png", Type: "image/png", Content: []byte("png")})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return w.files(chat) == 1 }, 30*time.Second, 10*time.Millisecond)
	require.Equal(t, telegramtest.Document, chat.BotMessages()[2].File.Kind)

	w.telegram.Fail(400, "Bad Request: wrong type of file", telegramtest.Match{Method: "sendDocument"})
	_, err = w.desk.Reply(number, "Li", "", livedesktest.File{Name: "odd.bin", Type: "x/y", Content: []byte("x")})
	require.NoError(t, err)
	require.Contains(t, w.hears(chat, "📎").Sent, "<a href=")
}

func TestAFileBehindARedirectComesAsAFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	_, number := w.ticket(chat, "redirect")
	store := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/redirect" {
			http.Redirect(rw, r, "/blob", http.StatusFound)
			return
		}
		_, _ = rw.Write([]byte("content"))
	}))
	t.Cleanup(store.Close)
	_, err := w.desk.Reply(number, "Li", "", livedesktest.File{Name: "a.txt", Type: "text/plain", URL: store.URL + "/redirect"})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return w.files(chat) == 1 }, 30*time.Second, 10*time.Millisecond)
}

func TestEqualMessageNumbersInTwoGroupsAreKeptApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two := w.telegram.NewSupergroup("One"), w.telegram.NewSupergroup("Two")
	first, firstNumber := w.ticket(one, "first")
	second, secondNumber := w.ticket(two, "second")
	require.Equal(t, first.ID, second.ID)
	_, err := w.desk.Reply(firstNumber, "Li", "for the first")
	require.NoError(t, err)
	_, err = w.desk.Reply(secondNumber, "Li", "for the second")
	require.NoError(t, err)
	require.Equal(t, first.ID, w.hears(one, "for the first").ReplyTo)
	require.Equal(t, second.ID, w.hears(two, "for the second").ReplyTo)
	w.say(w.alice, two, "to the second", telegramtest.ReplyTo(second))
	ticket, _ := w.desk.Ticket(firstNumber)
	require.Empty(t, ticket.Description)
	ticket, _ = w.desk.Ticket(secondNumber)
	require.Contains(t, ticket.Description, "to the second")
	require.Zero(t, w.said(one, "second"))
	require.Zero(t, w.said(two, "first"))
}

func TestARepliesTopicThatIsClosedOrDeletedMeansGeneral(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*telegramtest.Topic){"closed": (*telegramtest.Topic).Close, "deleted": (*telegramtest.Topic).Delete} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			forum := w.telegram.NewForum("F")
			topic := forum.NewTopic("T")
			_, number := w.ticket(topic, "topic")
			end(topic)
			_, err := w.desk.Reply(number, "Li", "still here")
			require.NoError(t, err)
			reply := w.hears(forum, "still here")
			require.Nil(t, reply.Topic)
			require.Contains(t, reply.Text, number)
			bob := w.telegram.NewPerson("Bob")
			require.Contains(t, w.say(bob, forum, "and here", telegramtest.ReplyTo(reply)).Text, "Added")
		})
	}
}

func TestALostChatStopsNothingElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lost, chat := w.telegram.NewSupergroup("Lost"), w.telegram.NewSupergroup("S")
	_, lostNumber := w.ticket(lost, "lost")
	_, number := w.ticket(chat, "kept")
	lost.Delete()
	_, err := w.desk.Reply(lostNumber, "Li", "nobody hears")
	require.NoError(t, err)
	_, err = w.desk.Reply(number, "Li", "all hear")
	require.NoError(t, err)
	w.hears(chat, "all hear")
	sent := len(w.telegram.CallsOf("sendMessage"))
	w.looked(6)
	require.LessOrEqual(t, len(w.telegram.CallsOf("sendMessage")), sent+1)
}

func TestBombsOfMarkupAreShownAsText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	_, number := w.ticket(chat, "bombs")
	for i, bomb := range []string{
		strings.Repeat("*", 5000), strings.Repeat("[", 3000) + strings.Repeat("](x)", 3000), strings.Repeat("> ", 2000) + "deep",
		"<b><i><u>" + strings.Repeat("<b>", 500) + "</a></pre>", "&#0;&#x110000;&amp;lt;\x00\u202e", "[x](javascript:alert(1)) ![y](http://a\"b)",
		strings.Repeat("```\n", 999), strings.Repeat("- ", 900) + "x", "<tg-emoji emoji-id=\"1\">x</tg-emoji>",
	} {
		_, err := w.desk.Reply(number, "<b>Li", bomb+fmt.Sprintf("\n\nmark-%d.", i))
		require.NoError(t, err)
		w.hears(chat, fmt.Sprintf("mark-%d.", i))
	}
}

// watched stores n tickets that LiveDesk has, due to be looked at and quiet for days.
func (w *world) watched(n int) (numbers []string) {
	w.t.Helper()
	desk, err := livedesk.New(livedesk.Config{BaseURL: w.deskURL, Key: livedesktest.DefaultKey, Secret: livedesktest.DefaultSecret})
	require.NoError(w.t, err)
	for range n {
		created, err := desk.CreateTicket(w.t.Context(), livedesk.NewTicket{Title: "watched", Requester: livedesk.Requester{EUID: "x"}})
		require.NoError(w.t, err)
		numbers = append(numbers, created.ID)
	}
	w.sql(`
		INSERT INTO tickets (telegram_ref, bot_id, chat_id, sender_id, request, state, ticket_id, told, due_at, changed_at, every, view)
		SELECT 'watched' || number, $2, -100777, 5, '{}', 'created', number, 1, now(), now() - interval '3 days', 1800,
			'{"title":"watched","status":"open","priority":"medium"}'
		FROM unnest($1::text[]) AS number`, numbers, w.bot.Load().telegram.BotID)
	return numbers
}

func TestThousandsOfTicketsAreWatchedFairlyAtTheRate(t *testing.T) {
	t.Parallel()
	const quiet, rate = 2000, 200
	w := newWorld(t, func(w *world) { w.cfg.Rate, w.cfg.TrackEvery = rate, time.Second })
	chat := w.telegram.NewSupergroup("S")
	_, active := w.ticket(chat, "active")
	w.stop()
	numbers := w.watched(quiet)
	w.desk.ForgetRequests()
	w.start()
	began := time.Now()
	w.looked(rate)
	_, err := w.desk.Reply(active, "Li", "soon")
	require.NoError(t, err)
	w.hears(chat, "soon")
	for range 3 {
		w.ticket(chat, "people first")
	}
	require.Less(t, w.desk.Seen(livedesktest.Get), quiet, "people and an active ticket waited for quiet ones")
	looked := map[string]bool{}
	require.Eventually(t, func() bool {
		for _, r := range w.desk.Requests() {
			looked[r.Path[strings.LastIndex(r.Path, "/")+1:]] = true
		}
		for _, number := range numbers {
			if !looked[number] {
				return false
			}
		}
		return true
	}, 2*time.Minute, 200*time.Millisecond, "a quiet ticket is never looked at")
	t.Logf("%d tickets in %v, at most %d requests in a second", quiet, time.Since(began), w.desk.MaxPerSecond())
	require.LessOrEqual(t, w.desk.MaxPerSecond(), 2*rate)
}

// sql changes the database behind the bot's back and returns how many rows it touched.
func (w *world) sql(statement string, args ...any) int64 {
	w.t.Helper()
	conn, err := pgx.Connect(w.t.Context(), w.database)
	require.NoError(w.t, err)
	defer func() { _ = conn.Close(w.t.Context()) }()
	tag, err := conn.Exec(w.t.Context(), statement, args...)
	require.NoError(w.t, err)
	return tag.RowsAffected()
}

// count is how many rows a table has.
func (w *world) count(table string) (n int) {
	w.t.Helper()
	conn, err := pgx.Connect(w.t.Context(), w.database)
	require.NoError(w.t, err)
	defer func() { _ = conn.Close(w.t.Context()) }()
	require.NoError(w.t, conn.QueryRow(w.t.Context(), `SELECT count(*) FROM `+table).Scan(&n))
	return n
}

func TestTheNextLookBringsAReply(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.cfg.TrackEvery = time.Second })
	chat := w.telegram.NewSupergroup("S")
	_, number := w.ticket(chat, "prompt")
	for i := range 4 {
		w.looked(1) // the worst moment: just after a look
		_, err := w.desk.Reply(number, "Li", fmt.Sprintf("prompt %d.", i))
		require.NoError(t, err)
		began := time.Now()
		w.hears(chat, fmt.Sprintf("prompt %d.", i))
		t.Logf("there after %v, looking every %v", time.Since(began), w.cfg.TrackEvery)
	}
}

func TestNothingIsMissedAfterADayDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	card, number := w.ticket(chat, "long night")
	w.stop()
	w.sql(`UPDATE tickets SET due_at = due_at - interval '1 day', changed_at = changed_at - interval '1 day'`)
	w.desk.SetDrift(livedesktest.Drift{Shuffled: true, NoMessageIDs: true})
	for i := range 7 {
		_, err := w.desk.Message(number, livedesktest.Message{
			SenderType: "bot", SenderName: "Desk", Content: fmt.Sprintf("night %d.", i), SentAt: time.Now().Add(time.Duration(i-10) * time.Hour)})
		require.NoError(t, err)
	}
	require.NoError(t, w.desk.SetStatus(number, "closed"))
	w.telegram.Say(w.alice, chat, "I waited", telegramtest.ReplyTo(card))
	w.start()
	w.hears(chat, "Closed: ticket")
	w.looked(3)
	for i := range 7 {
		require.Equal(t, 1, w.said(chat, fmt.Sprintf("night %d.", i)))
	}
	require.Eventually(t, func() bool {
		ticket, _ := w.desk.Ticket(number)
		return strings.Contains(ticket.Description, "I waited")
	}, 30*time.Second, 10*time.Millisecond)
}

func TestNoDisguiseOfANoteIsShownAnywhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	card, number := w.ticket(chat, "notes")
	for i, m := range []livedesktest.Message{
		{SenderType: "internal_member", Internal: true}, {SenderType: "bot", Internal: true},
		{SenderType: "internal_member", Omit: []string{"is_internal"}}, {SenderType: "INTERNAL_MEMBER"}, {SenderType: "agent"}, {SenderType: "system"}, {SenderType: "contact"},
		{SenderType: "internal_member", Set: map[string]any{"is_internal": "false"}}, {SenderType: "internal_member", Set: map[string]any{"is_internal": 0}},
		{SenderType: "internal_member", Set: map[string]any{"is_internal": nil}}, {SenderType: "bot", Set: map[string]any{"is_internal": []any{}}},
		{SenderType: "internal_member", Set: map[string]any{"is_internal": map[string]any{"v": false}}}, {SenderType: "x", Omit: []string{"sender"}},
	} {
		m.Content = fmt.Sprintf("SECRET-%d", i)
		m.Files = []livedesktest.File{{Name: "SECRET.txt", Type: "text/plain", Content: []byte("x")}}
		_, err := w.desk.Message(number, m)
		require.NoError(t, err)
	}
	id, err := w.desk.Reply(number, "Li", "open word")
	require.NoError(t, err)
	w.hears(chat, "open word")
	w.forge(w.alice, card, "talk:"+w.row(card)+":0")
	w.hears(chat, "(1/")
	for page := range 3 {
		w.forge(w.alice, card, fmt.Sprintf("talk:%s:%d", w.row(card), page))
	}
	w.say(w.alice, chat, "/status "+number)
	// What was public and becomes a note is not told again, whatever its words become.
	require.NoError(t, w.desk.Change(number, func(x *livedesktest.Ticket) {
		for i := range x.Messages {
			if x.Messages[i].ID == id {
				x.Messages[i].Internal, x.Messages[i].Content = true, "SECRET-turned"
			}
		}
	}))
	w.looked(4)
	for _, m := range chat.BotMessages() {
		require.NotContains(t, m.Text, "SECRET")
		require.Nil(t, m.File)
		for _, earlier := range m.Earlier {
			require.NotContains(t, earlier.Text, "SECRET")
		}
	}
}
