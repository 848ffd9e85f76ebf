package storage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Offer is what a person wrote and the bot answered with buttons: the person chooses what becomes of it.
type Offer struct {
	BotID, ChatID, ThreadID int64
	MessageID               int64 // the person's message; of several that belong together the first
	PersonID                int64
	Kind                    OfferKind
	About                   int64    // ticket that the offer is about; 0: none
	Album                   string   // Telegram's album that its last message is a part of
	Messages                [][]byte // JSON of what was written, in the order in which it was; none once the offer has ended
	AnswerID                int64    // the bot's message with the buttons; 0 until Telegram has confirmed it
	Choice                  string   // what the person has chosen; empty: nothing yet
	Ended                   bool     // the choice has taken effect
}

// OfferKind is what the buttons offer.
type OfferKind string

// The kinds of offers.
const (
	OfferTalk   OfferKind = "talk"   // plain words in private: a new ticket, or additions to one
	OfferClosed OfferKind = "closed" // a reply about a closed ticket: a new one that names it
	OfferSame   OfferKind = "same"   // a command for a ticket as a reply about another one: that one, or another
)

const offerColumns = `
	bot_id, chat_id, thread_id, message_id, person_id, kind, about, album, messages, answer_id, choice, ended_at IS NOT NULL AS ended`

// Offer stores an offer of one message and returns it as it then is. A message that has its offer changes nothing. Where the
// person's last offer of the same kind, about the same, was made within join and nothing has been chosen yet, the message joins it;
// a part of an album whose other parts have an offer belongs to that in any case, and is not kept where something has been chosen.
func (s *Store) Offer(ctx context.Context, o Offer, join time.Duration) (Offer, error) {
	var offer Offer
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
		// Two processes may have messages of one person in hand.
		_, err = tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, fmt.Sprintf("offer/%d/%d", o.ChatID, o.PersonID))
		if err != nil {
			return err
		}
		if offer, err = joinOffer(ctx, tx, o, join); errors.Is(err, ErrNotFound) {
			offer, err = row[Offer](ctx, tx, `
				INSERT INTO offers (bot_id, chat_id, thread_id, message_id, person_id, kind, about, album, message_ids, messages)
				VALUES (@bot_id, @chat_id, @thread_id, @message_id, @person_id, @kind, @about, @album,
					ARRAY[@message_id::bigint], ARRAY[@message::json])
				RETURNING `+offerColumns, o.named())
		}
		return err
	})
	if err != nil {
		return Offer{}, fmt.Errorf("offer in chat %d: %w", o.ChatID, err)
	}
	return offer, nil
}

// joinOffer adds a message to the offer that it belongs to. ErrNotFound: there is none.
func joinOffer(ctx context.Context, tx pgx.Tx, o Offer, join time.Duration) (Offer, error) {
	args := o.named()
	args["join"] = join.Seconds()
	const adds = `choice = '' AND NOT message_ids @> ARRAY[@message_id::bigint]`
	return row[Offer](ctx, tx, `
		UPDATE offers SET
			messages = CASE WHEN `+adds+` THEN array_append(messages, @message::json) ELSE messages END,
			message_ids = CASE WHEN `+adds+` THEN array_append(message_ids, @message_id::bigint) ELSE message_ids END,
			album = CASE WHEN `+adds+` AND @album <> '' THEN @album ELSE album END
		WHERE bot_id = @bot_id AND chat_id = @chat_id AND message_id = (
			SELECT message_id FROM offers
			WHERE bot_id = @bot_id AND chat_id = @chat_id AND person_id = @person_id AND (
				message_ids @> ARRAY[@message_id::bigint]
				OR @album <> '' AND album = @album
				OR kind = @kind AND about = @about AND thread_id = @thread_id AND choice = '' AND made_at > now() - make_interval(secs => @join))
			ORDER BY message_ids @> ARRAY[@message_id::bigint] DESC, album = @album AND album <> '' DESC, message_id DESC
			LIMIT 1)
		RETURNING `+offerColumns, args)
}

func (o Offer) named() named {
	var message []byte
	if len(o.Messages) > 0 {
		message = o.Messages[0]
	}
	return named{
		"bot_id": o.BotID, "chat_id": o.ChatID, "thread_id": o.ThreadID, "message_id": o.MessageID, "person_id": o.PersonID,
		"kind": string(o.Kind), "about": o.About, "album": o.Album, "message": message,
	}
}

// RewordOffer puts another text in place of one of the messages of a person that have an offer, if nothing has been chosen yet.
func (s *Store) RewordOffer(ctx context.Context, botID, chatID, personID, messageID int64, message []byte) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE offers SET messages[array_position(message_ids, $4)] = $5::json
		WHERE bot_id = $1 AND chat_id = $2 AND person_id = $3 AND message_ids @> ARRAY[$4::bigint] AND choice = '' AND ended_at IS NULL`,
		botID, chatID, personID, messageID, message)
	if err != nil {
		return fmt.Errorf("reword an offer in chat %d: %w", chatID, err)
	}
	return nil
}

// OfferAnswered stores which of the bot's messages has the buttons of an offer.
func (s *Store) OfferAnswered(ctx context.Context, o Offer, answerID int64) error {
	_, err := s.pool.Exec(ctx, `UPDATE offers SET answer_id = $4 WHERE bot_id = $1 AND chat_id = $2 AND message_id = $3`,
		o.BotID, o.ChatID, o.MessageID, answerID)
	if err != nil {
		return fmt.Errorf("answer an offer in chat %d: %w", o.ChatID, err)
	}
	return nil
}

// OfferAt returns the offer of a person's message. ErrNotFound: it has none, or that was forgotten.
func (s *Store) OfferAt(ctx context.Context, botID, chatID, messageID int64) (Offer, error) {
	o, err := row[Offer](ctx, s.pool, `
		SELECT `+offerColumns+` FROM offers WHERE bot_id = $1 AND chat_id = $2 AND message_id = $3`, botID, chatID, messageID)
	if err != nil {
		return Offer{}, fmt.Errorf("offer in chat %d: %w", chatID, err)
	}
	return o, nil
}

// OfferOfAlbum returns the offer of a kind that parts of an album by a person have. ErrNotFound: they have none.
func (s *Store) OfferOfAlbum(ctx context.Context, botID, chatID, personID int64, album string, kind OfferKind) (Offer, error) {
	o, err := row[Offer](ctx, s.pool, `
		SELECT `+offerColumns+` FROM offers
		WHERE bot_id = $1 AND chat_id = $2 AND person_id = $3 AND album = $4 AND kind = $5
		ORDER BY message_id DESC
		LIMIT 1`, botID, chatID, personID, album, string(kind))
	if err != nil {
		return Offer{}, fmt.Errorf("offer of an album in chat %d: %w", chatID, err)
	}
	return o, nil
}

// ChooseOffer stores what the person has chosen, before it takes effect, and returns the offer with all that was written. The
// first choice counts: ErrNotFound says that there was another one, or that it has taken effect already.
func (s *Store) ChooseOffer(ctx context.Context, o Offer, choice string) (Offer, error) {
	chosen, err := row[Offer](ctx, s.pool, `
		UPDATE offers SET choice = $4
		WHERE bot_id = $1 AND chat_id = $2 AND message_id = $3 AND choice IN ('', $4) AND ended_at IS NULL
		RETURNING `+offerColumns, o.BotID, o.ChatID, o.MessageID, choice)
	if err != nil {
		return Offer{}, fmt.Errorf("choose in chat %d: %w", o.ChatID, err)
	}
	return chosen, nil
}

// EndOffer stores that the choice has taken effect: what was written is not kept any longer.
func (s *Store) EndOffer(ctx context.Context, o Offer) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE offers SET messages = '{}', ended_at = coalesce(ended_at, now())
		WHERE bot_id = $1 AND chat_id = $2 AND message_id = $3`, o.BotID, o.ChatID, o.MessageID)
	if err != nil {
		return fmt.Errorf("end an offer in chat %d: %w", o.ChatID, err)
	}
	return nil
}

// ReopenOffer takes a choice back that could not take effect: another one may be made.
func (s *Store) ReopenOffer(ctx context.Context, o Offer) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE offers SET choice = '' WHERE bot_id = $1 AND chat_id = $2 AND message_id = $3 AND ended_at IS NULL`,
		o.BotID, o.ChatID, o.MessageID)
	if err != nil {
		return fmt.Errorf("reopen an offer in chat %d: %w", o.ChatID, err)
	}
	return nil
}
