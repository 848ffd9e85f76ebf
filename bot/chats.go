package bot

import "context"

// noteMembership notes whether the bot can write to a chat. Where it is there and may not write, what is to be told waits.
func (h handler) noteMembership(ctx context.Context, m membership) error {
	switch {
	case m.writes:
		return h.outbox.Regain(ctx, m.chat)
	case m.member:
		h.log.Info("the bot may not write to a chat for now", "chat", m.chat)
		return nil
	}
	news, err := h.store.LoseChat(ctx, m.chat)
	if news {
		h.log.Info("the bot was removed from a chat", "chat", m.chat)
	}
	return err
}
