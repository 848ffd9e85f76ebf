package storage

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Notice is a message that people are to get about a ticket beside its card.
type Notice struct {
	ID        int64
	Ticket    int64
	Key       string // what it tells, so that it is told once
	Kind      string
	Content   []byte // JSON
	ReplyTo   int64  // message that it answers; 0: the card
	Silent    bool   // as stored: nobody is to be told
	PartsSent int    // of a notice of several messages, as the content now is
	ChatID    int64
	Messages  []int64  // those of its text that stand in the chat, in order; changed where the content changes
	FilesSent int      // of its files, which come once
	Private   bool     // it is also told to those who follow in private
	Person    int64    // as stored: it is told to nobody but this person, in private; 0: in the ticket's chat
	Post      PostKind // of its messages
}

// Notices returns what is still to be told about a ticket, in order.
func (s *Store) Notices(ctx context.Context, ticket int64) ([]Notice, error) {
	notices, err := many[Notice](ctx, s.pool, `
		SELECT id, ticket, key, kind, content, reply_to, parts_sent, chat_id, messages, files_sent FROM notices
		WHERE ticket = $1 AND told_at IS NULL
		ORDER BY id`, ticket)
	if err != nil {
		return nil, fmt.Errorf("notices of ticket %d: %w", ticket, err)
	}
	return notices, nil
}

// noticesOpen is true of a row of tickets with notices still to be told.
const noticesOpen = `EXISTS (SELECT 1 FROM notices n WHERE n.ticket = tickets.id AND n.told_at IS NULL)`

// addNotice stores a notice. One with a known key is told again only where its words have changed or files were added:
// addresses of files may be signed anew in every answer.
func addNotice(ctx context.Context, tx pgx.Tx, ticket int64, n Notice) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO notices (ticket, key, kind, content, reply_to, told_at)
		VALUES (@ticket, @key, @kind, @content, @reply_to, CASE WHEN @silent THEN now() END)
		`+noticeAgain,
		named{
			"ticket": ticket, "key": n.Key, "kind": n.Kind, "content": n.Content, "reply_to": n.ReplyTo,
			"silent": n.Silent || n.Person != 0,
		})
	if err == nil && n.Person != 0 {
		_, err = tx.Exec(ctx, addPrivateFor, ticket, n.Key, n.Person)
	}
	return err
}

// NoticeUnconfirmed is the kind of the notice that a ticket which was told to wait has become unconfirmed, after the attempt in its
// content. It is stored here because nobody but the database knows of a ticket whose process has died. The content is made so that
// a version which does not know the kind says something true.
const NoticeUnconfirmed = "unconfirmed"

// noticeUnconfirmed begins the statement that stores such a notice, of rows of tickets that follow it, and onceNoticed ends it.
const (
	noticeUnconfirmed = `INSERT INTO notices (ticket, key, kind, content)
		SELECT id, 'unconfirmed:' || attempts, '` + NoticeUnconfirmed + `', json_build_object('text', 'unconfirmed', 'attempt', attempts)`
	onceNoticed = `ON CONFLICT (ticket, key) DO NOTHING`
)

// noticeAgain is how an insert into notices deals with known keys.
var noticeAgain = `
		ON CONFLICT (ticket, key) DO UPDATE SET content = excluded.content, told_at = excluded.told_at, parts_sent = 0
		WHERE NOT ` + sameContent("notices.content", "excluded.content")

func sameContent(x, y string) string {
	return fmt.Sprintf(`(%[1]s->>'text' IS NOT DISTINCT FROM %[2]s->>'text'
		AND coalesce(json_array_length(%[1]s->'files'), 0) = coalesce(json_array_length(%[2]s->'files'), 0))`, x, y)
}

// RecordPart stores how far a notice is told, and which message has just been posted for it, 0 for none; last says that
// it is told. Where its content has changed since it was read, telling it begins anew.
func (s *Store) RecordPart(ctx context.Context, n Notice, ticketID string, messageID int64, last bool) error {
	same := sameContent("content", "@content::json")
	batch := &pgx.Batch{}
	batch.Queue(`
		UPDATE notices SET
			chat_id = @chat_id, messages = @messages, files_sent = @files_sent,
			parts_sent = CASE WHEN `+same+` THEN @parts_sent ELSE 0 END,
			told_at = CASE WHEN @last AND `+same+` THEN now() END
		WHERE id = @id`,
		named{
			"id": n.ID, "chat_id": n.ChatID, "messages": n.Messages, "content": n.Content,
			"parts_sent": n.PartsSent, "files_sent": n.FilesSent, "last": last,
		})
	if messageID != 0 {
		batch.Queue(`
			INSERT INTO posts (chat_id, message_id, ticket, ticket_id, kind) VALUES ($1, $2, $3, $4, $5)
			`+latestPost, n.ChatID, messageID, n.Ticket, ticketID, string(n.Post))
	}
	if n.Private && last {
		batch.Queue(addPrivate, n.ID, n.Ticket)
	}
	if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("record notice of ticket %d: %w", n.Ticket, err)
	}
	return nil
}
