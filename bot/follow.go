package bot

import (
	"context"
	"errors"
	"slices"

	"livedeskbot/storage"
)

// followTicket handles /follow and /unfollow, with a number or as a reply to one of the bot's messages about a ticket.
func (b *Bot) followTicket(ctx context.Context, w wantFollow) error {
	say := b.texts.in("")
	if !w.by.user {
		return b.say(ctx, w.asked, say.say("follow_nobody"))
	}
	about, err := b.meant(ctx, w.asked)
	if errors.Is(err, storage.ErrNotFound) {
		return b.say(ctx, w.asked, say.say("follow_which"))
	}
	if err != nil {
		return err
	}
	ours, err := b.rows(ctx, about)
	if err != nil {
		return err
	}
	who, err := b.audienceOf(ctx, w.reader(), ours, nil)
	if err != nil {
		return err
	}
	if who == nobody || len(ours) == 0 {
		return b.say(ctx, w.asked, say.say("not_found_number", "Number", shorten(about.TicketID, maxNumber)))
	}
	text, err := b.setFollow(ctx, say, w.by, ours[0], w.on)
	if err != nil {
		return err
	}
	return b.say(ctx, w.asked, text)
}

// toggleFollow is the button: it makes its presser follow the ticket, or no longer.
func (b *Bot) toggleFollow(ctx context.Context, say tongue, by person, t storage.Ticket) (string, error) {
	people, err := b.store.Followers(ctx, t.ID)
	if err != nil {
		return "", err
	}
	follows := slices.ContainsFunc(people, func(p storage.Person) bool { return p.ID == by.id })
	return b.setFollow(ctx, say, by, t, !follows)
}

// setFollow makes a person follow a ticket, or no longer, and returns what to say to them.
func (b *Bot) setFollow(ctx context.Context, say tongue, by person, t storage.Ticket, on bool) (string, error) {
	if err := b.store.Follow(ctx, t.ID, storage.Person{ID: by.id, Name: by.name}, on); err != nil {
		return "", err
	}
	if on {
		return say.say("followed", "Number", t.TicketID), nil
	}
	return say.say("unfollowed", "Number", t.TicketID), nil
}
