package page

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"livedeskbot/livedesk/livedesktest"
)

// Ticket is one ticket of LiveDesk, whole.
type Ticket struct {
	Row
	Type        string            `json:"type"`
	Description string            `json:"description"`
	Fields      map[string]any    `json:"fields"`
	Tags        []string          `json:"tags"`
	Contact     Contact           `json:"contact"`
	Files       []TicketFile      `json:"files"`
	Messages    []TicketMessage   `json:"messages"`
	Statuses    []StatusChange    `json:"statuses"`
	Promised    *time.Time        `json:"promised"`
	Stars       int               `json:"stars"`
	Feedback    string            `json:"feedback"`
	Created     time.Time         `json:"created"`
	Sent        []json.RawMessage `json:"sent"` // requests that made and changed it, oldest first
	Read        json.RawMessage   `json:"read"` // what LiveDesk answers who asks for it
}

// Contact is the customer of a ticket.
type Contact struct {
	EUID      string   `json:"euid,omitempty"`
	Channel   string   `json:"channel,omitempty"`
	Chat      string   `json:"chat,omitempty"`
	Topic     string   `json:"topic,omitempty"`
	Followers []string `json:"followers"`
}

// TicketMessage is an entry of a ticket's conversation.
type TicketMessage struct {
	ID       string       `json:"id"`
	Name     string       `json:"name"`
	Kind     string       `json:"kind"` // internal_member, system, bot
	Text     string       `json:"text"`
	Internal bool         `json:"internal,omitempty"`
	Files    []TicketFile `json:"files,omitempty"`
	At       time.Time    `json:"at"`
}

// TicketFile is a file at LiveDesk.
type TicketFile struct {
	Name  string `json:"name"`
	Type  string `json:"type,omitempty"`
	Size  int64  `json:"size,omitempty"`
	URL   string `json:"url"`
	Shown bool   `json:"shown,omitempty"` // its content can be had
}

// StatusChange is when a ticket got a status.
type StatusChange struct {
	To string    `json:"to"`
	At time.Time `json:"at"`
}

func (p *Page) ticket(r *http.Request) (any, error) {
	t, err := p.found(r)
	if err != nil {
		return nil, err
	}
	read, _ := p.Desk.JSON(t.ID, "") // deleted in this moment: then there is none to read
	out := Ticket{
		Row: rowOf(t), Type: t.Type, Description: t.Description, Fields: t.CustomFields, Tags: t.Tags, Contact: contactOf(t.Requester),
		Created: t.CreatedAt, Sent: append([]json.RawMessage{t.CreateBody}, t.UpdateBodies...), Read: read,
	}
	for _, address := range t.Attachments {
		out.Files = append(out.Files, p.ticketFileOf(livedesktest.File{URL: address}))
	}
	for _, m := range t.Messages {
		out.Messages = append(out.Messages, p.ticketMessageOf(m))
	}
	for _, c := range t.StatusChanges {
		out.Statuses = append(out.Statuses, StatusChange{c.To, c.At})
	}
	if t.SLA != nil && !t.SLA.ResolutionDue.IsZero() {
		out.Promised = &t.SLA.ResolutionDue
	}
	if t.Rating != nil {
		out.Stars, out.Feedback = t.Rating.Stars, t.Rating.Feedback
	}
	return out, nil
}

func (p *Page) found(r *http.Request) (livedesktest.Ticket, error) {
	t, ok := p.Desk.Ticket(r.PathValue("ticket"))
	if !ok {
		return t, refuse(http.StatusNotFound, "There is no ticket %s.", r.PathValue("ticket"))
	}
	return t, nil
}

func contactOf(r livedesktest.Requester) Contact {
	c := Contact{EUID: r.EUID, Channel: r.ChannelID, Chat: r.ContactID, Topic: r.SubContactID, Followers: []string{}}
	for _, f := range r.Followers {
		c.Followers = append(c.Followers, f.Name)
	}
	return c
}

func (p *Page) ticketMessageOf(m livedesktest.Message) TicketMessage {
	out := TicketMessage{ID: m.ID, Name: m.SenderName, Kind: m.SenderType, Text: m.Content, Internal: m.Internal, At: m.SentAt}
	for _, f := range m.Files {
		out.Files = append(out.Files, p.ticketFileOf(f))
	}
	return out
}

func (p *Page) ticketFileOf(f livedesktest.File) TicketFile {
	out := TicketFile{Name: f.Name, Type: f.Type, Size: f.Size, URL: f.URL}
	if kept, ok := p.Desk.File(f.URL); ok {
		out.Name, out.Type, out.Size, out.Shown = kept.Name, kept.Type, kept.Size, true
	}
	if out.Name == "" {
		out.Name = out.URL[strings.LastIndex(out.URL, "/")+1:]
	}
	return out
}

func (p *Page) reply(r *http.Request) (any, error) {
	t, err := p.found(r)
	if err != nil {
		return nil, err
	}
	wish, err := read[struct {
		Text     string   `json:"text"`
		Internal bool     `json:"internal"`
		Files    []string `json:"files"`
	}](r)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(wish.Text) == "" && len(wish.Files) == 0 {
		return nil, bad("There is nothing to send.")
	}
	var files []livedesktest.File
	for _, id := range wish.Files {
		up, ok := p.uploads.take(id)
		if !ok {
			return nil, bad("That file is not here any more. Choose it again.")
		}
		files = append(files, livedesktest.File{Name: up.name, Type: up.kind, Content: up.content})
	}
	write := p.Desk.Reply
	if wish.Internal {
		write = p.Desk.Note
	}
	id, err := write(t.ID, p.Agent, wish.Text, files...)
	return made[string]{id}, err
}

// changes are what an agent may set; nil leaves a field as it is.
type changes struct {
	Status   *string `json:"status"`
	Priority *string `json:"priority"`
	Type     *string `json:"type"`
	Team     *string `json:"team"`
	Promise  *int    `json:"promise_hours"`
	Stars    *int    `json:"stars"`
	Feedback string  `json:"feedback"`
}

func (p *Page) changeTicket(r *http.Request) (any, error) {
	t, err := p.found(r)
	if err != nil {
		return nil, err
	}
	wish, err := read[changes](r)
	if err != nil {
		return nil, err
	}
	for _, field := range []struct {
		value *string
		set   func(id, value string) error
	}{
		{wish.Status, p.Desk.SetStatus}, {wish.Priority, p.Desk.SetPriority}, {wish.Type, p.Desk.SetType}, {wish.Team, p.Desk.SetTeam},
	} {
		if field.value == nil {
			continue
		}
		if err := field.set(t.ID, *field.value); err != nil {
			return nil, bad("%v", err)
		}
	}
	return nil, p.promiseAndRate(t.ID, wish)
}

func (p *Page) promiseAndRate(id string, wish changes) error {
	if wish.Promise != nil {
		if *wish.Promise < 1 || *wish.Promise > 1000 {
			return bad("A promise is for 1 to 1000 hours.")
		}
		due := time.Now().Add(time.Duration(*wish.Promise) * time.Hour)
		if err := p.Desk.SetSLA(id, livedesktest.SLA{ResolutionDue: due}); err != nil {
			return bad("%v", err)
		}
	}
	if wish.Stars != nil {
		if *wish.Stars < 1 || *wish.Stars > 5 {
			return bad("A rating is 1 to 5 stars.")
		}
		return p.Desk.Rate(id, *wish.Stars, wish.Feedback)
	}
	return nil
}

func (p *Page) deleteTicket(r *http.Request) (any, error) {
	if err := p.Desk.Delete(r.PathValue("ticket")); err != nil {
		return nil, refuse(http.StatusNotFound, "There is no ticket %s.", r.PathValue("ticket"))
	}
	return nil, nil
}
