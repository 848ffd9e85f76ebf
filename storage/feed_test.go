package storage_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
)

// share is all that feeds of the bot have to tell.
var share = storage.FeedShare{Rest: true}

// fed is a created ticket of which the feed is to be told.
func fed(t *testing.T, store *storage.Store, process *storage.Process, ref, team string) storage.Ticket {
	t.Helper()
	want := newTicket(ref, 7, storage.StateSending)
	want.Fed, want.Team = true, team
	ticket := openTicket(t, store, process, want)
	ticket, err := store.RecordOutcome(t.Context(), ticket.ID, 1, storage.Outcome{State: storage.StateCreated, TicketID: "tk_" + ref}, process.Number)
	require.NoError(t, err)
	return ticket
}

// feed is a step that posts a ticket's card as a message of a chat.
func feed(t storage.Fed, before storage.FeedPost, chat, message int64) storage.Feeding {
	after := storage.FeedPost{ChatID: chat, MessageID: message, Shown: "x"}
	return storage.Feeding{Fed: t, Before: before, After: after, Posted: message}
}

func next(t *testing.T, store *storage.Store, share storage.FeedShare) (storage.Fed, storage.FeedPost) {
	t.Helper()
	ticket, post, err := store.NextFed(t.Context(), share)
	require.NoError(t, err)
	return ticket, post
}

func TestWhatHappensWhileAFeedIsToldIsToldAfterIt(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	created(t, store, process, "opened without a feed")
	ticket := fed(t, store, process, "a", "")
	told, post := next(t, store, share)
	require.Equal(t, ticket.ID, told.ID)
	require.Zero(t, post)
	exec(t, store, `UPDATE tickets SET owner = $2 WHERE id = $1`, ticket.ID, process.Number)
	_, err := store.RecordLook(t.Context(), ticket.ID, storage.Look{Status: "open", View: []byte(`{}`)}, process.Number)
	require.NoError(t, err)
	require.NoError(t, store.RecordFed(t.Context(), feed(told, post, -9, 50)))
	again, post := next(t, store, share)
	require.Equal(t, ticket.ID, again.ID)
	require.Equal(t, storage.FeedPost{ChatID: -9, MessageID: 50, Shown: "x"}, post)
	about, err := store.PostAt(t.Context(), -9, 50)
	require.NoError(t, err)
	require.Equal(t, storage.Post{Ticket: ticket.ID, TicketID: "tk_a", Kind: storage.PostFeed}, about)

	done := storage.Feeding{Fed: again, Before: post, After: post, More: true}
	require.NoError(t, store.RecordFed(t.Context(), done))
	next(t, store, share)
	done.More = false
	require.NoError(t, store.RecordFed(t.Context(), done))
	_, _, err = store.NextFed(t.Context(), share)
	require.ErrorIs(t, err, storage.ErrNotFound)
}

func TestACardThatWasPostedWhileItsFeedMovedIsPostedAgain(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	fed(t, store, process, "a", "")
	told, post := next(t, store, share)
	_, err := store.MoveChat(t.Context(), -9, -1009)
	require.NoError(t, err)
	require.NoError(t, store.RecordFed(t.Context(), feed(told, post, -9, 50)))
	again, post := next(t, store, share)
	require.Equal(t, told.ID, again.ID)
	require.Equal(t, storage.FeedPost{ChatID: -1009}, post)
	_, err = store.PostAt(t.Context(), -9, 50)
	require.ErrorIs(t, err, storage.ErrNotFound)
	require.NoError(t, store.RecordFed(t.Context(), feed(again, post, -1009, 3)))
	_, _, err = store.NextFed(t.Context(), share)
	require.ErrorIs(t, err, storage.ErrNotFound)
}

func TestTheFeedIsToldWhateverMakesTheCardNew(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		row  string
		move move
	}{
		"leaving it": {"state = 'unconfirmed'", func(s *storage.Store, _ *storage.Process, k storage.Ticket) error {
			return s.Leave(t.Context(), k.ID, k.Attempts)
		}},
		"words of a customer": {"state = 'created'", func(s *storage.Store, _ *storage.Process, k storage.Ticket) error {
			a := storage.Addition{Ref: "x", Ticket: k.ID, Kind: storage.AddText, Content: []byte(`{}`)}
			return s.Add(t.Context(), a, nil, bot, 0)
		}},
		"the death of its sender": {"state = 'sending', owner = 1", func(s *storage.Store, _ *storage.Process, k storage.Ticket) error {
			return s.Free(t.Context(), 1, storage.InHand{Tickets: []int64{k.ID}})
		}},
		"a move of its chat": {"state = 'waiting'", func(s *storage.Store, _ *storage.Process, k storage.Ticket) error {
			_, err := s.MoveChat(t.Context(), k.ChatID, -1007)
			return err
		}},
		"a move of its feed": {"state = 'unconfirmed'", func(s *storage.Store, _ *storage.Process, k storage.Ticket) error {
			_, err := s.MoveChat(t.Context(), -9, -1009)
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := open(t)
			process := register(t, store)
			ticket := fed(t, store, process, "a", "")
			told, post := next(t, store, share)
			require.NoError(t, store.RecordFed(t.Context(), feed(told, post, -9, 50)))
			exec(t, store, `UPDATE tickets SET `+c.row+` WHERE id = $1`, ticket.ID)
			require.NoError(t, c.move(store, process, ticket))
			again, _ := next(t, store, share)
			require.Equal(t, told.FeedVersion+1, again.FeedVersion)
		})
	}
}

func TestOfTwoProcessesThatPostATicketOneIsTold(t *testing.T) {
	t.Parallel()
	store := open(t)
	fed(t, store, register(t, store), "a", "")
	told, post := next(t, store, share)
	require.NoError(t, store.RecordFed(t.Context(), feed(told, post, -9, 50)))
	require.ErrorIs(t, store.RecordFed(t.Context(), feed(told, post, -9, 51)), storage.ErrNotFound)
	_, err := store.PostAt(t.Context(), -9, 51)
	require.ErrorIs(t, err, storage.ErrNotFound)
	stands, err := store.FeedPostOf(t.Context(), told.ID)
	require.NoError(t, err)
	require.Equal(t, int64(50), stands.MessageID)
}

func TestEachFeedHasItsShareAndWhatNobodyKnowsComesFirst(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	first, japan := fed(t, store, process, "a", ""), fed(t, store, process, "b", "japan")
	billing := fed(t, store, process, "c", "billing")
	known := []string{"japan", "paris"}
	of, _ := next(t, store, storage.FeedShare{Teams: []string{"japan"}, Known: known})
	require.Equal(t, japan.ID, of.ID)
	_, _, err := store.NextFed(t.Context(), storage.FeedShare{Teams: []string{"paris"}, Known: known})
	require.ErrorIs(t, err, storage.ErrNotFound)
	_, _, err = store.For(bot+1).NextFed(t.Context(), share)
	require.ErrorIs(t, err, storage.ErrNotFound, "another bot's feed is another")
	rest := storage.FeedShare{Rest: true, Known: known}
	of, _ = next(t, store, rest)
	require.Equal(t, first.ID, of.ID)
	exec(t, store, `UPDATE tickets SET state = 'unconfirmed' WHERE id = $1`, billing.ID)
	of, _ = next(t, store, rest)
	require.Equal(t, billing.ID, of.ID)
}

func TestWordsOfCustomersAreToldOnceAndThatTheyFailedOnce(t *testing.T) {
	t.Parallel()
	store := open(t)
	ticket := fed(t, store, register(t, store), "a", "")
	for _, a := range []storage.Addition{{Ref: "words", Kind: storage.AddText}, {Ref: "press", Kind: storage.AddPriority}} {
		a.Ticket, a.Content = ticket.ID, []byte(`{}`)
		require.NoError(t, store.Add(t.Context(), a, nil, bot, 0))
	}
	tell := func() []storage.FeedAddition {
		told, post := next(t, store, share)
		additions, err := store.FeedAdditions(t.Context(), ticket.ID)
		require.NoError(t, err)
		require.NoError(t, store.RecordFed(t.Context(), storage.Feeding{Fed: told, Before: post, After: post, Additions: additions}))
		return additions
	}
	words := tell()
	require.Len(t, words, 1, "a press shows on the card")
	require.False(t, words[0].Failed)
	require.NoError(t, store.FailAdditions(t.Context(), ticket.ID, []int64{words[0].ID}, nil))
	failed := tell()
	require.Len(t, failed, 1)
	require.True(t, failed[0].Failed)
	require.NoError(t, store.FailAdditions(t.Context(), ticket.ID, nil, nil))
	_, _, err := store.NextFed(t.Context(), share)
	require.ErrorIs(t, err, storage.ErrNotFound)
}

func TestAMessageThatATicketHasLeftIsSeenToByItsFeedElseByTheOneForAll(t *testing.T) {
	t.Parallel()
	store := open(t)
	fed(t, store, register(t, store), "a", "")
	told, post := next(t, store, share)
	require.NoError(t, store.RecordFed(t.Context(), feed(told, post, -9, 50)))
	stands, err := store.FeedPostOf(t.Context(), told.ID)
	require.NoError(t, err)
	moved := feed(told, stands, -8, 60)
	moved.Left = true
	require.NoError(t, store.RecordFed(t.Context(), moved))
	want := storage.LeftPost{ChatID: -9, MessageID: 50, Ticket: told.ID}
	for name, c := range map[string]struct {
		share storage.FeedShare
		sees  bool
	}{
		"the chat itself":              {storage.FeedShare{Chat: -9, Chats: []int64{-9, -8}}, true},
		"another chat":                 {storage.FeedShare{Chat: -8, Chats: []int64{-9, -8}}, false},
		"that of all":                  {storage.FeedShare{Chat: -8, Chats: []int64{-9, -8}, Rest: true}, false},
		"that of all, where it has no": {storage.FeedShare{Chat: -8, Chats: []int64{-8}, Rest: true}, true},
	} {
		left, err := store.NextLeft(t.Context(), c.share)
		if !c.sees {
			require.ErrorIs(t, err, storage.ErrNotFound, name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, want, left, name)
	}
	_, err = store.For(bot+1).NextLeft(t.Context(), storage.FeedShare{Chat: -9})
	require.ErrorIs(t, err, storage.ErrNotFound, "another bot's is another's")
	require.NoError(t, store.RecordLeft(t.Context(), want))
	_, err = store.NextLeft(t.Context(), storage.FeedShare{Chat: -9})
	require.ErrorIs(t, err, storage.ErrNotFound)
}

func TestOneProcessFeedsAndItNeedNotBeTheOneThatPolls(t *testing.T) {
	t.Parallel()
	store := open(t)
	first, second := register(t, store), register(t, store)
	lead, err := first.TryLead(t.Context(), bot)
	require.NoError(t, err)
	require.True(t, lead)
	feeds, err := second.TryFeed(t.Context(), bot)
	require.NoError(t, err)
	require.True(t, feeds)
	feeds, err = first.TryFeed(t.Context(), bot)
	require.NoError(t, err)
	require.False(t, feeds)
	second.Close()
	require.Eventually(t, func() bool { // Postgres notices the end of a connection a moment later
		feeds, err := first.TryFeed(t.Context(), bot)
		return err == nil && feeds
	}, 30*time.Second, 5*time.Millisecond)
}

func TestTheQueueIsWhatNobodyKnowsThenWhatWaitsForTheOperatorThenTheOldest(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	var want []int64
	for _, row := range []string{
		"state = 'created', status = 'open'", "state = 'waiting', reason = 'away'", "state = 'waiting', reason = 'setup'",
		"state = 'unconfirmed'", "state = 'created', status = 'closed'", "state = 'refused'", "state = 'left'",
	} {
		ticket := openTicket(t, store, process, newTicket(row, 7, storage.StateSending))
		exec(t, store, `UPDATE tickets SET `+row+` WHERE id = $1`, ticket.ID)
		want = append(want, ticket.ID)
	}
	want = []int64{want[3], want[2], want[0], want[1]}
	ids := func(offset, limit int) (ids []int64) {
		tickets, total, err := store.Queue(t.Context(), offset, limit)
		require.NoError(t, err)
		require.Equal(t, len(want), total)
		for _, k := range tickets {
			ids = append(ids, k.ID)
		}
		return ids
	}
	require.Equal(t, want, ids(0, 10))
	require.Equal(t, want[2:3], ids(2, 1))
	_, total, err := store.For(bot+1).Queue(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Zero(t, total, "another bot's are another's")
}

func TestAnOldNameDoesNotReplaceANewerOne(t *testing.T) {
	t.Parallel()
	store := open(t)
	ticket := storage.Ticket{ChatID: -7, ThreadID: 3}
	chat, topic := storage.PlaceKey{Chat: -7}, storage.PlaceKey{Chat: -7, Thread: 3}
	require.NoError(t, store.RenamePlace(t.Context(), topic, "nobody asked there yet"))
	names, err := store.NamesOf(t.Context(), ticket)
	require.NoError(t, err)
	require.Empty(t, names, "a chat without tickets leaves no names")
	require.NoError(t, store.NamePlace(t.Context(), chat, "Chat", true))
	require.NoError(t, store.RenamePlace(t.Context(), topic, "Newer"))
	require.NoError(t, store.NamePlace(t.Context(), topic, "Older", false))
	require.NoError(t, store.NamePlace(t.Context(), chat, "Renamed", true))
	require.NoError(t, store.NamePlace(t.Context(), storage.PlaceKey{Chat: -8}, "Another", true))
	names, err = store.NamesOf(t.Context(), ticket)
	require.NoError(t, err)
	require.Equal(t, storage.Names{chat: "Renamed", topic: "Newer"}, names)
	names, err = store.For(bot+1).NamesOf(t.Context(), ticket)
	require.NoError(t, err)
	require.Empty(t, names)
}

func TestFollowersAreNamedOnlyWhereTheyFollowed(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	ticket := created(t, store, process, "a")
	here, alone, staff := storage.Person{ID: 6, Name: "Here"}, storage.Person{ID: 7, Name: "Alone"}, storage.Person{ID: 8, Name: "Staff"}
	require.NoError(t, store.Follow(t.Context(), ticket.ID, here, storage.Here, true))
	require.NoError(t, store.Follow(t.Context(), ticket.ID, here, storage.InPrivate, true))
	require.NoError(t, store.Follow(t.Context(), ticket.ID, alone, storage.InPrivate, true))
	require.NoError(t, store.Follow(t.Context(), ticket.ID, staff, storage.Elsewhere, true))
	people, err := store.Followers(t.Context(), ticket.ID)
	require.NoError(t, err)
	require.Equal(t, []storage.Person{{ID: 5, Name: "Alice"}, here}, people)

	exec(t, store, `INSERT INTO notices (ticket, key, kind, content) VALUES ($1, 'k', 'reply', '{}')`, ticket.ID)
	notices, err := store.Notices(t.Context(), ticket.ID)
	require.NoError(t, err)
	n := notices[0]
	for range 2 { // after a crash
		require.NoError(t, store.RecordPart(t.Context(), n, "tk_a", 0, true))
		n.Private = true
		require.NoError(t, store.RecordPart(t.Context(), n, "tk_a", 0, true))
	}
	due, err := store.PrivateNotices(t.Context(), 10)
	require.NoError(t, err)
	require.ElementsMatch(t, []storage.PrivateNotice{{Notice: n.ID, PersonID: 6}, {Notice: n.ID, PersonID: 7}}, due)
	require.NoError(t, store.DeferPrivate(t.Context(), due[0], time.Hour))
	require.NoError(t, store.EndPrivate(t.Context(), due[1]))
	due, err = store.PrivateNotices(t.Context(), 10)
	require.NoError(t, err)
	require.Empty(t, due)
	_, of, err := store.NoticeByID(t.Context(), n.ID)
	require.NoError(t, err)
	require.Equal(t, ticket.ID, of.ID)
}

// A ticket of which something is to be told is not removed by its age, and forgotten words are kept until the feed has told them.
func TestWhatNoFeedWillTellIsLetGo(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fed  bool
		due  string // feed_at of the ticket
		ends bool
	}{
		"no feed any more":                     {false, `now() - interval '2 days'`, true},
		"no feed for a moment":                 {false, `now()`, false},
		"the feed is behind":                   {true, `now() - interval '2 days'`, false},
		"a team without a feed, beside others": {true, `NULL`, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := open(t)
			process := register(t, store)
			want := newTicket("a", 7, storage.StateSending)
			want.Fed = true
			ticket := openTicket(t, store, process, want)
			add := storage.Addition{Ref: "m", Ticket: ticket.ID, Kind: storage.AddText, Content: []byte(`{"Text":"words"}`), SenderID: 5}
			require.NoError(t, store.Add(t.Context(), add, nil, bot, 0))
			forget(t, store)
			exec(t, store, `UPDATE additions SET done_at = now(), created_at = now() - interval '2 days'`)
			exec(t, store, `UPDATE tickets SET feed_at = `+test.due)
			end := func() {
				require.NoError(t, store.EndFeeds(t.Context(), time.Now().Add(-day), test.fed))
			}
			end()
			require.Contains(t, dump(t, store), "words", "the ticket may still come into a feed")
			exec(t, store, `UPDATE tickets SET state = 'refused', changed_at = now() - interval '2 days', owner = NULL, feed_at = `+test.due)
			end()
			if test.ends {
				require.NotContains(t, dump(t, store), "words")
				require.Equal(t, int64(1), removeTickets(t, store)["tickets"])
			} else {
				require.Contains(t, dump(t, store), "words")
				require.Zero(t, removeTickets(t, store)["tickets"])
			}
		})
	}
}
