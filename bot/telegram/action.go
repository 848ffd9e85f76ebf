package telegram

import (
	"context"
	"time"

	tg "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"
)

// Action is what people see the bot do below the name of the chat.
type Action = models.ChatAction

// The actions that we show.
const (
	Typing    = models.ChatActionTyping
	Uploading = models.ChatActionUploadDocument
)

// ActionLife is how soon an action is to be shown again; people see it for 5 seconds.
// https://core.telegram.org/bots/api#sendchataction
const ActionLife = 4 * time.Second

// Act shows an action in a chat for a few seconds. Not where Telegram limits the chat, or calls wait for it, or it is shown already:
// it must delay nothing, and whether people see it does not matter.
func (c *Client) Act(ctx context.Context, to Place, action Action) {
	if !c.gate.mayAct(to.Chat) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, ActionLife)
	defer cancel()
	_, err := c.SendChatAction(ctx, &tg.SendChatActionParams{ChatID: to.Chat, MessageThreadID: int(to.Thread), Action: action})
	if pause, limited := RetryAfter(err); limited {
		c.gate.restFromActing(to.Chat, pause)
	}
}

// mayAct reports whether an action may be shown in a chat now, and takes note that it is.
func (g *gate) mayAct(chat int64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	d := g.door(chat)
	limited := now.Before(g.until) || now.Before(d.until) || d.pace > 0 || len(recent(g.calls, now, time.Second)) >= inReserve
	if limited || d.busy || !d.idle() || now.Before(d.actAgain) {
		return false
	}
	d.actAgain = now.Add(ActionLife)
	return true
}

// restFromActing shows no actions in a chat for a while.
func (g *gate) restFromActing(chat int64, pause time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.door(chat).actAgain = time.Now().Add(pause)
}
