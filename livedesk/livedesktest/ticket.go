package livedesktest

import (
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// Ticket is what the desk knows of a ticket.
type Ticket struct {
	ID            string
	Title         string
	Description   string
	Attachments   []string // addresses of files
	Status        string
	Priority      string
	Type          string // "None" where none was given
	Requester     Requester
	Submitter     string // id of an internal member; may be empty
	Team          string // name; may be empty
	CustomFields  map[string]any
	Messages      []Message
	StatusChanges []StatusChange
	Tags          []string
	SLA           *SLA
	Followers     []string // ids of internal members
	Rating        *Rating
	CreatedAt     time.Time
	UpdatedAt     time.Time // moves with update requests only, because nothing promises more
	ResolvedAt    time.Time // zero if it is not
	ClosedAt      time.Time // zero if it is not

	// Ref is [RefField] as it was on creation, whatever later updates made of it.
	Ref string
	// CreateBody and UpdateBodies are the requests that were obeyed, byte for byte.
	CreateBody   json.RawMessage
	UpdateBodies []json.RawMessage
	// Revision grows with each change of a ticket of this desk.
	Revision int64
}

// Requester is the customer of a ticket, known by EUID or ChannelID and ContactID.
type Requester struct {
	EUID         string
	Name         string
	Email        string
	Phone        string
	ChannelID    string
	ContactID    string
	SubContactID string
	Followers    []Follower
}

// Follower is a person on the channel's side who watches a ticket.
type Follower struct {
	ID   string
	Name string
}

// Message is one entry of a ticket's history.
type Message struct {
	ID          string // given by the desk if it is empty
	SenderID    string
	SenderType  string // documented: internal_member, system, bot
	SenderName  string
	Content     string
	ContentType string // text, image, file, audio or video; found out if it is empty
	Files       []File
	SentAt      time.Time // now if it is zero
	Internal    bool

	// Set replaces fields of the message in answers by any JSON value, for instance "is_internal" by the text
	// "false". Omit leaves fields out.
	Set  map[string]any
	Omit []string
}

// File is a file of an agent.
type File struct {
	Name string
	Type string // MIME type
	// URL is where the file is. If it is empty the desk serves the file itself: Content, or if that is
	// nil, Size zero bytes that take up no memory.
	URL     string
	Content []byte
	Size    int64
}

// StatusChange is one entry of a ticket's status history.
type StatusChange struct {
	To     string
	At     time.Time
	ByType string // user, system or bot
	ByID   string // with user only
}

// SLA is what the requester was promised. Zero times are left out.
type SLA struct {
	FirstResponseDue time.Time
	ResolutionDue    time.Time
	FirstResponseAt  time.Time
	Breached         bool
}

// Rating is the requester's opinion.
type Rating struct {
	Stars       int // 1 to 5
	Feedback    string
	SubmittedAt time.Time
}

// clone copies everything that the desk may change later.
func (t *Ticket) clone() Ticket {
	c := *t
	c.Attachments = slices.Clone(t.Attachments)
	c.Requester.Followers = slices.Clone(t.Requester.Followers)
	c.CustomFields = maps.Clone(t.CustomFields)
	c.Messages = slices.Clone(t.Messages)
	c.StatusChanges = slices.Clone(t.StatusChanges)
	c.Tags = slices.Clone(t.Tags)
	c.Followers = slices.Clone(t.Followers)
	c.UpdateBodies = slices.Clone(t.UpdateBodies)
	if t.SLA != nil {
		c.SLA = new(*t.SLA)
	}
	if t.Rating != nil {
		c.Rating = new(*t.Rating)
	}
	return c
}
