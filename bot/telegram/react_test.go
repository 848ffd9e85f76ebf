package telegram_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/telegramtest"
)

func TestAServerThatIsTooOldForReactionsIsAskedOnlyOnce(t *testing.T) {
	t.Parallel()
	c, s, chat := dial(t, telegramtest.Options{Old: true})
	for range 3 {
		v, err := c.React(t.Context(), chat.ID, 1, telegram.Answers, "👀")
		require.Error(t, err)
		require.Equal(t, telegram.Refused, v, "words are to tell it")
	}
	require.Len(t, s.CallsOf("setMessageReaction"), 1)
}

func TestAServerThatTakesNoReactionOnAMessageIsAskedAgainForAnother(t *testing.T) {
	t.Parallel()
	c, s, chat := dial(t, telegramtest.Options{})
	v, err := c.React(t.Context(), chat.ID, 99, telegram.Answers, "👀")
	require.Error(t, err)
	require.Equal(t, telegram.Refused, v)
	v, err = c.React(t.Context(), chat.ID, int64(post(t, c, chat, "x").ID), telegram.Answers, "👀")
	require.NoError(t, err)
	require.Equal(t, telegram.Done, v)
	require.Len(t, s.CallsOf("setMessageReaction"), 2)
}
