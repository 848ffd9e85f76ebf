package storage

import (
	"context"
	"fmt"
)

// A nudge is LiveDesk's word that something may have changed. It makes a ticket due for a look, which is claimed after those that
// people wait for and before the others:
//
//	what happens             nudged_at                                     due_at
//	a nudge                  now, or a second after the last look began    then, unless it is due before
//	a nudge before the look  stays                                         stays
//	the look                 null                                          as any look decides
//	a nudge during the look  a second after the look began                 then
//
// So a ticket is looked at once a second at most, however often it is nudged, also where the look fails.

// nudgeDue is when a ticket that is nudged now is to be looked at. No later than in a second: the last look began later than now where
// the clock has been set back since.
const nudgeDue = `least(greatest(now(), look_at + interval '1 second'), now() + interval '1 second')`

// Meant is a ticket that a word may mean.
type Meant struct {
	ID   int64
	Word string
}

// MeantByNumber returns the bot's tickets whose number at LiveDesk is one of the words.
func (s *Store) MeantByNumber(ctx context.Context, words []string) ([]Meant, error) {
	meant, err := many[Meant](ctx, s.pool, `
		SELECT id, ticket_id AS word FROM tickets
		WHERE ticket_id = ANY ($1) AND `+lookable+` AND bot_id = $2`, words, s.bot)
	if err != nil {
		return nil, fmt.Errorf("tickets by numbers: %w", err)
	}
	return meant, nil
}

// MeantByChat returns the unfinished tickets of the chats whose ids are the words, of each chat the newest, up to limit.
// A group is also found by the id that it had before it became a supergroup.
func (s *Store) MeantByChat(ctx context.Context, words []string, limit int) ([]Meant, error) {
	meant, err := many[Meant](ctx, s.pool, `
		SELECT t.id, said.word
		FROM unnest($1::text[]) AS said (word)
		LEFT JOIN chats c ON c.chat_id = said.word::bigint
		CROSS JOIN LATERAL (
			SELECT id FROM tickets
			WHERE chat_id = coalesce(c.moved_to, said.word::bigint) AND bot_id = $2 AND `+unfinished+` AND `+lookable+`
			ORDER BY id DESC
			LIMIT $3) t`, words, s.bot, limit)
	if err != nil {
		return nil, fmt.Errorf("tickets by chats: %w", err)
	}
	return meant, nil
}

// LastActive returns the unfinished tickets that changed last, up to limit, which no word means.
func (s *Store) LastActive(ctx context.Context, limit int) ([]Meant, error) {
	newest := func(which string) string {
		return `(SELECT id, changed_at FROM tickets
			WHERE bot_id = $1 AND ` + unfinished + ` AND ` + lookable + ` AND ` + which + `
			ORDER BY changed_at DESC
			LIMIT $2)`
	}
	last, err := many[Meant](ctx, s.pool, `
		SELECT id, '' AS word
		FROM (`+newest(`owner IS NULL AND due_at IS NOT NULL`)+` UNION ALL `+newest(`owner IS NOT NULL`)+`) t
		ORDER BY changed_at DESC
		LIMIT $2`, s.bot, limit)
	if err != nil {
		return nil, fmt.Errorf("tickets that were active last: %w", err)
	}
	return last, nil
}

// Nudge makes tickets that LiveDesk has due for a look because of its word.
func (s *Store) Nudge(ctx context.Context, tickets []Meant) error {
	ids := make([]int64, len(tickets))
	for i, t := range tickets {
		ids[i] = t.ID
	}
	_, err := s.pool.Exec(ctx, `
		UPDATE tickets SET nudged_at = `+nudgeDue+`, due_at = least(due_at, `+nudgeDue+`)
		WHERE id IN (
			SELECT id FROM tickets
			WHERE id = ANY ($1) AND `+lookable+`
			  AND (nudged_at IS NULL OR nudged_at <= look_at OR due_at IS NULL OR due_at > `+nudgeDue+`)
			ORDER BY id
			FOR UPDATE)`, ids)
	if err != nil {
		return fmt.Errorf("nudge tickets: %w", err)
	}
	return nil
}
