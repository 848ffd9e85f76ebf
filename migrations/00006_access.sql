-- +goose Up

-- Chats of which it is decided, or being decided, whether the bot works there. A group without a row is not connected.
CREATE TABLE connections (
    bot_id      bigint NOT NULL,
    chat_id     bigint NOT NULL,
    was         bigint NOT NULL DEFAULT 0,          -- group that became this supergroup; 0: none
    named       text NOT NULL DEFAULT '',           -- as what settings name it, or the group it was: staff, chat; empty: they do not
    state       text NOT NULL DEFAULT 'new',        -- people's word: new (none yet), asked, connected, refused, disconnected
    title       text NOT NULL DEFAULT '',           -- as staff were asked about it
    decided_for bigint NOT NULL DEFAULT 0,          -- update that made the state what it is, which may be handled again
    ask_chat_id bigint NOT NULL DEFAULT 0,          -- staff chat that was asked
    ask_id      bigint NOT NULL DEFAULT 0,          -- the message that asks; 0 until Telegram has confirmed it
    asked_at    timestamptz,
    PRIMARY KEY (bot_id, chat_id)
);

-- Whoever has used the bot in a chat is known to it in private for as long as that chat is connected.
CREATE TABLE uses (
    bot_id    bigint NOT NULL,
    person_id bigint NOT NULL,
    chat_id   bigint NOT NULL,
    PRIMARY KEY (bot_id, person_id, chat_id)
);
CREATE INDEX uses_chat ON uses (bot_id, chat_id);

-- People for whom the bot does nothing.
CREATE TABLE blocks (
    bot_id     bigint NOT NULL,
    person_id  bigint NOT NULL,
    blocked_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (bot_id, person_id)
);

-- When the bot last told a chat or a person that it does nothing for them: once an hour is enough.
CREATE TABLE hints (
    bot_id    bigint NOT NULL,
    about     bigint NOT NULL,                      -- the chat or person
    kind      text NOT NULL,                        -- why it does nothing
    update_id bigint NOT NULL,                      -- update that was answered so, which may be handled again
    told_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (bot_id, about, kind)
);

-- Where the bot was at work before there were connections, it stays at work.
INSERT INTO connections (bot_id, chat_id, state) SELECT DISTINCT bot_id, chat_id, 'connected' FROM tickets;
INSERT INTO uses (bot_id, person_id, chat_id)
    SELECT DISTINCT bot_id, sender_id, chat_id FROM tickets WHERE sender_id > 0 AND chat_id < 0;

-- +goose Down
DROP TABLE hints, blocks, uses, connections;
