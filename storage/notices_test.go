package storage_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
)

// reply is an agent's answer as a notice.
func reply(id, text string, files ...string) storage.Notice {
	var content strings.Builder
	content.WriteString(fmt.Sprintf(`{"who":"Li","text":%q`, text))
	for i, url := range files {
		content.WriteString(fmt.Sprintf(`%s{"url":%q}`, map[bool]string{true: `,"files":[`, false: ","}[i == 0], url))
	}
	if len(files) > 0 {
		content.WriteString("]")
	}
	return storage.Notice{Key: "reply:" + id, Kind: "reply", Content: []byte(content.String() + "}")}
}

// look records a look that found replies, and returns what is to be told.
func look(t *testing.T, store *storage.Store, process *storage.Process, ticket int64, replies ...storage.Notice) []storage.Notice {
	t.Helper()
	exec(t, store, `UPDATE tickets SET owner = $2 WHERE id = $1`, ticket, process.Number)
	_, err := store.RecordLook(t.Context(), ticket, storage.Look{Status: "open", View: []byte(`{}`), Notices: replies}, process.Number)
	require.NoError(t, err)
	return notices(t, store, ticket)
}

func notices(t *testing.T, store *storage.Store, ticket int64) []storage.Notice {
	t.Helper()
	all, err := store.Notices(t.Context(), ticket)
	require.NoError(t, err)
	return all
}

func TestAReplyIsToldOnceHoweverOftenItIsSeen(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	ticket := created(t, store, process, "a")
	told := look(t, store, process, ticket.ID, reply("1", "hello", "https://desk/a?sign=1"))
	require.Len(t, told, 1)
	n := told[0]
	n.ChatID, n.Messages, n.FilesSent, n.PartsSent = 7, []int64{50}, 1, 2
	require.NoError(t, store.RecordPart(t.Context(), n, "tk_a", 50, true))
	post, err := store.PostAt(t.Context(), 7, 50)
	require.NoError(t, err)
	require.Equal(t, ticket.ID, post.Ticket)

	require.Empty(t, look(t, store, process, ticket.ID, reply("1", "hello", "https://desk/a?sign=2")), "signed anew")
	for _, changed := range []storage.Notice{reply("1", "hello again", "https://desk/a"), reply("1", "hello", "https://desk/a", "https://desk/b")} {
		told = look(t, store, process, ticket.ID, changed)
		require.Len(t, told, 1)
		require.Equal(t, []int64{50}, told[0].Messages)
		require.Equal(t, 1, told[0].FilesSent)
		require.Zero(t, told[0].PartsSent)
		told[0].PartsSent = 3
		require.NoError(t, store.RecordPart(t.Context(), told[0], "tk_a", 0, true))
		require.Empty(t, notices(t, store, ticket.ID))
	}
}

func TestAReplyThatChangesWhileItIsToldIsToldAnew(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	ticket := created(t, store, process, "a")
	old := look(t, store, process, ticket.ID, reply("1", "old"))[0]
	look(t, store, process, ticket.ID, reply("1", "new"))
	old.ChatID, old.Messages, old.PartsSent = 7, []int64{50}, 1
	require.NoError(t, store.RecordPart(t.Context(), old, "tk_a", 50, true))
	open := notices(t, store, ticket.ID)
	require.Len(t, open, 1)
	require.Contains(t, string(open[0].Content), "new")
	require.Equal(t, []int64{50}, open[0].Messages, "which is to be edited")
	require.Zero(t, open[0].PartsSent)
}

func TestWhatWasToldToWaitAndBecomesUnconfirmedIsANoticeOfItsOwn(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	unconfirmed := func(t *testing.T, ref string, told bool, end func(storage.Ticket, *storage.Process)) (storage.Ticket, []storage.Notice) {
		process := register(t, store)
		ticket := openTicket(t, store, process, newTicket(ref, 7, storage.StateSending))
		if told {
			waiting, err := store.RecordOutcome(t.Context(), ticket.ID, 1, storage.Outcome{State: storage.StateWaiting, Reason: "away"}, process.Number)
			require.NoError(t, err)
			_, err = store.RecordTold(t.Context(), waiting, 7, 100, process.Number)
			require.NoError(t, err)
			ticket, err = store.ClaimWaiting(t.Context(), process.Number)
			require.NoError(t, err)
		}
		end(ticket, process)
		now, err := store.Ticket(t.Context(), ticket.ID)
		require.NoError(t, err)
		require.Equal(t, storage.StateUnconfirmed, now.State)
		notices, err := store.Notices(t.Context(), ticket.ID)
		require.NoError(t, err)
		return now, notices
	}
	lost := func(ticket storage.Ticket, p *storage.Process) {
		_, err := store.RecordOutcome(t.Context(), ticket.ID, ticket.Attempts, storage.Outcome{State: storage.StateUnconfirmed, Due: -1}, p.Number)
		require.NoError(t, err)
	}
	killed := func(_ storage.Ticket, p *storage.Process) {
		kill(t, store, p)
		require.Equal(t, 1, takeOver(t, store))
	}
	for name, end := range map[string]func(storage.Ticket, *storage.Process){"lost": lost, "killed": killed} {
		_, notices := unconfirmed(t, name+" at first", false, end)
		require.Empty(t, notices, name)
		ticket, notices := unconfirmed(t, name+" later", true, end)
		require.Len(t, notices, 1, name)
		require.Equal(t, storage.NoticeUnconfirmed, notices[0].Kind)

		again, err := store.TryAgain(t.Context(), ticket.ID, ticket.Attempts, storage.StateSending, process.Number)
		require.NoError(t, err)
		lost(again, process)
		notices, err = store.Notices(t.Context(), ticket.ID)
		require.NoError(t, err)
		require.Len(t, notices, 1, "the card never said anything else")
	}
}

func TestANoticeForOnePersonIsToldToThemAloneAndOnce(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	ticket := created(t, store, process, "a")
	l := storage.Look{View: []byte(`{}`), Notices: []storage.Notice{{Key: "k", Kind: "answer", Content: []byte(`{}`), Person: 5}}}
	for range 2 {
		require.Len(t, looks(t, store, process, 1), 1)
		_, err := store.RecordLook(t.Context(), ticket.ID, l, process.Number)
		require.NoError(t, err)
	}
	notices, err := store.Notices(t.Context(), ticket.ID)
	require.NoError(t, err)
	require.Empty(t, notices, "its chat is told nothing")
	due, err := store.PrivateNotices(t.Context(), 10)
	require.NoError(t, err)
	require.Len(t, due, 1)
	require.Equal(t, int64(5), due[0].PersonID)
}
