package desk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"livedeskbot/bot/view"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

// maxAmends is how often an addition is tried before its person is told that it did not work.
const maxAmends = 10

// changes are additions and files that are to come into a ticket. all are the files of the ticket in order.
type changes struct {
	additions  []storage.Addition
	files, all []storage.File
}

// single are the same changes one by one.
func (c changes) single() []changes {
	var each []changes
	for i := range c.additions {
		each = append(each, changes{additions: c.additions[i : i+1], all: c.all})
	}
	for i := range c.files {
		each = append(each, changes{files: c.files[i : i+1], all: c.all})
	}
	return each
}

// amend brings additions and late files into a ticket: LiveDesk documents no way to append, so the whole is read, changed
// and written, and read again. Whatever is there already, after a lost answer or a crash, is not written twice; what is
// not there after writing was overwritten by somebody and is tried again. It returns the ticket as it then is.
func (k tracker) amend(ctx context.Context, t storage.Ticket, desk livedesk.Ticket) (livedesk.Ticket, storage.Look, error) {
	var l storage.Look
	all, err := k.changesOf(ctx, t)
	if err != nil {
		return desk, l, err
	}
	desk, w, err := k.write(ctx, t.TicketID, desk, all)
	if err != nil {
		return desk, l, err
	}
	each := all.single()
	if w != refusedWrite || len(each) < 2 {
		k.settle(&l, t, desk, all, w)
		return desk, l, nil
	}
	for _, c := range each { // one of them is what LiveDesk does not take; the others need not share its fate
		if desk, w, err = k.write(ctx, t.TicketID, desk, c); err != nil {
			return desk, l, err
		}
		k.settle(&l, t, desk, c, w)
	}
	return desk, l, nil
}

// changesOf returns what is to come into a ticket.
func (k tracker) changesOf(ctx context.Context, t storage.Ticket) (c changes, err error) {
	if c.additions, err = k.store.Additions(ctx, t.ID); err != nil {
		return c, err
	}
	if c.all, err = k.store.Files(ctx, t.ID); err != nil {
		return c, err
	}
	c.files = slices.DeleteFunc(slices.Clone(c.all), func(f storage.File) bool { return f.Entered || f.State == storage.FileWaiting })
	return c, nil
}

// written is how writing changes ended.
type written int

const (
	doubtfulWrite written = iota // only the ticket itself tells
	takenWrite                   // LiveDesk confirmed it, and shows as many files as there should be
	refusedWrite                 // LiveDesk will never take it
)

// staleAfter is how old what was read of a ticket may be when it is written back.
const staleAfter = time.Second

// write brings changes into a ticket, unless they are there, and returns the ticket as it then is.
func (k tracker) write(ctx context.Context, number string, desk livedesk.Ticket, c changes) (livedesk.Ticket, written, error) {
	update, need := k.merge(desk, c)
	if !need {
		return desk, doubtfulWrite, nil
	}
	began := time.Now()
	turn, err := k.admission.enter(ctx, reading, patiently)
	if err != nil {
		return desk, doubtfulWrite, err
	}
	if time.Since(began) > staleAfter { // somebody may have changed meanwhile what would be written back
		if desk, err = k.read(ctx, turn, number); err != nil {
			return desk, doubtfulWrite, err
		}
		return k.write(ctx, number, desk, c)
	}
	w, err := k.update(ctx, turn, number, update)
	if err != nil {
		return desk, w, err
	}
	if turn, err = k.admission.enter(ctx, reading, patiently); err != nil {
		return desk, w, err
	}
	// Whatever the answer was, the ticket says what came of it.
	if desk, err = k.read(ctx, turn, number); err != nil {
		return desk, w, err
	}
	if w == takenWrite && len(desk.Attachments) < len(update.Attachments) {
		w = doubtfulWrite
	}
	return desk, w, k.tried(ctx, c)
}

// tried counts a try to bring changes into a ticket.
func (k tracker) tried(ctx context.Context, c changes) error {
	additions, files := make([]int64, len(c.additions)), make([]int64, len(c.files))
	for i, a := range c.additions {
		additions[i] = a.ID
	}
	for i, f := range c.files {
		files[i] = f.ID
	}
	return k.store.Tried(ctx, additions, files)
}

// update writes an update in the given turn and ends it. An error: it surely did not take effect, and may later.
func (k tracker) update(ctx context.Context, turn *turn, number string, update livedesk.TicketUpdate) (written, error) {
	defer turn.leave()
	turn.about = number
	err := k.client.UpdateTicket(ctx, number, update)
	if documented, odd := update.Documented(); odd && isRefused(err) && turn.more(ctx) == nil {
		err = k.client.UpdateTicket(ctx, number, documented)
	}
	refusal, _ := errors.AsType[*livedesk.Error](err)
	switch {
	case err == nil:
		turn.ended(nil)
		return takenWrite, nil
	case isRefused(err):
		turn.ended(err)
		return refusedWrite, nil
	case refusal != nil && refusal.Setup: // the same credentials could read it just now, so this is about changing alone
		k.log.Error("LiveDesk does not let us change tickets: check the rights of LIVEDESK_API_KEY", "error", err)
		return refusedWrite, nil
	case livedesk.KindOf(err) == livedesk.NotSent:
		turn.ended(err)
		return doubtfulWrite, err
	}
	turn.ended(err)
	return doubtfulWrite, nil
}

// isRefused reports whether LiveDesk will never take a change as it stands. That it does not know the ticket, which it knew just
// now, is no word on the change.
func isRefused(err error) bool {
	return err != nil && livedesk.KindOf(err) == livedesk.Refused && !errors.Is(err, livedesk.ErrNotFound)
}

// merge is the update that brings changes into a ticket, and whether one is needed. The order of a ticket's files is also
// the order of its attachments.
func (k tracker) merge(desk livedesk.Ticket, c changes) (livedesk.TicketUpdate, bool) {
	update, need := desk.Update(), false
	for i, there := range standing(desk, c.additions) {
		a := c.additions[i]
		again := need && (a.Kind == storage.AddPriority || a.Kind == storage.AddType) // an edit before it may have set another
		if !there || again {
			apply(&update, a)
			need = true
		}
	}
	for _, f := range c.files {
		if k.fileEntered(desk, f) {
			continue
		}
		need = true
		if f.State == storage.FileUploaded {
			update.Attachments = append(update.Attachments, livedesk.NewAttachment{FileURL: f.URL})
		}
		update.Description = view.AppendBlock(update.Description, k.view.FileNote(f))
	}
	place := map[string]int{}
	for i, f := range c.all {
		place[f.URL] = i - len(c.all) // before those of others, which keep their order
	}
	slices.SortStableFunc(update.Attachments, func(x, y livedesk.NewAttachment) int { return place[x.FileURL] - place[y.FileURL] })
	return update, need
}

// apply makes of the update what an addition asks for.
func apply(u *livedesk.TicketUpdate, a storage.Addition) {
	switch c := view.AdditionContent(a).(type) {
	case view.Words:
		u.Description = view.AppendBlock(u.Description, c.Text)
	case view.Value:
		if a.Kind == storage.AddPriority {
			u.Priority = livedesk.Priority(c.Value)
		} else {
			u.Type = livedesk.TicketType(c.Value)
		}
	case view.Edit:
		applyEdit(u, c)
	case view.Rating:
		if u.CustomFields == nil {
			u.CustomFields = map[string]any{}
		}
		u.CustomFields[view.RatingField] = strconv.Itoa(c.Stars)
	case view.Reopening:
		u.Tags = slices.DeleteFunc(append([]string{}, u.Tags...), view.IsReopenTag) // not nil, so that the last one goes
		if c.On {
			u.Tags = append(u.Tags, view.ReopenTag)
		}
	}
}

// applyEdit replaces the person's own part. An agent's words in the description stay: where the old text is not there any
// more, the edit is added.
func applyEdit(u *livedesk.TicketUpdate, edit view.Edit) {
	u.Priority = cmp.Or(livedesk.Priority(edit.Priority), u.Priority)
	u.Type = cmp.Or(livedesk.TicketType(edit.Type), u.Type)
	for key, value := range edit.Fields {
		if u.CustomFields == nil {
			u.CustomFields = map[string]any{}
		}
		u.CustomFields[key] = value
	}
	if !edit.Rewords() {
		return
	}
	if view.SameLine(u.Title, edit.OldTitle) {
		u.Title = edit.Title
	}
	replaced, ok := view.ReplaceLines(u.Description, edit.OldDescription, edit.Description)
	switch {
	case ok:
		u.Description = replaced
	case view.HasLines(u.Description, edit.Description):
	case edit.OldDescription == "":
		u.Description = view.AppendBlock(edit.Description, u.Description)
	default:
		u.Description = view.AppendBlock(u.Description, edit.Block)
	}
}

// standing says which additions a ticket has. One that a later of its kind has replaced counts as well.
func standing(desk livedesk.Ticket, additions []storage.Addition) []bool {
	there := make([]bool, len(additions))
	replaced := map[storage.AdditionKind]bool{}
	for i, a := range slices.Backward(additions) {
		there[i] = replaced[a.Kind] || contains(desk, a, replaced)
		for _, kind := range replaces(a) {
			replaced[kind] = there[i]
		}
	}
	return there
}

// replaces are the kinds of additions, its own and others, that an addition leaves nothing of.
func replaces(a storage.Addition) []storage.AdditionKind {
	if a.Kind == storage.AddText {
		return nil
	}
	kinds := []storage.AdditionKind{a.Kind}
	if edit, ok := view.AdditionContent(a).(view.Edit); ok {
		if edit.Priority != "" {
			kinds = append(kinds, storage.AddPriority)
		}
		if edit.Type != "" {
			kinds = append(kinds, storage.AddType)
		}
	}
	return kinds
}

// contains reports whether an addition is in the ticket, but for what later ones have replaced.
func contains(desk livedesk.Ticket, a storage.Addition, replaced map[storage.AdditionKind]bool) bool {
	switch c := view.AdditionContent(a).(type) {
	case view.Words:
		return view.HasLines(desk.Description, c.Text)
	case view.Value:
		if a.Kind == storage.AddPriority {
			return string(desk.Priority) == c.Value
		}
		return string(desk.Type) == c.Value
	case view.Edit:
		return reads(desk, c) &&
			(c.Priority == "" || replaced[storage.AddPriority] || string(desk.Priority) == c.Priority) &&
			(c.Type == "" || replaced[storage.AddType] || string(desk.Type) == c.Type) && hasFields(desk, c.Fields)
	case view.Rating:
		return fmt.Sprint(desk.CustomFields[view.RatingField]) == strconv.Itoa(c.Stars) // LiveDesk may make a number of it
	case view.Reopening:
		if c.On && !view.Finished(view.Status(desk.Status)) {
			return true // it is open, so there is nothing to ask for
		}
		return view.IsMarked(desk) == c.On
	}
	return false
}

// reads reports whether the text of a ticket is as after an edit.
func reads(desk livedesk.Ticket, e view.Edit) bool {
	return !e.Rewords() || view.HasLines(desk.Description, e.Block) || stands(desk, e)
}

// hasFields reports whether a ticket has custom fields with these values.
func hasFields(desk livedesk.Ticket, fields map[string]string) bool {
	for key, value := range fields {
		if has, ok := desk.CustomFields[key]; !ok || fmt.Sprint(has) != value {
			return false
		}
	}
	return true
}

// arrived reports whether what LiveDesk has confirmed is in the ticket though it has changed it: of words their heading is, which
// somebody else's overwriting would have taken along, of an edit its text, whatever LiveDesk makes of the options.
func arrived(desk livedesk.Ticket, a storage.Addition) bool {
	switch c := view.AdditionContent(a).(type) {
	case view.Words:
		heading, _, _ := strings.Cut(c.Text, "\n")
		return view.HasLines(desk.Description, heading)
	case view.Edit:
		return reads(desk, c)
	}
	return false
}

// stands reports whether the ticket reads as after an edit. A title that an agent has changed is left alone.
func stands(desk livedesk.Ticket, e view.Edit) bool {
	title := e.Title == e.OldTitle || !view.SameLine(desk.Title, e.OldTitle)
	stale := e.OldDescription != "" && !view.HasLines(e.Description, e.OldDescription) && view.HasLines(desk.Description, e.OldDescription)
	return title && !stale && view.HasLines(desk.Description, e.Description)
}

func (k tracker) fileEntered(desk livedesk.Ticket, f storage.File) bool {
	if f.State == storage.FileDropped {
		return k.view.NoteOf(desk.Description, f) != ""
	}
	return slices.ContainsFunc(desk.Attachments, func(a livedesk.Attachment) bool { return sameFile(a.URL, f.URL) })
}

// sameFile compares addresses by their paths: LiveDesk may leave the host out, or sign each anew.
func sameFile(x, y string) bool {
	one, err := url.Parse(x)
	other, otherErr := url.Parse(y)
	if err != nil || otherErr != nil {
		return x == y
	}
	return one.Path == other.Path && (len(one.Path) > 1 || x == y)
}

// settle adds to a look what of the changes the ticket now has, and what its people are told.
func (k tracker) settle(l *storage.Look, t storage.Ticket, desk livedesk.Ticket, c changes, w written) {
	var edits []storage.Addition
	for i, there := range standing(desk, c.additions) {
		a := c.additions[i]
		in := true
		switch {
		case there, w == takenWrite && arrived(desk, a):
			l.Additions = append(l.Additions, a.ID)
			l.Request = editedRequest(t, a, l.Request)
			if a.Kind == storage.AddEdit {
				edits = append(edits, a)
				continue
			}
		case w == refusedWrite || a.Attempts+1 >= maxAmends:
			l.Failed = append(l.Failed, a.ID)
			in = false
		default:
			continue
		}
		if id := view.Settled(a, in); id != "" {
			l.Notices = append(l.Notices, view.AdditionNotice(a, id))
		}
	}
	if len(edits) > 0 {
		l.Notices = append(l.Notices, view.EditNotice(edits, desk.Title))
	}
	for _, f := range c.files {
		there := k.fileEntered(desk, f) || w == takenWrite && f.State == storage.FileUploaded
		if !there && w != refusedWrite && f.Attempts+1 < maxAmends {
			continue
		}
		l.Files = append(l.Files, f.ID)
		if !there && f.State == storage.FileUploaded {
			f.State, f.Reason = storage.FileDropped, view.DropRefused
		}
		if f.State == storage.FileDropped {
			l.Notices = append(l.Notices, view.FileNotice(f))
		}
	}
}

// editedRequest is the create request after an edit, so that the next edit knows what it replaces.
func editedRequest(t storage.Ticket, a storage.Addition, request []byte) []byte {
	edit, ok := view.AdditionContent(a).(view.Edit)
	if !ok {
		return request
	}
	if request != nil {
		t.Request = request
	}
	return view.EncodeRequest(view.Edited(t, edit))
}
