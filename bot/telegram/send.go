package telegram

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"time"

	tg "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/wait"
)

// Place is where a message goes.
type Place struct {
	Chat   int64
	Thread int64 // topic; 0: General, or a chat without topics
	Reply  int64 // message that it answers; 0: none
}

// File is one to be posted.
type File struct {
	Name    string
	Content []byte
}

// tries is how often a call is repeated at once before it is left to a later time.
const tries = 4

// soon is how long a call may wait for its turn that holds what others wait for.
const soon = 10 * time.Second

// call makes one call for a chat when its turn comes, and repeats it while Telegram says not now. A call of which nobody
// knows whether it took effect is repeated too: repeating is better than silence.
func (c *Client) call(ctx context.Context, chat int64, p Priority, f func(context.Context) error) (Verdict, error) {
	delay := time.Duration(0)
	for try := 0; ; try++ {
		if err := c.enter(ctx, chat, p, try > 0); err != nil {
			return Later, err
		}
		v, err := c.turn(ctx, chat, &delay, f)
		again := v == Flood || v == Later && try < tries && ctx.Err() == nil
		if p == Feeds && (v == Flood || v == Later) {
			v, again = Later, false // when it may go, there may be something newer to tell
		}
		if !again {
			return v, c.Redact(err)
		}
	}
}

// callSoon makes one call for a chat, ahead of its like, if its turn comes soon, and does not repeat it. Flood: its turn did not
// come, or Telegram says not now.
func (c *Client) callSoon(ctx context.Context, chat int64, p Priority, f func(context.Context) error) (Verdict, error) {
	waiting, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	switch err := c.enter(waiting, chat, p, true); {
	case errors.Is(err, ErrStopping) || err != nil && ctx.Err() != nil:
		return Later, err
	case err != nil:
		return Flood, err
	}
	delay := time.Duration(0)
	v, err := c.turn(ctx, chat, &delay, f)
	return v, c.Redact(err)
}

// AwaitTurn waits until a chat may be written to, for who must not hold anything meanwhile. An error says that the wait is over
// without that.
func (c *Client) AwaitTurn(ctx context.Context, chat int64, p Priority) error {
	if err := c.enter(ctx, chat, p, false); err != nil {
		return err
	}
	c.gate.pass(chat)
	return nil
}

// enter waits for the turn of a call, and tells how long that took.
func (c *Client) enter(ctx context.Context, chat int64, p Priority, again bool) error {
	began := time.Now()
	err := c.gate.enter(ctx, chat, p, again)
	if c.waited != nil {
		c.waited(time.Since(began))
	}
	return err
}

func (c *Client) turn(ctx context.Context, chat int64, delay *time.Duration, f func(context.Context) error) (v Verdict, err error) {
	v = Later
	hold := time.Duration(0)
	defer func() { c.gate.leave(chat, hold, v == Flood) }() // deferred: a panic must not close the chat for ever
	err = f(ctx)
	v = Judge(err)
	switch v {
	case Flood:
		asked, _ := RetryAfter(err)
		hold = asked + 50*time.Millisecond // a margin, since its second may end after ours
		c.log.Info("Telegram limits a chat", "chat", chat, "retry_after", int(asked.Seconds()))
	case Later:
		*delay = wait.Backoff(*delay, 200*time.Millisecond, 5*time.Second)
		hold = *delay
	default:
		c.Heard(time.Now())
	}
	return v, err
}

// Post sends a message and returns its number.
func (c *Client) Post(ctx context.Context, to Place, p Priority, m markup.Message) (int64, Verdict, error) {
	params := &tg.SendMessageParams{
		ChatID: to.Chat, MessageThreadID: int(to.Thread),
		LinkPreviewOptions: &models.LinkPreviewOptions{IsDisabled: tg.True()},
		ReplyParameters:    replyTo(to.Reply),
	}
	return post(ctx, to, p, c.call, func(ctx context.Context) (sent *models.Message, err error) {
		err = c.styled(m, func(m markup.Message) error {
			params.ReplyMarkup = keyboard(m, to.Chat > 0)
			return c.formatted(m.Text, func(text string, mode models.ParseMode) error {
				params.Text, params.ParseMode = text, mode
				sent, err = c.SendMessage(ctx, params)
				return err
			})
		})
		return sent, err
	})
}

// PostPhoto sends a picture and returns the message's number. Flood says that it was not sent because the chat's turn did not come
// soon: a file in memory must not wait for a chat, see AwaitTurn. https://core.telegram.org/bots/api#sendphoto
func (c *Client) PostPhoto(ctx context.Context, to Place, p Priority, f File) (int64, Verdict, error) {
	return post(ctx, to, p, c.callSoon, func(ctx context.Context) (*models.Message, error) {
		return c.SendPhoto(ctx, &tg.SendPhotoParams{
			ChatID: to.Chat, MessageThreadID: int(to.Thread), Photo: f.upload(), ReplyParameters: replyTo(to.Reply),
		})
	})
}

// PostDocument sends a file and returns the message's number. Flood: as for PostPhoto.
// https://core.telegram.org/bots/api#senddocument
func (c *Client) PostDocument(ctx context.Context, to Place, p Priority, f File) (int64, Verdict, error) {
	return post(ctx, to, p, c.callSoon, func(ctx context.Context) (*models.Message, error) {
		return c.SendDocument(ctx, &tg.SendDocumentParams{
			ChatID: to.Chat, MessageThreadID: int(to.Thread), Document: f.upload(), ReplyParameters: replyTo(to.Reply),
		})
	})
}

// caller is call or callSoon.
type caller func(ctx context.Context, chat int64, p Priority, f func(context.Context) error) (Verdict, error)

func post(ctx context.Context, to Place, p Priority, call caller, send func(context.Context) (*models.Message, error)) (int64, Verdict, error) {
	var sent *models.Message
	v, err := call(ctx, to.Chat, p, func(ctx context.Context) (err error) {
		sent, err = send(ctx)
		if err == nil && sent.ID == 0 {
			return errors.New("a message was confirmed without its number")
		}
		return err
	})
	if v != Done {
		return 0, v, err
	}
	return int64(sent.ID), Done, nil
}

// upload is the file as the library sends it, which holds all of it in memory.
func (f File) upload() *models.InputFileUpload {
	return &models.InputFileUpload{Filename: f.Name, Data: bytes.NewReader(f.Content)}
}

// Edit changes a message.
func (c *Client) Edit(ctx context.Context, chat, id int64, p Priority, m markup.Message) (Verdict, error) {
	params := &tg.EditMessageTextParams{
		ChatID: chat, MessageID: int(id),
		LinkPreviewOptions: &models.LinkPreviewOptions{IsDisabled: tg.True()},
	}
	return c.call(ctx, chat, p, func(ctx context.Context) error {
		return c.styled(m, func(m markup.Message) error {
			params.ReplyMarkup = keyboard(markup.Message{Buttons: m.Buttons}, chat > 0) // the field cannot be opened by a change
			return c.formatted(m.Text, func(text string, mode models.ParseMode) error {
				params.Text, params.ParseMode = text, mode
				_, err := c.EditMessageText(ctx, params)
				return err
			})
		})
	})
}

// styled sends a message, and with plain buttons where Telegram does not take them. Old servers ignore a style, and see nothing
// that a button which copies could do. A server that takes the plain ones is sent no others from then on.
func (c *Client) styled(m markup.Message, send func(markup.Message) error) error {
	if !m.Recent() {
		return send(m)
	}
	if !c.styleless.Load() {
		if err := send(m); !unknownButtons(err) {
			return err
		}
	}
	err := send(m.WithoutRecent())
	if Judge(err) == Done {
		c.styleless.Store(true)
	}
	return err
}

// unknownButtons reports whether Telegram could not read what stands below a message.
func unknownButtons(err error) bool {
	if Judge(err) != Refused {
		return false
	}
	text := strings.ToLower(err.Error())
	return strings.Contains(text, "keyboard") || strings.Contains(text, "reply markup") || strings.Contains(text, "button")
}

// formatted sends a text of Telegram HTML, and with less formatting where Telegram cannot read it. A server that does not know
// dates is sent none from then on. https://core.telegram.org/bots/api#date-time-entity-formatting
func (c *Client) formatted(text string, send func(text string, mode models.ParseMode) error) error {
	if c.dateless.Load() {
		text = markup.WithoutDates(text)
	}
	err := send(text, models.ParseModeHTML)
	if misformatted(err) && strings.Contains(err.Error(), `Unsupported start tag "tg-time"`) {
		c.dateless.Store(true)
		text = markup.WithoutDates(text)
		err = send(text, models.ParseModeHTML)
	}
	if misformatted(err) {
		err = send(markup.Plain(text), "")
	}
	return err
}

// misformatted reports whether Telegram could not read the formatting of a text, which must never cost a message.
func misformatted(err error) bool {
	return err != nil && strings.Contains(err.Error(), "can't parse entities")
}

// EditButtons puts buttons below a message in place of those that are there.
func (c *Client) EditButtons(ctx context.Context, chat, id int64, buttons [][]markup.Button) (Verdict, error) {
	return c.call(ctx, chat, Answers, func(ctx context.Context) error {
		return c.styled(markup.Message{Buttons: buttons}, func(m markup.Message) error {
			_, err := c.EditMessageReplyMarkup(ctx, &tg.EditMessageReplyMarkupParams{
				ChatID: chat, MessageID: int(id), ReplyMarkup: keyboard(m, chat > 0),
			})
			return err
		})
	})
}

// Delete removes a message. One that is too old to be removed stays.
func (c *Client) Delete(ctx context.Context, chat, id int64) (Verdict, error) {
	return c.call(ctx, chat, Notices, func(ctx context.Context) error {
		_, err := c.DeleteMessage(ctx, &tg.DeleteMessageParams{ChatID: chat, MessageID: int(id)})
		return err
	})
}

// React puts a reaction of the bot on a message, in place of the one that it has. Refused also says that reactions are not allowed
// there, or that the server knows none: such a server is asked once. https://core.telegram.org/bots/api#setmessagereaction
func (c *Client) React(ctx context.Context, chat, id int64, p Priority, emoji string) (Verdict, error) {
	if c.reactless.Load() {
		return Refused, errReactless
	}
	var unknown error
	v, err := c.call(ctx, chat, p, func(ctx context.Context) error {
		_, err := c.SetMessageReaction(ctx, &tg.SetMessageReactionParams{
			ChatID: chat, MessageID: int(id),
			Reaction: []models.ReactionType{{
				Type:              models.ReactionTypeTypeEmoji,
				ReactionTypeEmoji: &models.ReactionTypeEmoji{Type: models.ReactionTypeTypeEmoji, Emoji: emoji},
			}},
		})
		if unknown = nil; errors.Is(err, tg.ErrorNotFound) { // an old server has no such method
			unknown, err = err, nil
		}
		return err
	})
	if unknown != nil {
		if strings.Contains(unknown.Error(), "method not found") { // and not the token
			c.reactless.Store(true)
		}
		return Refused, c.Redact(unknown)
	}
	return v, err
}

var errReactless = errors.New("the Bot API server is too old for reactions")

// maxPressAnswer is the longest answer to a press. https://core.telegram.org/bots/api#answercallbackquery
const maxPressAnswer = 200

// AnswerPress answers a person's press of a button. It is not part of the chat and waits in the person's line.
func (c *Client) AnswerPress(ctx context.Context, person int64, press, text string) (Verdict, error) {
	return c.call(ctx, person, Answers, func(ctx context.Context) error {
		_, err := c.AnswerCallbackQuery(ctx, &tg.AnswerCallbackQueryParams{CallbackQueryID: press, Text: markup.Shorten(text, maxPressAnswer)})
		return err
	})
}

// Crowded returns the chats for which enough calls wait.
func (c *Client) Crowded() []int64 { return c.gate.crowded() }

// IsCrowded reports whether enough calls wait for a chat.
func (c *Client) IsCrowded(chat int64) bool { return c.gate.isCrowded(chat) }

// Spare is how long a call of Feeds to a chat has to wait so that it keeps nobody else waiting; 0: it may go. It waits until there is
// room for others in what Telegram lets through.
func (c *Client) Spare(chat int64) time.Duration { return c.gate.spare(chat, c.spareCalls) }

// CloseGate ends all waiting for turns, with ErrStopping: the service stops, and what waits is told after the next start.
func (c *Client) CloseGate() { c.gate.close() }

func replyTo(id int64) *models.ReplyParameters {
	if id == 0 {
		return nil
	}
	return &models.ReplyParameters{MessageID: int(id), AllowSendingWithoutReply: true}
}

// keyboard is what stands below a message. In a private chat there is nobody else whom it could mean.
func keyboard(m markup.Message, private bool) models.ReplyMarkup {
	switch {
	case m.Ask:
		return &models.ForceReply{ForceReply: true, Selective: !private, InputFieldPlaceholder: m.Field}
	case len(m.Buttons) > 0:
		rows := make([][]models.InlineKeyboardButton, len(m.Buttons))
		for i, row := range m.Buttons {
			for _, b := range row {
				rows[i] = append(rows[i], inlineButton(b))
			}
		}
		return &models.InlineKeyboardMarkup{InlineKeyboard: rows}
	}
	return nil // an interface holding a nil pointer would be sent as "null"
}

func inlineButton(b markup.Button) models.InlineKeyboardButton {
	inline := models.InlineKeyboardButton{Text: b.Label, CallbackData: b.Data, Style: string(b.Style)}
	if b.Copy != "" {
		inline.CopyText = &models.CopyTextButton{Text: b.Copy}
	}
	return inline
}
