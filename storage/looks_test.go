package storage_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
)

func looks(t *testing.T, store *storage.Store, process *storage.Process, limit int) []storage.Ticket {
	t.Helper()
	tickets, err := store.ClaimLooks(t.Context(), process.Number, limit, storage.LooksLongest)
	require.NoError(t, err)
	return tickets
}

func TestALookOfADeadProcessStoresNothing(t *testing.T) {
	t.Parallel()
	store := open(t)
	dead, living := register(t, store), register(t, store)
	ticket := created(t, store, dead, "a")
	require.Len(t, looks(t, store, dead, 10), 1)
	kill(t, store, dead)
	require.Equal(t, 1, takeOver(t, store))
	require.Len(t, looks(t, store, living, 10), 1)
	_, err := store.RecordLook(t.Context(), ticket.ID, storage.Look{View: []byte(`{}`), Notices: []storage.Notice{reply("1", "x")}}, dead.Number)
	require.ErrorIs(t, err, storage.ErrNotFound)
	require.Empty(t, notices(t, store, ticket.ID))
}

func TestLooksComeInTheOrderThatIsAskedFor(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		order storage.LookOrder
		want  []string
	}{
		"only what people wait for":             {storage.LooksUrgent, []string{"urgent", "urgent later"}},
		"who waits longest":                     {storage.LooksLongest, []string{"urgent", "urgent later", "late", "active", "nudged later", "nudged"}},
		"what is news, then the newest changes": {storage.LooksNewest, []string{"urgent", "urgent later", "nudged", "nudged later", "active", "late"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := open(t)
			process := register(t, store)
			for ref, minutes := range map[string]struct{ late, quiet, urgent, nudged any }{
				"late": {90, 600, nil, nil}, "active": {60, 1, nil, nil}, "future": {-1, 0, 5, 5},
				"urgent": {0, 600, 2, nil}, "urgent later": {0, 1, 1, 7}, "nudged": {0, 600, nil, 2}, "nudged later": {0.5, 600, nil, 1},
			} {
				ticket := created(t, store, process, ref)
				exec(t, store, `
					UPDATE tickets SET due_at = now() - $2::float8 * interval '1 minute', changed_at = now() - $3::float8 * interval '1 minute',
						urgent_at = now() - $4::float8 * interval '1 minute', nudged_at = now() - $5::float8 * interval '1 minute'
					WHERE id = $1`, ticket.ID, minutes.late, minutes.quiet, minutes.urgent, minutes.nudged)
			}
			for i, want := range test.want {
				tickets, err := store.ClaimLooks(t.Context(), process.Number, 1, test.order)
				require.NoError(t, err)
				require.Len(t, tickets, 1)
				require.Equal(t, "tk_"+want, tickets[0].TicketID)
				require.Equal(t, i < 2, tickets[0].Urgent)
			}
			rest, err := store.ClaimLooks(t.Context(), process.Number, 1, test.order)
			require.NoError(t, err)
			require.Empty(t, rest)
		})
	}
}

func TestALookThatIsWantedStaysWantedUntilItWasMade(t *testing.T) {
	t.Parallel()
	store := open(t)
	process, next := register(t, store), register(t, store)
	ticket := created(t, store, process, "a")
	urgent := func(process *storage.Process) bool {
		t.Helper()
		tickets := looks(t, store, process, 1)
		require.Len(t, tickets, 1)
		return tickets[0].Urgent
	}
	require.NoError(t, store.LookNow(t.Context(), ticket.ID))
	require.True(t, urgent(process))
	require.NoError(t, store.DeferLook(t.Context(), ticket.ID, 0, process.Number))
	require.True(t, urgent(process), "LiveDesk could not be asked")
	kill(t, store, process)
	takeOver(t, store)
	require.True(t, urgent(next), "the process died that had it in hand")
	require.NoError(t, store.LookNow(t.Context(), ticket.ID))
	_, err := store.RecordLook(t.Context(), ticket.ID, storage.Look{View: []byte(`{}`), Every: time.Hour}, next.Number)
	require.NoError(t, err)
	require.True(t, urgent(next), "it was wanted again during the look")
	_, err = store.RecordLook(t.Context(), ticket.ID, storage.Look{View: []byte(`{}`)}, next.Number)
	require.NoError(t, err)
	require.False(t, urgent(next))
}

func TestWhatComesDuringALookIsLookedAtAtOnce(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	ticket := created(t, store, process, "a")
	require.Len(t, looks(t, store, process, 1), 1)
	add := storage.Addition{Ref: "m", Ticket: ticket.ID, Kind: storage.AddText, Content: []byte(`{}`)}
	require.NoError(t, store.Add(t.Context(), add, nil, bot, 0))
	require.NoError(t, store.Add(t.Context(), add, nil, bot, 0), "it may be delivered twice")
	_, err := store.RecordLook(t.Context(), ticket.ID, storage.Look{View: []byte(`{}`), Every: time.Hour}, process.Number)
	require.NoError(t, err)
	tickets := looks(t, store, process, 1)
	require.Len(t, tickets, 1)
	require.True(t, tickets[0].Pending)

	additions, err := store.Additions(t.Context(), ticket.ID)
	require.NoError(t, err)
	require.Len(t, additions, 1)
	require.NoError(t, store.Tried(t.Context(), []int64{additions[0].ID}, nil))
	_, err = store.RecordLook(t.Context(), ticket.ID, storage.Look{View: []byte(`{}`), Every: time.Hour}, process.Number)
	require.NoError(t, err)
	require.Empty(t, looks(t, store, process, 1), "what was tried in vain waits")
}

func TestALookSettlesWhatItHasBroughtIntoTheTicket(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	want := newTicket("a", 7, storage.StateSending)
	want.Files = []storage.File{file(3, ""), file(4, "")}
	ticket := openTicket(t, store, process, want)
	_, err := store.RecordOutcome(t.Context(), ticket.ID, 1, storage.Outcome{State: storage.StateCreated, TicketID: "tk"}, process.Number)
	require.NoError(t, err)
	require.False(t, looks(t, store, process, 1)[0].Pending, "its files are not there yet")
	require.NoError(t, store.DeferLook(t.Context(), ticket.ID, 0, process.Number))
	files, err := store.Files(t.Context(), ticket.ID)
	require.NoError(t, err)
	require.NoError(t, store.FinishFile(t.Context(), files[0].ID, storage.FileUploaded, "https://desk/1", ""))
	require.True(t, looks(t, store, process, 1)[0].Pending)
	for _, ref := range []string{"done", "failed", "open"} {
		a := storage.Addition{Ref: ref, Ticket: ticket.ID, Kind: storage.AddText, Content: []byte(`{}`)}
		require.NoError(t, store.Add(t.Context(), a, nil, bot, 0))
	}
	require.NoError(t, store.DeferLook(t.Context(), ticket.ID, 0, process.Number))
	require.True(t, looks(t, store, process, 1)[0].Urgent, "people wait for what they added")
	additions, err := store.Additions(t.Context(), ticket.ID)
	require.NoError(t, err)
	require.Len(t, additions, 3)
	require.NoError(t, store.Tried(t.Context(), []int64{additions[2].ID}, []int64{files[1].ID}))

	exec(t, store, `UPDATE tickets SET changed_at = now() - interval '1 day', missed = 2, missed_at = now()`)
	_, err = store.RecordLook(t.Context(), ticket.ID, storage.Look{
		Status: "open", View: []byte(`{"a": 1}`), Changed: true, Every: time.Hour, Request: []byte(`{"title": "edited"}`),
		Additions: []int64{additions[0].ID}, Failed: []int64{additions[1].ID}, Files: []int64{files[0].ID},
	}, process.Number)
	require.NoError(t, err)
	additions, err = store.Additions(t.Context(), ticket.ID)
	require.NoError(t, err)
	require.Len(t, additions, 1)
	require.Equal(t, "open", additions[0].Ref)
	require.Equal(t, 1, additions[0].Attempts)
	require.Equal(t, 1, count(t, store, `SELECT count(*) FROM additions WHERE failed AND ref = 'failed'`))
	files, err = store.Files(t.Context(), ticket.ID)
	require.NoError(t, err)
	require.True(t, files[0].Entered)
	require.False(t, files[1].Entered)
	require.Equal(t, 1, files[1].Attempts)
	ticket, err = store.Ticket(t.Context(), ticket.ID)
	require.NoError(t, err)
	require.Equal(t, "open", ticket.Status)
	require.JSONEq(t, `{"a": 1}`, string(ticket.View))
	require.JSONEq(t, `{"title": "edited"}`, string(ticket.Request))
	require.WithinDuration(t, time.Now(), ticket.ChangedAt, time.Minute)
	require.WithinDuration(t, time.Now(), *ticket.SeenAt, time.Minute)
	require.Equal(t, 1, count(t, store, `SELECT count(*) FROM tickets WHERE missed = 0 AND missed_at IS NULL`))
	require.Equal(t, "later", due(t, store, ticket.ID))
	require.Equal(t, 1, count(t, store, `SELECT count(*) FROM tickets WHERE every = 3600`))

	require.NoError(t, store.FinishFile(t.Context(), files[1].ID, storage.FileDropped, "", "too large"))
	ticket = looks(t, store, process, 1)[0]
	require.True(t, ticket.Pending)
	exec(t, store, `UPDATE tickets SET changed_at = now() - interval '1 day'`)
	_, err = store.RecordLook(t.Context(), ticket.ID, storage.Look{View: []byte(`{}`), Every: -1}, process.Number)
	require.NoError(t, err)
	require.Equal(t, "now", due(t, store, ticket.ID), "a file came that this look did not see")
	ticket = looks(t, store, process, 1)[0]
	require.JSONEq(t, `{"title": "edited"}`, string(ticket.Request))
	require.Greater(t, time.Since(ticket.ChangedAt), time.Hour)
	require.NoError(t, store.Tried(t.Context(), nil, []int64{files[1].ID}))
	_, err = store.RecordLook(t.Context(), ticket.ID, storage.Look{View: []byte(`{}`), Every: time.Hour}, process.Number)
	require.NoError(t, err)
	require.Equal(t, "later", due(t, store, ticket.ID), "what was tried in vain waits")
	require.NoError(t, store.LookNow(t.Context(), ticket.ID))
	require.Len(t, looks(t, store, process, 1), 1)
	_, err = store.RecordLook(t.Context(), ticket.ID, storage.Look{View: []byte(`{}`), Every: -1, Files: []int64{files[1].ID}}, process.Number)
	require.NoError(t, err)
	require.Equal(t, "never", due(t, store, ticket.ID))
}

func TestALookWritesNoMessageThatIsKnown(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	ticket := created(t, store, process, "a")
	look := func(texts ...string) {
		t.Helper()
		require.Len(t, looks(t, store, process, 1), 1)
		l := storage.Look{View: []byte(`{}`), Every: 0}
		for i, text := range texts {
			l.Notices = append(l.Notices, reply(fmt.Sprint(i), text))
		}
		_, err := store.RecordLook(t.Context(), ticket.ID, l, process.Number)
		require.NoError(t, err)
	}
	written := func() int { return count(t, store, `SELECT count(*) FROM notices WHERE xmax::text <> '0'`) }
	look("one", "two")
	look("one", "two", "three")
	require.Zero(t, written())
	look("one", "other", "three")
	require.Equal(t, 1, written())
	require.Equal(t, 3, count(t, store, `SELECT count(*) FROM notices`))
}

func TestATicketIsGivenBackWithoutAResultOnlyByWhoHasIt(t *testing.T) {
	t.Parallel()
	store := open(t)
	process, other := register(t, store), register(t, store)
	ticket := created(t, store, process, "a")
	for missed, giveBack := range []func(process int32) error{
		func(process int32) error { return store.DeferLook(t.Context(), ticket.ID, time.Hour, process) },
		func(process int32) error { return store.MissLook(t.Context(), ticket.ID, time.Hour, process) },
	} {
		require.Len(t, looks(t, store, process, 1), 1)
		require.NoError(t, giveBack(other.Number))
		require.Equal(t, "now", due(t, store, ticket.ID))
		require.NoError(t, giveBack(process.Number))
		require.Equal(t, "later", due(t, store, ticket.ID))
		require.Equal(t, missed, count(t, store, `SELECT missed FROM tickets`))
		require.NoError(t, store.LookNow(t.Context(), ticket.ID))
	}
	for _, giveUp := range []func() error{
		func() error { return store.DeferLook(t.Context(), ticket.ID, -1, process.Number) },
		func() error { return store.MissLook(t.Context(), ticket.ID, -1, process.Number) },
	} {
		require.Len(t, looks(t, store, process, 1), 1)
		require.NoError(t, giveUp())
		require.Equal(t, "never", due(t, store, ticket.ID))
		require.NoError(t, store.LookNow(t.Context(), ticket.ID))
	}
	require.Len(t, looks(t, store, process, 1), 1)
	waiting := openTicket(t, store, process, newTicket("waiting", 7, storage.StateWaiting))
	exec(t, store, `UPDATE tickets SET due_at = now() + interval '1 hour' WHERE id = $1`, waiting.ID)
	require.NoError(t, store.LookNow(t.Context(), waiting.ID))
	require.Equal(t, "later", due(t, store, waiting.ID), "there is nothing to look at")
}

func TestScheduledLooksAreReadInPagesAndHastened(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	want := map[int64]bool{}
	for i := range 5 {
		ticket := created(t, store, process, fmt.Sprint(i))
		want[ticket.ID] = true
		exec(t, store, `UPDATE tickets SET due_at = date_trunc('hour', now()) + interval '9 hours' WHERE id = $1`, ticket.ID) // all at once
	}
	due := created(t, store, process, "due")
	exec(t, store, `UPDATE tickets SET due_at = now() WHERE id = $1`, due.ID)
	var last storage.Scheduled
	for range 3 {
		page, err := store.ScheduledLooks(t.Context(), last, 2)
		require.NoError(t, err)
		for _, s := range page {
			require.True(t, want[s.ID], "read once")
			delete(want, s.ID)
			require.InDelta(t, 8.5*3600, s.DueIn, 0.51*3600)
			require.NoError(t, store.HastenLooks(t.Context(), []int64{s.ID}, []float64{-1}))
			last = s
		}
	}
	require.Empty(t, want)
	require.Len(t, looks(t, store, process, 10), 6)
}
