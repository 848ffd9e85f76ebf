package storage

import (
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// On is a store that uses the connections of a test.
func On(pool *pgxpool.Pool) *Store { return &Store{pool: pool, commits: newCommits(pool)} }

// ForgetStatements are the statements that find what is to be forgotten or removed, by what they do.
func ForgetStatements() map[string]string {
	all := map[string]string{"tickets to clear": toClear, "tickets to remove": toRemove, "tickets that can be removed": removable, "feeds": endFeeds, "added to feeds": endFed}
	for i, s := range forgetSteps {
		all[fmt.Sprint("forget in ", s.table, ", step ", i)] = s.sql
	}
	for _, a := range Agings {
		all["remove old "+a.Table] = a.sql
	}
	return all
}

// ForgetArgs are arguments for them.
var ForgetArgs = pgx.NamedArgs{
	"bot_id": 42, "person": 5, "asked": time.Now(), "refs": []string{"a"}, "names": []string{"n5"}, "step": forgetStep,
	"before": time.Now().Add(-30 * day), "changed_at": time.Now().Add(-40 * day), "id": 1, "ids": []int64{1, 2},
}
