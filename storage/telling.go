package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// What is to be told about a ticket, its card and its notices, stands in five columns of its row: version counts what there
// was to tell on the card, told is the version that the card shows, tell_at is when to tell, teller the process that is
// telling, tell_tries how often in a row that failed. A ticket is
//
//	quiet     tell_at null                 nothing is to be told
//	due       tell_at set, teller null     it is told from then on: at once, at an appointment, or after a failed try
//	in hand   tell_at set, teller set      a process is telling it as it was when that process read the row
//
// and these statements move it. An empty place: stays as it is.
//
//	statement      where                          version  tell_at               teller        else
//	OpenTicket     sending                        1        null                  null
//	               waiting                        1        now + TellAfter       null
//	               refused                        1        now                   this process
//	claimWaiting   first try, neither told nor telling     null
//	RecordOutcome  waiting for the same reason, told
//	               the same, neither told nor telling      now, where null
//	               otherwise                      + 1      now                   this process, where it was null
//	TryAgain       to waiting                     + 1      now
//	Leave                                         + 1      now
//	Resubmit                                      + 1      now + TellAfter
//	MoveChat       waiting or unconfirmed         + 1      now
//	TakeOver       sending, of a dead owner       + 1      now
//	RecordLook     the card is to change          + 1      now, where null
//	               else a notice, in hand         + 1      now, where null
//	               else notices open                       now, where null
//	FinishFile     created without a number       + 1      now, where null
//	Add            ended, or without a number     + 1      now, where null
//	Rewrite        told before                    + 1      now
//	               otherwise                      + 1
//	ClaimTellings  due, and the chat is connected                                this process
//	RecordTold     version or notices not told             now                   null          told, tell_tries 0, muted_at null
//	               otherwise                               null                  null          the same
//	DeferTelling                                           now + after           null          tell_tries + 1
//	MuteTelling                                            now + after           null          tell_tries + 1, muted_at
//	RegainChat     muted, none telling                     now
//	TakeOver       in hand of a dead teller                now, where null       null
//
// Where RecordOutcome or TakeOver makes a ticket unconfirmed that was told to wait, they store a notice beside it.
//
// TakeOver stands for Register and Free too, which free in the same way. A process that tells a row as it was before its version
// rose records that it told the older one, so RecordTold makes the ticket due again. That is why version rises for a notice that
// comes while the ticket is in hand: RecordTold, waiting for the look's commit, sees the row as it then is, but no notice that
// was stored after it began.
//
// Where version rises, the feed of staff has something to tell too: feed.go has the table of that.

// toTell is true of a ticket that is due to be told.
const toTell = `teller IS NULL AND tell_at <= now() AND ` + spoken

// newsNow are the assignments that make the card worth telling anew where a condition holds, and that at once, even where
// a failed try had put it off.
func newsNow(where string) string { return nextVersion(where) + `, ` + tellNow(where) }

// newsInTurn are the assignments that make the card worth telling anew where a condition holds: when something is to be
// told anyhow, else at once.
func newsInTurn(where string) string { return nextVersion(where) + `, ` + tellInTurn(where) }

// nextVersion makes the card worth telling anew, and with it what the feed shows of the ticket.
func nextVersion(where string) string {
	return `version = CASE WHEN ` + where + ` THEN version + 1 ELSE version END, ` + feedNews(where)
}

func tellNow(where string) string {
	return `tell_at = CASE WHEN ` + where + ` THEN now() ELSE tell_at END`
}

func tellInTurn(where string) string {
	return `tell_at = CASE WHEN ` + where + ` THEN coalesce(tell_at, now()) ELSE tell_at END`
}

// always is the condition of a move that has none.
const always = `true`

// ClaimTellings takes up to limit tickets of which something is to be told, leaving out chats that have enough in hand.
func (s *Store) ClaimTellings(ctx context.Context, process int32, limit int, except []int64) ([]Ticket, error) {
	tickets, err := many[Ticket](ctx, s.pool, `
		WITH claimed AS (
			UPDATE tickets SET teller = $1
			WHERE id = ANY (ARRAY(
				SELECT id FROM tickets
				WHERE bot_id = $4 AND `+toTell+` AND chat_id <> ALL ($3::bigint[])
				ORDER BY tell_at
				LIMIT $2
				FOR UPDATE SKIP LOCKED))
			RETURNING *)
		SELECT `+ticketColumns+`, true AS mine FROM claimed ORDER BY tell_at`, process, limit, except, s.bot)
	if err != nil {
		return nil, fmt.Errorf("claim tellings: %w", err)
	}
	return tickets, nil
}

// RecordTold stores that the card in the given place shows the ticket as it was at t.Version, gives the telling back and
// reports whether there is more to tell by now. cardID 0: it was told, but no message stands. ErrNotFound: the telling is
// not in the hands of this process any more, another has taken it over.
func (s *Store) RecordTold(ctx context.Context, t Ticket, cardChatID, cardID int64, process int32) (bool, error) {
	more, err := grouped(ctx, s.commits, pgx.RowTo[bool], recordTold, toldItem{t.ID, t.Version, cardChatID, cardID, process})
	if err != nil {
		return false, fmt.Errorf("record telling of ticket %d: %w", t.ID, err)
	}
	return more, nil
}

type toldItem struct {
	ID      int64 `json:"ticket"`
	Version int   `json:"shown"`
	Chat    int64 `json:"chat"`
	Message int64 `json:"message"`
	Process int32 `json:"process"`
}

var recordTold = given(`ticket bigint, shown integer, chat bigint, message bigint, process integer`) + `,
	told AS (
		UPDATE tickets SET
			told = greatest(told, shown), teller = NULL, tell_tries = 0, muted_at = NULL, card_chat_id = chat, card_id = message,
			tell_at = CASE WHEN version > shown OR ` + noticesOpen + ` THEN now() END
		FROM given
		WHERE id = given.ticket AND teller = process
		RETURNING n, id, ticket_id, chat, message, tell_at IS NOT NULL AS more),
	posted AS (
		INSERT INTO posts (chat_id, message_id, ticket, ticket_id)
		SELECT chat, message, id, ticket_id FROM told WHERE message <> 0
		` + latestPost + `)
	SELECT n, more FROM told`

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

// MuteTelling gives a telling back for a later time because the bot may not write to the chat for now.
func (s *Store) MuteTelling(ctx context.Context, id int64, after time.Duration, process int32) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE tickets SET teller = NULL, tell_tries = tell_tries + 1, tell_at = now() + make_interval(secs => $2),
			muted_at = coalesce(muted_at, now())
		WHERE id = $1 AND teller = $3`, id, after.Seconds(), process)
	if err != nil {
		return fmt.Errorf("mute telling of ticket %d: %w", id, err)
	}
	return nil
}
