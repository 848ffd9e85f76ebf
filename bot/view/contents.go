package view

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

// Shown is what the card shows of LiveDesk's word. It is compared as JSON: a change is an edit of the card.
type Shown struct {
	Title    string    `json:"title"`
	Status   string    `json:"status"`
	Before   string    `json:"before,omitempty"` // the status of a ticket that is gone, as LiveDesk last said
	Priority string    `json:"priority,omitempty"`
	Type     string    `json:"type,omitempty"`
	Team     string    `json:"team,omitempty"`
	Answer   time.Time `json:"answer,omitzero"`   // promised by
	Solution time.Time `json:"solution,omitzero"` // promised by
	Files    int       `json:"files,omitempty"`
	Rating   int       `json:"rating,omitempty"`
	Reopen   bool      `json:"reopen,omitempty"` // it is finished, and somebody has asked for it to be reopened
}

// ShownOf is what the card shows of LiveDesk's word.
func ShownOf(t livedesk.Ticket) Shown {
	v := Shown{
		Title: markup.Shorten(markup.Line(t.Title), 300), Status: Status(t.Status), Priority: string(t.Priority), Type: string(t.Type),
		Team: teamName(t), Files: len(t.Attachments), Reopen: IsMarked(t) && Finished(Status(t.Status)),
		Rating: ratingOf(t),
	}
	if s := t.SLA; s != nil && !Finished(v.Status) {
		if s.FirstResponseAt.IsZero() && !s.FirstResponseDue.IsZero() {
			v.Answer = s.FirstResponseDue
		} else {
			v.Solution = s.ResolutionDue
		}
	}
	return v
}

// FirstShown is what the card shows before LiveDesk has been asked: the request, with the documented default.
func FirstShown(r livedesk.NewTicket) Shown {
	return Shown{
		Title: markup.Shorten(markup.Line(r.Title), 300), Status: string(livedesk.StatusOpen),
		Priority: string(cmp.Or(r.Priority, livedesk.PriorityMedium)), Type: string(r.Type), Team: r.AssignmentTeam, Files: len(r.Attachments),
	}
}

// Change is the content of a NoticeStatus.
type Change struct {
	Status string `json:"status"`
	Again  bool   `json:"again,omitempty"` // reopened
}

// Reply is the content of a NoticeReply: an agent's public message.
type Reply struct {
	Who   string      `json:"who"`
	Text  string      `json:"text"` // as LiveDesk gave it
	Files []ReplyFile `json:"files,omitempty"`
}

// ReplyFile is a file of an agent.
type ReplyFile struct {
	Name string `json:"name"`
	MIME string `json:"mime"`
	URL  string `json:"url"`
}

// Kinds of notices.
const (
	NoticeReply  = "reply"  // an agent's public reply
	NoticeStatus = "status" // resolved, closed, reopened, gone, or something is needed of the customer
	NoticeAnswer = "answer" // what came of an addition
	NoticeEdited = "edited" // what came of an edit
	// A ticket that was told to wait is unconfirmed; storage stores it.
	NoticeUnconfirmed = storage.NoticeUnconfirmed
)

// NewNotice returns a notice with its content. The key says what it tells, so that it is told once.
func NewNotice(key, kind string, content any) storage.Notice {
	return storage.Notice{Key: key, Kind: kind, Content: encode(content)}
}

// EditedContent is the content of a NoticeEdited: names of what was changed, and of what could not be. Its text is for a version that
// does not know the kind.
type EditedContent struct {
	Text    string   `json:"text"`
	Changed []string `json:"changed,omitempty"`
	Kept    []string `json:"kept,omitempty"`
}

// Unconfirmed is the content of a NoticeUnconfirmed.
type Unconfirmed struct {
	Attempt int `json:"attempt"`
}

// StatusGone is the status that we give a ticket which LiveDesk does not know any more.
const StatusGone = "gone"

// StatusClosed is the status of a ticket to which nothing more can be added.
const StatusClosed = string(livedesk.StatusClosed)

// Contents of additions.
type (
	// Words are added to the description.
	Words struct {
		Text   string // Markdown block, heading included
		Origin string // message or album that it came with, answered once
		Broken bool   // they say what is still wrong with a ticket that was to be solved
		// Where it was said and is answered, if that is not the ticket's chat.
		Chat, Message int64 `json:",omitempty"`
	}
	// Value is another priority or type.
	Value struct{ Value string }
	// Edit is another title and description by the person who asked, and the options that now stand there and did not before.
	Edit struct {
		OldTitle, OldDescription, Title, Description string
		Block                                        string // appended where the old text is not there any more

		Priority, Type string            `json:",omitempty"`
		Team           string            `json:",omitempty"` // LiveDesk takes another one only before it has the ticket
		Fields         map[string]string `json:",omitempty"`
		Kept           []string          `json:",omitempty"` // names of options that cannot be changed
	}
	// Rating is what a customer thinks of the solution.
	Rating struct {
		Stars  int   // 1 to 5
		Person int64 // as in Words
	}
	// Reopening is the mark that somebody asks for the ticket to be reopened.
	Reopening struct {
		On     bool  // it is to be there; else it is to go
		Person int64 // as in Words
	}
)

// Rewords reports whether an edit changes the text.
func (e Edit) Rewords() bool { return e.Title != e.OldTitle || e.Description != e.OldDescription }

// Changes are the names of what an edit changes.
func (e Edit) Changes() []string {
	var names []string
	for _, part := range []struct {
		name    string
		changes bool
	}{
		{editedTitle, e.Title != e.OldTitle}, {"description", e.Description != e.OldDescription},
		{"priority", e.Priority != ""}, {"type", e.Type != ""}, {EditedTeam, e.Team != ""},
	} {
		if part.changes {
			names = append(names, part.name)
		}
	}
	return append(names, slices.Sorted(maps.Keys(e.Fields))...)
}

// Names among what an edit changes or cannot change.
const (
	editedTitle = "title"
	EditedTeam  = "team"
)

// SetField adds a custom field to what an edit changes.
func (e *Edit) SetField(key, value string) {
	if e.Fields == nil {
		e.Fields = map[string]string{}
	}
	e.Fields[key] = value
}

// WithoutTeam is an edit for a ticket that LiveDesk may have, which takes no other team.
func (e Edit) WithoutTeam() Edit {
	if e.Team != "" {
		e.Team, e.Kept = "", append(e.Kept, EditedTeam)
	}
	return e
}

// NewAddition returns an addition of the given kind with its content.
func NewAddition(ref string, ticket int64, kind storage.AdditionKind, content any) storage.Addition {
	return storage.Addition{Ref: ref, Ticket: ticket, Kind: kind, Content: encode(content)}
}

// AdditionContent is what an addition is to change: Words, Value, Edit, Rating or Reopening.
func AdditionContent(a storage.Addition) any {
	switch a.Kind {
	case storage.AddText:
		return decode[Words](a.Content)
	case storage.AddEdit:
		return decode[Edit](a.Content)
	case storage.AddRating:
		return decode[Rating](a.Content)
	case storage.AddReopen:
		return decode[Reopening](a.Content)
	}
	return decode[Value](a.Content)
}

// ShownOn is what the card of a row shows; before LiveDesk has been looked at, its request.
func ShownOn(t storage.Ticket) Shown { return shownOn(t, RequestIn(t)) }

func shownOn(t storage.Ticket, request livedesk.NewTicket) Shown {
	if t.View == nil {
		return FirstShown(request)
	}
	return decode[Shown](t.View)
}

// RequestIn is the create request of a row.
func RequestIn(t storage.Ticket) livedesk.NewTicket { return decode[livedesk.NewTicket](t.Request) }

// Edited is the create request of a row after an edit.
func Edited(t storage.Ticket, e Edit) livedesk.NewTicket {
	r := RequestIn(t)
	r.Title, r.Description = e.Title, e.Description
	r.Priority = cmp.Or(livedesk.Priority(e.Priority), r.Priority)
	r.Type = cmp.Or(livedesk.TicketType(e.Type), r.Type)
	r.AssignmentTeam = cmp.Or(e.Team, r.AssignmentTeam)
	if r.CustomFields == nil {
		r.CustomFields = map[string]string{}
	}
	maps.Copy(r.CustomFields, e.Fields)
	return r
}

// EncodeRequest is what goes into a row.
func EncodeRequest(r livedesk.NewTicket) []byte { return encode(r) }

// FileIn is what Telegram says of a row's file.
func FileIn(f storage.File) File { return decode[File](f.File) }

// JSON is what goes into a row.
func (s Shown) JSON() []byte { return encode(s) }

// JSON is what goes into a row.
func (f File) JSON() []byte { return encode(f) }

// encode cannot fail: contents are plain fields.
func encode(content any) []byte {
	raw, _ := json.Marshal(content)
	return raw
}

// decode reads what encode wrote. Rows hold nothing else; what could not be read would be shown as empty.
func decode[T any](raw []byte) (content T) {
	_ = json.Unmarshal(raw, &content)
	return content
}

// Answer is the content of a NoticeAnswer: one of our texts.
type Answer struct {
	Text string `json:"text"`
	Name string `json:"name,omitempty"` // of a file
	// What it answers, if that is not a message of the ticket's chat.
	Chat    int64 `json:"chat,omitempty"`
	Message int64 `json:"message,omitempty"`
}

// Reasons for a ticket's state, as stored in its row.
const (
	ReasonTeam    = "team"     // refused: no such team to choose
	ReasonRefused = "livedesk" // refused: LiveDesk's word
	ReasonText    = "text"     // refused: turned away again and again while others were accepted
	ReasonAway    = "away"     // waiting: LiveDesk cannot be reached or asks to wait
	ReasonSetup   = "setup"    // waiting: LiveDesk does not accept our credentials or address
	ReasonUnknown = "unknown"  // unconfirmed: no readable answer
)
