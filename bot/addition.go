package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

// editable is how long after asking the text of a command may be edited; Telegram allows it for as long.
const editable = 48 * time.Hour

// addTo adds a reply to one of a ticket's messages to the ticket.
func (h handler) addTo(ctx context.Context, update int64, a asked) (bool, error) {
	if !h.cfg.FollowUps {
		return false, nil
	}
	post, err := h.quotedPost(ctx, a)
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
	files := filesOf(a.message)
	text := strings.TrimSpace(markup.Clean(body(a.message)))
	switch {
	case a.at.Chat != t.ChatID && a.at.Chat != t.CardChatID:
		return false, nil // an answer to /status, in a staff chat for instance: what is said there is not the customer's
	case text == "" && len(files) == 0:
		return false, nil
	case !t.Addable() || t.Status == view.StatusGone:
		return false, h.say(ctx, a, say.Text("add_impossible"))
	}
	ref := h.ref(a)
	origin := cmp.Or(a.message.MediaGroupID, ref)
	for i := range files {
		files[i].Origin = origin
	}
	words := view.NewAddition(ref, t.ID, storage.AddText, view.Words{Origin: origin, Text: addedText(a, text)})
	words.MessageID, words.ThreadID, words.SenderName = a.at.Reply, a.at.Thread, a.by.name
	err = h.store.Add(ctx, words, files, h.telegram.BotID, update)
	h.desk.Look()
	h.desk.Carry()
	return err == nil, err
}

// addedText is what a message adds to the description. A part of an album without words adds nothing but its file.
func addedText(a asked, text string) string {
	switch {
	case text == "" && a.message.MediaGroupID != "":
		return ""
	case text == "":
		text = "[" + kindOf(a.message) + "]"
	}
	return view.Added(a.by.name, time.Unix(int64(a.message.Date), 0), text)
}

// rewrite takes an edit of the message that asked for a ticket: title and text follow it.
func (h handler) rewrite(ctx context.Context, update int64, a asked) (bool, error) {
	t, err := h.store.ByRef(ctx, h.ref(a))
	if errors.Is(err, storage.ErrNotFound) || err == nil && (t.SenderID != a.by.id || time.Since(t.CreatedAt) > editable) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	edit, err := h.editOf(ctx, t, a)
	if err != nil || edit.Title == "" || edit.Title == edit.OldTitle && edit.Description == edit.OldDescription {
		return false, err
	}
	switch {
	case !t.Addable():
		return false, nil
	case t.State == storage.StateWaiting:
		if err := h.store.Rewrite(ctx, t.ID, view.Edited(t.Request, edit), h.telegram.BotID, update); !errors.Is(err, storage.ErrNotFound) {
			return err == nil, err
		}
	}
	addition := view.NewAddition(fmt.Sprintf("%s/edit/%d/%d", t.Ref, a.message.EditDate, update), t.ID, storage.AddEdit, edit)
	addition.MessageID, addition.ThreadID, addition.SenderName = a.at.Reply, a.at.Thread, a.by.name
	err = h.store.Add(ctx, addition, nil, h.telegram.BotID, update)
	h.desk.Look()
	return err == nil, err
}

// editOf is what an edited message makes of its ticket's title and text. An empty title: it says nothing that could be one.
func (h handler) editOf(ctx context.Context, t storage.Ticket, a asked) (view.Edit, error) {
	request := view.RequestIn(t)
	if err := h.foresee(ctx, t, &request); err != nil {
		return view.Edit{}, err
	}
	text := parseTicketText(a.args)
	if a.quoted != nil && !h.mine(a.quoted) {
		text.description = view.AppendBlock(text.description, quote(a.quoted))
	}
	description, err := h.keepNotes(ctx, t, request.Description, text.description)
	return view.Edit{
		OldTitle: request.Title, OldDescription: request.Description, Title: text.title, Description: description,
		Block: view.Heading(a.by.name+" (edited)", time.Unix(int64(a.message.EditDate), 0)) + "\n" + view.AppendBlock(text.title, description),
	}, err
}

// foresee makes of the request what earlier edits, still on their way, will have made of it.
func (h handler) foresee(ctx context.Context, t storage.Ticket, request *livedesk.NewTicket) error {
	additions, err := h.store.Additions(ctx, t.ID)
	for _, a := range additions {
		if edit, ok := view.AdditionContent(a).(view.Edit); ok {
			request.Title, request.Description = edit.Title, edit.Description
		}
	}
	return err
}

// keepNotes carries what we said about files in the old description over to the new one.
func (h handler) keepNotes(ctx context.Context, t storage.Ticket, old, description string) (string, error) {
	if !t.WithFiles {
		return description, nil
	}
	files, err := h.store.Files(ctx, t.ID)
	for _, f := range files {
		if note := view.FileNote(f); note != "" && view.HasLines(old, note) {
			description = view.AppendBlock(description, note)
		}
	}
	return description, err
}
