package bot

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

// editable is how long after asking the text of a command may be edited; Telegram allows it for as long.
const editable = 48 * time.Hour

// Contents of additions.
type (
	textContent struct {
		Text   string // Markdown block, heading included
		Origin string // Message or album that it came with, answered once
	}
	valueContent struct{ Value string }
	editContent  struct {
		OldTitle, OldDescription, Title, Description string
		Block                                        string // appended where the old text is not there any more
	}
)

// addTo adds a reply to one of a ticket's messages to the ticket.
func (b *Bot) addTo(ctx context.Context, update int64, a asked) (bool, error) {
	if !b.cfg.FollowUps {
		return false, nil
	}
	post, err := b.quotedPost(ctx, a)
	if errors.Is(err, storage.ErrNotFound) || err == nil && post.Ticket == 0 {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	t, err := b.store.Ticket(ctx, post.Ticket)
	if err != nil {
		return false, err
	}
	say := b.texts.in(t.Language)
	files := filesOf(a.message)
	text := strings.TrimSpace(markup.Clean(body(a.message)))
	switch {
	case a.at.Chat != t.ChatID && a.at.Chat != t.CardChatID:
		return false, nil // an answer to /status, in a staff chat for instance: what is said there is not the customer's
	case text == "" && len(files) == 0:
		return false, nil
	case closed(t) || t.Status == statusGone:
		return false, b.say(ctx, a, say.say("add_impossible"))
	}
	ref := b.ref(a)
	origin := cmp.Or(a.message.MediaGroupID, ref)
	for i := range files {
		files[i].Origin = origin
	}
	content, _ := json.Marshal(textContent{Origin: origin, Text: addedText(a, text)})
	err = b.store.Add(ctx, storage.Addition{
		Ref: ref, Ticket: t.ID, Kind: storage.AddText, Content: content,
		MessageID: a.at.Reply, ThreadID: a.at.Thread, SenderName: a.by.name,
	}, files, b.telegram.BotID, update)
	b.looks.Up()
	b.carrying.Up()
	return err == nil, err
}

// closed says that nothing can be added to a ticket any more: LiveDesk does not have it, or nobody knows its number.
func closed(t storage.Ticket) bool {
	switch t.State {
	case storage.StateRefused, storage.StateLeft:
		return true
	case storage.StateCreated:
		return t.TicketID == ""
	}
	return false
}

// addedText is what a message adds to the description. A part of an album without words adds nothing but its file.
func addedText(a asked, text string) string {
	switch {
	case text == "" && a.message.MediaGroupID != "":
		return ""
	case text == "":
		text = "[" + kindOf(a.message) + "]"
	}
	return heading(a.by.name, time.Unix(int64(a.message.Date), 0)) + "\n" + ownHeading.ReplaceAllString(text, `$1\$2`)
}

// ownHeading is a line that could be taken for a heading of ours, and what follows it for somebody else's words.
var ownHeading = regexp.MustCompile(`(?m)^(\s*)(###\s)`)

// heading stands above what a customer adds to the description: when, and who.
func heading(who string, when time.Time) string {
	return fmt.Sprintf("### %s, %s", when.UTC().Format("2 Jan 2006 15:04:05 UTC"), markup.Line(who))
}

// rewrite takes an edit of the message that asked for a ticket: title and text follow it.
func (b *Bot) rewrite(ctx context.Context, update int64, a asked) (bool, error) {
	t, err := b.store.ByRef(ctx, b.ref(a))
	if errors.Is(err, storage.ErrNotFound) || err == nil && (t.SenderID != a.by.id || time.Since(t.CreatedAt) > editable) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	edit, err := b.editOf(ctx, t, a)
	if err != nil || edit.Title == "" || edit.Title == edit.OldTitle && edit.Description == edit.OldDescription {
		return false, err
	}
	switch {
	case closed(t):
		return false, nil
	case t.State == storage.StateWaiting:
		request, err := edit.in(t.Request)
		if err != nil {
			return false, err
		}
		if err := b.store.Rewrite(ctx, t.ID, request, b.telegram.BotID, update); !errors.Is(err, storage.ErrNotFound) {
			return err == nil, err
		}
	}
	content, _ := json.Marshal(edit)
	err = b.store.Add(ctx, storage.Addition{
		Ref:    fmt.Sprintf("%s/edit/%d/%d", t.Ref, a.message.EditDate, update),
		Ticket: t.ID, Kind: storage.AddEdit, Content: content, MessageID: a.at.Reply, ThreadID: a.at.Thread, SenderName: a.by.name,
	}, nil, b.telegram.BotID, update)
	b.looks.Up()
	return err == nil, err
}

// editOf is what an edited message makes of its ticket's title and text. An empty title: it says nothing that could be one.
func (b *Bot) editOf(ctx context.Context, t storage.Ticket, a asked) (editContent, error) {
	var request livedesk.NewTicket
	if err := json.Unmarshal(t.Request, &request); err != nil {
		return editContent{}, err
	}
	if err := b.foresee(ctx, t, &request); err != nil {
		return editContent{}, err
	}
	text := parseTicketText(a.args)
	if a.quoted != nil && !b.mine(a.quoted) {
		text.description = appendBlock(text.description, quote(a.quoted))
	}
	description, err := b.keepNotes(ctx, t, request.Description, text.description)
	return editContent{
		OldTitle: request.Title, OldDescription: request.Description, Title: text.title, Description: description,
		Block: heading(a.by.name+" (edited)", time.Unix(int64(a.message.EditDate), 0)) + "\n" + appendBlock(text.title, description),
	}, err
}

// in is the create request after the edit.
func (e editContent) in(request []byte) ([]byte, error) {
	var r livedesk.NewTicket
	if err := json.Unmarshal(request, &r); err != nil {
		return nil, err
	}
	r.Title, r.Description = e.Title, e.Description
	return json.Marshal(r)
}

// foresee makes of the request what earlier edits, still on their way, will have made of it.
func (b *Bot) foresee(ctx context.Context, t storage.Ticket, request *livedesk.NewTicket) error {
	additions, err := b.store.Additions(ctx, t.ID)
	for _, a := range additions {
		var edit editContent
		if a.Kind == storage.AddEdit && json.Unmarshal(a.Content, &edit) == nil {
			request.Title, request.Description = edit.Title, edit.Description
		}
	}
	return err
}

// keepNotes carries what we said about files in the old description over to the new one.
func (b *Bot) keepNotes(ctx context.Context, t storage.Ticket, old, description string) (string, error) {
	if !t.WithFiles {
		return description, nil
	}
	files, err := b.store.Files(ctx, t.ID)
	for _, f := range files {
		if note := fileNote(f); note != "" && hasLines(old, note) {
			description = appendBlock(description, note)
		}
	}
	return description, err
}
