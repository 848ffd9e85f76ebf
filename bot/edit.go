package bot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"livedeskbot/bot/view"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

// editable is how long after asking the text of a command may be edited; Telegram allows it for as long.
const editable = 48 * time.Hour

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
		if err := h.store.Rewrite(ctx, t.ID, view.Edited(t.Request, edit), h.me.id, update); !errors.Is(err, storage.ErrNotFound) {
			return err == nil, err
		}
	}
	addition := view.NewAddition(fmt.Sprintf("%s/edit/%d/%d", t.Ref, a.edited.Unix(), update), t.ID, storage.AddEdit, edit)
	addition.MessageID, addition.ThreadID, addition.SenderName = a.at.Reply, a.at.Thread, a.by.name
	err = h.store.Add(ctx, addition, nil, h.me.id, update)
	h.desk.Look()
	return err == nil, err
}

// editOf is what an edited message makes of its ticket's title and text. An empty title: it says nothing that could be one.
func (h handler) editOf(ctx context.Context, t storage.Ticket, a asked) (view.Edit, error) {
	request := view.RequestIn(t)
	if err := h.foresee(ctx, t, &request); err != nil {
		return view.Edit{}, err
	}
	text := h.options().parse(a.args)
	if a.quoted != nil && !a.quoted.mine {
		text.description = view.AppendBlock(text.description, h.quote(a.cited()))
	}
	description, err := h.keepNotes(ctx, t, request.Description, text.description)
	return view.Edit{
		OldTitle: request.Title, OldDescription: request.Description, Title: text.title, Description: description,
		Block: h.view.Rewritten(a.by.name, a.edited, view.AppendBlock(text.title, description)),
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
		description = view.AppendBlock(description, h.view.NoteOf(old, f))
	}
	return description, err
}
