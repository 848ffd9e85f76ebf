package bot

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"
	"time"

	tg "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/view"
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

// introduce learns the bot's own name, without which commands cannot be read, and sets what Telegram shows of it.
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
	b.present(ctx)
}

// present sets what Telegram shows of the bot in each language: the menu of commands, and the descriptions that people read before
// they write to it. What it shows already is not set again, because it limits how often that may change.
func (b *Bot) present(ctx context.Context) {
	var calls []func(context.Context) error
	for _, say := range b.view.ByCode() {
		calls = append(calls,
			func(ctx context.Context) error { return b.setMenu(ctx, say, false) },
			func(ctx context.Context) error { return b.setMenu(ctx, say, true) },
			func(ctx context.Context) error { return b.setDescription(ctx, say) },
			func(ctx context.Context) error { return b.setShortDescription(ctx, say) })
	}
	// A menu for groups or for private chats alone would hide those of the languages.
	for _, scope := range []models.BotCommandScope{&models.BotCommandScopeAllGroupChats{}, &models.BotCommandScopeAllPrivateChats{}} {
		calls = append(calls, func(ctx context.Context) error {
			_, err := b.telegram.DeleteMyCommands(ctx, &tg.DeleteMyCommandsParams{Scope: scope})
			return err
		})
	}
	failed, first := 0, error(nil)
	for _, call := range calls {
		if err := b.patiently(ctx, call); err != nil {
			failed++
			first = cmp.Or(first, err)
		}
	}
	if failed > 0 && ctx.Err() == nil {
		b.log.Warn("cannot set the menu of commands and the descriptions", "failed", failed, "error", b.telegram.Redact(first))
	}
}

// patiently calls again where Telegram asks to wait.
func (b *Bot) patiently(ctx context.Context, call func(context.Context) error) error {
	for {
		err := call(ctx)
		pause, asked := telegram.RetryAfter(err)
		if !asked {
			return err
		}
		b.log.Info("Telegram lets the menu of commands and the descriptions wait", "retry_after", pause)
		if wait.Sleep(ctx, pause) != nil {
			return err
		}
	}
}

// setMenu sets what everybody has in the menu, or what administrators of groups have there.
func (b *Bot) setMenu(ctx context.Context, say view.Coded, admins bool) error {
	var scope models.BotCommandScope = &models.BotCommandScopeDefault{}
	if admins {
		scope = &models.BotCommandScopeAllChatAdministrators{}
	}
	list := menu(say.Language, admins)
	shown, err := b.telegram.GetMyCommands(ctx, &tg.GetMyCommandsParams{Scope: scope, LanguageCode: say.Code})
	if err != nil || slices.Equal(shown, list) {
		return err
	}
	_, err = b.telegram.SetMyCommands(ctx, &tg.SetMyCommandsParams{Commands: list, Scope: scope, LanguageCode: say.Code})
	return err
}

func (b *Bot) setDescription(ctx context.Context, say view.Coded) error {
	text := say.Text("bot_description")
	shown, err := b.telegram.GetMyDescription(ctx, &tg.GetMyDescriptionParams{LanguageCode: say.Code})
	if err != nil || shown.Description == text {
		return err
	}
	_, err = b.telegram.SetMyDescription(ctx, &tg.SetMyDescriptionParams{Description: text, LanguageCode: say.Code})
	return err
}

func (b *Bot) setShortDescription(ctx context.Context, say view.Coded) error {
	text := say.Text("bot_short_description")
	shown, err := b.telegram.GetMyShortDescription(ctx, &tg.GetMyShortDescriptionParams{LanguageCode: say.Code})
	if err != nil || shown.ShortDescription == text {
		return err
	}
	_, err = b.telegram.SetMyShortDescription(ctx, &tg.SetMyShortDescriptionParams{ShortDescription: text, LanguageCode: say.Code})
	return err
}
