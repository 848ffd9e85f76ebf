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
	if !h.cfg.FollowUps {
		return false, nil
	}
	if errors.Is(err, storage.ErrNotFound) || err == nil && post.Ticket == 0 {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	t, err := h.store.Ticket(ctx, post.Ticket)
	if err != nil {
		return false, err
	}
	say := h.view.In(t.Language)
	files := filesOf(&a.message)
	text := strings.TrimSpace(markup.Clean(a.text))
	switch {
	case a.at.Chat != t.ChatID && a.at.Chat != t.CardChatID:
		return false, nil // an answer to /status, in a staff chat for instance: what is said there is not the customer's
	case text == "" && len(files) == 0:
		return false, nil
	case !t.Addable() || t.Status == view.StatusGone:
		return false, h.say(ctx, a, say.Text("add_impossible"))
	}
	words := h.wordsOf(a, t, files, view.Words{Text: h.addedText(a, text)})
	err = h.store.Add(ctx, words, files, h.me.id, update)
	h.desk.Look()
	h.desk.Carry()
	return err == nil, err
}

// wordsOf is what a message adds to a ticket. Words and files get their common origin.
func (h handler) wordsOf(a asked, t storage.Ticket, files []storage.File, words view.Words) storage.Addition {
	ref := h.ref(a)
	words.Origin = cmp.Or(a.album, ref)
	for i := range files {
		files[i].Origin = words.Origin
	}
	addition := view.NewAddition(ref, t.ID, storage.AddText, words)
	if words.Person == 0 {
		addition.MessageID = a.at.Reply
	}
	addition.ThreadID, addition.SenderName = a.at.Thread, a.by.name
	return addition
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
