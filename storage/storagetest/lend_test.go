package storagetest

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
)

func TestADatabaseIsLentAgainEmptyAndAsItWasMade(t *testing.T) {
	t.Parallel()
	Lend(t, 3) // while it has one, none is dropped for want of users
	var before string
	lend := func(again bool, use func(*testing.T, *storage.Store, string)) {
		t.Helper()
		t.Run("", func(t *testing.T) {
			store, url := Lend(t, 3)
			require.Equal(t, again, url == before)
			before = url
			var rows, next int
			err := store.Pool().QueryRow(t.Context(), `SELECT (SELECT count(*) FROM tickets) + (SELECT count(*) FROM files),
				nextval(pg_get_serial_sequence('tickets', 'id'))`).Scan(&rows, &next)
			require.NoError(t, err)
			require.Zero(t, rows)
			require.Equal(t, 1, next)
			use(t, store, url)
		})
	}
	exec := func(sql string) func(*testing.T, *storage.Store, string) {
		return func(t *testing.T, store *storage.Store, _ string) {
			_, err := store.Pool().Exec(t.Context(), sql)
			require.NoError(t, err)
		}
	}
	lend(false, exec(`INSERT INTO tickets (telegram_ref, bot_id, chat_id, sender_id, request, state) VALUES ('a', 1, 1, 1, '{}', 'waiting')`))
	lend(true, exec(`INSERT INTO tickets (telegram_ref, bot_id, chat_id, sender_id, request, state) VALUES ('a', 1, 1, 1, '{}', 'waiting');
		INSERT INTO files (ticket, message_id, file) SELECT id, 1, '{}' FROM tickets`))
	lend(true, exec(`ALTER TABLE files ADD COLUMN odd int`))
	lend(false, exec(`DROP TRIGGER mark_forgotten ON files`))
	lend(false, func(t *testing.T, _ *storage.Store, url string) {
		conn, err := pgx.Connect(context.Background(), url)
		require.NoError(t, err)
		_, err = conn.Exec(context.Background(), `BEGIN`)
		require.NoError(t, err)
	})
	lend(false, exec(`SELECT 1`))
	lend(true, exec(`SELECT 1`))
}
