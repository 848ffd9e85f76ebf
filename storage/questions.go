package storage

import (
	"context"
	"fmt"
)

// Question is one that the bot put to a person: what their ticket is about, or what is still wrong with one.
type Question struct {
	BotID, ChatID int64
	ThreadID      int64 // topic
	AskedID       int64 // the message that is answered by the question; of a press the update's number, negative
	SenderID      int64
	Options       string // options typed with the command
	Ticket        int64  // that it is about; 0: one that is still to be opened
	Answered      bool
}

const questionColumns = `bot_id, chat_id, thread_id, asked_id, sender_id, options, ticket, answered_at IS NOT NULL AS answered`

// Ask stores that a question is about to be put.
func (s *Store) Ask(ctx context.Context, q Question) error {
	_, err := s.pool.Exec(ctx, `
		INSERT INTO questions (bot_id, chat_id, thread_id, asked_id, sender_id, options) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT DO NOTHING`, q.BotID, q.ChatID, q.ThreadID, q.AskedID, q.SenderID, q.Options)
	if err != nil {
		return fmt.Errorf("ask in chat %d: %w", q.ChatID, err)
	}
	return nil
}

// IsAnswered reports whether a question has its answer.
func (s *Store) IsAnswered(ctx context.Context, q Question) (bool, error) {
	answered, err := one[bool](ctx, s.pool, `
		SELECT EXISTS (
			SELECT FROM questions WHERE bot_id = $1 AND chat_id = $2 AND asked_id = $3 AND answered_at IS NOT NULL)`, q.BotID, q.ChatID, q.AskedID)
	if err != nil {
		return false, fmt.Errorf("question in chat %d: %w", q.ChatID, err)
	}
	return answered, nil
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

// QuestionFor returns the question for a ticket's text that the bot put to the person with message messageID. A crash may have left the
// same question standing twice, with only the number of the later one known, or none: reads says that the message reads like the
// question. ErrNotFound: the message is no question to that person.
func (s *Store) QuestionFor(ctx context.Context, botID, chatID, senderID, messageID int64, reads bool) (Question, error) {
	q, err := row[Question](ctx, s.pool, `
		SELECT `+questionColumns+` FROM questions
		WHERE bot_id = $1 AND chat_id = $2 AND sender_id = $3 AND ticket = 0
			AND (message_id = $4 OR $5 AND asked_id < $4 AND (message_id = 0 OR message_id > $4))
		ORDER BY message_id = $4 DESC, asked_id DESC
		LIMIT 1`, botID, chatID, senderID, messageID, reads)
	if err != nil {
		return Question{}, fmt.Errorf("question in chat %d: %w", chatID, err)
	}
	return q, nil
}

// AskAboutTicket stores that a person is about to be asked about a ticket, by the press with the given AskedID, and reports whether
// they are to be: not where their next words in the topic are the answer anyway.
//
// Which message is the question stands in posts and not here: a version that knows no such questions then takes the answer for words
// about the ticket, and not for a ticket of its own.
func (s *Store) AskAboutTicket(ctx context.Context, q Question) (bool, error) {
	ask, err := one[bool](ctx, s.pool, `
		WITH open AS (
			SELECT FROM questions q
			WHERE bot_id = $1 AND chat_id = $2 AND thread_id = $6 AND sender_id = $4 AND ticket = $5 AND asked_id <> $3 AND `+answerable+`),
		asked AS (
			INSERT INTO questions (bot_id, chat_id, asked_id, sender_id, ticket, thread_id)
			SELECT $1, $2, $3, $4, $5, $6 WHERE NOT EXISTS (SELECT FROM open)
			ON CONFLICT DO NOTHING)
		SELECT NOT EXISTS (SELECT FROM open)`, q.BotID, q.ChatID, q.AskedID, q.SenderID, q.Ticket, q.ThreadID)
	if err != nil {
		return false, fmt.Errorf("ask about ticket %d: %w", q.Ticket, err)
	}
	return ask, nil
}

// QuestionAbout returns the newest question about a ticket that a person has not answered. The group itself, in whose name anonymous
// administrators write, answers those about its own tickets. ErrNotFound: there is none.
func (s *Store) QuestionAbout(ctx context.Context, botID, chatID, senderID, ticket int64) (Question, error) {
	q, err := row[Question](ctx, s.pool, `
		SELECT `+questionColumns+` FROM questions q
		WHERE bot_id = $1 AND chat_id = $2 AND ticket = $4 AND answered_at IS NULL
		  AND (sender_id = $3 OR $3 = $2 AND EXISTS (SELECT FROM tickets t WHERE t.id = q.ticket AND t.sender_id = t.chat_id))
		ORDER BY asked_at DESC
		LIMIT 1`, botID, chatID, senderID, ticket)
	if err != nil {
		return Question{}, fmt.Errorf("question about ticket %d: %w", ticket, err)
	}
	return q, nil
}

// endQuestion ends a question, $1 to $3: bot, chat, AskedID.
const endQuestion = `UPDATE questions SET answered_at = now() WHERE bot_id = $1 AND chat_id = $2 AND asked_id = $3`

// answerable is true of a row q of questions that the next words of its person in the same topic answer: the last one put to them
// there, not long ago and not answered, and no ticket has come from them there since.
const answerable = `(q.answered_at IS NULL AND q.asked_at > now() - interval '10 minutes'
	AND NOT EXISTS (
		SELECT FROM questions later
		WHERE later.bot_id = q.bot_id AND later.chat_id = q.chat_id AND later.thread_id = q.thread_id AND later.sender_id = q.sender_id
			AND later.asked_at > q.asked_at)
	AND NOT EXISTS (
		SELECT FROM tickets t
		WHERE t.sender_id = q.sender_id AND t.created_at > q.asked_at AND t.bot_id = q.bot_id AND t.chat_id = q.chat_id
			AND t.thread_id = q.thread_id))`

// Words are what a person has written in a topic.
type Words struct{ ChatID, ThreadID, SenderID, MessageID int64 }

// StandingQuestion returns the question that a person's words answer without being a reply to it. ErrNotFound: there is none.
func (s *Store) StandingQuestion(ctx context.Context, w Words) (Question, error) {
	q, err := row[Question](ctx, s.pool, `
		SELECT `+questionColumns+` FROM questions q
		WHERE bot_id = $1 AND chat_id = $2 AND thread_id = $3 AND sender_id = $4 AND asked_id < $5 AND `+answerable+`
		ORDER BY asked_at DESC
		LIMIT 1`, s.bot, w.ChatID, w.ThreadID, w.SenderID, w.MessageID)
	if err != nil {
		return Question{}, fmt.Errorf("standing question in chat %d: %w", w.ChatID, err)
	}
	return q, nil
}

// Stands reports, in the same order, whether words answer a question that stands.
func (s *Store) Stands(ctx context.Context, words []Words) ([]bool, error) {
	chats, threads := make([]int64, len(words)), make([]int64, len(words))
	senders, messages := make([]int64, len(words)), make([]int64, len(words))
	for i, w := range words {
		chats[i], threads[i], senders[i], messages[i] = w.ChatID, w.ThreadID, w.SenderID, w.MessageID
	}
	stand, err := list[bool](ctx, s.pool, `
		SELECT EXISTS (
			SELECT FROM questions q
			WHERE bot_id = @bot AND q.chat_id = w.chat_id AND q.thread_id = w.thread_id AND q.sender_id = w.sender_id
				AND q.asked_id < w.message_id AND `+answerable+`)
		FROM unnest(@chats::bigint[], @threads::bigint[], @senders::bigint[], @messages::bigint[])
			WITH ORDINALITY AS w (chat_id, thread_id, sender_id, message_id, n)
		ORDER BY n`,
		named{"bot": s.bot, "chats": chats, "threads": threads, "senders": senders, "messages": messages})
	if err != nil {
		return nil, fmt.Errorf("look for standing questions: %w", err)
	}
	return stand, nil
}

// Undone returns the updates of some chats that are not handled yet, those with numbers below before, in which a text stands in any
// letter case. The text is of letters that JSON leaves as they are.
func (s *Store) Undone(ctx context.Context, chats []int64, before int64, text string) ([]Update, error) {
	const of = `done_at IS NULL AND bot_id = $1 AND chat_id = ANY ($2) AND update_id < $3 AND encode(payload, 'escape') ILIKE '%' || $4::text || '%'`
	updates, err := many[Update](ctx, s.pool, `
		SELECT update_id, chat_id, payload FROM updates WHERE owner IS NULL AND `+of+`
		UNION ALL
		SELECT update_id, chat_id, payload FROM updates WHERE owner IN (SELECT number FROM processes) AND `+of+`
		ORDER BY update_id`, s.bot, chats, before, text)
	if err != nil {
		return nil, fmt.Errorf("look for updates that are not handled: %w", err)
	}
	return updates, nil
}
