package storage

import (
	"context"
	"fmt"
)

// Facts is what a database lets its user do.
type Facts struct {
	Major     int  // version of the server
	ReadOnly  bool // it takes no changes
	Current   bool // the schema is as this program needs it
	MayCreate bool // tables, as a migration does
	MayWrite  bool // to the tables that are there
}

// Facts asks the database what it is and allows. It changes nothing.
func (s *Store) Facts(ctx context.Context) (f Facts, err error) {
	err = s.pool.QueryRow(ctx, `
		SELECT current_setting('server_version_num')::integer / 10000,
			current_setting('transaction_read_only') = 'on',
			coalesce(has_schema_privilege(current_schema(), 'CREATE'), false),
			-- Asked for a list of privileges, it would be true where one of them is given.
			coalesce(has_table_privilege(t, 'SELECT') AND has_table_privilege(t, 'INSERT') AND has_table_privilege(t, 'UPDATE'), false)
		FROM to_regclass('tickets') AS t`,
	).Scan(&f.Major, &f.ReadOnly, &f.MayCreate, &f.MayWrite)
	if err != nil {
		return Facts{}, fmt.Errorf("look at the database: %w", err)
	}
	f.Current, err = SchemaCurrent(ctx, s.pool)
	return f, err
}
