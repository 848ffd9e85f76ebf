package bot

import (
	"context"
	"errors"
	"strings"

	"livedeskbot/storage"
)

// followTicket handles /follow and /unfollow, with a number or as a reply to one of the bot's messages about a ticket.
func (b *Bot) followTicket(ctx context.Context, w wantFollow) error {
	say := b.texts.in("")
	if !w.by.user {
		return b.say(ctx, w.asked, say.say("follow_nobody"))
	}
	number, _, _ := strings.Cut(plainLine(w.args), " ")
	about := storage.Post{TicketID: number}
	if number == "" {
		if !b.mine(w.quoted) {
			return b.say(ctx, w.asked, say.say("follow_which"))
		}
		var err error
		if about, err = b.store.PostAt(ctx, w.at.chat, int64(w.quoted.ID)); errors.Is(err, storage.ErrNotFound) {
			return b.say(ctx, w.asked, say.say("follow_which"))
		} else if err != nil {
			return err
		}
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
		return b.say(ctx, w.asked, say.say("not_found_number", "Number", shorten(number, maxNumber)))
	}
	t := ours[0]
	if err := b.store.Follow(ctx, t.ID, storage.Person{ID: w.by.id, Name: w.by.name}, w.on); err != nil {
		return err
	}
	id := "unfollowed"
	if w.on {
		id = "followed"
	}
	return b.say(ctx, w.asked, say.say(id, "Number", t.TicketID))
}

// toggleFollow is the button: it makes its presser follow the ticket, or no longer.
func (b *Bot) toggleFollow(ctx context.Context, say tongue, by person, t storage.Ticket) (string, error) {
	people, err := b.store.Followers(ctx, t.ID)
	if err != nil {
		return "", err
	}
	on := true
	for _, p := range people {
		on = on && p.ID != by.id
	}
	if err := b.store.Follow(ctx, t.ID, storage.Person{ID: by.id, Name: by.name}, on); err != nil {
		return "", err
	}
	if on {
		return say.say("followed", "Number", t.TicketID), nil
	}
	return say.say("unfollowed", "Number", t.TicketID), nil
}
