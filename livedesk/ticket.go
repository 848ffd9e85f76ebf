package livedesk

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Priority is how urgent a ticket is. The list is open: expect other words in answers.
type Priority string

// The documented priorities. Urgent is not documented for creating, normal for changing alone.
const (
	PriorityLow    Priority = "low"
	PriorityMedium Priority = "medium"
	PriorityHigh   Priority = "high"
	PriorityUrgent Priority = "urgent"
	priorityNormal Priority = "normal"
)

// TicketType is what a ticket is about; empty means none. The list is open.
type TicketType string

// The documented ticket types.
const (
	TypeProblem  TicketType = "problem"
	TypeIncident TicketType = "incident"
	TypeQuestion TicketType = "question"
	TypeTask     TicketType = "task"
)

// Status is where a ticket stands. The list is open: projects define codes of their own.
type Status string

// The documented statuses.
const (
	StatusOpen       Status = "open"
	StatusInProgress Status = "in_progress"
	StatusResolved   Status = "resolved"
	StatusClosed     Status = "closed"
)

// SenderType is the side a message comes from. The list is open, and has no documented word for the customer.
type SenderType string

// The documented sender types.
const (
	SenderInternalMember SenderType = "internal_member"
	SenderSystem         SenderType = "system"
	SenderBot            SenderType = "bot"
)

// ContentType is the form of a message. The list is open.
type ContentType string

// The documented content types.
const (
	ContentText  ContentType = "text"
	ContentImage ContentType = "image"
	ContentFile  ContentType = "file"
	ContentAudio ContentType = "audio"
	ContentVideo ContentType = "video"
)

// Ticket is a ticket as LiveDesk shows it. Every field may be empty, and a zero time means unknown or not yet. The
// parts need not agree with each other; where they do not, Status is right, and UpdatedAt may stand still although
// messages arrive.
//
// The fields are those of https://www.engagelab.com/docs/livedesk/rest-api/ticket/get-tickets-details.
type Ticket struct {
	ID            string
	Title         string
	Description   string // Markdown
	Attachments   []Attachment
	Status        Status
	Priority      Priority
	Type          TicketType
	Requester     Contact
	Submitter     *Member
	Team          *Team
	CustomFields  map[string]any // numbers are json.Number
	Conversation  []Message      // whole history, in no promised order
	StatusChanges []StatusChange
	Tags          []string
	SLA           *SLA
	Followers     []Person // internal members who watch the ticket
	Satisfaction  *Satisfaction
	CreatedAt     time.Time
	UpdatedAt     time.Time
	ResolvedAt    time.Time
	ClosedAt      time.Time
}

// Attachment is a file of a ticket or message. Only URL is certain; Name is taken from it where LiveDesk gives none.
type Attachment struct {
	Name     string
	MIMEType string
	URL      string
	Size     int64 // bytes, 0 unknown
}

// Contact is the requester of a ticket.
type Contact struct {
	EUID            string
	Name            string
	Email           string
	Phone           string
	ChannelContacts *ContactChannel
}

// ContactChannel is the requester as a channel knows them; compare [ChannelContact].
type ContactChannel struct {
	ChannelID    string
	ContactID    string
	SubContactID string
	Followers    []Person
}

// Person is a follower: at least one of the two is there.
type Person struct {
	ID   string
	Name string
}

// Team is the team a ticket is assigned to: at least one of the two is there.
type Team struct {
	ID   string
	Name string
}

// Message is one message of a ticket's history.
type Message struct {
	// ID tells the messages of a ticket apart. Where LiveDesk gives none it is "hash:" and a digest of sender, time
	// and content, the same in every answer.
	ID          string
	Sender      Sender
	Content     string
	ContentType ContentType
	Attachments []Attachment
	SentAt      time.Time

	// Internal is false only if the answer says so in so many words: the customer must not see what may be a note
	// among agents.
	Internal bool
}

// Sender is who wrote a message.
type Sender struct {
	ID   string
	Type SenderType
	Name string
}

// StatusChange is one step of a ticket's history.
type StatusChange struct {
	To     Status
	At     time.Time
	ByType string // documented: user, system, bot
	ByID   string // of a user
}

// SLA is what the service level agreement promises for a ticket, and what came of it.
type SLA struct {
	FirstResponseDue time.Time
	ResolutionDue    time.Time
	FirstResponseAt  time.Time
	Breached         bool
}

// Satisfaction is the customer's verdict.
type Satisfaction struct {
	Rating      int // 1 to 5; 0 unknown
	Feedback    string
	SubmittedAt time.Time
}

// Ticket reads a ticket. The error is ErrNotFound if there is none with this id.
func (c *Client) Ticket(ctx context.Context, id string) (Ticket, error) {
	address, err := c.ticketURL(opRead, id)
	if err != nil {
		return Ticket{}, err
	}
	answer, err := c.send(ctx, opRead, http.MethodGet, address, nil)
	if err != nil {
		return Ticket{}, err
	}
	ticket, ok := findTicket(answer)
	if !ok {
		return Ticket{}, &Error{Op: string(opRead), Kind: Unknown, Err: errors.New("answer holds no ticket")}
	}
	if ticket.ID == "" {
		ticket.ID = id
	}
	return ticket, nil
}

// ticketURL is the address of a ticket. Ids are opaque and may have been typed by anybody: whatever they contain,
// the address is below the collection's.
func (c *Client) ticketURL(op operation, id string) (string, error) {
	if blank(id) || id == "." || id == ".." {
		e := refused(op, errors.New("no ticket can have this id"))
		e.is = ErrNotFound
		return "", e
	}
	return c.tickets + "/" + url.PathEscape(id), nil
}

// Update returns an update that repeats what the ticket has as it was read, lists in full, for the caller to change.
func (t Ticket) Update() TicketUpdate {
	update := TicketUpdate{
		Title:        t.Title,
		Description:  t.Description,
		Priority:     t.Priority,
		Type:         t.Type,
		CustomFields: maps.Clone(t.CustomFields),
		Tags:         slices.Clone(t.Tags),
	}
	for _, a := range t.Attachments {
		if a.URL != "" {
			update.Attachments = append(update.Attachments, NewAttachment{FileURL: a.URL})
		}
	}
	return update
}
