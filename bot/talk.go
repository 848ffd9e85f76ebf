package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-telegram/bot/models"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/view"
	"livedeskbot/bot/wait"
	"livedeskbot/storage"
)

// converse takes what a person says in private without a command: the answer to a question, thanks, or what they are offered a
// ticket for.
func (h handler) converse(ctx context.Context, update int64, a asked) (bool, error) {
	if done, err := h.joinsAlbum(ctx, a); err != nil || done {
		return false, err
	}
	if thanks(a) {
		return false, h.welcome(ctx, a)
	}
	if a.odd {
		return false, h.say(ctx, a, h.speak().Text("offer_nothing"))
	}
	q, err := h.store.StandingQuestion(ctx, wordsOf(a.message))
	switch {
	case err == nil:
		return h.openTicket(ctx, update, a, q)
	case !errors.Is(err, storage.ErrNotFound):
		return false, err
	}
	return false, offers{h}.make(ctx, a, storage.OfferTalk, 0)
}

// hear takes what a person says in a group, where that answers the bot's question. Nothing else said there is its business.
func (h handler) hear(ctx context.Context, update int64, a asked) (bool, error) {
	if done, err := h.joinsAlbum(ctx, a); err != nil || done {
		return false, err
	}
	q, err := h.awaitQuestion(ctx, update, wordsOf(a.message))
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return h.openTicket(ctx, update, a, q)
}

// unhandled is how long a command that puts a question may still be in work, in another process, when its answer comes.
const unhandled = 10 * time.Second

// awaitQuestion returns the question that words answer, and waits for one that is about to be put. ErrNotFound: there is none.
func (h handler) awaitQuestion(ctx context.Context, update int64, w storage.Words) (storage.Question, error) {
	for until := time.Now().Add(unhandled); ; {
		awaited, err := h.store.Awaited(ctx, []storage.Words{w}, update)
		if err != nil {
			return storage.Question{}, err
		}
		q, err := h.store.StandingQuestion(ctx, w)
		if !errors.Is(err, storage.ErrNotFound) || !awaited[0] || time.Now().After(until) {
			return q, err
		}
		if err := wait.Sleep(ctx, 50*time.Millisecond); err != nil {
			return q, err
		}
	}
}

func wordsOf(m message) storage.Words {
	return storage.Words{ChatID: m.at.Chat, ThreadID: m.at.Thread, SenderID: m.by.id, MessageID: m.at.Reply}
}

// joinsAlbum remembers a part of an album, and reports whether its ticket is there already.
func (h handler) joinsAlbum(ctx context.Context, a asked) (bool, error) {
	part, ok := partOf(a.message).(albumPart)
	if !ok {
		return false, nil
	}
	return h.addAlbumPart(ctx, part)
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

// welcome reacts to thanks. Where that is not allowed it stays without an answer, which is none needed.
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
		return h.openTicket(ctx, update, a, q)
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
// first of each person. Everything else is not talk.
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
	awaited, err := s.access.store.Awaited(ctx, words, int64(^uint64(0)>>1))
	if err != nil {
		return nil, err
	}
	kept := map[storage.Words]bool{}
	for n, i := range talk {
		speaker := words[n]
		speaker.MessageID = 0
		if kept[speaker] || !awaited[n] && !s.asksIn(updates[:i], speaker) {
			continue
		}
		keeps[i], kept[speaker] = true, true
	}
	return keeps, nil
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

// asksIn reports whether somebody gives the command that the bot answers with its question in one of some updates.
func (s sieve) asksIn(updates []*models.Update, speaker storage.Words) bool {
	for _, u := range updates {
		if u.Message == nil {
			continue
		}
		m, _ := readMessage(u.Message, s.access.telegram.BotID)
		by := wordsOf(m)
		by.MessageID = 0
		if by == speaker && strings.HasPrefix(strings.ToLower(m.words), "/ticket") {
			return true
		}
	}
	return false
}
