package storage

import (
	"context"
	"fmt"
	"time"
)

// PrivateNotice is news of a ticket for one who follows it in private.
type PrivateNotice struct {
	Notice   int64
	PersonID int64
}

// addPrivate stores that a notice is to be told to those who follow its ticket in private.
const addPrivate = `
	INSERT INTO private_notices (notice, person_id, bot_id)
	SELECT $1, f.person_id, t.bot_id FROM tickets t JOIN followers f ON f.ticket = t.id
	WHERE t.id = $2 AND f.private
	ON CONFLICT DO NOTHING`

// addPrivateFor stores that a ticket's notice with a key is to be told to one person, in private.
const addPrivateFor = `
	INSERT INTO private_notices (notice, person_id, bot_id)
	SELECT n.id, $3, t.bot_id FROM notices n JOIN tickets t ON t.id = n.ticket
	WHERE n.ticket = $1 AND n.key = $2
	ON CONFLICT DO NOTHING`

// PrivateNotices returns up to limit notices that are due to be told in private, oldest first.
func (s *Store) PrivateNotices(ctx context.Context, limit int) ([]PrivateNotice, error) {
	due, err := many[PrivateNotice](ctx, s.pool, `
		SELECT notice, person_id FROM private_notices WHERE bot_id = $1 AND due_at <= now() ORDER BY due_at, notice LIMIT $2`, s.bot, limit)
	if err != nil {
		return nil, fmt.Errorf("private notices: %w", err)
	}
	return due, nil
}

// NoticeByID returns a notice and its ticket.
func (s *Store) NoticeByID(ctx context.Context, id int64) (Notice, Ticket, error) {
	n, err := row[Notice](ctx, s.pool, `SELECT id, ticket, key, kind, content FROM notices WHERE id = $1`, id)
	if err != nil {
		return Notice{}, Ticket{}, fmt.Errorf("notice %d: %w", id, err)
	}
	t, err := s.Ticket(ctx, n.Ticket)
	return n, t, err
}

// EndPrivate ends the telling of a notice to one person.
func (s *Store) EndPrivate(ctx context.Context, p PrivateNotice) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM private_notices WHERE notice = $1 AND person_id = $2`, p.Notice, p.PersonID)
	if err != nil {
		return fmt.Errorf("end private notice %d: %w", p.Notice, err)
	}
	return nil
}

// DeferPrivate puts the telling of a notice to one person off.
func (s *Store) DeferPrivate(ctx context.Context, p PrivateNotice, after time.Duration) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE private_notices SET due_at = now() + make_interval(secs => $3) WHERE notice = $1 AND person_id = $2`,
		p.Notice, p.PersonID, after.Seconds())
	if err != nil {
		return fmt.Errorf("defer private notice %d: %w", p.Notice, err)
	}
	return nil
}
