package storage_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
)

func TestLosingAChatIsNewsOnce(t *testing.T) {
	t.Parallel()
	store := open(t)
	for range 2 {
		news, err := store.LoseChat(t.Context(), -7)
		require.NoError(t, err)
		require.True(t, news)
		news, err = store.LoseChat(t.Context(), -7)
		require.NoError(t, err)
		require.False(t, news)
		require.NoError(t, store.RegainChat(t.Context(), -7))
		require.NoError(t, store.RegainChat(t.Context(), -7))
	}
}

func TestEverythingOfAGroupFollowsItOnceWhicheverSignalComesFirst(t *testing.T) {
	t.Parallel()
	const group, super = int64(-7), int64(-1007)
	store := open(t)
	process := register(t, store)
	waiting := openTicket(t, store, process, newTicket("waiting", group, storage.StateWaiting))
	created := openTicket(t, store, process, newTicket("created", group, storage.StateSending))
	_, err := store.RecordOutcome(t.Context(), created.ID, 1, storage.Outcome{State: storage.StateCreated, TicketID: "tk_1", Due: -1}, process.Number)
	require.NoError(t, err)
	_, err = store.RecordTold(t.Context(), created, group, 500, process.Number)
	require.NoError(t, err)
	question := storage.Question{BotID: bot, ChatID: group, AskedID: 9, SenderID: 5}
	require.NoError(t, store.Ask(t.Context(), question))
	require.NoError(t, store.Asked(t.Context(), question, 10))
	other := openTicket(t, store, process, newTicket("other", -8, storage.StateWaiting))

	for signal := range 3 {
		news, err := store.MoveChat(t.Context(), group, super)
		require.NoError(t, err)
		require.Equal(t, signal == 0, news)
		now, err := store.ChatNow(t.Context(), group)
		require.NoError(t, err)
		require.Equal(t, super, now)
	}

	waiting, err = store.Ticket(t.Context(), waiting.ID)
	require.NoError(t, err)
	require.Equal(t, super, waiting.ChatID)
	require.Zero(t, waiting.MessageID, "messages have other numbers there")
	require.Equal(t, "-1007", contact(t, waiting), "the request has not left and names the supergroup")
	created, err = store.Ticket(t.Context(), created.ID)
	require.NoError(t, err)
	require.Equal(t, super, created.ChatID)
	require.Zero(t, created.CardID)
	require.Equal(t, "-7", contact(t, created), "what LiveDesk was told is kept")
	_, err = store.PostAt(t.Context(), super, 500)
	require.ErrorIs(t, err, storage.ErrNotFound, "that number is another message there")
	_, err = store.QuestionFor(t.Context(), bot, super, 5, 10, false)
	require.ErrorIs(t, err, storage.ErrNotFound)
	_, err = store.QuestionFor(t.Context(), bot, super, 5, 77, true)
	require.NoError(t, err, "the question is still open")
	other, err = store.Ticket(t.Context(), other.ID)
	require.NoError(t, err)
	require.Equal(t, int64(-8), other.ChatID)
	now, err := store.ChatNow(t.Context(), -8)
	require.NoError(t, err)
	require.Equal(t, int64(-8), now)
}

func TestATicketOfAGroupThatIsStoredAfterTheMoveFollowsAtTheNextSignal(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	_, err := store.MoveChat(t.Context(), -7, -1007)
	require.NoError(t, err)
	late := openTicket(t, store, process, newTicket("late", -7, storage.StateWaiting))

	news, err := store.MoveChat(t.Context(), -7, -1007)
	require.NoError(t, err)
	require.False(t, news)
	late, err = store.Ticket(t.Context(), late.ID)
	require.NoError(t, err)
	require.Equal(t, int64(-1007), late.ChatID)
}

func TestQuestionsMoveAgainAndAgain(t *testing.T) {
	t.Parallel()
	const group, super = int64(-7), int64(-1007)
	store := open(t)
	ask := func(chat, asked, sender int64) {
		require.NoError(t, store.Ask(t.Context(), storage.Question{BotID: bot, ChatID: chat, AskedID: asked, SenderID: sender}))
	}
	move := func() {
		_, err := store.MoveChat(t.Context(), group, super)
		require.NoError(t, err)
	}
	ask(super, 9, 7) // a message of the supergroup with the same number
	for range 3 {    // whose update is handled again after the move
		ask(group, 9, 5)
		ask(group, 11, 6)
		move()
	}
	ask(group, -9, 5)
	ask(group, 9, 5)
	move()
	require.Equal(t, 3, count(t, store, `SELECT count(*) FROM questions WHERE chat_id = -1007`))
	require.Zero(t, count(t, store, `SELECT count(*) FROM questions WHERE chat_id = -7`))
	for _, sender := range []int64{5, 6, 7} {
		_, err := store.QuestionFor(t.Context(), bot, super, sender, 77, true)
		require.NoError(t, err, "it is still open")
	}
}

// contact is the chat that a ticket's request names.
func contact(t *testing.T, ticket storage.Ticket) string {
	t.Helper()
	var r struct {
		Requester struct {
			ChannelContacts struct {
				ContactID string `json:"contact_id"`
			} `json:"channel_contacts"`
		}
	}
	require.NoError(t, json.Unmarshal(ticket.Request, &r))
	return r.Requester.ChannelContacts.ContactID
}
