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
		require.NoError(t, store.DeferFile(t.Context(), files[0].ID, 0, counts))
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
