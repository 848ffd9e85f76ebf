package storage_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
)

const day = 24 * time.Hour

// removeOld removes all of a table that is older than it may be.
func removeOld(t *testing.T, store *storage.Store, table string, retention time.Duration) (removed int64) {
	t.Helper()
	i := slices.IndexFunc(storage.Agings, func(a storage.Aging) bool { return a.Table == table })
	require.GreaterOrEqual(t, i, 0, table)
	for more := true; more; {
		n, again, err := store.RemoveOld(t.Context(), storage.Agings[i], retention)
		require.NoError(t, err)
		removed, more = removed+n, again
	}
	return removed
}

// removeTickets removes all tickets that are over and older than a day, and returns what of them.
func removeTickets(t *testing.T, store *storage.Store) map[string]int64 {
	t.Helper()
	all := map[string]int64{}
	var at storage.After
	for more := true; more; {
		next, removed, again, err := store.RemoveTickets(t.Context(), time.Now().Add(-day), at)
		require.NoError(t, err)
		for _, r := range removed {
			all[r.Table] += r.Rows
		}
		at, more = next, again
	}
	return all
}

func TestATicketIsRemovedWithAllThatHangsOnItOnceItIsOverAndOld(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	ticket := created(t, store, process, "a")
	add := storage.Addition{Ref: "m", Ticket: ticket.ID, Kind: storage.AddText, Content: []byte(`{}`)}
	require.NoError(t, store.Add(t.Context(), add, []storage.File{file(4, "m")}, bot, 0))
	require.Len(t, looks(t, store, process, 1), 1)
	_, err := store.RecordLook(t.Context(), ticket.ID, storage.Look{Status: "closed", View: []byte(`{}`), Notices: []storage.Notice{reply("1", "x")}}, process.Number)
	require.NoError(t, err)
	exec(t, store, `INSERT INTO posts (chat_id, message_id, ticket) VALUES (7, 100, $1)`, ticket.ID)
	exec(t, store, `INSERT INTO feed_posts (ticket, bot_id, chat_id) VALUES ($1, $2, 9)`, ticket.ID, bot)
	exec(t, store, `INSERT INTO feed_answers (ticket, person_id) VALUES ($1, 9)`, ticket.ID)
	exec(t, store, `UPDATE tickets SET changed_at = now() - interval '2 days', tell_at = NULL, teller = NULL`)

	// Each of these alone keeps it.
	exec(t, store, `UPDATE notices SET told_at = now()`)
	exec(t, store, `UPDATE additions SET done_at = now()`)
	exec(t, store, `UPDATE files SET state = 'uploaded', entered = true`)
	for _, keeps := range []struct{ on, off string }{
		{`UPDATE notices SET told_at = NULL`, `UPDATE notices SET told_at = now()`},
		{`INSERT INTO private_notices (notice, person_id, bot_id) SELECT id, 9, 42 FROM notices`, `DELETE FROM private_notices`},
		{`UPDATE additions SET done_at = NULL`, `UPDATE additions SET done_at = now()`},
		{`UPDATE additions SET feed = 'due'`, `UPDATE additions SET feed = 'told'`},
		{`UPDATE files SET entered = false`, `UPDATE files SET entered = true`},
		{`UPDATE tickets SET tell_at = now()`, `UPDATE tickets SET tell_at = NULL`},
		{`UPDATE tickets SET feed_at = now()`, `UPDATE tickets SET feed_at = NULL`},
		{`UPDATE tickets SET owner = 1`, `UPDATE tickets SET owner = NULL`},
		{`UPDATE tickets SET status = 'open'`, `UPDATE tickets SET status = 'resolved'`},
		{`UPDATE tickets SET state = 'unconfirmed'`, `UPDATE tickets SET state = 'created'`},
		{`UPDATE tickets SET changed_at = now()`, `UPDATE tickets SET changed_at = now() - interval '2 days'`},
	} {
		exec(t, store, keeps.on)
		require.Empty(t, removeTickets(t, store)["tickets"], keeps.on)
		exec(t, store, keeps.off)
	}
	require.Equal(t, map[string]int64{
		"tickets": 1, "notices": 1, "files": 1, "additions": 1, "followers": 1, "posts": 1, "feed_posts": 1, "feed_answers": 1,
	}, removeTickets(t, store))
	require.Zero(t, count(t, store, `SELECT (SELECT count(*) FROM tickets) + (SELECT count(*) FROM posts)`))
}

// A customer writes about the second ticket while the first one is looked at: asking for its additions waits for a lock of the test.
func TestATicketThatSomethingIsAddedToMeanwhileIsNotRemoved(t *testing.T) {
	t.Parallel()
	store := open(t)
	exec(t, store, `INSERT INTO tickets (telegram_ref, bot_id, chat_id, sender_id, request, state, ticket_id, status, changed_at)
		SELECT 'r' || n, 42, 7, 5, '{}', 'created', 'tk_' || n, 'resolved', now() - interval '9 days' + n * interval '1 second'
		FROM generate_series(1, 2) n`)
	exec(t, store, `INSERT INTO additions (ref, ticket, kind, content, done_at) VALUES ('old', 1, 'text', '{}', now())`)
	for _, sql := range []string{
		`ALTER TABLE additions RENAME TO all_additions`,
		`CREATE FUNCTION pause(ticket bigint) RETURNS boolean LANGUAGE plpgsql COST 0.001 AS $$
		 BEGIN IF ticket = 1 THEN PERFORM pg_advisory_xact_lock_shared(4711); END IF; RETURN true; END $$`,
		`CREATE VIEW additions AS SELECT * FROM all_additions WHERE pause(ticket)`,
	} {
		exec(t, store, sql)
	}
	lock, err := store.Pool().Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = lock.Rollback(context.Background()) }()
	_, err = lock.Exec(t.Context(), `SELECT pg_advisory_xact_lock(4711)`)
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() {
		_, _, _, err := store.RemoveTickets(context.Background(), time.Now().Add(-day), storage.After{})
		done <- err
	}()
	waiting := func() int {
		return count(t, store, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)
	}
	require.Eventually(t, func() bool { return waiting() == 1 }, time.Minute, 5*time.Millisecond)
	added := make(chan error, 1)
	go func() {
		added <- pgx.BeginFunc(context.Background(), store.Pool(), func(tx pgx.Tx) error { // what Add does, which would go through the view
			_, err := tx.Exec(context.Background(), `INSERT INTO all_additions (ref, ticket, kind, content) VALUES ('new', 2, 'text', '{}')`)
			if err == nil {
				_, err = tx.Exec(context.Background(), `UPDATE tickets SET due_at = now(), urgent_at = now() WHERE id = 2`)
			}
			return err
		})
	}()
	require.Eventually(t, func() bool { return len(added) == 1 || waiting() == 2 }, time.Minute, 5*time.Millisecond, "it is neither stored nor waits")
	require.NoError(t, lock.Commit(t.Context()))
	require.NoError(t, <-done)
	kept := count(t, store, `SELECT count(*) FROM tickets WHERE id = 2`) == 1
	require.Equal(t, <-added == nil, kept, "what was stored is lost, or the other way round")
	require.Zero(t, count(t, store, `SELECT count(*) FROM tickets WHERE id = 1`))
}

func TestTicketsThatMustStayDoNotKeepOthersFromBeingRemoved(t *testing.T) {
	t.Parallel()
	store := open(t)
	exec(t, store, `
		INSERT INTO tickets (telegram_ref, bot_id, chat_id, sender_id, request, state, changed_at, tell_at)
		SELECT 'r' || n, 42, 7, 5, '{}', 'refused', now() - interval '9 days' + n * interval '1 second',
			CASE WHEN n <= 600 THEN now() END FROM generate_series(1, 1300) n`)
	exec(t, store, `INSERT INTO tickets (telegram_ref, bot_id, chat_id, sender_id, request, state, changed_at)
		VALUES ('other', 43, 7, 5, '{}', 'refused', now() - interval '9 days')`)
	require.Equal(t, int64(700), removeTickets(t, store)["tickets"])
	require.Equal(t, 1, count(t, store, `SELECT count(*) FROM tickets WHERE bot_id = 43`), "another bot has its own time")
}

func TestWhatIsOldEndsByItself(t *testing.T) {
	t.Parallel()
	store := open(t)
	fill := map[string]string{ // a row that is old, one that is not, and one that is kept for another reason
		"hints":       `(bot_id, about, kind, update_id, told_at) VALUES (42, 1, 'a', 1, now() - interval '3 hours'), (42, 2, 'a', 1, now())`,
		"questions":   `(bot_id, chat_id, asked_id, sender_id, asked_at) VALUES (42, 7, 1, 5, now() - interval '31 days'), (42, 7, 2, 5, now())`,
		"forgettings": `(bot_id, person_id, shown_at, asked_at) VALUES (42, 1, now() - interval '2 days', null), (42, 2, now(), null)`,
		"posts": `(chat_id, message_id, ticket, posted_at) VALUES (7, 1, null, now() - interval '31 days'), (7, 2, null, now()),
			(7, 3, 1, now() - interval '31 days')`,
		"uses": `(bot_id, person_id, chat_id, used_at) VALUES (42, 5, -7, now() - interval '31 days'), (42, 6, -7, now()),
			(43, 7, -7, now() - interval '31 days')`,
		"places": `(bot_id, chat_id, changed_at) VALUES (42, 5, now() - interval '31 days'), (42, 6, now() - interval '31 days'),
			(42, -5, now() - interval '31 days')`,
		"chats":       `(chat_id, lost_at) VALUES (5, now() - interval '31 days'), (77, now() - interval '31 days'), (-5, now() - interval '31 days')`,
		"connections": `(bot_id, chat_id, state) VALUES (42, 5, 'connected'), (42, 77, 'connected'), (42, -5, 'connected')`,
		"place_names": `(bot_id, chat_id, name) VALUES (42, -5, 'a'), (42, 77, 'b')`,
	}
	exec(t, store, `INSERT INTO tickets (telegram_ref, bot_id, chat_id, sender_id, request, state) VALUES ('r', 42, 77, 77, '{}', 'refused')`)
	for table, rows := range fill {
		exec(t, store, `INSERT INTO `+table+` `+rows)
	}
	for _, a := range storage.Agings {
		if fill[a.Table] == "" {
			continue // another test's
		}
		before := count(t, store, `SELECT count(*) FROM `+a.Table)
		require.Equal(t, int64(1), removeOld(t, store, a.Table, 30*day), a.Table)
		require.Equal(t, before-1, count(t, store, `SELECT count(*) FROM `+a.Table))
	}
	for _, table := range []string{"uses", "places", "chats", "connections", "place_names"} {
		exec(t, store, `TRUNCATE `+table)
		exec(t, store, `INSERT INTO `+table+` `+fill[table])
		require.Zero(t, removeOld(t, store, table, 0), "with 0 it is kept for ever: %s", table)
	}
}

// A million rows are not needed to see which plan is chosen, only that scans of whole tables are what the planner avoids.
func TestNoStepOfForgettingReadsATableThatGrows(t *testing.T) {
	t.Parallel()
	store := openNew(t)
	exec(t, store, `
		INSERT INTO tickets (telegram_ref, bot_id, chat_id, sender_id, request, state, ticket_id, status, changed_at)
		SELECT 'r' || n, 42, -n % 1000, n, '{}', 'created', 'tk_' || n, CASE WHEN n % 50 = 0 THEN 'open' ELSE 'closed' END,
			now() - n * interval '1 minute' FROM generate_series(1, 10000) n`)
	exec(t, store, `INSERT INTO followers (ticket, person_id, name) SELECT id, sender_id, 'n' || id FROM tickets`)
	exec(t, store, `INSERT INTO additions (ref, ticket, kind, content, sender_id, sender_name, done_at)
		SELECT 'a' || id, id, 'text', '{}', id % 2 * sender_id, 'n' || id, now() FROM tickets`)
	exec(t, store, `INSERT INTO posts (chat_id, message_id, ticket) SELECT chat_id, id, id FROM tickets`)
	exec(t, store, `INSERT INTO uses (bot_id, person_id, chat_id) SELECT 42, sender_id, -7 FROM tickets`)
	exec(t, store, `INSERT INTO updates (bot_id, update_id, chat_id, done_at) SELECT 42, id, -7, changed_at FROM tickets`)
	exec(t, store, `INSERT INTO questions (bot_id, chat_id, asked_id, sender_id, asked_at) SELECT 42, -7, id, sender_id, changed_at FROM tickets`)
	exec(t, store, `INSERT INTO notices (ticket, key, kind, content, told_at) SELECT id, 'k', 'status', '{}', now() FROM tickets`)
	exec(t, store, `INSERT INTO files (ticket, message_id, file, state, entered) SELECT id, 1, '{}', 'uploaded', true FROM tickets`)
	exec(t, store, `INSERT INTO feed_answers (ticket, person_id) SELECT id, id FROM tickets`)
	exec(t, store, `ANALYZE`)
	for what, statement := range storage.ForgetStatements() {
		plan := explain(t, store, statement)
		for _, grows := range []string{"tickets", "followers", "additions", "posts", "uses", "updates", "questions", "notices", "files", "feed_answers"} {
			require.NotContains(t, plan, fmt.Sprintf("Seq Scan on %s ", grows), "%s\n%s", what, plan)
		}
	}
}

func explain(t *testing.T, store *storage.Store, statement string) string {
	t.Helper()
	rows, err := store.Pool().Query(t.Context(), `EXPLAIN `+statement, storage.ForgetArgs)
	require.NoError(t, err)
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var line string
		require.NoError(t, rows.Scan(&line))
		plan.WriteString(line + "\n")
	}
	require.NoError(t, rows.Err())
	return plan.String()
}
