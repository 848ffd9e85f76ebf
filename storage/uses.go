package storage

import (
	"context"
	"fmt"
)

// NoteUse stores that a person uses the bot in a chat.
func (s *Store) NoteUse(ctx context.Context, botID, personID, chatID int64) error {
	_, err := s.pool.Exec(ctx, `INSERT INTO uses (bot_id, person_id, chat_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
		botID, personID, chatID)
	if err != nil {
		return fmt.Errorf("note a use in chat %d: %w", chatID, err)
	}
	return nil
}

// Acquaintance is a group in which a person may be known.
type Acquaintance struct {
	ChatID int64
	Used   bool // the person used the bot there; else they only follow a ticket of it
}

// Acquaintances returns the groups in which a person may be known to the bot, at most limit, those first where they used it.
func (s *Store) Acquaintances(ctx context.Context, botID, personID int64, limit int) ([]Acquaintance, error) {
	groups, err := many[Acquaintance](ctx, s.pool, `
		SELECT chat_id, bool_or(used) AS used FROM (
			SELECT chat_id, true AS used FROM uses WHERE bot_id = $1 AND person_id = $2
			UNION ALL
			SELECT chat_id, false FROM tickets WHERE bot_id = $1 AND chat_id < 0 AND sender_id = $2
			UNION ALL
			SELECT t.chat_id, false FROM followers f JOIN tickets t ON t.id = f.ticket
			WHERE f.person_id = $2 AND t.bot_id = $1 AND t.chat_id < 0) a
		GROUP BY chat_id
		ORDER BY used DESC, chat_id
		LIMIT $3`, botID, personID, limit)
	if err != nil {
		return nil, fmt.Errorf("look for acquaintances of a person: %w", err)
	}
	return groups, nil
}
