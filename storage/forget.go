package storage

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// To forget a person is to remove what is stored about them while their tickets go on. Their tickets keep number, place and state;
// docs/data.md says what becomes of each table. It is done beside processes that work on the same rows, so the order is: mark, then
// clear. A row's mark stands in its column forgotten:
//
//	tickets    due   it loses its text, its person and what hangs on it once it is created, refused or left
//	           done  what hung on it is cleared
//	additions  true  it loses its content once it is done and the feed has told it
//	files      true  it loses its name and address once it is in the ticket, or dropped
//
// Triggers of these tables, made by the migration that made the columns, keep a marked row empty whoever writes it: a look, an edit
// or an outcome that was begun before, also by a version that knows nothing of this. They drop agents' replies to a marked ticket.
//
// A person's row in forgettings stands while it is offered, asked for or under way. Rows stand for work: any process goes on with one
// after a crash, and clears again what messages from before, handled meanwhile, have brought back.

// Removed is how many rows of a table were removed or cleared.
type Removed struct {
	Table string
	Rows  int64
}

// Forgetting is what is under way about a person.
type Forgetting struct {
	PersonID  int64
	MessageID int64 // the bot's message whose button asks for it; 0: none
	Sure      bool  // the button was pressed once
	ShownAt   time.Time
	AskedAt   *time.Time // what was stored before is forgotten; nil: it is not asked for
	Refs      []string   // what from before was being handled then: messages as telegram_ref, presses as what they make is named
}

// OfferForgetting stores that a message of the bot offers a person to be forgotten. One that offered it before does so no more.
func (s *Store) OfferForgetting(ctx context.Context, person, message int64) error {
	_, err := s.pool.Exec(ctx, `
		INSERT INTO forgettings (bot_id, person_id, message_id) VALUES ($1, $2, $3)
		ON CONFLICT (bot_id, person_id) DO UPDATE SET message_id = excluded.message_id, sure = false, shown_at = now()
		WHERE forgettings.asked_at IS NULL`, s.bot, person, message)
	if err != nil {
		return fmt.Errorf("offer to forget a person: %w", err)
	}
	return nil
}

// Forgetting returns what is under way about a person. ErrNotFound: nothing is.
func (s *Store) Forgetting(ctx context.Context, person int64) (Forgetting, error) {
	f, err := row[Forgetting](ctx, s.pool, `
		SELECT person_id, message_id, sure, shown_at, asked_at, refs FROM forgettings WHERE bot_id = $1 AND person_id = $2`, s.bot, person)
	if err != nil {
		return Forgetting{}, fmt.Errorf("forgetting of a person: %w", err)
	}
	return f, nil
}

// MakeSure stores that the button of an offer was pressed once.
func (s *Store) MakeSure(ctx context.Context, person, message int64) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE forgettings SET sure = true WHERE bot_id = $1 AND person_id = $2 AND message_id = $3`, s.bot, person, message)
	if err != nil {
		return fmt.Errorf("make sure to forget a person: %w", err)
	}
	return nil
}

// AskForgetting stores that a person is to be forgotten, with what was stored until now. refs are messages and presses of theirs that
// are still being handled; what a press may be making of an offer at this moment is added. Asked again, it stays as it was.
func (s *Store) AskForgetting(ctx context.Context, person int64, refs []string) error {
	_, err := s.pool.Exec(ctx, `
		INSERT INTO forgettings (bot_id, person_id, asked_at, refs)
		SELECT $1, $2, now(), $3 || ARRAY(
			SELECT bot_id || '/' || chat_id || '/' || message FROM offers, unnest(message_ids) AS message
			WHERE bot_id = $1 AND person_id = $2 AND ended_at IS NULL)
		ON CONFLICT (bot_id, person_id) DO UPDATE SET asked_at = now(), refs = excluded.refs
		WHERE forgettings.asked_at IS NULL`, s.bot, person, notNil(refs))
	if err != nil {
		return fmt.Errorf("ask to forget a person: %w", err)
	}
	return nil
}

// Forgettings returns those that are asked for.
func (s *Store) Forgettings(ctx context.Context) ([]Forgetting, error) {
	asked, err := many[Forgetting](ctx, s.pool, `
		SELECT person_id, message_id, sure, shown_at, asked_at, refs FROM forgettings
		WHERE bot_id = $1 AND asked_at IS NOT NULL ORDER BY asked_at`, s.bot)
	if err != nil {
		return nil, fmt.Errorf("look for people to forget: %w", err)
	}
	return asked, nil
}

// EndForgetting removes the row of a person who is forgotten, and reports whether it did: not while Forget has
// left something for later.
func (s *Store) EndForgetting(ctx context.Context, f Forgetting) (ended bool, err error) {
	tag, err := s.pool.Exec(ctx, `
		DELETE FROM forgettings WHERE bot_id = @bot_id AND person_id = @person AND NOT EXISTS (`+followedBefore+`)`,
		named{"bot_id": s.bot, "person": f.PersonID, "asked": f.AskedAt, "refs": notNil(f.Refs)})
	if err != nil {
		return false, fmt.Errorf("end the forgetting of a person: %w", err)
	}
	return tag.RowsAffected() > 0, nil
}

// names is true of a row of updates that holds the id of a person. The escapes leave digits and quotes as they are.
func names(person string) string {
	return `encode(payload, 'escape') ~ ('"id": *' || ` + person + `::bigint || '[^0-9]')`
}

// OpenUpdatesNaming returns the updates received until a time that are not handled yet and name a person.
func (s *Store) OpenUpdatesNaming(ctx context.Context, person int64, until time.Time) ([]Update, error) {
	updates, err := many[Update](ctx, s.pool, `
		SELECT update_id, chat_id, payload FROM updates
		WHERE bot_id = $1 AND done_at IS NULL AND owner IS NULL AND received_at <= $3 AND `+names(`$2`)+`
		UNION ALL
		SELECT update_id, chat_id, payload FROM updates
		WHERE bot_id = $1 AND done_at IS NULL AND owner IS NOT NULL AND received_at <= $3 AND `+names(`$2`), s.bot, person, until)
	if err != nil {
		return nil, fmt.Errorf("updates of a person: %w", err)
	}
	return updates, nil
}

// Served reports whether a process lives that may serve the bot.
func (s *Store) Served(ctx context.Context) (bool, error) {
	served, err := one[bool](ctx, s.pool, `SELECT EXISTS (SELECT FROM processes p WHERE bot_id IN ($2, 0) AND `+lives+`)`, processLock, s.bot)
	if err != nil {
		return false, fmt.Errorf("look for processes: %w", err)
	}
	return served, nil
}

// forgetStep is how many rows one statement forgets or removes: few enough that nobody has to wait for it.
const forgetStep = 500

// Forget removes what is stored about a person, as far as it was stored before they asked, in small steps, and returns how much of
// what that was. What is removed already is not counted again, and after an error it may be called again.
func (s *Store) Forget(ctx context.Context, f Forgetting) ([]Removed, error) {
	known, err := list[string](ctx, s.pool, `
		SELECT sender_name FROM tickets WHERE sender_id = $1 AND bot_id = $2
		UNION SELECT name FROM followers WHERE person_id = $1`, f.PersonID, s.bot)
	if err != nil {
		return nil, fmt.Errorf("forget a person: %w", err)
	}
	args := pgx.NamedArgs{
		"bot_id": s.bot, "person": f.PersonID, "asked": f.AskedAt, "refs": notNil(f.Refs), "names": notNil(known), "step": forgetStep,
	}
	total := map[string]int64{}
	for _, step := range forgetSteps {
		rows, err := s.repeat(ctx, step.sql, args)
		total[step.table] += rows
		if err != nil {
			return listed(total), fmt.Errorf("forget a person in %s: %w", step.table, err)
		}
	}
	err = s.clearForgotten(ctx, total)
	return listed(total), err
}

// repeat runs a statement that touches at most forgetStep rows until it touches fewer, and returns how many that were in all.
func (s *Store) repeat(ctx context.Context, sql string, args pgx.NamedArgs) (all int64, err error) {
	for {
		var rows int64
		err := throughDeadlocks(func() error {
			tag, err := s.pool.Exec(ctx, sql, args)
			rows = tag.RowsAffected()
			return err
		})
		all += rows
		if err != nil || rows < forgetStep {
			return all, err
		}
	}
}

// throughDeadlocks does a step again that Postgres has undone as the victim of a deadlock: others forget, look and write beside it,
// in orders of their own.
func throughDeadlocks(step func() error) error {
	const deadlock = "40P01"
	for {
		var state *pgconn.PgError
		if err := step(); !errors.As(err, &state) || state.Code != deadlock {
			return err
		}
	}
}

// decided is true of a row of tickets whose text is not needed any more to send it.
const decided = `state IN ('created', 'refused', 'left')`

// before is true of a row t of tickets that is from before the person asked.
const before = `(t.created_at <= @asked OR t.telegram_ref = ANY (@refs::text[]))`

// followedBefore are tickets that the person follows. One that settles comes later: its request, which may name the person, is about to
// be written as somebody has read it.
const (
	followedBefore = `
	SELECT f.ticket FROM followers f JOIN tickets t ON t.id = f.ticket
	WHERE f.person_id = @person AND t.bot_id = @bot_id AND ` + before
	settles = `(t.forgotten = '' AND (t.state = 'sending'
		OR EXISTS (SELECT FROM additions a WHERE a.ticket = t.id AND a.kind = 'edit' AND a.done_at IS NULL)))`
)

// namesFollower is true of a row of tickets whose request has a person among the followers of its channel contact.
func namesFollower(person string) string {
	return `request::jsonb @> jsonb_build_object('requester', jsonb_build_object('channel_contacts',
		jsonb_build_object('followers', jsonb_build_array(jsonb_build_object('id', ` + person + `::text)))))`
}

// withoutFollower is the request of such a row without that person.
func withoutFollower(person string) string {
	const followers = `'{requester,channel_contacts,followers}'`
	return `jsonb_set(request::jsonb, ` + followers + `, jsonb_path_query_array(request::jsonb,
		'$.requester.channel_contacts.followers[*] ? (@.id != $person)', jsonb_build_object('person', ` + person + `::text)))::json`
}

// forgetSteps forget a person, each in one table. What names the person comes last, since the steps before find rows by it.
var forgetSteps = []struct{ table, sql string }{
	{"updates", `
		UPDATE updates SET payload = NULL
		WHERE (bot_id, update_id) IN (
			SELECT bot_id, update_id FROM updates
			WHERE bot_id = @bot_id AND done_at IS NOT NULL AND payload IS NOT NULL AND ` + names("@person") + `
			LIMIT @step)`},
	// What they added, wherever. Rows of versions that did not store who did are told by the name.
	{"additions", `
		WITH theirs AS (
			SELECT a.id, a.ticket, a.content->>'Origin' AS origin, 'addition:' || coalesce(a.content->>'Origin', a.ref) AS key,
				a.done_at < 'infinity' AND a.ref LIKE @bot_id::bigint || '/' || @person::bigint || '/%' AS private
			FROM additions a JOIN tickets t ON t.id = a.ticket
			WHERE (a.sender_id = @person AND a.sender_id <> 0
					OR a.sender_id = 0 AND a.sender_name <> '' AND a.sender_name = ANY (@names::text[]))
				AND NOT a.forgotten AND t.bot_id = @bot_id AND (a.created_at <= @asked OR a.ref = ANY (@refs::text[]))
			ORDER BY a.id
			LIMIT @step),
		carried AS (
			UPDATE files f SET forgotten = true,
				origin = CASE WHEN theirs.private AND (f.entered OR f.state = 'dropped') THEN 'forgotten/' || f.id ELSE f.origin END
			FROM theirs
			WHERE f.ticket = theirs.ticket AND f.origin = theirs.origin AND f.origin <> ''
			RETURNING f.id, f.ticket),
		named AS (
			UPDATE notices n SET content = (
				n.content::jsonb - 'name' - CASE WHEN n.told_at IS NOT NULL THEN ARRAY['chat', 'message'] ELSE '{}' END)::json
			FROM carried
			WHERE n.ticket = carried.ticket AND n.key = 'file:' || carried.id),
		-- What was said in their private chat is named by its number, which is theirs.
		answered AS (
			UPDATE notices n SET key = 'forgotten:' || n.id, content = (n.content::jsonb - 'chat' - 'message')::json FROM theirs
			WHERE n.ticket = theirs.ticket AND n.key = theirs.key AND theirs.private AND n.told_at IS NOT NULL)
		UPDATE additions a SET forgotten = true, ref = CASE WHEN theirs.private THEN 'forgotten/' || a.id ELSE ref END
		FROM theirs WHERE a.id = theirs.id`},
	{"tickets", `
		UPDATE tickets SET forgotten = 'due'
		WHERE id IN (
			SELECT id FROM tickets t
			WHERE t.sender_id = @person AND t.bot_id = @bot_id AND t.forgotten = '' AND ` + before + `
			ORDER BY id
			LIMIT @step
			FOR UPDATE)`},
	// Whom others have mentioned stands in their requests too.
	{"tickets", `
		UPDATE tickets SET request = ` + withoutFollower("@person") + `
		WHERE id IN (
			SELECT id FROM tickets t
			WHERE forgotten = '' AND NOT ` + settles + ` AND id IN (` + followedBefore + `) AND ` + namesFollower("@person") + `
			ORDER BY id
			LIMIT @step
			FOR UPDATE)`},
	{"followers", `
		DELETE FROM followers WHERE person_id = @person AND ticket IN (` + followedBefore + ` AND NOT ` + settles + ` LIMIT @step)`},
	{"private_notices", remove("private_notices", `bot_id = @bot_id AND person_id = @person`)},
	{"feed_answers", remove("feed_answers", `person_id = @person AND ticket IN (SELECT id FROM tickets WHERE bot_id = @bot_id)`)},
	{"uses", remove("uses", `bot_id = @bot_id AND person_id = @person`)},
	{"hints", remove("hints", `bot_id = @bot_id AND about = @person`)},
	{"questions", remove("questions", `bot_id = @bot_id AND sender_id = @person
		AND (asked_at <= @asked OR bot_id || '/' || chat_id || '/' || asked_id = ANY (@refs::text[]))`)},
	{"offers", remove("offers", `bot_id = @bot_id AND person_id = @person
		AND (made_at <= @asked OR bot_id || '/' || chat_id || '/' || message_id = ANY (@refs::text[]))`)},
	{"album_parts", remove("album_parts", `bot_id = @bot_id AND (sender_id = @person OR chat_id = @person)
		AND (seen_at <= @asked OR bot_id || '/' || chat_id || '/' || message_id = ANY (@refs::text[]))`)},
	// Their private chat. Of tickets that were asked for there, the card and replies to it go on.
	{"posts", remove("posts", `chat_id = @person AND (ticket IS NULL
		OR EXISTS (SELECT FROM tickets t WHERE t.id = posts.ticket AND t.bot_id = @bot_id AND t.chat_id <> @person))`)},
	{"places", remove("places", `bot_id = @bot_id AND chat_id = @person AND changed_at <= @asked`)},
	{"place_names", remove("place_names", `bot_id = @bot_id AND chat_id = @person`)},
	{"connections", remove("connections", `bot_id = @bot_id AND chat_id = @person AND named = ''`)},
	{"chats", remove("chats", `chat_id = @person`)},
}

// remove deletes up to @step rows of a table.
func remove(table, where string) string {
	return fmt.Sprintf(`DELETE FROM %[1]s WHERE ctid = ANY (ARRAY(SELECT ctid FROM %[1]s WHERE %[2]s LIMIT @step))`, table, where)
}

const toClear = `SELECT id FROM tickets WHERE bot_id = @bot_id AND forgotten = 'due' AND ` + decided + ` ORDER BY id LIMIT @step FOR UPDATE`

// ClearForgotten clears what hangs on tickets that are marked and decided, and returns how much that was. Those that are not decided
// yet keep everything until they are.
func (s *Store) ClearForgotten(ctx context.Context) ([]Removed, error) {
	total := map[string]int64{}
	err := s.clearForgotten(ctx, total)
	return listed(total), err
}

func (s *Store) clearForgotten(ctx context.Context, total map[string]int64) error {
	for {
		var ids []int64
		err := throughDeadlocks(func() (err error) {
			// Waits for whoever writes something that hangs on one of them and may not have seen the mark.
			ids, err = list[int64](ctx, s.pool, toClear, named{"bot_id": s.bot, "step": forgetStep})
			if err == nil && len(ids) > 0 {
				err = s.clear(ctx, ids, total)
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("clear forgotten tickets: %w", err)
		}
		if len(ids) < forgetStep {
			return nil
		}
	}
}

// clear clears what hangs on tickets, in the order in which a look locks it.
func (s *Store) clear(ctx context.Context, tickets []int64, total map[string]int64) error {
	const relayed = `notices WHERE ticket = ANY ($1) AND kind NOT IN ('status', 'answer', 'unconfirmed')`
	batch, cleared := &pgx.Batch{}, map[string]int64{}
	for _, step := range []struct{ table, sql string }{
		{"private_notices", `DELETE FROM private_notices WHERE notice IN (SELECT id FROM ` + relayed + `)`},
		{"notices", `DELETE FROM ` + relayed},
		{"notices", `UPDATE notices SET content = content WHERE ticket = ANY ($1) AND content->>'name' <> ''`}, // the trigger removes it
		{"additions", `UPDATE additions SET forgotten = true WHERE ticket = ANY ($1) AND NOT forgotten`},
		{"files", `UPDATE files SET forgotten = true WHERE ticket = ANY ($1) AND NOT forgotten`},
		{"tickets", `UPDATE tickets SET forgotten = 'done' WHERE id = ANY ($1) AND forgotten = 'due'`},
	} {
		batch.Queue(step.sql, tickets).Exec(func(tag pgconn.CommandTag) error {
			if step.table != "tickets" { // they were counted when they were marked
				cleared[step.table] += tag.RowsAffected()
			}
			return nil
		})
	}
	if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
		return err
	}
	for table, rows := range cleared {
		total[table] += rows
	}
	return nil
}

func listed(total map[string]int64) (all []Removed) {
	for _, table := range slices.Sorted(maps.Keys(total)) {
		all = append(all, Removed{table, total[table]})
	}
	return all
}
