package storage_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
)

func TestAnUpdateIsFreshOnlyOnceHoweverOftenItComes(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	one, two := storage.Update{ID: 1, ChatID: 7, Payload: []byte("{}")}, storage.Update{ID: 2, Payload: []byte("\x00\xff")}

	fresh, err := store.Journal(t.Context(), bot, process.Number, []storage.Update{one, two, one})
	require.NoError(t, err)
	require.Equal(t, map[int64]bool{one.ID: true, two.ID: true}, fresh)

	require.NoError(t, store.FinishUpdate(t.Context(), bot, 1))
	fresh, err = store.Journal(t.Context(), bot, process.Number, []storage.Update{two, one})
	require.NoError(t, err)
	require.Empty(t, fresh, "also once it is done")

	fresh, err = store.Journal(t.Context(), bot+1, process.Number, []storage.Update{one})
	require.NoError(t, err)
	require.Equal(t, map[int64]bool{one.ID: true}, fresh, "another bot's updates are others")
}

func TestFreeUpdatesAreClaimedOldestFirstAndByOneProcess(t *testing.T) {
	t.Parallel()
	store := open(t)
	one, two := register(t, store), register(t, store)
	journal(t, store, one, false, storage.Update{ID: 3, ChatID: 7}, storage.Update{ID: 1, ChatID: 7}, storage.Update{ID: 2, ChatID: 8})
	journal(t, store, one, true, storage.Update{ID: 4, ChatID: 7})

	require.Equal(t, []int64{1, 3}, claim(t, store, one, 10, 8), "without the chat that has enough")
	require.Equal(t, []int64{2}, claim(t, store, two, 10), "also where no chat has enough")
	require.Empty(t, claim(t, store, two, 10), "what a process has in hand stays there")
}

func TestAnUpdateThatWasGivenUpKeepsItsContentForALook(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	journal(t, store, process, true, storage.Update{ID: 1, Payload: []byte("odd")}, storage.Update{ID: 2, Payload: []byte("private")})
	require.NoError(t, store.GiveUpUpdate(t.Context(), bot, 1, "unreadable", true))
	require.NoError(t, store.FinishUpdate(t.Context(), bot, 1), "giving up is final")
	require.NoError(t, store.FinishUpdate(t.Context(), bot, 2))

	var payload []byte
	var fault *string
	require.NoError(t, store.Pool().QueryRow(t.Context(), `SELECT payload, fault FROM updates WHERE update_id = 1`).Scan(&payload, &fault))
	require.Equal(t, "odd", string(payload))
	require.Equal(t, "unreadable", *fault)
	require.NoError(t, store.Pool().QueryRow(t.Context(), `SELECT payload, fault FROM updates WHERE update_id = 2`).Scan(&payload, &fault))
	require.Nil(t, payload, "what people wrote is not kept longer than needed")

	exec(t, store, `UPDATE updates SET done_at = now() - interval '3 days'`)
	require.Equal(t, int64(2), removeOld(t, store, "updates", 0), "and not that for ever either")
}

func journal(t *testing.T, store *storage.Store, process *storage.Process, mine bool, updates ...storage.Update) {
	t.Helper()
	for i := range updates {
		updates[i].Mine = mine
	}
	_, err := store.Journal(t.Context(), bot, process.Number, updates)
	require.NoError(t, err)
}

// claim returns the ids of the updates that a process gets.
func claim(t *testing.T, store *storage.Store, process *storage.Process, limit int, except ...int64) []int64 {
	t.Helper()
	updates, err := store.ClaimUpdates(context.WithoutCancel(t.Context()), bot, process.Number, limit, except)
	require.NoError(t, err)
	var ids []int64
	for _, u := range updates {
		ids = append(ids, u.ID)
	}
	return ids
}

func TestAnUpdateThatProcessesDiedWithIsCounted(t *testing.T) {
	t.Parallel()
	store := open(t)
	dead, living := register(t, store), register(t, store)
	journal(t, store, dead, true, storage.Update{ID: 1, ChatID: 7, Payload: []byte("{}")}, storage.Update{ID: 2})
	for range 2 { // it is repeated where its answer was lost
		require.NoError(t, store.Suspect(t.Context(), bot, 1, 1))
	}
	kill(t, store, dead)
	require.Equal(t, 1, takeOver(t, store))
	updates, err := store.ClaimUpdates(t.Context(), bot, living.Number, 10, nil)
	require.NoError(t, err)
	require.Equal(t, []storage.Update{
		{ID: 1, ChatID: 7, Payload: []byte("{}"), Takeovers: 1, Suspected: 1}, {ID: 2, Payload: updates[1].Payload, Takeovers: 1},
	}, updates)
}

func TestABotClaimsItsOwnUpdatesOnly(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	journal(t, store, process, false, storage.Update{ID: 1})
	journal(t, store, process, true, storage.Update{ID: 2})
	_, err := store.Journal(t.Context(), bot+1, process.Number, []storage.Update{{ID: 1}, {ID: 2}})
	require.NoError(t, err)
	require.Equal(t, []int64{1}, claim(t, store, process, 10))
	others, err := store.ClaimUpdates(t.Context(), bot+1, process.Number, 10, nil)
	require.NoError(t, err)
	require.Len(t, others, 2, "of the same numbers too")
}

func TestOnlyUpdatesThatAreLongDoneAreForgotten(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	journal(t, store, process, true, storage.Update{ID: 1}, storage.Update{ID: 2}, storage.Update{ID: 3})
	require.NoError(t, store.FinishUpdate(t.Context(), bot, 1))
	require.NoError(t, store.FinishUpdate(t.Context(), bot, 2))
	exec(t, store, `UPDATE updates SET done_at = now() - interval '3 days' WHERE update_id = 1`)
	require.Equal(t, int64(1), removeOld(t, store, "updates", 0))
	require.Equal(t, 2, count(t, store, `SELECT count(*) FROM updates`))
}

func TestEverythingOldIsForgottenHoweverMuchItIs(t *testing.T) {
	t.Parallel()
	store := open(t)
	exec(t, store, `INSERT INTO updates (bot_id, update_id, chat_id, done_at) SELECT 42, n, 7, now() - interval '3 days' FROM generate_series(1, 2500) n`)
	require.Equal(t, int64(2500), removeOld(t, store, "updates", 0))
	require.Zero(t, count(t, store, `SELECT count(*) FROM updates`))
}
