package inbox

import (
	"encoding/json"
	"testing"

	"github.com/go-telegram/bot/models"
	"github.com/stretchr/testify/require"
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
