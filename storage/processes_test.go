package storage_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
	"livedeskbot/storage/storagetest"
)

func TestWorkOfADeadProcessIsFree(t *testing.T) {
	t.Parallel()
	store := open(t)
	dead, living := register(t, store), register(t, store)
	journal(t, store, dead, true, storage.Update{ID: 1}, storage.Update{ID: 2})
	require.NoError(t, store.FinishUpdate(t.Context(), bot, 2))
	journal(t, store, living, true, storage.Update{ID: 3})
	sending := openTicket(t, store, dead, newTicket("sending", 7, storage.StateSending))
	refused := openTicket(t, store, dead, newTicket("refused", 7, storage.StateRefused))
	waiting := openTicket(t, store, dead, newTicket("waiting", 7, storage.StateWaiting))
	kept := openTicket(t, store, living, newTicket("kept", 7, storage.StateSending))
	require.True(t, refused.Mine)

	kill(t, store, dead)
	require.Equal(t, 1, takeOver(t, store))
	require.Zero(t, takeOver(t, store), "once")

	require.Equal(t, []int64{1}, claim(t, store, living, 10))
	var told []int64
	for _, k := range tellings(t, store, living) {
		told = append(told, k.ID)
	}
	require.ElementsMatch(t, []int64{sending.ID, refused.ID}, told)
	require.Equal(t, storage.StateUnconfirmed, state(t, store, sending), "its request may have left")
	require.Equal(t, storage.StateWaiting, state(t, store, waiting), "its request has surely not left")
	require.Equal(t, storage.StateSending, state(t, store, kept), "the living keep what they have")
}

func TestAProcessThatLosesItsConnectionTakesItsWorkAlong(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	journal(t, store, process, true, storage.Update{ID: 1})
	sending := openTicket(t, store, process, newTicket("sending", 7, storage.StateSending))
	require.NoError(t, process.Alive(t.Context()))
	kill(t, store, process)
	require.Error(t, process.Alive(t.Context()))
	process.Close()

	hand := storage.InHand{Updates: []int64{1}, Tickets: []int64{sending.ID}}
	again, err := store.Register(t.Context(), process, hand)
	require.NoError(t, err)
	t.Cleanup(again.Close)
	require.Equal(t, process.Number, again.Number)
	require.Zero(t, takeOver(t, store))
	require.Equal(t, storage.StateSending, state(t, store, sending))
	require.Empty(t, claim(t, store, register(t, store), 10))
	_, err = store.RecordOutcome(t.Context(), sending.ID, 1, storage.Outcome{State: storage.StateCreated, TicketID: "tk", Due: -1}, again.Number)
	require.NoError(t, err)
}

// A claim is stored and its answer lost with the connection: the process does not know what it has.
func TestWhatAProcessDoesNotKnowToHaveIsFreed(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	journal(t, store, process, true, storage.Update{ID: 1}, storage.Update{ID: 2})
	known := openTicket(t, store, process, newTicket("known", 7, storage.StateSending))
	unknown := openTicket(t, store, process, newTicket("unknown", 8, storage.StateSending))
	refused := openTicket(t, store, process, newTicket("refused", 9, storage.StateRefused))
	kill(t, store, process)
	process.Close()

	hand := storage.InHand{Updates: []int64{1}, Tickets: []int64{known.ID}}
	again, err := store.Register(t.Context(), process, hand)
	require.NoError(t, err)
	t.Cleanup(again.Close)
	require.Equal(t, storage.StateSending, state(t, store, known))
	require.Equal(t, storage.StateUnconfirmed, state(t, store, unknown))
	tellings, err := store.ClaimTellings(t.Context(), again.Number, 10, []int64{})
	require.NoError(t, err)
	require.Len(t, tellings, 2, "the unknown one, and %d", refused.ID)
	require.Equal(t, []int64{2}, claim(t, store, again, 10))
}

func TestOneProcessLeadsUntilItEnds(t *testing.T) {
	t.Parallel()
	store := open(t)
	first, second := register(t, store), register(t, store)
	leads := func(p *storage.Process, botID int64) bool {
		lead, err := p.TryLead(t.Context(), botID)
		require.NoError(t, err)
		return lead
	}
	require.True(t, leads(first, bot))
	require.True(t, leads(first, bot), "asking again is harmless")
	require.False(t, leads(second, bot))
	first.Close()
	require.Eventually(t, func() bool { // Postgres notices the end of a connection a moment later
		lead, err := second.TryLead(t.Context(), bot)
		return err == nil && lead
	}, 30*time.Second, 5*time.Millisecond)
	_, err := first.TryLead(t.Context(), bot)
	require.Error(t, err)
	require.Error(t, first.Alive(t.Context()))
	first.Close()
}

// Three processes look for dead ones without pause while others die and while the living take up work.
func TestTakingOverNeverTouchesTheLiving(t *testing.T) {
	t.Parallel()
	store := open(t)
	living := register(t, store)
	kept := openTicket(t, store, living, newTicket("kept", 7, storage.StateSending))
	stop := make(chan struct{})
	var sweepers sync.WaitGroup
	for range 3 {
		sweepers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					_, _ = store.TakeOver(t.Context(), true)
				}
			}
		})
	}
	const deaths = 15
	for n := range deaths {
		id := int64(10 * n)
		mortal, err := store.Register(t.Context(), nil, storage.InHand{})
		require.NoError(t, err)
		journal(t, store, mortal, true, storage.Update{ID: id + 1}, storage.Update{ID: id + 2})
		journal(t, store, living, true, storage.Update{ID: id + 3})
		require.NoError(t, mortal.Alive(t.Context()))
		mortal.Close()
	}
	require.Eventually(t, func() bool {
		return count(t, store, `SELECT count(*) FROM processes`) == 1
	}, 30*time.Second, 10*time.Millisecond)
	close(stop)
	sweepers.Wait()

	require.Equal(t, storage.StateSending, state(t, store, kept))
	require.Equal(t, deaths, count(t, store, `SELECT count(*) FROM updates WHERE owner IS NOT NULL`), "the living keep theirs")
	require.Equal(t, 2*deaths, count(t, store, `SELECT count(*) FROM updates WHERE owner IS NULL AND takeovers = 1`))
	require.Len(t, claim(t, store, living, 100), 2*deaths)
}

func TestATicketThatADeadProcessStoresWhileItIsTakenOverIsNotForgotten(t *testing.T) {
	t.Parallel()
	store := open(t)
	dead := register(t, store)
	first := openTicket(t, store, dead, newTicket("first", 7, storage.StateSending))
	kill(t, store, dead)

	lock, err := store.Pool().Begin(t.Context())
	require.NoError(t, err)
	_, err = lock.Exec(t.Context(), `SELECT FROM tickets WHERE id = $1 FOR UPDATE`, first.ID)
	require.NoError(t, err)
	taken := make(chan error, 1)
	go func() {
		_, err := store.TakeOver(t.Context(), true)
		taken <- err
	}()
	require.Eventually(t, func() bool {
		return count(t, store, `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%tickets%'`) == 1
	}, 30*time.Second, 5*time.Millisecond)
	second := openTicket(t, store, dead, newTicket("second", 8, storage.StateSending))
	require.NoError(t, lock.Commit(t.Context()))
	require.NoError(t, <-taken)

	require.Equal(t, storage.StateUnconfirmed, state(t, store, first))
	takeOver(t, store)
	require.Equal(t, storage.StateUnconfirmed, state(t, store, second), "nobody would ever look at one that is sent by nobody")
}

// kill cuts a process's connection as the death of its machine would, and waits until its lock is free.
func kill(t *testing.T, store *storage.Store, process *storage.Process) {
	t.Helper()
	const held = ` FROM pg_locks WHERE locktype = 'advisory' AND classid = 77 AND objid = $1
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
	_, err := store.Pool().Exec(t.Context(), `SELECT pg_terminate_backend(pid)`+held, process.Number)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		var locks int
		err := store.Pool().QueryRow(t.Context(), `SELECT count(*)`+held, process.Number).Scan(&locks)
		return err == nil && locks == 0
	}, 30*time.Second, 5*time.Millisecond)
}

func takeOver(t *testing.T, store *storage.Store) int {
	t.Helper()
	dead, err := store.TakeOver(t.Context(), true)
	require.NoError(t, err)
	return dead
}

func state(t *testing.T, store *storage.Store, ticket storage.Ticket) storage.State {
	t.Helper()
	now, err := store.Ticket(t.Context(), ticket.ID)
	require.NoError(t, err)
	return now.State
}

func TestStraysAreFreedAndTheRestIsNot(t *testing.T) {
	t.Parallel()
	store := open(t)
	process, other := register(t, store), register(t, store)
	journal(t, store, process, true, storage.Update{ID: 1}, storage.Update{ID: 2})
	want := newTicket("ref", 7, storage.StateWaiting)
	want.Files = []storage.File{file(3, ""), file(4, "")}
	openTicket(t, store, process, want)
	_, err := store.ClaimFiles(t.Context(), process.Number, 2)
	require.NoError(t, err)
	var hand storage.InHand
	for _, ref := range []string{"a", "b"} {
		hand.Tickets = append(hand.Tickets, openTicket(t, store, process, newTicket(ref, 7, storage.StateSending)).ID)
		hand.Tellings = append(hand.Tellings, openTicket(t, store, process, newTicket(ref+" refused", 7, storage.StateRefused)).ID)
	}
	owned := func() storage.InHand {
		owned, err := store.Owned(t.Context(), process.Number)
		require.NoError(t, err)
		return owned
	}
	all := owned()
	require.ElementsMatch(t, []int64{1, 2}, all.Updates)
	require.ElementsMatch(t, hand.Tickets, all.Tickets)
	require.ElementsMatch(t, hand.Tellings, all.Tellings)
	require.Len(t, all.Files, 2)

	strays := storage.InHand{Updates: []int64{1}, Tickets: hand.Tickets[:1], Tellings: hand.Tellings[:1], Files: all.Files[:1]}
	require.NoError(t, store.Free(t.Context(), other.Number, strays))
	require.Equal(t, all, owned(), "they are not that process's")
	require.NoError(t, store.Free(t.Context(), process.Number, strays))
	require.Equal(t, storage.InHand{Updates: []int64{2}, Tickets: hand.Tickets[1:], Tellings: hand.Tellings[1:], Files: all.Files[1:]}, owned())
	freed, err := store.Ticket(t.Context(), hand.Tickets[0])
	require.NoError(t, err)
	require.Equal(t, storage.StateUnconfirmed, freed.State)
	require.Equal(t, "crash", freed.Reason)
	require.Equal(t, "never", due(t, store, freed.ID))
}

func TestWhatAProcessWritesAfterItWasTakenOverIsFoundByAThoroughLook(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]string{
		"an update": `INSERT INTO updates (bot_id, update_id, chat_id, owner) VALUES (42, 1, 7, $1)`,
		"a ticket":  `UPDATE tickets SET owner = $1`,
		"a telling": `UPDATE tickets SET teller = $1`,
		"a file":    `UPDATE files SET owner = $1`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := open(t)
			dead, living := register(t, store), register(t, store)
			want := newTicket("ref", 7, storage.StateWaiting)
			want.Files = []storage.File{file(3, "")}
			openTicket(t, store, living, want)
			kill(t, store, dead)
			require.Equal(t, 1, takeOver(t, store))
			exec(t, store, write, dead.Number)
			brief, err := store.TakeOver(t.Context(), false)
			require.NoError(t, err)
			require.Zero(t, brief)
			require.Equal(t, 1, takeOver(t, store))
			owned, err := store.Owned(t.Context(), dead.Number)
			require.NoError(t, err)
			require.Empty(t, append(append(append(owned.Updates, owned.Tickets...), owned.Tellings...), owned.Files...))
		})
	}
}

func TestADeadProcessIsTakenOverByABriefLookToo(t *testing.T) {
	t.Parallel()
	store := open(t)
	dead := register(t, store)
	register(t, store)
	kill(t, store, dead)
	taken, err := store.TakeOver(t.Context(), false)
	require.NoError(t, err)
	require.Equal(t, 1, taken)
}

func TestAStopDoesNotBreakOffTheConnectionThatMarksAProcessAsAlive(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(context.Context, *storage.Process){
		"polling":      func(ctx context.Context, p *storage.Process) { _, _ = p.TryLead(ctx, bot) },
		"telling":      func(ctx context.Context, p *storage.Process) { _, _ = p.TryFeed(ctx, bot) },
		"being marked": func(ctx context.Context, p *storage.Process) { _ = p.Alive(ctx) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			line := storagetest.NewLine(t, storagetest.New(t))
			process := register(t, openOver(t, line.URL()).For(bot))
			ctx, stop := context.WithCancel(t.Context())
			waits, lift := line.Hold()
			done := make(chan struct{})
			go func() { defer close(done); call(ctx, process) }()
			<-waits
			stop()
			select {
			case <-done:
			case <-time.After(200 * time.Millisecond): // enough for it to be broken off
			}
			lift()
			<-done
			require.NoError(t, process.Alive(t.Context()))
		})
	}
}
