package bot

import (
	"context"
	"errors"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

// follow handles /follow and /unfollow, with a number or as a reply to one of the bot's messages about a ticket.
func (h handler) follow(ctx context.Context, a asked, on bool) error {
	say := h.speak()
	if !a.by.user {
		return h.say(ctx, a, say.Text("follow_nobody"))
	}
	about, err := h.posts.meant(ctx, a)
	if errors.Is(err, storage.ErrNotFound) {
		return h.say(ctx, a, say.Text("follow_which"))
	}
	if err != nil {
		return err
	}
	ours, err := h.tickets(ctx, a, about)
	if err != nil {
		return err
	}
	if len(ours) > 1 && about.Ticket == 0 {
		return h.ambiguous(ctx, a, about.TicketID, ours)
	}
	if len(ours) == 0 {
		return h.say(ctx, a, say.Text("not_found_number", "Number", markup.Shorten(about.TicketID, view.MaxNumber)))
	}
	from := whence(ours[0], a.at.Chat, a.private)
	if err := h.store.Follow(ctx, ours[0].ID, storage.Person{ID: a.by.id, Name: a.by.name}, from, on); err != nil {
		return err
	}
	return h.say(ctx, a, h.followed(say, ours[0], from, on))
}

// tickets are those of ours that a command means and the readers of its chat may see.
func (h handler) tickets(ctx context.Context, a asked, about storage.Post) ([]storage.Ticket, error) {
	if about.Ticket == 0 && about.TicketID != "" {
		ours, err := h.known(ctx, h.reader(a), about.TicketID)
		if err != nil || len(ours) > 0 {
			return ours, err
		}
		return h.ending(ctx, h.reader(a), about.TicketID)
	}
	ours, err := h.posts.rows(ctx, about)
	if err != nil {
		return nil, err
	}
	if who, err := h.access.audience(ctx, h.reader(a), ours, nil); err != nil || who == view.Nobody {
		return nil, err
	}
	return ours, nil
}

// offerFollow is the card's button. A card is read by many, and a press means another thing for who follows than for who does not:
// so it changes nothing, and puts both choices below the card.
func (h handler) offerFollow(ctx context.Context, say view.Language, c choice) (string, error) {
	if !hasChoices(c.ticket) {
		return say.Text("press_late"), nil
	}
	if about, err := h.posts.isAbout(ctx, c.pressed, c.ticket); err != nil || !about {
		return say.Text("press_unknown"), err
	}
	on, err := h.store.Following(ctx, c.ticket.ID, c.by.id)
	if err != nil {
		return "", err
	}
	text := "press_not_following"
	if on {
		text = "press_following"
	}
	return say.Text(text), h.putButtons(ctx, c.pressed, view.FollowButtons(say, c.ticket))
}

// chooseFollow is one of the choices. A press that is handled twice does the same twice.
func (h handler) chooseFollow(ctx context.Context, say view.Language, c choice) (string, error) {
	if !hasChoices(c.ticket) {
		return say.Text("press_late"), nil
	}
	on := c.argument == "on"
	if about, err := h.posts.isAbout(ctx, c.pressed, c.ticket); err != nil || !about || !on && c.argument != "off" {
		return say.Text("press_unknown"), err
	}
	from := whence(c.ticket, c.chat, c.private)
	if err := h.store.Follow(ctx, c.ticket.ID, storage.Person{ID: c.by.id, Name: c.by.name}, from, on); err != nil {
		return "", err
	}
	return h.followed(say, c.ticket, from, on), h.putButtons(ctx, c.pressed, view.CardButtons(say, c.ticket))
}

// whence is where somebody follows a ticket who does so in a chat: nobody is named in the ticket's chat who did it elsewhere.
func whence(t storage.Ticket, chat int64, private bool) storage.Whence {
	switch {
	case chat == t.ChatID:
		return storage.Here
	case private:
		return storage.InPrivate
	}
	return storage.Elsewhere
}

// followed says that somebody follows a ticket, and how they hear of it, or that they do not.
func (h handler) followed(say view.Language, t storage.Ticket, from storage.Whence, on bool) string {
	switch {
	case !on:
		return say.Text("unfollowed", "Number", view.Number(t))
	case from == storage.InPrivate:
		return say.Text("followed_private", "Number", view.Number(t))
	case from == storage.Elsewhere:
		return say.Text("followed_staff", "Number", view.Number(t), "Feed", len(h.cfg.Feeds) > 0)
	}
	return say.Text("followed", "Number", view.Number(t))
}
