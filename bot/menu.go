package bot

import (
	"github.com/go-telegram/bot/models"

	"livedeskbot/bot/view"
)

// commandList is one of the lists in Telegram's menu of commands.
type commandList struct {
	scope models.BotCommandScope
	list  []models.BotCommand
}

func menu(t view.Language) []commandList {
	var all []models.BotCommand
	for _, name := range []string{"ticket", "status", "follow", "unfollow", "help"} {
		all = append(all, models.BotCommand{Command: name, Description: t.Text("menu_" + name)})
	}
	return []commandList{
		{&models.BotCommandScopeDefault{}, all},
		{&models.BotCommandScopeAllGroupChats{}, all},
		{&models.BotCommandScopeAllPrivateChats{}, all},
	}
}
