package storage

import (
	"context"
	"fmt"
)

// Counts is how much of a bot's waits in the database, over all processes.
type Counts struct {
	FreeUpdates    Waiting // journalled, in nobody's hands
	WaitingTickets Waiting // to be sent to LiveDesk
	ToTell         Waiting // tickets with news, in nobody's hands
	ToFeed         Waiting // tickets of which a feed of staff is to be told something
	Looks          Waiting // created tickets that are due to be looked at
	Unconfirmed    int64   // tickets that a person has to decide about
}

// Waiting is how many rows wait for something.
type Waiting struct {
	Rows   int64
	Oldest float64 // seconds that the first of them has been waiting beyond the time it was due; 0 where none is
}

// Counts counts with the help of the indexes of what is open, so that finished rows cost nothing.
func (s *Store) Counts(ctx context.Context) (c Counts, err error) {
	err = s.pool.QueryRow(ctx, `
		SELECT `+waiting("received_at", `FROM updates WHERE bot_id = $1 AND done_at IS NULL AND owner IS NULL`)+`,
			`+waiting("due_at", `FROM tickets WHERE bot_id = $1 AND state = 'waiting' AND owner IS NULL`)+`,
			`+waiting("tell_at", `FROM tickets WHERE bot_id = $1 AND `+toTell)+`,
			`+waiting("feed_at", `FROM tickets WHERE bot_id = $1 AND feed_at IS NOT NULL`)+`,
			`+waiting("due_at", `FROM tickets WHERE bot_id = $1 AND `+toLook)+`,
			(SELECT count(*) FROM tickets WHERE bot_id = $1 AND state = 'unconfirmed')`, s.bot,
	).Scan(&c.FreeUpdates.Rows, &c.FreeUpdates.Oldest, &c.WaitingTickets.Rows, &c.WaitingTickets.Oldest,
		&c.ToTell.Rows, &c.ToTell.Oldest, &c.ToFeed.Rows, &c.ToFeed.Oldest, &c.Looks.Rows, &c.Looks.Oldest, &c.Unconfirmed)
	if err != nil {
		return Counts{}, fmt.Errorf("count rows: %w", err)
	}
	return c, nil
}

// waiting is the two columns of a Waiting.
func waiting(since, from string) string {
	return `(SELECT count(*) ` + from + `),
			(SELECT greatest(0, coalesce(extract(epoch FROM now() - min(` + since + `)), 0))::float8 ` + from + `)`
}
