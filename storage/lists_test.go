package storage_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
)

func TestListsAreSelectionsPageByPage(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	for _, k := range []struct {
		ref                  string
		chat, thread, sender int64
		follower             int64
		state                storage.State
		number, status       string
	}{
		{"first", 7, 0, 5, 5, storage.StateCreated, "tk_1ABC", ""},
		{"closed", 7, 3, 5, 6, storage.StateCreated, "tk_2abc", "closed"},
		{"topic", 7, 3, 6, 5, storage.StateCreated, "tk_3xyz", "open"},
		{"elsewhere", 8, 0, 6, 6, storage.StateCreated, "tk_4abc", ""},
		{"refused", 7, 0, 5, 5, storage.StateRefused, "", ""},
	} {
		want := newTicket(k.ref, k.chat, storage.StateSending)
		want.ThreadID, want.SenderID, want.Followers = k.thread, k.sender, []storage.Person{{ID: k.follower}}
		ticket := openTicket(t, store, process, want)
		_, err := store.RecordOutcome(t.Context(), ticket.ID, 1, storage.Outcome{State: k.state, TicketID: k.number, Due: -1}, process.Number)
		require.NoError(t, err)
		require.NoError(t, store.Seen(t.Context(), ticket.ID, k.status))
	}
	refs := func(tickets []storage.Ticket) (refs []string) {
		for _, k := range tickets {
			refs = append(refs, k.Ref)
		}
		return refs
	}
	for name, test := range map[string]struct {
		which storage.Selection
		want  []string
	}{
		"what is open in a chat":       {storage.Selection{Chats: []int64{7}}, []string{"topic", "first"}},
		"in a topic":                   {storage.Selection{Chats: []int64{7}, Thread: 3}, []string{"topic"}},
		"finished too":                 {storage.Selection{Chats: []int64{7}, Finished: true}, []string{"topic", "closed", "first"}},
		"anywhere":                     {storage.Selection{}, []string{"elsewhere", "topic", "first"}},
		"made or followed":             {storage.Selection{Person: 5}, []string{"topic", "first"}},
		"made or followed in chats":    {storage.Selection{Person: 6, Chats: []int64{8, 9}, Finished: true}, []string{"elsewhere"}},
		"in no chat":                   {storage.Selection{Person: 6, Chats: []int64{}}, nil},
		"of a person, finished too":    {storage.Selection{Person: 6, Finished: true}, []string{"elsewhere", "topic", "closed"}},
		"of somebody who has no place": {storage.Selection{Person: 66, Finished: true}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			tickets, total, err := store.List(t.Context(), test.which, 0, 10)
			require.NoError(t, err)
			require.Equal(t, test.want, refs(tickets))
			require.Equal(t, len(test.want), total)
			if total > 1 {
				tickets, same, err := store.List(t.Context(), test.which, 1, 1)
				require.NoError(t, err)
				require.Equal(t, test.want[1:2], refs(tickets))
				require.Equal(t, total, same)
			}
		})
	}
	ending := func(which storage.Selection, end string) []string {
		tickets, err := store.ListEnding(t.Context(), which, end, 10)
		require.NoError(t, err)
		return refs(tickets)
	}
	here := storage.Selection{Chats: []int64{7}, Finished: true}
	require.Equal(t, []string{"closed", "first"}, ending(here, "aBc"))
	require.Equal(t, []string{"first"}, ending(here, "1abc"))
	require.Empty(t, ending(here, "4abc"), "it is elsewhere")
	require.Empty(t, ending(here, "%bc"))
	chats, err := store.ListChats(t.Context(), storage.Selection{Person: 6}, 10)
	require.NoError(t, err)
	require.Equal(t, []int64{8, 7}, chats)
	_, total, err := store.For(bot+1).List(t.Context(), storage.Selection{Finished: true}, 0, 10)
	require.NoError(t, err)
	require.Zero(t, total, "another bot's")
}
