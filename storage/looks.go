package storage

import (
	"context"
	"fmt"
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

// ClaimLooks takes up to limit created tickets that are due to be looked at. Where there are more, those go first whose
// wait is longest, measured by how often they are looked at: active ones soon, quiet ones in their turn.
func (s *Store) ClaimLooks(ctx context.Context, process int32, limit int) ([]Ticket, error) {
	tickets, err := many[Ticket](ctx, s.pool, `
		UPDATE tickets SET owner = $1
		WHERE id IN (
			SELECT id FROM tickets
			WHERE bot_id = $3 AND `+toLook+`
			ORDER BY extract(epoch FROM now() - due_at) / greatest(every, 1) DESC
			LIMIT $2
			FOR UPDATE SKIP LOCKED)
		RETURNING `+ticketColumns+`, missed, missed_at,
			EXISTS (SELECT 1 FROM additions a WHERE a.ticket = tickets.id AND `+toCome+`)
			OR with_files AND EXISTS (
				SELECT 1 FROM files f WHERE f.ticket = tickets.id AND f.state <> 'waiting' AND NOT f.entered) AS pending`,
		process, limit, s.bot)
	if err != nil {
		return nil, fmt.Errorf("claim looks: %w", err)
	}
	return tickets, nil
}

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
				due_at = CASE
					-- Something came in meanwhile that this look did not see.
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
		UPDATE tickets SET owner = NULL, missed = missed + 1, missed_at = coalesce(missed_at, now()), `+dueAfter+`
		WHERE id = $1 AND owner = $3`, id, after.Seconds(), process)
	if err != nil {
		return fmt.Errorf("miss ticket %d: %w", id, err)
	}
	return nil
}

// LookNow makes a ticket that LiveDesk has due at once.
func (s *Store) LookNow(ctx context.Context, id int64) error {
	_, err := s.pool.Exec(ctx, `UPDATE tickets SET due_at = now() WHERE id = $1 AND `+lookable, id)
	if err != nil {
		return fmt.Errorf("look at ticket %d: %w", id, err)
	}
	return nil
}
