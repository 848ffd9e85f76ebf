package desk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk"
	"livedeskbot/livedesk/livedesktest"
)

func TestTheNextLookBringsAReply(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "prompt")
	for i := range 4 {
		w.Looked(1) // the worst moment: just after a look
		w.Reply(number, fmt.Sprintf("prompt %d.", i))
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
	require.NoError(t, w.Desk.SetStatus(number, "resolved"))
	w.Telegram.Say(w.Alice, chat, "I waited", telegramtest.ReplyTo(card))
	w.Start()
	w.Hears(chat, "Resolved: ticket")
	w.Looked(3)
	for i := range 7 {
		require.Equal(t, 1, w.Said(chat, fmt.Sprintf("night %d.", i)))
	}
	w.Eventually(func() bool {
		ticket, _ := w.Desk.Ticket(number)
		return strings.Contains(ticket.Description, "I waited")
	})
}

func TestMoreThanAThousandTicketsAreWatchedFairlyAtTheRate(t *testing.T) {
	t.Parallel()
	const quiet, rate = 1200, 200
	w := bottest.New(t, func(w *bottest.World) { w.Config.Rate, w.Config.TrackEvery = rate, time.Second })
	chat := w.Telegram.NewSupergroup("S")
	_, active := w.Ticket(chat, "active")
	w.Stop()
	numbers := watched(t, w, quiet)
	w.Desk.ForgetRequests()
	w.Start()
	began := time.Now()
	w.Looked(rate)
	w.Reply(active, "soon")
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

func TestALookThatChangesNothingEditsNothing(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	w.Ticket(chat, "calm")
	w.Eventually(func() bool { return w.Desk.Seen(livedesktest.Get) >= 3 })
	require.Empty(t, w.Telegram.CallsOf("editMessageText"))
}

func TestAddressesThatAreSignedAnewChangeNothing(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "signed")
	w.Reply(number, "see", livedesktest.File{Name: "a.txt", Type: "text/plain", Content: []byte("a")})
	w.Eventually(func() bool { return w.Files(chat) == 1 })
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

func TestADeletedTicketEndsWithANeutralWord(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "gone")
	w.Ticket(chat, "other")
	require.NoError(t, w.Desk.Delete(number))
	w.Missing(number)
	w.Hears(chat, "does not know ticket")
	require.Empty(t, w.Becomes(card, "Not with LiveDesk").Buttons)
	w.Looked(10)
	require.Equal(t, 1, w.Said(chat, "does not know ticket"))
}

func TestAShorterIntervalCountsFromTheNextStartAndAClockThatIsSetBackSoon(t *testing.T) {
	t.Parallel()
	w := bottest.New(t, func(w *bottest.World) { w.Config.TrackEvery = 100 * time.Hour })
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "slow")
	w.Stop()
	w.Reply(number, "at last")
	w.Config.TrackEvery = 200 * time.Millisecond
	w.Start()
	w.Hears(chat, "at last")

	// As if the database's clock had been set back: its times are of the time before.
	w.Eventually(func() bool {
		return w.SQL(`UPDATE tickets SET due_at = due_at + interval '1 hour' WHERE owner IS NULL`) == 1
	})
	w.Reply(number, "in spite of the clock")
	w.Hears(chat, "in spite of the clock")
}
