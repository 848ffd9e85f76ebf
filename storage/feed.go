package storage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// What staff see of a ticket in a feed is told apart from its chat: its card there, and what customers add, as replies to it. It
// stands in two columns of the ticket's row: feed_version counts what there was to tell, feed_at is since when something is to be
// told. A ticket that was opened while there was no feed has feed_version 0 and keeps it. A ticket is
//
//	quiet     feed_at null    the feed shows the newest state
//	due       feed_at set     the feed is to be told; what happens meanwhile is told with it
//
// and these statements move it. An empty place: stays as it is.
//
//	statement      where                              feed_version   feed_at
//	OpenTicket     there is a feed                    1              null
//	each one that makes version rise (telling.go)     + 1            now, where null
//	Add            words of a customer                + 1            now, where null
//	RecordLook     an addition has failed             + 1            now, where null
//	FailAdditions                                     + 1            now, where null
//	MoveChat       the feed's chat, and the ticket    + 1            now, where null
//	               is waiting or unconfirmed
//	RecordFed      feed_version as it was told,                      null
//	               and no addition left
//	EndFeeds       there is no feed any more                         null
//
// Words of a customer stand in additions, whose column feed goes from due to told, and from either to failed where LiveDesk does
// not take them, then to over. A message in a feed that the ticket has left stands in feed_left until it says so.
//
// One process at a time tells feeds, the one that holds the lock (feedLock, bot): only so can it keep the pace of a chat. Nothing
// carries its number, so there is nothing to take over: what is due stays due until it is recorded. A process that has lost the
// lock and does not know yet is noticed in RecordFed.

// feedNews are the assignments that make a ticket due to be told in its feed where a condition holds.
func feedNews(where string) string {
	fed := `feed_version > 0 AND (` + where + `)`
	return `feed_version = CASE WHEN ` + fed + ` THEN feed_version + 1 ELSE feed_version END, ` +
		`feed_at = CASE WHEN ` + fed + ` THEN coalesce(feed_at, now()) ELSE feed_at END`
}

// tellFeed makes one ticket due to be told in its feed.
var tellFeed = `UPDATE tickets SET ` + feedNews(always) + ` WHERE id = $1 AND feed_version > 0`

// Fed is a ticket of which its feed is to be told something.
type Fed struct {
	Ticket
	Team        string // lower case
	FeedVersion int
}

// FeedPost is the message of a ticket in its feed.
type FeedPost struct {
	ChatID, ThreadID int64  // feed that it was posted for
	MessageID        int64  // 0: none stands
	Shown            string // digest of what it shows
}

// FeedAddition is what a customer has added, as the feed tells it.
type FeedAddition struct {
	Addition
	Failed bool // LiveDesk did not take it
}

// FeedShare is what one chat tells of all that feeds have to tell.
type FeedShare struct {
	Teams []string // whose tickets it tells, lower case
	Rest  bool     // it also tells tickets of teams that are not in Known
	Known []string // all teams that have a feed, lower case
	Chat  int64
	Chats []int64 // all chats that have feeds
}

// NextFed returns the ticket of a share that waits longest for its feed, one that nobody knows about first, with its message there.
// ErrNotFound: nothing is to be told.
func (s *Store) NextFed(ctx context.Context, share FeedShare) (Fed, FeedPost, error) {
	t, err := row[Fed](ctx, s.pool, `
		SELECT `+ticketColumns+`, team, feed_version FROM tickets
		WHERE bot_id = @bot_id AND feed_at IS NOT NULL AND (team = ANY (@teams::text[]) OR @rest AND team <> ALL (@known::text[]))
		ORDER BY state <> 'unconfirmed', feed_at, id
		LIMIT 1`, named{"bot_id": s.bot, "teams": notNil(share.Teams), "rest": share.Rest, "known": notNil(share.Known)})
	if err != nil {
		return Fed{}, FeedPost{}, fmt.Errorf("next ticket of a feed: %w", err)
	}
	p, err := s.FeedPostOf(ctx, t.ID)
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	return t, p, err
}

// notNil is a list that Postgres does not take for null.
func notNil[T any](list []T) []T { return append([]T{}, list...) }

// FeedPostOf returns the message of a ticket in its feed. ErrNotFound: it has had none.
func (s *Store) FeedPostOf(ctx context.Context, ticket int64) (FeedPost, error) {
	p, err := row[FeedPost](ctx, s.pool, `SELECT chat_id, thread_id, message_id, shown FROM feed_posts WHERE ticket = $1`, ticket)
	if err != nil {
		return FeedPost{}, fmt.Errorf("feed post of ticket %d: %w", ticket, err)
	}
	return p, nil
}

// FeedAdditions returns what customers have added to a ticket and its feed has not told, in order.
func (s *Store) FeedAdditions(ctx context.Context, ticket int64) ([]FeedAddition, error) {
	additions, err := many[FeedAddition](ctx, s.pool, `
		SELECT `+additionColumns+`, feed = 'failed' AS failed FROM additions
		WHERE ticket = $1 AND feed IN ('due', 'failed')
		ORDER BY id`, ticket)
	if err != nil {
		return nil, fmt.Errorf("additions to ticket %d for its feed: %w", ticket, err)
	}
	return additions, nil
}

// Feeding is one step in telling a feed.
type Feeding struct {
	Fed
	Before, After FeedPost
	Posted        int64          // message that was posted for it; 0: none
	Left          bool           // Before stands in a feed that the ticket has left
	Additions     []FeedAddition // that were told
	More          bool           // there is more to tell of what was read
}

// RecordFed stores what was told in a feed, in one commit. ErrNotFound: another process has posted the ticket's message
// meanwhile; nothing was stored.
func (s *Store) RecordFed(ctx context.Context, f Feeding) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if f.Posted != 0 && f.Before.MessageID == 0 {
			moved, err := one[int64](ctx, tx, `SELECT coalesce((SELECT moved_to FROM chats WHERE chat_id = $1), 0)`, f.After.ChatID)
			if err != nil {
				return err
			}
			if moved != 0 { // just before it became known: the message is out of reach, as those that moveFeeds saw are
				f.After, f.Posted, f.More = FeedPost{ChatID: moved, ThreadID: f.After.ThreadID}, 0, true
			}
		}
		_, err := tx.Exec(ctx, `
			UPDATE tickets SET feed_at = CASE WHEN feed_version > $2 OR $3 THEN feed_at END WHERE id = $1`, f.ID, f.FeedVersion, f.More)
		if err != nil {
			return err
		}
		if f.After != f.Before {
			if err := replaceFeedPost(ctx, tx, f); err != nil {
				return err
			}
		}
		return recordFeeding(ctx, tx, f)
	})
	if err != nil {
		return fmt.Errorf("record feed of ticket %d: %w", f.ID, err)
	}
	return nil
}

// replaceFeedPost stores the message of a ticket in its feed, if the one before is what is stored.
func replaceFeedPost(ctx context.Context, tx pgx.Tx, f Feeding) error {
	_, err := one[int64](ctx, tx, `
		INSERT INTO feed_posts (ticket, bot_id, chat_id, thread_id, message_id, shown)
		VALUES (@ticket, @bot_id, @chat_id, @thread_id, @message_id, @shown)
		ON CONFLICT (ticket) DO UPDATE SET
			chat_id = excluded.chat_id, thread_id = excluded.thread_id, message_id = excluded.message_id, shown = excluded.shown
		WHERE feed_posts.message_id = @before AND (feed_posts.chat_id = @before_chat OR @before = 0)
		RETURNING ticket`,
		named{
			"ticket": f.ID, "bot_id": f.BotID, "chat_id": f.After.ChatID, "thread_id": f.After.ThreadID, "message_id": f.After.MessageID,
			"shown": f.After.Shown, "before": f.Before.MessageID, "before_chat": f.Before.ChatID,
		})
	return err
}

// recordFeeding stores what a step in telling a feed did beside the ticket's message.
func recordFeeding(ctx context.Context, tx pgx.Tx, f Feeding) error {
	due, failed := []int64{}, []int64{}
	for _, a := range f.Additions {
		if a.Failed {
			failed = append(failed, a.ID)
		} else {
			due = append(due, a.ID)
		}
	}
	batch := &pgx.Batch{}
	if f.Posted != 0 {
		batch.Queue(`
			INSERT INTO posts (chat_id, message_id, ticket, ticket_id, kind) VALUES ($1, $2, $3, $4, 'feed')
			`+latestPost, f.After.ChatID, f.Posted, f.ID, f.TicketID)
	}
	if f.Left {
		batch.Queue(`
			INSERT INTO feed_left (bot_id, chat_id, message_id, ticket) VALUES ($1, $2, $3, $4)
			ON CONFLICT DO NOTHING`, f.BotID, f.Before.ChatID, f.Before.MessageID, f.ID)
	}
	if len(f.Additions) > 0 {
		batch.Queue(`UPDATE additions SET feed = 'told' WHERE id = ANY ($1) AND feed = 'due'`, due)
		batch.Queue(`UPDATE additions SET feed = 'over' WHERE id = ANY ($1) AND feed = 'failed'`, failed)
	}
	return tx.SendBatch(ctx, batch).Close()
}

// LeftPost is a message in a feed that its ticket has left.
type LeftPost struct {
	ChatID, MessageID int64
	Ticket            int64
}

// NextLeft returns a message in a share's chat, or for Rest in one that has no feed any more, that is to say that its ticket is
// elsewhere now. ErrNotFound: none is.
func (s *Store) NextLeft(ctx context.Context, share FeedShare) (LeftPost, error) {
	p, err := row[LeftPost](ctx, s.pool, `
		SELECT chat_id, message_id, ticket FROM feed_left
		WHERE bot_id = @bot_id AND (chat_id = @chat_id OR @rest AND chat_id <> ALL (@chats::bigint[]))
		LIMIT 1`, named{"bot_id": s.bot, "chat_id": share.Chat, "rest": share.Rest, "chats": notNil(share.Chats)})
	if err != nil {
		return LeftPost{}, fmt.Errorf("next message that is left: %w", err)
	}
	return p, nil
}

// RecordLeft stores that a message says that its ticket is elsewhere, or never will.
func (s *Store) RecordLeft(ctx context.Context, p LeftPost) error {
	_, err := s.pool.Exec(ctx, `
		DELETE FROM feed_left WHERE bot_id = $1 AND chat_id = $2 AND message_id = $3`, s.bot, p.ChatID, p.MessageID)
	if err != nil {
		return fmt.Errorf("record message left in chat %d: %w", p.ChatID, err)
	}
	return nil
}

// AnsweredInFeed reports whether a person has been told that replies about a ticket in its feed reach nobody.
func (s *Store) AnsweredInFeed(ctx context.Context, ticket, person int64) (bool, error) {
	answered, err := one[bool](ctx, s.pool, `
		SELECT EXISTS (SELECT FROM feed_answers WHERE ticket = $1 AND person_id = $2)`, ticket, person)
	if err != nil {
		return false, fmt.Errorf("look for an answer in the feed of ticket %d: %w", ticket, err)
	}
	return answered, nil
}

// AnswerInFeed stores that a person has been told so and, in the same commit, ends the update that replied.
func (s *Store) AnswerInFeed(ctx context.Context, ticket, person, update int64) error {
	batch := &pgx.Batch{}
	batch.Queue(`INSERT INTO feed_answers (ticket, person_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, ticket, person)
	batch.Queue(finishUpdate, s.bot, update)
	if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("record answer in the feed of ticket %d: %w", ticket, err)
	}
	return nil
}

// endFeeds and endFed are the steps of EndFeeds.
const (
	endFeeds = `
		UPDATE tickets SET feed_at = NULL
		WHERE id IN (
			SELECT id FROM tickets WHERE bot_id = @bot_id AND feed_at < @before
			ORDER BY id
			LIMIT @step
			FOR UPDATE)`
	endFed = `
		UPDATE additions SET feed = 'over'
		WHERE id IN (
			SELECT a.id FROM additions a JOIN tickets t ON t.id = a.ticket
			WHERE a.feed IN ('due', 'failed') AND a.created_at < @before AND t.bot_id = @bot_id AND t.feed_at IS NULL AND t.` + decided + `
			ORDER BY a.id
			LIMIT @step)`
)

// EndFeeds lets go of what no feed will tell although it has waited since before a time: of everything where there is no feed any more,
// and of what was added to tickets whose feed has nothing to tell, because their team has none for instance.
func (s *Store) EndFeeds(ctx context.Context, before time.Time, fed bool) error {
	args := pgx.NamedArgs{"bot_id": s.bot, "before": before, "step": forgetStep}
	if !fed {
		if _, err := s.repeat(ctx, endFeeds, args); err != nil {
			return fmt.Errorf("end what no feed will tell: %w", err)
		}
	}
	if _, err := s.repeat(ctx, endFed, args); err != nil {
		return fmt.Errorf("end what no feed will tell: %w", err)
	}
	return nil
}

// moveFeeds moves what stands in feeds of a group to the supergroup that it became. Message numbers start anew there, so what
// must be read or pressed is posted again.
var moveFeeds = []string{
	`UPDATE tickets SET ` + feedNews(`state IN ('waiting', 'unconfirmed')`) + `
	  WHERE id IN (SELECT ticket FROM feed_posts WHERE chat_id = $1) AND $2::bigint <> 0`,
	`UPDATE feed_posts SET chat_id = $2, message_id = 0, shown = '' WHERE chat_id = $1`,
	`DELETE FROM feed_left WHERE chat_id = $1 AND $2::bigint <> 0`,
	`INSERT INTO place_names (bot_id, chat_id, thread_id, name)
	  SELECT bot_id, $2, thread_id, name FROM place_names WHERE chat_id = $1
	  ON CONFLICT DO NOTHING`,
}
