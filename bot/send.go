package bot

import (
	"context"
	"errors"
	"strings"
	"time"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/wait"

	tg "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"
)

// place is where a message goes.
type place struct {
	chat   int64
	thread int64 // topic; 0: General, or a chat without topics
	reply  int64 // Message that it answers; 0: none
}

// verdict is what Telegram's answer to a call means for us. Nothing else looks at its errors.
type verdict int

const (
	done    verdict = iota
	flood           // not now: wait as long as it says
	later           // not now, or nobody knows: again
	moved           // the group is a supergroup elsewhere
	lost            // the bot cannot write to this chat
	noTopic         // the topic is closed or deleted
	gone            // the message to change is not there any more
	refused         // not like this
)

// phrases of errors 400 and 403 by their meaning, lower case. Telegram documents no codes; these texts are from its
// server's source and from reports. https://github.com/tdlib/telegram-bot-api
var phrases = []struct {
	verdict verdict
	texts   []string
}{
	{done, []string{"message is not modified"}},
	{gone, []string{"message to edit not found", "message can't be edited", "message_id_invalid"}},
	{noTopic, []string{"message thread not found", "topic_closed", "topic_deleted", "topic_id_invalid", "topic is closed"}},
	{lost, []string{
		"chat not found", "group chat was deactivated", "group chat was deleted", "no rights to send", "not enough rights",
		"need administrator rights", "_forbidden", "user is deactivated", "bot was kicked", "bot was blocked",
		"not a member", "peer_id_invalid", "chat_restricted", "user_banned_in_channel", "channel_private", "user_is_blocked",
	}},
}

// judge says what the answer to a call means.
func judge(err error) verdict {
	if err == nil {
		return done
	}
	if _, ok := errors.AsType[*tg.TooManyRequestsError](err); ok {
		return flood
	}
	if _, ok := errors.AsType[*tg.MigrateError](err); ok {
		return moved
	}
	if errors.Is(err, tg.ErrorForbidden) {
		return lost
	}
	if !errors.Is(err, tg.ErrorBadRequest) {
		return later // Telegram is away, in trouble, or does not know the token, which the operator will mend
	}
	text := strings.ToLower(err.Error())
	for _, p := range phrases {
		for _, phrase := range p.texts {
			if strings.Contains(text, phrase) {
				return p.verdict
			}
		}
	}
	return refused
}

// tries is how often a call is repeated at once before it is left to a later time.
const tries = 4

// call makes one call for a chat when its turn comes, and repeats it while Telegram says not now. A call of which nobody
// knows whether it took effect is repeated too: repeating is better than silence.
func (b *Bot) call(ctx context.Context, chat int64, priority int, f func(context.Context) error) (verdict, error) {
	delay := time.Duration(0)
	for try := 0; ; try++ {
		err := b.metrics.wait(limitTelegram, func() error { return b.gate.enter(ctx, chat, priority, try > 0) })
		if err != nil {
			return later, err
		}
		v, err := b.turn(ctx, chat, &delay, f)
		if v == flood || v == later && try < tries && ctx.Err() == nil {
			continue
		}
		return v, b.telegram.redact(err)
	}
}

func (b *Bot) turn(ctx context.Context, chat int64, delay *time.Duration, f func(context.Context) error) (v verdict, err error) {
	v = later
	hold := time.Duration(0)
	defer func() { b.gate.leave(chat, hold, v == flood) }() // deferred: a panic must not close the chat for ever
	err = f(ctx)
	v = judge(err)
	switch v {
	case flood:
		limit, _ := errors.AsType[*tg.TooManyRequestsError](err)
		// A margin, since its second may end after ours.
		hold = time.Duration(max(limit.RetryAfter, 1))*time.Second + 50*time.Millisecond
		b.log.Info("Telegram limits a chat", "chat", chat, "retry_after", limit.RetryAfter)
	case later:
		*delay = wait.Backoff(*delay, 200*time.Millisecond, 5*time.Second)
		hold = *delay
	default:
		b.heard()
	}
	return v, err
}

// post sends a message and returns its number.
func (b *Bot) post(ctx context.Context, to place, priority int, m markup.Message) (int64, verdict, error) {
	var sent *models.Message
	params := &tg.SendMessageParams{
		ChatID: to.chat, MessageThreadID: int(to.thread), Text: m.Text, ParseMode: models.ParseModeHTML,
		LinkPreviewOptions: &models.LinkPreviewOptions{IsDisabled: tg.True()},
		ReplyParameters:    replyTo(to.reply),
		ReplyMarkup:        keyboard(m),
	}
	v, err := b.call(ctx, to.chat, priority, func(ctx context.Context) (err error) {
		sent, err = b.telegram.SendMessage(ctx, params)
		if err != nil && strings.Contains(err.Error(), "can't parse entities") { // formatting must never cost a message
			params.Text, params.ParseMode = markup.Plain(m.Text), ""
			sent, err = b.telegram.SendMessage(ctx, params)
		}
		if err == nil && sent.ID == 0 {
			return errors.New("Telegram confirmed a message without its number")
		}
		return err
	})
	if v != done {
		return 0, v, err
	}
	return int64(sent.ID), done, nil
}

// edit changes a message.
func (b *Bot) edit(ctx context.Context, chat, id int64, priority int, m markup.Message) (verdict, error) {
	return b.call(ctx, chat, priority, func(ctx context.Context) error {
		_, err := b.telegram.EditMessageText(ctx, &tg.EditMessageTextParams{
			ChatID: chat, MessageID: int(id), Text: m.Text, ParseMode: models.ParseModeHTML,
			LinkPreviewOptions: &models.LinkPreviewOptions{IsDisabled: tg.True()},
			ReplyMarkup:        keyboard(m),
		})
		return err
	})
}

func replyTo(id int64) *models.ReplyParameters {
	if id == 0 {
		return nil
	}
	return &models.ReplyParameters{MessageID: int(id), AllowSendingWithoutReply: true}
}

// keyboard is what stands below a message.
func keyboard(m markup.Message) models.ReplyMarkup {
	switch {
	case m.Ask:
		return &models.ForceReply{ForceReply: true, Selective: true}
	case len(m.Buttons) > 0:
		rows := make([][]models.InlineKeyboardButton, len(m.Buttons))
		for i, row := range m.Buttons {
			for _, b := range row {
				rows[i] = append(rows[i], models.InlineKeyboardButton{Text: b.Label, CallbackData: b.Data})
			}
		}
		return &models.InlineKeyboardMarkup{InlineKeyboard: rows}
	}
	return nil // an interface holding a nil pointer would be sent as "null"
}

// reply answers a message where it stands and returns where the answer stands. It is the end of the matter where the
// chat cannot be written to: who asked there cannot be answered there.
func (b *Bot) reply(ctx context.Context, to place, m markup.Message) (place, int64, error) {
	id, v, err := b.post(ctx, to, answers, m)
	if v == moved {
		if to, err = b.follow(ctx, to, err); err != nil {
			return to, 0, err
		}
		id, v, err = b.post(ctx, to, answers, m)
	}
	switch v {
	case done:
		return to, id, nil
	case later, moved:
		return to, 0, err
	case lost:
		return to, 0, b.lose(ctx, to.chat, err)
	}
	b.log.Warn("Telegram does not take an answer", "chat", to.chat, "error", err)
	return to, 0, nil
}

// follow moves everything to the supergroup that the chat became, as Telegram's error says.
func (b *Bot) follow(ctx context.Context, to place, err error) (place, error) {
	migrate, ok := errors.AsType[*tg.MigrateError](err)
	if !ok {
		return to, err
	}
	if err := b.move(ctx, to.chat, int64(migrate.MigrateToChatID)); err != nil {
		return to, err
	}
	return place{chat: int64(migrate.MigrateToChatID)}, nil
}

// move moves everything of a group to the supergroup that it became.
func (b *Bot) move(ctx context.Context, from, to int64) error {
	news, err := b.store.MoveChat(ctx, from, to)
	if news {
		b.log.Info("group became a supergroup", "from", from, "to", to)
		b.tellings.Up()
	}
	return err
}

// lose notes that the bot cannot write to a chat.
func (b *Bot) lose(ctx context.Context, chat int64, cause error) error {
	news, err := b.store.LoseChat(ctx, chat)
	if news {
		b.log.Warn("the bot cannot write to a chat", "chat", chat, "error", cause)
	}
	return err
}
