package bot

import (
	"context"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/storage"
)

// act does what an update wants. finished says that the update is already marked as done, in the same commit as what came
// of it. An error means that it is to be tried again.
func (b *Bot) act(ctx context.Context, update int64, want any) (finished bool, err error) {
	switch w := want.(type) {
	case wantTicket:
		return b.openTicket(ctx, update, w.asked, storage.Question{})
	case answered:
		return b.answer(ctx, update, w.asked)
	case edited:
		return b.rewrite(ctx, update, w.asked)
	case albumPart:
		_, err := b.addAlbumPart(ctx, w)
		return false, err
	case wantFollow:
		return false, b.followTicket(ctx, w)
	case wantStatus:
		return b.status(ctx, update, w.asked)
	case wantHelp:
		return false, b.say(ctx, w.asked, b.help())
	case wantChat:
		return false, b.say(ctx, w.asked, b.view.In("").Text("private_hint"))
	case pressed:
		return false, b.press(ctx, update, w)
	case migrated:
		return false, b.move(ctx, w.from, w.to)
	case membership:
		return false, b.joined(ctx, w)
	}
	return false, nil
}

// say answers a message with a text.
func (b *Bot) say(ctx context.Context, a asked, text string) error {
	_, _, err := b.reply(ctx, a.at, markup.Message{Text: text})
	return err
}

// help explains the commands, with the teams there are.
func (b *Bot) help() string {
	t := b.view.In("")
	text := t.Text("help", "Bot", "@"+*b.username.Load())
	if len(b.cfg.Teams) > 0 {
		text += "\n\n" + t.Text("help_teams", "Teams", b.view.TeamNames(), "Team", b.cfg.Teams[0])
	}
	return text
}

// joined notes whether the bot can write to a chat.
func (b *Bot) joined(ctx context.Context, m membership) error {
	if m.member {
		return b.store.RegainChat(ctx, m.chat)
	}
	news, err := b.store.LoseChat(ctx, m.chat)
	if news {
		b.log.Info("the bot was removed from a chat or may not write there", "chat", m.chat)
	}
	return err
}
