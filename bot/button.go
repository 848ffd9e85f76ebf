package bot

import (
	"context"
	"errors"
	"strconv"
	"strings"

	tg "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"livedeskbot/storage"
)

// press handles a button. Clients can send data that was never on a button, so every press is checked as if it were
// typed: the ticket must belong to the chat that the button stands in, and the person must be allowed to.
func (b *Bot) press(ctx context.Context, p pressed) error {
	text, err := b.decide(ctx, p)
	if err != nil {
		return err
	}
	_, err = b.telegram.AnswerCallbackQuery(ctx, &tg.AnswerCallbackQueryParams{CallbackQueryID: p.id, Text: text})
	if err != nil && judge(err) == later {
		return err
	}
	return nil // too old to be answered, which nobody waits for
}

// decide does what a button says and returns the answer to the press, in plain text.
func (b *Bot) decide(ctx context.Context, p pressed) (string, error) {
	say := b.texts.in("")
	action, id, attempt, ok := parseButton(p.data)
	if !ok {
		return say.say("press_unknown"), nil
	}
	t, err := b.store.Ticket(ctx, id)
	if errors.Is(err, storage.ErrNotFound) || err == nil && !(p.chat != 0 && (p.chat == t.ChatID || p.chat == t.CardChatID)) {
		return say.say("press_unknown"), nil
	}
	if err != nil {
		return "", err
	}
	if allowed, err := b.mayDecide(ctx, p, t); err != nil || !allowed {
		return say.say("press_forbidden"), err
	}
	if action == "leave" {
		err = b.store.Leave(ctx, id, attempt)
		b.tellings.up()
	} else {
		err = b.again(ctx, id, attempt)
	}
	if errors.Is(err, storage.ErrNotFound) {
		return say.say("press_late"), nil
	}
	return say.say("pressed_" + action), err
}

// again sends an unconfirmed ticket once more.
func (b *Bot) again(ctx context.Context, id int64, attempt int) error {
	to := storage.StateWaiting
	admitted := b.admit()
	if admitted {
		to = storage.StateSending
	}
	t, err := b.store.TryAgain(ctx, id, attempt, to, b.number())
	if err != nil {
		if admitted {
			b.dismiss()
		}
		return err
	}
	if admitted {
		b.do(func() { b.create(ctx, t) })
	} else {
		b.waiting.up()
		b.tellings.up()
	}
	return nil
}

// parseButton reads "again:TICKET:ATTEMPT" and "leave:TICKET:ATTEMPT".
func parseButton(data string) (action string, id int64, attempt int, ok bool) {
	parts := strings.Split(data, ":")
	if len(parts) != 3 || parts[0] != "again" && parts[0] != "leave" {
		return "", 0, 0, false
	}
	id, err := strconv.ParseInt(parts[1], 10, 64)
	n, err2 := strconv.ParseInt(parts[2], 10, 32)
	return parts[0], id, int(n), err == nil && err2 == nil
}

// mayDecide says whether a person may decide about an unconfirmed ticket: who asked for it, administrators of the chat and
// staff.
func (b *Bot) mayDecide(ctx context.Context, p pressed, t storage.Ticket) (bool, error) {
	if _, staff := b.cfg.StaffMembers[p.by.id]; staff || p.by.id == t.SenderID {
		return true, nil
	}
	if p.private {
		return false, nil // a private chat has no administrators
	}
	role, err := b.role(ctx, p.chat, p.by.id)
	return role == models.ChatMemberTypeOwner || role == models.ChatMemberTypeAdministrator, err
}

// role is what a person is in a chat; empty where Telegram does not say.
func (b *Bot) role(ctx context.Context, chat, who int64) (models.ChatMemberType, error) {
	m, err := b.telegram.GetChatMember(ctx, &tg.GetChatMemberParams{ChatID: chat, UserID: who})
	switch v := judge(err); {
	case v == flood || v == later:
		return "", err
	case v != done:
		return "", nil
	}
	if m.Type == models.ChatMemberTypeRestricted && (m.Restricted == nil || !m.Restricted.IsMember) {
		return models.ChatMemberTypeLeft, nil
	}
	return m.Type, nil
}
