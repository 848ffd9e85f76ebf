package storage

import (
	"context"
	"fmt"
)

// PersonalData is how much is stored about a person, for themselves to read.
type PersonalData struct {
	Name      string // as last stored; empty: none is
	Open      int64  // tickets of theirs that are not finished
	Finished  int64
	Additions int64
	Follows   int64 // tickets of others
	Groups    []int64
	Chosen    bool // something for their private chat
}

// Nothing reports whether nothing is stored.
func (d PersonalData) Nothing() bool {
	return d.Name == "" && d.Open+d.Finished+d.Additions+d.Follows == 0 && len(d.Groups) == 0 && !d.Chosen
}

// maxGroups is how many groups are named to a person.
const maxGroups = 20

// DataOf returns how much is stored about a person.
func (s *Store) DataOf(ctx context.Context, person int64) (d PersonalData, err error) {
	err = s.pool.QueryRow(ctx, `
		WITH theirs AS (SELECT id, sender_name, `+unfinished+` AS open FROM tickets WHERE sender_id = $1 AND bot_id = $2 AND forgotten = ''),
		followed AS (
			SELECT f.ticket, f.name FROM followers f JOIN tickets t ON t.id = f.ticket
			WHERE f.person_id = $1 AND t.bot_id = $2 AND t.sender_id <> $1)
		SELECT
			coalesce((SELECT sender_name FROM theirs ORDER BY id DESC LIMIT 1), (SELECT name FROM followed ORDER BY ticket DESC LIMIT 1), ''),
			(SELECT count(*) FROM theirs WHERE open), (SELECT count(*) FROM theirs WHERE NOT open),
			(SELECT count(*) FROM additions a JOIN tickets t ON t.id = a.ticket
				WHERE a.sender_id = $1 AND a.sender_id <> 0 AND NOT a.forgotten AND t.bot_id = $2),
			(SELECT count(*) FROM followed),
			ARRAY(SELECT chat_id FROM uses WHERE bot_id = $2 AND person_id = $1 ORDER BY chat_id LIMIT $3),
			EXISTS (SELECT FROM places WHERE bot_id = $2 AND chat_id = $1)`, person, s.bot, maxGroups,
	).Scan(&d.Name, &d.Open, &d.Finished, &d.Additions, &d.Follows, &d.Groups, &d.Chosen)
	if err != nil {
		return PersonalData{}, fmt.Errorf("data of a person: %w", err)
	}
	return d, nil
}
