package storage

import (
	"context"
	"fmt"
)

// Person is somebody on Telegram.
type Person struct {
	ID   int64
	Name string
}

// Whence is where somebody follows a ticket.
type Whence int

// Where somebody may follow a ticket.
const (
	Here      Whence = iota // in the ticket's chat: they are named there
	InPrivate               // in private: they are told there
	Elsewhere               // in a staff chat, which has its feed
)

// Followers returns who follows a ticket in its chat, its requester first.
func (s *Store) Followers(ctx context.Context, ticket int64) ([]Person, error) {
	people, err := many[Person](ctx, s.pool, `
		SELECT person_id AS id, name FROM followers WHERE ticket = $1 AND here
		ORDER BY person_id <> (SELECT sender_id FROM tickets WHERE id = $1), person_id`, ticket)
	if err != nil {
		return nil, fmt.Errorf("followers of ticket %d: %w", ticket, err)
	}
	return people, nil
}

// Follows reports whether a person made or follows a ticket.
func (s *Store) Follows(ctx context.Context, id, personID int64) (bool, error) {
	follows, err := one[bool](ctx, s.pool, `
		SELECT EXISTS (SELECT 1 FROM tickets WHERE id = $1 AND sender_id = $2)
			OR EXISTS (SELECT 1 FROM followers WHERE ticket = $1 AND person_id = $2)`, id, personID)
	if err != nil {
		return false, fmt.Errorf("look for a follower of ticket %d: %w", id, err)
	}
	return follows, nil
}

// follow makes a person follow a ticket, $1 to $5: ticket, person, name, here and private. Who follows in two places does in both.
const follow = `
	INSERT INTO followers (ticket, person_id, name, here, private)
	VALUES ($1, $2, $3, $4, $5)
	ON CONFLICT (ticket, person_id) DO UPDATE SET here = followers.here OR excluded.here, private = followers.private OR excluded.private`

// Follow makes a person follow a ticket, or no longer, in whatever place.
func (s *Store) Follow(ctx context.Context, ticket int64, p Person, from Whence, on bool) error {
	sql, args := follow, []any{ticket, p.ID, p.Name, from == Here, from == InPrivate}
	if !on {
		sql, args = `DELETE FROM followers WHERE ticket = $1 AND person_id = $2`, []any{ticket, p.ID}
	}
	if _, err := s.pool.Exec(ctx, sql, args...); err != nil {
		return fmt.Errorf("follow ticket %d: %w", ticket, err)
	}
	return nil
}

// ToggleFollow makes a person follow a ticket who does not, and no longer one who does, and reports whether they do now.
// In the same commit it ends the update that asked for it, so that the same one does not turn it back.
func (s *Store) ToggleFollow(ctx context.Context, ticket int64, p Person, from Whence, botID, update int64) (bool, error) {
	follows, err := one[bool](ctx, s.pool, `
		WITH ended AS (`+finishUpdate+` RETURNING true),
		before AS (SELECT FROM followers WHERE ticket = $3 AND person_id = $4),
		removed AS (DELETE FROM followers WHERE ticket = $3 AND person_id = $4 AND EXISTS (SELECT FROM ended)),
		added AS (
			INSERT INTO followers (ticket, person_id, name, here, private)
			SELECT $3, $4, $5, $6, $7 FROM ended WHERE NOT EXISTS (SELECT FROM before))
		SELECT EXISTS (SELECT FROM ended) <> EXISTS (SELECT FROM before)`,
		botID, update, ticket, p.ID, p.Name, from == Here, from == InPrivate)
	if err != nil {
		return false, fmt.Errorf("follow ticket %d: %w", ticket, err)
	}
	return follows, nil
}
