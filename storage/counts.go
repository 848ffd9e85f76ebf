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
		SELECT free.*, waiting.*, telling.*, feeding.*, looks.*, (SELECT count(*) FROM tickets WHERE bot_id = $1 AND state = 'unconfirmed')
		FROM (`+waiting("received_at", `updates WHERE bot_id = $1 AND done_at IS NULL AND owner IS NULL`)+`) free,
			(`+waiting("due_at", `tickets WHERE bot_id = $1 AND state = 'waiting' AND owner IS NULL`)+`) waiting,
			(`+waiting("tell_at", `tickets WHERE bot_id = $1 AND `+toTell)+`) telling,
			(`+waiting("feed_at", `tickets WHERE bot_id = $1 AND feed_at IS NOT NULL`)+`) feeding,
			(`+waiting("due_at", `tickets WHERE bot_id = $1 AND `+toLook)+`) looks`, s.bot,
	).Scan(&c.FreeUpdates.Rows, &c.FreeUpdates.Oldest, &c.WaitingTickets.Rows, &c.WaitingTickets.Oldest,
		&c.ToTell.Rows, &c.ToTell.Oldest, &c.ToFeed.Rows, &c.ToFeed.Oldest, &c.Looks.Rows, &c.Looks.Oldest, &c.Unconfirmed)
	if err != nil {
		return Counts{}, fmt.Errorf("count rows: %w", err)
	}
	return c, nil
}

// waiting selects the two columns of a Waiting.
func waiting(since, from string) string {
	return `SELECT count(*), greatest(0, coalesce(extract(epoch FROM now() - min(` + since + `)), 0))::float8 FROM ` + from
}
