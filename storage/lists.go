package storage

import (
	"context"
	"fmt"
)

// Selection says which tickets a list has: those that all of it is true of.
type Selection struct {
	Chats    []int64 // where they were asked for; nil: anywhere
	Thread   int64   // topic that they were asked for in; 0: any
	Person   int64   // who made or follows them; 0: anybody
	Finished bool    // finished ones too; without, only those that somebody may still have to do something about
}

// MaxListed is how many tickets a list goes back at most.
const MaxListed = 1000

// where is the condition of a selection but for its person and its chats, and its arguments.
func (w Selection) where(bot int64) (string, named) {
	sql, args := `bot_id = @bot_id AND state <> 'refused'`, named{"bot_id": bot}
	if !w.Finished {
		sql = `bot_id = @bot_id AND ` + unfinished
	}
	if w.Thread != 0 {
		sql += ` AND thread_id = @thread`
		args["thread"] = w.Thread
	}
	return sql, args
}

// followed is true of a ticket that a person follows. As a join, all that is open would be read for a person who follows much.
func followed(person string) string {
	return `id = ANY (ARRAY(SELECT ticket FROM followers WHERE person_id = ` + person + `))`
}

const inChats = ` AND chat_id = ANY (@chats::bigint[])`

// The orders in which ids are selected. To count them none is needed, and only so many are read as are counted.
const (
	newestFirst = ` ORDER BY id DESC`
	noOrder     = ``
)

// ids selects the ids of a selection, at most @most, through an index of its person or of each of its chats.
func (w Selection) ids(bot int64, order string, most int) (string, named) {
	sql, args := w.where(bot)
	args["most"] = most
	if w.Chats != nil {
		args["chats"] = w.Chats
	}
	switch {
	case w.Person != 0:
		if w.Chats != nil {
			sql += inChats
		}
		args["person"] = w.Person
		sql = `
			SELECT id FROM tickets WHERE sender_id = @person AND ` + sql + `
			UNION
			SELECT id FROM tickets WHERE ` + followed("@person") + ` AND ` + sql
	case w.Chats != nil:
		sql = `
			SELECT id FROM unnest(@chats::bigint[]) AS c (chat), LATERAL (
				SELECT id FROM tickets WHERE chat_id = chat AND ` + sql + order + ` LIMIT @most) t`
	default:
		sql = `SELECT id FROM tickets WHERE ` + sql
	}
	return sql + order + ` LIMIT @most`, args
}

// List returns the tickets of a selection, newest first, from the given place on. total is how many there are in all, up to
// MaxListed.
func (s *Store) List(ctx context.Context, w Selection, offset, limit int) (tickets []Ticket, total int, err error) {
	ids, args := w.ids(s.bot, noOrder, MaxListed)
	total, err = one[int](ctx, s.pool, `SELECT count(*) FROM (`+ids+`) t`, args)
	if err == nil {
		ids, args = w.ids(s.bot, newestFirst, offset+limit)
		args["offset"] = offset
		tickets, err = many[Ticket](ctx, s.pool, `
			SELECT `+ticketColumns+` FROM tickets WHERE id = ANY (ARRAY(SELECT id FROM (`+ids+`) t ORDER BY id DESC OFFSET @offset))
			ORDER BY id DESC`, args)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("list tickets: %w", err)
	}
	return tickets, total, nil
}

// ListEnding returns the newest tickets of a selection whose number ends so, in any letter case.
func (s *Store) ListEnding(ctx context.Context, w Selection, end string, limit int) ([]Ticket, error) {
	where, args := w.where(s.bot)
	args["ending"], args["limit"] = end, limit
	if w.Chats != nil {
		args["chats"] = w.Chats
		where += inChats
	}
	if w.Person != 0 {
		args["person"] = w.Person
		where += ` AND (sender_id = @person OR EXISTS (SELECT FROM followers WHERE ticket = tickets.id AND person_id = @person))`
	}
	// What ends so begins so from behind, and then stands together in an index.
	tickets, err := many[Ticket](ctx, s.pool, `
		SELECT `+ticketColumns+` FROM tickets
		WHERE `+where+` AND ticket_id <> ''
		  AND reverse(lower(ticket_id)) COLLATE "C" >= reverse(lower(@ending))
		  AND reverse(lower(ticket_id)) COLLATE "C" < reverse(lower(@ending)) || U&'\+10FFFF'
		ORDER BY id DESC
		LIMIT @limit`, args)
	if err != nil {
		return nil, fmt.Errorf("tickets by the end of their number: %w", err)
	}
	return tickets, nil
}

// ListChats returns the chats in which the tickets of a selection were asked for, those with the newest first.
func (s *Store) ListChats(ctx context.Context, w Selection, limit int) ([]int64, error) {
	ids, args := w.ids(s.bot, newestFirst, MaxListed)
	args["limit"] = limit
	chats, err := list[int64](ctx, s.pool, `
		SELECT chat_id FROM tickets WHERE id = ANY (ARRAY(`+ids+`)) GROUP BY chat_id ORDER BY max(id) DESC LIMIT @limit`, args)
	if err != nil {
		return nil, fmt.Errorf("chats of tickets: %w", err)
	}
	return chats, nil
}

// unfinished is a ticket that somebody may still have to do something about.
const unfinished = `(state IN ('waiting', 'sending', 'unconfirmed') OR state = 'created' AND status NOT IN ('resolved', 'closed', 'gone'))`

// queued is the order of the queue.
const queued = `CASE WHEN state = 'unconfirmed' THEN 0 WHEN state IN ('waiting', 'sending') AND reason = 'setup' THEN 1 ELSE 2 END, id`

// Queue returns the unfinished tickets of a bot, wherever they were asked for, from the given place on: first those that nobody
// knows about, then those that wait for the operator, then the others, each by age. total counts them all, up to MaxListed.
func (s *Store) Queue(ctx context.Context, offset, limit int) (tickets []Ticket, total int, err error) {
	total, err = one[int](ctx, s.pool, `
		SELECT count(*) FROM (SELECT FROM tickets WHERE bot_id = $1 AND `+unfinished+` ORDER BY `+queued+` LIMIT $2) t`, s.bot, MaxListed)
	if err == nil {
		tickets, err = many[Ticket](ctx, s.pool, `
			SELECT `+ticketColumns+` FROM tickets
			WHERE bot_id = $1 AND `+unfinished+`
			ORDER BY `+queued+`
			LIMIT $3 OFFSET $2`, s.bot, offset, limit)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("unfinished tickets: %w", err)
	}
	return tickets, total, nil
}

// UnfinishedOf returns the newest unfinished tickets that a person made or follows, wherever.
func (s *Store) UnfinishedOf(ctx context.Context, personID int64, limit int) ([]Ticket, error) {
	tickets, err := many[Ticket](ctx, s.pool, `
		SELECT `+ticketColumns+` FROM tickets
		WHERE id = ANY (ARRAY(
			SELECT id FROM tickets WHERE sender_id = $1 AND bot_id = $3 AND `+unfinished+`
			UNION
			SELECT id FROM tickets WHERE `+followed("$1")+` AND bot_id = $3 AND `+unfinished+`
			ORDER BY id DESC
			LIMIT $2))
		ORDER BY id DESC`, personID, limit, s.bot)
	if err != nil {
		return nil, fmt.Errorf("unfinished tickets of a person: %w", err)
	}
	return tickets, nil
}
