package inbox

import (
	"encoding/json"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
)

func TestEveryUpdateIsCountedByItsKind(t *testing.T) {
	t.Parallel()
	in := newIdle(t, nil)
	for _, kind := range []string{"message", "edited_message", "callback_query", "my_chat_member", otherKind} {
		in.read(json.RawMessage(`{"update_id":7,"` + kind + `":{}}`))
		require.Equal(t, 1.0, testutil.ToFloat64(in.metrics.updates.WithLabelValues(kind)), kind)
	}
	in.read(json.RawMessage("["))
	require.Equal(t, 2.0, testutil.ToFloat64(in.metrics.updates.WithLabelValues(otherKind)), "it cannot be read")
	require.Equal(t, 5, testutil.CollectAndCount(in.metrics.updates))
}
