package bot

import (
	"context"
	"errors"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

// followTicket handles /follow and /unfollow, with a number or as a reply to one of the bot's messages about a ticket.
func (h handler) followTicket(ctx context.Context, w wantFollow) error {
	say := h.view.In("")
	if !w.by.user {
		return h.say(ctx, w.asked, say.Text("follow_nobody"))
	}
	about, err := h.meant(ctx, w.asked)
	if errors.Is(err, storage.ErrNotFound) {
		return h.say(ctx, w.asked, say.Text("follow_which"))
	}
	if err != nil {
		return err
	}
	ours, err := h.rows(ctx, about)
	if err != nil {
		return err
	}
	who, err := h.audienceOf(ctx, w.reader(), ours, nil)
	if err != nil {
		return err
	}
	if who == view.Nobody || len(ours) == 0 {
		return h.say(ctx, w.asked, say.Text("not_found_number", "Number", markup.Shorten(about.TicketID, view.MaxNumber)))
	}
	if err := h.store.Follow(ctx, ours[0].ID, storage.Person{ID: w.by.id, Name: w.by.name}, w.on); err != nil {
		return err
	}
	return h.say(ctx, w.asked, followed(say, ours[0], w.on))
}

// toggleFollow is the button: it makes its presser follow the ticket, or no longer.
func (h handler) toggleFollow(ctx context.Context, say view.Language, c choice) (string, error) {
	on, err := h.store.ToggleFollow(ctx, c.ticket.ID, storage.Person{ID: c.by.id, Name: c.by.name}, h.telegram.BotID, c.update)
	if err != nil {
		return "", err
	}
	return followed(say, c.ticket, on), nil
}

func followed(say view.Language, t storage.Ticket, on bool) string {
	if on {
		return say.Text("followed", "Number", t.TicketID)
	}
	return say.Text("unfollowed", "Number", t.TicketID)
}
