package storage

import (
	"context"
	"fmt"
)

// PlaceKey is a topic of a chat; Thread 0: the chat.
type PlaceKey struct{ Chat, Thread int64 }

// Names are what chats and topics are called. What is not known is not in it.
type Names map[PlaceKey]string

// NamePlace stores what a chat or a topic is called. Where the name may be an old one, sure is false and a known name stays.
func (s *Store) NamePlace(ctx context.Context, place PlaceKey, name string, sure bool) error {
	_, err := s.pool.Exec(ctx, `
		INSERT INTO place_names (bot_id, chat_id, thread_id, name) VALUES ($1, $2, $3, $4)
		ON CONFLICT (bot_id, chat_id, thread_id) DO UPDATE SET name = excluded.name WHERE $5 AND place_names.name <> excluded.name`,
		s.bot, place.Chat, place.Thread, name, sure)
	if err != nil {
		return fmt.Errorf("name chat %d: %w", place.Chat, err)
	}
	return nil
}

// RenamePlace stores another name of a chat from which there are tickets, or of one of its topics.
func (s *Store) RenamePlace(ctx context.Context, place PlaceKey, name string) error {
	_, err := s.pool.Exec(ctx, `
		INSERT INTO place_names (bot_id, chat_id, thread_id, name)
		SELECT $1, $2, $3, $4 WHERE EXISTS (SELECT FROM place_names WHERE bot_id = $1 AND chat_id = $2 AND thread_id = 0)
		ON CONFLICT (bot_id, chat_id, thread_id) DO UPDATE SET name = excluded.name`, s.bot, place.Chat, place.Thread, name)
	if err != nil {
		return fmt.Errorf("rename chat %d: %w", place.Chat, err)
	}
	return nil
}

// NamesOf returns what the chats and topics of tickets are called.
func (s *Store) NamesOf(ctx context.Context, tickets ...Ticket) (Names, error) {
	var chats, threads []int64
	for _, t := range tickets {
		chats, threads = append(chats, t.ChatID), append(threads, t.ThreadID)
	}
	places, err := many[struct {
		ChatID, ThreadID int64
		Name             string
	}](ctx, s.pool, `
		SELECT chat_id, thread_id, name FROM place_names
		WHERE bot_id = $1 AND chat_id = ANY ($2) AND (thread_id = 0 OR thread_id = ANY ($3))`, s.bot, notNil(chats), notNil(threads))
	if err != nil {
		return nil, fmt.Errorf("names of chats: %w", err)
	}
	names := Names{}
	for _, p := range places {
		names[PlaceKey{p.ChatID, p.ThreadID}] = p.Name
	}
	return names, nil
}
