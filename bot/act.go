package bot

import (
	"context"

	"github.com/go-telegram/bot/models"

	"livedeskbot/storage"
)

// Handle does what an update wants, once the bot's name is known.
func (h handler) Handle(ctx context.Context, u *models.Update) (finished bool, err error) {
	select {
	case <-h.me.known:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	return h.act(ctx, u.ID, h.route(u))
}

// act does what an update wants. finished says that the update is already marked as done, in the same commit as what came
// of it. An error means that it is to be tried again.
func (h handler) act(ctx context.Context, update int64, want any) (finished bool, err error) {
	switch w := want.(type) {
	case wantTicket:
		return h.openTicket(ctx, update, w.asked, storage.Question{})
	case answered:
		return h.answer(ctx, update, w.asked)
	case edited:
		return h.rewrite(ctx, update, w.asked)
	case albumPart:
		_, err := h.addAlbumPart(ctx, w)
		return false, err
	case wantFollow:
		return false, h.follow(ctx, w.asked, true)
	case wantUnfollow:
		return false, h.follow(ctx, w.asked, false)
	case wantStatus:
		return h.status(ctx, update, w.asked)
	case wantHelp:
		return false, h.say(ctx, w.asked, h.help())
	case wantChat:
		return false, h.say(ctx, w.asked, h.view.In("").Text("private_hint"))
	case pressed:
		return false, h.press(ctx, update, w)
	case placeName:
		return false, h.rename(ctx, w)
	case migrated:
		return false, h.outbox.Move(ctx, w.from, w.to)
	case membership:
		return false, h.noteMembership(ctx, w)
	}
	return false, nil
}
