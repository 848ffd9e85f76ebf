package bottest

import (
	"context"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
)

// DB is the world's database behind the bot's back.
func (w *World) DB() *pgxpool.Pool {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.db == nil {
		db, err := pgxpool.New(w.whole.Context(), w.Database)
		require.NoError(w.t, err)
		w.whole.Cleanup(db.Close)
		w.db = db
	}
	return w.db
}

// SQL changes the database and returns how many rows it touched.
func (w *World) SQL(statement string, args ...any) int64 {
	w.t.Helper()
	tag, err := w.DB().Exec(w.t.Context(), statement, args...)
	require.NoError(w.t, err)
	return tag.RowsAffected()
}

// Count is how many rows a table has, or those of it that a condition behind its name leaves: "files WHERE entered".
func (w *World) Count(table string) (n int) {
	w.t.Helper()
	require.NoError(w.t, w.DB().QueryRow(w.t.Context(), `SELECT count(*) FROM `+table).Scan(&n))
	return n
}

// Additions waits until so many additions to tickets are stored.
func (w *World) Additions(n int) {
	w.t.Helper()
	w.Eventually(func() bool { return w.Count("additions") == n })
}

// BotID is what rows carry that belong to the world's bot.
func (w *World) BotID() int64 {
	w.t.Helper()
	digits, _, _ := strings.Cut(w.Config.Token, ":")
	id, err := strconv.ParseInt(digits, 10, 64)
	require.NoError(w.t, err)
	return id
}

// Process is what rows carry that the only running bot has in hand.
func (w *World) Process() (number int32) {
	w.t.Helper()
	require.NoError(w.t, w.DB().QueryRow(w.t.Context(), `SELECT max(number) FROM processes`).Scan(&number))
	return number
}

// Lives makes the bot believe that there is a process with a number, until dies is called.
func (w *World) Lives(process int32) (dies func()) {
	w.t.Helper()
	conn, err := pgx.Connect(w.t.Context(), w.Database)
	require.NoError(w.t, err)
	dies = func() { _ = conn.Close(context.Background()) }
	w.t.Cleanup(dies)
	_, err = conn.Exec(w.t.Context(), `SELECT pg_advisory_lock(77, $1)`, process)
	require.NoError(w.t, err)
	w.SQL(`INSERT INTO processes (number) VALUES ($1)`, process)
	return dies
}

// LockJournal keeps everybody from writing updates until release is called.
func (w *World) LockJournal() (release func()) {
	w.t.Helper()
	conn, err := pgx.Connect(w.t.Context(), w.Database)
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = conn.Close(context.Background()) })
	_, err = conn.Exec(w.t.Context(), `BEGIN; LOCK TABLE updates IN ACCESS EXCLUSIVE MODE`)
	require.NoError(w.t, err)
	return func() {
		_, err := conn.Exec(w.t.Context(), `COMMIT`)
		require.NoError(w.t, err)
	}
}
