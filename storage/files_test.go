package storage_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
)

func file(message int64, origin string) storage.File {
	return storage.File{MessageID: message, Origin: origin, File: fmt.Appendf(nil, `{"id": "file%d"}`, message)}
}

// places are the message numbers of a ticket's files, in order.
func places(t *testing.T, store *storage.Store, ticket int64) (messages []int64) {
	t.Helper()
	files, err := store.Files(t.Context(), ticket)
	require.NoError(t, err)
	for _, f := range files {
		messages = append(messages, f.MessageID)
	}
	return messages
}

func TestATicketIsDueOnceItsLastFileIsThere(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	want := newTicket("ref", 7, storage.StateWaiting)
	want.Files, want.Gather = []storage.File{file(3, ""), file(4, "")}, time.Hour
	ticket := openTicket(t, store, process, want)
	files, err := store.ClaimFiles(t.Context(), process.Number, 10)
	require.NoError(t, err)
	require.Len(t, files, 2)
	more, err := store.ClaimFiles(t.Context(), process.Number, 10)
	require.NoError(t, err)
	require.Empty(t, more, "they are in hand")

	require.NoError(t, store.FinishFile(t.Context(), files[0].ID, storage.FileUploaded, "https://desk/1", ""))
	_, err = store.ClaimWaiting(t.Context(), process.Number)
	require.ErrorIs(t, err, storage.ErrNotFound)
	require.NoError(t, store.FinishFile(t.Context(), files[1].ID, storage.FileDropped, "", "expired"))
	due, err := store.ClaimWaiting(t.Context(), process.Number)
	require.NoError(t, err)
	require.Equal(t, ticket.ID, due.ID)
	require.True(t, due.WithFiles)

	require.NoError(t, store.FinishFile(t.Context(), files[0].ID, storage.FileDropped, "", "late"), "a second result")
	require.Equal(t, 1, count(t, store, `SELECT count(*) FROM files WHERE state = 'uploaded'`))
}

func TestAFileThatAnOutageStoppedLosesNoTry(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	want := newTicket("ref", 7, storage.StateWaiting)
	want.Files = []storage.File{file(3, "")}
	openTicket(t, store, process, want)
	for _, counts := range []bool{false, true} {
		files, err := store.ClaimFiles(t.Context(), process.Number, 1)
		require.NoError(t, err)
		require.Equal(t, 1, files[0].Attempts)
		for range 2 { // it is repeated where its answer was lost
			require.NoError(t, store.DeferFile(t.Context(), files[0].ID, 0, counts, process.Number))
		}
	}
	files, err := store.ClaimFiles(t.Context(), process.Number, 1)
	require.NoError(t, err)
	require.Equal(t, 2, files[0].Attempts)
}

func TestFilesOfADeadProcessAreCarriedByAnother(t *testing.T) {
	t.Parallel()
	store := open(t)
	dead, living := register(t, store), register(t, store)
	want := newTicket("ref", 7, storage.StateWaiting)
	want.Files = []storage.File{file(3, ""), file(3, "another message of that number, added")}
	openTicket(t, store, dead, want)
	files, err := store.ClaimFiles(t.Context(), dead.Number, 10)
	require.NoError(t, err)
	require.Len(t, files, 2)
	kill(t, store, dead)
	require.Equal(t, 1, takeOver(t, store))
	files, err = store.ClaimFiles(t.Context(), living.Number, 10)
	require.NoError(t, err)
	require.Len(t, files, 2)
}

func TestFilesThatDoNotComeAlongAreDroppedAndTheOthersKept(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	want := newTicket("ref", 7, storage.StateWaiting)
	want.Files = []storage.File{file(3, ""), file(4, ""), file(5, "")}
	ticket := openTicket(t, store, process, want)
	want.Ref = "other"
	other := openTicket(t, store, process, want)
	files, err := store.Files(t.Context(), ticket.ID)
	require.NoError(t, err)
	require.NoError(t, store.FinishFile(t.Context(), files[0].ID, storage.FileUploaded, "https://desk/1", ""))
	require.NoError(t, store.EnterFiles(t.Context(), ticket.ID, []byte(`{"with": 1}`), []int64{files[0].ID}))
	states := func(ticket int64) (states []string) {
		files, err := store.Files(t.Context(), ticket)
		require.NoError(t, err)
		for _, f := range files {
			states = append(states, string(f.State)+" "+f.Reason)
		}
		return states
	}
	request := func() string {
		now, err := store.Ticket(t.Context(), ticket.ID)
		require.NoError(t, err)
		return string(now.Request)
	}
	require.JSONEq(t, `{"with": 1}`, request())
	require.NoError(t, store.FinishFile(t.Context(), files[1].ID, storage.FileDropped, "", "large"))
	require.NoError(t, store.DropFiles(t.Context(), ticket.ID, "late"))
	require.Equal(t, []string{"uploaded ", "dropped large", "dropped late"}, states(ticket.ID), "what is in the ticket stays")

	require.NoError(t, store.LeaveFilesOut(t.Context(), ticket.ID, []byte(`{"without": 1}`), "refused"))
	require.JSONEq(t, `{"without": 1}`, request())
	require.Equal(t, []string{"dropped refused", "dropped large", "dropped late"}, states(ticket.ID))
	require.Equal(t, []string{"waiting ", "waiting ", "waiting "}, states(other.ID))
}

func TestAFileMakesItsTicketDue(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		row  string // of the ticket
		want string
	}{
		"one that waits for it alone":          {"state = 'waiting', due_at = now() + interval '1 day'", "now"},
		"one that waits for more of its album": {"state = 'waiting', due_at = now() + interval '1 day', hold_until = now() + interval '1 hour'", "later"},
		"one that is due already":              {"state = 'waiting', due_at = now(), hold_until = now() + interval '1 hour'", "now"},
		"one that LiveDesk has":                {"state = 'created', ticket_id = 'tk', due_at = now() + interval '1 day'", "now"},
		"not one without a number":             {"state = 'created', due_at = now()", "never"},
		"not one that was left":                {"state = 'left', due_at = NULL", "never"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := open(t)
			process := register(t, store)
			want := newTicket("ref", 7, storage.StateWaiting)
			want.Files = []storage.File{file(3, "")}
			ticket := openTicket(t, store, process, want)
			exec(t, store, `UPDATE tickets SET `+c.row)
			files, err := store.ClaimFiles(t.Context(), process.Number, 1)
			require.NoError(t, err)
			require.NoError(t, store.FinishFile(t.Context(), files[0].ID, storage.FileUploaded, "https://desk/1", ""))
			require.Equal(t, c.want, due(t, store, ticket.ID))
			files, err = store.Files(t.Context(), ticket.ID)
			require.NoError(t, err)
			require.Equal(t, "https://desk/1", files[0].URL)
			require.Zero(t, files[0].Attempts)
			owned, err := store.Owned(t.Context(), process.Number)
			require.NoError(t, err)
			require.Empty(t, owned.Files)
		})
	}
}

func TestADeferredFileWaits(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	want := newTicket("ref", 7, storage.StateWaiting)
	want.Files = []storage.File{file(3, ""), file(4, "")}
	openTicket(t, store, process, want)
	files, err := store.ClaimFiles(t.Context(), process.Number, 1)
	require.NoError(t, err)
	require.Len(t, files, 1)
	require.NoError(t, store.DeferFile(t.Context(), files[0].ID, time.Hour, true, process.Number))
	files, err = store.ClaimFiles(t.Context(), process.Number, 2)
	require.NoError(t, err)
	require.Len(t, files, 1)
	require.Equal(t, int64(4), files[0].MessageID)
}
