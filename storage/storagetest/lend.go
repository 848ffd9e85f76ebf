package storagetest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
)

// lent are the databases of Lend.
var lent struct {
	mu    sync.Mutex
	free  []*database
	users int // tests that have one
}

// database is one that test after test uses.
type database struct {
	url   string
	drop  func() error
	store *storage.Store
	made  string // what look returned then
}

// Lend returns a store over a database with the current schema and no rows, and the database's connection string, until the end of
// the test. What costs most in a small test is what each connection has to learn of tables and plans; so database and connections are
// lent again, unless the test has failed, has changed the schema, or has left something running. Statements are planned for any
// arguments, not for those of each call. The store has at most so many connections, the same number for all tests of a binary, and must
// not be closed.
func Lend(t testing.TB, connections int32) (store *storage.Store, url string) {
	t.Helper()
	d, err := borrow(t.Context(), connections)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.giveBack(!t.Failed())) })
	return d.store, d.url
}

func borrow(ctx context.Context, connections int32) (*database, error) {
	lent.mu.Lock()
	lent.users++
	if last := len(lent.free) - 1; last >= 0 {
		defer lent.mu.Unlock()
		d := lent.free[last]
		lent.free = lent.free[:last]
		return d, nil
	}
	lent.mu.Unlock()
	url, drop, err := create(ctx, "plan_cache_mode = force_generic_plan")
	if err != nil {
		return nil, err
	}
	store, err := storage.OpenSized(context.Background(), url, connections)
	if err != nil {
		return nil, err
	}
	d := &database{url: url, drop: drop, store: store}
	d.made, err = d.look(ctx)
	return d, err
}

// giveBack drops the database where it is not good to be lent again, and all that are free once nobody has one.
func (d *database) giveBack(good bool) (err error) {
	drop := []*database{d}
	good = good && d.empty() == nil
	lent.mu.Lock()
	if good {
		lent.free, drop = append(lent.free, d), nil
	}
	if lent.users--; lent.users == 0 {
		lent.free, drop = nil, append(drop, lent.free...)
	}
	lent.mu.Unlock()
	for _, d := range drop {
		d.store.Close()
		err = errors.Join(err, d.drop())
	}
	return err
}

// errChanged says that a database is not as it was made, or that somebody still works in it.
var errChanged = errors.New("changed or in use")

// empty removes all rows.
func (d *database) empty() error {
	ctx, cancel := context.WithTimeout(context.Background(), setupTimeout) // the test's own has ended
	defer cancel()
	now, err := d.look(ctx)
	if err != nil {
		return err
	}
	if now != d.made || d.store.Pool().Stat().AcquiredConns() > 0 {
		return errChanged
	}
	_, err = d.store.Pool().Exec(ctx, `
		DO $$
		DECLARE name regclass;
		BEGIN
			FOR name IN
				SELECT oid FROM pg_class c
				WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'goose_db_version' AND pg_relation_size(oid) > 0
				ORDER BY EXISTS (SELECT FROM pg_constraint WHERE confrelid = c.oid)
			LOOP
				EXECUTE 'DELETE FROM ' || name;
			END LOOP;
			PERFORM setval(oid::regclass, 1, false) FROM pg_class
			WHERE relnamespace = 'public'::regnamespace AND relkind = 'S' AND relname NOT LIKE 'goose%';
		END $$`)
	return err
}

// look returns what changes with the schema and the settings, and while somebody else is at work.
func (d *database) look(ctx context.Context) (now string, err error) {
	err = d.store.Pool().QueryRow(ctx, `
		WITH objects AS (
			SELECT xmin FROM pg_class WHERE oid >= 16384
			UNION ALL SELECT xmin FROM pg_proc WHERE oid >= 16384
			UNION ALL SELECT xmin FROM pg_trigger WHERE oid >= 16384
			UNION ALL SELECT xmin FROM pg_db_role_setting WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()))
		SELECT (count(*), max(xmin::text::bigint),
			(SELECT count(*) FROM pg_stat_activity
			 WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND state <> 'idle'))::text
		FROM objects`).Scan(&now)
	return now, err
}
