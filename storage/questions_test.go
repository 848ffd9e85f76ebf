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

func TestAPersonIsAskedAboutATicketOnceUntilTheyAnswer(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	ticket := created(t, store, process, "a")
	press := func(update, person int64) storage.Question {
		return storage.Question{BotID: bot, ChatID: 7, AskedID: -update, SenderID: person, Ticket: ticket.ID}
	}
	asks := func(q storage.Question) bool {
		ask, err := store.AskAboutTicket(t.Context(), q)
		require.NoError(t, err)
		return ask
	}
	require.True(t, asks(press(1, 5)))
	require.True(t, asks(press(1, 5)), "the same press, handled again")
	require.False(t, asks(press(2, 5)), "pressed twice")
	require.True(t, asks(press(3, 6)), "another person")

	_, err := store.QuestionFor(t.Context(), bot, 7, 5, 0, true)
	require.ErrorIs(t, err, storage.ErrNotFound, "its answer is no ticket of its own")
	_, err = store.QuestionAbout(t.Context(), bot, 7, 7, ticket.ID)
	require.ErrorIs(t, err, storage.ErrNotFound, "they were not asked")
	q, err := store.QuestionAbout(t.Context(), bot, 7, 5, ticket.ID)
	require.NoError(t, err)
	require.Equal(t, press(1, 5), q)
	mark := storage.Addition{Ref: "m/reopen", Ticket: ticket.ID, Kind: storage.AddReopen, Content: []byte(`{"On":true}`)}
	for range 2 {
		require.NoError(t, store.Reopen(t.Context(), words("m", ticket.ID), nil, mark, q, 4))
	}
	require.Equal(t, 2, count(t, store, `SELECT count(*) FROM additions`))
	_, err = store.QuestionAbout(t.Context(), bot, 7, 5, ticket.ID)
	require.ErrorIs(t, err, storage.ErrNotFound, "they have answered")
	require.True(t, asks(press(5, 5)), "after an answer they may be asked again")
	require.Equal(t, 1, count(t, store, `SELECT count(*) FROM questions WHERE answered_at IS NOT NULL`))
}

func TestTheGroupItselfAnswersWhatItsAnonymousAdministratorWasAsked(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	ticket := created(t, store, process, "a")
	_, err := store.AskAboutTicket(t.Context(), storage.Question{BotID: bot, ChatID: ticket.ChatID, AskedID: -1, SenderID: 5, Ticket: ticket.ID})
	require.NoError(t, err)
	_, err = store.QuestionAbout(t.Context(), bot, ticket.ChatID, ticket.ChatID, ticket.ID)
	require.ErrorIs(t, err, storage.ErrNotFound, "a person asked for the ticket")
	exec(t, store, `UPDATE tickets SET sender_id = chat_id`)
	q, err := store.QuestionAbout(t.Context(), bot, ticket.ChatID, ticket.ChatID, ticket.ID)
	require.NoError(t, err)
	require.Equal(t, int64(5), q.SenderID)
}
