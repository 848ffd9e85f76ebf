package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// File is one file on its way from Telegram into a ticket.
type File struct {
	ID        int64
	Ticket    int64
	MessageID int64  // message that carries it; also its place in the order
	Origin    string // what it came with: empty for the ticket itself, else the message or album that was added
	File      []byte // JSON of what Telegram says of it
	State     FileState
	URL       string // at LiveDesk, once uploaded
	Reason    string // why it was dropped
	Entered   bool   // the ticket has it, or says that it is missing
	Attempts  int    // to carry it, then to bring it into the ticket
}

// FileState is how far a file has come.
type FileState string

// A file is uploaded or dropped in the end.
const (
	FileWaiting  FileState = "waiting"
	FileUploaded FileState = "uploaded"
	FileDropped  FileState = "dropped"
)

const fileColumns = `id, ticket, message_id, origin, file, state, url, reason, entered, attempts`

// addFiles adds to the files of a ticket. A file that it has already changes nothing.
func addFiles(ctx context.Context, tx pgx.Tx, ticket int64, files []File) error {
	for _, f := range files {
		_, err := tx.Exec(ctx, `
			WITH added AS (
				INSERT INTO files (ticket, message_id, origin, file) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING ticket)
			UPDATE tickets SET with_files = true WHERE id IN (SELECT ticket FROM added)`, ticket, f.MessageID, f.Origin, f.File)
		if err != nil {
			return err
		}
	}
	return nil
}

// Files returns the files of a ticket in order.
func (s *Store) Files(ctx context.Context, ticket int64) ([]File, error) {
	files, err := many[File](ctx, s.pool, `SELECT `+fileColumns+` FROM files WHERE ticket = $1 ORDER BY message_id, id`, ticket)
	if err != nil {
		return nil, fmt.Errorf("files of ticket %d: %w", ticket, err)
	}
	return files, nil
}

// ClaimFiles takes up to limit files that are due to be carried.
func (s *Store) ClaimFiles(ctx context.Context, process int32, limit int) ([]File, error) {
	files, err := many[File](ctx, s.pool, `
		UPDATE files SET owner = $1, attempts = attempts + 1
		WHERE id = ANY (ARRAY(
			SELECT f.id FROM files f JOIN tickets t ON t.id = f.ticket
			WHERE f.state = 'waiting' AND f.owner IS NULL AND f.due_at <= now() AND t.bot_id = $3
			ORDER BY f.due_at
			LIMIT $2
			FOR UPDATE OF f SKIP LOCKED))
		RETURNING `+fileColumns, process, limit, s.bot)
	if err != nil {
		return nil, fmt.Errorf("claim files: %w", err)
	}
	return files, nil
}

// FinishFile stores that a file is at LiveDesk, or was dropped for a reason, and makes its ticket due: a waiting one once
// no other file of it is on its way, a created one at once, so that it gets the file. Where its number is not known it
// can get nothing any more, and there is something to tell: see DropFiles.
func (s *Store) FinishFile(ctx context.Context, id int64, state FileState, url, reason string) error {
	_, err := s.pool.Exec(ctx, `
		WITH done AS (
			UPDATE files SET state = $2, url = $3, reason = $4, owner = NULL, attempts = 0
			WHERE id = $1 AND state = 'waiting'
			RETURNING ticket)
		UPDATE tickets SET
			due_at = CASE state
				WHEN 'waiting' THEN CASE
					WHEN EXISTS (SELECT 1 FROM files f WHERE f.ticket = tickets.id AND f.state = 'waiting' AND f.id <> $1) THEN due_at
					ELSE least(due_at, greatest(now(), hold_until)) END
				WHEN 'created' THEN CASE WHEN ticket_id <> '' THEN now() END
				ELSE due_at END,
			urgent_at = CASE WHEN `+lookable+` THEN now() ELSE urgent_at END,
			`+newsInTurn(`state = 'created' AND ticket_id = ''`)+`
		WHERE id IN (SELECT ticket FROM done)`, id, string(state), url, reason)
	if err != nil {
		return fmt.Errorf("finish file %d: %w", id, err)
	}
	return nil
}

// DropFiles drops the files of a ticket that have not come into it.
func (s *Store) DropFiles(ctx context.Context, ticket int64, reason string) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE files SET state = 'dropped', reason = $2 WHERE ticket = $1 AND state <> 'dropped' AND NOT entered`, ticket, reason)
	if err != nil {
		return fmt.Errorf("drop files of ticket %d: %w", ticket, err)
	}
	return nil
}

// DeferFile gives a file back for a later try. counts says whether the last one counts as one. It does nothing where the file is
// not in the hands of the process, so that it may be repeated.
func (s *Store) DeferFile(ctx context.Context, id int64, after time.Duration, counts bool, process int32) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE files SET owner = NULL, due_at = now() + make_interval(secs => $2),
			attempts = CASE WHEN $3 THEN attempts ELSE attempts - 1 END
		WHERE id = $1 AND owner = $4`, id, after.Seconds(), counts, process)
	if err != nil {
		return fmt.Errorf("defer file %d: %w", id, err)
	}
	return nil
}

// EnterFiles stores the create request as it will leave, with these files in it.
func (s *Store) EnterFiles(ctx context.Context, ticket int64, request json.RawMessage, files []int64) error {
	batch := &pgx.Batch{}
	batch.Queue(`UPDATE tickets SET request = $2 WHERE id = $1`, ticket, []byte(request))
	batch.Queue(`UPDATE files SET entered = true WHERE id = ANY ($1)`, files)
	if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("enter files of ticket %d: %w", ticket, err)
	}
	return nil
}

// LeaveFilesOut stores the create request without the files that were in it, which are dropped for the reason.
func (s *Store) LeaveFilesOut(ctx context.Context, ticket int64, request json.RawMessage, reason string) error {
	batch := &pgx.Batch{}
	batch.Queue(`UPDATE tickets SET request = $2 WHERE id = $1`, ticket, []byte(request))
	batch.Queue(`UPDATE files SET state = 'dropped', reason = $2 WHERE ticket = $1 AND entered AND state = 'uploaded'`, ticket, reason)
	if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("leave out files of ticket %d: %w", ticket, err)
	}
	return nil
}
