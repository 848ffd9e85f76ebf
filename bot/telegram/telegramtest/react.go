package telegramtest

import (
	"slices"
	"strings"
)

// Reaction is one person's reaction to a message.
type Reaction struct {
	By    *Person
	Emoji string
}

// Emoji are the reactions there are, in Telegram's order.
func Emoji() []string { return strings.Fields(reactions) }

// ForbidReactions lets nobody react to messages of the chat. https://core.telegram.org/bots/api#chatfullinfo
func (ch *Chat) ForbidReactions() {
	ch.s.mu.Lock()
	defer ch.s.mu.Unlock()
	ch.reactionless = true
}

// React makes a person react to a message, or with an empty emoji take the reaction back. The bot is told in
// message_reaction if it asked for that update and is an administrator of the group.
// https://core.telegram.org/bots/api#update
func (s *Server) React(by *Person, m *Message, emoji string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := m.Chat.history.find(m.ID)
	if now == nil {
		return
	}
	var before string
	reacted := *now
	reacted.Reactions = slices.DeleteFunc(slices.Clone(now.Reactions), func(r Reaction) bool {
		if r.By == by {
			before = r.Emoji
		}
		return r.By == by
	})
	if emoji != "" {
		reacted.Reactions = append(reacted.Reactions, Reaction{by, emoji})
	}
	m.Chat.history.replace(&reacted)
	if m.Chat.kind == "private" || m.Chat.status(s.bot.ID) == Administrator {
		m.Chat.tellReaction(by, m.ID, before, emoji)
	}
}

func (ch *Chat) tellReaction(by *Person, id int, before, after string) {
	ch.s.enqueue("message_reaction", laneOf("message_reaction", ch.ID), struct {
		Chat    *wireChat      `json:"chat"`
		Message int            `json:"message_id"`
		User    *Person        `json:"user"`
		Date    int64          `json:"date"`
		Old     []wireReaction `json:"old_reaction"`
		New     []wireReaction `json:"new_reaction"`
	}{ch.wire(), id, by, ch.s.opts.Now().Unix(), wireReactions(before), wireReactions(after)})
}

type wireReaction struct {
	Type  string `json:"type"`
	Emoji string `json:"emoji"`
}

func wireReactions(emoji string) []wireReaction {
	if emoji == "" {
		return []wireReaction{}
	}
	return []wireReaction{{"emoji", emoji}}
}
