package storage_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"livedeskbot/storage"
)

func TestWaitingIsToldOnceAndEveryOtherOutcomeAlways(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	ticket := openTicket(t, store, process, newTicket("ref", 7, storage.StateSending))
	waiting := storage.Outcome{State: storage.StateWaiting, Reason: "away"}
	ticket, err := store.RecordOutcome(t.Context(), ticket.ID, 1, waiting, process.Number)
	require.NoError(t, err)
	require.True(t, ticket.Mine)
	more, err := store.RecordTold(t.Context(), ticket, 7, 100, process.Number)
	require.NoError(t, err)
	require.False(t, more)

	claimed, err := store.ClaimWaiting(t.Context(), process.Number)
	require.NoError(t, err)
	require.Equal(t, 2, claimed.Attempts)
	again, err := store.RecordOutcome(t.Context(), ticket.ID, 2, waiting, process.Number)
	require.NoError(t, err)
	require.False(t, again.Mine)
	require.Equal(t, ticket.Version, again.Version)

	claimed, err = store.ClaimWaiting(t.Context(), process.Number)
	require.NoError(t, err)
	created, err := store.RecordOutcome(t.Context(), claimed.ID, 3, storage.Outcome{State: storage.StateCreated, TicketID: "tk_1", Due: -1}, process.Number)
	require.NoError(t, err)
	require.True(t, created.Mine)
	require.Equal(t, int64(7), created.CardChatID)
	require.Equal(t, int64(100), created.CardID, "in the same message")
}

func TestNewsDuringATellingAreToldAfterIt(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	ticket := openTicket(t, store, process, newTicket("ref", 7, storage.StateSending))
	told, err := store.RecordOutcome(t.Context(), ticket.ID, 1, storage.Outcome{State: storage.StateUnconfirmed, Due: -1}, process.Number)
	require.NoError(t, err)
	require.NoError(t, store.Leave(t.Context(), ticket.ID, 1))
	require.Empty(t, tellings(t, store, process), "one telling at a time")

	more, err := store.RecordTold(t.Context(), told, 7, 100, process.Number)
	require.NoError(t, err)
	require.True(t, more)
	require.Empty(t, tellings(t, store, process, 7), "a chat that has enough in hand is left out")
	claimed := tellings(t, store, process)
	require.Len(t, claimed, 1)
	require.Equal(t, storage.StateLeft, claimed[0].State)
	require.NoError(t, store.DeferTelling(t.Context(), ticket.ID, time.Hour, process.Number))
	require.Empty(t, tellings(t, store, process))
	_, err = store.RecordTold(t.Context(), claimed[0], 7, 100, process.Number)
	require.ErrorIs(t, err, storage.ErrNotFound, "a telling that was given back is not this process's to record")
}

func TestANoticeThatALookStoresWhileATellingEndsIsTold(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	told := created(t, store, process, "a")
	require.Len(t, looks(t, store, process, 10), 1)
	lock, err := store.Pool().Begin(t.Context())
	require.NoError(t, err)
	_, err = lock.Exec(t.Context(), `SELECT FROM tickets FOR UPDATE`)
	require.NoError(t, err)
	var both errgroup.Group
	both.Go(func() error {
		_, err := store.RecordLook(t.Context(), told.ID, storage.Look{
			View: []byte(`{}`), Shown: true, Notices: []storage.Notice{reply("1", "x")}}, process.Number)
		return err
	})
	awaitWaiting(t, store, 1)
	both.Go(func() error { // it waits for the look, and has begun before that has stored anything
		_, err := store.RecordTold(t.Context(), told, 7, 100, process.Number)
		return err
	})
	awaitWaiting(t, store, 2)
	require.NoError(t, lock.Rollback(t.Context()))
	require.NoError(t, both.Wait())
	require.Len(t, notices(t, store, told.ID), 1)
	require.Len(t, tellings(t, store, process), 1)
}

// awaitWaiting returns when some statements wait for a lock.
func awaitWaiting(t *testing.T, store *storage.Store, statements int) {
	t.Helper()
	require.Eventually(t, func() bool {
		return count(t, store, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) == statements
	}, 30*time.Second, 5*time.Millisecond)
}

func tellings(t *testing.T, store *storage.Store, process *storage.Process, except ...int64) []storage.Ticket {
	t.Helper()
	if except == nil {
		except = []int64{}
	}
	tickets, err := store.ClaimTellings(t.Context(), process.Number, 10, except)
	require.NoError(t, err)
	return tickets
}

// A ticket of which nothing is to be told and one whose telling a failed try has put off, before and after each move.
func TestATellingMovesAsTheTableSays(t *testing.T) {
	t.Parallel()
	const quiet, putOff, now = "quiet", "put off", "now"
	outcome := func(o storage.Outcome) move {
		return func(s *storage.Store, p *storage.Process, k storage.Ticket) error {
			_, err := s.RecordOutcome(t.Context(), k.ID, k.Attempts, o, p.Number)
			return err
		}
	}
	again := func(to storage.State) move {
		return func(s *storage.Store, p *storage.Process, k storage.Ticket) error {
			_, err := s.TryAgain(t.Context(), k.ID, k.Attempts, to, p.Number)
			return err
		}
	}
	look := func(l storage.Look) move {
		return func(s *storage.Store, p *storage.Process, k storage.Ticket) error {
			l.View = []byte(`{}`)
			tell, err := s.RecordLook(t.Context(), k.ID, l, p.Number)
			require.Equal(t, !l.Shown || l.Notices != nil || k.Detail == putOff, tell)
			return err
		}
	}
	leave := func(s *storage.Store, _ *storage.Process, k storage.Ticket) error {
		return s.Leave(t.Context(), k.ID, k.Attempts)
	}
	change := func(s *storage.Store, _ *storage.Process, k storage.Ticket) error {
		_, err := s.MoveChat(t.Context(), k.ChatID, -1007)
		return err
	}
	finish := func(s *storage.Store, _ *storage.Process, k storage.Ticket) error {
		files, err := s.Files(t.Context(), k.ID)
		require.NoError(t, err)
		return s.FinishFile(t.Context(), files[0].ID, storage.FileUploaded, "https://desk/1", "")
	}
	add := func(s *storage.Store, _ *storage.Process, k storage.Ticket) error {
		a := storage.Addition{Ref: k.Ref, Ticket: k.ID, Kind: storage.AddText, Content: []byte(`{}`)}
		return s.Add(t.Context(), a, nil, bot, 0)
	}
	rewrite := func(s *storage.Store, _ *storage.Process, k storage.Ticket) error {
		return s.Rewrite(t.Context(), k.ID, storage.Rewriting{Request: []byte(`{}`), Notice: storage.Notice{Key: "edit", Content: []byte(`{}`)}}, bot, 0)
	}
	send := func(s *storage.Store, p *storage.Process, k storage.Ticket) error {
		claimed, err := s.ClaimWaiting(t.Context(), p.Number)
		require.Equal(t, k.ID, claimed.ID)
		return err
	}
	free := func(s *storage.Store, p *storage.Process, k storage.Ticket) error {
		return s.Free(t.Context(), p.Number, storage.InHand{Tickets: []int64{k.ID}})
	}
	for name, c := range map[string]struct {
		row                   string // of the ticket
		move                  move
		news                  int // how much version rises
		fromQuiet, fromPutOff string
		mine                  bool // it is in hand of the process after it
	}{
		"an outcome":                           {"state = 'sending'", outcome(storage.Outcome{State: storage.StateCreated}), 1, now, now, true},
		"another reason to wait":               {"state = 'sending'", outcome(storage.Outcome{State: storage.StateWaiting, Reason: "away"}), 1, now, now, true},
		"the same reason to wait":              {"state = 'sending', reason = 'away', told = 1", outcome(storage.Outcome{State: storage.StateWaiting, Reason: "away"}), 0, quiet, putOff, false},
		"the same reason, which nobody knows":  {"state = 'sending', reason = 'away'", outcome(storage.Outcome{State: storage.StateWaiting, Reason: "away"}), 0, now, putOff, false},
		"the same reason for another state":    {"state = 'sending', reason = 'away'", outcome(storage.Outcome{State: storage.StateRefused, Reason: "away"}), 1, now, now, true},
		"trying again when it is its turn":     {"state = 'unconfirmed'", again(storage.StateWaiting), 1, now, now, false},
		"trying again at once":                 {"state = 'unconfirmed'", again(storage.StateSending), 0, quiet, putOff, false},
		"leaving it":                           {"state = 'unconfirmed'", leave, 1, now, now, false},
		"a move of a waiting one":              {"state = 'waiting'", change, 1, now, now, false},
		"a move of an unconfirmed one":         {"state = 'unconfirmed'", change, 1, now, now, false},
		"a move of a created one":              {"state = 'created'", change, 0, quiet, putOff, false},
		"a look that changes the card":         {"state = 'created'", look(storage.Look{}), 1, now, putOff, false},
		"a look that changes nothing":          {"state = 'created'", look(storage.Look{Shown: true}), 0, quiet, putOff, false},
		"a look with a notice":                 {"state = 'created'", look(storage.Look{Shown: true, Notices: []storage.Notice{reply("1", "x")}}), 0, now, putOff, false},
		"a file without a number":              {"state = 'created', ticket_id = ''", finish, 1, now, putOff, false},
		"a file of a created one":              {"state = 'created'", finish, 0, quiet, putOff, false},
		"a file of a waiting one":              {"state = 'waiting', ticket_id = ''", finish, 0, quiet, putOff, false},
		"an addition to a refused one":         {"state = 'refused'", add, 1, now, putOff, false},
		"an addition to a left one":            {"state = 'left'", add, 1, now, putOff, false},
		"an addition without a number":         {"state = 'created', ticket_id = ''", add, 1, now, putOff, false},
		"an addition to a created one":         {"state = 'created'", add, 0, quiet, putOff, false},
		"an addition to a waiting one":         {"state = 'waiting', ticket_id = ''", add, 0, quiet, putOff, false},
		"other words where it was told":        {"state = 'waiting', told = 1", rewrite, 1, now, now, false},
		"other words where it was not":         {"state = 'waiting'", rewrite, 1, quiet, putOff, false},
		"its turn to be sent, after a telling": {"state = 'waiting', told = 1", send, 0, quiet, putOff, false},
		"its turn to be sent, before one":      {"state = 'waiting'", send, 0, quiet, quiet, false},
		"its turn again, a telling held up":    {"state = 'waiting', reason = 'away'", send, 0, quiet, putOff, false},
		"the death of its sender":              {"state = 'sending'", free, 1, now, now, false},
		"the death of who looked at it":        {"state = 'created'", free, 0, quiet, putOff, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := open(t)
			process := register(t, store)
			for from, to := range map[string]string{quiet: c.fromQuiet, putOff: c.fromPutOff} {
				want := newTicket(from, -7, storage.StateSending)
				want.Detail, want.Files = from, []storage.File{file(3, "")}
				ticket := openTicket(t, store, process, want)
				if strings.Contains(c.row, "'waiting'") {
					exec(t, store, `UPDATE tickets SET owner = NULL, due_at = now() WHERE id = $1`, ticket.ID)
				}
				exec(t, store, `UPDATE tickets SET version = 3, ticket_id = 'tk',
					tell_at = CASE detail WHEN 'put off' THEN now() + interval '1 hour' END WHERE id = $1`, ticket.ID)
				exec(t, store, `UPDATE tickets SET `+c.row+` WHERE id = $1`, ticket.ID)
				require.NoError(t, c.move(store, process, ticket))
				version, when, teller := telling(t, store, ticket.ID)
				require.Equal(t, 3+c.news, version)
				require.Equal(t, to, when, "from %s", from)
				require.Equal(t, c.mine, teller == process.Number)
			}
		})
	}
}

// move is something that happens to a ticket.
type move func(*storage.Store, *storage.Process, storage.Ticket) error

// telling is how the telling of a ticket stands: its version, when it is to be told, and by whom.
func telling(t *testing.T, store *storage.Store, ticket int64) (version int, when string, teller int32) {
	t.Helper()
	require.NoError(t, store.Pool().QueryRow(t.Context(), `
		SELECT version, CASE WHEN tell_at > now() THEN 'put off' WHEN tell_at <= now() THEN 'now' ELSE 'quiet' END, coalesce(teller, 0)
		FROM tickets WHERE id = $1`, ticket).Scan(&version, &when, &teller))
	return version, when, teller
}

func TestATicketBeginsToBeToldByItsState(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	for state, want := range map[storage.State]string{
		storage.StateSending: "quiet", storage.StateWaiting: "put off", storage.StateRefused: "now",
	} {
		ticket := openTicket(t, store, process, newTicket(string(state), 7, state))
		version, when, teller := telling(t, store, ticket.ID)
		require.Equal(t, 1, version)
		require.Equal(t, want, when)
		require.Equal(t, state == storage.StateRefused, ticket.Mine)
		require.Equal(t, ticket.Mine, teller == process.Number)
	}
}

func TestAnOutcomeDoesNotTakeATellingFromWhoIsAtIt(t *testing.T) {
	t.Parallel()
	store := open(t)
	process, other := register(t, store), register(t, store)
	ticket := openTicket(t, store, process, newTicket("a", 7, storage.StateSending))
	exec(t, store, `UPDATE tickets SET teller = $1, tell_at = now()`, other.Number)
	ticket, err := store.RecordOutcome(t.Context(), ticket.ID, 1, storage.Outcome{State: storage.StateCreated}, process.Number)
	require.NoError(t, err)
	require.False(t, ticket.Mine)
	_, _, teller := telling(t, store, ticket.ID)
	require.Equal(t, other.Number, teller)

	_, err = store.RecordTold(t.Context(), ticket, 7, 100, process.Number)
	require.ErrorIs(t, err, storage.ErrNotFound)
	require.NoError(t, store.DeferTelling(t.Context(), ticket.ID, time.Hour, process.Number))
	_, _, teller = telling(t, store, ticket.ID)
	require.Equal(t, other.Number, teller, "nor does one that has lost it")
}

func TestTheLongestDueTellingsAreClaimedFirst(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	for _, minutes := range []int{1, 3, 2} {
		openTicket(t, store, process, newTicket(fmt.Sprint(minutes), 7, storage.StateWaiting))
		exec(t, store, `UPDATE tickets SET tell_at = now() - make_interval(mins => $1) WHERE telegram_ref = $2`, minutes, fmt.Sprint(minutes))
	}
	tickets, err := store.ClaimTellings(t.Context(), process.Number, 2, []int64{})
	require.NoError(t, err)
	require.Len(t, tickets, 2)
	require.Equal(t, "3", tickets[0].Ref)
	require.Equal(t, "2", tickets[1].Ref)
	require.True(t, tickets[0].Mine)
}

func TestATellingIsCountedUntilItSucceeds(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	ticket := openTicket(t, store, process, newTicket("a", 7, storage.StateRefused))
	for tries := range 3 {
		require.Equal(t, tries, ticket.TellTries)
		require.NoError(t, store.DeferTelling(t.Context(), ticket.ID, 0, process.Number))
		ticket = tellings(t, store, process)[0]
	}
	require.NoError(t, store.FailAdditions(t.Context(), ticket.ID, nil, []storage.Notice{reply("1", "beside the card")}))
	more, err := store.RecordTold(t.Context(), ticket, 7, 100, process.Number)
	require.NoError(t, err)
	require.True(t, more, "there is a notice")
	ticket = tellings(t, store, process)[0]
	require.Zero(t, ticket.TellTries)
	require.Equal(t, 1, ticket.Told)

	exec(t, store, `UPDATE notices SET told_at = now()`)
	old := ticket
	old.Version = 0
	exec(t, store, `UPDATE tickets SET version = 0`)
	more, err = store.RecordTold(t.Context(), old, 7, 0, process.Number)
	require.NoError(t, err)
	require.False(t, more)
	ticket, err = store.Ticket(t.Context(), ticket.ID)
	require.NoError(t, err)
	require.Equal(t, 1, ticket.Told, "it never falls")
	require.Zero(t, ticket.CardID)
	require.Equal(t, 1, count(t, store, `SELECT count(*) FROM posts`), "no message is none to remember")
}

func TestNewsThatAreMutedWaitForTheirChat(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	muted := openTicket(t, store, process, newTicket("muted", 7, storage.StateRefused))
	putOff := openTicket(t, store, process, newTicket("put off", 7, storage.StateRefused))
	elsewhere := openTicket(t, store, process, newTicket("elsewhere", 8, storage.StateRefused))
	require.NoError(t, store.DeferTelling(t.Context(), putOff.ID, time.Hour, process.Number))
	for _, k := range []storage.Ticket{muted, elsewhere} {
		require.NoError(t, store.MuteTelling(t.Context(), k.ID, time.Hour, process.Number))
	}
	require.Empty(t, tellings(t, store, process))

	require.NoError(t, store.RegainChat(t.Context(), 7))
	claimed := tellings(t, store, process)
	require.Len(t, claimed, 1)
	require.Equal(t, muted.ID, claimed[0].ID)
	require.Equal(t, 1, claimed[0].TellTries)
	since := claimed[0].MutedAt
	require.NotNil(t, since)

	require.NoError(t, store.MuteTelling(t.Context(), muted.ID, 0, process.Number+1))
	require.NoError(t, store.RegainChat(t.Context(), 7))
	require.Empty(t, tellings(t, store, process), "it is in hand")
	require.NoError(t, store.MuteTelling(t.Context(), muted.ID, 0, process.Number))
	claimed = tellings(t, store, process)
	require.Equal(t, since, claimed[0].MutedAt, "it counts from the first time")
	_, err := store.RecordTold(t.Context(), claimed[0], 7, 100, process.Number)
	require.NoError(t, err)
	told, err := store.Ticket(t.Context(), muted.ID)
	require.NoError(t, err)
	require.Nil(t, told.MutedAt)
}
