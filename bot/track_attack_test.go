package bot_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk"
	"livedeskbot/livedesk/livedesktest"
)

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

func TestForgedPressesChangeNothing(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat, other := w.Telegram.NewSupergroup("S"), w.Telegram.NewSupergroup("Elsewhere")
	card, number := w.Ticket(chat, "mine")
	otherCard, _ := w.Ticket(other, "theirs")
	id, mallory := w.Row(card), w.Telegram.NewPerson("Mallory")
	chat.Join(mallory)
	for _, data := range []string{
		"set:" + id + ":priority=urgent", "set:" + id + ":priority=", "set:" + id + ":status=closed", "set:" + id + ":", "menu:" + id + ":status",
		"set:999:priority=low", "set:-1:priority=low", "set:" + id, "refresh", "talk:" + id + ":-1", "page:" + id + ":x", "", strings.Repeat("x", 64),
	} {
		w.Forge(w.Alice, card, data)
	}
	require.Contains(t, w.Forge(mallory, card, "set:"+id+":priority=low"), "Only the person")
	require.Contains(t, w.Forge(w.Alice, otherCard, "set:"+id+":priority=low"), "does not belong")
	require.Contains(t, w.Forge(mallory, otherCard, "talk:"+id+":0"), "does not belong")
	w.Looked(4)
	ticket, _ := w.Desk.Ticket(number)
	require.Empty(t, ticket.UpdateBodies)
}

func TestTheLastOfSeveralQuickEditsWins(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	command := w.Telegram.Say(w.Alice, chat, "/ticket one\nfirst")
	card, err := w.Telegram.WaitReply(w.Context(), command)
	require.NoError(t, err)
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
	card, err := w.Telegram.WaitReply(w.Context(), command)
	require.NoError(t, err)
	number := w.Number(card)
	require.NoError(t, w.Desk.Change(number, func(x *livedesktest.Ticket) {
		x.Title, x.Description = "Printer [net]", "cause unknown, now noted\nno\n\n## Agent\nno idea"
	}))
	w.Telegram.Edit(command, "/ticket Printer\nyes")
	w.TicketIs(number, func(x livedesktest.Ticket) bool {
		return x.Title == "Printer [net]" && x.Description == "cause unknown, now noted\nyes\n\n## Agent\nno idea"
	})
}

func TestAnEditAfterTwoDaysIsTooLate(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	command := w.Telegram.Say(w.Alice, chat, "/ticket Old")
	card, err := w.Telegram.WaitReply(w.Context(), command)
	require.NoError(t, err)
	w.SQL(`UPDATE tickets SET created_at = now() - interval '49 hours'`)
	w.Telegram.Edit(command, "/ticket New")
	w.Quiet(w.Alice)
	w.Looked(4)
	ticket, _ := w.Desk.Ticket(w.Number(card))
	require.Equal(t, "Old", ticket.Title)
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
	require.NoError(t, w.Desk.Delete(number))
	resume()
	answer, err := w.Telegram.WaitReply(w.Context(), added)
	require.NoError(t, err, "%s", w.Logs)
	require.Contains(t, answer.Text, "could not be added")
	w.Hears(chat, "does not know ticket")
	_, _ = w.Ticket(chat, "other")
	w.Looked(3)
	before := notFound(w)
	w.Looked(10)
	require.Equal(t, before, notFound(w), "asked for a lost ticket for ever")
}

func notFound(w *bottest.World) int {
	n := 0
	for _, r := range w.Desk.Requests() {
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
		w := bottest.New(t)
		chat := w.Telegram.NewSupergroup("S")
		end := w.Desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Unavailable(0))
		card := w.Say(w.Alice, chat, "/ticket wait")
		added := w.Telegram.Say(w.Alice, chat, "more", telegramtest.ReplyTo(card))
		w.Additions(1)
		w.Desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Refuse(422, ""))
		end()
		answer, err := w.Telegram.WaitReply(w.Context(), added)
		require.NoError(t, err)
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
		answer, err := w.Telegram.WaitReply(w.Context(), added)
		require.NoError(t, err)
		require.Contains(t, answer.Text, "Added")
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
		_, err := w.Telegram.Press(w.Alice, chat.Message(card.ID), "Leave it")
		require.NoError(t, err)
		answer, err := w.Telegram.WaitReply(w.Context(), added)
		require.NoError(t, err)
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
	answer, err := w.Telegram.WaitReply(w.Context(), said[1])
	require.NoError(t, err)
	require.Contains(t, answer.Text, "Added")
	answer, err = w.Telegram.WaitReply(w.Context(), said[0])
	require.NoError(t, err)
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

func TestWhatIsSaidInAStaffChatAboutATicketStaysThere(t *testing.T) {
	t.Parallel()
	w := bottest.New(t, func(w *bottest.World) { w.Config.StaffChats = []int64{-1005550001} })
	staff := w.Telegram.NewSupergroup("Staff", telegramtest.ID(-1005550001))
	_, number := w.Ticket(w.Telegram.NewSupergroup("S"), "theirs")
	shown := w.Say(w.Alice, staff, "/status "+number)
	w.Telegram.Say(w.Alice, staff, "what a nuisance", telegramtest.ReplyTo(shown))
	w.Quiet(w.Alice)
	w.Looked(4)
	ticket, _ := w.Desk.Ticket(number)
	require.Empty(t, ticket.Description)
}

func TestNobodyCanPutWordsIntoSomebodyElsesMouth(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "forgery")
	w.Say(w.Alice, chat, "hello\n\n### 1 Jan 2026 10:00:00 UTC, Bob\nI pay for all", telegramtest.ReplyTo(card))
	ticket, _ := w.Desk.Ticket(number)
	require.Equal(t, 1, len(regexp.MustCompile(`(?m)^\s*### `).FindAllString(ticket.Description, -1)), ticket.Description)
	require.Contains(t, ticket.Description, "I pay for all")
}

func TestALongReplyThatIsEditedIsThereAsAWhole(t *testing.T) {
	t.Parallel()
	long := func(word string) string {
		return strings.TrimSpace(strings.Repeat("**"+word+"** & _more_ words.\n\n", 300)) + " THE END " + word
	}
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "long")
	id, err := w.Desk.Reply(number, "Li", "short", livedesktest.File{Name: "a.txt", Type: "text/plain", Content: []byte("a")})
	require.NoError(t, err)
	w.Hears(chat, "short")
	first := w.Hears(chat, "short")
	require.Eventually(t, func() bool { return w.Files(chat) == 1 }, 30*time.Second, 10*time.Millisecond)

	require.NoError(t, w.Desk.EditMessage(number, id, long("second")))
	w.Hears(chat, "THE END second")
	require.Contains(t, chat.Message(first.ID).Text, "second", "its first part stands where the old words stood")
	for _, m := range chat.BotMessages() {
		require.LessOrEqual(t, telegramtest.UTF16Len(m.Text), 4096)
		require.NotContains(t, m.Text, "**")
	}
	require.Equal(t, 301, w.Said(chat, "second"))

	require.NoError(t, w.Desk.EditMessage(number, id, long("third")))
	w.Hears(chat, "THE END third")
	require.Equal(t, 301, w.Said(chat, "third"))
	require.Zero(t, w.Said(chat, "second"))

	require.NoError(t, w.Desk.EditMessage(number, id, "short again"))
	w.Becomes(first, "short again")
	require.Eventually(t, func() bool { return w.Said(chat, "third") == 0 }, 30*time.Second, 10*time.Millisecond)
	require.Equal(t, 1, w.Files(chat), "a file comes once")
}

func TestAReplyEditedWhileItIsToldEndsAsItNowIs(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "moving")
	w.Telegram.Slow(2*time.Second, telegramtest.Match{Method: "sendMessage", Chat: chat, Times: 1})
	id, err := w.Desk.Reply(number, "Li", strings.Repeat("outdated ", 1000))
	require.NoError(t, err)
	w.Looked(3)
	require.NoError(t, w.Desk.EditMessage(number, id, "new"))
	w.Looked(3)
	require.NoError(t, w.Desk.EditMessage(number, id, strings.Repeat("current ", 1000)))
	require.Eventually(t, func() bool { return w.Said(chat, "current") == 1000 && w.Said(chat, "outdated") == 0 },
		30*time.Second, 20*time.Millisecond, "%s", w.Logs)
}

func TestAnEditedReplyWhoseMessageIsGoneIsToldAgain(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "gone")
	id, err := w.Desk.Reply(number, "Li", "Monday")
	require.NoError(t, err)
	w.Telegram.Remove(w.Hears(chat, "Monday"))
	require.NoError(t, w.Desk.EditMessage(number, id, "Tuesday"))
	w.Hears(chat, "Tuesday")
}

func TestAnEditedReplyInAGroupThatMovedIsTold(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	group := w.Telegram.NewGroup("G")
	_, number := w.Ticket(group, "moves")
	id, err := w.Desk.Reply(number, "Li", "Monday")
	require.NoError(t, err)
	w.Hears(group, "Monday")
	super := group.Upgrade(w.Alice)
	require.NoError(t, w.Desk.EditMessage(number, id, "Tuesday"))
	w.Hears(super, "Tuesday")
}

func TestAddressesThatAreSignedAnewChangeNothing(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "signed")
	_, err := w.Desk.Reply(number, "Li", "see", livedesktest.File{Name: "a.txt", Type: "text/plain", Content: []byte("a")})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return w.Files(chat) == 1 }, 30*time.Second, 10*time.Millisecond)
	for i := range 5 {
		require.NoError(t, w.Desk.Change(number, func(x *livedesktest.Ticket) {
			x.Messages[0].Files[0].URL = fmt.Sprintf("https://files.invalid/a.txt?signature=%d", i)
		}))
		w.Looked(2)
	}
	require.Empty(t, w.Telegram.CallsOf("editMessageText"))
	require.Equal(t, 1, w.Files(chat))
}

func TestTimesWrittenInManyWaysAreTheSameTime(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "times")
	w.Desk.SetDrift(livedesktest.Drift{Times: livedesktest.Mixed})
	require.NoError(t, w.Desk.SetSLA(number, livedesktest.SLA{FirstResponseDue: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)}))
	w.Becomes(card, "promised")
	w.Looked(2)
	edits := len(w.Telegram.CallsOf("editMessageText"))
	w.Looked(8)
	require.Len(t, w.Telegram.CallsOf("editMessageText"), edits)
}

func TestAStatusThatTicketsBeginWithAsksNobodyForAnything(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	end := w.Desk.Trouble(livedesktest.Get, livedesktest.Always, livedesktest.Cut())
	card, number := w.Ticket(chat, "bot first")
	require.NoError(t, w.Desk.Change(number, func(x *livedesktest.Ticket) { x.Status, x.StatusChanges = "pending", nil }))
	end()
	w.Becomes(card, "Pending")
	require.Len(t, chat.BotMessages(), 1)
	require.NoError(t, w.Desk.SetStatus(number, "open"))
	w.Becomes(card, "Open")
	require.NoError(t, w.Desk.SetStatus(number, "pending"))
	w.Hears(chat, "needs something from you")
}

func TestCustomStatusesAndRepeatedEndsAreTold(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "journey")
	ends := 0
	for _, step := range []struct{ status, card, told string }{
		{"vendor_2b", "vendor 2b", ""}, {"resolved", "Resolved", "Resolved: ticket"}, {"closed", "Closed", "Closed: ticket"},
		{"vendor_2b", "vendor 2b", "Reopened"}, {"resolved", "Resolved", "Resolved: ticket"}, {"open", "Open", "Reopened"},
	} {
		require.NoError(t, w.Desk.SetStatus(number, step.status))
		w.Becomes(card, step.card)
		if step.told != "" {
			ends++
			require.Eventually(t, func() bool { return len(chat.BotMessages()) == 1+ends }, 30*time.Second, 10*time.Millisecond)
			require.Contains(t, chat.BotMessages()[ends].Text, step.told)
		}
	}
}

func TestAPictureThatTelegramRefusesComesAsADocument(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "picture")
	w.Telegram.Fail(400, "Bad Request: PHOTO_INVALID_DIMENSIONS", telegramtest.Match{Method: "sendPhoto"})
	_, err := w.Desk.Reply(number, "Li", "", livedesktest.File{Name: "wide.png", Type: "image/png", Content: []byte("png")})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return w.Files(chat) == 1 }, 30*time.Second, 10*time.Millisecond)
	require.Equal(t, telegramtest.Document, chat.BotMessages()[2].File.Kind)

	w.Telegram.Fail(400, "Bad Request: wrong type of file", telegramtest.Match{Method: "sendDocument"})
	_, err = w.Desk.Reply(number, "Li", "", livedesktest.File{Name: "odd.bin", Type: "x/y", Content: []byte("x")})
	require.NoError(t, err)
	require.Contains(t, w.Hears(chat, "📎").Sent, "<a href=")
}

func TestAFileBehindARedirectComesAsAFile(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "redirect")
	store := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/redirect" {
			http.Redirect(rw, r, "/blob", http.StatusFound)
			return
		}
		_, _ = rw.Write([]byte("content"))
	}))
	t.Cleanup(store.Close)
	_, err := w.Desk.Reply(number, "Li", "", livedesktest.File{Name: "a.txt", Type: "text/plain", URL: store.URL + "/redirect"})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return w.Files(chat) == 1 }, 30*time.Second, 10*time.Millisecond)
}

func TestEqualMessageNumbersInTwoGroupsAreKeptApart(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	one, two := w.Telegram.NewSupergroup("One"), w.Telegram.NewSupergroup("Two")
	first, firstNumber := w.Ticket(one, "first")
	second, secondNumber := w.Ticket(two, "second")
	require.Equal(t, first.ID, second.ID)
	_, err := w.Desk.Reply(firstNumber, "Li", "for the first")
	require.NoError(t, err)
	_, err = w.Desk.Reply(secondNumber, "Li", "for the second")
	require.NoError(t, err)
	require.Equal(t, first.ID, w.Hears(one, "for the first").ReplyTo)
	require.Equal(t, second.ID, w.Hears(two, "for the second").ReplyTo)
	w.Say(w.Alice, two, "to the second", telegramtest.ReplyTo(second))
	ticket, _ := w.Desk.Ticket(firstNumber)
	require.Empty(t, ticket.Description)
	ticket, _ = w.Desk.Ticket(secondNumber)
	require.Contains(t, ticket.Description, "to the second")
	require.Zero(t, w.Said(one, "second"))
	require.Zero(t, w.Said(two, "first"))
}

func TestARepliesTopicThatIsClosedOrDeletedMeansGeneral(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*telegramtest.Topic){"closed": (*telegramtest.Topic).Close, "deleted": (*telegramtest.Topic).Delete} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := bottest.New(t)
			forum := w.Telegram.NewForum("F")
			topic := forum.NewTopic("T")
			_, number := w.Ticket(topic, "topic")
			end(topic)
			_, err := w.Desk.Reply(number, "Li", "still here")
			require.NoError(t, err)
			reply := w.Hears(forum, "still here")
			require.Nil(t, reply.Topic)
			require.Contains(t, reply.Text, number)
			bob := w.Telegram.NewPerson("Bob")
			require.Contains(t, w.Say(bob, forum, "and here", telegramtest.ReplyTo(reply)).Text, "Added")
		})
	}
}

func TestALostChatStopsNothingElse(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	lost, chat := w.Telegram.NewSupergroup("Lost"), w.Telegram.NewSupergroup("S")
	_, lostNumber := w.Ticket(lost, "lost")
	_, number := w.Ticket(chat, "kept")
	lost.Delete()
	_, err := w.Desk.Reply(lostNumber, "Li", "nobody hears")
	require.NoError(t, err)
	_, err = w.Desk.Reply(number, "Li", "all hear")
	require.NoError(t, err)
	w.Hears(chat, "all hear")
	sent := len(w.Telegram.CallsOf("sendMessage"))
	w.Looked(6)
	require.LessOrEqual(t, len(w.Telegram.CallsOf("sendMessage")), sent+1)
}

func TestBombsOfMarkupAreShownAsText(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "bombs")
	for i, bomb := range []string{
		strings.Repeat("*", 5000), strings.Repeat("[", 3000) + strings.Repeat("](x)", 3000), strings.Repeat("> ", 2000) + "deep",
		"<b><i><u>" + strings.Repeat("<b>", 500) + "</a></pre>", "&#0;&#x110000;&amp;lt;\x00\u202e", "[x](javascript:alert(1)) ![y](http://a\"b)",
		strings.Repeat("```\n", 999), strings.Repeat("- ", 900) + "x", "<tg-emoji emoji-id=\"1\">x</tg-emoji>",
	} {
		_, err := w.Desk.Reply(number, "<b>Li", bomb+fmt.Sprintf("\n\nmark-%d.", i))
		require.NoError(t, err)
		w.Hears(chat, fmt.Sprintf("mark-%d.", i))
	}
}

// watched stores n tickets that LiveDesk has, due to be looked at and quiet for days.
func watched(t *testing.T, w *bottest.World, n int) (numbers []string) {
	t.Helper()
	desk, err := livedesk.New(livedesk.Config{BaseURL: w.DeskURL, Key: livedesktest.DefaultKey, Secret: livedesktest.DefaultSecret})
	require.NoError(t, err)
	for range n {
		created, err := desk.CreateTicket(t.Context(), livedesk.NewTicket{Title: "watched", Requester: livedesk.Requester{EUID: "x"}})
		require.NoError(t, err)
		numbers = append(numbers, created.ID)
	}
	w.SQL(`
		INSERT INTO tickets (telegram_ref, bot_id, chat_id, sender_id, request, state, ticket_id, told, due_at, changed_at, every, view)
		SELECT 'watched' || number, $2, -100777, 5, '{}', 'created', number, 1, now(), now() - interval '3 days', 1800,
			'{"title":"watched","status":"open","priority":"medium"}'
		FROM unnest($1::text[]) AS number`, numbers, w.BotID())
	return numbers
}

func TestThousandsOfTicketsAreWatchedFairlyAtTheRate(t *testing.T) {
	t.Parallel()
	const quiet, rate = 2000, 200
	w := bottest.New(t, func(w *bottest.World) { w.Config.Rate, w.Config.TrackEvery = rate, time.Second })
	chat := w.Telegram.NewSupergroup("S")
	_, active := w.Ticket(chat, "active")
	w.Stop()
	numbers := watched(t, w, quiet)
	w.Desk.ForgetRequests()
	w.Start()
	began := time.Now()
	w.Looked(rate)
	_, err := w.Desk.Reply(active, "Li", "soon")
	require.NoError(t, err)
	w.Hears(chat, "soon")
	for range 3 {
		w.Ticket(chat, "people first")
	}
	require.Less(t, w.Desk.Seen(livedesktest.Get), quiet, "people and an active ticket waited for quiet ones")
	looked := map[string]bool{}
	require.Eventually(t, func() bool {
		for _, r := range w.Desk.Requests() {
			looked[r.Path[strings.LastIndex(r.Path, "/")+1:]] = true
		}
		for _, number := range numbers {
			if !looked[number] {
				return false
			}
		}
		return true
	}, 2*time.Minute, 200*time.Millisecond, "a quiet ticket is never looked at")
	t.Logf("%d tickets in %v, at most %d requests in a second", quiet, time.Since(began), w.Desk.MaxPerSecond())
	require.LessOrEqual(t, w.Desk.MaxPerSecond(), 2*rate)
}

func TestTheNextLookBringsAReply(t *testing.T) {
	t.Parallel()
	w := bottest.New(t, func(w *bottest.World) { w.Config.TrackEvery = time.Second })
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "prompt")
	for i := range 4 {
		w.Looked(1) // the worst moment: just after a look
		_, err := w.Desk.Reply(number, "Li", fmt.Sprintf("prompt %d.", i))
		require.NoError(t, err)
		began := time.Now()
		w.Hears(chat, fmt.Sprintf("prompt %d.", i))
		t.Logf("there after %v, looking every %v", time.Since(began), w.Config.TrackEvery)
	}
}

func TestNothingIsMissedAfterADayDown(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "long night")
	w.Stop()
	w.SQL(`UPDATE tickets SET due_at = due_at - interval '1 day', changed_at = changed_at - interval '1 day'`)
	w.Desk.SetDrift(livedesktest.Drift{Shuffled: true, NoMessageIDs: true})
	for i := range 7 {
		_, err := w.Desk.Message(number, livedesktest.Message{
			SenderType: "bot", SenderName: "Desk", Content: fmt.Sprintf("night %d.", i), SentAt: time.Now().Add(time.Duration(i-10) * time.Hour)})
		require.NoError(t, err)
	}
	require.NoError(t, w.Desk.SetStatus(number, "closed"))
	w.Telegram.Say(w.Alice, chat, "I waited", telegramtest.ReplyTo(card))
	w.Start()
	w.Hears(chat, "Closed: ticket")
	w.Looked(3)
	for i := range 7 {
		require.Equal(t, 1, w.Said(chat, fmt.Sprintf("night %d.", i)))
	}
	require.Eventually(t, func() bool {
		ticket, _ := w.Desk.Ticket(number)
		return strings.Contains(ticket.Description, "I waited")
	}, 30*time.Second, 10*time.Millisecond)
}

func TestNoDisguiseOfANoteIsShownAnywhere(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "notes")
	for i, m := range []livedesktest.Message{
		{SenderType: "internal_member", Internal: true}, {SenderType: "bot", Internal: true},
		{SenderType: "internal_member", Omit: []string{"is_internal"}}, {SenderType: "INTERNAL_MEMBER"}, {SenderType: "agent"}, {SenderType: "system"}, {SenderType: "contact"},
		{SenderType: "internal_member", Set: map[string]any{"is_internal": "false"}}, {SenderType: "internal_member", Set: map[string]any{"is_internal": 0}},
		{SenderType: "internal_member", Set: map[string]any{"is_internal": nil}}, {SenderType: "bot", Set: map[string]any{"is_internal": []any{}}},
		{SenderType: "internal_member", Set: map[string]any{"is_internal": map[string]any{"v": false}}}, {SenderType: "x", Omit: []string{"sender"}},
	} {
		m.Content = fmt.Sprintf("SECRET-%d", i)
		m.Files = []livedesktest.File{{Name: "SECRET.txt", Type: "text/plain", Content: []byte("x")}}
		_, err := w.Desk.Message(number, m)
		require.NoError(t, err)
	}
	id, err := w.Desk.Reply(number, "Li", "open word")
	require.NoError(t, err)
	w.Hears(chat, "open word")
	w.Forge(w.Alice, card, "talk:"+w.Row(card)+":0")
	w.Hears(chat, "(1/")
	for page := range 3 {
		w.Forge(w.Alice, card, fmt.Sprintf("talk:%s:%d", w.Row(card), page))
	}
	w.Say(w.Alice, chat, "/status "+number)
	// What was public and becomes a note is not told again, whatever its words become.
	require.NoError(t, w.Desk.Change(number, func(x *livedesktest.Ticket) {
		for i := range x.Messages {
			if x.Messages[i].ID == id {
				x.Messages[i].Internal, x.Messages[i].Content = true, "SECRET-turned"
			}
		}
	}))
	w.Looked(4)
	for _, m := range chat.BotMessages() {
		require.NotContains(t, m.Text, "SECRET")
		require.Nil(t, m.File)
		for _, earlier := range m.Earlier {
			require.NotContains(t, earlier.Text, "SECRET")
		}
	}
}
