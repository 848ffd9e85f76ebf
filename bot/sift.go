package bot

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/go-telegram/bot/models"
	"golang.org/x/sync/errgroup"
)

// sieve says what may be kept of what arrives.
type sieve struct{ access access }

// siftPatience bounds how long Telegram is asked about the people who write in private. No update is taken meanwhile.
const siftPatience = 2 * time.Second

// Sift says what may be kept of updates: all of it, or, of talk in groups, only what may answer a question of the bot, and from
// groups that are not connected and from people who may not use the bot in private, only what is needed to answer them and to ask
// staff about the group. nil: nothing is needed.
//
// Where Telegram does not say in time whether somebody is staff, what they say in private is kept until it is handled: no ticket
// of theirs may get lost.
func (s sieve) Sift(ctx context.Context, updates []*models.Update) ([]*models.Update, error) {
	if err := s.moveConnections(ctx, updates); err != nil {
		return nil, err
	}
	heard, err := s.heard(ctx, updates)
	if err != nil {
		return nil, err
	}
	var groups, people []int64
	for i, u := range updates {
		if !heard[i] {
			continue
		}
		switch chat := chatOf(u); {
		case chat < 0:
			groups = append(groups, chat)
		case chat > 0:
			people = append(people, chat)
		}
	}
	known, err := s.access.look(ctx, groups)
	if err != nil {
		return nil, err
	}
	strangers := s.access.strangers(ctx, people)
	kept := make([]*models.Update, len(updates))
	for i, u := range updates {
		switch chat := chatOf(u); {
		case !heard[i]:
		case chat < 0 && !known[chat].Connected():
			kept[i] = wordless(u, wordlessCommand)
		case strangers[chat]:
			kept[i] = wordless(u, wordlessGreeting)
		default:
			kept[i] = u
		}
	}
	return kept, nil
}

// strangers are those of some people who surely may not use the bot in private.
func (a access) strangers(ctx context.Context, people []int64) map[int64]bool {
	if len(people) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, siftPatience)
	defer cancel()
	people = slices.Compact(slices.Sorted(slices.Values(people)))
	barred := make([]bool, len(people))
	var asks errgroup.Group
	asks.SetLimit(8)
	for i, person := range people {
		asks.Go(func() error {
			why, err := a.bar(ctx, person, person)
			barred[i] = err == nil && why == barPrivate
			return nil
		})
	}
	_ = asks.Wait() // they return none
	strangers := map[int64]bool{}
	for i, person := range people {
		strangers[person] = barred[i]
	}
	return strangers
}

// moveConnections gives supergroups what their groups had, at once: what people write there may come in the same moment, and
// must find the supergroup connected.
func (s sieve) moveConnections(ctx context.Context, updates []*models.Update) error {
	for _, u := range updates {
		if u.Message == nil {
			continue
		}
		if move, ok := readMove(u.Message); ok {
			if err := s.access.store.MoveConnection(ctx, s.access.telegram.BotID, move.from, move.to); err != nil {
				return err
			}
		}
	}
	return nil
}

// Keeps reports whether what was said in a chat may be kept for a look. Where nobody can say, it may not.
func (s sieve) Keeps(ctx context.Context, chat int64) bool {
	why, err := s.access.bar(ctx, chat, chat)
	return err == nil && why == barNone
}

// chatOf is the chat that an update comes from; 0: none.
func chatOf(u *models.Update) int64 {
	switch {
	case u.Message != nil:
		return u.Message.Chat.ID
	case u.EditedMessage != nil:
		return u.EditedMessage.Chat.ID
	case u.CallbackQuery != nil:
		return readPress(u.CallbackQuery).chat
	case u.MyChatMember != nil:
		return u.MyChatMember.Chat.ID
	}
	return 0
}

// wordless is an update without what was said in it, messages as strip makes them; nil: nothing of it is needed.
func wordless(u *models.Update, strip func(*models.Update) *models.Update) *models.Update {
	switch {
	case u.Message != nil:
		if _, ok := readMove(u.Message); ok {
			return u
		}
		return strip(u)
	case u.CallbackQuery != nil:
		p := readPress(u.CallbackQuery)
		return &models.Update{ID: u.ID, CallbackQuery: &models.CallbackQuery{
			ID: p.id, From: models.User{ID: p.by.id},
			Message: models.MaybeInaccessibleMessage{
				Type:                models.MaybeInaccessibleMessageTypeInaccessibleMessage,
				InaccessibleMessage: &models.InaccessibleMessage{Chat: models.Chat{ID: p.chat}, MessageID: int(p.message)},
			},
		}}
	case u.MyChatMember != nil:
		return u
	}
	return nil
}

// wordlessCommand keeps the name of a command of ours, who gave it, and where.
func wordlessCommand(u *models.Update) *models.Update {
	text := words(u.Message)
	word := text[:wordEnd(text)]
	name := commandWord.FindStringSubmatch(word)
	if name == nil || commandNamed(strings.ToLower(name[1])) == nil {
		return nil
	}
	return withText(u, word)
}

// wordlessGreeting keeps who wrote to the bot, so that it can answer; of a command also the name.
func wordlessGreeting(u *models.Update) *models.Update {
	if command := wordlessCommand(u); command != nil || words(u.Message) == "" {
		return command
	}
	return withText(u, "…")
}

// withText is a message with another text, and without all else that was said in it; nil: no person wrote it.
func withText(u *models.Update, text string) *models.Update {
	m := u.Message
	if m.ForwardOrigin != nil {
		return nil
	}
	return &models.Update{ID: u.ID, Message: &models.Message{
		ID: m.ID, From: m.From, SenderChat: m.SenderChat, Date: m.Date, Chat: m.Chat,
		MessageThreadID: m.MessageThreadID, IsTopicMessage: m.IsTopicMessage, Text: text,
	}}
}
