package outbox

import (
	"context"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/markup"
)

// Answer answers a message where it stands and returns where the answer stands. It is the end of the matter where the
// chat cannot be written to: there is no other place to answer a person in.
func (o *Outbox) Answer(ctx context.Context, to telegram.Place, m markup.Message) (telegram.Place, int64, error) {
	id, v, err := o.telegram.Post(ctx, to, telegram.Answers, m)
	if v == telegram.Moved {
		if to, err = o.relocate(ctx, to, err); err != nil {
			return to, 0, err
		}
		id, v, err = o.telegram.Post(ctx, to, telegram.Answers, m)
	}
	switch v {
	case telegram.Done:
		o.unmute(ctx, to.Chat, false)
		return to, id, nil
	case telegram.Later, telegram.Moved:
		return to, 0, err
	case telegram.Lost:
		return to, 0, o.lose(ctx, to.Chat, err)
	}
	o.log.Warn("Telegram does not take an answer", "chat", to.Chat, "error", err)
	return to, 0, nil
}

// AnswerNear answers as Answer does, but in General where the topic takes nothing, as one that is closed or deleted.
func (o *Outbox) AnswerNear(ctx context.Context, to telegram.Place, m markup.Message) (telegram.Place, int64, error) {
	at, id, err := o.Answer(ctx, to, m)
	if err != nil || id != 0 || to.Thread == 0 {
		return at, id, err
	}
	return o.Answer(ctx, telegram.Place{Chat: at.Chat}, m)
}

// relocate moves everything to the supergroup that the chat became, as Telegram's error says.
func (o *Outbox) relocate(ctx context.Context, to telegram.Place, err error) (telegram.Place, error) {
	chat, ok := telegram.MovedTo(err)
	if !ok {
		return to, err
	}
	if err := o.Move(ctx, to.Chat, chat); err != nil {
		return to, err
	}
	return telegram.Place{Chat: chat}, nil
}

// Move moves everything of a group to the supergroup that it became.
func (o *Outbox) Move(ctx context.Context, from, to int64) error {
	// Before its tickets, so that these never stand in a chat that is not connected.
	if err := o.store.MoveConnection(ctx, o.telegram.BotID, from, to); err != nil {
		return err
	}
	news, err := o.store.MoveChat(ctx, from, to)
	if news {
		o.log.Info("group became a supergroup", "from", from, "to", to)
		o.due.Up()
	}
	return err
}

// lose notes that the bot cannot write to a chat.
func (o *Outbox) lose(ctx context.Context, chat int64, cause error) error {
	news, err := o.store.LoseChat(ctx, chat)
	if news {
		o.log.Warn("the bot cannot write to a chat", "chat", chat, "error", cause)
	}
	return err
}
