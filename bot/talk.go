package bot

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/go-telegram/bot/models"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

// converse takes what a person says in private without a command: the answer to a question, thanks, or what they are offered a
// ticket for.
func (h handler) converse(ctx context.Context, update int64, a asked) (bool, error) {
	if done, err := h.joinsAlbum(ctx, a); err != nil || done {
		return false, err
	}
	if thanks(a) || a.odd {
		return false, h.offer(ctx, a)
	}
	q, err := h.store.StandingQuestion(ctx, wordsOf(a.message))
	switch {
	case err == nil:
		return h.takeAnswer(ctx, update, a, q)
	case !errors.Is(err, storage.ErrNotFound):
		return false, err
	}
	return false, h.offer(ctx, a)
}

// offer answers what a person says in private that is about no ticket: a ticket is offered for it, unless it is thanks or cannot be
// passed on.
func (h handler) offer(ctx context.Context, a asked) error {
	switch {
	case thanks(a):
		return h.welcome(ctx, a)
	case a.odd:
		return h.say(ctx, a, h.speak().Text("offer_nothing"))
	}
	return offers{h}.make(ctx, a, storage.OfferTalk, 0)
}

// notTheirs takes what somebody says about a ticket that it may not be added to. In private they may have seen the ticket while they
// were a member of its chat, and are answered as if it were about none. Elsewhere it is none of the bot's business.
func (h handler) notTheirs(ctx context.Context, a asked) error {
	if !a.private {
		return nil
	}
	return h.offer(ctx, a)
}

// hear takes what a person says in a group, where that answers the bot's question. Nothing else said there is its business.
func (h handler) hear(ctx context.Context, update int64, a asked) (bool, error) {
	if done, err := h.joinsAlbum(ctx, a); err != nil || done {
		return false, err
	}
	q, err := h.store.StandingQuestion(ctx, wordsOf(a.message))
	if errors.Is(err, storage.ErrNotFound) {
		q, err = h.coming(ctx, update, a)
	}
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return h.takeAnswer(ctx, update, a, q)
}

// coming is the question that a command will put which another process has in hand, and that what was said answers: it is stored
// as put. ErrNotFound: there is none.
func (h handler) coming(ctx context.Context, update int64, a asked) (storage.Question, error) {
	words := wordsOf(a.message)
	earlier, err := h.undone(ctx, []storage.Words{words}, update)
	if err != nil {
		return storage.Question{}, err
	}
	for _, u := range slices.Backward(earlier) {
		command, ok := h.route(u).(wantTicket)
		if ok && speakerOf(wordsOf(command.message)) == speakerOf(words) && command.at.Reply < a.at.Reply {
			q := h.questionFor(command.asked)
			if !h.isBare(command.asked) {
				break // a ticket of its own
			}
			return q, h.store.Ask(ctx, q)
		}
	}
	return storage.Question{}, storage.ErrNotFound
}

// isBare reports whether a command for a ticket says nothing that could be one.
func (h handler) isBare(a asked) bool {
	return a.quoted == nil && a.file == nil && h.options().parse(a.args).title == ""
}

func wordsOf(m message) storage.Words {
	return storage.Words{ChatID: m.at.Chat, ThreadID: m.at.Thread, SenderID: m.by.id, MessageID: m.at.Reply}
}

// joinsAlbum remembers a part of an album, and reports whether it went with another part: to the ticket that came of that, or that it
// was added to.
func (h handler) joinsAlbum(ctx context.Context, a asked) (bool, error) {
	part, ok := partOf(a.message).(albumPart)
	if !ok {
		return false, nil
	}
	if joined, err := h.addAlbumPart(ctx, part); err != nil || joined {
		return joined, err
	}
	id, err := h.store.TicketOfAlbum(ctx, h.me.id, a.at.Chat, a.by.id, a.album, a.at.Reply)
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	t, err := h.store.Ticket(ctx, id)
	if err != nil || !stillOpen(t) {
		return false, err
	}
	if may, err := h.mayAddFrom(ctx, h.reader(a), t); err != nil || !may {
		return false, err
	}
	_, err = h.addMessage(ctx, 0, t, a)
	return err == nil, err
}

// thanks reports whether a message says thank you, or that it was read, and nothing else. Where the bot's message asks something,
// "ok" is the answer.
func thanks(a asked) bool {
	if a.file != nil || !view.IsThanks(a.text) {
		return false
	}
	asks := a.quoted != nil && strings.ContainsAny(a.quoted.text, "?？")
	return !asks || !view.IsAgreement(a.text)
}

// welcome reacts to thanks. Where reactions are not allowed they stay without an answer: they need none.
func (h handler) welcome(ctx context.Context, a asked) error {
	if v, err := h.telegram.React(ctx, a.at.Chat, a.at.Reply, telegram.Answers, view.ReactionThanks); v == telegram.Later {
		return err
	}
	return nil
}

// pointOut says what to do to somebody who answers a message of the bot that is about no ticket: in private by an offer, in a group
// once an hour, and not where they plainly talk to each other.
func (h handler) pointOut(ctx context.Context, update int64, a asked) (bool, error) {
	if a.private {
		return h.converse(ctx, update, a)
	}
	staff, err := h.access.isStaffChat(ctx, a.at.Chat)
	if err != nil || staff || !h.cfg.FollowUps {
		return false, err
	}
	if thanks(a) {
		return false, h.welcome(ctx, a)
	}
	q, err := h.store.StandingQuestion(ctx, wordsOf(a.message))
	switch {
	case err == nil:
		return h.takeAnswer(ctx, update, a, q)
	case !errors.Is(err, storage.ErrNotFound):
		return false, err
	case h.addressesOthers(a):
		return false, nil
	}
	hint, err := h.store.Hint(ctx, h.me.id, a.by.id, fmt.Sprintf("reply/%d/%d", a.at.Chat, a.quoted.at.Reply), update)
	if err != nil || !hint {
		return false, err
	}
	return false, h.say(ctx, a, h.speak().Text("reply_nothing"))
}

// addressesOthers reports whether a message names somebody else than the bot.
func (h handler) addressesOthers(a asked) bool {
	for word := range strings.FieldsSeq(a.text) {
		if strings.HasPrefix(word, "@") && len(word) > 1 && !strings.EqualFold(strings.TrimRight(word[1:], ".,:;!?"), h.me.name()) {
			return true
		}
	}
	return len(a.people) > 0
}

// heard says which updates may be kept: of what people say in groups only what may answer a question of the bot, and of that the
// first of each person; of other updates all.
func (s sieve) heard(ctx context.Context, updates []*models.Update) ([]bool, error) {
	keeps := make([]bool, len(updates))
	var talk []int
	var words []storage.Words
	for i, u := range updates {
		m, is := s.talkIn(u)
		if !is {
			keeps[i] = true
			continue
		}
		talk, words = append(talk, i), append(words, wordsOf(m))
	}
	if len(talk) == 0 {
		return keeps, nil
	}
	earlier, err := s.undone(ctx, words, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	stands, err := s.access.store.Stands(ctx, words)
	if err != nil {
		return nil, err
	}
	kept := map[storage.Words]bool{}
	for n, i := range talk {
		if speaker := speakerOf(words[n]); !kept[speaker] && (stands[n] || s.asksIn(earlier, words[n]) || s.asksIn(updates[:i], words[n])) {
			keeps[i], kept[speaker] = true, true
		}
	}
	return keeps, nil
}

// undone are updates with commands of the chats of some words that are not handled yet, those with numbers below before.
func (s sieve) undone(ctx context.Context, words []storage.Words, before int64) ([]*models.Update, error) {
	var chats []int64
	for _, w := range words {
		chats = append(chats, w.ChatID)
	}
	stored, err := s.access.store.Undone(ctx, chats, before, "/ticket")
	var updates []*models.Update
	for _, u := range stored {
		if update, err := telegram.ReadUpdate(u.Payload); err == nil {
			updates = append(updates, &update)
		}
	}
	return updates, err
}

// speakerOf is who has said something, and where.
func speakerOf(w storage.Words) storage.Words {
	w.MessageID = 0
	return w
}

// talkIn reports whether an update is what somebody says in a group. Parts of albums are kept in any case: a command may come with
// another part.
func (s sieve) talkIn(u *models.Update) (message, bool) {
	if u.Message == nil {
		return message{}, false
	}
	m, ok := readMessage(u.Message, s.access.telegram.BotID)
	return m, ok && !m.private && m.album == "" && !m.mayWant() && m.mayTalk()
}

// asksIn reports whether who has said something gives the command that the bot answers with its question in one of some updates.
func (s sieve) asksIn(updates []*models.Update, w storage.Words) bool {
	for _, u := range updates {
		if u.Message == nil {
			continue
		}
		m, _ := readMessage(u.Message, s.access.telegram.BotID)
		if speakerOf(wordsOf(m)) == speakerOf(w) && strings.HasPrefix(strings.ToLower(m.words), "/ticket") {
			return true
		}
	}
	return false
}
