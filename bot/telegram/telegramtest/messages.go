package telegramtest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Message is a message as it stood when it was returned: a later edit, reaction or deletion makes a new value, which
// Chat.Message finds. It must not be changed.
type Message struct {
	ID         int
	Update     int64 // id of the update that carried it to the bot, 0 if none did
	Chat       *Chat
	Topic      *Topic // nil in General and where there are no topics
	Thread     int    // message_thread_id; also set in reply threads that are no topics
	From       *Person
	SenderChat *Chat
	FromBot    bool // sent by our bot
	Date       time.Time
	Content
	ReplyTo    int // explicit reply, 0 if none
	Quote      string
	ForceReply bool
	Selective  bool
	Prompt     string // what stands in the reply field that ForceReply opens
	File       *File
	Album      string // media_group_id
	Silent     bool
	Reaction   string     // the bot's
	Reactions  []Reaction // of people, oldest first
	Deleted    bool
	Edited     time.Time
	Earlier    []Content // what edits replaced, oldest first
	Revision   int64     // grows with each change of a message of this server

	service   *service
	replied   *Message
	origin    any
	automatic bool
	fields    map[string]any
}

// Content is what an edit can change.
type Content struct {
	Text      string // of the message or of the caption, without markup
	Sent      string // as the bot sent it, before its parse mode was applied
	ParseMode string
	Entities  []Entity
	Buttons   [][]Button
	Since     time.Time
}

// service are the parts of service messages.
type service struct {
	Joined        []*Person     `json:"new_chat_members,omitempty"`
	LeftMember    *Person       `json:"left_chat_member,omitempty"`
	MigrateTo     int64         `json:"migrate_to_chat_id,omitempty"`
	MigrateFrom   int64         `json:"migrate_from_chat_id,omitempty"`
	TopicCreated  *topicCreated `json:"forum_topic_created,omitempty"`
	TopicEdited   *topicEdited  `json:"forum_topic_edited,omitempty"`
	NewTitle      string        `json:"new_chat_title,omitempty"`
	TopicClosed   *struct{}     `json:"forum_topic_closed,omitempty"`
	TopicReopened *struct{}     `json:"forum_topic_reopened,omitempty"`
	GeneralHidden *struct{}     `json:"general_forum_topic_hidden,omitempty"`
}

// history is what a chat remembers of its messages.
type history struct {
	all     []*Message
	index   map[int]int   // message id to place in all
	replies map[int][]int // message id to ids of the bot's explicit replies
	changed chan struct{} // closed at the next change; nil while nobody waits
}

func (h *history) add(m *Message) {
	if h.index == nil {
		h.index, h.replies = map[int]int{}, map[int][]int{}
	}
	m.Revision = m.Chat.s.changed()
	h.index[m.ID] = len(h.all)
	h.all = append(h.all, m)
	if m.FromBot && m.ReplyTo != 0 {
		h.replies[m.ReplyTo] = append(h.replies[m.ReplyTo], m.ID)
	}
	h.tell()
}

// find returns the present state of a message, nil if there is none or it was deleted.
func (h *history) find(id int) *Message {
	at, ok := h.index[id]
	if !ok || h.all[at].Deleted {
		return nil
	}
	return h.all[at]
}

func (h *history) replace(m *Message) {
	if at, ok := h.index[m.ID]; ok {
		m.Revision = m.Chat.s.changed()
		h.all[at] = m
	}
	h.tell()
}

func (h *history) tell() {
	if h.changed != nil {
		close(h.changed)
		h.changed = nil
	}
}

func (h *history) next() <-chan struct{} {
	if h.changed == nil {
		h.changed = make(chan struct{})
	}
	return h.changed
}

// nextID gives out message ids: supergroups and channels count for themselves, all other chats share the account's.
func (ch *Chat) nextID() int {
	if ch.kind == "supergroup" || ch.kind == "channel" {
		ch.last++
		return ch.last
	}
	ch.s.nextMessage++
	ch.last = ch.s.nextMessage
	return ch.last
}

// post puts a message into the chat and, if people wrote it, into the bot's updates.
func (ch *Chat) post(m *Message) *Message {
	if m.ID == 0 {
		m.ID = ch.nextID()
	}
	ch.last = max(ch.last, m.ID)
	m.Chat, m.Date = ch, ch.s.opts.Now()
	m.Since = m.Date
	m.Thread = ch.threadID(m)
	if m.Topic != nil && m.ID == m.Topic.ID {
		m.Topic.root = m
	}
	kind := "message"
	if ch.kind == "channel" {
		kind = "channel_post"
	}
	if !m.FromBot {
		ch.deliver(kind, m)
	}
	if !ch.s.opts.Forget {
		ch.history.add(m)
	}
	return m
}

func (ch *Chat) threadID(m *Message) int {
	switch {
	case m.Topic != nil:
		return m.Topic.ID
	case !ch.isSupergroup() || m.replied == nil:
		return 0
	case m.replied.Thread != 0:
		return m.replied.Thread
	}
	return m.replied.ID
}

func (ch *Chat) remove(m *Message) {
	gone := *m
	gone.Deleted = true
	ch.history.replace(&gone)
}

// revise returns a copy of the message with new content, the old one moved to Earlier.
func (m *Message) revise(c Content, at time.Time) *Message {
	edited := *m
	edited.Earlier = append(slices.Clip(m.Earlier), m.Content)
	edited.Content = c
	edited.Since, edited.Edited = at, at
	return &edited
}

type wireMessage struct {
	ID          int          `json:"message_id"`
	Thread      int          `json:"message_thread_id,omitempty"`
	From        *Person      `json:"from,omitempty"`
	SenderChat  *wireChat    `json:"sender_chat,omitempty"`
	Date        int64        `json:"date"`
	Chat        *wireChat    `json:"chat"`
	Origin      any          `json:"forward_origin,omitempty"`
	IsTopic     bool         `json:"is_topic_message,omitempty"`
	IsAutomatic bool         `json:"is_automatic_forward,omitempty"`
	ReplyTo     *wireMessage `json:"reply_to_message,omitempty"`
	Quote       *wireQuote   `json:"quote,omitempty"`
	EditDate    int64        `json:"edit_date,omitempty"`
	Album       string       `json:"media_group_id,omitempty"`
	Text        string       `json:"text,omitempty"`
	Entities    []Entity     `json:"entities,omitempty"`
	*wireMedia
	Caption         string    `json:"caption,omitempty"`
	CaptionEntities []Entity  `json:"caption_entities,omitempty"`
	ReplyMarkup     *keyboard `json:"reply_markup,omitempty"`
	*service
}

type wireQuote struct {
	Text     string `json:"text"`
	Position int    `json:"position"`
	IsManual bool   `json:"is_manual,omitempty"`
}

// wire is the message in the Bot API's form. In a topic a message without an explicit reply answers the topic's root.
func (m *Message) wire() *wireMessage {
	w := m.wireAlone()
	replied := m.replied
	switch {
	case replied != nil && !m.Chat.s.opts.Forget:
		replied = m.Chat.history.find(replied.ID)
	case replied == nil && m.ReplyTo == 0 && m.Topic != nil && m.ID != m.Topic.ID:
		replied = m.Topic.root
	}
	if replied != nil {
		w.ReplyTo = replied.wireAlone()
	}
	if m.Quote != "" {
		w.Quote = &wireQuote{Text: m.Quote, IsManual: true}
	}
	return w
}

func (m *Message) wireAlone() *wireMessage {
	w := &wireMessage{
		ID: m.ID, Thread: m.Thread, From: m.From, Date: m.Date.Unix(), Chat: m.Chat.wire(), Origin: m.origin,
		IsTopic: m.Topic != nil, IsAutomatic: m.automatic, Album: m.Album, service: m.service,
	}
	if m.SenderChat != nil {
		w.SenderChat = m.SenderChat.wire()
	}
	if !m.Edited.IsZero() {
		w.EditDate = m.Edited.Unix()
	}
	if m.File != nil {
		w.wireMedia = m.File.wire()
		w.Caption, w.CaptionEntities = m.Text, m.Entities
	} else {
		w.Text, w.Entities = m.Text, m.Entities
	}
	if len(m.Buttons) > 0 {
		w.ReplyMarkup = &keyboard{m.Buttons}
	}
	return w
}

// payload is the message as an update carries it, with the fields a test overrode.
func (m *Message) payload() any {
	if m.fields == nil {
		return m.wire()
	}
	encoded, err := json.Marshal(m.wire())
	if err != nil {
		return m.wire()
	}
	all := map[string]any{}
	if json.Unmarshal(encoded, &all) != nil {
		return m.wire()
	}
	maps.Copy(all, m.fields)
	maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil })
	return all
}

// Messages returns all messages of the chat in their present state, oldest first, deleted ones included.
func (ch *Chat) Messages() []*Message {
	ch.s.mu.Lock()
	defer ch.s.mu.Unlock()
	return slices.Clone(ch.history.all)
}

// BotMessages returns what the bot wrote in the chat and has not deleted, oldest first.
func (ch *Chat) BotMessages() []*Message {
	return slices.DeleteFunc(ch.Messages(), func(m *Message) bool { return !m.FromBot || m.Deleted })
}

// Message returns the present state of a message, nil if it is unknown or deleted.
func (ch *Chat) Message(id int) *Message {
	ch.s.mu.Lock()
	defer ch.s.mu.Unlock()
	return ch.history.find(id)
}

// Replies returns the bot's explicit replies to a message in their present state, oldest first, without deleted ones.
func (s *Server) Replies(to *Message) []*Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return to.Chat.repliesTo(to.ID)
}

func (ch *Chat) repliesTo(id int) []*Message {
	var found []*Message
	for _, reply := range ch.history.replies[id] {
		if m := ch.history.find(reply); m != nil {
			found = append(found, m)
		}
	}
	return found
}

// WaitReply waits for the bot's first explicit reply to a message.
func (s *Server) WaitReply(ctx context.Context, to *Message) (*Message, error) {
	return s.waitFor(ctx, to.Chat, fmt.Sprintf("reply to message %d", to.ID), func() []*Message {
		return to.Chat.repliesTo(to.ID)
	}, func(*Message) bool { return true })
}

// WaitMessage waits until a message of the bot in the chat, in its present state, is what the test waits for. It looks
// again after every change, edits included, and returns the oldest match.
func (s *Server) WaitMessage(ctx context.Context, ch *Chat, match func(*Message) bool) (*Message, error) {
	return s.WaitAny(ctx, ch, func(m *Message) bool { return m.FromBot && match(m) })
}

// WaitAny is WaitMessage for messages of the bot and of people, such as those that the bot reacts to.
func (s *Server) WaitAny(ctx context.Context, ch *Chat, match func(*Message) bool) (*Message, error) {
	return s.waitFor(ctx, ch, "message", func() []*Message { return slices.Clone(ch.history.all) }, func(m *Message) bool {
		return !m.Deleted && match(m)
	})
}

func (s *Server) waitFor(
	ctx context.Context, ch *Chat, what string, candidates func() []*Message, match func(*Message) bool,
) (*Message, error) {
	for {
		s.mu.Lock()
		found, changed := candidates(), ch.history.next()
		s.mu.Unlock()
		if at := slices.IndexFunc(found, match); at >= 0 {
			return found[at], nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for a %s in chat %d: %w", what, ch.ID, ctx.Err())
		}
	}
}
