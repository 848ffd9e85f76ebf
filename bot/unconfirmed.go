package bot

import (
	"context"
	"errors"
	"strconv"

	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

// decideUnconfirmed sends an unconfirmed ticket again, or leaves it. The button counts for the attempt it was made for.
func (h handler) decideUnconfirmed(ctx context.Context, say view.Language, c choice) (string, error) {
	attempt, err := strconv.ParseInt(c.argument, 10, 32)
	if err != nil {
		return say.Text("press_unknown"), nil
	}
	if allowed, err := h.access.mayDecide(ctx, c.pressed, c.ticket); err != nil || !allowed {
		return say.Text("press_forbidden"), err
	}
	if c.action == "leave" {
		err = h.store.Leave(ctx, c.ticket.ID, int(attempt))
		h.outbox.Wake()
	} else {
		err = h.desk.Again(ctx, c.ticket.ID, int(attempt))
	}
	if errors.Is(err, storage.ErrNotFound) {
		return say.Text("press_late"), nil
	}
	return say.Text("pressed_" + c.action), err
}
