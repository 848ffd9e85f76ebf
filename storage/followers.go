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

// Following reports whether a person follows a ticket, wherever. Who asked for it does, until they no longer want to.
func (s *Store) Following(ctx context.Context, id, personID int64) (bool, error) {
	follows, err := one[bool](ctx, s.pool, `SELECT EXISTS (SELECT 1 FROM followers WHERE ticket = $1 AND person_id = $2)`, id, personID)
	if err != nil {
		return false, fmt.Errorf("look whether ticket %d is followed: %w", id, err)
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
	if !on { // who was mentioned is not named in the request any more either, once it is not needed to send it
		sql, args = `
			WITH gone AS (DELETE FROM followers WHERE ticket = $1 AND person_id = $2)
			UPDATE tickets SET request = `+withoutFollower("$2")+`
			WHERE id = $1 AND sender_id <> $2 AND `+decided+` AND `+namesFollower("$2"), []any{ticket, p.ID}
	}
	if _, err := s.pool.Exec(ctx, sql, args...); err != nil {
		return fmt.Errorf("follow ticket %d: %w", ticket, err)
	}
	return nil
}
