package bot

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

// maxAmends is how often an addition is tried before its person is told that it did not work.
const maxAmends = 10

// editable is how long after asking the text of a command may be edited; Telegram allows it for as long.
const editable = 48 * time.Hour

// Contents of additions.
type (
	textContent struct {
		Text   string // Markdown block, heading included
		Origin string // message or album that it came with, answered once
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
	text := strings.TrimSpace(clean(body(a.message)))
	switch {
	case text == "" && len(files) == 0:
		return false, nil
	case t.State == storage.StateRefused || t.State == storage.StateLeft || t.Status == statusGone:
		return false, b.say(ctx, a, say.say("add_impossible"))
	}
	ref := fmt.Sprintf("%d/%d/%d", b.id, a.at.chat, a.at.reply)
	origin := cmp.Or(a.message.MediaGroupID, ref)
	for i := range files {
		files[i].Origin = origin
	}
	content, _ := json.Marshal(textContent{Origin: origin, Text: addedText(a, text)})
	err = b.store.Add(ctx, storage.Addition{
		Ref: ref, Ticket: t.ID, Kind: storage.AddText, Content: content,
		MessageID: a.at.reply, ThreadID: a.at.thread, SenderName: a.by.name,
	}, files, b.id, update)
	b.looks.up()
	b.carrying.up()
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
	return heading(a.by.name, time.Unix(int64(a.message.Date), 0)) + "\n" + text
}

// heading stands above what a customer adds to the description: when, and who.
func heading(who string, when time.Time) string {
	return fmt.Sprintf("### %s, %s", when.UTC().Format("2 Jan 2006 15:04:05 UTC"), plainLine(who))
}

// rewrite takes an edit of the message that asked for a ticket: title and text follow it.
func (b *Bot) rewrite(ctx context.Context, update int64, a asked) (bool, error) {
	t, err := b.store.ByRef(ctx, fmt.Sprintf("%d/%d/%d", b.id, a.at.chat, a.at.reply))
	if errors.Is(err, storage.ErrNotFound) || err == nil && (t.SenderID != a.by.id || time.Since(t.CreatedAt) > editable) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var request livedesk.NewTicket
	if err := json.Unmarshal(t.Request, &request); err != nil {
		return false, err
	}
	text := parseTicketText(a.args)
	if text.title == "" {
		return false, nil
	}
	if a.quoted != nil && !b.mine(a.quoted) {
		text.description = appendBlock(text.description, quote(a.quoted))
	}
	edit := editContent{
		OldTitle: request.Title, OldDescription: request.Description, Title: text.title, Description: text.description,
		Block: heading(a.by.name+" (edited)", time.Unix(int64(a.message.EditDate), 0)) + "\n" + appendBlock(text.title, text.description),
	}
	if edit.Title == edit.OldTitle && edit.Description == edit.OldDescription {
		return false, nil
	}
	if t.State == storage.StateWaiting {
		request.Title, request.Description = edit.Title, edit.Description
		raw, err := json.Marshal(request)
		if err != nil {
			return false, err
		}
		if err := b.store.Rewrite(ctx, t.ID, raw, b.id, update); !errors.Is(err, storage.ErrNotFound) {
			return err == nil, err
		}
	} else if t.State == storage.StateRefused || t.State == storage.StateLeft {
		return false, nil
	}
	content, _ := json.Marshal(edit)
	err = b.store.Add(ctx, storage.Addition{
		Ref:    fmt.Sprintf("%s/edit/%d/%d", t.Ref, a.message.EditDate, update),
		Ticket: t.ID, Kind: storage.AddEdit, Content: content, MessageID: a.at.reply, ThreadID: a.at.thread, SenderName: a.by.name,
	}, nil, b.id, update)
	b.looks.up()
	return err == nil, err
}

// amend brings additions and late files into a ticket: LiveDesk documents no way to append, so the whole is read, changed
// and written, and read again. Whatever is there already, after a lost answer or a crash, is not written twice; what is
// not there after writing was overwritten by somebody and is tried again. It returns the ticket as it then is.
func (b *Bot) amend(ctx context.Context, t storage.Ticket, desk livedesk.Ticket) (livedesk.Ticket, storage.Look, error) {
	additions, err := b.store.Additions(ctx, t.ID)
	if err != nil {
		return desk, storage.Look{}, err
	}
	files, err := b.store.Files(ctx, t.ID)
	if err != nil {
		return desk, storage.Look{}, err
	}
	all := slices.Clone(files)
	files = slices.DeleteFunc(files, func(f storage.File) bool { return f.Entered || f.State == storage.FileWaiting })
	hopeless := false
	if update, need := merge(desk, additions, files, all); need {
		ids := make([]int64, len(additions))
		for i, a := range additions {
			ids[i] = a.ID
		}
		if err := b.store.TryAdditions(ctx, ids); err != nil {
			return desk, storage.Look{}, err
		}
		if desk, err = b.put(ctx, t.TicketID, update); desk.ID == "" && err != nil {
			return desk, storage.Look{}, err
		}
		hopeless = err != nil && livedesk.KindOf(err) == livedesk.Refused
	}
	return desk, b.settle(t, desk, additions, files, hopeless), nil
}

// put writes an update and reads the ticket again.
func (b *Bot) put(ctx context.Context, number string, update livedesk.TicketUpdate) (livedesk.Ticket, error) {
	if err := b.enterPatiently(ctx); err != nil {
		return livedesk.Ticket{}, err
	}
	err := b.desk.UpdateTicket(ctx, number, update)
	<-b.slots
	b.answeredBy(err)
	if err != nil && livedesk.KindOf(err) == livedesk.NotSent {
		return livedesk.Ticket{}, err
	}
	if sleepErr := b.enterPatiently(ctx); sleepErr != nil {
		return livedesk.Ticket{}, sleepErr
	}
	desk, getErr := b.desk.Ticket(ctx, number)
	<-b.slots
	b.answeredBy(getErr)
	if getErr != nil {
		return desk, getErr
	}
	return desk, err // whatever the update's answer was, the ticket says what came of it
}

// merge is the update that brings additions and files into a ticket, and whether one is needed. all are the files of the
// ticket in order, which is also the order of its attachments.
func merge(desk livedesk.Ticket, additions []storage.Addition, files, all []storage.File) (livedesk.TicketUpdate, bool) {
	update, need := desk.Update(), false
	for _, a := range additions {
		if !contains(desk, a) {
			apply(&update, a)
			need = true
		}
	}
	for _, f := range files {
		if fileEntered(desk, f) {
			continue
		}
		need = true
		if f.State == storage.FileUploaded {
			update.Attachments = append(update.Attachments, livedesk.NewAttachment{FileURL: f.URL})
		} else {
			update.Description = appendBlock(update.Description, missingNote(f))
		}
	}
	place := map[string]int{}
	for i, f := range all {
		place[f.URL] = i - len(all) // before those of others, which keep their order
	}
	slices.SortStableFunc(update.Attachments, func(x, y livedesk.NewAttachment) int { return place[x.FileURL] - place[y.FileURL] })
	return update, need
}

func apply(u *livedesk.TicketUpdate, a storage.Addition) {
	var text textContent
	var value valueContent
	var edit editContent
	switch a.Kind {
	case storage.AddText:
		_ = json.Unmarshal(a.Content, &text)
		u.Description = appendBlock(u.Description, text.Text)
	case storage.AddPriority:
		_ = json.Unmarshal(a.Content, &value)
		u.Priority = livedesk.Priority(value.Value)
	case storage.AddType:
		_ = json.Unmarshal(a.Content, &value)
		u.Type = livedesk.TicketType(value.Value)
	case storage.AddEdit:
		_ = json.Unmarshal(a.Content, &edit)
		if u.Title == edit.OldTitle {
			u.Title = edit.Title
		}
		// An agent's own words in the description stay: only the person's part is replaced, or the edit is added.
		switch {
		case edit.OldDescription != "" && strings.Contains(u.Description, edit.OldDescription):
			u.Description = strings.Replace(u.Description, edit.OldDescription, edit.Description, 1)
		case strings.Contains(u.Description, edit.Description):
		case edit.OldDescription == "":
			u.Description = appendBlock(edit.Description, u.Description)
		default:
			u.Description = appendBlock(u.Description, edit.Block)
		}
	}
}

// contains says whether an addition is in the ticket.
func contains(desk livedesk.Ticket, a storage.Addition) bool {
	var text textContent
	var value valueContent
	var edit editContent
	switch a.Kind {
	case storage.AddText:
		_ = json.Unmarshal(a.Content, &text)
		return strings.Contains(desk.Description, text.Text)
	case storage.AddPriority:
		_ = json.Unmarshal(a.Content, &value)
		return string(desk.Priority) == value.Value
	case storage.AddType:
		_ = json.Unmarshal(a.Content, &value)
		return string(desk.Type) == value.Value
	}
	_ = json.Unmarshal(a.Content, &edit)
	return strings.Contains(desk.Description, edit.Block) || edit.stands(desk)
}

// stands says whether the ticket reads as after the edit. A title that an agent has changed is left alone.
func (e editContent) stands(desk livedesk.Ticket) bool {
	title := e.Title == e.OldTitle || desk.Title != e.OldTitle
	stale := e.OldDescription != "" && !strings.Contains(e.Description, e.OldDescription) && strings.Contains(desk.Description, e.OldDescription)
	return title && !stale && strings.Contains(desk.Description, e.Description)
}

func fileEntered(desk livedesk.Ticket, f storage.File) bool {
	if f.State == storage.FileDropped {
		return strings.Contains(desk.Description, missingNote(f))
	}
	return slices.ContainsFunc(desk.Attachments, func(a livedesk.Attachment) bool { return a.URL == f.URL })
}

// settle says what of the additions and files the ticket now has, and what its people are told. hopeless says that
// LiveDesk refused what is missing, so that trying again makes no sense.
func (b *Bot) settle(t storage.Ticket, desk livedesk.Ticket, additions []storage.Addition, files []storage.File, hopeless bool) storage.Look {
	var l storage.Look
	for _, a := range additions {
		id := "added"
		switch {
		case contains(desk, a):
			l.Additions = append(l.Additions, a.ID)
			l.Request = editedRequest(t, a, l.Request)
		case hopeless || a.Attempts+1 >= maxAmends:
			l.Failed = append(l.Failed, a.ID)
			id = "add_failed"
		default:
			continue
		}
		if a.MessageID != 0 {
			var text textContent
			_ = json.Unmarshal(a.Content, &text)
			n := notice("addition:"+cmp.Or(text.Origin, a.Ref), noticeAnswer, answerContent{Text: id})
			n.ReplyTo = a.MessageID
			l.Notices = append(l.Notices, n)
		}
	}
	for _, f := range files {
		there := fileEntered(desk, f)
		if !there && !hopeless {
			continue
		}
		l.Files = append(l.Files, f.ID)
		if !there && f.State == storage.FileUploaded {
			f.State, f.Reason = storage.FileDropped, dropRefused
		}
		if f.State == storage.FileDropped {
			var file attached
			_ = json.Unmarshal(f.File, &file)
			l.Notices = append(l.Notices, notice(fmt.Sprintf("file:%d", f.ID), noticeAnswer, answerContent{Text: "file_" + f.Reason, Name: file.Name}))
		}
	}
	return l
}

// answerContent is one of our texts.
type answerContent struct {
	Text string `json:"text"`
	Name string `json:"name,omitempty"` // of a file
}

// editedRequest is the create request after an edit, so that the next edit knows what it replaces.
func editedRequest(t storage.Ticket, a storage.Addition, request []byte) []byte {
	if a.Kind != storage.AddEdit {
		return request
	}
	if request == nil {
		request = t.Request
	}
	var r livedesk.NewTicket
	var edit editContent
	if json.Unmarshal(request, &r) != nil || json.Unmarshal(a.Content, &edit) != nil {
		return nil
	}
	r.Title, r.Description = edit.Title, edit.Description
	raw, _ := json.Marshal(r)
	return raw
}
