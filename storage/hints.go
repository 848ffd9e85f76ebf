package storage

import (
	"context"
	"fmt"
)

// hintEvery is how often a chat or a person is told the same.
const hintEvery = `interval '1 hour'`

// Hint notes that an update is about to be answered with a hint about a chat or person, and reports whether it is to be: where
// they had the same hint within the hour, only the update that it answered may be answered again.
func (s *Store) Hint(ctx context.Context, botID, about int64, kind string, update int64) (bool, error) {
	tag, err := s.pool.Exec(ctx, `
		INSERT INTO hints (bot_id, about, kind, update_id) VALUES ($1, $2, $3, $4)
		ON CONFLICT (bot_id, about, kind) DO UPDATE SET update_id = excluded.update_id, told_at = now()
		WHERE hints.told_at < now() - `+hintEvery+` OR hints.update_id = excluded.update_id`, botID, about, kind, update)
	if err != nil {
		return false, fmt.Errorf("hint for %d: %w", about, err)
	}
	return tag.RowsAffected() > 0, nil
}
