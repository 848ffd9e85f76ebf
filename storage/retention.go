package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Aging is what is removed of a table by its age. docs/data.md has the same ages for people to read.
type Aging struct {
	Table string
	Age   time.Duration // 0: after the retention that the operator sets
	sql   string        // removes at most @step rows from before @before
}

const day = 24 * time.Hour

// Agings are all that end by age, besides finished tickets. An age that is not the operator's holds for all bots of the database.
var Agings = []Aging{
	{"updates", 2 * day, remove("updates", `done_at < @before`)}, // Telegram delivers one for 24 hours at most
	{"hints", 2 * time.Hour, remove("hints", `told_at < @before`)},
	{"album_parts", 7 * day, remove("album_parts", `seen_at < @before`)},
	{"offers", day, remove("offers", `made_at < @before`)},
	{"questions", 30 * day, remove("questions", `asked_at < @before`)},
	// About tickets that are not the bot's, and lists for staff.
	{"posts", 30 * day, remove("posts", `ticket IS NULL AND posted_at < @before`)},
	{"forgettings", day, remove("forgettings", `asked_at IS NULL AND shown_at < @before`)},
	{"uses", 0, remove("uses", `bot_id = @bot_id AND used_at < @before`)},
	{"places", 0, remove("places", `bot_id = @bot_id AND chat_id > 0 AND changed_at < @before
		AND NOT EXISTS (SELECT FROM tickets t WHERE t.sender_id = places.chat_id) AND NOT EXISTS (SELECT FROM uses u
			WHERE u.bot_id = places.bot_id AND u.person_id = places.chat_id)`)},
	{"chats", 0, remove("chats", `chat_id > 0 AND lost_at < @before AND NOT EXISTS (SELECT FROM tickets t WHERE t.chat_id = chats.chat_id)`)},
	{"connections", 0, remove("connections", `bot_id = @bot_id AND chat_id > 0 AND named = '' AND @before::timestamptz IS NOT NULL
		AND NOT EXISTS (SELECT FROM tickets t WHERE t.chat_id = connections.chat_id)`)},
	{"place_names", 0, remove("place_names", `bot_id = @bot_id AND @before::timestamptz IS NOT NULL
		AND NOT EXISTS (SELECT FROM tickets t WHERE t.chat_id = place_names.chat_id)`)},
}

// RemoveOld removes a step of what is older than it may be, and reports whether there is more. retention is the operator's; 0: what
// depends on it is kept for ever.
func (s *Store) RemoveOld(ctx context.Context, a Aging, retention time.Duration) (removed int64, more bool, err error) {
	age := a.Age
	if age == 0 {
		age = retention
	}
	if age == 0 {
		return 0, false, nil
	}
	tag, err := s.pool.Exec(ctx, a.sql, pgx.NamedArgs{"bot_id": s.bot, "before": time.Now().Add(-age), "step": forgetStep})
	if err != nil {
		return 0, false, fmt.Errorf("remove old %s: %w", a.Table, err)
	}
	return tag.RowsAffected(), tag.RowsAffected() == forgetStep, nil
}

// ended is true of a row t of tickets that nobody has to do anything about any more.
const ended = `(t.state IN ('refused', 'left') OR t.state = 'created' AND (t.ticket_id = '' OR t.status IN ('resolved', 'closed', 'gone')))`

// idle is true of a row t of tickets of which nothing is to be sent or told, and nobody has it in hand.
const idle = `t.owner IS NULL AND t.teller IS NULL AND t.tell_at IS NULL AND t.feed_at IS NULL
	AND NOT EXISTS (SELECT FROM additions a WHERE a.ticket = t.id AND ` + toCome + `)
	AND NOT EXISTS (SELECT FROM additions a WHERE a.ticket = t.id AND a.feed IN ('due', 'failed'))
	AND NOT EXISTS (SELECT FROM files f WHERE f.ticket = t.id AND t.state = 'created' AND t.ticket_id <> ''
		AND (f.state = 'waiting' OR f.state = 'uploaded' AND NOT f.entered))
	AND NOT EXISTS (SELECT FROM notices n WHERE n.ticket = t.id AND n.told_at IS NULL)
	AND NOT EXISTS (SELECT FROM private_notices p JOIN notices n ON n.id = p.notice WHERE n.ticket = t.id)`

// toRemove are tickets that ended before a time, from the given one on.
const toRemove = `
	SELECT id, changed_at FROM tickets t
	WHERE bot_id = @bot_id AND ` + ended + ` AND changed_at < @before AND (changed_at, id) > (@changed_at, @id)
	ORDER BY changed_at, id
	LIMIT @step
	FOR UPDATE SKIP LOCKED`

// removable are those of some tickets that can be removed. It is asked once they are locked: what came before is seen then, and nothing
// can be added any more.
const removable = `SELECT id FROM tickets t WHERE id = ANY (@ids) AND ` + idle

// After is a place in the order of what is removed: after the ticket that was looked at last.
type After struct {
	ChangedAt time.Time
	ID        int64
}

// RemoveTickets removes a step of the tickets that ended before a time, in the order of their ends, with all that hangs on them.
// Tickets that are not removed, because something of them is to be told for instance, are passed over. It returns where to go on;
// more: there is something after that.
func (s *Store) RemoveTickets(ctx context.Context, before time.Time, after After) (next After, removed []Removed, more bool, err error) {
	total := map[string]int64{}
	next = after
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		looked, err := many[struct {
			ID        int64
			ChangedAt time.Time
		}](ctx, tx, toRemove, named{
			"bot_id": s.bot, "before": before, "changed_at": after.ChangedAt, "id": after.ID, "step": forgetStep,
		})
		if err != nil {
			return err
		}
		ids := []int64{}
		for _, t := range looked {
			next = After{t.ChangedAt, t.ID}
			ids = append(ids, t.ID)
		}
		more = len(looked) == forgetStep
		if ids, err = list[int64](ctx, tx, removable, named{"ids": ids}); err != nil {
			return err
		}
		return removeTickets(ctx, tx, ids, total)
	})
	if err != nil {
		return after, nil, false, fmt.Errorf("remove old tickets: %w", err)
	}
	return next, listed(total), more, nil
}

// removeTickets removes tickets and all that hangs on them.
func removeTickets(ctx context.Context, tx pgx.Tx, ids []int64, total map[string]int64) error {
	if len(ids) == 0 {
		return nil
	}
	for _, table := range []string{"notices", "files", "additions", "followers", "posts", "feed_posts", "feed_answers"} {
		tag, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE ticket = ANY ($1)`, ids)
		if err != nil {
			return err
		}
		total[table] += tag.RowsAffected()
	}
	tag, err := tx.Exec(ctx, `DELETE FROM tickets WHERE id = ANY ($1)`, ids)
	total["tickets"] += tag.RowsAffected()
	return err
}

// Cleaned are the tables of which something is removed or cleared.
var Cleaned = []string{
	"additions", "album_parts", "chats", "connections", "feed_answers", "feed_posts", "files", "followers", "forgettings", "hints",
	"notices", "offers", "place_names", "places", "posts", "private_notices", "questions", "tickets", "updates", "uses",
}
