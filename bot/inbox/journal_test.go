package inbox

import (
	"context"
	"encoding/json"
	"slices"
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

// eager is a handler that opens tickets of the updates with these numbers.
type eager struct {
	Handler
	opens []int64
}

func (e eager) Opens(u *models.Update) func(context.Context) bool {
	if !slices.Contains(e.opens, u.ID) {
		return nil
	}
	return func(context.Context) bool { return true }
}

func TestATicketIsOpenedAtOnceOnlyWhereNothingBeforeItIsToBeHandled(t *testing.T) {
	t.Parallel()
	in := newIdle(t, nil)
	in.handler = eager{opens: []int64{2, 4, 5}}
	alice, bob := Lane{Chat: 1, Sender: 5}, Lane{Chat: 2, Sender: 6}
	var arrivals []arrival
	for i, lane := range []Lane{alice, alice, {Chat: 2, Whole: true}, bob, {Chat: 3, Sender: 7}} {
		id := int64(i + 1)
		arrivals = append(arrivals, arrival{Update: storage.Update{ID: id, Mine: true}, read: read{lane, &models.Update{ID: id}}})
	}
	require.NoError(t, in.open(t.Context(), t.Context(), arrivals))
	for i, opened := range []bool{false, false, false, false, true} {
		require.Equal(t, opened, arrivals[i].opened, i+1)
	}
}
