package storagetest_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"livedeskbot/storage/storagetest"
)

func TestEveryTestHasADatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	first := connect(t, storagetest.New(t))
	second := connect(t, storagetest.New(t))

	_, err := first.Exec(t.Context(), `INSERT INTO processes (number) VALUES (1)`)
	require.NoError(t, err)

	require.Equal(t, 1, count(t, first))
	require.Equal(t, 0, count(t, second))
}

func TestTheDatabaseIsDroppedWithTheTestEvenWhileInUse(t *testing.T) {
	t.Parallel()
	var url string
	t.Run("a test that leaves its connection open", func(t *testing.T) {
		url = storagetest.New(t)
		_, err := pgx.Connect(t.Context(), url)
		require.NoError(t, err)
	})
	_, err := pgx.Connect(t.Context(), url)
	require.ErrorContains(t, err, "does not exist")
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close(t.Context()) })
	return conn
}

func count(t *testing.T, conn *pgx.Conn) int {
	t.Helper()
	var n int
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT count(*) FROM processes`).Scan(&n))
	return n
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		storagetest.New(b)
	}
}
