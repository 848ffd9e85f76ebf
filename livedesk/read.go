package livedesk

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"path"
	"strings"
	"time"
)

// findTicket reads the ticket in an answer: under data as documented, or bare as other endpoints of the API answer.
func findTicket(answer object) (Ticket, bool) {
	for _, o := range []object{answer.object("data"), answer} {
		if o.text("ticket_id") != "" || o.text("title") != "" {
			return readTicket(o), true
		}
	}
	return Ticket{}, false
}

// ticketID finds the id that an answer names, or "".
func ticketID(answer object) string {
	if id := answer.object("data").text("ticket_id"); id != "" {
		return id
	}
	return answer.text("ticket_id")
}

func readTicket(o object) Ticket {
	return Ticket{
		ID:            o.text("ticket_id"),
		Title:         o.text("title"),
		Description:   o.text("description"),
		Attachments:   each(o.list("attachments"), readAttachment),
		Status:        Status(o.text("status")),
		Priority:      Priority(o.text("priority")),
		Type:          readType(o.text("ticket_type")),
		Requester:     readContact(o.object("requester")),
		Submitter:     readMember(o["submitter"]),
		Team:          readTeam(o["assignment_team"]),
		CustomFields:  o.object("custom_fields"),
		Conversation:  each(o.list("conversation_list"), readMessage),
		StatusChanges: each(o.list("status_changes"), readStatusChange),
		Tags:          each(o.list("tags"), readTag),
		SLA:           readSLA(o.object("sla")),
		Followers:     each(o.list("followers"), readPerson),
		Satisfaction:  readSatisfaction(o.object("satisfactions")),
		CreatedAt:     o.time("created_at"),
		UpdatedAt:     o.time("updated_at"),
		ResolvedAt:    o.time("resolved_at"),
		ClosedAt:      o.time("closed_at"),
	}
}

// readType takes the word None, which create requests know, for no type.
func readType(word string) TicketType {
	if strings.EqualFold(word, "none") {
		return ""
	}
	return TicketType(word)
}

func readAttachment(v any) (Attachment, bool) {
	o, ok := fields(v)
	if !ok {
		o = object{"file_url": v}
	}
	a := Attachment{
		Name:     safeName(o.text("file_name")),
		MIMEType: o.text("file_type"),
		URL:      o.text("file_url"),
		Size:     max(0, o.number("file_size")),
	}
	if a.Name == "" {
		if u, err := url.Parse(a.URL); err == nil {
			a.Name = safeName(path.Base(u.Path))
		}
	}
	return a, a.URL != "" || a.Name != ""
}

func readContact(o object) Contact {
	return Contact{
		EUID:            o.text("euid"),
		Name:            o.text("name"),
		Email:           o.text("email"),
		Phone:           o.text("phone"),
		ChannelContacts: readChannel(o.object("channel_contacts")),
	}
}

func readChannel(o object) *ContactChannel {
	if len(o) == 0 {
		return nil
	}
	return &ContactChannel{
		ChannelID:    o.text("channel_id"),
		ContactID:    o.text("contact_id"),
		SubContactID: o.text("sub_contact_id"),
		Followers:    each(o.list("followers"), readPerson),
	}
}

// readPerson takes an object or a bare id: the vendor's page shows both.
func readPerson(v any) (Person, bool) {
	p := Person{ID: text(v)}
	if o, ok := fields(v); ok {
		p = Person{ID: o.text("id"), Name: o.text("name")}
	}
	return p, p != Person{}
}

func readMember(v any) *Member {
	p, _ := readPerson(v)
	if p.ID == "" {
		return nil
	}
	return &Member{ID: p.ID}
}

// readTeam takes an object, as answers have it, or a bare name, as requests do.
func readTeam(v any) *Team {
	t := Team{Name: text(v)}
	if o, ok := fields(v); ok {
		t = Team{ID: o.text("id"), Name: o.text("name")}
	}
	if t == (Team{}) {
		return nil
	}
	return &t
}

// readTag takes text, as the vendor's page shows it, or an object with a name or title, as lists of labels have them elsewhere.
func readTag(v any) (string, bool) {
	o, _ := fields(v)
	tag := cmp.Or(text(v), o.text("name"), o.text("title"))
	return tag, tag != ""
}

func readMessage(v any) (Message, bool) {
	o, ok := fields(v)
	if !ok {
		return Message{}, false
	}
	sender := o.object("sender")
	internal, known := o["is_internal"].(bool)
	m := Message{
		ID: o.text("message_id"),
		Sender: Sender{
			ID:   sender.text("id"),
			Type: SenderType(sender.text("type")),
			Name: sender.text("name"),
		},
		Content:     o.text("content"),
		ContentType: ContentType(o.text("content_type")),
		Attachments: each(o.list("attachments"), readAttachment),
		SentAt:      o.time("sent_at"),
		Internal:    !known || internal,
	}
	if m.ID == "" {
		m.ID = digest(m)
	}
	return m, true
}

// digest stands in for the id of a message. Of attachments it takes the names: their addresses may carry a signature
// that changes from answer to answer.
func digest(m Message) string {
	hash := sha256.New()
	fmt.Fprintf(hash, "%q %q %s %q", m.Sender.ID, m.Sender.Type, m.SentAt.Format(time.RFC3339Nano), m.Content)
	for _, a := range m.Attachments {
		fmt.Fprintf(hash, " %q", a.Name)
	}
	return "hash:" + hex.EncodeToString(hash.Sum(nil)[:16])
}

func readStatusChange(v any) (StatusChange, bool) {
	o, _ := fields(v)
	s := StatusChange{
		To:     Status(o.text("to_status")),
		At:     o.time("changed_at"),
		ByType: o.text("changed_by_type"),
		ByID:   o.text("changed_by_id"),
	}
	return s, s != StatusChange{}
}

func readSLA(o object) *SLA {
	s := SLA{
		FirstResponseDue: o.time("first_response_due"),
		ResolutionDue:    o.time("resolution_due"),
		FirstResponseAt:  o.time("first_response_at"),
		Breached:         o.flag("breached"),
	}
	if s == (SLA{}) {
		return nil
	}
	return &s
}

func readSatisfaction(o object) *Satisfaction {
	s := Satisfaction{
		Rating:      int(max(0, o.number("rating"))),
		Feedback:    o.text("feedback"),
		SubmittedAt: o.time("submitted_at"),
	}
	if s == (Satisfaction{}) {
		return nil
	}
	return &s
}
