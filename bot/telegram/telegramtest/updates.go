package telegramtest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// queue holds the updates that were not confirmed yet, in the order of their ids.
type queue struct {
	next    int64 // id of the next update
	pending []*update
	allowed []string // nil: the default kinds
	copies  int      // how often each new update is delivered beyond once
	poll    *poll
	cuts    int
}

type update struct {
	id      int64
	lane    lane
	raw     []byte
	again   bool // delivered a second time, whatever was confirmed
	handed  bool
	settled bool // confirmed; kept until all before it are
}

// lane is what a webhook gets strictly one after another: a chat's messages, a person's presses, membership changes.
type lane struct {
	kind byte
	id   int64
}

func laneOf(kind string, id int64) lane {
	switch kind {
	case "callback_query":
		return lane{'c', id}
	case "my_chat_member", "chat_member":
		return lane{'m', id}
	}
	return lane{id: id}
}

// updateKinds are all kinds of Bot API 10.1; the three last are sent only when asked for by name.
var updateKinds = []string{
	"message", "edited_message", "channel_post", "edited_channel_post", "business_connection", "business_message",
	"edited_business_message", "deleted_business_messages", "guest_message", "inline_query", "chosen_inline_result",
	"callback_query", "shipping_query", "pre_checkout_query", "purchased_paid_media", "poll", "poll_answer",
	"my_chat_member", "chat_join_request", "chat_boost", "removed_chat_boost", "managed_bot",
	"chat_member", "message_reaction", "message_reaction_count",
}

const unasked = 3

func (q *queue) allows(kind string) bool {
	if len(q.allowed) > 0 {
		return slices.Contains(q.allowed, kind)
	}
	return !slices.Contains(updateKinds[len(updateKinds)-unasked:], kind)
}

// deliver gives a message of people to the bot if it may see it.
func (ch *Chat) deliver(kind string, m *Message) {
	if ch.reaches(m) {
		m.Update = ch.s.enqueue(kind, laneOf(kind, ch.ID), m.payload())
	}
}

// reaches reports whether the bot sees a message. That a command counts anywhere in the text, and in a caption, is inferred.
func (ch *Chat) reaches(m *Message) bool {
	status := ch.status(ch.s.bot.ID)
	moved := ch.migratedTo != 0 && (m.service == nil || m.service.MigrateTo == 0)
	switch {
	case ch.deleted || moved || ch.blocked || status == Left || status == Kicked:
		return false
	case !ch.s.opts.Privacy || ch.kind == "private" || ch.kind == "channel" || status == Administrator || m.service != nil:
		return true
	case m.replied != nil && m.replied.FromBot:
		return true
	}
	return slices.ContainsFunc(m.Entities, func(e Entity) bool {
		_, name, named := strings.Cut(slice16(m.Text, e.Offset, e.Length), "@")
		return e.Type == "bot_command" && (!named || strings.EqualFold(name, ch.s.bot.Username))
	})
}

// slice16 cuts a text by UTF-16 offset and length, empty if they are out of range.
func slice16(s string, offset, length int) string {
	from, to, n := -1, -1, 0
	for i, r := range s + "\x00" {
		if n == offset {
			from = i
		}
		if n == offset+length {
			to = i
			break
		}
		n += UTF16Len(string(r))
	}
	if from < 0 || to < from {
		return ""
	}
	return s[from:to]
}

// enqueue makes an update and returns its id, 0 if the bot does not want this kind.
func (s *Server) enqueue(kind string, l lane, payload any) int64 {
	if !s.updates.allows(kind) {
		return 0
	}
	body, err := json.Marshal(payload)
	if err != nil {
		return 0
	}
	id := s.updates.next
	s.updates.next++
	s.add(&update{id: id, lane: l, raw: fmt.Appendf(nil, `{"update_id":%d,%q:%s}`, id, kind, body)})
	return id
}

func (s *Server) add(u *update) {
	for range s.updates.copies + 1 {
		clone := *u
		s.updates.pending = append(s.updates.pending, &clone)
		if s.webhook != nil {
			s.push(s.webhook, &clone)
		}
		u.again = true
	}
	s.updates.wake()
}

// Push gives the bot an update made by hand, a JSON object. Without an update_id it gets the next one; with one, later
// updates count on from there. A webhook gets it in a lane of its own.
func (s *Server) Push(updateJSON string) (int64, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(updateJSON), &fields); err != nil {
		return 0, fmt.Errorf("push update: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id, body := s.updates.next, []byte(updateJSON)
	if given, ok := fields["update_id"]; ok {
		if err := json.Unmarshal(given, &id); err != nil {
			return 0, fmt.Errorf("push update: %w", err)
		}
	} else {
		fields["update_id"] = strconv.AppendInt(nil, id, 10)
		body, _ = json.Marshal(fields)
	}
	s.updates.next = max(s.updates.next, id+1)
	s.add(&update{id: id, lane: lane{'p', id}, raw: body})
	return id, nil
}

// Duplicate makes every update from now on arrive that many times more, with the same id; 0 ends it.
func (s *Server) Duplicate(times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.updates.copies = times
}

// Redeliver sends a message to the bot again under the same update id, as if the bot had never confirmed it.
func (s *Server) Redeliver(m *Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kind := "message"
	if m.Chat.kind == "channel" {
		kind = "channel_post"
	}
	body, err := json.Marshal(m.payload())
	if err != nil {
		return
	}
	u := &update{id: m.Update, lane: laneOf(kind, m.Chat.ID), again: true}
	u.raw = fmt.Appendf(nil, `{"update_id":%d,%q:%s}`, u.id, kind, body)
	copies := s.updates.copies
	s.updates.copies = 0
	s.add(u)
	s.updates.copies = copies
}

// Pending is the number of updates that the bot has not confirmed.
func (s *Server) Pending() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.updates.open()
}

// Unconfirmed reports whether an update still waits to be confirmed, by a later offset or a webhook's 2xx.
func (s *Server) Unconfirmed(updateID int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.updates.pending, func(u *update) bool { return u.id == updateID && !u.settled })
}

// Conflicts counts the polls that were cut off or refused because of another poller or a webhook.
func (s *Server) Conflicts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.updates.cuts
}

func (q *queue) open() int {
	n := 0
	for _, u := range q.pending {
		if !u.settled {
			n++
		}
	}
	return n
}

// settle removes an update, and all settled ones at the head with it.
func (q *queue) settle(u *update) {
	u.settled = true
	n := 0
	for n < len(q.pending) && q.pending[n].settled {
		q.pending[n] = nil
		n++
	}
	q.pending = q.pending[n:]
}

// confirm forgets what lies before the offset. An offset the queue does not know, as after a change of server, confirms
// nothing; a negative one keeps that many updates. Repeated deliveries are over once they were handed out.
func (q *queue) confirm(offset int64) {
	if offset < 0 {
		offset = q.fromEnd(-offset)
	}
	if offset > q.next {
		return
	}
	for _, u := range slices.Clone(q.pending) {
		if u.id < offset && (!u.again || u.handed) {
			q.settle(u)
		}
	}
}

func (q *queue) fromEnd(n int64) int64 {
	if int64(len(q.pending)) <= n {
		return 0
	}
	return q.pending[int64(len(q.pending))-n].id
}

// maxBatch is the size in bytes beyond which a poll's answer takes no further update.
const maxBatch = 4 << 20

// batch encodes up to limit updates; nil if there are none.
func (q *queue) batch(limit int) raw {
	var out raw
	n := 0
	for _, u := range q.pending {
		if n == limit || len(out) > maxBatch {
			break
		}
		if u.settled {
			continue
		}
		out = append(append(out, ','), u.raw...)
		u.handed = true
		n++
	}
	if n == 0 {
		return nil
	}
	out[0] = '['
	return append(out, ']')
}

// poll is a getUpdates call that waits.
type poll struct {
	arrived chan struct{}
	cut     chan string // why it must end
}

const (
	conflictPoller  = "terminated by other getUpdates request; make sure that only one bot instance is running"
	conflictWebhook = "terminated by setWebhook request"
	conflictActive  = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)

func conflict(why string) error { return &apiError{code: 409, description: "Conflict: " + why} }

func (q *queue) wake() {
	if q.poll != nil {
		select {
		case q.poll.arrived <- struct{}{}:
		default:
		}
	}
}

// cut ends the poll that waits, if one does.
func (q *queue) cut(why string) {
	if q.poll != nil {
		q.poll.cut <- why
		q.poll = nil
		q.cuts++
	}
}

// setAllowed takes over allowed_updates where given.
func (s *Server) setAllowed(c *call) error {
	if _, given := c.values["allowed_updates"]; !given {
		return nil
	}
	var kinds []string
	if err := s.object(c, "allowed_updates", &kinds); err != nil {
		return err
	}
	for _, kind := range kinds {
		if !slices.Contains(updateKinds, kind) {
			return s.strict(c, "unknown kind of update %q", kind)
		}
	}
	s.updates.allowed = kinds
	return nil
}

func (s *Server) getUpdates(c *call) (any, error) {
	limit := c.int("limit")
	if limit < 1 || limit > 100 {
		limit = 100
	}
	wait := time.Duration(min(max(c.int("timeout"), 0), 50)) * time.Second
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.webhook != nil {
		s.updates.cuts++
		return nil, conflict(conflictActive)
	}
	if err := s.setAllowed(c); err != nil {
		return nil, err
	}
	s.updates.cut(conflictPoller)
	s.updates.confirm(c.int64("offset"))
	if found := s.updates.batch(limit); found != nil || wait == 0 {
		return orEmpty(found), nil
	}
	return s.waitForUpdates(c, limit, wait)
}

func orEmpty(found raw) raw {
	if found == nil {
		return raw("[]")
	}
	return found
}

// waitForUpdates gives up the lock while it waits.
func (s *Server) waitForUpdates(c *call, limit int, wait time.Duration) (any, error) {
	p := &poll{arrived: make(chan struct{}, 1), cut: make(chan string, 1)}
	s.updates.poll = p
	defer func() {
		if s.updates.poll == p {
			s.updates.poll = nil
		}
	}()
	s.mu.Unlock()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	var err error
	select {
	case <-p.arrived:
	case <-timer.C:
	case <-c.ctx.Done():
		err = errGone
	case why := <-p.cut:
		err = conflict(why)
	}
	s.mu.Lock()
	select {
	case why := <-p.cut: // came together with an update: the newer poller has it
		err = conflict(why)
	default:
	}
	if err != nil {
		return nil, err
	}
	return orEmpty(s.updates.batch(limit)), nil
}
