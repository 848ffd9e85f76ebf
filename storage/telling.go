package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// ClaimTellings takes up to limit tickets of which something is to be told, leaving out chats that have enough in hand.
func (s *Store) ClaimTellings(ctx context.Context, process int32, limit int, except []int64) ([]Ticket, error) {
	tickets, err := many[Ticket](ctx, s.pool, `
		WITH claimed AS (
			UPDATE tickets SET teller = $1
			WHERE id IN (
				SELECT id FROM tickets
				WHERE teller IS NULL AND tell_at <= now() AND chat_id <> ALL ($3::bigint[])
				ORDER BY tell_at
				LIMIT $2
				FOR UPDATE SKIP LOCKED)
			RETURNING *)
		SELECT `+ticketColumns+`, true AS mine FROM claimed ORDER BY tell_at`, process, limit, except)
	if err != nil {
		return nil, fmt.Errorf("claim tellings: %w", err)
	}
	return tickets, nil
}

// RecordTold stores that the card in the given place shows the ticket as it was at t.Version, gives the telling back and
// returns whether there is more to tell by now. cardID 0: it was told, but no message stands. ErrNotFound: the telling is
// not in the hands of this process any more, another has taken it over.
func (s *Store) RecordTold(ctx context.Context, t Ticket, cardChatID, cardID int64, process int32) (bool, error) {
	more, err := shared(ctx, s.commits, pgx.RowTo[bool], `
		WITH told AS (
			UPDATE tickets SET
				told = greatest(told, @version), teller = NULL, tell_tries = 0, card_chat_id = @chat_id, card_id = @card_id,
				tell_at = CASE
					WHEN version > @version OR EXISTS (
						SELECT 1 FROM notices n WHERE n.ticket = tickets.id AND n.told_at IS NULL) THEN now() END
			WHERE id = @id AND teller = @process
			RETURNING id, ticket_id, tell_at IS NOT NULL AS more),
		posted AS (
			INSERT INTO posts (chat_id, message_id, ticket, ticket_id)
			SELECT @chat_id, @card_id, id, ticket_id FROM told WHERE @card_id <> 0
			ON CONFLICT (chat_id, message_id) DO NOTHING)
		SELECT more FROM told`,
		named{"id": t.ID, "version": t.Version, "chat_id": cardChatID, "card_id": cardID, "process": process})
	if err != nil {
		return false, fmt.Errorf("record telling of ticket %d: %w", t.ID, err)
	}
	return more, nil
}

// DeferTelling gives a telling back for a later time.
func (s *Store) DeferTelling(ctx context.Context, id int64, after time.Duration, process int32) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE tickets SET teller = NULL, tell_tries = tell_tries + 1, tell_at = now() + make_interval(secs => $2)
		WHERE id = $1 AND teller = $3`, id, after.Seconds(), process)
	if err != nil {
		return fmt.Errorf("defer telling of ticket %d: %w", id, err)
	}
	return nil
}
