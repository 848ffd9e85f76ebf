package telegram

import (
	"context"

	tg "github.com/go-telegram/bot"

	"livedeskbot/bot/telegram/markup"
)

// Leave makes the bot leave a group. One that it is not in any more is Lost. https://core.telegram.org/bots/api#leavechat
func (c *Client) Leave(ctx context.Context, chat int64) (Verdict, error) {
	return c.call(ctx, chat, Answers, func(ctx context.Context) error {
		_, err := c.LeaveChat(ctx, &tg.LeaveChatParams{ChatID: chat})
		return err
	})
}

// Title is what a chat is called now; empty where Telegram does not say. https://core.telegram.org/bots/api#getchat
func (c *Client) Title(ctx context.Context, chat int64) string {
	full, err := c.GetChat(ctx, &tg.GetChatParams{ChatID: chat})
	if err != nil {
		return ""
	}
	return markup.Line(full.Title)
}
