package storage

import (
	"context"
	"fmt"
)

// Question is one that the bot put to a person who typed /ticket without text.
type Question struct {
	BotID, ChatID int64
	AskedID       int64 // the message that is answered by the question
	SenderID      int64
	Options       string // options typed with the command
	Answered      bool
}

// Ask stores that a question is about to be put.
func (s *Store) Ask(ctx context.Context, q Question) error {
	_, err := s.pool.Exec(ctx, `
		INSERT INTO questions (bot_id, chat_id, asked_id, sender_id, options) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT DO NOTHING`, q.BotID, q.ChatID, q.AskedID, q.SenderID, q.Options)
	if err != nil {
		return fmt.Errorf("ask in chat %d: %w", q.ChatID, err)
	}
	return nil
}

// Asked stores which message is the question.
func (s *Store) Asked(ctx context.Context, q Question, messageID int64) error {
	_, err := s.pool.Exec(ctx,
		`UPDATE questions SET message_id = $4 WHERE bot_id = $1 AND chat_id = $2 AND asked_id = $3`,
		q.BotID, q.ChatID, q.AskedID, messageID)
	if err != nil {
		return fmt.Errorf("asked in chat %d: %w", q.ChatID, err)
	}
	return nil
}

// QuestionFor returns the question that the bot put to the person with message messageID. A crash may have left the same
// question standing twice, with only one number known: reads says that the message reads like the question. ErrNotFound:
// the message is no question to that person.
func (s *Store) QuestionFor(ctx context.Context, botID, chatID, senderID, messageID int64, reads bool) (Question, error) {
	q, err := row[Question](ctx, s.pool, `
		SELECT bot_id, chat_id, asked_id, sender_id, options, answered_at IS NOT NULL AS answered FROM questions
		WHERE bot_id = $1 AND chat_id = $2 AND sender_id = $3 AND (message_id = $4 OR $5 AND asked_id < $4)
		ORDER BY message_id = $4 DESC, asked_id DESC
		LIMIT 1`, botID, chatID, senderID, messageID, reads)
	if err != nil {
		return Question{}, fmt.Errorf("question in chat %d: %w", chatID, err)
	}
	return q, nil
}
