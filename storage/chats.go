package storage

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// LoseChat stores that the bot cannot write to a chat any more and reports whether that is news.
func (s *Store) LoseChat(ctx context.Context, chatID int64) (bool, error) {
	tag, err := s.pool.Exec(ctx, `
		INSERT INTO chats (chat_id, lost_at) VALUES ($1, now())
		ON CONFLICT (chat_id) DO UPDATE SET lost_at = now() WHERE chats.lost_at IS NULL`, chatID)
	if err != nil {
		return false, fmt.Errorf("lose chat %d: %w", chatID, err)
	}
	return tag.RowsAffected() > 0, nil
}

// RegainChat stores that the bot can write to a chat again, and makes due what of it waited for that.
func (s *Store) RegainChat(ctx context.Context, chatID int64) error {
	batch := &pgx.Batch{}
	batch.Queue(`UPDATE chats SET lost_at = NULL WHERE chat_id = $1 AND lost_at IS NOT NULL`, chatID)
	batch.Queue(`
		UPDATE tickets SET tell_at = now()
		WHERE chat_id = $1 AND bot_id = $2 AND muted_at IS NOT NULL AND teller IS NULL AND tell_at > now()`, chatID, s.bot)
	if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("regain chat %d: %w", chatID, err)
	}
	return nil
}

// ChatLost reports whether the bot could not write to a chat when it last tried, and nothing has said since that it can.
func (s *Store) ChatLost(ctx context.Context, chatID int64) (bool, error) {
	lost, err := one[bool](ctx, s.pool, `SELECT EXISTS (SELECT FROM chats WHERE chat_id = $1 AND lost_at IS NOT NULL)`, chatID)
	if err != nil {
		return false, fmt.Errorf("chat %d: %w", chatID, err)
	}
	return lost, nil
}

// MoveChat moves everything of a group to the supergroup that it became, and reports whether that is news: it may be told
// by any of three signals, in any order. Message numbers start anew there, so those of the group are forgotten; requests
// that LiveDesk does not have yet name the supergroup.
func (s *Store) MoveChat(ctx context.Context, from, to int64) (bool, error) {
	news := false
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `
			INSERT INTO chats (chat_id, moved_to) VALUES ($1, $2)
			ON CONFLICT (chat_id) DO UPDATE SET moved_to = $2 WHERE chats.moved_to IS DISTINCT FROM $2`, from, to)
		if err != nil {
			return err
		}
		news = tag.RowsAffected() > 0
		// Also where that is no news: a message of the group may have been worked on after the first signal.
		for _, move := range append([]string{
			`UPDATE tickets SET chat_id = $2, message_id = 0, card_chat_id = 0, card_id = 0,
				-- An open outcome must be readable, and its buttons in reach, where people are now.
				` + newsNow(`state IN ('waiting', 'unconfirmed')`) + `,
				request = CASE WHEN state IN ('waiting', 'sending', 'unconfirmed')
					THEN jsonb_set(request::jsonb, '{requester,channel_contacts,contact_id}', to_jsonb($2::bigint::text))::json
					ELSE request END
			  WHERE chat_id = $1`,
			// A question that was asked again after it had moved, because its update was handled again, is the same one.
			`DELETE FROM questions q USING questions o
			  WHERE q.chat_id = $1 AND q.answered_at IS NULL AND o.bot_id = q.bot_id AND (
				o.chat_id = $2 AND o.asked_id = -abs(q.asked_id)
				OR o.chat_id = $1 AND o.answered_at IS NULL AND abs(o.asked_id) = abs(q.asked_id) AND o.asked_id < q.asked_id)`,
			// Negative, so that no message of the supergroup has the same number.
			`UPDATE questions SET chat_id = $2, asked_id = -abs(asked_id), message_id = 0 WHERE chat_id = $1 AND answered_at IS NULL`,
			`DELETE FROM posts WHERE chat_id = $1 AND $2::bigint <> 0`,
			// Their buttons are out of reach.
			`DELETE FROM offers WHERE chat_id = $1 AND $2::bigint <> 0`,
			// What was set in the supergroup already counts more.
			`INSERT INTO places (bot_id, chat_id, thread_id, defaults, language)
			  SELECT bot_id, $2, thread_id, defaults, language FROM places WHERE chat_id = $1
			  ON CONFLICT DO NOTHING`,
			`DELETE FROM places WHERE chat_id = $1 AND $2::bigint <> 0`,
			`UPDATE updates SET chat_id = $2 WHERE chat_id = $1 AND done_at IS NULL`,
		}, moveFeeds...) {
			if _, err := tx.Exec(ctx, move, from, to); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("move chat %d to %d: %w", from, to, err)
	}
	return news, nil
}

// ChatNow returns where a chat lives now: the supergroup that it became, or itself.
func (s *Store) ChatNow(ctx context.Context, chatID int64) (int64, error) {
	now, err := one[int64](ctx, s.pool,
		`SELECT coalesce((SELECT moved_to FROM chats WHERE chat_id = $1), $1)`, chatID)
	if err != nil {
		return 0, fmt.Errorf("chat %d: %w", chatID, err)
	}
	return now, nil
}
