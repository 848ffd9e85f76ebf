package bot

import (
	"context"
	"errors"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

// ask asks the person for the ticket's text.
func (h handler) ask(ctx context.Context, a asked) error {
	q := h.questionFor(a)
	if err := h.store.Ask(ctx, q); err != nil {
		return err
	}
	if answered, err := h.store.IsAnswered(ctx, q); err != nil || answered {
		return err // another process was faster with the answer
	}
	at, id, err := h.outbox.Answer(ctx, a.at, view.Question(h.speak(), storage.Person{}))
	if err != nil || id == 0 {
		return err
	}
	q.ChatID = at.Chat
	return h.work.Record(ctx, func() error { return h.store.Asked(ctx, q, id) })
}

// questionFor is the question that a command without text puts.
func (h handler) questionFor(a asked) storage.Question {
	return storage.Question{
		BotID: h.me.id, ChatID: a.at.Chat, ThreadID: a.at.Thread, AskedID: a.at.Reply, SenderID: a.by.id, Options: markup.Line(a.args),
	}
}

// isQuestion reports whether a message reads like the bot's question for a ticket's text.
func (h handler) isQuestion(m *message) bool {
	return m != nil && m.mine && h.view.IsQuestion(m.text)
}

// answer takes the reply to one of the bot's messages: to a question it is the ticket, to a ticket's message an addition.
func (h handler) answer(ctx context.Context, update int64, a asked) (bool, error) {
	if done, err := h.joinsAlbum(ctx, a); err != nil || done { // the first part made the ticket, and the others go with it
		return false, err
	}
	if taken, err := (offers{h}).takesPart(ctx, a); err != nil || taken {
		return false, err
	}
	q, err := h.store.QuestionFor(ctx, h.me.id, a.at.Chat, a.by.id, a.quoted.at.Reply, h.isQuestion(a.quoted))
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return h.addTo(ctx, update, a)
	case err != nil:
		return false, err
	case q.Answered:
		if _, err := h.store.ByRef(ctx, h.ref(a)); !errors.Is(err, storage.ErrNotFound) {
			return false, err // the answer was this message: its update is handled again
		}
		return false, h.say(ctx, a, h.speak().Text("question_answered"))
	}
	if thanks(a) {
		return false, h.welcome(ctx, a)
	}
	return h.takeAnswer(ctx, update, a, q)
}

// takeAnswer opens the ticket that a question asked for, or adds to the ticket that it is about.
func (h handler) takeAnswer(ctx context.Context, update int64, a asked, q storage.Question) (bool, error) {
	if q.Ticket != 0 {
		return verdicts{h}.take(ctx, update, a, q)
	}
	return h.openTicket(ctx, update, a, q)
}
