package inbox

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/go-telegram/bot/models"
	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
)

// nothing is a handler to which no update means anything.
type nothing struct{ Handler }

func (nothing) Relevant(*models.Update) (Lane, bool) { return Lane{}, false }

func TestAnUpdateThatCannotBeReadIsKeptIfItHasAnID(t *testing.T) {
	t.Parallel()
	in := newIdle(t, nil)
	for raw, kept := range map[string]bool{
		`{"update_id":7,"message":"no message"}`: true,
		`{"update_id":7,"message":{}}`:           false, // readable, and it means nothing
		`{"update_id":"7","message":""}`:         false,
		`[`:                                      false,
	} {
		a, ok := in.read(json.RawMessage(raw))
		require.Equal(t, kept, ok, raw)
		if kept {
			require.EqualValues(t, 7, a.ID)
			require.Nil(t, a.update)
		}
	}
}

// clumsy is a handler that fails as it looks at a command, and as it opens its ticket.
type clumsy struct {
	Handler
	looking bool
}

func (c clumsy) Opens(*models.Update) func(context.Context) bool {
	if c.looking {
		panic("looking")
	}
	return func(context.Context) bool { panic("opening") }
}

func TestAnUpdateWhoseTicketCannotBeOpenedIsJournalled(t *testing.T) {
	t.Parallel()
	for _, looking := range []bool{true, false} {
		in := newIdle(t, nil)
		in.handler = clumsy{looking: looking}
		arrivals := []arrival{{Update: storage.Update{ID: 7, Mine: true}, read: read{update: &models.Update{}}}}
		require.NoError(t, in.open(t.Context(), t.Context(), arrivals))
		require.False(t, arrivals[0].opened)
		require.Equal(t, !looking, arrivals[0].entered)
	}
}
