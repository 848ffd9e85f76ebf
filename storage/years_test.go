package storage_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
)

// years is a database after long use, on the morning after an outage: of many finished tickets there are as many as finished
// says, and each kind of work that may be due is due of as many as open says.
type years struct {
	store          *storage.Store
	process        *storage.Process
	finished, open int
}

// Who and where everything is from. Chats are negative, as groups are.
const (
	yearsChats  = 200
	yearsPeople = 5000
	busyChat    = -1_000_001 // has half of everything that is open
	busyPerson  = 1
)

// newYears fills a database, which takes about a minute for a million tickets.
func newYears(tb testing.TB, store *storage.Store, finished, open int) *years {
	tb.Helper()
	for _, fill := range fillYears {
		_, err := store.Pool().Exec(tb.Context(), fmt.Sprintf(`SET statement_timeout = 0; SET synchronous_commit = off; SELECT
			set_config('years.finished', '%d', false), set_config('years.open', '%d', false); SET session_replication_role = replica;
			%s; SET session_replication_role = DEFAULT`, finished, open, fill))
		require.NoError(tb, err, fill)
	}
	process, err := store.Register(tb.Context(), nil, storage.InHand{})
	require.NoError(tb, err)
	tb.Cleanup(process.Close)
	return &years{store: store, process: process, finished: finished, open: open}
}

// fillYears are the tables with their rows. The numbers of tickets are those of generate_series: first the finished ones.
var fillYears = []string{
	`INSERT INTO tickets (telegram_ref, bot_id, chat_id, thread_id, message_id, sender_id, sender_name, created_at, request, state,
		attempts, due_at, ticket_id, album, status, seen_at, view, changed_at, every, version, told, card_chat_id, card_id, team)
	 SELECT '42/' || n, 42, -1000000 - n % 200, n % 3, n, 1 + n % 5000, 'Person ' || n % 5000, at,
		json_build_object('title', 'Ticket ' || n, 'description', repeat('what people wrote ', 20)), 'created',
		1, CASE WHEN n % 50 = 0 THEN now() + interval '10 minutes' END, 'tk_' || n, CASE WHEN n % 20 = 0 THEN 'album' || n ELSE '' END,
		'closed', at, json_build_object('title', 'Ticket ' || n, 'status', 'closed', 'priority', 'medium'), at, 3600, 3, 3,
		-1000000 - n % 200, n + 1, ''
	 FROM (SELECT n, now() - interval '300 days' * (1 - n::float8 / current_setting('years.finished')::int) - interval '1 day' AS at
		FROM generate_series(1, current_setting('years.finished')::int) n) f`,
	`INSERT INTO tickets (telegram_ref, bot_id, chat_id, thread_id, message_id, sender_id, sender_name, created_at, request, state,
		reason, attempts, due_at, ticket_id, status, seen_at, view, changed_at, every, version, told, tell_at, card_chat_id, card_id,
		team, feed_version, feed_at)
	 SELECT '42/open/' || n, 42, CASE n % 2 WHEN 0 THEN -1000001 ELSE -1000000 - n % 200 END, n % 3, n, 1 + n % 5000, 'Person ' || n % 5000,
		now() - interval '2 days', json_build_object('title', 'Open ' || n, 'description', repeat('what people wrote ', 20)),
		CASE WHEN n % 5 < 2 THEN 'waiting' WHEN n % 500 = 2 THEN 'unconfirmed' ELSE 'created' END,
		CASE WHEN n % 5 < 2 THEN 'setup' ELSE '' END, 1, now() - interval '1 second' * n,
		CASE WHEN n % 5 < 2 OR n % 500 = 2 THEN '' ELSE 'tk_open_' || n END, 'open', now() - interval '1 day',
		json_build_object('title', 'Open ' || n, 'status', 'open', 'priority', 'medium'),
		now() - interval '10 seconds' * n, 1800, 3, 2, now() - interval '1 second' * n, 0, 0, '', 2, now() - interval '1 second' * n
	 FROM generate_series(1, current_setting('years.open')::int) n`,
	`INSERT INTO followers (ticket, person_id, name) SELECT id, sender_id, sender_name FROM tickets`,
	`INSERT INTO followers (ticket, person_id, name) SELECT id, sender_id % 5000 + 1, '' FROM tickets WHERE id % 3 = 0 ON CONFLICT DO NOTHING`,
	`INSERT INTO posts (chat_id, message_id, ticket, ticket_id) SELECT chat_id, id * 2, id, ticket_id FROM tickets`,
	`INSERT INTO notices (ticket, key, kind, content, told_at)
	 SELECT id, 'reply:1', 'reply', '{"text": "an answer of an agent"}', CASE WHEN status = 'closed' THEN now() END FROM tickets`,
	`INSERT INTO additions (ref, ticket, kind, content, done_at, feed)
	 SELECT 'a' || id, id, 'text', '{"Text": "more words"}', CASE WHEN status = 'closed' THEN now() END, CASE WHEN status = 'closed' THEN 'told' ELSE 'due' END
	 FROM tickets WHERE id % 2 = 0`,
	`INSERT INTO files (ticket, message_id, file, state, entered, due_at)
	 SELECT id, id, '{}', CASE WHEN status = 'closed' THEN 'uploaded' ELSE 'waiting' END, status = 'closed', now() - id * interval '1 second' FROM tickets WHERE id % 5 = 0`,
	`INSERT INTO questions (bot_id, chat_id, asked_id, sender_id, message_id, answered_at)
	 SELECT bot_id, chat_id, id, sender_id, id, now() FROM tickets WHERE id % 5 = 1`,
	`INSERT INTO updates (bot_id, update_id, chat_id, done_at) SELECT bot_id, id, chat_id, created_at FROM tickets WHERE id % 5 = 2`,
	`INSERT INTO updates (bot_id, update_id, chat_id, payload)
	 SELECT 42, 100000000 + n, -1000000 - n % 200, '{}' FROM generate_series(1, current_setting('years.open')::int) n`,
	`INSERT INTO album_parts (bot_id, chat_id, album, message_id, file) SELECT 42, chat_id, album, id, '{}' FROM tickets WHERE album <> ''`,
	`INSERT INTO private_notices (notice, person_id, bot_id, due_at) SELECT id, 1, 42, now() - id * interval '1 second' FROM notices WHERE told_at IS NULL`,
	`INSERT INTO connections (bot_id, chat_id, state) SELECT DISTINCT bot_id, chat_id, 'connected' FROM tickets`,
	`INSERT INTO uses (bot_id, person_id, chat_id) SELECT DISTINCT bot_id, sender_id, chat_id FROM tickets`,
	`INSERT INTO place_names (bot_id, chat_id, thread_id, name) SELECT bot_id, chat_id, 0, title FROM connections`,
	`ANALYZE`,
}

// errand is something that people wait for, or that the bot does all the time.
type errand struct {
	name string
	most int // rows that a statement of it may read
	run  func(ctx context.Context, y *years, n int) error
}

// errands are all of them. n is another number at each call.
var errands = []errand{
	{"journal an update", 50, func(ctx context.Context, y *years, n int) error {
		_, err := y.store.Journal(ctx, bot, y.process.Number, []storage.Update{{ID: int64(n), ChatID: busyChat, Payload: []byte(`{}`), Mine: true}})
		return err
	}},
	{"a ticket, from its message to its card", 50, func(ctx context.Context, y *years, n int) error {
		t, err := y.store.OpenTicket(ctx, y.newTicket(n), y.process.Number, int64(n))
		if err != nil {
			return err
		}
		created := storage.Outcome{State: storage.StateCreated, TicketID: fmt.Sprint("tk_new_", n), Due: time.Hour}
		if t, err = y.store.RecordOutcome(ctx, t.ID, t.Attempts, created, y.process.Number); err != nil {
			return err
		}
		_, err = y.store.RecordTold(ctx, t, busyChat, int64(5_000_000+n), y.process.Number)
		return err
	}},
	{"a part of an album", 50, func(ctx context.Context, y *years, n int) error {
		_, err := y.store.AddAlbumPart(ctx, bot, busyChat, fmt.Sprint("new", n), 1, 0, []byte(`{}`), time.Second)
		return err
	}},
	{"a ticket with an album", 50, func(ctx context.Context, y *years, n int) error {
		t := y.newTicket(n)
		t.Album, t.Files = "album", []storage.File{{MessageID: 1, File: []byte(`{}`)}}
		_, err := y.store.OpenTicket(ctx, t, y.process.Number, int64(n))
		return err
	}},
	{"words that are added", 50, func(ctx context.Context, y *years, n int) error {
		add := storage.Addition{Ref: fmt.Sprint("new", n), Ticket: y.created(n), Kind: storage.AddText, Content: []byte(`{}`)}
		return y.store.Add(ctx, add, []storage.File{{MessageID: 1, Origin: "m", File: []byte(`{}`)}}, bot, int64(n))
	}},
	{"Refresh", 50, func(ctx context.Context, y *years, n int) error { return y.store.LookNow(ctx, y.created(n)) }},
	{"a nudge that names tickets", 200, func(ctx context.Context, y *years, n int) error {
		meant, err := y.store.MeantByNumber(ctx, []string{fmt.Sprint("tk_", 1+n%1000), "tk_open_3", "tk_none", "5"})
		if err != nil {
			return err
		}
		return y.store.Nudge(ctx, meant)
	}},
	{"a nudge that names a chat", 2000, func(ctx context.Context, y *years, _ int) error {
		_, err := y.store.MeantByChat(ctx, []string{fmt.Sprint(busyChat), "5"}, 20)
		return err
	}},
	{"a nudge that names nothing", 200, func(ctx context.Context, y *years, _ int) error {
		_, err := y.store.LastActive(ctx, 5)
		return err
	}},
	{"what somebody can add to", 2000, func(ctx context.Context, y *years, _ int) error {
		_, err := y.store.UnfinishedOf(ctx, busyPerson, 50)
		return err
	}},
	{"the list of all, finished too", 2000, listOf(storage.Selection{Finished: true})},
	{"the list of a person", 2000, listOf(storage.Selection{Person: busyPerson})},
	{"the list of a person, in their chats", 2000, listOf(storage.Selection{Person: busyPerson, Chats: []int64{busyChat, -1_000_002}})},
	{"the list of a person, finished too", 2000, listOf(storage.Selection{Person: busyPerson, Finished: true})},
	{"the list of a chat", 2000, listOf(storage.Selection{Chats: []int64{busyChat}})},
	{"the list of a topic", 2000, listOf(storage.Selection{Chats: []int64{busyChat}, Thread: 1})},
	{"the list of a chat, finished too", 2000, listOf(storage.Selection{Chats: []int64{busyChat}, Finished: true})},
	{"the chats of a person", 2000, func(ctx context.Context, y *years, _ int) error {
		_, err := y.store.ListChats(ctx, storage.Selection{Person: busyPerson}, 20)
		return err
	}},
	{"the end of a number", 2000, func(ctx context.Context, y *years, n int) error {
		_, err := y.store.ListEnding(ctx, storage.Selection{Chats: []int64{busyChat}, Finished: true}, fmt.Sprint(100+n%900), 5)
		return err
	}},
	{"/status of one ticket", 50, func(ctx context.Context, y *years, n int) error {
		t, err := y.store.TicketsByNumber(ctx, fmt.Sprint("tk_", 1+n%1000))
		if err == nil && len(t) > 0 {
			err = y.store.Seen(ctx, t[0].ID, t[0].Status)
		}
		return err
	}},
	{"the queue of staff", 1000, func(ctx context.Context, y *years, _ int) error {
		_, _, err := y.store.Queue(ctx, 0, 10)
		return err
	}},
	{"a reply to a card", 50, func(ctx context.Context, y *years, n int) error {
		_, err := y.store.PostAt(ctx, -1000000-int64(1+n%1000)%200, int64(1+n%1000)*2)
		return found(err)
	}},
	{"a question about a ticket", 500, func(ctx context.Context, y *years, n int) error {
		_, err := y.store.QuestionAbout(ctx, bot, busyChat, busyPerson, y.created(n))
		return found(err)
	}},
	{"do words answer a question", 500, func(ctx context.Context, y *years, n int) error {
		words := storage.Words{ChatID: busyChat, SenderID: busyPerson, MessageID: int64(y.finished + n)}
		if _, err := y.store.Stands(ctx, []storage.Words{words, words}); err != nil {
			return err
		}
		_, err := y.store.StandingQuestion(ctx, words)
		return found(err)
	}},
	{"a reply to a question", 500, func(ctx context.Context, y *years, n int) error {
		_, err := y.store.QuestionFor(ctx, bot, busyChat, busyPerson, 5, true)
		return found(err)
	}},
	{"who is known in private", 2000, func(ctx context.Context, y *years, n int) error {
		_, err := y.store.UsedIn(ctx, bot, busyPerson, 20)
		return err
	}},
	{"who is known by their tickets", 2000, func(ctx context.Context, y *years, n int) error {
		_, err := y.store.TicketsIn(ctx, bot, int64(1+n%yearsPeople), 20)
		return err
	}},
	{"places and connections", yearsChats, func(ctx context.Context, y *years, n int) error {
		if _, err := y.store.Places(ctx, bot, busyChat); err != nil {
			return err
		}
		_, err := y.store.Connections(ctx, bot, []int64{busyChat})
		return err
	}},
	{"a file that has arrived", 50, func(ctx context.Context, y *years, n int) error {
		files, err := y.store.Files(ctx, y.created(n))
		if err == nil && len(files) > 0 {
			err = y.store.FinishFile(ctx, files[0].ID, storage.FileUploaded, "u", "")
		}
		return err
	}},

	{"take updates", 100, func(ctx context.Context, y *years, _ int) error {
		_, err := y.store.ClaimUpdates(ctx, bot, y.process.Number, 16, []int64{1})
		return err
	}},
	{"is a ticket waiting", 50, func(ctx context.Context, y *years, _ int) error {
		_, err := y.store.AnyWaiting(ctx, false)
		return err
	}},
	{"take a waiting ticket", 50, func(ctx context.Context, y *years, _ int) error {
		_, err := y.store.ClaimWaiting(ctx, y.process.Number)
		return found(err)
	}},
	{"take a ticket to probe with", 50, func(ctx context.Context, y *years, n int) error {
		_, err := y.store.ClaimProbe(ctx, y.process.Number, int64(y.finished+n))
		return found(err)
	}},
	{"look: urgent", 200, looksIn(storage.LooksUrgent)},
	{"look: who waits longest", 200, looksIn(storage.LooksLongest)},
	{"look: newest changes", 200, looksIn(storage.LooksNewest)},
	{"scheduled looks", 1000, func(ctx context.Context, y *years, _ int) error {
		tickets, err := y.store.ScheduledLooks(ctx, storage.Scheduled{}, 500)
		if err != nil || len(tickets) < 2 {
			return err
		}
		if _, err = y.store.ScheduledLooks(ctx, tickets[len(tickets)/2], 500); err != nil {
			return err
		}
		return y.store.HastenLooks(ctx, []int64{tickets[0].ID}, []float64{1})
	}},
	{"take tickets to tell", 200, func(ctx context.Context, y *years, _ int) error {
		_, err := y.store.ClaimTellings(ctx, y.process.Number, 16, []int64{1})
		return err
	}},
	{"next for the feed", 50, func(ctx context.Context, y *years, _ int) error {
		_, _, err := y.store.NextFed(ctx, storage.FeedShare{Rest: true, Chat: 1, Chats: []int64{1}})
		return found(err)
	}},
	{"private notices", 100, func(ctx context.Context, y *years, _ int) error {
		_, err := y.store.PrivateNotices(ctx, 10)
		return err
	}},
	{"take files", 200, func(ctx context.Context, y *years, _ int) error {
		_, err := y.store.ClaimFiles(ctx, y.process.Number, 8)
		return err
	}},
	{"a chat that can be written to again", 100, func(ctx context.Context, y *years, _ int) error { return y.store.RegainChat(ctx, busyChat) }},
	{"take over from the dead", 2000, func(ctx context.Context, y *years, _ int) error {
		_, err := y.store.TakeOver(ctx, true)
		return err
	}},
	{"what is in hand", 2000, func(ctx context.Context, y *years, _ int) error {
		_, err := y.store.Owned(ctx, y.process.Number)
		return err
	}},
	{"metrics", 0, func(ctx context.Context, y *years, _ int) error {
		_, err := y.store.Counts(ctx)
		return err
	}},
}

func listOf(which storage.Selection) func(ctx context.Context, y *years, n int) error {
	return func(ctx context.Context, y *years, _ int) error {
		_, _, err := y.store.List(ctx, which, 10, 10)
		return err
	}
}

// looksIn takes looks in an order and records what one of them came to.
func looksIn(order storage.LookOrder) func(ctx context.Context, y *years, n int) error {
	return func(ctx context.Context, y *years, n int) error {
		tickets, err := y.store.ClaimLooks(ctx, y.process.Number, 16, order)
		if err != nil || len(tickets) == 0 {
			return err
		}
		look := storage.Look{Status: "open", View: tickets[0].View, Shown: true, Every: time.Hour}
		for i := range 10 {
			look.Notices = append(look.Notices, reply(fmt.Sprint(i), "an answer of an agent"))
		}
		_, err = y.store.RecordLook(ctx, tickets[0].ID, look, y.process.Number)
		return err
	}
}

// newTicket is one that is asked for in the busy chat.
func (y *years) newTicket(n int) storage.NewTicket {
	return storage.NewTicket{
		Ref: fmt.Sprint("new/", n), BotID: bot, ChatID: busyChat, MessageID: int64(n), SenderID: int64(1 + n%yearsPeople), Request: []byte(`{}`),
		State: storage.StateSending, Followers: []storage.Person{{ID: busyPerson}}, PerMinute: 1_000_000,
	}
}

// created is one of the open tickets that LiveDesk has.
func (y *years) created(n int) int64 {
	return int64(y.finished + 5*(n%max(1, y.open/5-1)) + 3)
}

// found is an error that does not say that there is none.
func found(err error) error {
	if err != nil && errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	return err
}
