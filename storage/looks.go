package storage

import (
	"context"
	"fmt"
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
	LooksNewest:  claimLooksOf(urgentLooks, `hinted_at IS NOT NULL ORDER BY hinted_at`, `true ORDER BY changed_at DESC`),
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
	hinted_at = CASE WHEN hinted_at > look_at THEN hinted_at END`

// RecordLook stores what a look came to and gives the ticket back, in one commit. It reports whether there is something
// to tell. ErrNotFound: the ticket is no longer in the hands of this process; nothing was stored.
func (s *Store) RecordLook(ctx context.Context, id int64, l Look, process int32) (bool, error) {
	tell := false
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
		if err := recordFindings(ctx, tx, id, l); err != nil {
			return err
		}
		tell, err = one[bool](ctx, tx, `
			UPDATE tickets SET
				status = @status, team = @team, seen_at = now(), owner = NULL, missed = 0, missed_at = NULL,
				request = coalesce(@request::json, request),
				`+nextVersion(`NOT @shown`)+`,
				`+tellInTurn(`NOT @shown OR `+noticesOpen)+`,
				view = @view::json,
				changed_at = CASE WHEN @changed THEN now() ELSE changed_at END,
				every = @every::float8,
				`+looked+`,
				due_at = CASE
					-- Something came in meanwhile that this look did not see.
					WHEN urgent_at > look_at THEN now()
					WHEN hinted_at > look_at THEN greatest(now(), hinted_at)
					WHEN EXISTS (
						SELECT 1 FROM additions a WHERE a.ticket = tickets.id AND `+toCome+` AND a.attempts = 0) THEN now()
					WHEN with_files AND EXISTS (
						SELECT 1 FROM files f
						WHERE f.ticket = tickets.id AND f.state <> 'waiting' AND NOT f.entered AND f.attempts = 0) THEN now()
					WHEN @every::float8 >= 0 THEN now() + make_interval(secs => @every::float8) END
			WHERE id = @id AND owner = @process
			RETURNING tell_at IS NOT NULL AND teller IS NULL`,
			named{
				"id": id, "process": process, "status": l.Status, "view": l.View, "shown": l.Shown, "changed": l.Changed,
				"every": l.Every.Seconds(), "request": l.Request, "team": l.Team,
			})
		return err
	})
	if err != nil {
		return false, fmt.Errorf("record look at ticket %d: %w", id, err)
	}
	return tell, nil
}

// recordFindings stores the notices of a look, and what of the additions and files it has seen to.
func recordFindings(ctx context.Context, tx pgx.Tx, id int64, l Look) error {
	for _, n := range l.Notices {
		if err := addNotice(ctx, tx, id, n); err != nil {
			return err
		}
	}
	for _, a := range l.Asked {
		if err := add(ctx, tx, a, nil); err != nil {
			return err
		}
	}
	if err := failAdditions(ctx, tx, id, l.Failed); err != nil {
		return err
	}
	for _, step := range []struct {
		sql string
		ids []int64
	}{
		{`UPDATE additions SET done_at = now() WHERE id = ANY ($1)`, l.Additions},
		{`UPDATE files SET entered = true WHERE id = ANY ($1)`, l.Files},
	} {
		if len(step.ids) == 0 {
			continue
		}
		if _, err := tx.Exec(ctx, step.sql, step.ids); err != nil {
			return err
		}
	}
	return nil
}

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
