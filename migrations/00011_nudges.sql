-- +goose NO TRANSACTION
-- An index that is built beside the writers may be left invalid by a try that was broken off, so it is dropped first.

-- +goose Up

-- What may be meant where LiveDesk says of a chat that something has changed: of thousands of tickets the few that are not finished.
DROP INDEX CONCURRENTLY IF EXISTS tickets_active;
CREATE INDEX CONCURRENTLY tickets_active ON tickets (chat_id, changed_at)
    WHERE state = 'created' AND ticket_id <> '' AND status NOT IN ('resolved', 'closed', 'gone');

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS tickets_active;
