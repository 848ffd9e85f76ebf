package bot

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

// blocks ends and renews what the bot does for a person.
type blocks struct{ handler }

// block handles /block: the bot does nothing for the person any more.
func (b blocks) block(ctx context.Context, a asked) error {
	who, err := b.whom(ctx, a)
	say := b.view.In("")
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return b.say(ctx, a, say.Text("block_whom"))
	case err != nil:
		return err
	case who.ID <= 0:
		return b.say(ctx, a, say.Text("block_chat"))
	}
	staff, err := b.access.isStaff(ctx, who.ID)
	if err != nil {
		return err
	}
	if staff {
		return b.say(ctx, a, say.Text("block_staff"))
	}
	return b.setBlock(ctx, a, who, true)
}

// unblock handles /unblock, which ends what /block began.
func (b blocks) unblock(ctx context.Context, a asked) error {
	who, err := b.whom(ctx, a)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return b.say(ctx, a, b.view.In("").Text("block_whom"))
	case err != nil:
		return err
	}
	return b.setBlock(ctx, a, who, false)
}

func (b blocks) setBlock(ctx context.Context, a asked, who storage.Person, on bool) error {
	news, err := b.store.Block(ctx, b.me.id, who.ID, on)
	if err != nil {
		return err
	}
	b.access.blocked.forget(struct{}{})
	id := "unblocked"
	switch {
	case on:
		id = "blocked"
	case !news:
		id = "unblocked_none"
	}
	if news {
		b.log.Info("a person is blocked, or no longer", "person", who.ID, "blocked", on, "by", a.by.id)
	}
	return b.say(ctx, a, b.view.In("").Text(id, "Who", markup.Shorten(who.Name, 60), "Person", view.ChatID(who.ID)))
}

// whom is the person that a command is about: by their id, or who asked for the ticket of the message replied to.
// ErrNotFound: nobody is.
func (b blocks) whom(ctx context.Context, a asked) (storage.Person, error) {
	if word, _, _ := strings.Cut(markup.Line(a.args), " "); word != "" {
		id, err := strconv.ParseInt(word, 10, 64)
		if err != nil || id == 0 {
			return storage.Person{}, storage.ErrNotFound
		}
		return storage.Person{ID: id}, nil
	}
	if a.quoted == nil || !a.quoted.mine {
		return storage.Person{}, storage.ErrNotFound
	}
	about, err := b.posts.quoted(ctx, a)
	if err != nil {
		return storage.Person{}, err
	}
	ours, err := b.posts.rows(ctx, about)
	if err != nil {
		return storage.Person{}, err
	}
	if len(ours) == 0 {
		return storage.Person{}, storage.ErrNotFound
	}
	return storage.Person{ID: ours[0].SenderID, Name: ours[0].SenderName}, nil
}
