package bot

import "context"

// noteMembership notes whether the bot can write to a chat.
func (h handler) noteMembership(ctx context.Context, m membership) error {
	if m.member {
		return h.store.RegainChat(ctx, m.chat)
	}
	news, err := h.store.LoseChat(ctx, m.chat)
	if news {
		h.log.Info("the bot was removed from a chat or may not write there", "chat", m.chat)
	}
	return err
}
