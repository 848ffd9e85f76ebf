package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/telegramtest"
)

func TestAStoryIsPlayedPausedAndBegunAnew(t *testing.T) {
	t.Parallel()
	g := newWindow().guide
	require.Len(t, g.State().Steps, len(steps))
	require.False(t, g.begin(), "nobody has asked for it")
	require.False(t, g.Do("dance", 0))
	require.True(t, g.Do("play", time.Hour))
	require.True(t, g.begin())
	require.False(t, g.begin(), "the step is left to be looked at")
	require.True(t, g.State().Playing)
	require.True(t, g.Do("next", 0))
	require.True(t, g.Do("pause", 0))
	require.False(t, g.begin(), "somebody takes over")
	g.check("something is so")
	require.Equal(t, []string{"something is so"}, g.State().Steps[0].Checks)
	require.True(t, g.Do("restart", 0))
	require.Zero(t, g.State().Step)
	require.Empty(t, g.State().Steps[0].Checks)
}

func TestAStepThatDoesNotHappenEndsTheStory(t *testing.T) {
	t.Parallel()
	g := newWindow().guide // no service answers
	g.Do("play", 0)
	require.True(t, g.begin())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	g.perform(ctx)
	require.Contains(t, g.State().Failed, "no answer to")
	require.False(t, g.State().Playing)
	g.Do("next", 0)
	require.Empty(t, g.State().Failed, "from the beginning")
}

func TestNothingIsLostWhereServiceAndPostgresCrash(t *testing.T) {
	t.Parallel()
	st := newWindow().stage
	topic := st.place("topic")
	ask := func(ctx context.Context, text string) error {
		m := st.telegram.Say(topic.who, topic.where(), "/ticket "+text)
		_, err := st.telegram.WaitMessage(ctx, topic.chat, func(reply *telegramtest.Message) bool {
			return reply.ReplyTo == m.ID && strings.Contains(reply.Text, "tk_")
		})
		return err
	}
	require.NoError(t, st.perform(t.Context(), testLog(t), func(ctx context.Context) error {
		for _, do := range []func() error{
			func() error { return ask(ctx, "before") },
			st.process.Kill,
			func() error { return ask(ctx, "while the service is down") },
			func() error { return st.database.crash(ctx) },
			func() error { return ask(ctx, "after the crash") },
		} {
			if err := do(); err != nil {
				return err
			}
		}
		return nil
	}))
	require.Equal(t, 2, st.process.State().Starts)
	require.Equal(t, 3, st.desk.Count())
}
