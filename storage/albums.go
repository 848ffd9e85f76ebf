package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// AddAlbumPart remembers a part of an album and joins it to the ticket of that album, if there is one, which then awaits
// more parts for hold. It reports whether it joined one.
func (s *Store) AddAlbumPart(ctx context.Context, botID, chatID int64, album string, messageID, senderID int64, file []byte, hold time.Duration) (bool, error) {
	joined := false
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := lockAlbum(ctx, tx, chatID, album); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `
			INSERT INTO album_parts (bot_id, chat_id, album, message_id, file, sender_id) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT DO NOTHING`, botID, chatID, album, messageID, file, senderID)
		if err != nil {
			return err
		}
		tickets, err := list[int64](ctx, tx, `
			UPDATE tickets SET hold_until = now() + make_interval(secs => $4)
			WHERE chat_id = $1 AND album = $2 AND album <> '' AND bot_id = $3
			RETURNING id`, chatID, album, botID, hold.Seconds())
		if err != nil {
			return err
		}
		for _, ticket := range tickets {
			joined = true
			if err := joinAlbum(ctx, tx, ticket); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("album part in chat %d: %w", chatID, err)
	}
	return joined, nil
}

// TicketOfAlbum returns the ticket that another part of an album than the given message was added to, by the same person. ErrNotFound:
// none was.
func (s *Store) TicketOfAlbum(ctx context.Context, botID, chatID, senderID int64, album string, messageID int64) (int64, error) {
	ticket, err := one[int64](ctx, s.pool, `
		SELECT a.ticket
		FROM album_parts p JOIN additions a ON a.ref = p.bot_id || '/' || p.chat_id || '/' || p.message_id
		WHERE p.bot_id = $1 AND p.chat_id = $2 AND p.sender_id = $3 AND p.album = $4 AND p.message_id <> $5
		ORDER BY p.message_id
		LIMIT 1`, botID, chatID, senderID, album, messageID)
	if err != nil {
		return 0, fmt.Errorf("ticket of an album in chat %d: %w", chatID, err)
	}
	return ticket, nil
}

// lockAlbum keeps a ticket and a part of its album, stored by two processes at once, from missing each other.
func lockAlbum(ctx context.Context, tx pgx.Tx, chatID int64, album string) error {
	_, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1::text || '/' || $2, 0))`, fmt.Sprint(chatID), album)
	return err
}

// joinAlbum adds all parts of its album to the files of a ticket.
func joinAlbum(ctx context.Context, tx pgx.Tx, ticket int64) error {
	_, err := tx.Exec(ctx, `
		WITH joined AS (
			INSERT INTO files (ticket, message_id, file)
			SELECT t.id, p.message_id, p.file
			FROM tickets t JOIN album_parts p ON p.bot_id = t.bot_id AND p.chat_id = t.chat_id AND p.album = t.album
			WHERE t.id = $1
			ON CONFLICT DO NOTHING
			RETURNING ticket)
		UPDATE tickets SET with_files = true WHERE id IN (SELECT ticket FROM joined)`, ticket)
	return err
}
