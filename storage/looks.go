package storage

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Look is what a look at a ticket came to.
type Look struct {
	Status    string
	Team      string // lower case
	View      []byte // JSON of what the card is to show
	Shown     bool   // the card shows it already
	Notices   []Notice
	Changed   bool          // something happened, so the ticket is active
	Every     time.Duration // until the next look; negative: none
	Additions []int64       // done
	Failed    []int64       // additions given up
	Files     []int64       // entered
	Request   []byte        // the create request after an edit; nil: as it was
	Asked     []Addition    // by the look itself
}

// lookable is true of a ticket that LiveDesk can be asked about. No other one is ever due for a look.
const lookable = `state = 'created' AND ticket_id <> ''`

// toLook is true of a ticket that is due for a look.
const toLook = lookable + ` AND owner IS NULL AND due_at <= now()`

// LookOrder is which looks are claimed first. What people wait for comes before everything else in each.
type LookOrder int

// The orders of looks. In turns they bring newest activity soon and make nobody wait for ever.
const (
	LooksUrgent  LookOrder = iota // nothing but what people wait for
	LooksLongest                  // who waits longest
	LooksNewest                   // of which LiveDesk is said to have news, then where something changed last
)

// ClaimLooks takes up to limit created tickets that are due to be looked at.
func (s *Store) ClaimLooks(ctx context.Context, process int32, limit int, order LookOrder) ([]Ticket, error) {
	tickets, err := many[Ticket](ctx, s.pool, claimLooks[order], process, limit, s.bot)
	if err != nil {
		return nil, fmt.Errorf("claim looks: %w", err)
	}
	return tickets, nil
}

var claimLooks = [...]string{
	LooksUrgent:  claimLooksOf(urgentLooks),
	LooksLongest: claimLooksOf(urgentLooks, `true ORDER BY due_at`),
	LooksNewest:  claimLooksOf(urgentLooks, `nudged_at IS NOT NULL ORDER BY nudged_at`, `true ORDER BY changed_at DESC`),
}

const urgentLooks = `urgent_at IS NOT NULL ORDER BY urgent_at`

// claimLooksOf claims looks of several classes, the first class first. Each class is a condition with an order that has an index:
// thousands may be due, and a claim must not read them all.
func claimLooksOf(classes ...string) string {
	var picks []string
	for i, class := range classes {
		picks = append(picks, fmt.Sprintf(`
			(SELECT id, %d AS class FROM tickets WHERE bot_id = $3 AND %s AND %s LIMIT $2)`, i, toLook, class))
	}
	return `
	WITH picked AS (
		SELECT id, min(class) AS class FROM (` + strings.Join(picks, ` UNION ALL `) + `) p GROUP BY id),
	due AS (
		SELECT id FROM tickets JOIN picked USING (id)
		WHERE ` + toLook + `
		ORDER BY class
		LIMIT $2
		FOR UPDATE OF tickets SKIP LOCKED)
	UPDATE tickets SET owner = $1, look_at = now()
	WHERE id = ANY (ARRAY(SELECT id FROM due))
	RETURNING ` + ticketColumns + `, missed, missed_at, urgent_at IS NOT NULL AS urgent,
		EXISTS (SELECT 1 FROM additions a WHERE a.ticket = tickets.id AND ` + toCome + `)
		OR with_files AND EXISTS (
			SELECT 1 FROM files f WHERE f.ticket = tickets.id AND f.state <> 'waiting' AND NOT f.entered) AS pending`
}

// looked are the assignments that end what a look was wanted for. What was wanted after it had begun stays.
const looked = `
	urgent_at = CASE WHEN urgent_at > look_at THEN urgent_at END,
	nudged_at = CASE WHEN nudged_at > look_at THEN nudged_at END`

// RecordLook stores what a look came to and gives the ticket back, in one commit. It reports whether there is something
// to tell. ErrNotFound: the ticket is no longer in the hands of this process; nothing was stored.
func (s *Store) RecordLook(ctx context.Context, id int64, l Look, process int32) (tell bool, err error) {
	args := lookArgs(id, l, process)
	toOne := slices.DeleteFunc(slices.Clone(l.Notices), func(n Notice) bool { return n.Person == 0 })
	if len(toOne)+len(l.Asked) == 0 {
		tell, err = shared(ctx, s.commits, pgx.RowTo[bool], recordLook, args)
	} else {
		err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
			if tell, err = one[bool](ctx, tx, recordLook, args); err != nil {
				return err
			}
			return askAndTellOne(ctx, tx, id, l.Asked, toOne)
		})
	}
	if err != nil {
		return false, fmt.Errorf("record look at ticket %d: %w", id, err)
	}
	return tell, nil
}

// askAndTellOne stores what a look itself asks for, and what of it is for one person only.
func askAndTellOne(ctx context.Context, tx pgx.Tx, id int64, asked []Addition, toOne []Notice) error {
	for _, n := range toOne {
		if _, err := tx.Exec(ctx, addPrivateFor, id, n.Key, n.Person); err != nil {
			return err
		}
	}
	for _, a := range asked {
		if err := add(ctx, tx, a, nil); err != nil {
			return err
		}
	}
	return nil
}

func lookArgs(id int64, l Look, process int32) named {
	args := named{
		"id": id, "process": process, "status": l.Status, "view": l.View, "shown": l.Shown, "changed": l.Changed,
		"every": l.Every.Seconds(), "request": l.Request, "team": l.Team,
		"done": notNil(l.Additions), "failed": notNil(l.Failed), "files": notNil(l.Files),
	}
	var keys, kinds, contents []string
	var replies []int64
	var silent []bool
	for _, n := range l.Notices {
		if i := slices.Index(keys, n.Key); i >= 0 { // one statement stores a key once
			kinds[i], contents[i], replies[i], silent[i] = n.Kind, string(n.Content), n.ReplyTo, n.Silent || n.Person != 0
			continue
		}
		keys, kinds, contents = append(keys, n.Key), append(kinds, n.Kind), append(contents, string(n.Content))
		replies, silent = append(replies, n.ReplyTo), append(silent, n.Silent || n.Person != 0)
	}
	args["keys"], args["kinds"], args["contents"], args["replies"], args["silent"] = keys, kinds, contents, replies, silent
	return args
}

// noted is true where a look has stored a notice that is to be told.
const noted = `EXISTS (SELECT FROM noted WHERE told_at IS NULL)`

// recordLook is one statement, so that looks share commits and a look at a ticket with many known messages takes no longer. What its
// parts store they do not see of each other, so the last one asks for it by name.
var recordLook = `
	WITH mine AS (SELECT id FROM tickets WHERE id = @id AND owner = @process FOR UPDATE),
	noted AS (
		INSERT INTO notices (ticket, key, kind, content, reply_to, told_at)
		SELECT mine.id, n.key, n.kind, n.content::json, n.reply_to, CASE WHEN n.silent THEN now() END
		FROM mine, unnest(@keys::text[], @kinds::text[], @contents::text[], @replies::bigint[], @silent::boolean[])
			AS n (key, kind, content, reply_to, silent)
		-- Most are known, and an insert would lock each of those, which is a write.
		WHERE NOT EXISTS (
			SELECT FROM notices known
			WHERE known.ticket = mine.id AND known.key = n.key AND ` + sameContent("known.content", "n.content::json") + `)
		` + noticeAgain + `
		RETURNING told_at),
	done AS (UPDATE additions SET done_at = now() WHERE id = ANY (@done::bigint[]) AND EXISTS (SELECT FROM mine)),
	failed AS (UPDATE additions SET ` + additionFailed + ` WHERE id = ANY (@failed::bigint[]) AND EXISTS (SELECT FROM mine)),
	entered AS (UPDATE files SET entered = true WHERE id = ANY (@files::bigint[]) AND EXISTS (SELECT FROM mine))
	UPDATE tickets SET
		status = @status, team = @team, seen_at = now(), owner = NULL, missed = 0, missed_at = NULL,
		request = coalesce(@request::json, request),
		-- Who is telling the ticket may record that without seeing the notice, but sees the version.
		version = CASE WHEN @shown AND NOT (teller IS NOT NULL AND ` + noted + `) THEN version ELSE version + 1 END,
		` + feedNews(`NOT @shown OR cardinality(@failed::bigint[]) > 0`) + `,
		` + tellInTurn(`NOT @shown OR `+noted+` OR `+noticesOpen) + `,
		view = @view::json,
		changed_at = CASE WHEN @changed THEN now() ELSE changed_at END,
		every = @every::float8,
		` + looked + `,
		due_at = CASE
			-- Something came in meanwhile that this look did not see.
			WHEN urgent_at > look_at THEN now()
			WHEN nudged_at > look_at THEN greatest(now(), nudged_at)
			WHEN EXISTS (
				SELECT 1 FROM additions a
				WHERE a.ticket = tickets.id AND ` + toCome + ` AND a.attempts = 0 AND a.id <> ALL (@done || @failed)) THEN now()
			WHEN with_files AND EXISTS (
				SELECT 1 FROM files f
				WHERE f.ticket = tickets.id AND f.state <> 'waiting' AND NOT f.entered AND f.attempts = 0 AND f.id <> ALL (@files)) THEN now()
			WHEN @every::float8 >= 0 THEN now() + make_interval(secs => @every::float8) END
	WHERE id = (SELECT id FROM mine)
	RETURNING tell_at IS NOT NULL AND teller IS NULL`

// DeferLook gives a ticket back without a result. A negative time: it is looked at no more.
func (s *Store) DeferLook(ctx context.Context, id int64, after time.Duration, process int32) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE tickets SET owner = NULL, `+dueAfter+` WHERE id = $1 AND owner = $3`,
		id, after.Seconds(), process)
	if err != nil {
		return fmt.Errorf("defer look at ticket %d: %w", id, err)
	}
	return nil
}

// dueAfter is the assignment that makes a ticket due after $2 seconds; never where that is negative.
const dueAfter = `due_at = CASE WHEN $2::float8 >= 0 THEN now() + make_interval(secs => $2::float8) END`

// MissLook gives a ticket back that LiveDesk did not know, and counts that. A negative time: it is looked at no more.
func (s *Store) MissLook(ctx context.Context, id int64, after time.Duration, process int32) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE tickets SET owner = NULL, missed = missed + 1, missed_at = coalesce(missed_at, now()), `+looked+`, `+dueAfter+`
		WHERE id = $1 AND owner = $3`, id, after.Seconds(), process)
	if err != nil {
		return fmt.Errorf("miss ticket %d: %w", id, err)
	}
	return nil
}

// LookNow makes a ticket that LiveDesk has due at once, before all that nobody waits for.
func (s *Store) LookNow(ctx context.Context, id int64) error {
	_, err := s.pool.Exec(ctx, `UPDATE tickets SET `+wantLook+` WHERE id = $1 AND `+lookable, id)
	if err != nil {
		return fmt.Errorf("look at ticket %d: %w", id, err)
	}
	return nil
}

// wantLook are the assignments that make a look due that a person waits for. Wanted again during a look, it comes once more.
const wantLook = `due_at = now(), urgent_at = now()`

// Scheduled is a ticket whose next look is due at some later time.
type Scheduled struct {
	ID        int64
	Status    string
	ChangedAt time.Time
	DueAt     time.Time
	DueIn     float64 // seconds until then, by the clock of the database
}

// ScheduledLooks returns up to limit tickets whose next look is due after that of the given one, in that order; after the zero value
// all whose look is due later than now.
func (s *Store) ScheduledLooks(ctx context.Context, after Scheduled, limit int) ([]Scheduled, error) {
	scheduled, err := many[Scheduled](ctx, s.pool, `
		SELECT id, status, changed_at, due_at, extract(epoch FROM due_at - now())::float8 AS due_in FROM tickets
		WHERE bot_id = $1 AND `+lookable+` AND owner IS NULL AND due_at > now() AND due_at >= $2 AND (due_at, id) > ($2, $3)
		ORDER BY due_at, id
		LIMIT $4`, s.bot, after.DueAt, after.ID, limit)
	if err != nil {
		return nil, fmt.Errorf("scheduled looks: %w", err)
	}
	return scheduled, nil
}

// HastenLooks makes the next looks at some tickets due within so many seconds.
func (s *Store) HastenLooks(ctx context.Context, tickets []int64, within []float64) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE tickets SET due_at = least(due_at, now() + make_interval(secs => sooner.secs))
		FROM unnest($1::bigint[], $2::float8[]) AS sooner (ticket, secs)
		WHERE id = sooner.ticket AND `+lookable, tickets, within)
	if err != nil {
		return fmt.Errorf("hasten looks: %w", err)
	}
	return nil
}
