package desk_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

// newNudged is a world in which nobody looks at a ticket for hours unless LiveDesk says that something has changed.
func newNudged(t *testing.T, change ...func(*bottest.World)) *bottest.World {
	t.Helper()
	return bottest.New(t, append([]func(*bottest.World){
		bottest.TakesNudges, func(w *bottest.World) { w.Config.TrackEvery = time.Hour },
	}, change...)...)
}

func TestAnAgentsAnswerComesAtOnceWhereLiveDeskSaysThatThereIsOne(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]livedesktest.WebhookBody{
		"of which ticket": livedesktest.NamesTicket, "in which chat": livedesktest.NamesChat, "no more than that": livedesktest.NamesNothing,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newNudged(t)
			chat := w.Telegram.NewSupergroup("S")
			card, number := w.Ticket(chat, "quick")
			w.Desk.SetWebhook(livedesktest.Webhook{URL: w.NudgeURL(), Body: body})
			began := time.Now()
			w.Reply(number, "here you are")
			w.Hears(chat, "here you are")
			t.Logf("there after %v", time.Since(began))
			require.NoError(t, w.Desk.SetStatus(number, "resolved"))
			w.Becomes(card, "Resolved")
		})
	}
}

func TestTheTicketsThatANudgeMeansAreLookedAt(t *testing.T) {
	t.Parallel()
	w := newNudged(t)
	here, there := w.Telegram.NewSupergroup("Here"), w.Telegram.NewSupergroup("There")
	_, first := w.Ticket(here, "first")
	_, second := w.Ticket(here, "second")
	_, finished := w.Ticket(here, "finished")
	_, other := w.Ticket(there, "other")
	require.NoError(t, w.Desk.SetStatus(finished, "closed"))
	w.SQL(`UPDATE tickets SET status = 'closed', due_at = NULL WHERE ticket_id = $1`, finished)
	chat := strconv.FormatInt(here.ID, 10)
	for _, test := range []struct {
		what, body string
		want       []string
	}{
		{"a number goes before a chat", chat + " " + second, []string{second}},
		{"numbers of any chat", `{"a":["` + first + `"],"b":{"c":"` + other + `"}}`, []string{first, other}},
		{"one that nobody looks at any more", finished, []string{finished}},
		{"the unfinished ones of a chat", `{"source_id":"` + chat + `"}`, []string{first, second}},
		{"the unfinished ones of a chat as a number", `{"source_id":` + chat + `}`, []string{first, second}},
		{"the unfinished ones that were active", `{"event":"tk_20200101_abc123"}`, []string{first, second, other}},
		{"those too where nothing is said", "", []string{first, second, other}},
	} {
		rest(w)
		w.Desk.ForgetRequests()
		require.Equal(t, http.StatusOK, w.Nudge(test.body))
		w.Eventually(func() bool { return len(lookedAt(w)) == len(test.want) }, test.what)
		require.ElementsMatch(t, test.want, lookedAt(w), test.what)
	}
	require.Equal(t, 3.0, w.Value("livedeskbot_nudges_total", "led_to", "ticket"))
	require.Equal(t, 2.0, w.Value("livedeskbot_nudges_total", "led_to", "chat"))
	require.Equal(t, 2.0, w.Value("livedeskbot_nudges_total", "led_to", "active"))
	require.Equal(t, 7.0, w.Value("livedeskbot_nudge_requests_total", "status", "200"))
}

// rest waits until nobody looks at a ticket any more, and lets it be long ago.
func rest(w *bottest.World) {
	w.Eventually(func() bool { return w.Count("tickets WHERE owner IS NOT NULL OR nudged_at IS NOT NULL") == 0 })
	w.SQL(`UPDATE tickets SET look_at = now() - interval '1 h'`)
}

// lookedAt are the numbers that LiveDesk was asked for.
func lookedAt(w *bottest.World) (numbers []string) {
	for _, r := range w.Desk.Requests() {
		if r.Method == http.MethodGet {
			numbers = append(numbers, r.Path[strings.LastIndex(r.Path, "/")+1:])
		}
	}
	return numbers
}

func TestAGroupIsFoundByTheIdThatItHadBefore(t *testing.T) {
	t.Parallel()
	w := newNudged(t)
	group := w.Telegram.NewGroup("G")
	_, number := w.Ticket(group, "old")
	was := strconv.FormatInt(group.ID, 10)
	group.Upgrade(w.Alice)
	w.Eventually(func() bool { return w.Count("chats WHERE moved_to IS NOT NULL") == 1 })
	w.Desk.ForgetRequests()
	w.Nudge("source_id=" + was)
	w.Eventually(func() bool { return len(lookedAt(w)) == 1 })
	require.Equal(t, []string{number}, lookedAt(w))
	require.Equal(t, 1.0, w.Value("livedeskbot_nudges_total", "led_to", "chat"))
}

func TestWhatIsSaidDuringALookLeadsToAnotherOne(t *testing.T) {
	t.Parallel()
	w := newNudged(t)
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "between")
	release := make(chan struct{})
	w.Desk.Trouble(livedesktest.Get, 1, livedesktest.Hold(release))
	w.Desk.ForgetRequests()
	w.Nudge(number)
	w.Eventually(func() bool { return w.Desk.Seen(livedesktest.Get) == 1 })
	w.Nudge(number)
	w.Eventually(func() bool { return w.Value("livedeskbot_nudges_total", "led_to", "ticket") == 2 })
	close(release)
	w.Eventually(func() bool { return w.Desk.Seen(livedesktest.Get) == 2 })
}

func TestANudgeThatADeadProcessHadTakenUpIsNotLost(t *testing.T) {
	t.Parallel()
	w := newNudged(t)
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "orphan")
	w.Reply(number, "from the grave")
	// As if another process had claimed the look and died.
	w.SQL(`UPDATE tickets SET nudged_at = now(), look_at = now(), due_at = now(), owner = 999999`)
	w.SQL(`INSERT INTO processes (number) VALUES (999999)`)
	w.Hears(chat, "from the grave")
}

func TestAStormOfNudgesCostsNoMoreThanTheRateAndStarvesNobody(t *testing.T) {
	t.Parallel()
	const rate, storm = 40, 10_000
	w := newNudged(t, func(w *bottest.World) { w.Config.Rate = rate })
	chat := w.Telegram.NewSupergroup("S")
	_, storming := w.Ticket(chat, "storming")
	_, quiet := w.Ticket(chat, "quiet")
	w.Desk.ForgetRequests()
	w.SQL(`UPDATE tickets SET due_at = now() + interval '2 s' WHERE ticket_id = $1`, quiet)
	began := time.Now()
	end, done := make(chan struct{}), sync.WaitGroup{}
	for i := range 4 {
		done.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-end:
					return
				default:
				}
				body := storming
				if i%2 == 1 { // thousands of numbers that there are not
					body = strings.Repeat(fmt.Sprintf("tk_%d_%d ", i, n), 3) + fmt.Sprint(n, " ", -n)
				}
				w.Nudge(body)
			}
		})
	}
	w.Eventually(func() bool {
		return w.Value("livedeskbot_nudge_requests_total", "status", "200") > storm && time.Since(began) > 4*time.Second
	})
	for i := range 3 {
		w.Ticket(chat, fmt.Sprintf("people first %d", i))
	}
	w.Eventually(func() bool { return countOf(lookedAt(w), quiet) > 0 }, "whose turn it is waits for ever")
	close(end)
	done.Wait()
	took := time.Since(began)
	t.Logf("%.0f nudges in %v, %.0f dropped, %d looks at the ticket that is named",
		w.Value("livedeskbot_nudge_requests_total", "status", "200"), took, w.Value("livedeskbot_nudges_total", "led_to", "dropped"),
		countOf(lookedAt(w), storming))
	require.LessOrEqual(t, w.Desk.MaxPerSecond(), 2*rate)
	require.LessOrEqual(t, countOf(lookedAt(w), storming), int(took/time.Second)+1)
	require.Positive(t, w.Value("livedeskbot_nudges_total", "led_to", "dropped"))
}

func countOf(words []string, word string) (times int) {
	for _, w := range words {
		if w == word {
			times++
		}
	}
	return times
}

func TestAnyReplicaTakesANudge(t *testing.T) {
	t.Parallel()
	w := newNudged(t)
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "anywhere")
	w.Start() // the last one started takes the nudges
	for i := range 4 {
		text := fmt.Sprintf("answer %d", i)
		w.Reply(number, text)
		w.Nudge(number)
		w.Hears(chat, text)
	}
}

func TestNothingOfANudgeIsKeptOrLogged(t *testing.T) {
	t.Parallel()
	w := newNudged(t)
	card, number := w.Ticket(w.Telegram.NewSupergroup("S"), "quiet")
	const forged = "forged9xq"
	w.Desk.ForgetRequests()
	require.Equal(t, http.StatusOK, w.Nudge(`{"ticket_id":"`+number+`","status":"closed","content":"`+forged+`","source_id":"`+forged+`"}`))
	w.Eventually(func() bool { return w.Value("livedeskbot_nudges_total", "led_to", "ticket") == 1 })
	w.Eventually(func() bool { return len(lookedAt(w)) > 0 && w.Count("tickets WHERE owner IS NULL") == 1 })
	require.NotContains(t, w.Logs.String(), forged)
	require.NotContains(t, w.Logs.String(), bottest.DeskSecret)
	require.NotContains(t, card.Chat.Message(card.ID).Text, "Closed")
	rows, err := w.DB().Query(t.Context(), `SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'`)
	require.NoError(t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Contains(t, tables, "tickets")
	for _, table := range tables {
		require.Zero(t, w.Count(table+` AS row WHERE row::text LIKE '%`+forged+`%'`), table)
	}
}

func TestANudgeDoesNotReachTheTicketsOfAnotherBot(t *testing.T) {
	t.Parallel()
	w := newNudged(t)
	chat := w.Telegram.NewSupergroup("S", telegramtest.ID(-1009))
	_, number := w.Ticket(chat, "ours")
	w.SQL(`
		INSERT INTO tickets (telegram_ref, bot_id, chat_id, sender_id, request, state, ticket_id)
		VALUES ('theirs', 1, -1009, 1, '{}', 'created', 'tk_theirs_1')`)
	w.Desk.ForgetRequests()
	for _, body := range []string{"tk_theirs_1", "-1009", ""} {
		rest(w)
		before := len(lookedAt(w))
		w.Nudge(body)
		w.Eventually(func() bool { return len(lookedAt(w)) == before+1 })
	}
	require.Equal(t, 3, countOf(lookedAt(w), number))
	require.Zero(t, w.Count(`tickets WHERE bot_id = 1 AND due_at IS NOT NULL`))
}
