package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

const (
	// joining is how long what a person writes next belongs to what they were offered something for: on a phone people send a
	// thought in several messages.
	joining = time.Minute
	// maxOffered is how many tickets a person may choose from to add to, and maxListedOpen of how many it is found out whether
	// they may.
	maxOffered    = 3
	maxListedOpen = 8
)

// offers are the answers with buttons to what people write: they choose what becomes of it.
type offers struct{ handler }

// make offers something for a message, which may join others that wait for the same choice.
func (o offers) make(ctx context.Context, a asked, kind storage.OfferKind, about int64) error {
	made, err := o.store.Offer(ctx, storage.Offer{
		BotID: o.me.id, ChatID: a.at.Chat, ThreadID: a.at.Thread, MessageID: a.at.Reply, PersonID: a.by.id, Kind: kind, About: about,
		Album: a.album, Messages: [][]byte{keep(a)},
	}, joinWithin(kind))
	switch {
	case err != nil:
		return err
	case made.Choice != "":
		return o.late(ctx, made, a)
	case made.AnswerID == 0 && made.MessageID != a.at.Reply:
		return nil // whoever has its first message in hand answers for all of them
	}
	all, err := restoreAll(made)
	if err != nil || made.AnswerID != 0 && !opensGroup(all, a) {
		return err // the answer says the same as before
	}
	m, err := o.answerTo(ctx, made, len(groupsOf(all)), a)
	if err != nil {
		return err
	}
	if made.AnswerID != 0 {
		if v, err := o.telegram.Edit(ctx, made.ChatID, made.AnswerID, telegram.Answers, m); v == telegram.Later {
			return err
		}
		return nil
	}
	_, id, err := o.outbox.Answer(ctx, a.at, m)
	if err != nil || id == 0 {
		return err
	}
	return o.work.Record(ctx, func() error { return o.store.OfferAnswered(ctx, made, id) })
}

// reword puts what a message says now in place of what it said, as long as nothing has been chosen.
func (o offers) reword(ctx context.Context, a asked) error {
	if _, args, isCommand := parseCommand(a.words, o.me.name()); isCommand {
		a.text = strings.TrimSpace(args) // what would be added
	}
	return o.store.RewordOffer(ctx, o.me.id, a.at.Chat, a.by.id, a.at.Reply, keep(a))
}

// joinWithin is how soon what is written next joins an offer: a command is for itself.
func joinWithin(kind storage.OfferKind) time.Duration {
	if kind == storage.OfferSame {
		return 0
	}
	return joining
}

// late adds a part of an album to the ticket that its other parts were added to. With a new ticket it goes by itself.
func (o offers) late(ctx context.Context, made storage.Offer, a asked) error {
	b, _ := view.ParseOfferButton(made.Choice)
	if b.Action != view.OfferAdd {
		return nil
	}
	t, err := o.store.Ticket(ctx, b.Ticket)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return o.say(ctx, a, o.speak().Text("add_impossible"))
	case err != nil:
		return err
	case !stillOpen(t):
		return o.say(ctx, a, o.speak().Text("offer_closed", "Number", t.TicketID))
	}
	_, err = o.addMessage(ctx, 0, t, a)
	return err
}

// answerTo is the message with the buttons of an offer. A ticket that was removed a moment ago has no number and no title there.
func (o offers) answerTo(ctx context.Context, made storage.Offer, count int, a asked) (markup.Message, error) {
	var about storage.Ticket
	if made.About != 0 {
		var err error
		if about, err = o.store.Ticket(ctx, made.About); err != nil && !errors.Is(err, storage.ErrNotFound) {
			return markup.Message{}, err
		}
	}
	switch made.Kind {
	case storage.OfferClosed:
		return view.ClosedTicket(o.speak(), made, about), nil
	case storage.OfferSame:
		return view.SameTicket(o.speak(), made, about), nil
	}
	tickets, err := o.addable(ctx, o.reader(a))
	return view.Talk(o.speak(), made, count, tickets), err
}

// addable are the newest tickets that a person may add to from their private chat.
func (o offers) addable(ctx context.Context, r reader) ([]storage.Ticket, error) {
	if !o.cfg.FollowUps {
		return nil, nil
	}
	tickets, err := o.store.UnfinishedOf(ctx, r.person, maxListedOpen)
	if err != nil {
		return nil, err
	}
	var may []storage.Ticket
	for _, t := range tickets {
		if len(may) == maxOffered || !stillOpen(t) {
			continue
		}
		ok, err := o.mayAddFrom(ctx, r, t)
		if err != nil {
			return nil, err
		}
		if ok {
			may = append(may, t)
		}
	}
	return may, nil
}

// mayAddFrom reports whether what somebody says in a chat may be added to a ticket: in the ticket's own, and in private to what is
// theirs elsewhere. What is said in a staff chat is not the customer's.
func (h handler) mayAddFrom(ctx context.Context, r reader, t storage.Ticket) (bool, error) {
	if r.chat == t.ChatID || r.chat == t.CardChatID {
		return true, nil
	}
	return h.access.ownElsewhere(ctx, r, t)
}

// stillOpen reports whether a ticket takes additions.
func stillOpen(t storage.Ticket) bool {
	return t.Addable() && t.Status != view.StatusGone && t.Status != view.StatusClosed
}

// press does what the person has chosen. The buttons are those of an answer to this message, and only its author chooses.
func (o offers) press(ctx context.Context, say view.Language, p pressed, b view.OfferButton) (string, error) {
	made, err := o.store.OfferAt(ctx, o.me.id, p.chat, b.Message)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return say.Text("press_over"), nil
	case err != nil:
		return "", err
	case p.message != made.AnswerID && p.answers != made.MessageID:
		return say.Text("press_unknown"), nil
	}
	if theirs, err := o.isAuthor(ctx, p, made); err != nil || !theirs {
		return say.Text("press_requester_only"), err
	}
	switch {
	case b.Action == view.OfferNew:
		return o.open(ctx, say, p, made)
	case b.Action == view.OfferAdd && (made.Kind == storage.OfferTalk || made.Kind == storage.OfferSame && made.About == b.Ticket):
		return o.add(ctx, say, p, made, b.Ticket)
	case b.Action == view.OfferFollow && made.Kind == storage.OfferSame:
		return o.join(ctx, say, p, made)
	}
	return say.Text("press_unknown"), nil
}

// isAuthor reports whether an offer was made to who pressed. Where one of a group's administrators wrote anonymously, each of
// them may have been it.
func (o offers) isAuthor(ctx context.Context, p pressed, made storage.Offer) (bool, error) {
	if made.PersonID != made.ChatID || made.PersonID > 0 {
		return p.by.id == made.PersonID, nil
	}
	member, err := o.telegram.Member(ctx, p.chat, p.by.id)
	return member.Admin, err
}

// open opens a ticket with all that was written. It is the ticket of the first message, so that one is opened however often this
// is done.
func (o offers) open(ctx context.Context, say view.Language, p pressed, made storage.Offer) (string, error) {
	chosen, err := o.store.ChooseOffer(ctx, made, view.OfferNew)
	if errors.Is(err, storage.ErrNotFound) {
		return say.Text("press_late"), nil
	}
	if err != nil {
		return "", err
	}
	a, t, err := o.compose(ctx, chosen)
	if err != nil {
		return "", err
	}
	switch err := o.submit(ctx, 0, a, t); {
	case errors.Is(err, storage.ErrTooMany):
		return say.Text("press_too_many", "Count", o.cfg.PerMinute), o.store.ReopenOffer(ctx, made)
	case err != nil && !errors.Is(err, storage.ErrExists):
		return "", err
	}
	return say.Text("pressed_new"), o.end(ctx, p, made)
}

// compose is the ticket of an offer, and the message that asks for it.
func (o offers) compose(ctx context.Context, chosen storage.Offer) (asked, storage.NewTicket, error) {
	all, err := restoreAll(chosen)
	if err != nil {
		return asked{}, storage.NewTicket{}, err
	}
	a := joined(all)
	text := o.options().parse(a.args)
	if text.title == "" { // it is no command, of which options alone would be too little
		text.title = parseTitle(a.args)
	}
	text.title = cmp.Or(text.title, o.titleWithout(a))
	var files []storage.File
	for _, m := range all {
		files = append(files, filesOf(&m.message, m.quoted)...)
		if m.quoted != nil {
			text.description = view.AppendBlock(text.description, o.quote(m.cited()))
		}
	}
	if text.description, err = o.withClosed(ctx, chosen, text.description); err != nil {
		return a, storage.NewTicket{}, err
	}
	t, err := o.handler.compose(a, text)
	o.gather(&t, a, files)
	return a, t, err
}

// joined is several messages as one, the first with the words of all.
func joined(all []asked) asked {
	a := all[0]
	var said []string
	for _, m := range all {
		if m.args != "" {
			said = append(said, m.args)
		}
		a.album = cmp.Or(m.album, a.album)
	}
	a.args = strings.Join(said, "\n\n")
	return a
}

// withClosed names the closed ticket that a new one goes on from, unless that was removed since it was offered.
func (o offers) withClosed(ctx context.Context, made storage.Offer, description string) (string, error) {
	if made.Kind != storage.OfferClosed {
		return description, nil
	}
	t, err := o.store.Ticket(ctx, made.About)
	if errors.Is(err, storage.ErrNotFound) {
		return description, nil
	}
	if err != nil {
		return "", err
	}
	return view.AppendBlock(o.view.Follows(t), description), nil
}

// add adds all that was written to a ticket, each message once however often this is done.
func (o offers) add(ctx context.Context, say view.Language, p pressed, made storage.Offer, id int64) (string, error) {
	t, err := o.store.Ticket(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		return say.Text("press_unknown"), nil
	}
	if err != nil {
		return "", err
	}
	r := reader{chat: p.chat, person: p.by.id, private: p.private}
	if may, err := o.mayAddFrom(ctx, r, t); err != nil || !may || !o.cfg.FollowUps {
		return say.Text("press_unknown"), err
	}
	if !stillOpen(t) {
		return say.Text("press_add_closed"), nil
	}
	chosen, err := o.store.ChooseOffer(ctx, made, fmt.Sprintf("%s:%d:%d", view.OfferAdd, made.MessageID, t.ID))
	if errors.Is(err, storage.ErrNotFound) {
		return say.Text("press_late"), nil
	}
	if err != nil {
		return "", err
	}
	all, err := restoreAll(chosen)
	if err != nil {
		return "", err
	}
	for _, a := range all {
		if _, err := o.addMessage(ctx, 0, t, a); err != nil {
			return "", err
		}
	}
	return say.Text("pressed_add"), o.end(ctx, p, made)
}

// end lets go of what was written, and takes the buttons away: the card, or a reaction to the message, says the rest.
func (o offers) end(ctx context.Context, p pressed, made storage.Offer) error {
	if err := o.store.EndOffer(ctx, made); err != nil {
		return err
	}
	v, err := o.telegram.Delete(ctx, p.chat, p.message)
	switch v {
	case telegram.Later:
		return err
	case telegram.Refused: // too old to be removed
		return o.putButtons(ctx, p, nil)
	}
	return nil
}

// restoreAll are the messages of an offer, in the order in which they were written.
func restoreAll(o storage.Offer) ([]asked, error) {
	var all []asked
	for _, raw := range o.Messages {
		a, err := restore(raw)
		if err != nil {
			return nil, err
		}
		if a.quoted != nil && a.quoted.mine && o.Kind != storage.OfferSame {
			a.quoted = nil // what of ours they answered is no part of it
		}
		all = append(all, a)
	}
	slices.SortFunc(all, func(x, y asked) int { return cmp.Compare(x.at.Reply, y.at.Reply) })
	if o.Kind == storage.OfferSame { // the parts of an album answer the same message
		for i := range all[min(1, len(all)):] {
			all[i+1].quoted = nil
		}
	}
	return all, nil
}

// groupsOf are the messages as people count them: an album is one.
func groupsOf(all []asked) map[string]int {
	groups := map[string]int{}
	for _, a := range all {
		groups[cmp.Or(a.album, fmt.Sprint(a.at.Reply))]++
	}
	return groups
}

// opensGroup reports whether a message is not the further part of an album.
func opensGroup(all []asked, a asked) bool { return a.album == "" || groupsOf(all)[a.album] == 1 }
