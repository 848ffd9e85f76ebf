-- +goose Up

-- Numbers of running processes. A process also holds the advisory lock (77, number) for as long as it lives, so a row
-- here whose lock is free belongs to a dead process and what that process owned may be taken over.
CREATE SEQUENCE process_number AS integer;
CREATE TABLE processes (
    number     integer PRIMARY KEY,
    started_at timestamptz NOT NULL DEFAULT now()
);

-- The journal: every update that may matter, stored before Telegram gets its acknowledgement.
CREATE TABLE updates (
    bot_id      bigint NOT NULL,
    update_id   bigint NOT NULL,
    chat_id     bigint NOT NULL,                    -- 0 where the update belongs to no chat
    payload     bytea,                              -- JSON as received; null once done, it holds what people wrote
    received_at timestamptz NOT NULL DEFAULT now(),
    owner       integer,                            -- process that has it in hand; null: free
    takeovers   integer NOT NULL DEFAULT 0,         -- how often a process died with it in hand
    suspected   integer NOT NULL DEFAULT 0,         -- how often it was begun as the possible cause of that
    done_at     timestamptz,
    fault       text,                               -- why it was given up; such a row keeps its payload
    PRIMARY KEY (bot_id, update_id)
);
CREATE INDEX updates_free ON updates (bot_id, update_id) WHERE done_at IS NULL AND owner IS NULL;
CREATE INDEX updates_owned ON updates (owner) WHERE done_at IS NULL AND owner IS NOT NULL;

-- A ticket from the message that asked for it to the end of its life; the row is its whole state. It has no check, and
-- followers and posts have no foreign key: Postgres would spend an eighth of its time for a ticket on them, and one statement
-- writes them from the row itself.
CREATE TABLE tickets (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    telegram_ref text NOT NULL UNIQUE,              -- bot/chat/message that asked, as it was then; goes to LiveDesk
    bot_id       bigint NOT NULL,
    chat_id      bigint NOT NULL,                   -- follows the chat when it becomes a supergroup
    thread_id    bigint NOT NULL DEFAULT 0,         -- topic; 0: General, or a chat without topics
    message_id   bigint NOT NULL DEFAULT 0,         -- message that asked; 0 once the chat has moved
    sender_id    bigint NOT NULL,                   -- person; the chat itself for anonymous administrators and channels
    sender_name  text NOT NULL DEFAULT '',
    language     text NOT NULL DEFAULT '',
    created_at   timestamptz NOT NULL DEFAULT now(),

    request      json NOT NULL,                     -- body of the create request
    state        text NOT NULL,                     -- waiting, sending, created, refused, unconfirmed, left
    reason       text NOT NULL DEFAULT '',          -- why it waits, was refused or is unconfirmed: a word of the bot's
    detail       text NOT NULL DEFAULT '',          -- LiveDesk's or the person's words to that
    attempts     integer NOT NULL DEFAULT 0,        -- create requests begun; fences late results
    due_at       timestamptz,                       -- next work with LiveDesk: create while waiting, look once created
    owner        integer,                           -- process that does that work
    ticket_id    text NOT NULL DEFAULT '',          -- LiveDesk's number; empty: not known

    album        text NOT NULL DEFAULT '',          -- Telegram's album whose parts belong to the ticket
    hold_until   timestamptz NOT NULL DEFAULT now(), -- until when more parts of it may come
    with_files   boolean NOT NULL DEFAULT false,

    status       text NOT NULL DEFAULT '',          -- as LiveDesk last said
    seen_at      timestamptz,                       -- when LiveDesk last said so
    view         json,                              -- what the card shows of that
    changed_at   timestamptz NOT NULL DEFAULT now(), -- when something last changed
    every        real NOT NULL DEFAULT 0,           -- seconds between looks, as last decided
    missed       integer NOT NULL DEFAULT 0,        -- looks in a row at which LiveDesk did not know it

    version      integer NOT NULL DEFAULT 1,        -- counts what there is to tell
    told         integer NOT NULL DEFAULT 0,        -- version that the card shows
    tell_at      timestamptz,                       -- when there is something to tell
    tell_tries   integer NOT NULL DEFAULT 0,
    teller       integer,                           -- process that is telling it
    card_chat_id bigint NOT NULL DEFAULT 0,         -- where the outcome stands
    card_id      bigint NOT NULL DEFAULT 0          -- its message; 0: none yet
);
CREATE INDEX tickets_waiting ON tickets (id) WHERE state = 'waiting' AND owner IS NULL;
CREATE INDEX tickets_unconfirmed ON tickets (id) WHERE state = 'unconfirmed';
CREATE INDEX tickets_look ON tickets (due_at) WHERE state = 'created' AND owner IS NULL AND due_at IS NOT NULL;
CREATE INDEX tickets_tell ON tickets (tell_at) WHERE teller IS NULL AND tell_at IS NOT NULL;
CREATE INDEX tickets_owned ON tickets (owner) WHERE owner IS NOT NULL;
CREATE INDEX tickets_tellers ON tickets (teller) WHERE teller IS NOT NULL;
CREATE INDEX tickets_number ON tickets (ticket_id) WHERE ticket_id <> '';
CREATE INDEX tickets_place ON tickets (chat_id, thread_id, id);
CREATE INDEX tickets_sender ON tickets (sender_id, created_at);

-- People who follow a ticket, its requester first.
CREATE TABLE followers (
    ticket    bigint NOT NULL,
    person_id bigint NOT NULL,
    name      text NOT NULL DEFAULT '',
    PRIMARY KEY (ticket, person_id)
);
CREATE INDEX followers_person ON followers (person_id);

-- The bot's messages about tickets, so that a reply to one is understood. Message numbers are unique only within a chat.
CREATE TABLE posts (
    chat_id    bigint NOT NULL,
    message_id bigint NOT NULL,
    ticket     bigint,                              -- null where the ticket is not ours
    ticket_id  text NOT NULL DEFAULT '',            -- LiveDesk's number
    posted_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (chat_id, message_id)
);
CREATE INDEX posts_ticket ON posts (ticket);

-- Parts of albums that the bot has seen. Telegram sends each as a message of its own, in any order, without an end mark.
CREATE TABLE album_parts (
    bot_id     bigint NOT NULL,
    chat_id    bigint NOT NULL,
    album      text NOT NULL,
    message_id bigint NOT NULL,
    file       json NOT NULL,
    seen_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (bot_id, chat_id, album, message_id)
);

-- Files on their way from Telegram into a ticket.
CREATE TABLE files (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket     bigint NOT NULL REFERENCES tickets,
    message_id bigint NOT NULL,                     -- message that carries it; also its place in the order
    origin     text NOT NULL DEFAULT '',            -- what it came with: empty for the ticket, else the message or album added
    file       json NOT NULL,                       -- Telegram's id, name, MIME type, size
    state      text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'uploaded', 'dropped')),
    url        text NOT NULL DEFAULT '',            -- at LiveDesk
    reason     text NOT NULL DEFAULT '',            -- why it cannot come along
    entered    boolean NOT NULL DEFAULT false,      -- it stands in the ticket, or the ticket says that it is missing
    attempts   integer NOT NULL DEFAULT 0,
    due_at     timestamptz NOT NULL DEFAULT now(),
    owner      integer,
    UNIQUE (ticket, origin, message_id)             -- message numbers start anew in a supergroup
);
CREATE INDEX files_due ON files (due_at) WHERE state = 'waiting' AND owner IS NULL;
CREATE INDEX files_owned ON files (owner) WHERE owner IS NOT NULL;

-- What is to be changed in a ticket that LiveDesk has: words of customers, edits, another priority or type.
CREATE TABLE additions (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ref         text NOT NULL UNIQUE,               -- message, edit or press that asked for it
    ticket      bigint NOT NULL REFERENCES tickets,
    kind        text NOT NULL CHECK (kind IN ('text', 'edit', 'priority', 'type')),
    content     json NOT NULL,
    message_id  bigint NOT NULL DEFAULT 0,          -- message to answer when it is done
    thread_id   bigint NOT NULL DEFAULT 0,
    sender_name text NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL DEFAULT now(),
    attempts    integer NOT NULL DEFAULT 0,
    done_at     timestamptz,
    failed      boolean NOT NULL DEFAULT false
);
CREATE INDEX additions_open ON additions (ticket, id) WHERE done_at IS NULL;

-- Messages that people are to get about a ticket beside its card, in the order of their numbers.
CREATE TABLE notices (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket     bigint NOT NULL REFERENCES tickets,
    key        text NOT NULL,                       -- what it tells, so that it is told once
    kind       text NOT NULL,
    content    json NOT NULL,
    reply_to   bigint NOT NULL DEFAULT 0,           -- message that it answers; 0: the card
    parts_sent integer NOT NULL DEFAULT 0,          -- of a notice of several messages, as the content now is
    chat_id    bigint NOT NULL DEFAULT 0,
    messages   bigint[] NOT NULL DEFAULT '{}',      -- those of its text, edited when the content changes
    files_sent integer NOT NULL DEFAULT 0,          -- of its files, which come once
    told_at    timestamptz,
    UNIQUE (ticket, key)
);
CREATE INDEX notices_open ON notices (ticket, id) WHERE told_at IS NULL;

-- Questions put to people who typed /ticket without text.
CREATE TABLE questions (
    bot_id      bigint NOT NULL,
    chat_id     bigint NOT NULL,
    asked_id    bigint NOT NULL,                    -- the message that is answered by this question
    sender_id   bigint NOT NULL,
    message_id  bigint NOT NULL DEFAULT 0,          -- the question; 0 until Telegram has confirmed it
    options     text NOT NULL DEFAULT '',           -- options typed with the command
    asked_at    timestamptz NOT NULL DEFAULT now(),
    answered_at timestamptz,
    PRIMARY KEY (bot_id, chat_id, asked_id)
);
CREATE INDEX questions_open ON questions (chat_id, sender_id) WHERE answered_at IS NULL;

-- What is known about chats beyond their tickets.
CREATE TABLE chats (
    chat_id  bigint PRIMARY KEY,
    lost_at  timestamptz,                           -- since when the bot cannot write there
    moved_to bigint                                 -- supergroup that the group became
);

-- +goose Down
DROP TABLE chats, questions, notices, additions, files, album_parts, posts, followers, tickets, updates, processes;
DROP SEQUENCE process_number;
