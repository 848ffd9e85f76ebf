package desk

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"livedeskbot/bot/claims"
	"livedeskbot/bot/view"
	"livedeskbot/bot/wait"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

// Config is what the operator decides of the dealings with LiveDesk.
type Config struct {
	Rate       int           // requests a second
	MaxFiles   int           // files taken along with one ticket or addition
	Relay      bool          // agents' replies and changes of status are told
	TrackEvery time.Duration // shortest time between two looks at a ticket
	Secret     string        // that LiveDesk's webhook knows; empty: it is off
}

// Teller tells people about a ticket. The outbox is one.
type Teller interface {
	// Tell tells what is to be told of a ticket whose telling is in the hands of this process.
	Tell(ctx context.Context, t storage.Ticket)
	// Wake says that a row has something to tell.
	Wake()
}

// shared is what the parts of a desk have in common.
type shared struct {
	cfg       Config
	client    timedClient
	store     *storage.Store
	work      *claims.Worker
	view      *view.View
	teller    Teller
	admission *admission
	finds     *finds
	log       *slog.Logger

	waiting  wait.Signal // a ticket is due to be sent
	carrying wait.Signal // a file is to be carried
	looks    wait.Signal // a ticket is to be looked at
}

// read asks for a ticket in the given turn and ends it.
func (s *shared) read(ctx context.Context, turn *turn, number string) (livedesk.Ticket, error) {
	defer turn.leave()
	turn.about = number
	t, err := s.client.Ticket(ctx, number)
	if err == nil {
		s.finds.there(number)
	}
	if errors.Is(err, livedesk.ErrNotFound) {
		turn.ended(nil) // an answer like any other
	} else {
		turn.ended(err)
	}
	return t, err
}
