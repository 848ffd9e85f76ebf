package storage_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
)

// columns says what becomes of every column when a person is forgotten. Of a table that is given as a whole, rows are removed.
var columns = map[string]string{
	"additions.attempts":    "a count",
	"additions.content":     "cleared once it is in the ticket, unless it is a word of a list",
	"additions.created_at":  "a time",
	"additions.done_at":     "a time",
	"additions.failed":      "a state",
	"additions.feed":        "a state",
	"additions.forgotten":   "the mark",
	"additions.id":          "a number of ours",
	"additions.kind":        "a word of ours",
	"additions.message_id":  "a place: its person is not known any more",
	"additions.ref":         "a place, which keeps it from being added twice; replaced where it is their private chat",
	"additions.sender_id":   "cleared once it is in the ticket",
	"additions.sender_name": "cleared once it is in the ticket",
	"additions.thread_id":   "a place",
	"additions.ticket":      "a number of ours",

	"album_parts": "of the person, or of their private chat; removed",
	"chats":       "of their private chat; removed",

	"blocks.bot_id":     "the bot",
	"blocks.person_id":  "kept: a block must hold, whoever is forgotten",
	"blocks.blocked_at": "a time",

	"connections": "of their private chat; removed, unless settings name it. Groups are no persons",

	"feed_answers": "of the person; removed",

	"feed_left.bot_id":     "the bot",
	"feed_left.chat_id":    "a chat of staff",
	"feed_left.message_id": "a message of the bot",
	"feed_left.ticket":     "a number of ours",

	"feed_posts.bot_id":     "the bot",
	"feed_posts.chat_id":    "a chat of staff",
	"feed_posts.message_id": "a message of the bot",
	"feed_posts.shown":      "a digest",
	"feed_posts.thread_id":  "a chat of staff",
	"feed_posts.ticket":     "a number of ours",

	"files.attempts":   "a count",
	"files.due_at":     "a time",
	"files.entered":    "a state",
	"files.file":       "cleared once it is in the ticket, or dropped",
	"files.forgotten":  "the mark",
	"files.id":         "a number of ours",
	"files.message_id": "a place",
	"files.origin":     "a place, or an album's number; replaced where it is their private chat",
	"files.owner":      "a process",
	"files.reason":     "a word of ours",
	"files.state":      "a word of ours",
	"files.ticket":     "a number of ours",
	"files.url":        "cleared once it is in the ticket, or dropped",

	"followers":       "of the person; removed",
	"forgettings":     "of the person; removed at the end",
	"hints":           "of the person; removed",
	"place_names":     "of their private chat; removed. Groups are no persons",
	"places":          "of their private chat; removed. What they set for groups is the group's",
	"private_notices": "to the person; removed",
	"offers":          "of the person; removed",
	"questions":       "to the person; removed",
	"uses":            "of the person; removed",

	"notices.chat_id":    "a place",
	"notices.content":    "agents' replies are removed with their rows, names of files are cleared; words of ours are left",
	"notices.files_sent": "a count",
	"notices.id":         "a number of ours",
	"notices.key":        "a number, or a place; replaced where it is their private chat",
	"notices.kind":       "a word of ours",
	"notices.messages":   "messages of the bot",
	"notices.parts_sent": "a count",
	"notices.reply_to":   "a place",
	"notices.ticket":     "a number of ours",
	"notices.told_at":    "a time",

	"posts.chat_id":    "a place; of their private chat only about tickets that were asked for there",
	"posts.kind":       "a word of ours",
	"posts.message_id": "a message of the bot",
	"posts.posted_at":  "a time",
	"posts.ticket":     "a number of ours",
	"posts.ticket_id":  "LiveDesk's number",

	"processes.bot_id":     "the bot",
	"processes.number":     "a process",
	"processes.started_at": "a time",

	"tickets.album":        "cleared",
	"tickets.attempts":     "a count",
	"tickets.bot_id":       "the bot",
	"tickets.card_chat_id": "a place",
	"tickets.card_id":      "a place",
	"tickets.changed_at":   "a time",
	"tickets.chat_id":      "a place",
	"tickets.created_at":   "a time",
	"tickets.detail":       "cleared",
	"tickets.due_at":       "a time",
	"tickets.every":        "a time",
	"tickets.feed_at":      "a time",
	"tickets.feed_version": "a count",
	"tickets.forgotten":    "the mark",
	"tickets.nudged_at":    "a time",
	"tickets.hold_until":   "a time",
	"tickets.id":           "a number of ours",
	"tickets.language":     "of the place; the card goes on in it",
	"tickets.look_at":      "a time",
	"tickets.message_id":   "a place",
	"tickets.missed":       "a count",
	"tickets.missed_at":    "a time",
	"tickets.muted_at":     "a time",
	"tickets.owner":        "a process",
	"tickets.reason":       "a word of ours",
	"tickets.rebuffed_at":  "a time",
	"tickets.rebuffs":      "a count",
	"tickets.request":      "cleared once it is created, refused or left",
	"tickets.seen_at":      "a time",
	"tickets.sender_id":    "cleared with the request",
	"tickets.sender_name":  "cleared with the request",
	"tickets.state":        "a word of ours",
	"tickets.status":       "LiveDesk's word",
	"tickets.team":         "LiveDesk's word",
	"tickets.telegram_ref": "a place; LiveDesk has it too",
	"tickets.tell_at":      "a time",
	"tickets.tell_tries":   "a count",
	"tickets.teller":       "a process",
	"tickets.thread_id":    "a place",
	"tickets.ticket_id":    "LiveDesk's number",
	"tickets.told":         "a count",
	"tickets.urgent_at":    "a time",
	"tickets.version":      "a count",
	"tickets.view":         "its title is cleared; status, priority, type, team and times stay",
	"tickets.with_files":   "a state",

	"updates.bot_id":      "the bot",
	"updates.chat_id":     "a place",
	"updates.done_at":     "a time",
	"updates.fault":       "a word of ours",
	"updates.owner":       "a process",
	"updates.payload":     "cleared, of updates that were given up; of others it is once they are handled",
	"updates.received_at": "a time",
	"updates.suspected":   "a count",
	"updates.takeovers":   "a count",
	"updates.update_id":   "Telegram's number",
}

func TestEveryColumnIsThoughtOfWhenAPersonIsForgotten(t *testing.T) {
	t.Parallel()
	store := open(t)
	docs, err := os.ReadFile("../docs/data.md")
	require.NoError(t, err)
	rows, err := store.Pool().Query(t.Context(), `
		SELECT table_name, column_name FROM information_schema.columns
		WHERE table_schema = current_schema() AND table_name <> 'goose_db_version'`)
	require.NoError(t, err)
	defer rows.Close()
	known := map[string]bool{}
	for rows.Next() {
		var table, column string
		require.NoError(t, rows.Scan(&table, &column))
		name := table + "." + column
		if columns[table] != "" {
			name = table
		}
		require.NotEmpty(t, columns[name], "what becomes of %s when a person is forgotten? See storage/forget.go and docs/data.md", name)
		require.Contains(t, string(docs), "`"+table+"`", "docs/data.md does not say what %s is for", table)
		known[name] = true
	}
	require.NoError(t, rows.Err())
	for name := range columns {
		require.True(t, known[name], "there is no %s any more", name)
	}
}

// forget forgets the person 5.
func forget(t *testing.T, store *storage.Store, refs ...string) {
	t.Helper()
	require.NoError(t, store.AskForgetting(t.Context(), 5, refs))
	f, err := store.Forgetting(t.Context(), 5)
	require.NoError(t, err)
	_, err = store.Forget(t.Context(), f)
	require.NoError(t, err)
}

// dump is everything in the database as text.
func dump(t *testing.T, store *storage.Store) string {
	t.Helper()
	var all strings.Builder
	rows, err := store.Pool().Query(t.Context(), `SELECT tablename FROM pg_tables WHERE schemaname = current_schema()`)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var table, text string
		require.NoError(t, rows.Scan(&table))
		require.NoError(t, store.Pool().QueryRow(t.Context(), `SELECT coalesce(string_agg(t::text, E'\n'), '') FROM `+table+` t`).Scan(&text))
		all.WriteString(text + "\n")
	}
	require.NoError(t, rows.Err())
	return all.String()
}

func TestATicketThatIsNotDecidedKeepsItsTextUntilItIs(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ before, after storage.Outcome }{
		"waiting, then created":     {storage.Outcome{State: storage.StateWaiting, Reason: "away"}, storage.Outcome{State: storage.StateCreated, TicketID: "tk", Due: -1}},
		"waiting, then refused":     {storage.Outcome{State: storage.StateWaiting, Reason: "away"}, storage.Outcome{State: storage.StateRefused, Detail: "jam is silly", Due: -1}},
		"waiting, then unconfirmed": {storage.Outcome{State: storage.StateWaiting, Reason: "away"}, storage.Outcome{State: storage.StateUnconfirmed, Due: -1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := open(t)
			process := register(t, store)
			want := newTicket("jam", 7, storage.StateSending)
			want.Files = []storage.File{{MessageID: 4, File: []byte(`{"name":"jam.jpg"}`)}}
			ticket := openTicket(t, store, process, want)
			_, err := store.RecordOutcome(t.Context(), ticket.ID, 1, test.before, process.Number)
			require.NoError(t, err)
			forget(t, store)
			require.Contains(t, dump(t, store), "jam.jpg")
			claimed, err := store.ClaimWaiting(t.Context(), process.Number)
			require.NoError(t, err)
			require.Contains(t, string(claimed.Request), "jam", "it is sent as it was meant")
			require.NoError(t, store.EnterFiles(t.Context(), ticket.ID, []byte(`{"title":"jam","attachments":[{}]}`), []int64{1}))
			ended, err := store.RecordOutcome(t.Context(), ticket.ID, 2, test.after, process.Number)
			require.NoError(t, err)
			if test.after.State == storage.StateUnconfirmed {
				require.Contains(t, string(ended.Request), "jam")
				require.NoError(t, store.Leave(t.Context(), ticket.ID, 2))
			}
			exec(t, store, `UPDATE files SET state = 'dropped'`)
			_, err = store.ClearForgotten(t.Context())
			require.NoError(t, err)
			exec(t, store, `UPDATE tickets SET telegram_ref = 'x'`) // the tests' own, which is the title
			require.NotContains(t, dump(t, store), "jam")
			require.NotContains(t, dump(t, store), "Alice")
		})
	}
}

func TestNothingComesBackIntoAForgottenTicket(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	ticket := created(t, store, process, "a")
	looked := looks(t, store, process, 1)
	require.Len(t, looked, 1)
	forget(t, store)

	// All of this was begun before.
	_, err := store.RecordLook(t.Context(), ticket.ID, storage.Look{
		Status: "open", View: []byte(`{"title":"words","status":"open"}`), Request: []byte(`{"title":"words"}`), Every: time.Hour,
		Notices: []storage.Notice{reply("1", "words"), {Key: "file:9", Kind: "answer", Content: []byte(`{"text":"t","name":"words.txt"}`)}},
	}, process.Number)
	require.NoError(t, err)
	require.NoError(t, store.EnterFiles(t.Context(), ticket.ID, []byte(`{"title":"words"}`), nil))
	add := storage.Addition{Ref: "m", Ticket: ticket.ID, Kind: storage.AddText, SenderID: 5, SenderName: "Alice", Content: []byte(`{"Text":"words"}`)}
	require.NoError(t, store.Add(t.Context(), add, []storage.File{{MessageID: 4, File: []byte(`{"name":"words"}`)}}, bot, 0))
	require.Contains(t, dump(t, store), "words", "what was added has to reach the ticket yet")
	require.Len(t, looks(t, store, process, 1), 1)
	_, err = store.RecordLook(t.Context(), ticket.ID, storage.Look{
		Status: "closed", View: []byte(`{"title":"","status":"closed"}`), Additions: []int64{1}, Files: []int64{1}, Every: -1,
		Notices: []storage.Notice{{Key: "status", Kind: "status", Content: []byte(`{"status":"closed"}`)}},
	}, process.Number)
	require.NoError(t, err)
	require.NotContains(t, dump(t, store), "words")
	require.NotContains(t, dump(t, store), "Alice")
	require.Len(t, notices(t, store, ticket.ID), 2, "changes of the status are told, and what came of an addition")
	now, err := store.Ticket(t.Context(), ticket.ID)
	require.NoError(t, err)
	require.JSONEq(t, `{"title":"","status":"closed"}`, string(now.View))
}

// A transaction may have asked before the ticket was marked, and commit long afterwards.
func TestForgettingWaitsForWhatIsBeingWrittenIntoATicket(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]string{
		"an agent's reply": `INSERT INTO notices (ticket, key, kind, content) VALUES ($1, 'k', 'reply', '{"text":"words"}')`,
		"a file's end":     `UPDATE files SET entered = true WHERE ticket = $1`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := open(t)
			process := register(t, store)
			ticket := created(t, store, process, "a")
			exec(t, store, `INSERT INTO files (ticket, message_id, file, state) VALUES ($1, 1, '{"name":"words"}', 'uploaded')`, ticket.ID)
			tx, err := store.Pool().Begin(t.Context())
			require.NoError(t, err)
			t.Cleanup(func() { _ = tx.Rollback(context.Background()) })
			_, err = tx.Exec(t.Context(), write, ticket.ID)
			require.NoError(t, err)

			require.NoError(t, store.AskForgetting(t.Context(), 5, nil))
			f, err := store.Forgetting(t.Context(), 5)
			require.NoError(t, err)
			done := make(chan error, 1)
			go func() { _, err := store.Forget(context.Background(), f); done <- err }()
			require.Eventually(t, func() bool {
				return count(t, store, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) == 1
			}, time.Minute, 5*time.Millisecond, "it does not wait")
			require.NoError(t, tx.Commit(t.Context()))
			require.NoError(t, <-done)
			exec(t, store, `UPDATE files SET entered = true`)
			require.NotContains(t, dump(t, store), "words")
		})
	}
}

func TestWhatAPersonAddedToOthersTicketsIsForgotten(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	want := newTicket("bobs", 7, storage.StateSending)
	want.SenderID, want.SenderName, want.Followers = 6, "Bob", []storage.Person{{ID: 6, Name: "Bob"}, {ID: 5, Name: "Alice"}}
	ticket := openTicket(t, store, process, want)
	_, err := store.RecordOutcome(t.Context(), ticket.ID, 1, storage.Outcome{State: storage.StateCreated, TicketID: "tk"}, process.Number)
	require.NoError(t, err)
	for ref, who := range map[string]storage.Person{"a": {ID: 5, Name: "Alice"}, "b": {ID: 6, Name: "Bob"}, "c": {Name: "Alice"}} {
		require.NoError(t, store.Add(t.Context(), storage.Addition{
			Ref: ref, Ticket: ticket.ID, Kind: storage.AddText, SenderID: who.ID, SenderName: who.Name,
			Content: []byte(`{"Text":"words of ` + who.Name + `","Origin":"` + ref + `"}`),
		}, []storage.File{{MessageID: int64(ref[0]), Origin: ref, File: []byte(`{"name":"file of ` + who.Name + `"}`)}}, bot, 0))
	}
	exec(t, store, `UPDATE additions SET done_at = now() WHERE ref <> 'c'`)
	forget(t, store)
	require.Contains(t, dump(t, store), "words of Alice", "one is not in the ticket yet")
	exec(t, store, `UPDATE additions SET done_at = now()`)
	exec(t, store, `UPDATE files SET state = 'dropped'`)
	require.NotContains(t, dump(t, store), "Alice")
	require.Equal(t, 1, count(t, store, `SELECT count(*) FROM additions WHERE content->>'Text' = 'words of Bob' AND sender_name = 'Bob'`))
	require.Equal(t, 1, count(t, store, `SELECT count(*) FROM files WHERE file->>'name' = 'file of Bob'`))
	require.Equal(t, 1, count(t, store, `SELECT count(*) FROM tickets WHERE forgotten = '' AND sender_name = 'Bob' AND request->>'title' = 'bobs'`))
	require.Equal(t, 1, count(t, store, `SELECT count(*) FROM followers`))
}

// mentioning is a request of Bob's that mentions Alice, who is the person 5.
const mentioning = `{"title":"bobs","requester":{"channel_contacts":{"contact_id":"-7","followers":[{"id":"6","name":"Bob"},{"id":"5","name":"Alice"}]}}}`

func bobs(t *testing.T, store *storage.Store, process *storage.Process) storage.Ticket {
	t.Helper()
	want := newTicket("bobs", 7, storage.StateSending)
	want.SenderID, want.SenderName, want.Followers = 6, "Bob", []storage.Person{{ID: 6, Name: "Bob"}, {ID: 5, Name: "Alice"}}
	want.Request = []byte(mentioning)
	return openTicket(t, store, process, want)
}

func TestWhoWasMentionedInAnothersTicketIsForgottenThere(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	ticket := bobs(t, store, process)
	forget(t, store)
	f, err := store.Forgetting(t.Context(), 5)
	require.NoError(t, err)
	ended, err := store.EndForgetting(t.Context(), f)
	require.NoError(t, err)
	require.False(t, ended, "the ticket is being sent, with the request as it was read")
	require.NoError(t, store.EnterFiles(t.Context(), ticket.ID, []byte(mentioning), nil))
	_, err = store.RecordOutcome(t.Context(), ticket.ID, 1, storage.Outcome{State: storage.StateCreated, TicketID: "tk"}, process.Number)
	require.NoError(t, err)

	_, err = store.Forget(t.Context(), f)
	require.NoError(t, err)
	ended, err = store.EndForgetting(t.Context(), f)
	require.NoError(t, err)
	require.True(t, ended)
	require.NotContains(t, dump(t, store), "Alice")
	now, err := store.Ticket(t.Context(), ticket.ID)
	require.NoError(t, err)
	require.JSONEq(t, strings.Replace(mentioning, `,{"id":"5","name":"Alice"}`, "", 1), string(now.Request))
}

func TestWhoFollowsNoMoreIsNotNamedInTheRequest(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	ticket := bobs(t, store, process)
	alice, bob := storage.Person{ID: 5}, storage.Person{ID: 6}
	require.NoError(t, store.Follow(t.Context(), ticket.ID, alice, storage.Here, false))
	require.Contains(t, dump(t, store), "Alice", "it is sent as it was meant")
	_, err := store.RecordOutcome(t.Context(), ticket.ID, 1, storage.Outcome{State: storage.StateCreated, TicketID: "tk"}, process.Number)
	require.NoError(t, err)
	for _, p := range []storage.Person{alice, bob} {
		require.NoError(t, store.Follow(t.Context(), ticket.ID, p, storage.Here, false))
	}
	require.NotContains(t, dump(t, store), "Alice")
	now, err := store.Ticket(t.Context(), ticket.ID)
	require.NoError(t, err)
	require.JSONEq(t, strings.Replace(mentioning, `,{"id":"5","name":"Alice"}`, "", 1), string(now.Request), "who asked for it stays in it")
	require.Zero(t, count(t, store, `SELECT count(*) FROM followers`))
}

func TestWhatWasAddedFromAPrivateChatDoesNotNameItsPerson(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	ticket := bobs(t, store, process)
	_, err := store.RecordOutcome(t.Context(), ticket.ID, 1, storage.Outcome{State: storage.StateCreated, TicketID: "tk"}, process.Number)
	require.NoError(t, err)
	const person = 5_000_777
	for ref, origin := range map[string]string{"42/5000777/1": "42/5000777/1", "42/5000777/2": "an album", "42/-7/3": "42/-7/3"} {
		require.NoError(t, store.Add(t.Context(), storage.Addition{
			Ref: ref, Ticket: ticket.ID, Kind: storage.AddText, SenderID: person, SenderName: "Alice",
			Content: []byte(`{"Text":"words","Origin":"` + origin + `","Chat":5000777,"Message":1}`),
		}, []storage.File{{MessageID: 1, Origin: origin, File: []byte(`{"name":"Alice.txt"}`)}}, bot, 0))
		exec(t, store, `INSERT INTO notices (ticket, key, kind, content, told_at)
			VALUES ($1, 'addition:' || $2, 'answer', '{"text":"added","chat":5000777,"message":1}', now())`, ticket.ID, origin)
	}
	exec(t, store, `UPDATE notices SET content = '{"text":"added"}' WHERE key = 'addition:42/-7/3'`)
	exec(t, store, `UPDATE additions SET done_at = now()`)
	exec(t, store, `INSERT INTO notices (ticket, key, kind, content, told_at)
		SELECT ticket, 'file:' || id, 'answer', '{"text":"file_too_big","name":"Alice.txt","chat":5000777,"message":1}', now() FROM files`)
	exec(t, store, `UPDATE files SET entered = true`)
	require.NoError(t, store.AskForgetting(t.Context(), person, nil))
	f, err := store.Forgetting(t.Context(), person)
	require.NoError(t, err)
	for range 2 {
		_, err = store.Forget(t.Context(), f)
		require.NoError(t, err)
	}
	_, err = store.EndForgetting(t.Context(), f)
	require.NoError(t, err)
	for _, word := range []string{"5000777", "words", "Alice.txt"} {
		require.NotContains(t, dump(t, store), word)
	}
	require.Equal(t, 1, count(t, store, `SELECT count(*) FROM additions WHERE ref = '42/-7/3'`), "a place in a group names nobody")
}

func TestOnlyWhatIsFromBeforeIsForgotten(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	created(t, store, process, "old")
	forget(t, store, "late") // a message that was being handled
	created(t, store, process, "late")
	created(t, store, process, "new")
	f, err := store.Forgetting(t.Context(), 5)
	require.NoError(t, err)
	_, err = store.Forget(t.Context(), f)
	require.NoError(t, err)
	ended, err := store.EndForgetting(t.Context(), f)
	require.NoError(t, err)
	require.True(t, ended)
	require.Equal(t, 2, count(t, store, `SELECT count(*) FROM tickets WHERE forgotten = 'done'`))
	require.Equal(t, 1, count(t, store, `SELECT count(*) FROM tickets WHERE forgotten = '' AND telegram_ref = 'new' AND sender_id = 5`))
	require.Equal(t, 1, count(t, store, `SELECT count(*) FROM followers WHERE person_id = 5`))
	_, err = store.Forgetting(t.Context(), 5)
	require.ErrorIs(t, err, storage.ErrNotFound)
}

func TestWhatIsJustComingInIsForgottenToo(t *testing.T) {
	t.Parallel()
	store := open(t)
	_, err := store.Offer(t.Context(), storage.Offer{
		BotID: bot, ChatID: 5, MessageID: 8, PersonID: 5, Kind: storage.OfferTalk, Messages: [][]byte{[]byte(`{}`)},
	}, 0)
	require.NoError(t, err)
	forget(t, store, "42/-7/4") // a part of an album
	process := register(t, store)
	_, err = store.AddAlbumPart(t.Context(), bot, -7, "album", 4, 5, []byte(`{"name":"Alice.jpg"}`), time.Second)
	require.NoError(t, err)
	created(t, store, process, "42/5/8") // a press had taken the offer up
	f, err := store.Forgetting(t.Context(), 5)
	require.NoError(t, err)
	_, err = store.Forget(t.Context(), f)
	require.NoError(t, err)
	require.NotContains(t, dump(t, store), "Alice")
}

func TestGivenUpUpdatesLoseWhatNamesAForgottenPerson(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	journal(t, store, process, true,
		storage.Update{ID: 1, Payload: []byte(`{"message":{"from":{"id":5,"first_name":"Alïce"}}}`)},
		storage.Update{ID: 2, Payload: []byte(`{"message":{"from":{"id":55}}}`)},
		storage.Update{ID: 3, Payload: []byte(`{"message":{"from":{"id": 5}}}`)})
	for _, id := range []int64{1, 2} {
		require.NoError(t, store.GiveUpUpdate(t.Context(), bot, id, "panic", true))
	}
	open, err := store.OpenUpdatesNaming(t.Context(), 5, time.Now().Add(time.Hour))
	require.NoError(t, err)
	require.Len(t, open, 1)
	forget(t, store)
	require.Equal(t, 2, count(t, store, `SELECT count(*) FROM updates WHERE payload IS NOT NULL`), "another person's, and one that is not handled yet")
}

func TestOfferingToForgetIsOneMessageAtATime(t *testing.T) {
	t.Parallel()
	store := open(t)
	require.NoError(t, store.OfferForgetting(t.Context(), 5, 1))
	require.NoError(t, store.MakeSure(t.Context(), 5, 1))
	require.NoError(t, store.OfferForgetting(t.Context(), 5, 2))
	require.NoError(t, store.MakeSure(t.Context(), 5, 1))
	f, err := store.Forgetting(t.Context(), 5)
	require.NoError(t, err)
	require.Equal(t, int64(2), f.MessageID)
	require.False(t, f.Sure, "the button of the message before does not count")
	asked, err := store.Forgettings(t.Context())
	require.NoError(t, err)
	require.Empty(t, asked)
}

// The operator forgets a person beside the service, which forgets them too, while their tickets are looked at.
func TestSeveralForgetAPersonAtOnce(t *testing.T) {
	t.Parallel()
	store := open(t)
	exec(t, store, `INSERT INTO tickets (telegram_ref, bot_id, chat_id, sender_id, sender_name, request, state)
		SELECT 'r' || n, $1, -7, 5, 'Alice', '{"title":"words"}', 'created' FROM generate_series(1, 1500) n ORDER BY random()`, bot)
	exec(t, store, `INSERT INTO additions (ref, ticket, kind, content, sender_id, sender_name, message_id)
		SELECT 'a' || id, id, 'text', '{}', 5, 'Alice', id FROM tickets ORDER BY random()`)
	exec(t, store, `INSERT INTO notices (ticket, key, kind, content) SELECT id, 'k', 'reply', '{}' FROM tickets ORDER BY random()`)
	exec(t, store, `UPDATE tickets SET detail = 'x' WHERE id % 3 = 0`)
	require.NoError(t, store.AskForgetting(t.Context(), 5, nil))
	f, err := store.Forgetting(t.Context(), 5)
	require.NoError(t, err)
	done := make(chan error)
	for range 2 {
		go func() { _, err := store.Forget(context.Background(), f); done <- err }()
	}
	for range 2 {
		require.NoError(t, <-done)
	}
	require.Zero(t, count(t, store, `SELECT count(*) FROM tickets WHERE forgotten <> 'done'`))
}
