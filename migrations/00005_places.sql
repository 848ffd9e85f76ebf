-- +goose Up

-- What people who may have set for a topic, or for a whole chat: defaults of its tickets, and its language. In a private chat
-- that is the person's language.
CREATE TABLE places (
    bot_id     bigint NOT NULL,
    chat_id    bigint NOT NULL,                     -- follows the chat when it becomes a supergroup
    thread_id  bigint NOT NULL DEFAULT 0,           -- topic; 0: the whole chat
    defaults   json NOT NULL DEFAULT '{}',          -- of /ticket: priority, type, team, fields, requester and channel
    language   text NOT NULL DEFAULT '',            -- tag; empty: not chosen
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (bot_id, chat_id, thread_id)
);

-- +goose Down
DROP TABLE places;
