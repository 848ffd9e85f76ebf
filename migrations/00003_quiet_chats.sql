-- +goose NO TRANSACTION
-- +goose Up

-- Since when a ticket's news wait because the bot may not write to its chat for now; null: they do not.
ALTER TABLE tickets ADD COLUMN IF NOT EXISTS muted_at timestamptz;
-- Concurrently, because a table of a million tickets is written all the time; a try that was broken off leaves an invalid one.
DROP INDEX CONCURRENTLY IF EXISTS tickets_muted;
CREATE INDEX CONCURRENTLY tickets_muted ON tickets (chat_id) WHERE muted_at IS NOT NULL;

-- +goose Down
ALTER TABLE tickets DROP COLUMN muted_at;
