package bot

import (
	"slices"

	"github.com/go-telegram/bot/models"

	"livedeskbot/bot/outbox"
)

// checkAccess says who may use the bot.
func (c *checker) checkAccess() {
	switch {
	case c.cfg.NewChats == Any:
		c.add(Warning, "who may use the bot: NEW_CHATS=any, so whoever finds it can open tickets from any chat: set it to ask or no unless "+
			"that is meant.")
	case c.cfg.asks():
		c.add(OK, "who may use the bot: staff chats, CHATS, chats to which staff add it, and what staff allow: chat %d is asked about "+
			"every other chat and connects it by one press.", c.cfg.askedPlace().Chat)
	case c.cfg.NewChats == Ask:
		c.add(OK, "who may use the bot: CHATS and chats to which STAFF_MEMBERS add it. There is no staff chat to ask about others: a command "+
			"there is answered with the chat's id; put it into CHATS, or a group of your own into STAFF_CHATS and allow chats from there.")
	default:
		c.add(OK, "who may use the bot: staff chats, CHATS, and chats to which staff add it. A command elsewhere is answered with the chat's id.")
	}
	switch c.cfg.Private {
	case Any:
		c.add(Warning, "who may use the bot in private: PRIVATE=any, so anybody on Telegram can open tickets: set it to known or no unless "+
			"that is meant.")
	case Known:
		c.add(OK, "who may use the bot in private: staff, and people who have to do with a connected chat.")
	default:
		c.add(OK, "who may use the bot in private: staff.")
	}
}

// checkStaffChat warns where a chat is a staff chat that everybody may join, or where Telegram need not say who is in it.
func (c *checker) checkStaffChat(id int64, chat *models.ChatFullInfo, bot *models.ChatMember) {
	if !slices.Contains(c.cfg.AllStaffChats(), id) {
		return
	}
	topic := func(f outbox.Feed) bool { return f.Chat == id && f.Thread != 0 }
	if !chat.IsForum && slices.ContainsFunc(c.cfg.Feeds, topic) {
		c.add(Fault, "chat %d has no topics, but FEED names one: switch topics on in that chat, or leave the topic out.", id)
	}
	if chat.Username != "" {
		c.add(Warning, "chat %d is a staff chat and public as @%s: whoever joins it sees every ticket: make it private.", id, chat.Username)
	}
	if bot.Type == models.ChatMemberTypeMember || bot.Type == models.ChatMemberTypeRestricted {
		c.add(Warning, "chat %d is a staff chat: outside of it, in private or when they add the bot to a chat, its members are known as staff "+
			"only where Telegram says who is in it, which it promises administrators alone: make the bot an administrator there, or "+
			"name the people in STAFF_MEMBERS.", id)
	}
}
