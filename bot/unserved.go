package bot

import "context"

// warnOfUnserved says once which other bots have work in the database that nobody does: after a new token, or where a second
// service on the same database is down. It is theirs alone; see storage.Store.For.
func (b *Bot) warnOfUnserved(ctx context.Context) {
	bots, err := b.store.Unserved(ctx)
	if err != nil && ctx.Err() == nil {
		b.log.Warn("cannot look for the work of other bots", "error", err)
	}
	for _, other := range bots {
		b.log.Warn("the database holds work of another bot that no process serves; it waits until one does, with that bot's token",
			"bot", other.BotID, "updates", other.Updates, "tickets", other.Tickets)
	}
}
