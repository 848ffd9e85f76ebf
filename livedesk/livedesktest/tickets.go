package livedesktest

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"slices"
)

// create does POST /api/v2/accounts/tickets.
func (d *Desk) create(c *call) (answer, error) {
	o, err := parse(c)
	if err != nil {
		return answer{}, err
	}
	t, err := d.readNew(o)
	if err != nil {
		return answer{}, err
	}
	t.CreateBody = c.body
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.options.Now()
	t.ID = d.newTicketID(now.Format("20060102"))
	t.CreatedAt, t.UpdatedAt = now, now
	d.tickets[t.ID] = t
	d.order = append(d.order, t)
	d.touch(t, eventCreated)
	return d.done(t.ID, "Ticket created successfully"), nil
}

// readNew reads the request of the documentation's "create ticket".
func (d *Desk) readNew(o object) (*Ticket, error) {
	t := &Ticket{Status: "open", Priority: "medium", Type: "None"}
	t.Title = o.required("title")
	t.Description, _ = o.text("description")
	t.Attachments, _ = o.attachments()
	d.readRequester(o, &t.Requester)
	if submitter, ok := o.child("submitter"); ok {
		t.Submitter = submitter.required("id")
		submitter.end()
	}
	team, hasTeam := o.text("assignment_team")
	t.Team = team
	if priority, ok := o.choice("priority", "high", "medium", "low"); ok {
		t.Priority = priority
	}
	if kind, ok := o.choice("ticket_type", "problem", "incident", "question", "task", "None"); ok {
		t.Type = kind
	}
	t.CustomFields, _ = o.newFields()
	t.Ref, _ = t.CustomFields[RefField].(string)
	if err := o.err(); err != nil {
		return nil, err
	}
	if hasTeam && !slices.Contains(d.options.Teams, team) {
		return nil, refusal{http.StatusBadRequest, codeBusiness, "assignment_team does not exist"}
	}
	return t, nil
}

func (d *Desk) readRequester(o object, r *Requester) {
	requester, ok := o.child("requester")
	if !ok {
		o.fault("requester", "is missing")
		return
	}
	r.EUID = requester.id("euid")
	if channel, ok := requester.child("channel_contacts"); ok {
		r.ChannelID = channel.required("channel_id")
		r.ContactID = channel.required("contact_id")
		r.SubContactID = channel.id("sub_contact_id")
		channel.children("followers", func(f object) {
			r.Followers = append(r.Followers, Follower{ID: f.required("id"), Name: f.present("name")})
		})
		channel.end()
	} else if r.EUID == "" {
		requester.fault("euid", "or channel_contacts must be present")
	}
	if d.options.RequireEUID && r.EUID == "" {
		requester.fault("euid", "is missing")
	}
	requester.end()
}

// newTicketID returns an unused id like tk_20251104_789abc.
func (d *Desk) newTicketID(day string) string {
	for {
		var tail [3]byte
		_, _ = rand.Read(tail[:]) // never fails
		id := "tk_" + day + "_" + hex.EncodeToString(tail[:])
		if d.tickets[id] == nil {
			return id
		}
	}
}

// done is the answer to a create or update.
func (d *Desk) done(id, text string) answer {
	return success(d.drift.message(), map[string]any{"ticket_id": id, "message": d.drift.detail(text)})
}

// update does PUT /api/v2/accounts/tickets/:ticket_id. Whether LiveDesk replaces or merges is not documented: lists that are
// sent are replaced, and with [Options] Replace all the rest too.
func (d *Desk) update(c *call) (answer, error) {
	o, err := parse(c)
	if err != nil {
		return answer{}, err
	}
	change, err := d.readUpdate(o)
	if err != nil {
		return answer{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.tickets[c.id]
	if t == nil {
		return answer{}, refusal{http.StatusNotFound, codeNotFound, "ticket not found"}
	}
	change(t)
	t.UpdatedAt = d.options.Now()
	t.UpdateBodies = append(t.UpdateBodies, c.body)
	d.touch(t, eventUpdated)
	return d.done(t.ID, "Ticket updated successfully"), nil
}

// readUpdate returns a function that makes the changes asked for.
func (d *Desk) readUpdate(o object) (func(*Ticket), error) {
	title := o.required("title")
	description := o.present("description")
	attachments, hasAttachments := o.attachments()
	priority, hasPriority := o.choice("priority", "low", "medium", "normal", "high", "urgent")
	kind, hasKind := o.choice("ticket_type", "problem", "incident", "question", "task", "None")
	fields, hasFields := o.customFields()
	tags, hasTags := o.tags()
	if err := o.err(); err != nil {
		return nil, err
	}
	return func(t *Ticket) {
		t.Title, t.Description = title, description
		if d.options.Replace {
			t.Attachments, t.Priority, t.Type, t.CustomFields, t.Tags = nil, "medium", "None", nil, nil
		}
		replace(&t.Attachments, attachments, hasAttachments)
		replace(&t.Priority, priority, hasPriority)
		replace(&t.Type, kind, hasKind)
		replace(&t.CustomFields, fields, hasFields)
		replace(&t.Tags, tags, hasTags)
	}, nil
}

func replace[T any](field *T, value T, sent bool) {
	if sent {
		*field = value
	}
}

// get does GET /api/v2/accounts/tickets/:ticket_id.
func (d *Desk) get(c *call) (answer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.tickets[c.id]
	if t == nil {
		return answer{}, refusal{http.StatusNotFound, codeNotFound, "ticket not found"}
	}
	return d.show(t, baseURL(c.request)), nil
}

// show is the answer to a get whose client reaches the desk at base.
func (d *Desk) show(t *Ticket, base string) answer {
	p := printer{drift: d.drift, files: &d.files, base: base, team: slices.Index(d.options.Teams, t.Team) + 1}
	return success(d.drift.message(), p.ticket(t))
}
