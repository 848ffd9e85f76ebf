package bot

import (
	"context"
	"log/slog"

	"livedeskbot/bot/claims"
	"livedeskbot/bot/desk"
	"livedeskbot/bot/outbox"
	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

// handler does what people want of the bot. It is the inbox's Handler.
type handler struct {
	router
	sieve
	cfg      Config
	telegram *telegram.Client
	store    *storage.Store
	work     *claims.Worker
	view     *view.View
	desk     *desk.Desk
	outbox   *outbox.Outbox
	posts    posts
	places   *places
	here     here // what holds where the update at hand comes from
	names    *placeNames
	cleaner  *cleaner
	log      *slog.Logger
}

// say answers a message with a text.
func (h handler) say(ctx context.Context, a asked, text string) error {
	_, _, err := h.outbox.Answer(ctx, a.at, markup.Message{Text: text})
	return err
}
