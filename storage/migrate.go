package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"livedeskbot/migrations"
)

// undefinedTable is the SQLSTATE of a query on a table that does not exist.
const undefinedTable = "42P01"

// Migrate brings the schema up to date. Replicas may call it at the same moment: one migrates, the others wait for it,
// at most five minutes. A schema that a newer replica has taken further is left as it is. The statements have no time
// limit and run on connections of their own, whatever limit the pool sets.
func Migrate(ctx context.Context, pool *pgxpool.Pool, logger *slog.Logger) error {
	config := pool.Config().ConnConfig
	config.DialFunc = newDialer().DialContext
	db := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(configure(unbounded)))
	defer db.Close()

	// The locker counts its tries, so every run needs a new one.
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return fmt.Errorf("migrate database: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS,
		goose.WithSessionLocker(locker), goose.WithSlog(logger))
	if err != nil {
		return fmt.Errorf("migrate database: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate database: %w", err)
	}
	return nil
}

// SchemaCurrent reports whether the schema is at least as new as this program. It changes nothing.
func SchemaCurrent(ctx context.Context, pool *pgxpool.Pool) (bool, error) {
	wanted, err := newestMigration()
	if err != nil {
		return false, err
	}
	rows, _ := pool.Query(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`)
	applied, err := pgx.CollectOneRow(rows, pgx.RowTo[int64])
	if refusal, ok := errors.AsType[*pgconn.PgError](err); ok && refusal.Code == undefinedTable {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read schema version: %w", err)
	}
	return applied >= wanted, nil
}

func newestMigration() (int64, error) {
	names, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		return 0, fmt.Errorf("list migrations: %w", err)
	}
	version, err := goose.NumericComponent(names[len(names)-1])
	if err != nil {
		return 0, fmt.Errorf("list migrations: %w", err)
	}
	return version, nil
}
