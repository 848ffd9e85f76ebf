-- +goose NO TRANSACTION
-- An index that is built beside the writers may be left invalid by a try that was broken off, so each is dropped first.

-- +goose Up

-- Whoever waits for these locks keeps everybody else from the table, so they are given up soon and tried again.
SET lock_timeout = '500ms';
ALTER TABLE tickets
    ADD COLUMN IF NOT EXISTS forgotten text NOT NULL DEFAULT '';    -- due, done; empty: it is not. storage/forget.go says what that means
ALTER TABLE additions
    ADD COLUMN IF NOT EXISTS sender_id bigint NOT NULL DEFAULT 0,   -- 0: not known
    ADD COLUMN IF NOT EXISTS forgotten boolean NOT NULL DEFAULT false; -- it loses its content once that is not needed any more
ALTER TABLE files
    ADD COLUMN IF NOT EXISTS forgotten boolean NOT NULL DEFAULT false; -- the same
ALTER TABLE album_parts ADD COLUMN IF NOT EXISTS sender_id bigint NOT NULL DEFAULT 0; -- 0: not known
-- The day of the migration, for uses of which nobody knows the time.
ALTER TABLE uses ADD COLUMN IF NOT EXISTS used_at timestamptz NOT NULL DEFAULT now(); -- last time, to the day
SET lock_timeout = '5s';

-- People who have asked what is stored about them, and those who are being forgotten. The row goes with the rest.
CREATE TABLE IF NOT EXISTS forgettings (
    bot_id     bigint NOT NULL,
    person_id  bigint NOT NULL,
    message_id bigint NOT NULL DEFAULT 0,           -- the bot's message whose button asks for it; 0: none, the operator does
    sure       boolean NOT NULL DEFAULT false,      -- the button was pressed once
    shown_at   timestamptz NOT NULL DEFAULT now(),
    asked_at   timestamptz,                         -- what was stored before is forgotten; null: it is not asked for
    refs       text[] NOT NULL DEFAULT '{}',        -- messages from before that were being handled then: bot/chat/message
    PRIMARY KEY (bot_id, person_id)
);
CREATE INDEX IF NOT EXISTS forgettings_asked ON forgettings (bot_id) WHERE asked_at IS NOT NULL;

DROP INDEX CONCURRENTLY IF EXISTS tickets_forgetting;
CREATE INDEX CONCURRENTLY tickets_forgetting ON tickets (bot_id, id) WHERE forgotten = 'due';
DROP INDEX CONCURRENTLY IF EXISTS tickets_over;
CREATE INDEX CONCURRENTLY tickets_over ON tickets (bot_id, changed_at, id)
    WHERE state IN ('refused', 'left') OR state = 'created' AND (ticket_id = '' OR status IN ('resolved', 'closed', 'gone'));
DROP INDEX CONCURRENTLY IF EXISTS additions_sender;
CREATE INDEX CONCURRENTLY additions_sender ON additions (sender_id) WHERE sender_id <> 0;
DROP INDEX CONCURRENTLY IF EXISTS additions_named;
CREATE INDEX CONCURRENTLY additions_named ON additions (sender_name) WHERE sender_id = 0 AND sender_name <> '';
DROP INDEX CONCURRENTLY IF EXISTS questions_sender;
CREATE INDEX CONCURRENTLY questions_sender ON questions (bot_id, sender_id);
DROP INDEX CONCURRENTLY IF EXISTS questions_asked;
CREATE INDEX CONCURRENTLY questions_asked ON questions (asked_at);
DROP INDEX CONCURRENTLY IF EXISTS posts_of_none;
CREATE INDEX CONCURRENTLY posts_of_none ON posts (posted_at) WHERE ticket IS NULL;
DROP INDEX CONCURRENTLY IF EXISTS album_parts_sender;
CREATE INDEX CONCURRENTLY album_parts_sender ON album_parts (bot_id, sender_id);
DROP INDEX CONCURRENTLY IF EXISTS album_parts_seen;
CREATE INDEX CONCURRENTLY album_parts_seen ON album_parts (seen_at);
DROP INDEX CONCURRENTLY IF EXISTS uses_age;
CREATE INDEX CONCURRENTLY uses_age ON uses (bot_id, used_at);
DROP INDEX CONCURRENTLY IF EXISTS feed_answers_person;
CREATE INDEX CONCURRENTLY feed_answers_person ON feed_answers (person_id);
DROP INDEX CONCURRENTLY IF EXISTS offers_of_person;
CREATE INDEX CONCURRENTLY offers_of_person ON offers (bot_id, person_id);
DROP INDEX CONCURRENTLY IF EXISTS updates_done;
CREATE INDEX CONCURRENTLY updates_done ON updates (done_at) WHERE done_at IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS updates_given_up;
CREATE INDEX CONCURRENTLY updates_given_up ON updates (bot_id) WHERE done_at IS NOT NULL AND payload IS NOT NULL;

-- Many statements write what people have said, those of versions before this one too, and each may have read a row a moment before
-- it was marked. So the tables themselves see to it that nothing comes back into a forgotten ticket.
SET lock_timeout = '500ms';

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION keep_ticket_forgotten() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state IN ('created', 'refused', 'left') THEN -- until then its text is what is sent
        NEW.sender_id := 0;
        NEW.sender_name := '';
        NEW.request := '{}';
        NEW.detail := '';
        NEW.album := '';
        IF NEW.view->>'title' <> '' THEN
            NEW.view := jsonb_set(NEW.view::jsonb, '{title}', '""')::json;
        END IF;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE OR REPLACE TRIGGER keep_forgotten BEFORE UPDATE ON tickets
    FOR EACH ROW WHEN (NEW.forgotten <> '') EXECUTE FUNCTION keep_ticket_forgotten();

-- is_ticket_forgotten says so of one whose text is gone. Whoever marks a ticket waits for those who have asked this and have not
-- committed yet, so the answer stays true until then. It asks after it has the lock: together, it could read what was before.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION is_ticket_forgotten(ticket bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM tickets WHERE id = ticket FOR KEY SHARE;
    RETURN EXISTS (SELECT FROM tickets WHERE id = ticket AND forgotten <> '' AND state IN ('created', 'refused', 'left'));
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION mark_with_ticket() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.forgotten := NEW.forgotten OR is_ticket_forgotten(NEW.ticket);
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE OR REPLACE TRIGGER mark_forgotten BEFORE INSERT ON additions FOR EACH ROW EXECUTE FUNCTION mark_with_ticket();
CREATE OR REPLACE TRIGGER mark_forgotten BEFORE INSERT ON files FOR EACH ROW EXECUTE FUNCTION mark_with_ticket();

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION keep_addition_forgotten() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind NOT IN ('priority', 'type', 'rating', 'reopen') THEN
        NEW.content := '{}';
    ELSIF NEW.content->>'Person' <> '0' THEN -- for the rest a word of a list, no text
        NEW.content := (NEW.content::jsonb - 'Person')::json;
    END IF;
    NEW.sender_name := '';
    NEW.sender_id := 0;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE OR REPLACE TRIGGER keep_forgotten BEFORE UPDATE ON additions
    FOR EACH ROW WHEN (NEW.forgotten AND NEW.done_at < 'infinity' AND NEW.feed NOT IN ('due', 'failed'))
    EXECUTE FUNCTION keep_addition_forgotten();

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION keep_file_forgotten() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.file := '{}';
    NEW.url := '';
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE OR REPLACE TRIGGER keep_forgotten BEFORE UPDATE ON files
    FOR EACH ROW WHEN (NEW.forgotten AND (NEW.entered OR NEW.state = 'dropped'))
    EXECUTE FUNCTION keep_file_forgotten();

-- Of what there is to tell about a forgotten ticket only changes of its status, and what came of an addition, are stored.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION keep_notice_forgotten() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF is_ticket_forgotten(NEW.ticket) THEN
        IF NEW.kind NOT IN ('status', 'answer', 'unconfirmed') THEN
            RETURN NULL;
        END IF;
    ELSIF NEW.key NOT LIKE 'file:%' OR NOT EXISTS (
        SELECT FROM files WHERE ticket = NEW.ticket AND forgotten AND 'file:' || id = NEW.key) THEN
        RETURN NEW;
    END IF;
    IF NEW.content->>'name' <> '' THEN -- of a file
        NEW.content := (NEW.content::jsonb - 'name')::json;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE OR REPLACE TRIGGER keep_forgotten BEFORE INSERT OR UPDATE OF content ON notices
    FOR EACH ROW EXECUTE FUNCTION keep_notice_forgotten();
SET lock_timeout = '5s';

-- +goose Down
DROP TRIGGER keep_forgotten ON notices;
DROP TRIGGER keep_forgotten ON files;
DROP TRIGGER mark_forgotten ON files;
DROP TRIGGER keep_forgotten ON additions;
DROP TRIGGER mark_forgotten ON additions;
DROP TRIGGER keep_forgotten ON tickets;
DROP FUNCTION keep_ticket_forgotten, is_ticket_forgotten, mark_with_ticket, keep_addition_forgotten, keep_file_forgotten, keep_notice_forgotten;
DROP TABLE forgettings;
DROP INDEX tickets_over, questions_sender, questions_asked, posts_of_none, offers_of_person, uses_age, updates_done, feed_answers_person, updates_given_up, album_parts_seen;
ALTER TABLE uses DROP COLUMN used_at;
ALTER TABLE album_parts DROP COLUMN sender_id;
ALTER TABLE files DROP COLUMN forgotten;
ALTER TABLE additions DROP COLUMN sender_id, DROP COLUMN forgotten;
ALTER TABLE tickets DROP COLUMN forgotten;
