package storage_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
)

func TestAQuestionIsAnsweredInTheCommitOfItsTicket(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	question := storage.Question{BotID: bot, ChatID: 7, AskedID: 10, SenderID: 5, Options: "!high"}
	require.NoError(t, store.Ask(t.Context(), question))
	require.NoError(t, store.Ask(t.Context(), question), "an update may come twice")

	_, err := store.QuestionFor(t.Context(), bot, 7, 5, 12, false)
	require.ErrorIs(t, err, storage.ErrNotFound, "its message is not known")
	found, err := store.QuestionFor(t.Context(), bot, 7, 5, 12, true)
	require.NoError(t, err)
	require.Equal(t, question, found, "but reads like it")
	_, err = store.QuestionFor(t.Context(), bot, 7, 5, 9, true)
	require.ErrorIs(t, err, storage.ErrNotFound, "what stood before the command is not its question")

	require.NoError(t, store.Asked(t.Context(), question, 11))
	_, err = store.QuestionFor(t.Context(), bot, 7, 6, 11, true)
	require.ErrorIs(t, err, storage.ErrNotFound, "another person was not asked")
	_, err = store.QuestionFor(t.Context(), bot, 8, 5, 11, true)
	require.ErrorIs(t, err, storage.ErrNotFound, "the same number in another chat is another message")

	later := storage.Question{BotID: bot, ChatID: 7, AskedID: 20, SenderID: 5}
	require.NoError(t, store.Ask(t.Context(), later))
	found, err = store.QuestionFor(t.Context(), bot, 7, 5, 30, true)
	require.NoError(t, err)
	require.Equal(t, later, found, "of two that read like it, the later one")
	require.NoError(t, store.Asked(t.Context(), question, 30))
	found, err = store.QuestionFor(t.Context(), bot, 7, 5, 30, true)
	require.NoError(t, err)
	require.Equal(t, question, found, "but the one whose message it is comes first")
	require.NoError(t, store.Asked(t.Context(), question, 11))
	others := question
	others.BotID++
	require.NoError(t, store.Ask(t.Context(), others))

	answer := newTicket("answer", 7, storage.StateWaiting)
	answer.Answers = 10
	openTicket(t, store, process, answer)
	found, err = store.QuestionFor(t.Context(), bot, 7, 5, 11, false)
	require.NoError(t, err)
	require.True(t, found.Answered)
	require.Equal(t, 2, count(t, store, `SELECT count(*) FROM questions WHERE answered_at IS NULL`), "no other")
}
