package storage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Addition is a change to a ticket that LiveDesk has.
type Addition struct {
	ID         int64
	Ref        string // message, edit or press that asked for it
	Ticket     int64
	Kind       AdditionKind
	Content    []byte // JSON
	MessageID  int64  // message to answer when it is done; 0: none
	ThreadID   int64
	SenderName string
	CreatedAt  time.Time
	Attempts   int
}

// AdditionKind is what an addition changes.
type AdditionKind string

// The kinds of additions.
const (
	AddText     AdditionKind = "text"     // words at the end of the description
	AddEdit     AdditionKind = "edit"     // other title and description, by who asked for the ticket
	AddPriority AdditionKind = "priority" // another priority
	AddType     AdditionKind = "type"     // another type
)

// Add stores an addition with its files and, in the same commit, ends the update that asked for it. The ticket is due at
// once. An addition with a known Ref changes nothing.
func (s *Store) Add(ctx context.Context, a Addition, files []File, botID, update int64) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO additions (ref, ticket, kind, content, message_id, thread_id, sender_name) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (ref) DO NOTHING`, a.Ref, a.Ticket, string(a.Kind), a.Content, a.MessageID, a.ThreadID, a.SenderName)
		if err != nil {
			return err
		}
		if err := addFiles(ctx, tx, a.Ticket, files); err != nil {
			return err
		}
		// Who adds to a ticket that has just ended must hear of it.
		_, err = tx.Exec(ctx, `
			UPDATE tickets SET
				due_at = CASE WHEN state = 'created' THEN now() ELSE due_at END,
				tell_at = CASE
					WHEN state IN ('refused', 'left') OR state = 'created' AND ticket_id = '' THEN coalesce(tell_at, now())
					ELSE tell_at END
			WHERE id = $1`, a.Ticket)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, finishUpdate, botID, update)
		return err
	})
	if err != nil {
		return fmt.Errorf("add to ticket %d: %w", a.Ticket, err)
	}
	return nil
}

// Additions returns what is still to be changed in a ticket, in order.
func (s *Store) Additions(ctx context.Context, ticket int64) ([]Addition, error) {
	additions, err := many[Addition](ctx, s.pool, `
		SELECT id, ref, ticket, kind, content, message_id, thread_id, sender_name, created_at, attempts FROM additions
		WHERE ticket = $1 AND done_at IS NULL
		ORDER BY id`, ticket)
	if err != nil {
		return nil, fmt.Errorf("additions to ticket %d: %w", ticket, err)
	}
	return additions, nil
}

// Tried counts a try to bring additions and files into a ticket.
func (s *Store) Tried(ctx context.Context, additions, files []int64) error {
	batch := &pgx.Batch{}
	batch.Queue(`UPDATE additions SET attempts = attempts + 1 WHERE id = ANY ($1)`, additions)
	batch.Queue(`UPDATE files SET attempts = attempts + 1 WHERE id = ANY ($1)`, files)
	if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("count tries: %w", err)
	}
	return nil
}

// FailAdditions gives additions up and stores what their people are told.
func (s *Store) FailAdditions(ctx context.Context, ticket int64, additions []int64, notices []Notice) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		for _, n := range notices {
			if err := addNotice(ctx, tx, ticket, n); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, failAdditions, additions)
		return err
	})
	if err != nil {
		return fmt.Errorf("fail additions to ticket %d: %w", ticket, err)
	}
	return nil
}

const failAdditions = `UPDATE additions SET done_at = now(), failed = true WHERE id = ANY ($1)`

// Notice is a message that people are to get about a ticket beside its card.
type Notice struct {
	ID        int64
	Ticket    int64
	Key       string // what it tells, so that it is told once
	Kind      string
	Content   []byte // JSON
	ReplyTo   int64  // message that it answers; 0: the card
	Silent    bool   // as stored: nobody is to be told
	PartsSent int    // of a notice of several messages, as the content now is
	ChatID    int64
	Messages  []int64 // those of its text that stand in the chat, in order; changed where the content changes
	FilesSent int     // of its files, which come once
}

// Look is what a look at a ticket came to.
type Look struct {
	Status    string
	View      []byte // JSON of what the card is to show
	Shown     bool   // the card shows it already
	Notices   []Notice
	Changed   bool          // something happened, so the ticket is active
	Every     time.Duration // until the next look; negative: none
	Additions []int64       // done
	Failed    []int64       // additions given up
	Files     []int64       // entered
	Request   []byte        // the create request after an edit; nil: as it was
}

// ClaimLooks takes up to limit created tickets that are due to be looked at. Where there are more, those go first whose
// wait is longest, measured by how often they are looked at: active ones soon, quiet ones in their turn.
func (s *Store) ClaimLooks(ctx context.Context, process int32, limit int) ([]Ticket, error) {
	tickets, err := many[Ticket](ctx, s.pool, `
		UPDATE tickets SET owner = $1
		WHERE id IN (
			SELECT id FROM tickets
			WHERE state = 'created' AND owner IS NULL AND due_at <= now() AND ticket_id <> ''
			ORDER BY extract(epoch FROM now() - due_at) / greatest(every, 1) DESC
			LIMIT $2
			FOR UPDATE SKIP LOCKED)
		RETURNING `+ticketColumns+`,
			EXISTS (SELECT 1 FROM additions a WHERE a.ticket = tickets.id AND a.done_at IS NULL)
			OR with_files AND EXISTS (
				SELECT 1 FROM files f WHERE f.ticket = tickets.id AND f.state <> 'waiting' AND NOT f.entered) AS pending`,
		process, limit)
	if err != nil {
		return nil, fmt.Errorf("claim looks: %w", err)
	}
	return tickets, nil
}

// RecordLook stores what a look came to and gives the ticket back, in one commit. It returns whether there is something
// to tell. ErrNotFound: the ticket is no longer in the hands of this process; nothing was stored.
func (s *Store) RecordLook(ctx context.Context, id int64, l Look, process int32) (bool, error) {
	tell := false
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
		for _, n := range l.Notices {
			if err := addNotice(ctx, tx, id, n); err != nil {
				return err
			}
		}
		for _, step := range []struct {
			sql string
			ids []int64
		}{
			{`UPDATE additions SET done_at = now() WHERE id = ANY ($1)`, l.Additions},
			{failAdditions, l.Failed},
			{`UPDATE files SET entered = true WHERE id = ANY ($1)`, l.Files},
		} {
			if len(step.ids) == 0 {
				continue
			}
			if _, err := tx.Exec(ctx, step.sql, step.ids); err != nil {
				return err
			}
		}
		tell, err = one[bool](ctx, tx, `
			UPDATE tickets SET
				status = $3, seen_at = now(), owner = NULL, missed = 0, request = coalesce($7::json, request),
				version = CASE WHEN $8 THEN version ELSE version + 1 END,
				tell_at = CASE
					WHEN NOT $8 OR EXISTS (
						SELECT 1 FROM notices n WHERE n.ticket = tickets.id AND n.told_at IS NULL) THEN coalesce(tell_at, now())
					ELSE tell_at END,
				view = $4::json,
				changed_at = CASE WHEN $5 THEN now() ELSE changed_at END,
				every = $6::float8,
				due_at = CASE
					-- Something came in meanwhile that this look did not see.
					WHEN EXISTS (
						SELECT 1 FROM additions a WHERE a.ticket = tickets.id AND a.done_at IS NULL AND a.attempts = 0) THEN now()
					WHEN with_files AND EXISTS (
						SELECT 1 FROM files f
						WHERE f.ticket = tickets.id AND f.state <> 'waiting' AND NOT f.entered AND f.attempts = 0) THEN now()
					WHEN $6::float8 >= 0 THEN now() + make_interval(secs => $6::float8) END
			WHERE id = $1 AND owner = $2
			RETURNING tell_at IS NOT NULL AND teller IS NULL`,
			id, process, l.Status, l.View, l.Changed, l.Every.Seconds(), l.Request, l.Shown)
		return err
	})
	if err != nil && !errors.Is(err, ErrNotFound) {
		err = fmt.Errorf("record look at ticket %d: %w", id, err)
	}
	return tell, err
}

// addNotice stores a notice. One with a known key is told again only where its words have changed or files were added:
// addresses of files may be signed anew in every answer.
func addNotice(ctx context.Context, tx pgx.Tx, ticket int64, n Notice) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO notices (ticket, key, kind, content, reply_to, told_at) VALUES ($1, $2, $3, $4, $5, CASE WHEN $6 THEN now() END)
		ON CONFLICT (ticket, key) DO UPDATE SET content = excluded.content, told_at = excluded.told_at, parts_sent = 0
		WHERE NOT `+sameContent("notices.content", "excluded.content"), ticket, n.Key, n.Kind, n.Content, n.ReplyTo, n.Silent)
	return err
}

func sameContent(x, y string) string {
	return fmt.Sprintf(`(%[1]s->>'text' IS NOT DISTINCT FROM %[2]s->>'text'
		AND coalesce(json_array_length(%[1]s->'files'), 0) = coalesce(json_array_length(%[2]s->'files'), 0))`, x, y)
}

// DeferLook gives a ticket back without a result.
func (s *Store) DeferLook(ctx context.Context, id int64, after time.Duration, process int32) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE tickets SET owner = NULL, due_at = now() + make_interval(secs => $2) WHERE id = $1 AND owner = $3`,
		id, after.Seconds(), process)
	if err != nil {
		return fmt.Errorf("defer look at ticket %d: %w", id, err)
	}
	return nil
}

// MissLook gives a ticket back that LiveDesk did not know, and counts that.
func (s *Store) MissLook(ctx context.Context, id int64, after time.Duration, process int32) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE tickets SET owner = NULL, missed = missed + 1, due_at = now() + make_interval(secs => $2)
		WHERE id = $1 AND owner = $3`, id, after.Seconds(), process)
	if err != nil {
		return fmt.Errorf("miss ticket %d: %w", id, err)
	}
	return nil
}

// LookNow makes a created ticket due at once.
func (s *Store) LookNow(ctx context.Context, id int64) error {
	_, err := s.pool.Exec(ctx, `UPDATE tickets SET due_at = now() WHERE id = $1 AND state = 'created'`, id)
	if err != nil {
		return fmt.Errorf("look at ticket %d: %w", id, err)
	}
	return nil
}

// Notices returns what is still to be told about a ticket, in order.
func (s *Store) Notices(ctx context.Context, ticket int64) ([]Notice, error) {
	notices, err := many[Notice](ctx, s.pool, `
		SELECT id, ticket, key, kind, content, reply_to, parts_sent, chat_id, messages, files_sent FROM notices
		WHERE ticket = $1 AND told_at IS NULL
		ORDER BY id`, ticket)
	if err != nil {
		return nil, fmt.Errorf("notices of ticket %d: %w", ticket, err)
	}
	return notices, nil
}

// RecordPart stores how far a notice is told, and which message has just been posted for it, 0 for none; last says that
// it is told. Where its content has changed since it was read, telling it begins anew.
func (s *Store) RecordPart(ctx context.Context, n Notice, ticketID string, messageID int64, last bool) error {
	same := sameContent("content", "$7::json")
	batch := &pgx.Batch{}
	batch.Queue(`
		UPDATE notices SET
			chat_id = $2, messages = $3, files_sent = $4,
			parts_sent = CASE WHEN `+same+` THEN $5 ELSE 0 END,
			told_at = CASE WHEN $6 AND `+same+` THEN now() END
		WHERE id = $1`, n.ID, n.ChatID, n.Messages, n.FilesSent, n.PartsSent, last, n.Content)
	if messageID != 0 {
		batch.Queue(`
			INSERT INTO posts (chat_id, message_id, ticket, ticket_id) VALUES ($1, $2, $3, $4)
			ON CONFLICT DO NOTHING`, n.ChatID, messageID, n.Ticket, ticketID)
	}
	if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("record notice of ticket %d: %w", n.Ticket, err)
	}
	return nil
}

// Followers returns who follows a ticket, its requester first.
func (s *Store) Followers(ctx context.Context, ticket int64) ([]Person, error) {
	people, err := many[Person](ctx, s.pool, `
		SELECT person_id AS id, name FROM followers WHERE ticket = $1
		ORDER BY person_id <> (SELECT sender_id FROM tickets WHERE id = $1), person_id`, ticket)
	if err != nil {
		return nil, fmt.Errorf("followers of ticket %d: %w", ticket, err)
	}
	return people, nil
}

// ToggleFollow makes a person follow a ticket who does not, and no longer one who does, and returns whether they do now.
// In the same commit it ends the update that asked for it, so that the same one does not turn it back.
func (s *Store) ToggleFollow(ctx context.Context, ticket int64, p Person, botID, update int64) (bool, error) {
	follows, err := one[bool](ctx, s.pool, `
		WITH ended AS (`+finishUpdate+` RETURNING true),
		before AS (SELECT FROM followers WHERE ticket = $3 AND person_id = $4),
		removed AS (DELETE FROM followers WHERE ticket = $3 AND person_id = $4 AND EXISTS (SELECT FROM ended)),
		added AS (
			INSERT INTO followers (ticket, person_id, name)
			SELECT $3, $4, $5 FROM ended WHERE NOT EXISTS (SELECT FROM before))
		SELECT EXISTS (SELECT FROM ended) <> EXISTS (SELECT FROM before)`, botID, update, ticket, p.ID, p.Name)
	if err != nil {
		return false, fmt.Errorf("follow ticket %d: %w", ticket, err)
	}
	return follows, nil
}

// Follow makes a person follow a ticket, or no longer.
func (s *Store) Follow(ctx context.Context, ticket int64, p Person, on bool) error {
	sql, args := `INSERT INTO followers (ticket, person_id, name) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, []any{ticket, p.ID, p.Name}
	if !on {
		sql, args = `DELETE FROM followers WHERE ticket = $1 AND person_id = $2`, []any{ticket, p.ID}
	}
	if _, err := s.pool.Exec(ctx, sql, args...); err != nil {
		return fmt.Errorf("follow ticket %d: %w", ticket, err)
	}
	return nil
}

// ByRef returns the ticket that a message asked for.
func (s *Store) ByRef(ctx context.Context, ref string) (Ticket, error) {
	t, err := row[Ticket](ctx, s.pool, `SELECT `+ticketColumns+` FROM tickets WHERE telegram_ref = $1`, ref)
	if err != nil {
		return Ticket{}, fmt.Errorf("ticket by message: %w", err)
	}
	return t, nil
}

// Rewrite changes the request of a ticket that is not with LiveDesk yet and, in the same commit, ends the update.
// ErrNotFound: it is on its way, or there.
func (s *Store) Rewrite(ctx context.Context, id int64, request []byte, botID, update int64) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		_, err := one[int64](ctx, tx, `
			UPDATE tickets SET request = $2, version = version + 1, tell_at = CASE WHEN told > 0 THEN now() ELSE tell_at END
			WHERE id = $1 AND state = 'waiting'
			RETURNING id`, id, request)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, finishUpdate, botID, update)
		return err
	})
}
