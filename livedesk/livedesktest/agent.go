package livedesktest

import (
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"
)

// ErrNoTicket is returned where there is no ticket with the given id.
var ErrNoTicket = errors.New("no such ticket")

// ErrNoTeam is returned where there is no team of the given name.
var ErrNoTeam = errors.New("no such team")

// Tickets returns copies of all tickets, oldest first.
func (d *Desk) Tickets() []Ticket {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := make([]Ticket, len(d.order))
	for i, t := range d.order {
		list[i] = t.clone()
	}
	return list
}

// Ticket returns a copy of a ticket.
func (d *Desk) Ticket(id string) (Ticket, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.tickets[id]
	if t == nil {
		return Ticket{}, false
	}
	return t.clone(), true
}

// Count returns how many tickets there are.
func (d *Desk) Count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.order)
}

// Change calls change with a ticket, in which it may alter anything but the id; nothing is checked. It must neither keep
// the ticket nor call the desk.
func (d *Desk) Change(id string, change func(*Ticket)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.tickets[id]
	if t == nil {
		return fmt.Errorf("ticket %q: %w", id, ErrNoTicket)
	}
	messages, status, event := len(t.Messages), t.Status, eventUpdated
	change(t)
	t.ID = id
	switch {
	case len(t.Messages) > messages:
		event = eventMessage
	case t.Status != status:
		event = eventStatus
	}
	d.touch(t, event)
	return nil
}

// Delete removes a ticket, as an administrator may in the console.
func (d *Desk) Delete(id string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.tickets[id] == nil {
		return fmt.Errorf("ticket %q: %w", id, ErrNoTicket)
	}
	delete(d.tickets, id)
	d.revision++
	d.deleted = append(d.deleted, deletion{id, d.revision})
	d.order = slices.DeleteFunc(d.order, func(t *Ticket) bool { return t.ID == id })
	return nil
}

// Reply adds an agent's public reply and returns its id. The first one counts as the first response.
func (d *Desk) Reply(id, agent, text string, files ...File) (string, error) {
	return d.Message(id, Message{
		SenderID: AgentID(agent), SenderType: "internal_member", SenderName: agent, Content: text, Files: files,
	})
}

// Note adds an agent's internal note and returns its id.
func (d *Desk) Note(id, agent, text string, files ...File) (string, error) {
	return d.Message(id, Message{
		SenderID: AgentID(agent), SenderType: "internal_member", SenderName: agent, Content: text, Files: files,
		Internal: true,
	})
}

// AgentID returns the member id that goes with an agent's name.
func AgentID(name string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name)) // never fails
	return fmt.Sprintf("u_%05d", h.Sum32()%100_000)
}

// Message adds any message, however odd, and returns its id.
func (d *Desk) Message(id string, m Message) (string, error) {
	err := d.Change(id, func(t *Ticket) {
		now := d.options.Now()
		d.messages++
		if m.ID == "" {
			m.ID = fmt.Sprintf("msg_%s_%03d", now.Format("20060102"), d.messages)
		}
		if m.SentAt.IsZero() {
			m.SentAt = now
		}
		m.Files = slices.Clone(m.Files)
		for i, f := range m.Files {
			if f.URL == "" {
				m.Files[i].URL = d.files.addAgents(f)
			}
		}
		if m.ContentType == "" {
			m.ContentType = contentType(m)
		}
		t.Messages = append(t.Messages, m)
		if t.SLA != nil && t.SLA.FirstResponseAt.IsZero() && !m.Internal {
			t.SLA.FirstResponseAt = m.SentAt
		}
	})
	return m.ID, err
}

// contentType is text where there is any, otherwise what the first file is.
func contentType(m Message) string {
	if m.Content != "" || len(m.Files) == 0 {
		return "text"
	}
	kind, _, _ := strings.Cut(m.Files[0].Type, "/")
	if kind == "image" || kind == "audio" || kind == "video" {
		return kind
	}
	return "file"
}

// EditMessage replaces the text of a message, which keeps its id and time.
func (d *Desk) EditMessage(id, messageID, text string) error {
	found := false
	err := d.Change(id, func(t *Ticket) {
		i := slices.IndexFunc(t.Messages, func(m Message) bool { return m.ID == messageID })
		if found = i >= 0; found {
			t.Messages[i].Content = text
		}
	})
	if err == nil && !found {
		return fmt.Errorf("ticket %q: no message %q", id, messageID)
	}
	return err
}

// SetStatus changes the status to any word, with its entry in the history. Resolved and closed set their
// times; every other status unsets them.
func (d *Desk) SetStatus(id, status string) error {
	return d.Change(id, func(t *Ticket) {
		now := d.options.Now()
		t.Status = status
		t.StatusChanges = append(t.StatusChanges, StatusChange{To: status, At: now, ByType: "user", ByID: "u_12345"})
		switch status {
		case "resolved":
			t.ResolvedAt, t.ClosedAt = now, time.Time{}
		case "closed":
			t.ClosedAt = now
		default:
			t.ResolvedAt, t.ClosedAt = time.Time{}, time.Time{}
		}
	})
}

// SetPriority changes the priority to any word.
func (d *Desk) SetPriority(id, priority string) error {
	return d.Change(id, func(t *Ticket) { t.Priority = priority })
}

// SetType changes the type to any word.
func (d *Desk) SetType(id, kind string) error {
	return d.Change(id, func(t *Ticket) { t.Type = kind })
}

// SetTeam hands the ticket to a team that exists, or with an empty name to none.
func (d *Desk) SetTeam(id, name string) error {
	if name != "" && !slices.Contains(d.options.Teams, name) {
		return fmt.Errorf("team %q: %w", name, ErrNoTeam)
	}
	return d.Change(id, func(t *Ticket) { t.Team = name })
}

// SetSLA sets what the requester is promised.
func (d *Desk) SetSLA(id string, sla SLA) error {
	return d.Change(id, func(t *Ticket) { t.SLA = &sla })
}

// Rate sets the requester's rating, 1 to 5 stars.
func (d *Desk) Rate(id string, stars int, feedback string) error {
	return d.Change(id, func(t *Ticket) {
		t.Rating = &Rating{Stars: stars, Feedback: feedback, SubmittedAt: d.options.Now()}
	})
}
