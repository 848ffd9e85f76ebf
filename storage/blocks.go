package storage

import (
	"context"
	"fmt"
)

// Block makes the bot do nothing for a person, or something again, and reports whether that is news.
func (s *Store) Block(ctx context.Context, botID, personID int64, on bool) (bool, error) {
	sql := `INSERT INTO blocks (bot_id, person_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`
	if !on {
		sql = `DELETE FROM blocks WHERE bot_id = $1 AND person_id = $2`
	}
	tag, err := s.pool.Exec(ctx, sql, botID, personID)
	if err != nil {
		return false, fmt.Errorf("block a person: %w", err)
	}
	return tag.RowsAffected() > 0, nil
}

// Blocked returns everybody who is blocked.
func (s *Store) Blocked(ctx context.Context, botID int64) ([]int64, error) {
	blocked, err := list[int64](ctx, s.pool, `SELECT person_id FROM blocks WHERE bot_id = $1`, botID)
	if err != nil {
		return nil, fmt.Errorf("look for blocked people: %w", err)
	}
	return blocked, nil
}
