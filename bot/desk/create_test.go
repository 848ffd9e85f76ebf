package desk

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/view"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

func TestWhatAnAnswerMeansForATicket(t *testing.T) {
	t.Parallel()
	const look = time.Second // the first one
	waits := func(reason string, due time.Duration) storage.Outcome {
		return storage.Outcome{State: storage.StateWaiting, Reason: reason, Due: due}
	}
	unconfirmed := storage.Outcome{State: storage.StateUnconfirmed, Reason: view.ReasonUnknown, Due: -1}
	away := &livedesk.Error{Kind: livedesk.NotSent}
	suspected := waits(view.ReasonSetup, leastPause)
	suspected.Rebuff = view.ReasonText
	for name, c := range map[string]struct {
		err      error
		attempts int
		want     storage.Outcome
	}{
		"confirmed": {nil, 1, storage.Outcome{State: storage.StateCreated, TicketID: "tk_1", Due: look}},
		"refused": {&livedesk.Error{Kind: livedesk.Refused, Message: "too silly"}, 1, storage.Outcome{
			State: storage.StateRefused, Reason: view.ReasonRefused, Detail: "too silly", Due: -1,
		}},
		"away":                           {away, 1, waits(view.ReasonAway, 500*time.Millisecond)},
		"away again":                     {away, 2, waits(view.ReasonAway, time.Second)},
		"away for the fifth time":        {away, 5, waits(view.ReasonAway, 8*time.Second)},
		"away for the sixth time":        {away, 6, waits(view.ReasonAway, 15*time.Second)},
		"away as ever":                   {away, 1000, waits(view.ReasonAway, 15*time.Second)},
		"asked to wait":                  {&livedesk.Error{Kind: livedesk.NotSent, RetryAfter: time.Hour}, 1, waits(view.ReasonAway, time.Hour)},
		"asked to wait for a moment":     {&livedesk.Error{Kind: livedesk.NotSent, RetryAfter: 1}, 1, waits(view.ReasonAway, leastPause)},
		"credentials":                    {&livedesk.Error{Kind: livedesk.NotSent, Setup: true}, 1, waits(view.ReasonSetup, leastPause)},
		"credentials, or this one alone": {&livedesk.Error{Kind: livedesk.NotSent, Setup: true, Single: true}, 1, suspected},
		"this one alone":                 {&livedesk.Error{Kind: livedesk.NotSent, Single: true}, 1, waits(view.ReasonAway, leastPause)},
		"nobody knows":                   {&livedesk.Error{Kind: livedesk.Unknown}, 1, unconfirmed},
		"another error":                  {errors.New("broken"), 1, unconfirmed},
	} {
		require.Equal(t, c.want, outcomeOf(livedesk.Created{ID: "tk_1\n"}, c.err, c.attempts, look), name)
	}
}
