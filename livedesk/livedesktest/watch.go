package livedesktest

import "encoding/json"

// deletion is a ticket that is gone.
type deletion struct {
	id       string
	revision int64
}

// touch notes that a ticket has changed, and posts the event, under the lock.
func (d *Desk) touch(t *Ticket, event string) {
	d.revision++
	t.Revision = d.revision
	d.announce(event, t)
}

// Since returns copies of the tickets that are new or have changed since a revision, oldest ticket first, the ids of those
// deleted since then, and the present revision. Begin with 0.
func (d *Desk) Since(revision int64) (changed []Ticket, deleted []string, now int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if revision == d.revision {
		return nil, nil, revision
	}
	for _, t := range d.order {
		if t.Revision > revision {
			changed = append(changed, t.clone())
		}
	}
	for _, gone := range d.deleted {
		if gone.revision > revision {
			deleted = append(deleted, gone.id)
		}
	}
	return changed, deleted, d.revision
}

// JSON returns what the desk answers to a client that reaches it at base, such as "https://host", and asks for the ticket, troubles
// aside; false if there is no such ticket.
func (d *Desk) JSON(id, base string) (json.RawMessage, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.tickets[id]
	if t == nil {
		return nil, false
	}
	return d.show(t, base).body, true
}
