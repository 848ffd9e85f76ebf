package livedesktest

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"net/url"
	"strconv"
	"time"
)

// Form is how a value is written in answers.
type Form string

// Forms of values. Not every value knows every form; [Documented] is always that of the vendor's example.
const (
	Documented Form = ""
	Text       Form = "text"
	Object     Form = "object"
	Number     Form = "number"
	Missing    Form = "missing"
	Null       Form = "null"
	Blank      Form = "blank" // "", {} or []
	Mixed      Form = "mixed" // another form each time
)

// Drift is how answers differ from the documented example. The zero value is the example.
type Drift struct {
	// Followers is the form of both lists: Text, Object, Number or Mixed. Documented are ids as text for
	// those on the channel's side and objects for internal members.
	Followers Form
	// Team is an Object as documented, or Text.
	Team Form
	// FileSize is Text as documented, or Number.
	FileSize Form
	// BareFiles leaves nothing but file_url of a ticket's attachments.
	BareFiles bool
	// Optional is what stands where there is no value: Missing, Null or Blank. Documented is Null for
	// resolved_at and closed_at and Missing for all others.
	Optional Form
	// Times is the form of times: Number for Unix seconds, Blank, or Mixed for Z, another offset, milliseconds,
	// Unix seconds and fractions of them in turn.
	Times Form
	// NumericIDs writes the channel's contact ids as numbers where they are whole numbers.
	NumericIDs bool
	// Shuffled gives the history in another order each time.
	Shuffled bool
	// NoInternal and NoMessageIDs leave is_internal and message_id out of all messages.
	NoInternal, NoMessageIDs bool
	// Extra puts unknown fields everywhere.
	Extra bool
	// Words is what becomes of title and description on their way to the client, such as html.EscapeString; nil for nothing.
	Words func(string) string
	// Message and Detail are the texts beside the code and beside the ticket id, in whatever language.
	Message, Detail string
	// Refusals is the shape of the desk's own refusals. With RefuseWithOK they come with status 200.
	Refusals     Shape
	RefuseWithOK bool
	// UploadUnder names the field that holds the answer to an upload, such as data or payload; empty for none.
	UploadUnder string
	// RelativeURLs leaves scheme and host out of links to files. FileBase is the scheme and host otherwise; empty
	// for those that the client used.
	RelativeURLs bool
	FileBase     string
}

// SetDrift changes the shape of answers from now on.
func (d *Desk) SetDrift(to Drift) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.drift = to
}

func (d Drift) message() string {
	if d.Message == "" {
		return "Success"
	}
	return d.Message
}

func (d Drift) detail(text string) string {
	if d.Detail == "" {
		return text
	}
	return d.Detail
}

func (d Drift) words(text string) string {
	if d.Words == nil {
		return text
	}
	return d.Words(text)
}

func (d Drift) fileURL(base, path string) string {
	switch {
	case d.RelativeURLs:
		return path
	case d.FileBase != "":
		return d.FileBase + path
	default:
		return base + path
	}
}

// printer writes one ticket in the shape that the drift asks for.
type printer struct {
	drift Drift
	files *files
	base  string // of links to files
	team  int    // id
	turn  int    // for Mixed
}

type fields = map[string]any

func (p *printer) ticket(t *Ticket) fields {
	data := fields{
		"ticket_id": t.ID, "title": p.drift.words(t.Title), "description": p.drift.words(t.Description), "status": t.Status,
		"requester": p.requester(t.Requester), "conversation_list": p.messages(t.Messages),
		"created_at": p.time(t.CreatedAt), "updated_at": p.time(t.UpdatedAt),
	}
	p.put(data, "attachments", each(t.Attachments, p.attachment), len(t.Attachments) > 0)
	p.put(data, "priority", t.Priority, t.Priority != "")
	p.put(data, "ticket_type", t.Type, t.Type != "")
	p.put(data, "submitter", fields{"id": t.Submitter}, t.Submitter != "")
	p.put(data, "assignment_team", p.teamNamed(t.Team), t.Team != "")
	p.put(data, "custom_fields", t.CustomFields, len(t.CustomFields) > 0)
	p.put(data, "status_changes", each(t.StatusChanges, p.statusChange), len(t.StatusChanges) > 0)
	p.put(data, "tags", t.Tags, len(t.Tags) > 0)
	p.put(data, "sla", p.sla(t.SLA), t.SLA != nil)
	p.put(data, "followers", each(t.Followers, p.member), len(t.Followers) > 0)
	p.put(data, "satisfactions", p.rating(t.Rating), t.Rating != nil)
	p.end(data, "resolved_at", t.ResolvedAt)
	p.end(data, "closed_at", t.ClosedAt)
	return p.extra(data)
}

// put writes an optional field; where it is absent, what [Drift] puts in its place.
func (p *printer) put(to fields, key string, value any, present bool) {
	switch {
	case present:
		to[key] = value
	case p.drift.Optional == Null:
		to[key] = nil
	case p.drift.Optional == Blank:
		to[key] = blank(value)
	}
}

func blank(value any) any {
	switch value.(type) {
	case fields:
		return fields{}
	case []any, []string:
		return []any{}
	default:
		return ""
	}
}

// end writes a time that is null until it happens.
func (p *printer) end(to fields, key string, at time.Time) {
	if at.IsZero() && p.drift.Optional == Documented {
		to[key] = nil
		return
	}
	p.put(to, key, p.time(at), !at.IsZero())
}

func (p *printer) extra(to fields) fields {
	if p.drift.Extra {
		to["x_later"] = fields{"sorting_id": 7, "list": []any{1, "two", nil}}
	}
	return to
}

func each[T any](list []T, print func(T) any) []any {
	out := make([]any, len(list))
	for i, item := range list {
		out[i] = print(item)
	}
	return out
}

func (p *printer) attachment(address string) any {
	file := fields{"file_url": address}
	if f, ok := p.files.at(address); ok && !p.drift.BareFiles {
		file["file_name"], file["file_type"] = f.Name, f.Type
		file["file_size"] = strconv.FormatInt(f.Size, 10)
		if p.drift.FileSize == Number {
			file["file_size"] = f.Size
		}
	}
	return file
}

func (p *printer) requester(r Requester) fields {
	out := fields{}
	p.put(out, "euid", r.EUID, r.EUID != "")
	p.put(out, "name", r.Name, r.Name != "")
	p.put(out, "email", r.Email, r.Email != "")
	p.put(out, "phone", r.Phone, r.Phone != "")
	channel := fields{"channel_id": r.ChannelID, "contact_id": p.id(r.ContactID)}
	p.put(channel, "sub_contact_id", p.id(r.SubContactID), r.SubContactID != "")
	p.put(channel, "followers", each(r.Followers, p.follower), len(r.Followers) > 0)
	p.put(out, "channel_contacts", channel, r.ChannelID != "")
	return p.extra(out)
}

func (p *printer) id(id string) any {
	if p.drift.NumericIDs {
		return number(id)
	}
	return id
}

// number writes text as a number if it is one.
func number(text string) any {
	if _, err := strconv.ParseInt(text, 10, 64); err != nil {
		return text
	}
	return json.Number(text)
}

func (p *printer) follower(f Follower) any { return p.person(f, Text) }

func (p *printer) member(id string) any { return p.person(Follower{ID: id}, Object) }

func (p *printer) person(f Follower, documented Form) any {
	form := p.drift.Followers
	switch form {
	case Documented:
		form = documented
	case Mixed:
		form = p.next(Text, Object, Number)
	}
	switch {
	case form == Number:
		return number(f.ID)
	case form == Object && f.Name != "":
		return fields{"id": f.ID, "name": f.Name}
	case form == Object:
		return fields{"id": f.ID}
	default:
		return f.ID
	}
}

func (p *printer) next(forms ...Form) Form {
	p.turn++
	return forms[p.turn%len(forms)]
}

func (p *printer) teamNamed(name string) any {
	if p.drift.Team == Text {
		return name
	}
	return fields{"id": p.team, "name": name}
}

func (p *printer) messages(list []Message) any {
	if len(list) == 0 && p.drift.Optional == Null {
		return nil
	}
	out := each(list, p.message)
	if p.drift.Shuffled {
		rand.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	}
	return out
}

func (p *printer) message(m Message) any {
	sender := fields{"id": m.SenderID, "type": m.SenderType}
	p.put(sender, "name", m.SenderName, m.SenderName != "")
	out := fields{
		"message_id": m.ID, "sender": sender, "content_type": m.ContentType,
		"sent_at": p.timeIn(m.SentAt, time.UTC), "is_internal": m.Internal,
	}
	p.put(out, "content", m.Content, m.Content != "")
	p.put(out, "attachments", each(m.Files, p.file), len(m.Files) > 0)
	if p.drift.NoInternal {
		delete(out, "is_internal")
	}
	if p.drift.NoMessageIDs {
		delete(out, "message_id")
	}
	for _, key := range m.Omit {
		delete(out, key)
	}
	maps.Copy(out, m.Set)
	return p.extra(out)
}

func (p *printer) file(f File) any {
	address := f.URL
	if u, err := url.Parse(address); err == nil && u.Host == "" {
		address = p.drift.fileURL(p.base, address)
	}
	return fields{"file_type": f.Type, "file_url": address}
}

func (p *printer) statusChange(c StatusChange) any {
	out := fields{"to_status": c.To, "changed_at": p.time(c.At), "changed_by_type": c.ByType}
	if c.ByID != "" {
		out["changed_by_id"] = c.ByID
	}
	return out
}

func (p *printer) sla(s *SLA) fields {
	if s == nil {
		return nil
	}
	out := fields{"breached": s.Breached}
	p.put(out, "first_response_due", p.time(s.FirstResponseDue), !s.FirstResponseDue.IsZero())
	p.put(out, "resolution_due", p.time(s.ResolutionDue), !s.ResolutionDue.IsZero())
	p.put(out, "first_response_at", p.time(s.FirstResponseAt), !s.FirstResponseAt.IsZero())
	return out
}

func (p *printer) rating(r *Rating) fields {
	if r == nil {
		return nil
	}
	out := fields{"rating": r.Stars, "submitted_at": p.time(r.SubmittedAt)}
	p.put(out, "feedback", r.Feedback, r.Feedback != "")
	return out
}

// time writes t as the vendor's example does: with the offset of China.
func (p *printer) time(t time.Time) any {
	return p.timeIn(t, time.FixedZone("", 8*60*60))
}

func (p *printer) timeIn(t time.Time, zone *time.Location) any {
	switch p.drift.Times {
	case Number:
		return t.Unix()
	case Blank:
		return ""
	case Mixed:
		return p.mixedTime(t)
	default:
		return t.In(zone).Format(time.RFC3339)
	}
}

func (p *printer) mixedTime(t time.Time) any {
	p.turn++
	switch p.turn % 5 {
	case 0:
		return t.UTC().Format(time.RFC3339)
	case 1:
		return t.In(time.FixedZone("", 5*60*60+30*60)).Format(time.RFC3339)
	case 2:
		return t.UTC().Format("2006-01-02T15:04:05.000Z07:00")
	case 3:
		return t.Unix()
	default:
		return float64(t.UnixMilli()) / 1000
	}
}
