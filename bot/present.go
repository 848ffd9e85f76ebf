package bot

import (
	"cmp"
	"context"
	"errors"
	"slices"

	tg "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/view"
	"livedeskbot/bot/wait"
)

// present sets what Telegram shows of the bot in each language: the menu of commands, and the descriptions that people read before
// they write to it. What it shows already is not set again, because it limits how often that may change.
func (b *Bot) present(ctx context.Context) {
	var calls []func(context.Context) error
	for _, say := range b.view.ByCode() {
		calls = append(calls,
			func(ctx context.Context) error { return b.setMenu(ctx, say, everybody) },
			func(ctx context.Context) error { return b.setMenu(ctx, say, administrators) },
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
	calls = append(calls, b.setStaffMenus)
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
func (b *Bot) setMenu(ctx context.Context, say view.Coded, readers reach) error {
	var scope models.BotCommandScope = &models.BotCommandScopeDefault{}
	if readers == administrators {
		scope = &models.BotCommandScopeAllChatAdministrators{}
	}
	list := menu(say.Language, readers)
	shown, err := b.telegram.GetMyCommands(ctx, &tg.GetMyCommandsParams{Scope: scope, LanguageCode: say.Code})
	if err != nil || slices.Equal(shown, list) {
		return err
	}
	_, err = b.telegram.SetMyCommands(ctx, &tg.SetMyCommandsParams{Commands: list, Scope: scope, LanguageCode: say.Code})
	return err
}

// setStaffMenus sets the menus of the staff chats, which know more commands.
func (b *Bot) setStaffMenus(ctx context.Context) error {
	chats, err := b.access.allStaffChats(ctx)
	errs := []error{err}
	for _, chat := range chats {
		_, err := b.telegram.SetMyCommands(ctx, &tg.SetMyCommandsParams{
			Commands: menu(b.view.In(""), staffChats), Scope: &models.BotCommandScopeChat{ChatID: chat},
		})
		if telegram.Judge(err) != telegram.Moved { // a group that is a supergroup by now has no menu
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
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
