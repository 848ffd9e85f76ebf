package storage

import (
	"context"
	"fmt"
)

// NoteUse stores that a person uses the bot in a chat, and when, to the day.
func (s *Store) NoteUse(ctx context.Context, botID, personID, chatID int64) error {
	_, err := s.pool.Exec(ctx, `
		INSERT INTO uses (bot_id, person_id, chat_id) VALUES ($1, $2, $3)
		ON CONFLICT (bot_id, person_id, chat_id) DO UPDATE SET used_at = now() WHERE uses.used_at < now() - interval '1 day'`,
		botID, personID, chatID)
	if err != nil {
		return fmt.Errorf("note a use in chat %d: %w", chatID, err)
	}
	return nil
}

// UsedIn returns the groups in which a person has used the bot, at most limit.
func (s *Store) UsedIn(ctx context.Context, botID, personID int64, limit int) ([]int64, error) {
	groups, err := list[int64](ctx, s.pool, `
		SELECT chat_id FROM uses WHERE bot_id = $1 AND person_id = $2 ORDER BY chat_id LIMIT $3`, botID, personID, limit)
	if err != nil {
		return nil, fmt.Errorf("look for groups in which a person used the bot: %w", err)
	}
	return groups, nil
}

// TicketsIn returns the groups of which a person made or follows tickets, at most limit. It reads all tickets of the person.
func (s *Store) TicketsIn(ctx context.Context, botID, personID int64, limit int) ([]int64, error) {
	groups, err := list[int64](ctx, s.pool, `
		SELECT chat_id FROM (
			SELECT chat_id FROM tickets WHERE bot_id = $1 AND chat_id < 0 AND sender_id = $2
			UNION
			SELECT t.chat_id FROM followers f JOIN tickets t ON t.id = f.ticket
			WHERE f.person_id = $2 AND t.bot_id = $1 AND t.chat_id < 0) a
		ORDER BY chat_id
		LIMIT $3`, botID, personID, limit)
	if err != nil {
		return nil, fmt.Errorf("look for groups with tickets of a person: %w", err)
	}
	return groups, nil
}
