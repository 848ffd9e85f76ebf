package bot

import (
	"context"
	"strings"

	"github.com/go-telegram/bot/models"
)

// Sift says what may be kept of updates: all of it, or, from groups that are not connected, only what is needed to answer
// a command or a press and to ask staff about the group. nil: nothing is needed.
//
// Private messages are kept as they are until they are handled: whether their person is staff only Telegram knows, and no
// ticket of theirs may get lost meanwhile.
func (h handler) Sift(ctx context.Context, updates []*models.Update) ([]*models.Update, error) {
	if err := h.moveConnections(ctx, updates); err != nil {
		return nil, err
	}
	var groups []int64
	for _, u := range updates {
		if chat := chatOf(u); chat < 0 {
			groups = append(groups, chat)
		}
	}
	known, err := h.access.look(ctx, groups)
	if err != nil {
		return nil, err
	}
	kept := make([]*models.Update, len(updates))
	for i, u := range updates {
		if chat := chatOf(u); chat >= 0 || known[chat].Connected() {
			kept[i] = u
		} else {
			kept[i] = wordless(u)
		}
	}
	return kept, nil
}

// moveConnections gives supergroups what their groups had, at once: what people write there may come in the same moment, and
// must find the supergroup connected.
func (h handler) moveConnections(ctx context.Context, updates []*models.Update) error {
	for _, u := range updates {
		if u.Message == nil {
			continue
		}
		if move, ok := readMove(u.Message); ok {
			if err := h.store.MoveConnection(ctx, h.me.id, move.from, move.to); err != nil {
				return err
			}
		}
	}
	return nil
}

// Keeps reports whether what was said in a chat may be kept for a look. Where nobody can say, it may not.
func (h handler) Keeps(ctx context.Context, chat int64) bool {
	why, err := h.access.bar(ctx, chat, chat)
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

// wordless is an update of a group that is not connected without what was said there; nil: nothing of it is needed.
func wordless(u *models.Update) *models.Update {
	switch {
	case u.Message != nil:
		if _, ok := readMove(u.Message); ok {
			return u
		}
		return wordlessCommand(u)
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
	m := u.Message
	text := words(m)
	word := text[:wordEnd(text)]
	name := commandWord.FindStringSubmatch(word)
	if name == nil || commandNamed(strings.ToLower(name[1])) == nil || m.ForwardOrigin != nil {
		return nil
	}
	return &models.Update{ID: u.ID, Message: &models.Message{
		ID: m.ID, From: m.From, SenderChat: m.SenderChat, Date: m.Date, Chat: m.Chat,
		MessageThreadID: m.MessageThreadID, IsTopicMessage: m.IsTopicMessage, Text: word,
	}}
}
