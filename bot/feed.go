package bot

import (
	"context"
	"errors"
	"slices"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/storage"
)

// AllStaffChats are the chats whose members are staff: those that are named so, and those that have feeds.
func (c Config) AllStaffChats() []int64 {
	chats := slices.Clone(c.StaffChats)
	for _, feed := range c.Feeds {
		if !slices.Contains(chats, feed.Chat) {
			chats = append(chats, feed.Chat)
		}
	}
	return chats
}

// toldAt reports whether a ticket is told in the chat of a button, and whether the button's message is one of the ticket's in its
// feed. In a feed, where many tickets stand and anybody decides, only the ticket's own messages count: data can be forged.
func (h handler) toldAt(ctx context.Context, p pressed, t storage.Ticket) (told, feed bool, err error) {
	if p.chat == 0 {
		return false, false, nil
	}
	own := p.chat == t.ChatID || p.chat == t.CardChatID
	if staff, err := h.access.isStaffChat(ctx, p.chat); err != nil || own && !staff {
		return own, false, err
	}
	if about, err := h.posts.isAbout(ctx, p, t); err != nil || !about {
		return own, false, err
	}
	stands, err := h.store.FeedPostOf(ctx, t.ID)
	if errors.Is(err, storage.ErrNotFound) {
		return own, false, nil
	}
	feed = err == nil && stands.ChatID == p.chat
	return own || feed, feed, err
}

// answerInFeed tells somebody who replies in a feed where to answer instead; each person once about a ticket, since staff may also
// talk to each other there.
func (h handler) answerInFeed(ctx context.Context, update int64, a asked, about storage.Post) (bool, error) {
	t, err := h.store.Ticket(ctx, about.Ticket)
	if err != nil {
		return false, err
	}
	answered, err := h.store.AnsweredInFeed(ctx, t.ID, a.by.id)
	if err != nil || answered {
		return false, err
	}
	if _, _, err := h.outbox.Answer(ctx, a.at, markup.Message{Text: h.view.FeedReply(t)}); err != nil {
		return false, err
	}
	err = h.work.Record(ctx, func() error { return h.store.AnswerInFeed(ctx, t.ID, a.by.id, update) })
	return err == nil, err
}

// nameOf stores what the chat and the topic of a ticket are called, for staff. What is known already is not stored again.
func (h handler) nameOf(ctx context.Context, a asked) {
	if a.private {
		return
	}
	h.name(ctx, storage.PlaceKey{Chat: a.at.Chat}, a.title, true)
	h.name(ctx, storage.PlaceKey{Chat: a.at.Chat, Thread: a.at.Thread}, a.topic, a.at.Thread == 0)
}

// name stores what a place is called, where that is said. sure says that it is not an old name.
func (h handler) name(ctx context.Context, place storage.PlaceKey, name string, sure bool) {
	if known, ok := h.named.Load(place); name == "" || ok && (known == name || !sure) {
		return
	}
	if err := h.store.NamePlace(ctx, place, name, sure); err != nil {
		h.log.Warn("cannot store what a chat is called", "chat", place.Chat, "topic", place.Thread, "error", err)
		return
	}
	h.named.Store(place, name)
}

// rename stores another name of a chat or topic.
func (h handler) rename(ctx context.Context, n placeName) error {
	h.named.Delete(n.place)
	return h.store.RenamePlace(ctx, n.place, n.name)
}
