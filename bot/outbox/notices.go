package outbox

import (
	"context"
	"slices"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

// maxNamed is how many people one message mentions.
const maxNamed = 5

// part is one message of a notice: a text or a file, and its place among those.
type part struct {
	markup.Message
	file *view.ReplyFile
	nth  int
}

// tellNotices tells what there is to tell about a ticket beside its card, in order.
func (o *Outbox) tellNotices(ctx context.Context, t storage.Ticket) error {
	notices, err := o.store.Notices(ctx, t.ID)
	if err != nil {
		return err
	}
	for _, n := range notices {
		if n.Kind == view.NoticeStatus { // a look may have stored it after t was read, and people are asked about the present status
			if t, err = o.store.Ticket(ctx, t.ID); err != nil {
				return err
			}
		}
		if err := o.tellNotice(ctx, t, n); err != nil {
			return err
		}
	}
	return nil
}

// tellNotice tells one notice, from the part on at which it was left. Where its content has changed, the messages that
// stand are edited.
func (o *Outbox) tellNotice(ctx context.Context, t storage.Ticket, n storage.Notice) error {
	n.Private, n.Post = view.Mentions(n), view.PostKind(t, n)
	if reacted, err := o.react(ctx, t, n); err != nil || reacted {
		return err
	}
	parts, err := o.parts(ctx, t, n)
	if err != nil {
		return err
	}
	for last := false; !last; {
		posted, told := int64(0), true
		if n.PartsSent < len(parts) {
			if posted, told, err = o.tellOne(ctx, t, &n, parts[n.PartsSent]); err != nil {
				return err
			}
		}
		n.PartsSent++
		o.trim(ctx, &n, parts)
		last = !told || n.PartsSent >= len(parts)
		if err := o.work.Record(ctx, func() error { return o.store.RecordPart(ctx, n, t.TicketID, posted, last) }); err != nil {
			return err
		}
	}
	return nil
}

// react tells a notice by a reaction to the message that it answers, where there is one for it and Telegram takes it there.
func (o *Outbox) react(ctx context.Context, t storage.Ticket, n storage.Notice) (bool, error) {
	emoji := view.Reaction(n)
	chat, message := view.Answered(t, n)
	if emoji == "" || message == 0 || n.PartsSent > 0 {
		return false, nil
	}
	switch v, err := o.telegram.React(ctx, chat, message, telegram.Answers, emoji); v {
	case telegram.Done:
		return true, o.work.Record(ctx, func() error { return o.store.RecordPart(ctx, n, t.TicketID, 0, true) })
	case telegram.Later:
		return false, err
	}
	return false, nil // it is told in words
}

// trim removes the messages of a notice that its words, now fewer, no longer need.
func (o *Outbox) trim(ctx context.Context, n *storage.Notice, parts []part) {
	texts := 0
	for _, p := range parts {
		if p.file == nil {
			texts++
		}
	}
	for _, id := range n.Messages[min(texts, len(n.Messages)):] {
		_, _ = o.telegram.Delete(ctx, n.ChatID, id) // one that is too old to be removed stays
	}
	n.Messages = n.Messages[:min(texts, len(n.Messages))]
}

// tellOne posts one part of a notice, or edits the message that has it already, and returns the message that was posted for it,
// if any. told is false where nobody can be told.
func (o *Outbox) tellOne(ctx context.Context, t storage.Ticket, n *storage.Notice, p part) (posted int64, told bool, err error) {
	switch {
	case p.file != nil && p.nth < n.FilesSent:
		return 0, true, nil
	case p.file == nil && p.nth < len(n.Messages):
		v, err := o.telegram.Edit(ctx, n.ChatID, n.Messages[p.nth], telegram.Notices, p.Message)
		if v == telegram.Done || v == telegram.Later {
			return 0, true, err
		}
	}
	chat, id, err := o.tellPart(ctx, t, *n, p)
	if err != nil || id == 0 {
		return 0, false, err
	}
	if chat != n.ChatID { // what was told elsewhere is out of reach
		n.ChatID, n.Messages = chat, nil
	}
	if p.file != nil {
		n.FilesSent++
	} else {
		n.Messages = append(n.Messages[:min(p.nth, len(n.Messages))], id)
	}
	return id, true, nil
}

// tellPart posts one message of a notice: as a reply to the card or to the message it answers, else into General. Where
// the chat is lost nobody is told: it is their chat's business, and the ticket can be asked for again.
func (o *Outbox) tellPart(ctx context.Context, t storage.Ticket, n storage.Notice, p part) (chat, id int64, err error) {
	priority, reply := telegram.Notices, t.CardID
	if n.ReplyTo != 0 {
		priority, reply = telegram.Answers, n.ReplyTo
	}
	if t.CardChatID != t.ChatID && n.ReplyTo == 0 {
		reply = 0
	}
	if chat, message := view.Answered(t, n); message != 0 && chat != t.ChatID {
		at, id, err := o.Answer(ctx, telegram.Place{Chat: chat, Reply: message}, p.Message)
		return at.Chat, id, err
	}
	places := []telegram.Place{{Chat: t.ChatID, Thread: t.ThreadID, Reply: reply}, {Chat: t.ChatID}}
	if n.ReplyTo != 0 && t.ThreadID != 0 { // it may have been asked in General, where what is in a closed topic goes on
		places = slices.Insert(places, 1, telegram.Place{Chat: t.ChatID, Reply: reply})
	}
	chat, id, err = o.postFirst(ctx, t, places, func(to telegram.Place) (int64, telegram.Verdict, error) { return o.postPart(ctx, to, priority, p) })
	if err == nil && id == 0 {
		o.log.Warn("nobody can be told what is new about a ticket", "chat", t.ChatID, "ticket", t.ID)
	}
	return chat, id, err
}

func (o *Outbox) postPart(ctx context.Context, to telegram.Place, priority telegram.Priority, p part) (int64, telegram.Verdict, error) {
	if p.file == nil {
		return o.telegram.Post(ctx, to, priority, p.Message)
	}
	id, v, err := o.passOn(ctx, to, priority, *p.file)
	if v != telegram.Refused && v != telegram.NoFiles {
		return id, v, err
	}
	return o.telegram.Post(ctx, to, priority, markup.Message{Text: view.FileLink(*p.file)})
}

// parts are the messages of a notice.
func (o *Outbox) parts(ctx context.Context, t storage.Ticket, n storage.Notice) ([]part, error) {
	var who []storage.Person
	if view.Mentions(n) {
		var err error
		if who, err = o.mentioned(ctx, t); err != nil {
			return nil, err
		}
	}
	texts, files := o.view.Notice(t, n, who)
	var parts []part
	for i, text := range texts {
		parts = append(parts, part{Message: markup.Message{Text: text}, nth: i})
	}
	if last := len(parts) - 1; last >= 0 {
		parts[last].Buttons = o.view.NoticeButtons(t, n)
		parts[last].Field = o.view.NoticeField(t, n)
		parts[last].Ask = parts[last].Field != ""
	}
	for i := range files {
		parts = append(parts, part{file: &files[i], nth: i})
	}
	return parts, nil
}

// ShowRating puts a rating into a message that a ticket is resolved, in place of its buttons.
func (o *Outbox) ShowRating(ctx context.Context, t storage.Ticket, at telegram.Place, rating int) error {
	var who []storage.Person
	if at.Chat == t.ChatID {
		var err error
		if who, err = o.mentioned(ctx, t); err != nil {
			return err
		}
	}
	if v, err := o.telegram.Edit(ctx, at.Chat, at.Reply, telegram.Answers, o.view.Rated(t, who, rating)); v == telegram.Later {
		return err
	}
	return nil
}

// mentioned are the requester and the followers, so that they notice. In a private chat there is nobody else to notice.
func (o *Outbox) mentioned(ctx context.Context, t storage.Ticket) ([]storage.Person, error) {
	if t.ChatID == t.SenderID {
		return nil, nil
	}
	people, err := o.store.Followers(ctx, t.ID)
	return people[:min(len(people), maxNamed)], err
}

// refuseAdditions tells the people who wanted to add to a ticket that in the end LiveDesk does not have.
func (o *Outbox) refuseAdditions(ctx context.Context, t storage.Ticket) error {
	additions, err := o.store.Additions(ctx, t.ID)
	if err != nil || len(additions) == 0 {
		return err
	}
	var l storage.Look
	for _, a := range additions {
		l.Failed = append(l.Failed, a.ID)
		if view.Settled(a, false) != "" {
			l.Notices = append(l.Notices, view.AdditionNotice(a, "add_impossible"))
		}
	}
	return o.store.FailAdditions(ctx, t.ID, l.Failed, l.Notices)
}
