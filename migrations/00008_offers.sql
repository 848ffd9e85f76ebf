-- +goose Up

-- Messages of people that the bot has answered with buttons: a press says what becomes of them. Until then what they wrote stands
-- here, for a day at most.
CREATE TABLE offers (
    bot_id      bigint NOT NULL,
    chat_id     bigint NOT NULL,
    message_id  bigint NOT NULL,                    -- the person's; of several that belong together the first
    thread_id   bigint NOT NULL DEFAULT 0,
    person_id   bigint NOT NULL,
    kind        text NOT NULL,                      -- what is offered
    about       bigint NOT NULL DEFAULT 0,          -- ticket that it is about; 0: none
    album       text NOT NULL DEFAULT '',           -- Telegram's album that its last message is a part of
    message_ids bigint[] NOT NULL,                  -- all that belong together
    messages    json[] NOT NULL,                    -- what was written, in the same order; empty once the offer has ended
    answer_id   bigint NOT NULL DEFAULT 0,          -- the bot's message with the buttons; 0 until Telegram has confirmed it
    choice      text NOT NULL DEFAULT '',           -- what the person has chosen; empty: nothing yet
    made_at     timestamptz NOT NULL DEFAULT now(),
    ended_at    timestamptz,                        -- since when it is done with
    PRIMARY KEY (bot_id, chat_id, message_id)
);
CREATE INDEX offers_person ON offers (bot_id, chat_id, person_id, message_id);
CREATE INDEX offers_made ON offers (made_at);

-- The next words of a person in the same topic answer the bot's question too.
ALTER TABLE questions ADD COLUMN thread_id bigint NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE questions DROP COLUMN thread_id;
DROP TABLE offers;
