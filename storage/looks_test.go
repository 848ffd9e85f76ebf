package storage_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
)

// created is a ticket that LiveDesk has and that is due to be looked at.
func created(t *testing.T, store *storage.Store, process *storage.Process, ref string) storage.Ticket {
	t.Helper()
	ticket := openTicket(t, store, process, newTicket(ref, 7, storage.StateSending))
	ticket, err := store.RecordOutcome(t.Context(), ticket.ID, 1, storage.Outcome{State: storage.StateCreated, TicketID: "tk_" + ref}, process.Number)
	require.NoError(t, err)
	return ticket
}

func looks(t *testing.T, store *storage.Store, process *storage.Process, limit int) []storage.Ticket {
	t.Helper()
	tickets, err := store.ClaimLooks(t.Context(), process.Number, limit)
	require.NoError(t, err)
	return tickets
}

func exec(t *testing.T, store *storage.Store, sql string, args ...any) {
	t.Helper()
	_, err := store.Pool().Exec(t.Context(), sql, args...)
	require.NoError(t, err)
}

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

func TestWhoWaitsLongestForTheirMeasureIsLookedAtFirst(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	for ref, times := range map[string][2]int{ // looked at every so many seconds, late by so many
		"active": {30, 30}, "quiet": {1800, 300}, "neglected": {1800, 3600}, "future": {30, -30},
	} {
		ticket := created(t, store, process, ref)
		exec(t, store, `UPDATE tickets SET every = $2, due_at = now() - make_interval(secs => $3) WHERE id = $1`, ticket.ID, times[0], times[1])
	}
	for _, want := range []string{"neglected", "active", "quiet"} {
		tickets := looks(t, store, process, 1)
		require.Len(t, tickets, 1)
		require.Equal(t, "tk_"+want, tickets[0].TicketID)
	}
	require.Empty(t, looks(t, store, process, 1))
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

func TestATicketThatLiveDeskTookLateIsFresh(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	ticket := openTicket(t, store, process, newTicket("a", 7, storage.StateSending))
	exec(t, store, `UPDATE tickets SET changed_at = now() - interval '10 hours'`)
	ticket, err := store.RecordOutcome(t.Context(), ticket.ID, 1, storage.Outcome{State: storage.StateCreated, TicketID: "tk_a"}, process.Number)
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), ticket.ChangedAt, time.Minute)
}

func TestOnePressTogglesFollowingOnce(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	ticket := created(t, store, process, "a")
	journal(t, store, process, true, storage.Update{ID: 1}, storage.Update{ID: 2})
	bob := storage.Person{ID: 9, Name: "Bob"}
	before, err := store.Followers(t.Context(), ticket.ID)
	require.NoError(t, err)
	for _, press := range []struct {
		update  int64
		follows bool
	}{{1, true}, {1, true}, {2, false}, {2, false}, {1, false}} {
		follows, err := store.ToggleFollow(t.Context(), ticket.ID, bob, bot, press.update)
		require.NoError(t, err)
		require.Equal(t, press.follows, follows)
		people, err := store.Followers(t.Context(), ticket.ID)
		require.NoError(t, err)
		if press.follows {
			require.Equal(t, append(before, bob), people)
		} else {
			require.Equal(t, before, people)
		}
	}
	owned, err := store.Owned(t.Context(), process.Number)
	require.NoError(t, err)
	require.Empty(t, owned.Updates, "they are ended in the same commit")
}
