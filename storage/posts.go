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
	Kind     PostKind
}

// PostKind is what a message of the bot is.
type PostKind string

// The kinds of messages that are more than news of a ticket in its chat.
const (
	PostFeed     PostKind = "feed"     // a ticket's message in a feed, or a reply to it
	PostList     PostKind = "queue"    // a list of tickets, about none of them
	PostTalk     PostKind = "talk"     // a ticket's conversation
	PostShow     PostKind = "show"     // a ticket that was opened from a list
	PostSolved   PostKind = "solved"   // says that a ticket is resolved, with buttons to say whether it is
	PostQuestion PostKind = "question" // asks a person what is still wrong with a ticket
)

// AddPost remembers a message about a ticket and, in the same commit, ends the update that it answers.
func (s *Store) AddPost(ctx context.Context, chatID, messageID int64, p Post, botID, update int64) error {
	batch := &pgx.Batch{}
	batch.Queue(`
		INSERT INTO posts (chat_id, message_id, ticket, ticket_id, kind) VALUES ($1, $2, nullif($3, 0), $4, $5)
		`+latestPost, chatID, messageID, p.Ticket, p.TicketID, string(p.Kind))
	batch.Queue(finishUpdate, botID, update)
	if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("add post in chat %d: %w", chatID, err)
	}
	return nil
}

// latestPost makes an insert into posts replace what stands there. In private chats and basic groups each bot counts messages for
// itself, so two bots that share a database may have a message of the same number there; the later one is known.
const latestPost = `ON CONFLICT (chat_id, message_id) DO UPDATE SET
			ticket = excluded.ticket, ticket_id = excluded.ticket_id, kind = excluded.kind
			WHERE (posts.ticket, posts.ticket_id, posts.kind) IS DISTINCT FROM (excluded.ticket, excluded.ticket_id, excluded.kind)`

// PostAt returns what the bot's message is about, ErrNotFound where it is about no ticket, or about one that was removed: a message
// may be stored just after that.
func (s *Store) PostAt(ctx context.Context, chatID, messageID int64) (Post, error) {
	p, err := row[Post](ctx, s.pool, `
		SELECT coalesce(p.ticket, 0) AS ticket, coalesce(nullif(p.ticket_id, ''), t.ticket_id, '') AS ticket_id, p.kind
		FROM posts p LEFT JOIN tickets t ON t.id = p.ticket
		WHERE p.chat_id = $1 AND p.message_id = $2 AND p.kind <> 'queue' AND (p.ticket IS NULL OR t.bot_id = $3)`, chatID, messageID, s.bot)
	if err != nil {
		return Post{}, fmt.Errorf("post in chat %d: %w", chatID, err)
	}
	return p, nil
}

// LastPost returns the newest message of a kind about a ticket in a chat; 0: there is none.
func (s *Store) LastPost(ctx context.Context, chatID, ticket int64, kind PostKind) (int64, error) {
	id, err := one[int64](ctx, s.pool, `
		SELECT coalesce(max(message_id), 0) FROM posts WHERE ticket = $1 AND chat_id = $2 AND kind = $3`, ticket, chatID, string(kind))
	if err != nil {
		return 0, fmt.Errorf("last post about ticket %d: %w", ticket, err)
	}
	return id, nil
}

// IsList reports whether the bot's message is a list of tickets.
func (s *Store) IsList(ctx context.Context, chatID, messageID int64) (bool, error) {
	is, err := one[bool](ctx, s.pool, `
		SELECT EXISTS (SELECT FROM posts WHERE chat_id = $1 AND message_id = $2 AND kind = 'queue')`, chatID, messageID)
	if err != nil {
		return false, fmt.Errorf("post in chat %d: %w", chatID, err)
	}
	return is, nil
}
