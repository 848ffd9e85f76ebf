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

// feedPosts are the messages of tickets in feeds, and what people do there.
type feedPosts struct{ handler }

// told reports whether a ticket is told in the chat of a button, and whether the button's message is one of the ticket's in its
// feed. In a feed, where many tickets stand and anybody decides, only the ticket's own messages count: data can be forged.
func (f feedPosts) told(ctx context.Context, p pressed, t storage.Ticket) (told, feed bool, err error) {
	if p.chat == 0 {
		return false, false, nil
	}
	own := p.chat == t.ChatID || p.chat == t.CardChatID
	if staff, err := f.access.isStaffChat(ctx, p.chat); err != nil || !staff {
		return own, false, err // a chat that had a feed once has none now
	}
	if about, err := f.posts.isAbout(ctx, p, t); err != nil || !about {
		return own, false, err
	}
	stands, err := f.store.FeedPostOf(ctx, t.ID)
	if errors.Is(err, storage.ErrNotFound) {
		return own, false, nil
	}
	feed = err == nil && stands.ChatID == p.chat
	return own || feed, feed, err
}

// answer tells somebody who replies in a feed where to answer instead; each person once about a ticket, since staff may also
// talk to each other there.
func (f feedPosts) answer(ctx context.Context, update int64, a asked, about storage.Post) (bool, error) {
	t, err := f.store.Ticket(ctx, about.Ticket)
	if err != nil {
		return false, err
	}
	answered, err := f.store.AnsweredInFeed(ctx, t.ID, a.by.id)
	if err != nil || answered {
		return false, err
	}
	if _, _, err := f.outbox.Answer(ctx, a.at, markup.Message{Text: f.view.FeedReply(t)}); err != nil {
		return false, err
	}
	err = f.work.Record(ctx, func() error { return f.store.AnswerInFeed(ctx, t.ID, a.by.id, update) })
	return err == nil, err
}
