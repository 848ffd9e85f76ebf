package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

// askedForTicket takes /ticket. As a reply to what the bot says of a ticket of the same chat it may be meant for that one: its person
// is asked, because two tickets about one thing are trouble for everybody.
func (h handler) askedForTicket(ctx context.Context, update int64, a asked) (bool, error) {
	t, err := h.answeredTicket(ctx, a)
	if errors.Is(err, storage.ErrNotFound) {
		return h.openTicket(ctx, update, a, storage.Question{})
	}
	if err != nil {
		return false, err
	}
	a.text = strings.TrimSpace(a.args) // what would be added
	return false, offers{h}.make(ctx, a, storage.OfferSame, t.ID)
}

// answeredTicket is the ticket that a command replies to, where its person may be offered something else than another one.
// ErrNotFound: there is none.
func (h handler) answeredTicket(ctx context.Context, a asked) (storage.Ticket, error) {
	if a.quoted == nil || !a.quoted.mine || !a.by.user || h.isQuestion(a.quoted) {
		return storage.Ticket{}, storage.ErrNotFound
	}
	post, err := h.posts.quoted(ctx, a)
	if err != nil {
		return storage.Ticket{}, err
	}
	if post.Ticket == 0 || post.Kind == storage.PostFeed {
		return storage.Ticket{}, storage.ErrNotFound
	}
	t, err := h.store.Ticket(ctx, post.Ticket)
	own := t.SenderID == a.by.id
	if err == nil && (t.ChatID != a.at.Chat || !stillOpen(t) || own && (!h.cfg.FollowUps || strings.TrimSpace(a.args) == "" && a.file == nil)) {
		err = storage.ErrNotFound
	}
	return t, err
}

// takesPart takes a part of an album whose command is being asked about: it goes where the command goes.
func (o offers) takesPart(ctx context.Context, a asked) (bool, error) {
	if a.album == "" {
		return false, nil
	}
	made, err := o.store.OfferOfAlbum(ctx, o.me.id, a.at.Chat, a.by.id, a.album, storage.OfferSame)
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, o.make(ctx, a, storage.OfferSame, made.About)
}

// join makes the person of an offer follow its ticket instead of opening another one.
func (o offers) join(ctx context.Context, say view.Language, p pressed, made storage.Offer) (string, error) {
	t, err := o.store.Ticket(ctx, made.About)
	if errors.Is(err, storage.ErrNotFound) { // it was removed
		return say.Text("press_over"), nil
	}
	if err != nil {
		return "", err
	}
	if !stillOpen(t) {
		return say.Text("press_add_closed"), nil
	}
	_, err = o.store.ChooseOffer(ctx, made, fmt.Sprintf("%s:%d", view.OfferFollow, made.MessageID))
	if errors.Is(err, storage.ErrNotFound) {
		return say.Text("press_late"), nil
	}
	if err != nil {
		return "", err
	}
	from := whence(t, p.chat, p.private)
	if err := o.store.Follow(ctx, t.ID, storage.Person{ID: p.by.id, Name: p.by.name}, from, true); err != nil {
		return "", err
	}
	if err := o.store.EndOffer(ctx, made); err != nil {
		return "", err
	}
	return "", o.replace(ctx, p, markup.Message{Text: o.followed(say, t, from, true)})
}
