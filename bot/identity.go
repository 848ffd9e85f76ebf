package bot

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	tg "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"livedeskbot/bot/wait"
)

// identity is who the bot is. Its name is known once Telegram has answered for the first time.
type identity struct {
	id       int64
	username atomic.Pointer[string]
	known    chan struct{} // closed once the name is known
}

func newIdentity(id int64) *identity { return &identity{id: id, known: make(chan struct{})} }

// name is the bot's name without the @. It must be known.
func (i *identity) name() string { return *i.username.Load() }

// introduce learns the bot's own name, without which commands cannot be read, and sets Telegram's menu of commands.
func (b *Bot) introduce(ctx context.Context) {
	for delay := time.Duration(0); ; delay = wait.Backoff(delay, 250*time.Millisecond, 5*time.Second) {
		if wait.Sleep(ctx, delay) != nil {
			return
		}
		me, err := b.telegram.GetMe(ctx)
		if err == nil && me.Username != "" {
			b.telegram.Heard(time.Now())
			b.me.username.Store(&me.Username)
			close(b.me.known)
			b.log.Info("serving", "bot", me.Username, "process", b.work.Number())
			break
		}
		if ctx.Err() == nil {
			b.log.Warn("Telegram does not say who this bot is", "error", b.telegram.Redact(err))
		}
	}
	if err := b.setMenu(ctx); err != nil && ctx.Err() == nil {
		b.log.Warn("cannot set the menu of commands", "error", b.telegram.Redact(err))
	}
}

func (b *Bot) setMenu(ctx context.Context) error {
	list := menu(b.view.In(""))
	var errs []error
	for _, scope := range []models.BotCommandScope{
		&models.BotCommandScopeDefault{}, &models.BotCommandScopeAllGroupChats{}, &models.BotCommandScopeAllPrivateChats{},
	} {
		_, err := b.telegram.SetMyCommands(ctx, &tg.SetMyCommandsParams{Commands: list, Scope: scope})
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
