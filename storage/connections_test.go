package storage_test

import (
	"database/sql"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"

	"livedeskbot/migrations"
	"livedeskbot/storage"
)

func TestChatsThatHaveTicketsBeforeThereAreConnectionsAreConnected(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	pool := newPool(t, url)
	db, err := sql.Open("pgx", url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS)
	require.NoError(t, err)
	_, err = provider.UpTo(t.Context(), 4)
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), `
		INSERT INTO tickets (telegram_ref, bot_id, chat_id, sender_id, request, state)
		VALUES ('a', 42, -7, 5, '{}', 'created'), ('b', 42, -7, 5, '{}', 'left'), ('c', 42, -8, -8, '{}', 'created'),
			('d', 42, 6, 6, '{}', 'created'), ('e', 43, -9, 5, '{}', 'created')`)
	require.NoError(t, err)
	require.NoError(t, storage.Migrate(t.Context(), pool, quiet))

	store, err := storage.Open(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(store.Close)
	all, err := store.Connections(t.Context(), bot, []int64{-7, -8, -9, 6})
	require.NoError(t, err)
	require.Len(t, all, 3, "chats of another bot are not this one's")
	for _, c := range all {
		require.True(t, c.Connected(), c.ChatID)
		require.NotEqual(t, int64(-9), c.ChatID)
	}
	groups, err := store.UsedIn(t.Context(), bot, 5, 10)
	require.NoError(t, err)
	require.Equal(t, []int64{-7}, groups)
}

func connection(t *testing.T, store *storage.Store, chat int64) storage.Connection {
	t.Helper()
	known, err := store.Connections(t.Context(), bot, []int64{chat})
	require.NoError(t, err)
	if len(known) == 0 {
		return storage.Connection{}
	}
	return known[0]
}

func TestChatsAreConnectedForAsLongAsSettingsNameThem(t *testing.T) {
	t.Parallel()
	store := open(t)
	name := func(staff, chats []int64) { require.NoError(t, store.NameChats(t.Context(), bot, staff, chats)) }
	require.NoError(t, store.Connect(t.Context(), bot, -3, "C"))
	for range 2 {
		name([]int64{-1}, []int64{-2, -1, -3})
		require.True(t, connection(t, store, -1).Staff())
		require.True(t, connection(t, store, -2).Connected())
		require.False(t, connection(t, store, -2).Staff())
	}
	require.NoError(t, store.MoveConnection(t.Context(), bot, -1, -1001))
	require.True(t, connection(t, store, -1001).Staff(), "a staff chat stays one as a supergroup")
	name([]int64{-1}, nil)
	require.False(t, connection(t, store, -2).Connected())
	require.True(t, connection(t, store, -3).Connected(), "by the word of staff")
	require.True(t, connection(t, store, -1001).Staff())
	chats, err := store.StaffChats(t.Context(), bot)
	require.NoError(t, err)
	require.Equal(t, []int64{-1001, -1}, chats)
	name(nil, nil)
	require.False(t, connection(t, store, -1001).Connected())
}

func TestStaffAreAskedOnceAboutAChat(t *testing.T) {
	t.Parallel()
	store := open(t)
	ask := func(update int64) bool {
		t.Helper()
		is, err := store.AskAbout(t.Context(), bot, storage.Connection{ChatID: -7, Title: "T", AskChatID: -1}, update)
		require.NoError(t, err)
		return is
	}
	require.True(t, ask(1))
	require.False(t, ask(2), "update 1 is at it")
	require.True(t, ask(1), "after a crash")
	exec(t, store, `UPDATE connections SET asked_at = now() - interval '11 minutes'`)
	require.True(t, ask(2), "that came to nothing")
	require.NoError(t, store.AskedAbout(t.Context(), bot, storage.Connection{ChatID: -7, AskChatID: -1, AskID: 9}))
	exec(t, store, `UPDATE connections SET asked_at = now() - interval '1 year'`)
	require.False(t, ask(2))
	require.False(t, ask(3))
}

func TestADecisionAboutAChatIsMadeOnce(t *testing.T) {
	t.Parallel()
	store := open(t)
	_, err := store.AskAbout(t.Context(), bot, storage.Connection{ChatID: -7}, 1)
	require.NoError(t, err)
	decide := func(to storage.ConnectionState, update int64) error {
		return store.DecideChat(t.Context(), bot, -7, []storage.ConnectionState{storage.ChatAsked}, to, update)
	}
	require.NoError(t, decide(storage.ChatConnected, 2))
	require.NoError(t, decide(storage.ChatConnected, 2), "the same update again")
	require.ErrorIs(t, decide(storage.ChatConnected, 3), storage.ErrNotFound)
	require.ErrorIs(t, decide(storage.ChatRefused, 2), storage.ErrNotFound)
	require.True(t, connection(t, store, -7).Connected())
}

func TestASupergroupInheritsOnceWhatItsGroupHad(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		group, super string // states before; empty: no row
		want         storage.ConnectionState
	}{
		"connected":                             {"connected", "", storage.ChatConnected},
		"nothing":                               {"", "", ""},
		"asked about the supergroup meanwhile":  {"connected", "asked", storage.ChatConnected},
		"asked about the group":                 {"asked", "", storage.ChatAsked},
		"refused":                               {"refused", "", storage.ChatRefused},
		"decided about the supergroup already":  {"connected", "disconnected", storage.ChatDisconnected},
		"nothing was decided about the group":   {"new", "asked", storage.ChatAsked},
		"the supergroup alone is connected yet": {"", "connected", storage.ChatConnected},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := open(t)
			for chat, state := range map[int64]string{-7: test.group, -1007: test.super} {
				if state != "" {
					exec(t, store, `INSERT INTO connections (bot_id, chat_id, state) VALUES ($1, $2, $3)`, bot, chat, state)
				}
			}
			require.NoError(t, store.NoteUse(t.Context(), bot, 5, -7))
			for range 2 {
				require.NoError(t, store.MoveConnection(t.Context(), bot, -7, -1007))
				require.Equal(t, test.want, connection(t, store, -1007).State)
				require.Equal(t, storage.ConnectionState(test.group), connection(t, store, -7).State, "what was said there is on its way")
			}
			exec(t, store, `UPDATE connections SET state = 'disconnected' WHERE chat_id = -1007`)
			require.NoError(t, store.MoveConnection(t.Context(), bot, -7, -1007))
			require.False(t, connection(t, store, -1007).Connected(), "a late signal decides nothing anew")
			groups, err := store.UsedIn(t.Context(), bot, 5, 10)
			require.NoError(t, err)
			require.Len(t, groups, 2)
		})
	}
}

func TestTheTicketsOfADisconnectedChatWaitToBeTold(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	openTicket(t, store, process, newTicket("a", -7, storage.StateWaiting))
	openTicket(t, store, process, newTicket("b", -8, storage.StateWaiting))
	exec(t, store, `UPDATE tickets SET tell_at = now()`)
	exec(t, store, `INSERT INTO connections (bot_id, chat_id, state) VALUES ($1, -7, 'disconnected'), (43, -8, 'disconnected')`, bot)
	counts, err := store.Counts(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, counts.ToTell.Rows, "that it waits is no fault")
	tickets, err := store.ClaimTellings(t.Context(), process.Number, 10, []int64{})
	require.NoError(t, err)
	require.Len(t, tickets, 1)
	require.Equal(t, int64(-8), tickets[0].ChatID)
	exec(t, store, `UPDATE connections SET named = 'chat'`)
	tickets, err = store.ClaimTellings(t.Context(), process.Number, 10, []int64{})
	require.NoError(t, err)
	require.Len(t, tickets, 1)
	require.Equal(t, int64(-7), tickets[0].ChatID)
}

func TestAHintIsGivenOnceAnHour(t *testing.T) {
	t.Parallel()
	store := open(t)
	hint := func(about int64, kind string, update int64) bool {
		t.Helper()
		is, err := store.Hint(t.Context(), bot, about, kind, update)
		require.NoError(t, err)
		return is
	}
	require.True(t, hint(-7, "chat", 1))
	require.True(t, hint(-7, "chat", 1), "after a crash")
	require.False(t, hint(-7, "chat", 2))
	require.True(t, hint(-7, "blocked", 2))
	require.True(t, hint(-8, "chat", 3))
	exec(t, store, `UPDATE hints SET told_at = now() - interval '61 minutes' WHERE about = -7`)
	require.True(t, hint(-7, "chat", 4))
	require.False(t, hint(-7, "chat", 5))
}
