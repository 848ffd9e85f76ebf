-- +goose NO TRANSACTION
-- An index that is built beside the writers may be left invalid by a try that was broken off, so it is dropped first.

-- +goose Up

-- Kinds of additions are those of the program. A list of them here would have to be replaced with every new one, which locks.
ALTER TABLE additions DROP CONSTRAINT IF EXISTS additions_kind_check;
-- Kinds that came later are open with done_at infinite instead of null: versions before them take each unknown kind for a type.
-- What a ticket was rated with, and whether it was asked to be reopened, stands in its additions.
DROP INDEX CONCURRENTLY IF EXISTS additions_of_ticket;
CREATE INDEX CONCURRENTLY additions_of_ticket ON additions (ticket, id);

-- The ticket that a question is about; 0: it asks what a new one is about.
ALTER TABLE questions ADD COLUMN IF NOT EXISTS ticket bigint NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE questions DROP COLUMN IF EXISTS ticket;
DROP INDEX CONCURRENTLY IF EXISTS additions_of_ticket;
DELETE FROM additions WHERE kind NOT IN ('text', 'edit', 'priority', 'type');
ALTER TABLE additions ADD CONSTRAINT additions_kind_check CHECK (kind IN ('text', 'edit', 'priority', 'type')) NOT VALID;
