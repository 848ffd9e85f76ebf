package storage

import (
	"context"
	"fmt"
)

// Place is what was set for a topic or a chat.
type Place struct {
	BotID, ChatID int64
	ThreadID      int64  // topic; 0: the whole chat
	Defaults      []byte // JSON
	Language      string // tag; empty: not chosen
}

// Places returns what was set in a chat, for the whole of it first.
func (s *Store) Places(ctx context.Context, botID, chatID int64) ([]Place, error) {
	places, err := many[Place](ctx, s.pool, placesOf, botID, []int64{chatID})
	if err != nil {
		return nil, fmt.Errorf("places of chat %d: %w", chatID, err)
	}
	return places, nil
}

const placesOf = `
	SELECT bot_id, chat_id, thread_id, defaults, language FROM places
	WHERE bot_id = $1 AND chat_id = ANY ($2)
	ORDER BY chat_id, thread_id`

// SetDefaults stores the defaults of a place; its language stays.
func (s *Store) SetDefaults(ctx context.Context, p Place) error {
	_, err := s.pool.Exec(ctx, `
		INSERT INTO places (bot_id, chat_id, thread_id, defaults) VALUES ($1, $2, $3, $4)
		ON CONFLICT (bot_id, chat_id, thread_id) DO UPDATE SET defaults = excluded.defaults, changed_at = now()`,
		p.BotID, p.ChatID, p.ThreadID, p.Defaults)
	if err != nil {
		return fmt.Errorf("set defaults in chat %d: %w", p.ChatID, err)
	}
	return nil
}

// SetLanguage stores the language of a place; its defaults stay.
func (s *Store) SetLanguage(ctx context.Context, p Place) error {
	_, err := s.pool.Exec(ctx, `
		INSERT INTO places (bot_id, chat_id, thread_id, language) VALUES ($1, $2, $3, $4)
		ON CONFLICT (bot_id, chat_id, thread_id) DO UPDATE SET language = excluded.language, changed_at = now()`,
		p.BotID, p.ChatID, p.ThreadID, p.Language)
	if err != nil {
		return fmt.Errorf("set language in chat %d: %w", p.ChatID, err)
	}
	return nil
}
