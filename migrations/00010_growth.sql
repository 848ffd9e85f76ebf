-- +goose NO TRANSACTION
-- An index that is built beside the writers may be left invalid by a try that was broken off, so each is dropped first.

-- +goose Up

-- Whoever waits for this lock keeps everybody else from the table, so it is given up soon and tried again.
SET lock_timeout = '500ms';
ALTER TABLE tickets
    ADD COLUMN IF NOT EXISTS urgent_at timestamptz, -- since when a person waits for a look
    ADD COLUMN IF NOT EXISTS hinted_at timestamptz, -- since when LiveDesk is said to have news of the ticket
    ADD COLUMN IF NOT EXISTS look_at timestamptz;   -- when the look began that was begun last
SET lock_timeout = '5s';

-- Looks come in four orders (storage/looks.go), each read from its index without sorting all that is due.
DROP INDEX CONCURRENTLY IF EXISTS tickets_urgent;
CREATE INDEX CONCURRENTLY tickets_urgent ON tickets (bot_id, urgent_at)
    WHERE urgent_at IS NOT NULL AND state = 'created' AND ticket_id <> '' AND owner IS NULL;
DROP INDEX CONCURRENTLY IF EXISTS tickets_hinted;
CREATE INDEX CONCURRENTLY tickets_hinted ON tickets (bot_id, hinted_at)
    WHERE hinted_at IS NOT NULL AND state = 'created' AND ticket_id <> '' AND owner IS NULL;
DROP INDEX CONCURRENTLY IF EXISTS tickets_newest;
CREATE INDEX CONCURRENTLY tickets_newest ON tickets (bot_id, changed_at, due_at)
    WHERE state = 'created' AND ticket_id <> '' AND owner IS NULL AND due_at IS NOT NULL;

-- +goose Down
ALTER TABLE tickets DROP COLUMN IF EXISTS urgent_at, DROP COLUMN IF EXISTS hinted_at, DROP COLUMN IF EXISTS look_at;
DROP INDEX CONCURRENTLY IF EXISTS tickets_newest;
