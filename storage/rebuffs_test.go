package storage_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
)

func TestATicketIsRefusedWhenItIsTurnedAwayForTheThirdTimeWhileOthersAreAccepted(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	ticket := openTicket(t, store, process, newTicket("kept out", 7, storage.StateSending))
	turnedAway := func(process *storage.Process) storage.Ticket {
		t.Helper()
		o := storage.Outcome{State: storage.StateWaiting, Reason: "setup", Rebuff: "text", Due: time.Hour}
		now, err := store.RecordOutcome(t.Context(), ticket.ID, ticket.Attempts, o, process.Number)
		require.NoError(t, err)
		if now.State == storage.StateWaiting {
			ticket, err = store.ClaimProbe(t.Context(), process.Number, 0)
			require.NoError(t, err)
			require.Equal(t, now.ID, ticket.ID)
			require.Equal(t, now.Rebuffs, ticket.Rebuffs)
		}
		return now
	}
	other := func(ref string, bot int64, end storage.State) {
		t.Helper()
		want := newTicket(ref, 7, storage.StateSending)
		want.BotID = bot
		_, err := store.RecordOutcome(t.Context(), openTicket(t, store, process, want).ID, 1, storage.Outcome{State: end, Due: -1}, process.Number)
		require.NoError(t, err)
	}
	other("accepted before", bot, storage.StateCreated)
	for range 4 {
		require.Equal(t, 1, turnedAway(process).Rebuffs, "nothing else was accepted")
	}
	other("unconfirmed", bot, storage.StateUnconfirmed)
	other("of another bot", bot+1, storage.StateCreated)
	require.Equal(t, 1, turnedAway(process).Rebuffs)
	other("accepted", bot, storage.StateCreated)
	require.Equal(t, 2, turnedAway(process).Rebuffs)
	replica := register(t, store)
	require.Equal(t, 2, turnedAway(replica).Rebuffs, "once for each")
	_, err := store.RecordOutcome(t.Context(), ticket.ID, ticket.Attempts, storage.Outcome{State: storage.StateWaiting, Reason: "away"}, replica.Number)
	require.NoError(t, err)
	ticket, err = store.ClaimWaiting(t.Context(), replica.Number)
	require.NoError(t, err)
	require.Equal(t, 2, ticket.Rebuffs, "another failure changes nothing")
	other("accepted again", bot, storage.StateCreated)
	exec(t, store, `UPDATE tickets SET teller = NULL`)
	refused := turnedAway(replica)
	require.Equal(t, []string{"refused", "text"}, []string{string(refused.State), refused.Reason})
	require.True(t, refused.Mine, "it is news")
	require.Equal(t, "never", due(t, store, ticket.ID))
}

func TestProbesBeginWithTicketsThatWereNotTurnedAway(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	for i := range 3 {
		openTicket(t, store, process, newTicket(fmt.Sprint(i), 7, storage.StateWaiting))
	}
	exec(t, store, `UPDATE tickets SET rebuffs = 2 - id`)
	var refs []string
	for range 3 {
		ticket, err := store.ClaimProbe(t.Context(), process.Number, 0)
		require.NoError(t, err)
		refs = append(refs, ticket.Ref)
	}
	require.Equal(t, []string{"2", "1", "0"}, refs)
}
