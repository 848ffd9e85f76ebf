-- +goose NO TRANSACTION
-- An index that is built beside the writers may be left invalid by a try that was broken off, so each is dropped first.

-- +goose Up

-- Whoever waits for this lock keeps everybody else from the table, so it is given up soon and tried again.
SET lock_timeout = '500ms';
ALTER TABLE tickets
    ADD COLUMN IF NOT EXISTS urgent_at timestamptz, -- since when a person waits for a look
    ADD COLUMN IF NOT EXISTS nudged_at timestamptz, -- from when on the ticket is to be looked at because LiveDesk said that something has changed
    ADD COLUMN IF NOT EXISTS look_at timestamptz;   -- when the look began that was begun last
SET lock_timeout = '5s';

-- Looks come in four orders (storage/looks.go), each read from its index without sorting all that is due.
DROP INDEX CONCURRENTLY IF EXISTS tickets_urgent;
CREATE INDEX CONCURRENTLY tickets_urgent ON tickets (bot_id, urgent_at)
    WHERE urgent_at IS NOT NULL AND state = 'created' AND ticket_id <> '' AND owner IS NULL;
DROP INDEX CONCURRENTLY IF EXISTS tickets_nudged;
CREATE INDEX CONCURRENTLY tickets_nudged ON tickets (bot_id, nudged_at)
    WHERE nudged_at IS NOT NULL AND state = 'created' AND ticket_id <> '' AND owner IS NULL;
DROP INDEX CONCURRENTLY IF EXISTS tickets_newest;
CREATE INDEX CONCURRENTLY tickets_newest ON tickets (bot_id, changed_at, due_at)
    WHERE state = 'created' AND ticket_id <> '' AND owner IS NULL AND due_at IS NOT NULL;

-- What people and staff have open is found without what is finished.
DROP INDEX CONCURRENTLY IF EXISTS tickets_queue;
CREATE INDEX CONCURRENTLY tickets_queue ON tickets (
    bot_id, (CASE WHEN state = 'unconfirmed' THEN 0 WHEN state IN ('waiting', 'sending') AND reason = 'setup' THEN 1 ELSE 2 END), id)
    WHERE state IN ('waiting', 'sending', 'unconfirmed') OR state = 'created' AND status NOT IN ('resolved', 'closed', 'gone');
DROP INDEX CONCURRENTLY IF EXISTS tickets_unfinished_place;
CREATE INDEX CONCURRENTLY tickets_unfinished_place ON tickets (chat_id, id, thread_id)
    WHERE state IN ('waiting', 'sending', 'unconfirmed') OR state = 'created' AND status NOT IN ('resolved', 'closed', 'gone');
DROP INDEX CONCURRENTLY IF EXISTS tickets_unfinished_sender;
CREATE INDEX CONCURRENTLY tickets_unfinished_sender ON tickets (sender_id, id)
    WHERE state IN ('waiting', 'sending', 'unconfirmed') OR state = 'created' AND status NOT IN ('resolved', 'closed', 'gone');
DROP INDEX CONCURRENTLY IF EXISTS tickets_unfinished;
-- Lists of a chat begin with its newest tickets, in all its topics or in one.
DROP INDEX CONCURRENTLY IF EXISTS tickets_chat;
CREATE INDEX CONCURRENTLY tickets_chat ON tickets (chat_id, id, thread_id);
DROP INDEX CONCURRENTLY IF EXISTS tickets_place;
-- A number is found by its end, which is its beginning when it is read from behind.
DROP INDEX CONCURRENTLY IF EXISTS tickets_ending;
CREATE INDEX CONCURRENTLY tickets_ending ON tickets ((reverse(lower(ticket_id))) COLLATE "C") WHERE ticket_id <> '';
DROP INDEX CONCURRENTLY IF EXISTS followers_tickets;
CREATE INDEX CONCURRENTLY followers_tickets ON followers (person_id, ticket);
DROP INDEX CONCURRENTLY IF EXISTS followers_person;

DROP INDEX CONCURRENTLY IF EXISTS tickets_to_probe;
CREATE INDEX CONCURRENTLY tickets_to_probe ON tickets (bot_id, rebuffs, id) WHERE state = 'waiting' AND owner IS NULL;
DROP INDEX CONCURRENTLY IF EXISTS tickets_to_feed;
CREATE INDEX CONCURRENTLY tickets_to_feed ON tickets (bot_id, (state <> 'unconfirmed'), feed_at, id) WHERE feed_at IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS tickets_feed;
DROP INDEX CONCURRENTLY IF EXISTS tickets_album;
CREATE INDEX CONCURRENTLY tickets_album ON tickets (chat_id, album) WHERE album <> '';
DROP INDEX CONCURRENTLY IF EXISTS questions_person;
CREATE INDEX CONCURRENTLY questions_person ON questions (chat_id, sender_id, asked_id);

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS questions_person;
DROP INDEX CONCURRENTLY IF EXISTS tickets_album;
DROP INDEX CONCURRENTLY IF EXISTS tickets_feed;
CREATE INDEX CONCURRENTLY tickets_feed ON tickets (bot_id, feed_at) WHERE feed_at IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS tickets_to_feed;
DROP INDEX CONCURRENTLY IF EXISTS tickets_to_probe;
DROP INDEX CONCURRENTLY IF EXISTS followers_person;
CREATE INDEX CONCURRENTLY followers_person ON followers (person_id);
DROP INDEX CONCURRENTLY IF EXISTS followers_tickets;
DROP INDEX CONCURRENTLY IF EXISTS tickets_ending;
DROP INDEX CONCURRENTLY IF EXISTS tickets_place;
CREATE INDEX CONCURRENTLY tickets_place ON tickets (chat_id, thread_id, id);
DROP INDEX CONCURRENTLY IF EXISTS tickets_chat;
DROP INDEX CONCURRENTLY IF EXISTS tickets_unfinished;
CREATE INDEX CONCURRENTLY tickets_unfinished ON tickets (bot_id, id)
    WHERE state IN ('waiting', 'sending', 'unconfirmed') OR state = 'created' AND status NOT IN ('resolved', 'closed', 'gone');
DROP INDEX CONCURRENTLY IF EXISTS tickets_unfinished_sender;
DROP INDEX CONCURRENTLY IF EXISTS tickets_unfinished_place;
DROP INDEX CONCURRENTLY IF EXISTS tickets_queue;
ALTER TABLE tickets DROP COLUMN IF EXISTS urgent_at, DROP COLUMN IF EXISTS nudged_at, DROP COLUMN IF EXISTS look_at;
DROP INDEX CONCURRENTLY IF EXISTS tickets_newest;
