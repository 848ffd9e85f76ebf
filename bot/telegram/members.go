package telegram

import (
	"context"

	tg "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"
)

// Member is what a person is in a chat. The zero value: nobody there, or Telegram does not say.
type Member struct {
	In    bool // belongs to the chat
	Admin bool // is its owner or an administrator
}

// Member asks what a person is in a chat. An error says that Telegram cannot be asked now.
// https://core.telegram.org/bots/api#getchatmember
func (c *Client) Member(ctx context.Context, chat, who int64) (Member, error) {
	m, err := c.GetChatMember(ctx, &tg.GetChatMemberParams{ChatID: chat, UserID: who})
	switch v := Judge(err); {
	case v == Flood || v == Later:
		return Member{}, c.Redact(err)
	case v != Done:
		return Member{}, nil
	}
	switch m.Type {
	case models.ChatMemberTypeOwner, models.ChatMemberTypeAdministrator:
		return Member{In: true, Admin: true}, nil
	case models.ChatMemberTypeRestricted:
		return Member{In: m.Restricted != nil && m.Restricted.IsMember}, nil
	case models.ChatMemberTypeMember:
		return Member{In: true}, nil
	}
	return Member{}, nil
}

// Rights are what the bot may do in a group.
type Rights struct {
	Administrator bool
	MayWrite      bool
	SeesAll       bool // also what is not plainly meant for it: it is an administrator, or privacy mode is off
}

// RightsIn asks what the bot may do in a group. An error says that Telegram cannot be asked now.
// https://core.telegram.org/bots/features#privacy-mode
func (c *Client) RightsIn(ctx context.Context, chat int64) (Rights, error) {
	me, err := c.GetMe(ctx)
	if err != nil {
		return Rights{}, c.Redact(err)
	}
	m, err := c.GetChatMember(ctx, &tg.GetChatMemberParams{ChatID: chat, UserID: c.BotID})
	switch v := Judge(err); {
	case v == Flood || v == Later:
		return Rights{}, c.Redact(err)
	case v != Done:
		return Rights{}, nil
	}
	admin := m.Type == models.ChatMemberTypeAdministrator || m.Type == models.ChatMemberTypeOwner
	writes := admin || m.Type == models.ChatMemberTypeMember ||
		m.Type == models.ChatMemberTypeRestricted && m.Restricted != nil && m.Restricted.CanSendMessages
	return Rights{Administrator: admin, MayWrite: writes, SeesAll: admin || me.CanReadAllGroupMessages}, nil
}
