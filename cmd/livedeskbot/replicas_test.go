package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
	"livedeskbot/storage/storagetest"
)

// takeover is the longest that work of a killed process may rest.
const takeover = 10 * time.Second

func TestOneReplicaPollsAndAnotherTakesOverWhenItIsKilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storagetest.New(t), telegramtest.Options{}, nil)
	replicas := []*process{w.ready(), w.ready(), w.ready()}
	chat := w.telegram.NewSupergroup("Group")
	w.hears(w.telegram.Say(w.alice, chat, "/ticket one"), "tk_")
	for len(replicas) > 1 {
		w.settle(patience) // what is just being told may be told again after a kill
		i := w.leader(replicas)
		replicas[i].kill()
		replicas = append(replicas[:i], replicas[i+1:]...)
		began := time.Now()
		w.hears(w.telegram.Say(w.alice, chat, "/ticket another"), "tk_")
		require.Less(t, time.Since(began), takeover)
	}
	// Telegram may not have noticed that a killed one has gone.
	require.LessOrEqual(t, w.telegram.Conflicts(), 2)
	require.Len(t, chat.BotMessages(), 3)
}

// leader returns which process polls, and requires that it is the only one.
func (w *world) leader(replicas []*process) int {
	w.t.Helper()
	var leaders []int
	w.eventually(func() bool {
		leaders = nil
		for i, p := range replicas {
			if strings.Contains(p.log.String(), "msg=polling") {
				leaders = append(leaders, i)
			}
		}
		return len(leaders) > 0
	}, "nobody polls")
	require.Len(w.t, leaders, 1)
	return leaders[0]
}

func TestWhatAKilledProcessHadInHandIsToldByALivingOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storagetest.New(t), telegramtest.Options{}, nil)
	replicas := []*process{w.ready(), w.ready()}
	w.desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.StoreThenHang())
	const tickets = 20
	var commands []*telegramtest.Message
	for i := range tickets {
		commands = append(commands, w.telegram.Say(w.alice, w.telegram.NewSupergroup(fmt.Sprint("Group", i)), "/ticket in hand"))
	}
	w.eventually(func() bool { return w.desk.Seen(livedesktest.Create) == tickets }, "not all were sent")
	replicas[w.leader(replicas)].kill()
	began := time.Now()
	for _, m := range commands {
		w.hears(m, "may have arrived")
	}
	require.Less(t, time.Since(began), takeover)
	require.Equal(t, tickets, w.desk.Count(), "nobody sends again by himself")
}

func TestARollingRestartUnderLoadLosesAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storagetest.New(t), telegramtest.Options{}, nil)
	replicas := []*process{w.ready(), w.ready(), w.ready()}
	var chats []*telegramtest.Chat
	for i := range 10 {
		chats = append(chats, w.telegram.NewSupergroup(fmt.Sprint("Group", i)))
	}
	var commands []*telegramtest.Message
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ctx.Err() == nil; i++ {
			commands = append(commands, w.telegram.Say(w.alice, chats[i%len(chats)], "/ticket rolling"))
			time.Sleep(5 * time.Millisecond)
		}
	}()
	for i := range 3 * len(replicas) {
		i %= len(replicas)
		fresh := w.ready()
		replicas[i].stop()
		replicas[i] = fresh
	}
	stop()
	<-done
	w.settle(patience)
	for _, m := range commands {
		replies := w.telegram.Replies(m)
		require.Len(t, replies, 1)
		require.Contains(t, replies[0].Text, "tk_")
	}
	require.Equal(t, len(commands), w.desk.Count())
	t.Logf("%d commands, %d conflicts", len(commands), w.telegram.Conflicts())
	require.LessOrEqual(t, w.telegram.Conflicts(), 9)
}

func TestFourReplicasStartAtOnceOnAnEmptyDatabase(t *testing.T) {
	t.Parallel()
	database := storagetest.New(t)
	conn, err := pgx.Connect(t.Context(), database)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), `DROP SCHEMA public CASCADE; CREATE SCHEMA public`)
	require.NoError(t, err)

	w := newWorld(t, database, telegramtest.Options{}, nil)
	var replicas []*process
	for range 4 {
		replicas = append(replicas, w.start())
	}
	for _, p := range replicas {
		w.eventually(func() bool { return p.get("/readyz") == http.StatusOK }, "not ready\n%s", p.log)
		require.NotContains(t, p.log.String(), "level=WARN")
	}
	w.leader(replicas)
	w.hears(w.telegram.Say(w.alice, w.telegram.NewSupergroup("Group"), "/ticket first"), "tk_")
}
