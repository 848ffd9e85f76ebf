package storage

import (
	"context"
	"fmt"
)

// Update is one journalled Telegram update.
type Update struct {
	ID        int64 `db:"update_id"`
	ChatID    int64 // 0 where it belongs to no chat
	Payload   []byte
	Mine      bool // as journalled: at once in the hands of this process, not free for whoever claims it
	Takeovers int  // how often a process died with it in hand
	Suspected int  // how often it was begun as the possible cause of that
}

// Journal stores updates and returns, by number, those that are first deliveries. One statement, one commit.
func (s *Store) Journal(ctx context.Context, botID int64, process int32, updates []Update) (map[int64]bool, error) {
	ids := make([]int64, len(updates))
	chats := make([]int64, len(updates))
	payloads := make([][]byte, len(updates))
	mine := make([]bool, len(updates))
	for i, u := range updates {
		ids[i], chats[i], payloads[i], mine[i] = u.ID, u.ChatID, u.Payload, u.Mine
	}
	stored, err := list[int64](ctx, s.pool, `
		INSERT INTO updates (bot_id, update_id, chat_id, payload, owner)
		SELECT @bot_id, u.id, u.chat_id, u.payload, CASE WHEN u.mine THEN @process::integer END
		FROM unnest(@ids::bigint[], @chats::bigint[], @payloads::bytea[], @mine::boolean[]) AS u (id, chat_id, payload, mine)
		ON CONFLICT DO NOTHING
		RETURNING update_id`,
		named{"bot_id": botID, "process": process, "ids": ids, "chats": chats, "payloads": payloads, "mine": mine})
	if err != nil {
		return nil, fmt.Errorf("journal %d updates: %w", len(updates), err)
	}
	first := make(map[int64]bool, len(stored))
	for _, id := range stored {
		first[id] = true
	}
	return first, nil
}

// ClaimUpdates takes up to limit free updates, oldest first, leaving out chats that have enough in hand (nil: none).
func (s *Store) ClaimUpdates(ctx context.Context, botID int64, process int32, limit int, except []int64) ([]Update, error) {
	updates, err := many[Update](ctx, s.pool, `
		WITH claimed AS (
			UPDATE updates SET owner = $2
			WHERE bot_id = $1 AND update_id = ANY (ARRAY(
				SELECT update_id FROM updates
				WHERE bot_id = $1 AND done_at IS NULL AND owner IS NULL AND chat_id <> ALL (coalesce($4::bigint[], '{}'))
				ORDER BY update_id
				LIMIT $3
				FOR UPDATE SKIP LOCKED))
			RETURNING update_id, chat_id, payload, takeovers, suspected)
		SELECT update_id, chat_id, payload, takeovers, suspected FROM claimed ORDER BY update_id`, botID, process, limit, except)
	if err != nil {
		return nil, fmt.Errorf("claim updates: %w", err)
	}
	return updates, nil
}

// Suspect stores that an update is about to be handled that processes died with, for the times-th time.
func (s *Store) Suspect(ctx context.Context, botID, id int64, times int) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE updates SET suspected = greatest(suspected, $3) WHERE bot_id = $1 AND update_id = $2`, botID, id, times)
	if err != nil {
		return fmt.Errorf("suspect update %d: %w", id, err)
	}
	return nil
}

// FinishUpdate marks an update as done and forgets its content. Once done it stays done: a second delivery is no news.
func (s *Store) FinishUpdate(ctx context.Context, botID, id int64) error {
	_, err := s.pool.Exec(ctx, finishUpdate, botID, id)
	if err != nil {
		return fmt.Errorf("finish update %d: %w", id, err)
	}
	return nil
}

const finishUpdate = `
	UPDATE updates SET done_at = now(), payload = NULL, owner = NULL
	WHERE bot_id = $1 AND update_id = $2 AND done_at IS NULL`

// GiveUpUpdate ends an update that cannot be handled. With keep its content is kept for a look; fault holds no text of people.
func (s *Store) GiveUpUpdate(ctx context.Context, botID, id int64, fault string, keep bool) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE updates SET done_at = now(), owner = NULL, fault = $3, payload = CASE WHEN $4 THEN payload END
		WHERE bot_id = $1 AND update_id = $2 AND done_at IS NULL`, botID, id, fault, keep)
	if err != nil {
		return fmt.Errorf("give up update %d: %w", id, err)
	}
	return nil
}
