package inbox

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheNextPollConfirmsTheLastUpdateThatHasAnID(t *testing.T) {
	t.Parallel()
	update := func(id string) json.RawMessage { return json.RawMessage(`{"update_id":` + id + `}`) }
	require.EqualValues(t, 5, after(nil, 5))
	require.EqualValues(t, 8, after([]json.RawMessage{update("9"), update("7")}, 5), "ids may begin anew, below those before")
	require.EqualValues(t, 8, after([]json.RawMessage{update("7"), update(`"x"`), json.RawMessage("[")}, 5))
}
