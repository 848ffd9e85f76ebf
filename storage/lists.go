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

// where is the condition of a selection, and its arguments.
func (w Selection) where(bot int64) (string, named) {
	sql, args := `bot_id = @bot_id AND state <> 'refused'`, named{"bot_id": bot}
	if !w.Finished {
		sql = `bot_id = @bot_id AND ` + unfinished
	}
	switch {
	case len(w.Chats) == 1: // their tickets stand in an index in the order of a list
		sql += ` AND chat_id = @chat`
		args["chat"] = w.Chats[0]
	case w.Chats != nil:
		sql += ` AND chat_id = ANY (@chats::bigint[])`
		args["chats"] = w.Chats
	}
	if w.Thread != 0 {
		sql += ` AND thread_id = @thread`
		args["thread"] = w.Thread
	}
	if w.Person != 0 {
		// The condition stands in each part, so that what is finished is not read where it does not count.
		sql = `id = ANY (ARRAY(
			SELECT id FROM tickets WHERE sender_id = @person AND ` + sql + `
			UNION
			SELECT id FROM followers JOIN tickets ON id = ticket WHERE person_id = @person AND ` + sql + `))`
		args["person"] = w.Person
	}
	return sql, args
}

// List returns the tickets of a selection, newest first, from the given place on. total is how many there are in all, up to
// MaxListed.
func (s *Store) List(ctx context.Context, w Selection, offset, limit int) (tickets []Ticket, total int, err error) {
	where, args := w.where(s.bot)
	args["most"] = MaxListed
	total, err = one[int](ctx, s.pool, `SELECT count(*) FROM (SELECT FROM tickets WHERE `+where+` LIMIT @most) t`, args)
	if err == nil {
		where, args = w.where(s.bot)
		args["offset"], args["limit"] = offset, limit
		tickets, err = many[Ticket](ctx, s.pool, `
			SELECT `+ticketColumns+` FROM tickets WHERE `+where+` ORDER BY id DESC LIMIT @limit OFFSET @offset`, args)
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
	tickets, err := many[Ticket](ctx, s.pool, `
		SELECT `+ticketColumns+` FROM tickets
		WHERE `+where+` AND ticket_id <> '' AND right(lower(ticket_id), char_length(@ending::text)) = lower(@ending)
		ORDER BY id DESC
		LIMIT @limit`, args)
	if err != nil {
		return nil, fmt.Errorf("tickets by the end of their number: %w", err)
	}
	return tickets, nil
}

// ListChats returns the chats in which the tickets of a selection were asked for, those with the newest first.
func (s *Store) ListChats(ctx context.Context, w Selection, limit int) ([]int64, error) {
	where, args := w.where(s.bot)
	args["limit"] = limit
	chats, err := list[int64](ctx, s.pool, `
		SELECT chat_id FROM tickets WHERE `+where+` GROUP BY chat_id ORDER BY max(id) DESC LIMIT @limit`, args)
	if err != nil {
		return nil, fmt.Errorf("chats of tickets: %w", err)
	}
	return chats, nil
}
