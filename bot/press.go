package bot

import (
	"context"
	"errors"
	"strings"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

// press handles a button. Clients can send data that was never on a button, so every press is checked as if it were
// typed: the ticket must belong to the chat that the button stands in, and the person must be allowed to.
func (h handler) press(ctx context.Context, update int64, p pressed) error {
	text, err := h.obey(ctx, update, p)
	if err != nil {
		return err
	}
	// The button has taken effect, so only the answer is repeated.
	h.answerPress(ctx, p, text)
	return nil
}

// answerPress answers a press. The answer is not part of the chat and waits in the person's line. One that is too old to be
// answered is not waited for by anybody.
func (h handler) answerPress(ctx context.Context, p pressed, text string) {
	v, err := h.telegram.AnswerPress(ctx, p.by.id, p.id, markup.Plain(text))
	if v == telegram.Later {
		h.log.Info("a press stays without an answer", "chat", p.chat, "error", err)
	}
}

// replace puts another message in place of the one that was pressed. Where Telegram does not want it, that one stays.
func (h handler) replace(ctx context.Context, p pressed, m markup.Message) error {
	if v, err := h.telegram.Edit(ctx, p.chat, p.message, telegram.Answers, m); v == telegram.Later {
		return err
	}
	return nil
}

// choice is a press that is understood.
type choice struct {
	pressed
	update           int64
	ticket           storage.Ticket
	action, argument string
}

// obey does what a button says and returns the answer to the press.
func (h handler) obey(ctx context.Context, update int64, p pressed) (string, error) {
	say := h.speak()
	if button, ok := view.ParseChatButton(p.data); ok {
		return chatList{h}.press(ctx, say, chatChoice{pressed: p, update: update, ChatButton: button})
	}
	if button, ok := view.ParseOfferButton(p.data); ok {
		return offers{h}.press(ctx, say, p, button)
	}
	switch {
	case strings.HasPrefix(p.data, "setup:"):
		return placeSetup{h}.pressSetup(ctx, p)
	case strings.HasPrefix(p.data, "help:"):
		return h.pressHelp(ctx, say, update, p)
	case strings.HasPrefix(p.data, "forget:"):
		return h.pressForget(ctx, p)
	case strings.HasPrefix(p.data, "lang:"):
		return placeSetup{h}.pressLanguage(ctx, p)
	}
	action, id, argument, ok := view.ParseButton(p.data)
	c := choice{pressed: p, update: update, action: action, argument: argument}
	switch {
	case !ok:
		return say.Text("press_unknown"), nil
	case action == "queue", action == "list", action == "show":
		return lists{h}.press(ctx, say, p, action, id, argument)
	case action == "fixed", action == "broken", action == "rate":
		return verdicts{h}.press(ctx, say, c, id)
	}
	return h.obeyAbout(ctx, say, c, id)
}

// obeyAbout does what a button below a ticket's message says, where the ticket is told in the button's chat.
func (h handler) obeyAbout(ctx context.Context, say view.Language, c choice, id int64) (string, error) {
	t, err := h.store.Ticket(ctx, id)
	told := false
	if err == nil {
		told, c.feed, err = feedPosts{h}.told(ctx, c.pressed, t)
	}
	if errors.Is(err, storage.ErrNotFound) || err == nil && !told {
		return say.Text("press_unknown"), nil
	}
	if err != nil {
		return "", err
	}
	c.ticket = t
	switch c.action {
	case "again", "leave":
		return h.decideUnconfirmed(ctx, say, c)
	case "refresh":
		err = h.store.LookNow(ctx, t.ID)
		h.desk.Look()
		return say.Text("pressed_refresh"), err
	case "talk", "page":
		return h.talk(ctx, say, c)
	case "follow":
		return h.offerFollow(ctx, say, c)
	case "notify":
		return h.chooseFollow(ctx, say, c)
	case "team":
		return h.chooseTeam(ctx, say, c)
	}
	return h.choose(ctx, say, c)
}
