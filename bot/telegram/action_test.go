package telegram

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAnActionDelaysNothingAndIsSeldom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		require.True(t, g.mayAct(1))
		require.True(t, g.mayAct(2), "each chat for itself")
		time.Sleep(ActionLife - time.Nanosecond)
		require.False(t, g.mayAct(1), "people see it still")
		time.Sleep(time.Nanosecond)
		require.True(t, g.mayAct(1))

		g.restFromActing(1, time.Minute)
		time.Sleep(time.Minute - time.Nanosecond)
		require.False(t, g.mayAct(1), "Telegram has asked to wait")
		time.Sleep(time.Nanosecond)
		require.NoError(t, g.enter(t.Context(), 1, Answers, false))
		require.False(t, g.mayAct(1), "a message is on its way")
		g.leave(1, 10*time.Second, true)
		require.False(t, g.mayAct(1), "the chat is limited")
		require.True(t, g.mayAct(2))
	})
}
