package desk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/bot/wait"
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
	// Tickets in hand at once, within these bounds as many as the rate needs; beyond them a few that people wait for.
	leastLooks  = 16
	mostLooks   = 1024
	urgentLooks = 16
	// mostClaimed is how many are claimed at a time, so that none waits long for the others.
	mostClaimed = 128
	// leastLookPause is between two claims of looks, so that a high rate makes them larger and not more.
	leastLookPause = 25 * time.Millisecond
	// A ticket is said to be gone when it has been missing leastMisses times, over goneAfter, each time after others were there.
	leastMisses = 4
	goneAfter   = 5 * time.Minute
	// hastenEvery is how many times TRACK_INTERVAL pass until it is seen whether looks are scheduled too late.
	hastenEvery = 10
)

// tracker looks at tickets, at most at the rate that requests of people leave over, and changes them.
type tracker struct{ *shared }

// run looks at tickets that are due until ctx ends.
func (k tracker) run(ctx, work context.Context) {
	most := looksInHand(k.cfg.Rate)
	slots := make(chan struct{}, most+urgentLooks)
	order, more := storage.LooksLongest, false
	for k.looks.Wait(ctx, k.lookPause(more)) == nil {
		if k.admission.isDown(reading) && !k.admission.mayTry(reading) {
			continue
		}
		limit := min(most-len(slots), k.admission.room(reading), mostClaimed)
		switch {
		case limit <= 0: // what people wait for has room of its own
			more = k.claim(ctx, work, slots, storage.LooksUrgent, cap(slots)-len(slots)) || more
			continue
		case more && order == storage.LooksLongest:
			order = storage.LooksNewest
		default:
			order = storage.LooksLongest
		}
		more = k.claim(ctx, work, slots, order, limit)
	}
}

// hasten brings forward looks that are scheduled later than they would be now: at the start those from a time when TRACK_INTERVAL was
// longer, and from time to time those from before the clock of the database was set back. It takes small steps, so that nobody waits
// for it.
func (k tracker) hasten(ctx context.Context) {
	const step = 1000
	var last storage.Scheduled
	for pause := time.Duration(0); wait.Sleep(ctx, pause) == nil; {
		tickets, err := k.store.ScheduledLooks(ctx, last, step)
		if err == nil {
			err = k.hastenThese(ctx, tickets)
		}
		switch {
		case err != nil:
			pause = time.Second
		case len(tickets) < step:
			pause, last = hastenEvery*k.cfg.TrackEvery, storage.Scheduled{}
		default:
			pause, last = 10*time.Millisecond, tickets[step-1]
		}
	}
}

func (k tracker) hastenThese(ctx context.Context, tickets []storage.Scheduled) error {
	var ids []int64
	var within []float64
	for _, t := range tickets {
		every := k.every(storage.Ticket{ChangedAt: t.ChangedAt}, t.Status, false)
		if every >= 0 && t.DueIn > every.Seconds() {
			ids, within = append(ids, t.ID), append(within, every.Seconds())
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return k.store.HastenLooks(ctx, ids, within)
}

// claim begins up to limit looks, and reports whether there may be more to begin.
func (k tracker) claim(ctx, work context.Context, slots chan struct{}, order storage.LookOrder, limit int) bool {
	if limit == 0 {
		return true
	}
	tickets, err := k.store.ClaimLooks(work, k.work.Number(), limit, order)
	if err != nil && ctx.Err() == nil {
		k.log.Warn("cannot claim tickets to look at", "error", err)
	}
	for _, t := range tickets {
		slots <- struct{}{}
		k.work.Go(func() {
			defer func() { <-slots }()
			k.lookAfter(ctx, work, t)
		})
	}
	return len(tickets) == limit
}

// looksInHand is how many tickets may be looked at at once, so that the rate is reached where LiveDesk takes half a second.
func looksInHand(rate int) int { return min(max(leastLooks, rate/2), mostLooks) }

// lookPause is how long to wait for a ticket to become due; where more are due than may go, until another one may.
func (k tracker) lookPause(more bool) time.Duration {
	pause := min(250*time.Millisecond, k.cfg.TrackEvery/4)
	if more {
		pause = min(pause, max(leastLookPause, time.Second/time.Duration(k.cfg.Rate)))
	}
	return pause
}

// lookAfter asks LiveDesk about a ticket, changes what is to be changed in it, and stores what is to be told.
func (k tracker) lookAfter(ctx, work context.Context, t storage.Ticket) {
	defer k.work.Tickets.Hold(t.ID)()
	giveBack := func(after time.Duration) {
		_ = k.work.Record(work, func() error { return k.store.DeferLook(work, t.ID, after, k.work.Number()) })
	}
	defer k.work.Recovered("ticket", t.ID, func() { giveBack(time.Minute) })
	patience := asLast
	if t.Urgent {
		patience = asPerson
	}
	// Requests of people go first, and a stop does not wait for a look's turn.
	turn, err := k.admission.enter(ctx, reading, patience)
	if err != nil {
		giveBack(time.Second)
		return
	}
	desk, err := k.read(work, turn, t.TicketID)
	if errors.Is(err, livedesk.ErrNotFound) {
		k.missed(work, t)
		return
	}
	if err != nil {
		giveBack(k.cfg.TrackEvery)
		return
	}
	look := storage.Look{}
	if t.Pending {
		if desk, look, err = k.amend(work, t, desk); err != nil {
			k.log.Warn("cannot change a ticket, trying again", "ticket", t.ID, "error", err)
			giveBack(waitOf(err, max(time.Second, min(k.cfg.TrackEvery, mostPause))))
			return
		}
	}
	k.compare(t, desk, &look)
	if err := k.unmark(work, t, desk, &look); err != nil {
		k.log.Warn("cannot look for a request to reopen a ticket, trying again", "ticket", t.ID, "error", err)
		giveBack(k.cfg.TrackEvery)
		return
	}
	k.record(work, t, look)
}

// unmark makes the tag go by which people asked for a ticket to be reopened, once LiveDesk has reopened it. One that an agent has set
// stays.
func (k tracker) unmark(ctx context.Context, t storage.Ticket, desk livedesk.Ticket, l *storage.Look) error {
	if !view.IsMarked(desk) || view.Finished(view.Status(desk.Status)) {
		return nil
	}
	last, err := k.store.LastAddition(ctx, t.ID, storage.AddReopen)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if mark, _ := view.AdditionContent(last).(view.Reopening); err == nil && mark.On {
		l.Asked = append(l.Asked, view.NewAddition(fmt.Sprintf("reopened/%d", last.ID), t.ID, storage.AddReopen, view.Reopening{}))
	}
	return err
}

// missed takes note that LiveDesk does not know a ticket. That is believed only when it is likelier than an outage, and even
// then the ticket is looked at again.
func (k tracker) missed(ctx context.Context, t storage.Ticket) {
	alone, gone := k.finds.absent(t.TicketID), t.Status == view.StatusGone
	pause := k.every(t, t.Status, t.Pending)
	if gone && !t.Pending || !gone && !alone {
		_ = k.work.Record(ctx, func() error { return k.store.DeferLook(ctx, t.ID, pause, k.work.Number()) })
		return
	}
	if gone || t.Missed+1 >= leastMisses && t.MissedAt != nil && time.Since(*t.MissedAt) >= goneAfter {
		l, err := k.vanished(ctx, t)
		if err == nil {
			k.record(ctx, t, l)
			return
		}
		k.log.Warn("cannot look at what was to be added to a ticket, trying again", "ticket", t.ID, "error", err)
	}
	_ = k.work.Record(ctx, func() error { return k.store.MissLook(ctx, t.ID, pause, k.work.Number()) })
}

func (k tracker) record(ctx context.Context, t storage.Ticket, l storage.Look) {
	tell := false
	err := k.work.Record(ctx, func() (err error) {
		tell, err = k.store.RecordLook(ctx, t.ID, l, k.work.Number())
		return err
	})
	if err == nil && tell {
		k.teller.Wake()
	}
}

// compare adds to a look what LiveDesk says and we have not told.
func (k tracker) compare(t storage.Ticket, desk livedesk.Ticket, l *storage.Look) {
	now := view.ShownOf(desk)
	var replies []storage.Notice
	if t.Forgotten == "" {
		replies = k.replies(desk)
	} else {
		now.Title = "" // nothing that anybody said is stored or told
	}
	l.Status, l.Team, l.View = now.Status, strings.ToLower(now.Team), now.JSON()
	shown := t.View
	if shown == nil {
		shown = view.ShownOn(t).JSON()
	}
	l.Shown = bytes.Equal(shown, l.View) && l.Request == nil // the card shows fields of the request too
	for _, n := range append(replies, statusNotice(t, now, len(desk.StatusChanges) > 0)...) {
		n.Silent = !k.cfg.Relay // kept, so that it is not news when the setting changes
		l.Notices = append(l.Notices, n)
	}
	last := newest(desk)
	l.Changed = !l.Shown || len(l.Additions) > 0 || last.After(t.ChangedAt) && last.Before(time.Now()) // clocks may differ
	// What is not in the ticket yet is tried again, however old the ticket is.
	l.Every = k.every(t, now.Status, l.Changed || t.Pending)
}

// newest is when the last message came that people may see.
func newest(t livedesk.Ticket) time.Time {
	if last := view.LastReply(t); last != nil {
		return last.SentAt
	}
	return time.Time{}
}

// every is how soon to look again: the longer nothing happened, the later.
func (k tracker) every(t storage.Ticket, status string, changed bool) time.Duration {
	quiet := time.Since(t.ChangedAt)
	switch {
	case changed || quiet < calm:
		return k.cfg.TrackEvery
	case !view.Finished(status):
		return max(k.cfg.TrackEvery, min(quiet/20, mostQuiet))
	case quiet > forgotten:
		return -1
	}
	return max(k.cfg.TrackEvery, min(quiet/20, mostFinished))
}

// vanished tells, with a neutral word, that LiveDesk does not know a ticket any more, unless that is told already. What was to
// be added to it cannot be.
func (k tracker) vanished(ctx context.Context, t storage.Ticket) (storage.Look, error) {
	shown := view.ShownOn(t)
	l := storage.Look{Shown: shown.Status == view.StatusGone}
	if !l.Shown {
		shown.Status, shown.Before, l.Changed = view.StatusGone, shown.Status, true
		key := "gone:" + t.ChangedAt.UTC().Format(time.RFC3339Nano) // it may come back, and go again
		n := view.NewNotice(key, view.NoticeStatus, view.Change{Status: view.StatusGone})
		n.Silent = !k.cfg.Relay
		l.Notices = append(l.Notices, n)
	}
	l.Status, l.Team, l.View = view.StatusGone, strings.ToLower(shown.Team), shown.JSON()
	l.Every = k.every(t, view.StatusGone, l.Changed)
	if !t.Pending {
		return l, nil
	}
	c, err := k.changesOf(ctx, t)
	if err == nil {
		k.settle(&l, t, livedesk.Ticket{}, c, refusedWrite)
	}
	return l, err
}

// replies are the agents' public replies, in order. Those that are told already are left alone by their key.
func (k tracker) replies(desk livedesk.Ticket) []storage.Notice {
	messages := slices.DeleteFunc(slices.Clone(desk.Conversation), func(m livedesk.Message) bool { return !view.FromUs(m) })
	slices.SortStableFunc(messages, func(x, y livedesk.Message) int { return x.SentAt.Compare(y.SentAt) })
	var notices []storage.Notice
	seen := map[string]int{}
	for _, m := range messages {
		c := view.Reply{Who: markup.Line(m.Sender.Name), Text: markup.Clean(m.Content)} // the database takes no zero bytes
		for _, a := range m.Attachments {
			c.Files = append(c.Files, view.ReplyFile{Name: view.SafeName(a.Name), MIME: a.MIMEType, URL: a.URL})
		}
		if c.Text != "" || len(c.Files) > 0 {
			key := "reply:" + markup.Line(m.ID)
			if seen[key]++; seen[key] > 1 {
				key += fmt.Sprintf(" (%d)", seen[key])
			}
			notices = append(notices, view.NewNotice(key, view.NoticeReply, c))
		}
	}
	return notices
}

// statusNotice is the message for a change of status that people must read. Other changes only show on the card.
func statusNotice(t storage.Ticket, now view.Shown, moved bool) []storage.Notice {
	// The card's status, since /status may have learnt a newer one without telling anybody else.
	old := view.ShownOn(t)
	if old.Status == view.StatusGone {
		old.Status = old.Before // it was not gone
	}
	if now.Status == old.Status {
		return nil
	}
	c := view.Change{Status: now.Status}
	switch {
	case view.NeedsCustomer(now.Status) && t.View == nil && !moved:
		return nil // tickets begin like this here
	case view.Finished(now.Status), view.NeedsCustomer(now.Status):
	case view.Finished(old.Status):
		c.Again = true
	default:
		return nil
	}
	// The look is part of the key: the same status may come again, but one look is told once.
	key := "status:" + old.Status + ":" + now.Status + ":" + t.ChangedAt.UTC().Format(time.RFC3339Nano)
	return []storage.Notice{view.NewNotice(key, view.NoticeStatus, c)}
}
