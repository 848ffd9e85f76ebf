package storage_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
)

const otherBot = bot + 1

// ofOther is what a message asks for of the other bot.
func ofOther(ref string, state storage.State) storage.NewTicket {
	want := newTicket(ref, 7, state)
	want.BotID = otherBot
	return want
}

// everyWork leaves the bot of a ticket something to do of every kind. It returns the ticket that LiveDesk has.
func everyWork(t *testing.T, store *storage.Store, process *storage.Process, ofBot int64) storage.Ticket {
	t.Helper()
	_, err := store.Journal(t.Context(), ofBot, process.Number, []storage.Update{{ID: 1}})
	require.NoError(t, err)
	waiting := ofOther("waits", storage.StateWaiting)
	waiting.BotID, waiting.Files = ofBot, []storage.File{file(3, "")}
	openTicket(t, store, process, waiting)
	made := ofOther("made", storage.StateSending)
	made.BotID = ofBot
	ticket := openTicket(t, store, process, made)
	ticket, err = store.RecordOutcome(t.Context(), ticket.ID, 1, storage.Outcome{State: storage.StateCreated, TicketID: "tk"}, process.Number)
	require.NoError(t, err)
	require.NoError(t, store.DeferTelling(t.Context(), ticket.ID, -time.Second, process.Number))
	return ticket
}

func TestABotLeavesTheWorkOfAnotherAlone(t *testing.T) {
	t.Parallel()
	ours := open(t)
	process := register(t, ours)
	ticket := everyWork(t, ours, process, otherBot)
	theirs := ours.For(otherBot)

	none, err := ours.Counts(t.Context())
	require.NoError(t, err)
	require.Equal(t, storage.Counts{}, none, "it is not late, since it is not ours")
	counts, err := theirs.Counts(t.Context())
	require.NoError(t, err)
	for _, kind := range []storage.Waiting{counts.FreeUpdates, counts.WaitingTickets, counts.ToTell, counts.Looks} {
		require.Equal(t, int64(1), kind.Rows)
	}
	require.NoError(t, ours.AddPost(t.Context(), 7, 100, storage.Post{Ticket: ticket.ID}, bot, 1))
	for store, found := range map[*storage.Store]int{ours: 0, theirs: 1} {
		tickets, err := store.TicketsByNumber(t.Context(), "tk")
		require.NoError(t, err)
		require.Len(t, tickets, found)
		for _, which := range []storage.Selection{{Chats: []int64{7}}, {Person: 5}, {}} {
			tickets, _, err = store.List(t.Context(), which, 0, 10)
			require.NoError(t, err)
			require.Len(t, tickets, 2*found)
		}
		tickets, err = store.UnfinishedOf(t.Context(), 5, 10)
		require.NoError(t, err)
		require.Len(t, tickets, 2*found)
		_, err = store.PostAt(t.Context(), 7, 100)
		require.Equal(t, found == 1, err == nil)
	}
	for _, step := range []struct {
		store   *storage.Store
		claimed int
	}{{ours, 0}, {theirs, 1}} {
		store, claimed := step.store, step.claimed
		some, err := store.AnyWaiting(t.Context(), true)
		require.NoError(t, err)
		require.Equal(t, claimed == 1, some)
		require.Len(t, looks(t, store, process, 10), claimed)
		require.Len(t, tellings(t, store, process), claimed)
		files, err := store.ClaimFiles(t.Context(), process.Number, 10)
		require.NoError(t, err)
		require.Len(t, files, claimed)
		waiting, err := store.ClaimProbe(t.Context(), process.Number, 0)
		require.Equal(t, claimed == 1, err == nil)
		if claimed == 1 {
			_, err = store.RecordOutcome(t.Context(), waiting.ID, 1, storage.Outcome{State: storage.StateWaiting}, process.Number)
			require.NoError(t, err)
			_, err = ours.ClaimWaiting(t.Context(), process.Number)
			require.ErrorIs(t, err, storage.ErrNotFound)
			_, err = store.ClaimWaiting(t.Context(), process.Number)
			require.NoError(t, err)
		}
	}
}

func TestAPersonIsShownWhatTheBotTheyAskHasStored(t *testing.T) {
	t.Parallel()
	ours := open(t)
	ticket := everyWork(t, ours, register(t, ours), otherBot)
	words := storage.Addition{Ref: "more", Ticket: ticket.ID, Kind: storage.AddText, Content: []byte(`{}`), SenderID: 5}
	require.NoError(t, ours.For(otherBot).Add(t.Context(), words, nil, otherBot, 0))
	none, err := ours.DataOf(t.Context(), 5)
	require.NoError(t, err)
	require.True(t, none.Nothing(), "%+v", none)
	theirs, err := ours.For(otherBot).DataOf(t.Context(), 5)
	require.NoError(t, err)
	require.Equal(t, storage.PersonalData{Name: "Alice", Open: 2, Additions: 1, Groups: []int64{}}, theirs)
}

// Each bot counts the messages of a private chat for itself.
func TestTwoBotsMayHaveAMessageOfTheSameNumber(t *testing.T) {
	t.Parallel()
	ours := open(t)
	process := register(t, ours)
	old := openTicket(t, ours, process, ofOther("theirs", storage.StateRefused))
	_, err := ours.For(otherBot).RecordTold(t.Context(), old, 7, 100, process.Number)
	require.NoError(t, err)
	_, err = ours.PostAt(t.Context(), 7, 100)
	require.ErrorIs(t, err, storage.ErrNotFound, "what is replied to ours is not for their ticket")

	ticket := openTicket(t, ours, process, newTicket("ours", 7, storage.StateRefused))
	_, err = ours.RecordTold(t.Context(), ticket, 7, 100, process.Number)
	require.NoError(t, err)
	post, err := ours.PostAt(t.Context(), 7, 100)
	require.NoError(t, err)
	require.Equal(t, ticket.ID, post.Ticket)
	_, err = ours.For(otherBot).PostAt(t.Context(), 7, 100)
	require.ErrorIs(t, err, storage.ErrNotFound)
}

func TestWorkOfABotThatNobodyServesIsFoundAndOnlyThat(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	unserved := func() []storage.Unserved {
		bots, err := store.Unserved(t.Context())
		require.NoError(t, err)
		return bots
	}
	require.Empty(t, unserved())
	everyWork(t, store, process, otherBot)
	journal(t, store, process, false, storage.Update{ID: 1})
	want := []storage.Unserved{{BotID: otherBot, Updates: 1, Tickets: 2}}
	require.Equal(t, want, unserved())

	theirs := register(t, store.For(otherBot))
	require.Empty(t, unserved())
	kill(t, store, theirs)
	require.Equal(t, want, unserved(), "the dead serve nobody")
	old := register(t, store.For(0))
	require.Empty(t, unserved(), "a process of an older version may")
	old.Close()
}

func TestABotThatMayWriteAgainSpeaksForItselfOnly(t *testing.T) {
	t.Parallel()
	ours := open(t)
	process := register(t, ours)
	for _, want := range []storage.NewTicket{ofOther("theirs", storage.StateRefused), newTicket("ours", 7, storage.StateRefused)} {
		ticket := openTicket(t, ours, process, want)
		require.NoError(t, ours.MuteTelling(t.Context(), ticket.ID, time.Hour, process.Number))
	}
	require.NoError(t, ours.RegainChat(t.Context(), 7))
	require.Len(t, tellings(t, ours, process), 1)
	require.Empty(t, tellings(t, ours.For(otherBot), process))
}
