-- +goose NO TRANSACTION
-- An index that is built beside the writers may be left invalid by a try that was broken off, so each is dropped first.

-- +goose Up

-- What staff see of a ticket is a second telling, beside the one in its chat. storage/feed.go says who moves these columns.
ALTER TABLE tickets
    ADD COLUMN IF NOT EXISTS team         text NOT NULL DEFAULT '',   -- lower case; as LiveDesk last said, before that as asked for: it chooses the feed
    ADD COLUMN IF NOT EXISTS feed_version integer NOT NULL DEFAULT 0, -- counts what there is to tell in the feed; 0: the ticket has no feed
    ADD COLUMN IF NOT EXISTS feed_at      timestamptz;                -- since when there is something to tell there
DROP INDEX CONCURRENTLY IF EXISTS tickets_feed;
CREATE INDEX CONCURRENTLY tickets_feed ON tickets (bot_id, feed_at) WHERE feed_at IS NOT NULL;
-- What somebody may still have to do something about, as the list of staff has it.
DROP INDEX CONCURRENTLY IF EXISTS tickets_unfinished;
CREATE INDEX CONCURRENTLY tickets_unfinished ON tickets (bot_id, id)
    WHERE state IN ('waiting', 'sending', 'unconfirmed') OR state = 'created' AND status NOT IN ('resolved', 'closed', 'gone');

-- The message of each ticket in its feed.
CREATE TABLE IF NOT EXISTS feed_posts (
    ticket     bigint PRIMARY KEY,
    bot_id     bigint NOT NULL,
    chat_id    bigint NOT NULL,                     -- feed that it was posted for
    thread_id  bigint NOT NULL DEFAULT 0,           -- and its topic; where that is closed or deleted it stands in General
    message_id bigint NOT NULL DEFAULT 0,           -- 0: none stands
    shown      text NOT NULL DEFAULT ''             -- digest of what it shows
);
CREATE INDEX IF NOT EXISTS feed_posts_chat ON feed_posts (chat_id);

-- Messages in feeds that a ticket has left for another one, and that do not say so yet.
CREATE TABLE IF NOT EXISTS feed_left (
    bot_id     bigint NOT NULL,
    chat_id    bigint NOT NULL,
    message_id bigint NOT NULL,
    ticket     bigint NOT NULL,
    PRIMARY KEY (bot_id, chat_id, message_id)
);

-- Who has been told that a reply in the feed reaches nobody.
CREATE TABLE IF NOT EXISTS feed_answers (
    ticket    bigint NOT NULL,
    person_id bigint NOT NULL,
    PRIMARY KEY (ticket, person_id)
);

ALTER TABLE additions ADD COLUMN IF NOT EXISTS feed text NOT NULL DEFAULT ''; -- due, told, failed, over; empty: the feed does not tell it
DROP INDEX CONCURRENTLY IF EXISTS additions_feed;
CREATE INDEX CONCURRENTLY additions_feed ON additions (ticket) WHERE feed IN ('due', 'failed');
ALTER TABLE posts ADD COLUMN IF NOT EXISTS kind text NOT NULL DEFAULT '';     -- feed, or queue: a list of tickets; empty: any other about a ticket

-- Who follows from elsewhere is not named in the ticket's chat.
ALTER TABLE followers
    ADD COLUMN IF NOT EXISTS here    boolean NOT NULL DEFAULT true,  -- followed in the ticket's chat, or was named there
    ADD COLUMN IF NOT EXISTS private boolean NOT NULL DEFAULT false; -- followed in private, and is told there

-- News of tickets that are to be told in private to those who followed there.
CREATE TABLE IF NOT EXISTS private_notices (
    notice    bigint NOT NULL,
    person_id bigint NOT NULL,
    bot_id    bigint NOT NULL,
    due_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (notice, person_id)
);
CREATE INDEX IF NOT EXISTS private_notices_due ON private_notices (bot_id, due_at);

-- What chats and topics are called, as far as the bot has seen it where tickets come from.
CREATE TABLE IF NOT EXISTS place_names (
    bot_id    bigint NOT NULL,
    chat_id   bigint NOT NULL,
    thread_id bigint NOT NULL DEFAULT 0,            -- 0: the chat
    name      text NOT NULL,
    PRIMARY KEY (bot_id, chat_id, thread_id)
);

-- +goose Down
DROP TABLE IF EXISTS place_names, private_notices, feed_answers, feed_left, feed_posts;
ALTER TABLE followers DROP COLUMN IF EXISTS private, DROP COLUMN IF EXISTS here;
ALTER TABLE posts DROP COLUMN IF EXISTS kind;
ALTER TABLE additions DROP COLUMN IF EXISTS feed;
DROP INDEX CONCURRENTLY IF EXISTS tickets_unfinished;
ALTER TABLE tickets DROP COLUMN IF EXISTS feed_at, DROP COLUMN IF EXISTS feed_version, DROP COLUMN IF EXISTS team;
