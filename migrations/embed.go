// Package migrations holds the database schema as numbered SQL files for goose. It runs nothing: storage.Migrate does.
// A released file is never edited, and each must leave the schema usable for the version before it, since replicas of
// both run side by side during a rolling restart.
package migrations

import "embed"

// FS has the SQL files at its root.
//
//go:embed *.sql
var FS embed.FS
