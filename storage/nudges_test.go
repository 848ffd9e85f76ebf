package storage_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
)

func TestANudgeMakesATicketDueOnceASecondAtMost(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	for name, test := range map[string]struct {
		before string // columns of a ticket
		due    time.Duration
	}{
		"in an hour":              {`due_at = now() + interval '1 h'`, 0},
		"never again":             {`due_at = NULL`, 0},
		"already":                 {`due_at = now() - interval '1 h'`, -time.Hour},
		"looked at long ago":      {`due_at = now() + interval '1 h', look_at = now() - interval '1 h'`, 0},
		"just looked at":          {`due_at = now() + interval '1 h', look_at = now()`, time.Second},
		"the clock was set back":  {`due_at = now() + interval '1 h', look_at = now() + interval '1 h'`, time.Second},
		"nudged before":           {`due_at = now() - interval '5 s', nudged_at = now() - interval '5 s'`, -5 * time.Second},
		"put off after a failure": {`due_at = now() + interval '1 h', nudged_at = now() - interval '1 s', look_at = now() - interval '2 s'`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			ticket := created(t, store, process, name)
			exec(t, store, `UPDATE tickets SET `+test.before+` WHERE id = $1`, ticket.ID)
			for range 2 {
				require.NoError(t, store.Nudge(t.Context(), []storage.Meant{{ID: ticket.ID}}))
			}
			var due float64
			require.NoError(t, store.Pool().QueryRow(t.Context(), `
				SELECT extract(epoch FROM due_at - now())::float8 FROM tickets WHERE id = $1 AND nudged_at IS NOT NULL`, ticket.ID).Scan(&due))
			require.InDelta(t, test.due.Seconds(), due, 0.9)
		})
	}
}

func TestANudgeDuringALookMakesTheTicketDueASecondAfterTheLookBegan(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	ticket := created(t, store, process, "a")
	require.Len(t, looks(t, store, process, 1), 1)
	require.NoError(t, store.Nudge(t.Context(), []storage.Meant{{ID: ticket.ID}}))
	_, err := store.RecordLook(t.Context(), ticket.ID, storage.Look{View: []byte(`{}`), Every: time.Hour}, process.Number)
	require.NoError(t, err)
	require.Equal(t, 1, count(t, store, `SELECT count(*) FROM tickets WHERE due_at >= look_at + interval '1 s' AND due_at < now() + interval '2 s'`))
	exec(t, store, `UPDATE tickets SET due_at = now(), nudged_at = now()`)
	require.Len(t, looks(t, store, process, 1), 1)
	_, err = store.RecordLook(t.Context(), ticket.ID, storage.Look{View: []byte(`{}`), Every: time.Hour}, process.Number)
	require.NoError(t, err)
	require.Zero(t, count(t, store, `SELECT count(*) FROM tickets WHERE nudged_at IS NOT NULL OR due_at < now() + interval '1 min'`))
}

func TestOnlyWhatLiveDeskHasIsMeant(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	open := created(t, store, process, "open")
	finished := created(t, store, process, "finished")
	exec(t, store, `UPDATE tickets SET status = 'closed', due_at = NULL WHERE id = $1`, finished.ID)
	exec(t, store, `UPDATE tickets SET state = 'unconfirmed', ticket_id = '' WHERE id = $1`, created(t, store, process, "nowhere").ID)
	exec(t, store, `UPDATE tickets SET bot_id = 1 WHERE id = $1`, created(t, store, process, "theirs").ID)

	meant, err := store.MeantByNumber(t.Context(), []string{"tk_open", "tk_finished", "tk_nowhere", "tk_theirs", "tk_none", ""})
	require.NoError(t, err)
	require.ElementsMatch(t, []storage.Meant{{ID: open.ID, Word: "tk_open"}, {ID: finished.ID, Word: "tk_finished"}}, meant)
	meant, err = store.MeantByChat(t.Context(), []string{"7", "8"}, 5)
	require.NoError(t, err)
	require.Equal(t, []storage.Meant{{ID: open.ID, Word: "7"}}, meant)
	meant, err = store.LastActive(t.Context(), 5)
	require.NoError(t, err)
	require.Equal(t, []storage.Meant{{ID: open.ID}}, meant)
	require.Len(t, looks(t, store, process, 5), 1)
	meant, err = store.LastActive(t.Context(), 5)
	require.NoError(t, err)
	require.Len(t, meant, 1, "one that is being looked at is active too")
}
