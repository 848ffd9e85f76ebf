package storage_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"livedeskbot/storage"
	"livedeskbot/storage/storagetest"
)

func TestFourReplicasMigrateAnEmptyDatabaseAtOnce(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	var group errgroup.Group
	for range 4 {
		pool := newPool(t, url)
		group.Go(func() error { return storage.Migrate(t.Context(), pool, quiet) })
	}
	require.NoError(t, group.Wait())
	requireCurrent(t, newPool(t, url), true)
}

func TestAskingForTheSchemaChangesNothing(t *testing.T) {
	t.Parallel()
	pool := newPool(t, emptyDatabase(t))
	requireCurrent(t, pool, false)
	var tables int
	err := pool.QueryRow(t.Context(), `SELECT count(*) FROM pg_tables WHERE schemaname = 'public'`).Scan(&tables)
	require.NoError(t, err)
	require.Zero(t, tables)
}

func TestASchemaThatANewerReplicaHasMigratedIsCurrent(t *testing.T) {
	t.Parallel()
	pool := newPool(t, storagetest.New(t))
	_, err := pool.Exec(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)`)
	require.NoError(t, err)
	require.NoError(t, storage.Migrate(t.Context(), pool, quiet))
	requireCurrent(t, pool, true)
}

func TestAMigrationMayTakeLongerThanThePoolAllows(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	config, err := pgxpool.ParseConfig(url)
	require.NoError(t, err)
	config.ConnConfig.RuntimeParams["statement_timeout"] = "250ms"
	limited, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(limited.Close)

	// Whoever makes a table of the same name has to wait for the end of this transaction.
	other := newPool(t, url)
	blocker, err := other.Begin(t.Context())
	require.NoError(t, err)
	_, err = blocker.Exec(t.Context(), `CREATE TABLE updates ()`)
	require.NoError(t, err)
	result := make(chan error, 1)
	go func() { result <- storage.Migrate(t.Context(), limited, quiet) }()
	require.Eventually(t, func() bool {
		var late bool
		err := other.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()
			AND wait_event_type = 'Lock' AND query_start < clock_timestamp() - interval '500ms')`).Scan(&late)
		return err == nil && late
	}, 20*time.Second, 10*time.Millisecond)
	require.NoError(t, blocker.Rollback(t.Context()))
	require.NoError(t, <-result)
}

var quiet = slog.New(slog.DiscardHandler)

// emptyDatabase returns the connection string of a database without a schema.
func emptyDatabase(t *testing.T) string {
	t.Helper()
	url := storagetest.New(t)
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), `DROP SCHEMA public CASCADE; CREATE SCHEMA public`)
	require.NoError(t, err)
	return url
}

func newPool(t *testing.T, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

func requireCurrent(t *testing.T, pool *pgxpool.Pool, want bool) {
	t.Helper()
	current, err := storage.SchemaCurrent(t.Context(), pool)
	require.NoError(t, err)
	require.Equal(t, want, current)
}
