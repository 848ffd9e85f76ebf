package bot

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

// How often a ticket is looked at. LiveDesk tells nobody about changes and has no list, so one look is one request.
const (
	// calm is how long after the last change a ticket is looked at every TRACK_INTERVAL; then ever more rarely.
	calm         = 10 * time.Minute
	mostQuiet    = 30 * time.Minute
	mostFinished = time.Hour
	// forgotten is how long after the last change a finished ticket is looked at no more.
	forgotten = 7 * 24 * time.Hour
	// maxLooks is how many tickets are in hand at once.
	maxLooks = 16
)

// statusGone is the status that we give a ticket which LiveDesk does not know any more.
const statusGone = "gone"

// view is what the card shows of LiveDesk's word. It is compared as JSON: a change is an edit of the card.
type view struct {
	Title    string    `json:"title"`
	Status   string    `json:"status"`
	Priority string    `json:"priority,omitempty"`
	Type     string    `json:"type,omitempty"`
	Team     string    `json:"team,omitempty"`
	Answer   time.Time `json:"answer,omitzero"`   // promised by
	Solution time.Time `json:"solution,omitzero"` // promised by
	Files    int       `json:"files,omitempty"`
	Rating   int       `json:"rating,omitempty"`
}

func viewOf(t livedesk.Ticket) view {
	v := view{
		Title: markup.Shorten(markup.Line(t.Title), 300), Status: markup.Line(string(t.Status)), Priority: string(t.Priority), Type: string(t.Type),
		Team: teamName(t), Files: len(t.Attachments),
	}
	if s := t.SLA; s != nil && !finished(v.Status) {
		if s.FirstResponseAt.IsZero() && !s.FirstResponseDue.IsZero() {
			v.Answer = s.FirstResponseDue
		} else {
			v.Solution = s.ResolutionDue
		}
	}
	if t.Satisfaction != nil {
		v.Rating = t.Satisfaction.Rating
	}
	return v
}

// firstView is what the card shows before LiveDesk has been asked: the request, with the documented default.
func firstView(r livedesk.NewTicket) view {
	return view{
		Title: markup.Shorten(markup.Line(r.Title), 300), Status: string(livedesk.StatusOpen),
		Priority: string(cmp.Or(r.Priority, livedesk.PriorityMedium)), Type: string(r.Type), Team: r.AssignmentTeam, Files: len(r.Attachments),
	}
}

// track looks at tickets that are due, at most at the rate that requests of people leave over.
func (b *Bot) track(ctx, work context.Context) {
	slots := make(chan struct{}, maxLooks)
	for b.looks.Wait(ctx, b.lookPause()) == nil {
		free := maxLooks - len(slots)
		if free == 0 || b.throttle.isDown() && !b.throttle.mayProbe() {
			continue
		}
		tickets, err := b.store.ClaimLooks(ctx, b.work.Number(), free)
		if err != nil && ctx.Err() == nil {
			b.log.Warn("cannot claim tickets to look at", "error", err)
		}
		for _, t := range tickets {
			slots <- struct{}{}
			b.work.Go(func() {
				defer func() { <-slots; b.looks.Up() }()
				b.lookAfter(ctx, work, t)
			})
		}
	}
}

// lookPause is how long to wait for a ticket to become due.
func (b *Bot) lookPause() time.Duration { return min(250*time.Millisecond, b.cfg.TrackEvery/4) }

// lookAfter asks LiveDesk about a ticket, changes what is to be changed in it, and stores what is to be told.
func (b *Bot) lookAfter(ctx, work context.Context, t storage.Ticket) {
	defer b.work.Tickets.Hold(t.ID)()
	giveBack := func(after time.Duration) {
		_ = b.work.Record(work, func() error { return b.store.DeferLook(work, t.ID, after, b.work.Number()) })
	}
	defer b.work.Recovered("ticket", t.ID, func() { giveBack(time.Minute) })
	// Requests of people go first, and a stop does not wait for a look's turn.
	if err := b.enterLast(ctx); err != nil {
		giveBack(time.Second)
		return
	}
	desk, err := b.readTicket(work, t.TicketID)
	if errors.Is(err, livedesk.ErrNotFound) {
		b.missed(work, t)
		return
	}
	if err != nil {
		giveBack(b.cfg.TrackEvery)
		return
	}
	look := storage.Look{}
	if t.Pending {
		if desk, look, err = b.amend(work, t, desk); err != nil {
			b.log.Warn("cannot change a ticket, trying again", "ticket", t.ID, "error", err)
			giveBack(waitOf(err, max(time.Second, min(b.cfg.TrackEvery, mostPause))))
			return
		}
	}
	b.compare(t, desk, &look)
	b.record(work, t, look)
}

// missed takes note that LiveDesk does not know a ticket. Once may be a gateway's mistake; the second time it is believed.
func (b *Bot) missed(ctx context.Context, t storage.Ticket) {
	if t.Missed > 0 {
		l, err := b.vanished(ctx, t)
		if err == nil {
			b.record(ctx, t, l)
			return
		}
		b.log.Warn("cannot look at what was to be added to a ticket, trying again", "ticket", t.ID, "error", err)
	}
	_ = b.work.Record(ctx, func() error { return b.store.MissLook(ctx, t.ID, b.cfg.TrackEvery, b.work.Number()) })
}

func (b *Bot) record(ctx context.Context, t storage.Ticket, l storage.Look) {
	tell := false
	err := b.work.Record(ctx, func() (err error) {
		tell, err = b.store.RecordLook(ctx, t.ID, l, b.work.Number())
		return err
	})
	if err == nil && tell {
		b.tellings.Up()
	}
}

// compare adds to a look what LiveDesk says and we have not told.
func (b *Bot) compare(t storage.Ticket, desk livedesk.Ticket, l *storage.Look) {
	v := viewOf(desk)
	l.Status = v.Status
	l.View, _ = json.Marshal(v) // Plain fields: it cannot fail
	shown := t.View
	if shown == nil {
		var r livedesk.NewTicket
		_ = json.Unmarshal(t.Request, &r)
		shown, _ = json.Marshal(firstView(r))
	}
	l.Shown = bytes.Equal(shown, l.View)
	for _, n := range append(b.replies(desk), statusNotice(t, v, len(desk.StatusChanges) > 0)...) {
		n.Silent = !b.cfg.Relay // kept, so that it is not news when the setting changes
		l.Notices = append(l.Notices, n)
	}
	last := newest(desk)
	l.Changed = !l.Shown || len(l.Additions) > 0 || last.After(t.ChangedAt) && last.Before(time.Now()) // clocks may differ
	l.Every = b.every(t, v.Status, l.Changed)
}

// newest is when the last message came that people may see.
func newest(t livedesk.Ticket) time.Time {
	if last := lastReply(t); last != nil {
		return last.SentAt
	}
	return time.Time{}
}

// every is how soon to look again: the longer nothing happened, the later.
func (b *Bot) every(t storage.Ticket, status string, changed bool) time.Duration {
	quiet := time.Since(t.ChangedAt)
	switch {
	case changed || quiet < calm:
		return b.cfg.TrackEvery
	case !finished(status):
		return max(b.cfg.TrackEvery, min(quiet/20, mostQuiet))
	case quiet > forgotten:
		return -1
	}
	return max(b.cfg.TrackEvery, min(quiet/20, mostFinished))
}

// vanished ends the tracking of a ticket that LiveDesk does not know any more, with a neutral word. What was to be added
// to it cannot be.
func (b *Bot) vanished(ctx context.Context, t storage.Ticket) (storage.Look, error) {
	var v view
	_ = json.Unmarshal(t.View, &v)
	v.Status = statusGone
	raw, _ := json.Marshal(v)
	l := storage.Look{Status: statusGone, View: raw, Every: -1}
	if b.cfg.Relay {
		l.Notices = []storage.Notice{notice("gone", noticeStatus, statusContent{Status: statusGone})}
	}
	if !t.Pending {
		return l, nil
	}
	c, err := b.changesOf(ctx, t)
	if err == nil {
		b.settle(&l, t, livedesk.Ticket{}, c, refusedWrite)
	}
	return l, err
}

// Kinds of notices.
const (
	noticeReply  = "reply"  // an agent's public reply
	noticeStatus = "status" // resolved, closed, reopened, gone, or something is needed of the customer
	noticeAnswer = "answer" // what came of an addition
)

type statusContent struct {
	Status string `json:"status"`
	Again  bool   `json:"again,omitempty"` // reopened
}

type replyContent struct {
	Who   string      `json:"who"`
	Text  string      `json:"text"` // as LiveDesk gave it
	Files []replyFile `json:"files,omitempty"`
}

type replyFile struct {
	Name string `json:"name"`
	MIME string `json:"mime"`
	URL  string `json:"url"`
}

func notice(key, kind string, content any) storage.Notice {
	raw, _ := json.Marshal(content) // Plain fields: it cannot fail
	return storage.Notice{Key: key, Kind: kind, Content: raw}
}

// replies are the agents' public replies, in order. Those that are told already are left alone by their key.
func (b *Bot) replies(desk livedesk.Ticket) []storage.Notice {
	messages := slices.DeleteFunc(slices.Clone(desk.Conversation), func(m livedesk.Message) bool { return !fromUs(m) })
	slices.SortStableFunc(messages, func(x, y livedesk.Message) int { return x.SentAt.Compare(y.SentAt) })
	var notices []storage.Notice
	seen := map[string]int{}
	for _, m := range messages {
		c := replyContent{Who: markup.Line(m.Sender.Name), Text: markup.Clean(m.Content)} // the database takes no zero bytes
		for _, a := range m.Attachments {
			c.Files = append(c.Files, replyFile{Name: safeName(a.Name), MIME: a.MIMEType, URL: a.URL})
		}
		if c.Text != "" || len(c.Files) > 0 {
			key := "reply:" + markup.Line(m.ID)
			if seen[key]++; seen[key] > 1 {
				key += fmt.Sprintf(" (%d)", seen[key])
			}
			notices = append(notices, notice(key, noticeReply, c))
		}
	}
	return notices
}

// statusNotice is the message for a change of status that people must read. Other changes only show on the card.
func statusNotice(t storage.Ticket, v view, moved bool) []storage.Notice {
	// The card's status, since /status may have learnt a newer one without telling anybody else.
	old := view{Status: string(livedesk.StatusOpen)}
	if t.View != nil {
		_ = json.Unmarshal(t.View, &old)
	}
	if v.Status == old.Status {
		return nil
	}
	c := statusContent{Status: v.Status}
	switch {
	case needsCustomer(v.Status) && t.View == nil && !moved:
		return nil // tickets begin like this here
	case finished(v.Status), needsCustomer(v.Status):
	case finished(old.Status):
		c.Again = true
	default:
		return nil
	}
	// The look is part of the key: the same status may come again, but one look is told once.
	key := "status:" + old.Status + ":" + v.Status + ":" + t.ChangedAt.UTC().Format(time.RFC3339Nano)
	return []storage.Notice{notice(key, noticeStatus, c)}
}

// needsCustomer says whether a status means that the support team waits for the customer. The list of statuses is open;
// these words are what help desks use for it.
func needsCustomer(status string) bool {
	switch status {
	case "pending", "waiting", "on_hold", "waiting_for_customer", "waiting_on_customer", "pending_customer", "awaiting_customer":
		return true
	}
	return false
}
