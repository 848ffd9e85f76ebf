package bot

import (
	"context"
	"errors"
	"strconv"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

// verdicts are what people say of a ticket that is said to be resolved: that it is, how good that was, or what is still wrong.
type verdicts struct{ handler }

// press handles a button below the message that a ticket is resolved.
func (v verdicts) press(ctx context.Context, say view.Language, c choice, ticket int64) (string, error) {
	t, err := v.meant(ctx, c.pressed, ticket)
	if errors.Is(err, storage.ErrNotFound) {
		return say.Text("press_unknown"), nil
	}
	if err != nil {
		return "", err
	}
	c.ticket = t
	if may, err := v.access.mayJudge(ctx, c.by.id, t); err != nil || !may {
		return say.Text("press_customer_only"), err
	}
	switch {
	case t.Status == view.StatusGone:
		return say.Text("press_late"), nil
	case !view.Finished(t.Status):
		return say.Text("press_reopened"), nil
	case c.action == "fixed":
		return say.Text("pressed_fixed"), v.putButtons(ctx, c.pressed, view.RateButtons(t))
	case c.action == "rate":
		return v.rate(ctx, say, c)
	case t.Status == view.StatusClosed:
		return say.Text("press_closed"), nil
	}
	return v.ask(ctx, say, c)
}

// meant is the ticket that the message of a button says is resolved. ErrNotFound: it says no such thing, or whom it was told in
// private may not see the ticket any more.
func (v verdicts) meant(ctx context.Context, p pressed, ticket int64) (storage.Ticket, error) {
	post, err := v.posts.at(ctx, p.chat, p.message, p.sent)
	if err == nil && (post.Kind != storage.PostSolved || post.Ticket != ticket) {
		err = storage.ErrNotFound
	}
	if err != nil {
		return storage.Ticket{}, err
	}
	t, err := v.store.Ticket(ctx, ticket)
	if err != nil || !isAway(t, p.chat, p.private) {
		return t, err
	}
	own, err := v.access.ownElsewhere(ctx, reader{chat: p.chat, person: p.by.id, private: true}, t)
	if err == nil && !own {
		err = storage.ErrNotFound
	}
	return t, err
}

// isAway reports whether a chat is the private one of somebody who is told about a ticket of another chat.
func isAway(t storage.Ticket, chat int64, private bool) bool { return private && chat != t.ChatID }

// rate stores a rating and shows it on the message, where its buttons go.
func (v verdicts) rate(ctx context.Context, say view.Language, c choice) (string, error) {
	stars, err := strconv.Atoi(c.argument)
	if err != nil || stars < 1 || stars > view.MaxStars {
		return say.Text("press_unknown"), nil
	}
	rating := view.Rating{Stars: stars}
	answer := c.message // where LiveDesk does not take it
	if isAway(c.ticket, c.chat, c.private) {
		rating.Person, answer = c.by.id, 0
	}
	a := view.NewAddition(pressRef(v.me.id, c.update), c.ticket.ID, storage.AddRating, rating)
	a.MessageID, a.ThreadID, a.SenderID, a.SenderName = answer, c.thread, c.by.id, c.by.name
	if err := v.store.Add(ctx, a, nil, v.me.id, 0); err != nil {
		return "", err
	}
	v.desk.Look()
	return say.Text("pressed_rated"), v.showRating(ctx, c)
}

// showRating shows the last rating. Who else rates at the same time may have shown theirs meanwhile, so it looks once more.
func (v verdicts) showRating(ctx context.Context, c choice) error {
	for shown := 0; ; {
		last, err := v.store.LastAddition(ctx, c.ticket.ID, storage.AddRating)
		if errors.Is(err, storage.ErrNotFound) {
			return nil // LiveDesk did not take it, which is told
		}
		rating, _ := view.AdditionContent(last).(view.Rating)
		if err != nil || rating.Stars == shown {
			return err
		}
		if err := v.outbox.ShowRating(ctx, c.ticket, telegram.Place{Chat: c.chat, Reply: c.message}, rating.Stars); err != nil {
			return err
		}
		shown = rating.Stars
	}
}

// ask asks the person what is still wrong, once until they answer.
func (v verdicts) ask(ctx context.Context, say view.Language, c choice) (string, error) {
	t, to := c.ticket, below(c)
	ask, err := v.store.AskAboutTicket(ctx, storage.Question{
		BotID: v.me.id, ChatID: c.chat, ThreadID: to.Thread, AskedID: -c.update, SenderID: c.by.id, Ticket: t.ID,
	})
	if err != nil || !ask {
		return say.Text("pressed_broken"), err
	}
	var who storage.Person
	if !c.private { // only so does the reply field open for this one person of the group
		who = storage.Person{ID: c.by.id, Name: c.by.name}
	}
	at, id, err := v.outbox.AnswerNear(ctx, to, view.StillWrong(say, t, who))
	if err != nil || id == 0 {
		return "", err
	}
	post := storage.Post{Ticket: t.ID, TicketID: t.TicketID, Kind: storage.PostQuestion}
	err = v.work.Record(ctx, func() error { return v.store.AddPost(ctx, at.Chat, id, post, v.me.id, c.update) })
	return say.Text("pressed_broken"), err
}

// answer takes a reply to the question what is still wrong. What others reply, or the same person once more, is added to the ticket
// as any other words.
func (v verdicts) answer(ctx context.Context, update int64, a asked, about storage.Post) (bool, error) {
	q, err := v.store.QuestionAbout(ctx, v.me.id, a.at.Chat, a.by.id, about.Ticket)
	if errors.Is(err, storage.ErrNotFound) && v.cfg.FollowUps {
		q, err = storage.Question{Ticket: about.Ticket}, nil
	}
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return v.take(ctx, update, a, q)
}

// take adds what is still wrong to the ticket of a question, and asks for the ticket to be reopened; without SenderID the question is
// not this person's, and their words are only added.
func (v verdicts) take(ctx context.Context, update int64, a asked, q storage.Question) (bool, error) {
	t, err := v.store.Ticket(ctx, q.Ticket)
	if errors.Is(err, storage.ErrNotFound) { // it was removed since it was asked about
		return false, v.say(ctx, a, v.speak().Text("add_impossible"))
	}
	if err != nil {
		return false, err
	}
	may, err := v.mayAddFrom(ctx, v.reader(a), t)
	if err != nil {
		return false, err
	}
	if !may {
		return false, v.notTheirs(ctx, a)
	}
	say := v.speak()
	switch {
	case thanks(a):
		return false, v.welcome(ctx, a)
	case a.odd:
		return false, v.say(ctx, a, say.Text("offer_nothing"))
	case a.text == "" && a.file == nil:
		return false, nil
	case !t.Addable() || t.Status == view.StatusGone:
		return false, v.say(ctx, a, say.Text("add_impossible"))
	case t.Status == view.StatusClosed:
		return false, offers(v).make(ctx, a, storage.OfferClosed, t.ID)
	}
	words, files := v.addition(a, t, q.SenderID != 0)
	if q.SenderID == 0 {
		err = v.store.Add(ctx, words, files, v.me.id, update)
	} else {
		err = v.store.Reopen(ctx, words, files, reopening(words, a.by.id), q, update)
	}
	v.desk.Look()
	v.desk.Carry()
	return err == nil, err
}

// reopenRef ends the name of the mark that goes with words.
const reopenRef = "/reopen"

// reopening is the mark that goes with what a person says is still wrong.
func reopening(words storage.Addition, person int64) storage.Addition {
	content := view.Reopening{On: true}
	if words.MessageID == 0 { // said in private, and so is what comes of it
		content.Person = person
	}
	mark := view.NewAddition(words.Ref+reopenRef, words.Ticket, storage.AddReopen, content)
	mark.MessageID, mark.ThreadID, mark.SenderID, mark.SenderName = words.MessageID, words.ThreadID, words.SenderID, words.SenderName
	return mark
}
