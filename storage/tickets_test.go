package storage_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"livedeskbot/storage"
)

func TestAMessageHasOneTicketHoweverOftenItIsDelivered(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	journal(t, store, process, true, storage.Update{ID: 1}, storage.Update{ID: 2})
	_, err := store.Journal(t.Context(), bot+1, process.Number, []storage.Update{{ID: 1}})
	require.NoError(t, err)
	first, err := store.OpenTicket(t.Context(), newTicket("ref", 7, storage.StateSending), process.Number, 1)
	require.NoError(t, err)
	require.Equal(t, 1, count(t, store, `SELECT count(*) FROM updates WHERE done_at IS NOT NULL AND payload IS NULL`), "its own")
	require.Equal(t, 1, first.Attempts)
	require.False(t, first.Mine, "there is nothing to tell before the answer")

	_, err = store.OpenTicket(t.Context(), newTicket("ref", 7, storage.StateSending), process.Number, 2)
	require.ErrorIs(t, err, storage.ErrExists)
	require.Equal(t, 1, count(t, store, `SELECT count(*) FROM updates WHERE done_at IS NULL`), "both have ended, not the other bot's")
	require.Equal(t, 1, count(t, store, `SELECT count(*) FROM followers`))
}

func TestAnUpdateThatGoesToTheJournalWithItsTicketIsDoneThere(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	want := newTicket("ref", 7, storage.StateSending)
	want.Arriving = true
	_, err := store.OpenTicket(t.Context(), want, process.Number, 1)
	require.NoError(t, err)
	require.Equal(t, 1, count(t, store, `SELECT count(*) FROM updates u JOIN tickets t ON u.done_at = t.created_at
		WHERE u.update_id = 1 AND u.chat_id = 7 AND payload IS NULL AND u.owner IS NULL`), "in one commit")
	fresh, err := store.Journal(t.Context(), bot, process.Number, []storage.Update{{ID: 1, ChatID: 7, Payload: []byte("{}")}})
	require.NoError(t, err)
	require.Empty(t, fresh)

	_, err = store.OpenTicket(t.Context(), want, process.Number, 2)
	require.ErrorIs(t, err, storage.ErrExists)
	require.Equal(t, 1, count(t, store, `SELECT count(*) FROM updates`), "it is journalled by who finds it done so")
}

func TestTicketsOfOneCommitCountAgainstTheLimitAndMessagesHaveOneEach(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	var wants []storage.NewTicket
	for i := range 30 {
		want := newTicket(fmt.Sprint("ref ", i/2), 7, storage.StateSending) // each message twice
		want.SenderID, want.PerMinute = int64(1+i%3), 4
		wants = append(wants, want)
	}
	opened, exist, tooMany := 0, 0, 0
	for _, err := range openAll(t, store, process, wants) {
		switch {
		case err == nil:
			opened++
		case errors.Is(err, storage.ErrExists):
			exist++
		default:
			require.ErrorIs(t, err, storage.ErrTooMany)
			tooMany++
		}
	}
	require.Equal(t, len(wants), opened+exist+tooMany)
	require.Equal(t, opened, count(t, store, `SELECT count(*) FROM tickets`))
	require.Zero(t, count(t, store, `SELECT count(*) FROM (SELECT FROM tickets GROUP BY sender_id HAVING count(*) > 4) t`))
	require.Equal(t, opened, count(t, store, `SELECT count(*) FROM followers`), "each has its own")
}

func TestAnUpdateThatWasGivenUpKeepsItsContentWhateverComesOfItLater(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	journal(t, store, process, true, storage.Update{ID: 1, Payload: []byte("kept")})
	require.NoError(t, store.GiveUpUpdate(t.Context(), bot, 1, "processes died with it", true))
	_, err := store.OpenTicket(t.Context(), newTicket("ref", 7, storage.StateSending), process.Number, 1)
	require.NoError(t, err)
	require.Equal(t, 1, count(t, store, `SELECT count(*) FROM updates WHERE payload = 'kept' AND fault IS NOT NULL`))
}

func TestTooManyTicketsInAMinuteStoreNothing(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	limited := func(ref string, sender int64) error {
		want := newTicket(ref, 7, storage.StateRefused)
		want.PerMinute, want.SenderID = 2, sender
		_, err := store.OpenTicket(t.Context(), want, process.Number, 1)
		return err
	}
	journal(t, store, process, true, storage.Update{ID: 1})
	require.NoError(t, limited("a", 5))
	require.NoError(t, limited("b", 5))
	journal(t, store, process, true, storage.Update{ID: 9})
	require.ErrorIs(t, limited("c", 5), storage.ErrTooMany)
	require.ErrorIs(t, limited("a", 5), storage.ErrExists, "a repeat is not one more")
	require.NoError(t, limited("d", 6), "others are not limited by it")
	require.Equal(t, 3, count(t, store, `SELECT count(*) FROM tickets`))
}

func TestAnOutcomeCountsForItsAttemptOnly(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	created := storage.Outcome{State: storage.StateCreated, TicketID: "tk_1", Due: -1}
	unknown := storage.Outcome{State: storage.StateUnconfirmed, Reason: "unknown", Due: -1}
	ticket := openTicket(t, store, process, newTicket("ref", 7, storage.StateSending))
	record := func(attempt int, o storage.Outcome) error {
		_, err := store.RecordOutcome(t.Context(), ticket.ID, attempt, o, process.Number)
		return err
	}
	require.ErrorIs(t, record(2, created), storage.ErrNotFound, "there was no second attempt yet")
	require.NoError(t, record(1, unknown))
	require.ErrorIs(t, record(1, unknown), storage.ErrNotFound)

	_, err := store.TryAgain(t.Context(), ticket.ID, 0, storage.StateSending, process.Number)
	require.ErrorIs(t, err, storage.ErrNotFound, "the button of another attempt")
	again, err := store.TryAgain(t.Context(), ticket.ID, 1, storage.StateSending, process.Number)
	require.NoError(t, err)
	require.Equal(t, 2, again.Attempts)
	_, err = store.TryAgain(t.Context(), ticket.ID, 1, storage.StateSending, process.Number)
	require.ErrorIs(t, err, storage.ErrNotFound, "a second press creates nothing")
	require.ErrorIs(t, store.Leave(t.Context(), ticket.ID, 1), storage.ErrNotFound)
	require.ErrorIs(t, record(1, unknown), storage.ErrNotFound, "late, and another attempt is on its way")
	require.NoError(t, record(2, created))
	require.ErrorIs(t, record(2, unknown), storage.ErrNotFound, "what is confirmed stays confirmed")
}

func TestAConfirmationThatComesLateCounts(t *testing.T) {
	t.Parallel()
	for name, decide := range map[string]func(*storage.Store, storage.Ticket) error{
		"after others took the process for dead": func(*storage.Store, storage.Ticket) error { return nil },
		"after the person left it":               func(s *storage.Store, k storage.Ticket) error { return s.Leave(t.Context(), k.ID, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := open(t)
			process := register(t, store)
			ticket := openTicket(t, store, process, newTicket("ref", 7, storage.StateSending))
			kill(t, store, process)
			other := register(t, store)
			require.Equal(t, 1, takeOver(t, store))
			require.NoError(t, decide(store, ticket))

			unknown := storage.Outcome{State: storage.StateUnconfirmed, Due: -1}
			_, err := store.RecordOutcome(t.Context(), ticket.ID, 1, unknown, other.Number)
			require.ErrorIs(t, err, storage.ErrNotFound, "only what is known counts late")
			created := storage.Outcome{State: storage.StateCreated, TicketID: "tk_1", Due: -1}
			late, err := store.RecordOutcome(t.Context(), ticket.ID, 1, created, other.Number)
			require.NoError(t, err)
			require.Equal(t, storage.StateCreated, late.State)
			require.True(t, late.Mine, "it is news, and nobody tells it yet")
		})
	}
}

func TestAConfirmationCountsWhateverHasBecomeOfTheTicketMeanwhile(t *testing.T) {
	t.Parallel()
	ended := func(state storage.State) func(*storage.Store, *storage.Process, storage.Ticket) error {
		return func(s *storage.Store, p *storage.Process, k storage.Ticket) error {
			again, err := s.TryAgain(t.Context(), k.ID, 1, storage.StateSending, p.Number)
			if err == nil && state != storage.StateSending {
				_, err = s.RecordOutcome(t.Context(), k.ID, again.Attempts, storage.Outcome{State: state, Due: -1}, p.Number)
			}
			return err
		}
	}
	for name, meanwhile := range map[string]func(*storage.Store, *storage.Process, storage.Ticket) error{
		"waiting to be sent again": func(s *storage.Store, p *storage.Process, k storage.Ticket) error {
			_, err := s.TryAgain(t.Context(), k.ID, 1, storage.StateWaiting, p.Number)
			return err
		},
		"being sent again":              ended(storage.StateSending),
		"sent again, did not arrive":    ended(storage.StateWaiting),
		"sent again, unconfirmed again": ended(storage.StateUnconfirmed),
		"sent again, refused":           ended(storage.StateRefused),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := open(t)
			process := register(t, store)
			ticket := openTicket(t, store, process, newTicket("ref", 7, storage.StateSending))
			kill(t, store, process)
			other := register(t, store)
			require.Equal(t, 1, takeOver(t, store))
			require.NoError(t, meanwhile(store, other, ticket))

			_, err := store.RecordOutcome(t.Context(), ticket.ID, 1, storage.Outcome{State: storage.StateUnconfirmed}, process.Number)
			require.ErrorIs(t, err, storage.ErrNotFound, "only what is known counts late")
			late, err := store.RecordOutcome(t.Context(), ticket.ID, 1, storage.Outcome{State: storage.StateCreated, TicketID: "tk_1"}, process.Number)
			require.NoError(t, err)
			require.Equal(t, []string{"created", "tk_1"}, []string{string(late.State), late.TicketID})
			_, err = store.ClaimProbe(t.Context(), other.Number, 0)
			require.ErrorIs(t, err, storage.ErrNotFound, "it is not sent again")
			_, err = store.RecordOutcome(t.Context(), ticket.ID, late.Attempts, storage.Outcome{State: storage.StateCreated, TicketID: "tk_2"}, other.Number)
			require.ErrorIs(t, err, storage.ErrNotFound, "the number that people know stays")
		})
	}
}

func TestARefusalOfAnEarlierRequestDoesNotCountForALaterOne(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	ticket := openTicket(t, store, process, newTicket("ref", 7, storage.StateSending))
	_, err := store.RecordOutcome(t.Context(), ticket.ID, 1, storage.Outcome{State: storage.StateUnconfirmed}, process.Number)
	require.NoError(t, err)
	_, err = store.TryAgain(t.Context(), ticket.ID, 1, storage.StateWaiting, process.Number)
	require.NoError(t, err)
	_, err = store.RecordOutcome(t.Context(), ticket.ID, 1, storage.Outcome{State: storage.StateRefused}, process.Number)
	require.ErrorIs(t, err, storage.ErrNotFound, "its text may have been changed since")
	require.Equal(t, storage.StateWaiting, state(t, store, ticket))
}

func TestThatARequestDidNotArriveCountsLateUnlessThePersonLeftIt(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	undecided := openTicket(t, store, process, newTicket("undecided", 7, storage.StateSending))
	decided := openTicket(t, store, process, newTicket("decided", 8, storage.StateSending))
	kill(t, store, process)
	other := register(t, store)
	require.Equal(t, 1, takeOver(t, store))
	require.NoError(t, store.Leave(t.Context(), decided.ID, 1))

	waiting := storage.Outcome{State: storage.StateWaiting}
	_, err := store.RecordOutcome(t.Context(), decided.ID, 1, waiting, other.Number)
	require.ErrorIs(t, err, storage.ErrNotFound)
	_, err = store.RecordOutcome(t.Context(), undecided.ID, 1, waiting, other.Number)
	require.NoError(t, err)
	require.Equal(t, storage.StateWaiting, state(t, store, undecided))
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

func TestWaitingTicketsAreSentOldestFirstAndProbesTakeTurns(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	var ids []int64
	for n := range 3 {
		ids = append(ids, openTicket(t, store, process, newTicket(fmt.Sprint(n), 7, storage.StateWaiting)).ID)
	}
	pause := storage.Outcome{State: storage.StateWaiting, Reason: "away", Due: time.Hour}
	last, order := int64(0), []int64(nil)
	for range 4 {
		ticket, err := store.ClaimProbe(t.Context(), process.Number, last)
		require.NoError(t, err)
		last, order = ticket.ID, append(order, ticket.ID)
		_, err = store.RecordOutcome(t.Context(), ticket.ID, ticket.Attempts, pause, process.Number)
		require.NoError(t, err)
	}
	require.Equal(t, []int64{ids[0], ids[1], ids[2], ids[0]}, order, "whether due or not")

	some, err := store.AnyWaiting(t.Context(), false)
	require.NoError(t, err)
	require.False(t, some)
	some, err = store.AnyWaiting(t.Context(), true)
	require.NoError(t, err)
	require.True(t, some)
	_, err = store.ClaimWaiting(t.Context(), process.Number)
	require.ErrorIs(t, err, storage.ErrNotFound)
	require.NotEmpty(t, openTicket(t, store, process, newTicket("due", 7, storage.StateWaiting)))
	due, err := store.ClaimWaiting(t.Context(), process.Number)
	require.NoError(t, err)
	require.Equal(t, "due", due.Ref)
}

// Planning one of these costs Postgres several times what running it does. It plans a statement of a session anew each time, not
// only the first five, where the plan for all arguments looks dearer than those for the given ones.
func TestTheStatementsOfATicketAreNotPlannedForEachTicket(t *testing.T) {
	t.Parallel()
	store := openNew(t)
	process := register(t, store)
	for id := range int64(20) {
		journal(t, store, process, true, storage.Update{ID: id})
		opened, err := store.OpenTicket(t.Context(), newTicket(fmt.Sprint(id), 7, storage.StateSending), process.Number, id)
		require.NoError(t, err)
		ended, err := store.RecordOutcome(t.Context(), opened.ID, 1, storage.Outcome{State: storage.StateCreated, TicketID: "tk"}, process.Number)
		require.NoError(t, err)
		_, err = store.RecordTold(t.Context(), ended, 7, id, process.Number)
		require.NoError(t, err)
	}
	planned := map[string]int64{} // statements to how often their plan for all arguments was used
	for _, conn := range store.Pool().AcquireAllIdle(t.Context()) {
		rows, err := conn.Query(t.Context(), `SELECT statement, generic_plans FROM pg_prepared_statements WHERE statement ~ '(INSERT INTO|UPDATE) '`)
		require.NoError(t, err)
		var statement string
		var generic int64
		_, err = pgx.ForEachRow(rows, []any{&statement, &generic}, func() error {
			planned[statement] += generic
			return nil
		})
		require.NoError(t, err)
		conn.Release()
	}
	require.Len(t, planned, 4)
	for statement, generic := range planned {
		require.Positive(t, generic, statement)
	}
}

func TestTenProcessesNeverClaimTheSameTicket(t *testing.T) {
	t.Parallel()
	store := open(t)
	const tickets = 60
	owner := register(t, store)
	for n := range tickets {
		openTicket(t, store, owner, newTicket(fmt.Sprint(n), 7, storage.StateWaiting))
	}
	claimed := make(chan int64, 2*tickets)
	var group errgroup.Group
	for n := range 10 {
		group.Go(func() error {
			for {
				ticket, err := store.ClaimWaiting(t.Context(), int32(n+100))
				if err != nil {
					return nil
				}
				claimed <- ticket.ID
			}
		})
	}
	require.NoError(t, group.Wait())
	close(claimed)
	seen := map[int64]bool{}
	for id := range claimed {
		require.False(t, seen[id])
		seen[id] = true
	}
	require.Len(t, seen, tickets)
}

func TestUnfinishedTicketsOfAPlaceAndOfAPerson(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	add := func(ref string, chat, thread int64, end storage.Outcome, status string) {
		want := newTicket(ref, chat, storage.StateSending)
		want.ThreadID = thread
		want.Followers = append(want.Followers, storage.Person{ID: 6})
		ticket := openTicket(t, store, process, want)
		_, err := store.RecordOutcome(t.Context(), ticket.ID, 1, end, process.Number)
		require.NoError(t, err)
		if status != "" {
			require.NoError(t, store.Seen(t.Context(), ticket.ID, status))
		}
	}
	created := storage.Outcome{State: storage.StateCreated, TicketID: "tk", Due: -1}
	add("fresh", 7, 0, created, "")
	add("topic", 7, 3, created, "on_hold")
	add("resolved", 7, 3, created, "resolved")
	add("closed", 7, 0, created, "closed")
	add("refused", 7, 0, storage.Outcome{State: storage.StateRefused, Due: -1}, "")
	add("unknown", 7, 0, storage.Outcome{State: storage.StateUnconfirmed, Due: -1}, "")
	add("elsewhere", 8, 3, created, "")
	for name, test := range map[string]struct {
		which         storage.Selection
		offset, limit int
		want          []string
		total         int
	}{
		"of a chat, newest first":     {storage.Selection{Chats: []int64{7}}, 0, 10, []string{"unknown", "topic", "fresh"}, 3},
		"of a topic":                  {storage.Selection{Chats: []int64{7}, Thread: 3}, 0, 10, []string{"topic"}, 1},
		"a page":                      {storage.Selection{Chats: []int64{7}}, 1, 1, []string{"topic"}, 3},
		"of several chats":            {storage.Selection{Chats: []int64{7, 8}}, 0, 3, []string{"elsewhere", "unknown", "topic"}, 4},
		"of who made them":            {storage.Selection{Person: 5}, 0, 10, []string{"elsewhere", "unknown", "topic", "fresh"}, 4},
		"of who follows them":         {storage.Selection{Person: 6}, 1, 2, []string{"unknown", "topic"}, 4},
		"of a person in a chat":       {storage.Selection{Person: 6, Chats: []int64{8}}, 0, 10, []string{"elsewhere"}, 1},
		"of a person in no chat":      {storage.Selection{Person: 6, Chats: []int64{}}, 0, 10, nil, 0},
		"of a stranger":               {storage.Selection{Person: 66}, 0, 10, nil, 0},
		"finished ones too":           {storage.Selection{Chats: []int64{7}, Finished: true}, 0, 3, []string{"unknown", "closed", "resolved"}, 5},
		"finished ones of a person":   {storage.Selection{Person: 6, Finished: true}, 0, 2, []string{"elsewhere", "unknown"}, 6},
		"of all chats and all people": {storage.Selection{}, 0, 10, []string{"elsewhere", "unknown", "topic", "fresh"}, 4},
	} {
		tickets, total, err := store.List(t.Context(), test.which, test.offset, test.limit)
		require.NoError(t, err, name)
		var refs []string
		for _, k := range tickets {
			refs = append(refs, k.Ref)
		}
		require.Equal(t, test.want, refs, name)
		require.Equal(t, test.total, total, name)
	}
	for person, want := range map[int64]int{5: 4, 6: 4, 66: 0} {
		tickets, err := store.UnfinishedOf(t.Context(), person, 10)
		require.NoError(t, err)
		require.Len(t, tickets, want)
	}
	topic, err := store.ByRef(t.Context(), "topic")
	require.NoError(t, err)
	require.Equal(t, "on_hold", topic.Status)
	require.WithinDuration(t, time.Now(), *topic.SeenAt, time.Minute)
}

// newTicket is what a message of person 5 asks for.
func newTicket(ref string, chat int64, state storage.State) storage.NewTicket {
	request := fmt.Appendf(nil, `{"title": %q, "requester": {"channel_contacts": {"channel_id": "c", "contact_id": "%d"}}}`, ref, chat)
	return storage.NewTicket{
		Ref: ref, BotID: bot, ChatID: chat, MessageID: 3, SenderID: 5, SenderName: "Alice", Request: request, State: state,
		TellAfter: time.Hour, Followers: []storage.Person{{ID: 5, Name: "Alice"}},
	}
}

func openTicket(t *testing.T, store *storage.Store, process *storage.Process, want storage.NewTicket) storage.Ticket {
	t.Helper()
	ticket, err := store.OpenTicket(t.Context(), want, process.Number, 0)
	require.NoError(t, err)
	return ticket
}

// created is a ticket that LiveDesk has and that is due to be looked at.
func created(t *testing.T, store *storage.Store, process *storage.Process, ref string) storage.Ticket {
	t.Helper()
	ticket := openTicket(t, store, process, newTicket(ref, 7, storage.StateSending))
	ticket, err := store.RecordOutcome(t.Context(), ticket.ID, 1, storage.Outcome{State: storage.StateCreated, TicketID: "tk_" + ref}, process.Number)
	require.NoError(t, err)
	return ticket
}

func TestAWaitingTicketIsRewrittenInTheCommitOfItsEdit(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	journal(t, store, process, true, storage.Update{ID: 1}, storage.Update{ID: 2})
	waiting := openTicket(t, store, process, newTicket("waiting", 7, storage.StateWaiting))
	sending := openTicket(t, store, process, newTicket("sending", 7, storage.StateSending))
	require.NoError(t, store.Rewrite(t.Context(), waiting.ID, storage.Rewriting{Request: []byte(`{"title": "other"}`)}, bot, 1))
	require.ErrorIs(t, store.Rewrite(t.Context(), sending.ID, storage.Rewriting{Request: []byte(`{"title": "other"}`)}, bot, 2), storage.ErrNotFound)

	owned, err := store.Owned(t.Context(), process.Number)
	require.NoError(t, err)
	require.Equal(t, []int64{2}, owned.Updates)
	waiting, err = store.ByRef(t.Context(), "waiting")
	require.NoError(t, err)
	require.JSONEq(t, `{"title": "other"}`, string(waiting.Request))
	sending, err = store.ByRef(t.Context(), "sending")
	require.NoError(t, err)
	require.Contains(t, string(sending.Request), "sending")
}

func TestTicketsAreFoundByTheirNumber(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	ticket := created(t, store, process, "a")
	openTicket(t, store, process, newTicket("without number", 7, storage.StateSending))
	for number, want := range map[string]int{"tk_a": 1, "tk_b": 0, "": 0} {
		found, err := store.TicketsByNumber(t.Context(), number)
		require.NoError(t, err)
		require.Len(t, found, want)
		if want > 0 {
			require.Equal(t, ticket.ID, found[0].ID)
		}
	}
}

func TestWhatIsWithLiveDeskIsDueAsItsOutcomeSays(t *testing.T) {
	t.Parallel()
	const now, later, never = "now", "later", "never"
	for name, c := range map[string]struct {
		outcome storage.Outcome
		with    string // what the ticket has beside its words
		want    string
	}{
		"created, without a number": {storage.Outcome{State: storage.StateCreated, Due: time.Hour}, "a file", never},
		"created":                   {storage.Outcome{State: storage.StateCreated, Due: time.Hour}, "", later},
		"created, with a file":      {storage.Outcome{State: storage.StateCreated, Due: time.Hour}, "a file", now},
		"created, with an addition": {storage.Outcome{State: storage.StateCreated, Due: time.Hour}, "an addition", now},
		"waiting":                   {storage.Outcome{State: storage.StateWaiting, Due: time.Hour}, "", later},
		"waiting, with a file":      {storage.Outcome{State: storage.StateWaiting, Due: time.Hour}, "a file", later},
		"refused":                   {storage.Outcome{State: storage.StateRefused, Due: -1}, "", never},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := open(t)
			process := register(t, store)
			want := newTicket("a", 7, storage.StateSending)
			if c.with == "a file" {
				want.Files = []storage.File{file(3, "")}
			}
			ticket := openTicket(t, store, process, want)
			if c.with == "an addition" {
				a := storage.Addition{Ref: "m", Ticket: ticket.ID, Kind: storage.AddText, Content: []byte(`{}`)}
				require.NoError(t, store.Add(t.Context(), a, nil, bot, 0))
			}
			c.outcome.Reason, c.outcome.Detail, c.outcome.TicketID = "reason", "detail", "tk"
			if name == "created, without a number" {
				c.outcome.TicketID = ""
			}
			got, err := store.RecordOutcome(t.Context(), ticket.ID, 1, c.outcome, process.Number)
			require.NoError(t, err)
			require.Equal(t, []string{"reason", "detail", c.outcome.TicketID}, []string{got.Reason, got.Detail, got.TicketID})
			require.Equal(t, c.want, due(t, store, ticket.ID))
			owned, err := store.Owned(t.Context(), process.Number)
			require.NoError(t, err)
			require.Empty(t, owned.Tickets)
		})
	}
}

func TestWorkIsDueToTheFractionOfASecond(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	ticket := openTicket(t, store, process, newTicket("a", 7, storage.StateSending))
	created := storage.Outcome{State: storage.StateCreated, TicketID: "tk", Due: 500 * time.Millisecond}
	_, err := store.RecordOutcome(t.Context(), ticket.ID, 1, created, process.Number)
	require.NoError(t, err)
	require.Equal(t, 500, count(t, store, `SELECT (1000 * extract(epoch FROM due_at - changed_at))::integer FROM tickets`))
}

func TestAPressSendsATicketAgainAtOnceOrInItsTurn(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	for to, attempts := range map[storage.State]int{storage.StateSending: 2, storage.StateWaiting: 1} {
		ticket := openTicket(t, store, process, newTicket(string(to), 7, storage.StateSending))
		_, err := store.RecordOutcome(t.Context(), ticket.ID, 1, storage.Outcome{State: storage.StateUnconfirmed, Reason: "r", Detail: "d"}, process.Number)
		require.NoError(t, err)
		again, err := store.TryAgain(t.Context(), ticket.ID, 1, to, process.Number)
		require.NoError(t, err)
		require.Equal(t, to, again.State)
		require.Equal(t, attempts, again.Attempts)
		require.NotEqual(t, "r", again.Reason)
		require.Empty(t, again.Detail)
		require.Equal(t, map[storage.State]string{storage.StateSending: "never", storage.StateWaiting: "now"}[to], due(t, store, ticket.ID))
		owned, err := store.Owned(t.Context(), process.Number)
		require.NoError(t, err)
		require.Equal(t, to == storage.StateSending, slices.Contains(owned.Tickets, ticket.ID))
	}
}

// due is when there is work with LiveDesk for a ticket.
func due(t *testing.T, store *storage.Store, ticket int64) (when string) {
	t.Helper()
	require.NoError(t, store.Pool().QueryRow(t.Context(), `
		SELECT CASE WHEN due_at > now() THEN 'later' WHEN due_at <= now() THEN 'now' ELSE 'never' END
		FROM tickets WHERE id = $1`, ticket).Scan(&when))
	return when
}
