package storage_test

import (
	"fmt"
	"math"
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
	for asked, want := range map[int64]bool{10: true, 20: false, 30: false} {
		is, err := store.IsAnswered(t.Context(), storage.Question{BotID: bot, ChatID: 7, AskedID: asked})
		require.NoError(t, err)
		require.Equal(t, want, is)
	}
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

func TestTheNextWordsAnswerTheQuestionThatStands(t *testing.T) {
	t.Parallel()
	store := open(t).For(bot)
	process := register(t, store)
	words := storage.Words{ChatID: 7, ThreadID: 3, SenderID: 5, MessageID: 12}
	awaited := func(w storage.Words) bool {
		t.Helper()
		_, err := store.StandingQuestion(t.Context(), w)
		if err != nil {
			require.ErrorIs(t, err, storage.ErrNotFound)
		}
		all, standsErr := store.Stands(t.Context(), []storage.Words{{ChatID: 1}, w})
		require.NoError(t, standsErr)
		require.Equal(t, []bool{false, err == nil}, all)
		return err == nil
	}
	require.False(t, awaited(words))
	require.NoError(t, store.Ask(t.Context(), storage.Question{BotID: bot, ChatID: 7, ThreadID: 3, AskedID: 10, SenderID: 5}))
	require.True(t, awaited(words))
	for name, change := range map[string]func(*storage.Words){
		"another chat":             func(w *storage.Words) { w.ChatID++ },
		"another topic":            func(w *storage.Words) { w.ThreadID++ },
		"another person":           func(w *storage.Words) { w.SenderID++ },
		"what was said before it":  func(w *storage.Words) { w.MessageID = 9 },
		"the command of it itself": func(w *storage.Words) { w.MessageID = 10 },
	} {
		w := words
		change(&w)
		require.False(t, awaited(w), name)
	}
	other := store.For(bot + 1)
	_, err := other.StandingQuestion(t.Context(), words)
	require.ErrorIs(t, err, storage.ErrNotFound, "of another bot")

	_, err = store.Pool().Exec(t.Context(), `UPDATE questions SET asked_at = now() - interval '601 seconds'`)
	require.NoError(t, err)
	require.False(t, awaited(words), "too long ago")
	_, err = store.Pool().Exec(t.Context(), `UPDATE questions SET asked_at = now() - interval '599 seconds'`)
	require.NoError(t, err)
	require.True(t, awaited(words))
	require.NoError(t, store.Ask(t.Context(), storage.Question{BotID: bot, ChatID: 7, ThreadID: 3, AskedID: 11, SenderID: 5}))
	answer := newTicket("answer", 7, storage.StateWaiting)
	answer.Answers, answer.SenderID, answer.ThreadID = 11, 5, 3
	openTicket(t, store, process, answer)
	require.False(t, awaited(words), "the last one was answered, and one before it does not stand any more")
}

func TestUpdatesThatAreNotHandledAreFoundByTheirWords(t *testing.T) {
	t.Parallel()
	store := open(t).For(bot)
	process := register(t, store)
	for i, text := range []string{`/ticket`, `\\/TICKET@bot`, `hello`} {
		payload := fmt.Sprintf(`{"text":"%s \\ud83d"}`+"\xff\x00", text)
		id := int64(100 + i)
		_, err := store.Journal(t.Context(), bot, process.Number, []storage.Update{{ID: id, ChatID: 7, Payload: []byte(payload), Mine: i == 0}})
		require.NoError(t, err)
		found := func(before int64, chats ...int64) int {
			t.Helper()
			updates, err := store.Undone(t.Context(), chats, before, "/ticket")
			require.NoError(t, err)
			return len(updates)
		}
		if text != "hello" {
			require.Equal(t, 1, found(math.MaxInt64, 7, 8), text)
		}
		require.Zero(t, found(id, 7), "it comes later")
		require.Zero(t, found(math.MaxInt64, 8), "in another chat")
		require.NoError(t, store.FinishUpdate(t.Context(), bot, id))
		require.Zero(t, found(math.MaxInt64, 7), "it is done")
	}
}
