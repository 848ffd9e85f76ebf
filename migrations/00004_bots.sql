-- +goose NO TRANSACTION
-- An index that is built beside the writers may be left invalid by a try that was broken off, so each is dropped first.

-- +goose Up

-- Which bot a process serves; 0: it is of a version that does not say so.
ALTER TABLE processes ADD COLUMN IF NOT EXISTS bot_id bigint NOT NULL DEFAULT 0;

-- Several bots may share the database, and each looks for its own work.
DROP INDEX CONCURRENTLY IF EXISTS tickets_to_send;
CREATE INDEX CONCURRENTLY tickets_to_send ON tickets (bot_id, id) WHERE state = 'waiting' AND owner IS NULL;
DROP INDEX CONCURRENTLY IF EXISTS tickets_to_decide;
CREATE INDEX CONCURRENTLY tickets_to_decide ON tickets (bot_id) WHERE state = 'unconfirmed';
DROP INDEX CONCURRENTLY IF EXISTS tickets_to_look_at;
CREATE INDEX CONCURRENTLY tickets_to_look_at ON tickets (bot_id, due_at)
    WHERE state = 'created' AND ticket_id <> '' AND owner IS NULL AND due_at IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS tickets_to_tell;
CREATE INDEX CONCURRENTLY tickets_to_tell ON tickets (bot_id, tell_at) WHERE teller IS NULL AND tell_at IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS tickets_waiting;
DROP INDEX CONCURRENTLY IF EXISTS tickets_unconfirmed;
DROP INDEX CONCURRENTLY IF EXISTS tickets_look;
DROP INDEX CONCURRENTLY IF EXISTS tickets_tell;

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS tickets_waiting;
CREATE INDEX CONCURRENTLY tickets_waiting ON tickets (id) WHERE state = 'waiting' AND owner IS NULL;
DROP INDEX CONCURRENTLY IF EXISTS tickets_unconfirmed;
CREATE INDEX CONCURRENTLY tickets_unconfirmed ON tickets (id) WHERE state = 'unconfirmed';
DROP INDEX CONCURRENTLY IF EXISTS tickets_look;
CREATE INDEX CONCURRENTLY tickets_look ON tickets (due_at) WHERE state = 'created' AND owner IS NULL AND due_at IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS tickets_tell;
CREATE INDEX CONCURRENTLY tickets_tell ON tickets (tell_at) WHERE teller IS NULL AND tell_at IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS tickets_to_send;
DROP INDEX CONCURRENTLY IF EXISTS tickets_to_decide;
DROP INDEX CONCURRENTLY IF EXISTS tickets_to_look_at;
DROP INDEX CONCURRENTLY IF EXISTS tickets_to_tell;
ALTER TABLE processes DROP COLUMN IF EXISTS bot_id;
