package storage

import (
	"context"
	"sync"

	"github.com/jackc/pgx/v5"
)

// named are the arguments of a statement that calls them @name, given as the only argument beside it. A name that only one
// of the two knows is an error.
//
// pgx's own named arguments read the whole statement at each call, which costs ten times as much CPU as this.
type named map[string]any

// RewriteQuery implements pgx.QueryRewriter.
func (n named) RewriteQuery(ctx context.Context, conn *pgx.Conn, sql string, _ []any) (string, []any, error) {
	known, ok := numbered.Load(sql)
	if !ok {
		names := make(pgx.StrictNamedArgs, len(n))
		for name := range n {
			names[name] = name // so that what comes back is their order
		}
		rewritten, order, err := names.RewriteQuery(ctx, conn, sql, nil)
		if err != nil {
			return "", nil, err
		}
		known, _ = numbered.LoadOrStore(sql, numberedSQL{rewritten, order})
	}
	s := known.(numberedSQL)
	args := make([]any, len(s.names))
	for i, name := range s.names {
		args[i] = n[name.(string)]
	}
	return s.sql, args, nil
}

// numberedSQL is a statement with $1, $2 and so on in place of its names.
type numberedSQL struct {
	sql   string
	names []any // strings, in the order of the numbers
}

// numbered remembers the numberedSQL of each statement, of which there are as many as in this package's source.
var numbered sync.Map
