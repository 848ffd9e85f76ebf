package livedesk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strings"
)

// NewTicket is a ticket to be created. Title and Requester are required; any other field that is empty is not sent.
// A NewTicket keeps its value when written as JSON and read again.
//
// The fields are those of https://www.engagelab.com/docs/livedesk/rest-api/ticket/create-tickets.
type NewTicket struct {
	Title          string            `json:"title"`
	Description    string            `json:"description,omitempty"` // Markdown
	Attachments    []NewAttachment   `json:"attachments,omitempty"`
	Requester      Requester         `json:"requester"`
	Submitter      *Member           `json:"submitter,omitempty"`
	AssignmentTeam string            `json:"assignment_team,omitempty"` // name of a team that exists
	Priority       Priority          `json:"priority,omitempty"`        // high, medium or low; LiveDesk takes medium if empty
	Type           TicketType        `json:"ticket_type,omitempty"`
	CustomFields   map[string]string `json:"custom_fields,omitempty"`
}

// NewAttachment refers to a file by the address that [Client.Upload] returned.
type NewAttachment struct {
	FileURL string `json:"file_url"`
}

// Requester is who asks for help. The vendor's pages disagree whether EUID is required or one of the two is
// enough; whoever knows both should send both.
type Requester struct {
	EUID            string          `json:"euid,omitempty"` // unique id of a LiveDesk contact
	ChannelContacts *ChannelContact `json:"channel_contacts,omitempty"`
}

// ChannelContact is a requester as a channel knows them. For the Telegram channel, ContactID is the chat and
// SubContactID the topic.
type ChannelContact struct {
	ChannelID    string     `json:"channel_id"`
	ContactID    string     `json:"contact_id"`
	SubContactID string     `json:"sub_contact_id,omitempty"`
	Followers    []Follower `json:"followers,omitempty"`
}

// Follower is a person on the channel's side who is to be notified there.
type Follower struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// Member is an internal member of the LiveDesk project.
type Member struct {
	ID string `json:"id"`
}

// Created is a ticket that LiveDesk confirmed. ID may be empty: created, id unknown.
type Created struct {
	ID string
}

// CreateTicket creates a ticket. Calling it again makes a second one: after an error of kind Unknown the first may
// exist. A ticket that the documentation calls invalid is refused without being sent.
func (c *Client) CreateTicket(ctx context.Context, ticket NewTicket) (Created, error) {
	if err := ticket.fault(); err != nil {
		return Created{}, refused(opCreate, err)
	}
	answer, err := c.send(ctx, opCreate, http.MethodPost, c.tickets, ticket)
	if err != nil {
		return Created{}, err
	}
	return Created{ID: ticketID(answer)}, nil
}

// fault returns why LiveDesk would not accept the ticket. Its texts contain nothing of the ticket.
func (t NewTicket) fault() error {
	contact := t.Requester.ChannelContacts
	switch {
	case blank(t.Title):
		return errors.New("title is empty")
	case blank(t.Requester.EUID) && contact == nil:
		return errors.New("requester has neither euid nor channel_contacts")
	case contact != nil && (blank(contact.ChannelID) || blank(contact.ContactID)):
		return errors.New("channel_contacts has no channel_id or no contact_id")
	case t.Submitter != nil && blank(t.Submitter.ID):
		return errors.New("submitter has no id")
	}
	return attachmentFault(t.Attachments)
}

func attachmentFault(attachments []NewAttachment) error {
	for _, a := range attachments {
		if blank(a.FileURL) {
			return errors.New("attachment has no file_url")
		}
	}
	return nil
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

// TicketUpdate is a change to a ticket. Title and description are always sent, since one version of the vendor's page requires
// them. Every other field is sent only if it is not empty, so it cannot be emptied; Tags alone can, by a list that is empty but
// not nil. Whether LiveDesk merges the update into the ticket or replaces the ticket by it is not documented: begin with
// [Ticket.Update] and change that, so that both give the same. A TicketUpdate keeps its value through JSON and back.
//
// The fields are those of https://www.engagelab.com/docs/livedesk/rest-api/ticket/update-tickets, which has none for
// status, team or messages.
type TicketUpdate struct {
	Title        string          `json:"title"`
	Description  string          `json:"description"` // Markdown
	Attachments  []NewAttachment `json:"attachments,omitempty"`
	Priority     Priority        `json:"priority,omitempty"`
	Type         TicketType      `json:"ticket_type,omitempty"`
	CustomFields map[string]any  `json:"custom_fields,omitempty"`
	Tags         []string        `json:"tags,omitzero"` // nil: not sent
}

// UnmarshalJSON keeps the numbers among CustomFields as they are written, as [json.Number].
func (u *TicketUpdate) UnmarshalJSON(data []byte) error {
	type plain TicketUpdate // without this method
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	return decoder.Decode((*plain)(u))
}

// UpdateTicket changes a ticket. The error is ErrNotFound if there is none with this id. LiveDesk has no concurrency
// control: a change made since the ticket was read may be lost.
func (c *Client) UpdateTicket(ctx context.Context, id string, update TicketUpdate) error {
	address, err := c.ticketURL(opUpdate, id)
	if err != nil {
		return err
	}
	if err := attachmentFault(update.Attachments); err != nil {
		return refused(opUpdate, err)
	}
	_, err = c.send(ctx, opUpdate, http.MethodPut, address, update)
	return err
}

// Documented returns the update without what LiveDesk does not document for writing, and whether it had any: words for
// priority and type, and custom fields without a value. LiveDesk may show what it does not take.
func (u TicketUpdate) Documented() (documented TicketUpdate, odd bool) {
	switch u.Priority {
	case "", PriorityLow, PriorityMedium, priorityNormal, PriorityHigh, PriorityUrgent:
	default:
		u.Priority, odd = "", true
	}
	switch u.Type {
	case "", TypeProblem, TypeIncident, TypeQuestion, TypeTask:
	default:
		u.Type, odd = "", true
	}
	given := maps.Clone(u.CustomFields)
	maps.DeleteFunc(given, func(_ string, value any) bool { return value == nil })
	odd = odd || len(given) < len(u.CustomFields)
	u.CustomFields = given
	return u, odd
}
