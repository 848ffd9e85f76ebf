package bot

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

// addTo adds a reply to one of a ticket's messages to the ticket.
func (h handler) addTo(ctx context.Context, update int64, a asked) (bool, error) {
	post, err := h.posts.quoted(ctx, a)
	if err == nil && post.Kind == storage.PostFeed {
		return feedPosts{h}.answer(ctx, update, a, post)
	}
	if err == nil && post.Kind == storage.PostQuestion {
		return verdicts{h}.answer(ctx, update, a, post)
	}
	if !h.cfg.FollowUps && !a.private {
		return false, nil
	}
	if errors.Is(err, storage.ErrNotFound) || err == nil && post.Ticket == 0 {
		return h.pointOut(ctx, update, a)
	}
	if err != nil {
		return false, err
	}
	t, err := h.store.Ticket(ctx, post.Ticket)
	if err != nil {
		return false, err
	}
	may, err := h.mayAddFrom(ctx, h.reader(a), t)
	if err != nil || !h.cfg.FollowUps {
		return false, err
	}
	if !may { // an answer to /status in a staff chat, for instance: what is said there is not the customer's
		return false, h.notTheirs(ctx, a)
	}
	say := h.view.In(t.Language)
	switch {
	case thanks(a):
		return false, h.welcome(ctx, a)
	case a.odd:
		return false, h.say(ctx, a, say.Text("offer_nothing"))
	case a.text == "" && a.file == nil:
		return false, nil
	case t.Addable() && t.Status == view.StatusClosed:
		return false, offers{h}.make(ctx, a, storage.OfferClosed, t.ID)
	case !stillOpen(t):
		return false, h.say(ctx, a, say.Text("add_impossible"))
	}
	return h.addMessage(ctx, update, t, a)
}

// addMessage adds a message to a ticket, once. Its person hears of it when it is there, in the chat where they wrote.
func (h handler) addMessage(ctx context.Context, update int64, t storage.Ticket, a asked) (bool, error) {
	words, files := h.addition(a, t, false)
	err := h.store.Add(ctx, words, files, h.me.id, update)
	h.desk.Look()
	h.desk.Carry()
	return err == nil, err
}

// addition is what a message adds to a ticket, words and files with their common origin. broken: it says what is still wrong with a
// ticket that was to be solved.
func (h handler) addition(a asked, t storage.Ticket, broken bool) (storage.Addition, []storage.File) {
	if a.at.Chat != t.ChatID && a.file != nil {
		file := *a.file
		file.Chat, file.Message = a.at.Chat, a.at.Reply
		a.file = &file
	}
	ref, files := h.ref(a), filesOf(&a.message)
	origin := cmp.Or(a.album, ref)
	for i := range files {
		files[i].Origin = origin
	}
	content := view.Words{Origin: origin, Text: h.addedText(a, strings.TrimSpace(markup.Clean(a.text))), Broken: broken}
	if a.at.Chat != t.ChatID {
		content.Chat, content.Message = a.at.Chat, a.at.Reply
	}
	words := view.NewAddition(ref, t.ID, storage.AddText, content)
	words.ThreadID, words.SenderID, words.SenderName = a.at.Thread, a.by.id, a.by.name
	if content.Chat == 0 {
		words.MessageID = a.at.Reply
	}
	return words, files
}

// addedText is what a message adds to the description, below the words that it quotes of the one replied to. A part of an album
// without words adds nothing but its file.
func (h handler) addedText(a asked, text string) string {
	switch {
	case text == "" && a.album != "":
		return ""
	case text == "":
		text = "[" + h.view.Kind(a.kind) + "]"
	}
	if a.part != "" {
		text = view.Quotation(a.part) + "\n\n" + text
	}
	return h.view.Added(a.by.name, a.sent, text)
}
