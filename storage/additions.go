package storage

import (
	"context"
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
	SenderID   int64 // person who asked for it
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
	AddRating   AdditionKind = "rating"   // what customers think of the solution
	AddReopen   AdditionKind = "reopen"   // the mark that a customer asks for the ticket to be reopened, or that it goes again
)

// toCome is true of an addition that is not in its ticket yet. Kinds that versions before them take for a type are open with the
// time of their end infinite instead of null: those versions see no addition to come, and leave it to this one.
const toCome = `(a.done_at IS NULL OR a.done_at = 'infinity')`

// isLater reports whether a kind came after the first versions.
func (k AdditionKind) isLater() bool { return k == AddRating || k == AddReopen }

// Add stores an addition with its files and, in the same commit, ends the update that asked for it. The ticket is due at
// once. An addition with a known Ref changes nothing else.
func (s *Store) Add(ctx context.Context, a Addition, files []File, botID, update int64) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := add(ctx, tx, a, files); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, finishUpdate, botID, update)
		return err
	})
	if err != nil {
		return fmt.Errorf("add to ticket %d: %w", a.Ticket, err)
	}
	return nil
}

// Reopen stores words of a customer about a ticket that is not solved, with their files, and the mark that they ask for it to be
// reopened; in the same commit it ends the question that they answer and the update. Words with a known Ref change nothing else.
func (s *Store) Reopen(ctx context.Context, words Addition, files []File, mark Addition, q Question, update int64) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := add(ctx, tx, words, files); err != nil {
			return err
		}
		if err := add(ctx, tx, mark, nil); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, endQuestion, q.BotID, q.ChatID, q.AskedID); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, finishUpdate, q.BotID, update)
		return err
	})
	if err != nil {
		return fmt.Errorf("ask to reopen ticket %d: %w", words.Ticket, err)
	}
	return nil
}

func add(ctx context.Context, tx pgx.Tx, a Addition, files []File) error {
	tag, err := tx.Exec(ctx, `
		INSERT INTO additions (ref, ticket, kind, content, message_id, thread_id, sender_id, sender_name, feed, done_at)
		SELECT @ref, id, @kind, @content, @message_id, @thread_id, @sender_id, @sender_name,
			CASE WHEN feed_version > 0 AND @kind = 'text' THEN 'due' ELSE '' END,
			CASE WHEN @later THEN 'infinity'::timestamptz END
		FROM tickets WHERE id = @ticket
		ON CONFLICT (ref) DO NOTHING`,
		named{
			"ref": a.Ref, "ticket": a.Ticket, "kind": string(a.Kind), "content": a.Content,
			"message_id": a.MessageID, "thread_id": a.ThreadID, "sender_id": a.SenderID, "sender_name": a.SenderName, "later": a.Kind.isLater(),
		})
	if err != nil || tag.RowsAffected() == 0 {
		return err
	}
	if err := addFiles(ctx, tx, a.Ticket, files); err != nil {
		return err
	}
	// Who adds to a ticket that has just ended must hear of it, also where it is being told by somebody who does not know of
	// the addition: so the version rises.
	_, err = tx.Exec(ctx, `
		UPDATE tickets SET
			due_at = CASE WHEN `+lookable+` THEN now() ELSE due_at END,
			urgent_at = CASE WHEN `+lookable+` THEN now() ELSE urgent_at END,
			`+newsInTurn(`state IN ('refused', 'left') OR state = 'created' AND ticket_id = ''`)+`
		WHERE id = $1`, a.Ticket)
	if err == nil && a.Kind == AddText {
		_, err = tx.Exec(ctx, tellFeed, a.Ticket)
	}
	return err
}

// Additions returns what is still to be changed in a ticket, in order.
func (s *Store) Additions(ctx context.Context, ticket int64) ([]Addition, error) {
	additions, err := many[Addition](ctx, s.pool, `
		SELECT `+additionColumns+` FROM additions a
		WHERE ticket = $1 AND `+toCome+`
		ORDER BY id`, ticket)
	if err != nil {
		return nil, fmt.Errorf("additions to ticket %d: %w", ticket, err)
	}
	return additions, nil
}

const additionColumns = `id, ref, ticket, kind, content, message_id, thread_id, sender_name, created_at, attempts`

// LastAddition returns the newest addition of a kind to a ticket that was not given up. ErrNotFound: there is none.
func (s *Store) LastAddition(ctx context.Context, ticket int64, kind AdditionKind) (Addition, error) {
	a, err := row[Addition](ctx, s.pool, `
		SELECT `+additionColumns+` FROM additions WHERE ticket = $1 AND kind = $2 AND NOT failed
		ORDER BY id DESC LIMIT 1`, ticket, string(kind))
	if err != nil {
		return Addition{}, fmt.Errorf("last %s of ticket %d: %w", kind, ticket, err)
	}
	return a, nil
}

// Said returns what customers wrote of a ticket after they asked for it, words and edits, in order. What LiveDesk refused is not
// among it.
func (s *Store) Said(ctx context.Context, ticket int64) ([]Addition, error) {
	said, err := many[Addition](ctx, s.pool, `
		SELECT `+additionColumns+` FROM additions
		WHERE ticket = $1 AND kind IN ('text', 'edit') AND NOT failed
		ORDER BY id`, ticket)
	if err != nil {
		return nil, fmt.Errorf("what was said of ticket %d: %w", ticket, err)
	}
	return said, nil
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
		return failAdditions(ctx, tx, ticket, additions)
	})
	if err != nil {
		return fmt.Errorf("fail additions to ticket %d: %w", ticket, err)
	}
	return nil
}

// additionFailed are the assignments that give an addition up.
const additionFailed = `done_at = now(), failed = true, feed = CASE WHEN feed <> '' THEN 'failed' ELSE '' END`

// failAdditions gives additions up. Staff, who may have read them in the feed, are told there.
func failAdditions(ctx context.Context, tx pgx.Tx, ticket int64, additions []int64) error {
	if len(additions) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
		UPDATE additions SET `+additionFailed+` WHERE id = ANY ($1)`, additions)
	if err == nil {
		_, err = tx.Exec(ctx, tellFeed, ticket)
	}
	return err
}
