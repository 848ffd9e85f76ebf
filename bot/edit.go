package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"livedeskbot/bot/view"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

// editable is how long after asking the text of a command may be edited; Telegram allows it for as long.
const editable = 48 * time.Hour

// rewrite takes an edit of the message that asked for a ticket: title, text and options follow it.
func (h handler) rewrite(ctx context.Context, update int64, a asked) (bool, error) {
	t, err := h.store.ByRef(ctx, h.ref(a))
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return false, offers{h}.reword(ctx, a)
	case err != nil:
		return false, err
	case t.SenderID != a.by.id || time.Since(t.CreatedAt) > editable:
		return false, nil
	}
	edit, err := h.editOf(ctx, t, a)
	if err != nil || len(edit.Changes()) == 0 && len(edit.Kept) == 0 {
		return false, err
	}
	switch {
	case t.State == storage.StateRefused && t.Reason == view.ReasonTeam && edit.Team != "":
		if err := h.resubmit(ctx, t.ID, view.Edited(t, edit)); err != nil && !errors.Is(err, storage.ErrNotFound) {
			return false, err
		}
		return false, nil
	case !t.Addable():
		return false, nil
	case t.State == storage.StateWaiting:
		if err := h.rewriteWaiting(ctx, update, t, a, edit); !errors.Is(err, storage.ErrNotFound) {
			return err == nil, err
		}
	}
	err = h.store.Add(ctx, editAddition(update, t, a, edit.WithoutTeam()), nil, h.me.id, update)
	h.desk.Look()
	return err == nil, err
}

// rewriteWaiting changes the request of a ticket before it leaves. storage.ErrNotFound: it has left.
func (h handler) rewriteWaiting(ctx context.Context, update int64, t storage.Ticket, a asked, edit view.Edit) error {
	request := view.Edited(t, edit)
	return h.store.Rewrite(ctx, t.ID, storage.Rewriting{
		Request: view.EncodeRequest(request), Team: strings.ToLower(request.AssignmentTeam),
		Notice: view.EditNotice([]storage.Addition{editAddition(update, t, a, edit)}, ""),
	}, h.me.id, update)
}

func editAddition(update int64, t storage.Ticket, a asked, edit view.Edit) storage.Addition {
	addition := view.NewAddition(fmt.Sprintf("%s/edit/%d/%d", t.Ref, a.edited.Unix(), update), t.ID, storage.AddEdit, edit)
	addition.MessageID, addition.ThreadID, addition.SenderID, addition.SenderName = a.at.Reply, a.at.Thread, a.by.id, a.by.name
	return addition
}

// editOf is what an edited message makes of its ticket. Where nothing in it could be a title, the text stays as it was.
func (h handler) editOf(ctx context.Context, t storage.Ticket, a asked) (view.Edit, error) {
	text := h.options().parse(a.args)
	request, err := h.foresee(ctx, t)
	if err != nil {
		return view.Edit{}, err
	}
	edit := h.editedOptions(t, text, view.RequestIn(t), request)
	edit.OldTitle, edit.OldDescription, edit.Title, edit.Description = request.Title, request.Description, request.Title, request.Description
	if text.title == "" {
		return edit, nil
	}
	if h.isOffered(a) {
		edit.Title, edit.Block = text.title, h.view.Rewritten(a.by.name, a.edited, view.AppendBlock(text.title, text.description))
		if text.description != "" {
			edit.Description = view.AppendBlock(request.Description, edit.Block)
		}
		return edit, nil
	}
	if a.quoted != nil && !h.isQuestion(a.quoted) {
		text.description = view.AppendBlock(text.description, h.quote(a.cited()))
	}
	description, err := h.keepNotes(ctx, t, request.Description, text.description)
	edit.Title, edit.Description = text.title, description
	edit.Block = h.view.Rewritten(a.by.name, a.edited, view.AppendBlock(text.title, description))
	return edit, err
}

// isOffered reports whether an edited message may have become a ticket by a press of its person: it is no command, and no reply to the
// question for a ticket's text. What else the ticket's description holds, such as further messages, stays.
func (h handler) isOffered(a asked) bool {
	_, _, isCommand := parseCommand(a.words, h.me.name())
	return !isCommand && !(a.quoted != nil && a.quoted.mine && h.isQuestion(a.quoted))
}

// editedOptions are the options of an edited message that its ticket was not asked for with: by the request that LiveDesk has, or by the
// one that earlier edits will have made of it. One that is not there any more changes nothing: what it stood for may be an agent's
// choice by now.
func (h handler) editedOptions(t storage.Ticket, text ticketText, requests ...livedesk.NewTicket) view.Edit {
	var edit view.Edit
	for _, request := range requests {
		if text.priority != string(request.Priority) {
			edit.Priority = text.priority
		}
		if text.ticketType != string(request.Type) {
			edit.Type = text.ticketType
		}
		for key, value := range text.fields {
			if request.CustomFields[key] != value {
				edit.SetField(key, value)
			}
		}
	}
	team, known := h.team(text.team)
	switch {
	case text.team == "", known && team == requests[0].AssignmentTeam:
	case known && (t.State == storage.StateWaiting || t.State == storage.StateRefused):
		edit.Team = team
	default:
		edit.Kept = []string{view.EditedTeam}
	}
	return edit
}

// foresee is the request of a ticket as earlier edits, still on their way, will have made it.
func (h handler) foresee(ctx context.Context, t storage.Ticket) (livedesk.NewTicket, error) {
	additions, err := h.store.Additions(ctx, t.ID)
	for _, a := range additions {
		if edit, ok := view.AdditionContent(a).(view.Edit); ok {
			t.Request = view.EncodeRequest(view.Edited(t, edit))
		}
	}
	return view.RequestIn(t), err
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
