package storage

import "github.com/jackc/pgx/v5/pgxpool"

// On is a store that uses the connections of a test.
func On(pool *pgxpool.Pool) *Store { return &Store{pool: pool, commits: newCommits(pool)} }
