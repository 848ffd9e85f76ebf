package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
	"livedeskbot/storage/storagetest"
)

func TestTheRateOfLiveDeskIsKept(t *testing.T) {
	t.Parallel()
	const rate, commands = 20, 120
	w := newWorld(t, storagetest.New(t), telegramtest.Options{}, nil)
	w.settings["LIVEDESK_RATE"] = fmt.Sprint(rate)
	w.settings["TRACK_INTERVAL"] = "1h"
	w.ready()
	asked := w.ask(commands)
	w.answered(asked)
	require.LessOrEqual(t, w.desk.MaxPerSecond(), 3*rate, "a busy machine lets some arrive late and together, but no more")
	requests := w.desk.Requests()
	took := requests[len(requests)-1].Time.Sub(requests[0].Time).Seconds()
	perSecond := float64(commands-rate) / took // a second's worth may go out at once
	t.Logf("%d requests a second were allowed, %.1f went out, at most %d in one second", rate, perSecond, w.desk.MaxPerSecond())
	require.LessOrEqual(t, perSecond, float64(rate))
}

// ask opens tickets in many chats.
func (w *world) ask(n int) (commands []*telegramtest.Message) {
	var chats []*telegramtest.Chat
	for i := range 100 {
		chats = append(chats, w.telegram.NewSupergroup(fmt.Sprint("Group", i)))
	}
	for i := range n {
		commands = append(commands, w.telegram.Say(w.alice, chats[i%len(chats)], fmt.Sprint("/ticket number ", i)))
	}
	return commands
}

func TestRetryAfterIsObeyedByAllAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storagetest.New(t), telegramtest.Options{}, nil)
	w.ready()
	const pause = 3 * time.Second
	w.desk.Trouble(livedesktest.Create, 1, livedesktest.RateLimit(pause))
	first := w.telegram.Say(w.alice, w.telegram.NewSupergroup("First"), "/ticket first")
	w.eventually(func() bool { return w.desk.Seen(livedesktest.Create) == 1 }, "not sent")
	told := time.Now()
	commands := append(w.ask(30), first)
	w.answered(commands)
	for _, r := range w.desk.Requests()[1:] {
		require.GreaterOrEqual(t, r.Time.Sub(told), pause-500*time.Millisecond, "a request came while LiveDesk was to be left alone")
	}
}

// TestAnOutageDrainsInOrder lets many tickets wait for a LiveDesk that is away.
func TestAnOutageDrainsInOrder(t *testing.T) {
	t.Parallel()
	const rate, memory = 400, 100
	tickets := 1000
	if *long > 0 {
		tickets = 10_000
	}
	w := newWorld(t, storagetest.New(t), telegramtest.Options{}, nil)
	w.settings["LIVEDESK_RATE"] = fmt.Sprint(rate)
	w.settings["LOG_LEVEL"] = "warn"
	w.settings["TRACK_INTERVAL"] = "1h"
	p := w.start()
	end := w.desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Unavailable(0))
	commands := w.ask(tickets)
	wait := max(*long, 3*patience)
	require.Eventually(t, func() bool {
		stored, err := w.query(`SELECT count(*) FROM tickets`)
		return err == nil && stored == tickets
	}, wait, 50*time.Millisecond, "not all were taken in")
	stored, tries := time.Now(), w.desk.Seen(livedesktest.Create)
	require.Eventually(t, func() bool {
		waiting, err := w.query(`SELECT count(*) FROM tickets WHERE state = 'waiting' AND told > 0`)
		return err == nil && waiting == tickets
	}, wait, 200*time.Millisecond, "not all were told to wait")
	probes, away := w.desk.Seen(livedesktest.Create)-tries, time.Since(stored)
	end()
	w.settle(wait)

	for _, m := range commands {
		replies := w.telegram.Replies(m)
		require.Len(t, replies, 1)
		require.Contains(t, replies[0].Text, "tk_")
	}
	require.Equal(t, tickets, w.desk.Count())
	require.LessOrEqual(t, w.desk.MaxPerSecond(), 2*rate)
	late := latest(w.desk.Tickets(), w.places())
	used, err := peakMemory(p.cmd.Process.Pid)
	require.NoError(t, err)
	t.Logf("%d tickets waited, %d requests in %s asked whether LiveDesk is back, at most %d a second afterwards, "+
		"none more than %d places late, %d MB", tickets, probes, away, w.desk.MaxPerSecond(), late, used)
	require.Less(t, late, tickets/2, "they were sent out of order")
	require.Less(t, probes, 10+int(away.Seconds()), "a LiveDesk that is away was asked too often")
	require.LessOrEqual(t, used, memory)
}

// places returns the place of each ticket, by its reference, in the order in which the tickets were stored.
func (w *world) places() map[string]int {
	rows, _ := w.pool.Query(w.t.Context(), `SELECT telegram_ref FROM tickets ORDER BY id`)
	refs, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(w.t, err)
	places := make(map[string]int, len(refs))
	for i, ref := range refs {
		places[ref] = i
	}
	return places
}

// latest returns how many places later than it was asked for the most delayed ticket came.
func latest(tickets []livedesktest.Ticket, place map[string]int) int {
	worst := 0
	for i, ticket := range tickets {
		worst = max(worst, i-place[ticket.Ref])
	}
	return worst
}
