package bot

import (
	"context"
	"errors"
	"strings"
	"time"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/wait"
	"livedeskbot/storage"
)

// posts are the bot's messages about tickets, by which people name tickets without a number.
type posts struct{ store *storage.Store }

// meant is the ticket that a command names: by its number, or as a reply to one of the bot's messages about it.
// ErrNotFound: by neither.
func (p posts) meant(ctx context.Context, a asked) (storage.Post, error) {
	if number, _, _ := strings.Cut(markup.Line(a.args), " "); number != "" {
		return storage.Post{TicketID: number}, nil
	}
	if a.quoted == nil || !a.quoted.mine {
		return storage.Post{}, storage.ErrNotFound
	}
	post, err := p.quoted(ctx, a)
	post.Kind = "" // the answer is none of a feed's
	return post, err
}

// quoted is what the quoted message of the bot is about.
func (p posts) quoted(ctx context.Context, a asked) (storage.Post, error) {
	return p.at(ctx, a.at.Chat, a.quoted.at.Reply, a.quoted.sent)
}

// at is what a message of the bot is about.
func (p posts) at(ctx context.Context, chat, id int64, sent time.Time) (storage.Post, error) {
	return recorded(ctx, sent, func() (storage.Post, error) { return p.store.PostAt(ctx, chat, id) })
}

// isList reports whether the message of the button is a list of tickets: data can be forged.
func (p posts) isList(ctx context.Context, b pressed) (bool, error) {
	is, err := recorded(ctx, b.sent, func() (bool, error) {
		is, err := p.store.IsList(ctx, b.chat, b.message)
		if err == nil && !is {
			err = storage.ErrNotFound
		}
		return is, err
	})
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	return is, err
}

// recorded looks for what is recorded of a message of the bot. Who answers it at once may be faster than the answer with which
// Telegram tells its number, so a fresh message, going by its date, is given time to be recorded.
func recorded[T any](ctx context.Context, sent time.Time, look func() (T, error)) (T, error) {
	fresh := time.Since(sent) < recording+time.Second // dates are whole seconds
	for until := time.Now().Add(recording); ; {
		found, err := look()
		if !errors.Is(err, storage.ErrNotFound) || !fresh || time.Now().After(until) {
			return found, err
		}
		if err := wait.Sleep(ctx, 20*time.Millisecond); err != nil {
			return found, err
		}
	}
}

// rows are our tickets that a post is about.
func (p posts) rows(ctx context.Context, about storage.Post) ([]storage.Ticket, error) {
	if about.TicketID != "" {
		return p.store.TicketsByNumber(ctx, about.TicketID)
	}
	t, err := p.store.Ticket(ctx, about.Ticket)
	if err != nil {
		return nil, err
	}
	return []storage.Ticket{t}, nil
}

// isAbout reports whether the message of the button is one about the ticket: forged data must not change another one.
func (p posts) isAbout(ctx context.Context, b pressed, t storage.Ticket) (bool, error) {
	post, err := p.at(ctx, b.chat, b.message, b.sent)
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	return post.Ticket == t.ID, err
}
