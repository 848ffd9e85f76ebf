package livedesktest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"time"
)

// Webhook is where a desk posts that a ticket has changed, as LiveDesk does for an API channel. The documentation shows one
// event of a conversation; that tickets have such events at all is inferred. Each is posted once, in no order, and what
// becomes of it is not looked at.
type Webhook struct {
	URL  string // empty: nothing is posted
	Body WebhookBody
}

// WebhookBody is what an event tells.
type WebhookBody int

// The bodies of events.
const (
	NamesTicket  WebhookBody = iota // ticket_info has the ticket's id
	NamesChat                       // ticket_info is null, so that only the contact tells what the event is about
	NamesNothing                    // as from an automation that only calls an address
)

// The events that a desk posts, as LiveDesk or the software it derives from calls them.
const (
	eventCreated = "conversation_created"
	eventUpdated = "conversation_updated"
	eventStatus  = "conversation_status_changed"
	eventMessage = "message_created"
)

// webhookTimeout is how long the receiver of an event may take.
const webhookTimeout = 5 * time.Second

// SetWebhook makes the desk post each change of a ticket from now on.
func (d *Desk) SetWebhook(w Webhook) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.webhook = w
}

// announce posts an event of a ticket to where the desk was told to, under the lock.
func (d *Desk) announce(event string, t *Ticket) {
	if d.webhook.URL == "" {
		return
	}
	body, err := json.Marshal(d.webhook.Body.of(event, t))
	if err != nil {
		panic(err) // it holds nothing that JSON does not know
	}
	url := d.webhook.URL
	go func() {
		client := http.Client{Timeout: webhookTimeout}
		if res, err := client.Post(url, "application/json", bytes.NewReader(body)); err == nil {
			_ = res.Body.Close()
		}
	}()
}

// of is the body of an event of a ticket.
func (b WebhookBody) of(event string, t *Ticket) map[string]any {
	if b == NamesNothing {
		return map[string]any{"event": event}
	}
	var info any
	if b == NamesTicket {
		info = map[string]any{"ticket_id": t.ID, "status": t.Status, "priority": t.Priority}
	}
	return map[string]any{
		"event":         event,
		"account":       map[string]any{"id": 10000000000001, "name": "Emulated"},
		"channel":       "Channel::Api",
		"contact_inbox": map[string]any{"id": 31, "inbox_id": 100, "source_id": t.Requester.ContactID},
		"inbox_id":      100,
		"id":            17,
		"labels":        t.Tags,
		"messages":      webhookMessages(t),
		"meta":          map[string]any{"sender": map[string]any{"name": t.Requester.Name}, "assignee": nil, "team": t.Team},
		"status":        t.Status, "priority": t.Priority, "unread_count": 0,
		"conversation_category": "chat", "chat_mode": "private_chat", "ticket_info": info,
		"created_at": t.CreatedAt.Unix(), "timestamp": t.UpdatedAt.Unix(),
	}
}

// webhookMessages is the last message of a ticket, if there is one.
func webhookMessages(t *Ticket) []map[string]any {
	if len(t.Messages) == 0 {
		return []map[string]any{}
	}
	m := t.Messages[len(t.Messages)-1]
	return []map[string]any{{
		"id": m.ID, "content": m.Content, "content_type": m.ContentType, "private": m.Internal, "created_at": m.SentAt.Unix(),
		"sender": map[string]any{"name": m.SenderName, "type": m.SenderType},
	}}
}
