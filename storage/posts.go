package storage

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Post is one of the bot's messages about a ticket.
type Post struct {
	Ticket   int64  // 0 where the ticket is not ours
	TicketID string // LiveDesk's number, empty while unknown
}

// AddPost remembers a message about a ticket and, in the same commit, ends the update that it answers.
func (s *Store) AddPost(ctx context.Context, chatID, messageID int64, p Post, botID, update int64) error {
	batch := &pgx.Batch{}
	batch.Queue(`
		INSERT INTO posts (chat_id, message_id, ticket, ticket_id) VALUES ($1, $2, nullif($3, 0), $4)
		`+latestPost, chatID, messageID, p.Ticket, p.TicketID)
	batch.Queue(finishUpdate, botID, update)
	if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("add post in chat %d: %w", chatID, err)
	}
	return nil
}

// latestPost makes an insert into posts replace what stands there. In private chats and basic groups each bot counts messages for
// itself, so two bots that share a database may have a message of the same number there; the later one is known.
const latestPost = `ON CONFLICT (chat_id, message_id) DO UPDATE SET ticket = excluded.ticket, ticket_id = excluded.ticket_id
			WHERE (posts.ticket, posts.ticket_id) IS DISTINCT FROM (excluded.ticket, excluded.ticket_id)`

// PostAt returns what the bot's message is about, ErrNotFound where it is about no ticket.
func (s *Store) PostAt(ctx context.Context, chatID, messageID int64) (Post, error) {
	p, err := row[Post](ctx, s.pool, `
		SELECT coalesce(p.ticket, 0) AS ticket, coalesce(nullif(p.ticket_id, ''), t.ticket_id, '') AS ticket_id
		FROM posts p LEFT JOIN tickets t ON t.id = p.ticket
		WHERE p.chat_id = $1 AND p.message_id = $2 AND coalesce(t.bot_id, $3) = $3`, chatID, messageID, s.bot)
	if err != nil {
		return Post{}, fmt.Errorf("post in chat %d: %w", chatID, err)
	}
	return p, nil
}
