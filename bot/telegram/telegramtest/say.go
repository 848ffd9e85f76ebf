package telegramtest

import (
	"strconv"
	"strings"
	"time"
)

// Saying changes a message that a person writes.
type Saying func(*saying)

type saying struct {
	*Message
	by       *Person
	explicit []Entity
	mentions []*Person
}

// ReplyTo makes the message an explicit reply, which also puts it into the topic of what it answers.
func ReplyTo(m *Message) Saying {
	return func(s *saying) {
		s.replied, s.ReplyTo = m, m.ID
		if s.Topic == nil {
			s.Topic = m.Topic
		}
	}
}

// Quoting makes the message quote a part of what it answers.
func Quoting(part string) Saying { return func(s *saying) { s.Quote = part } }

// Mentioning marks the first place where the person's name stands in the text as a text_mention, which carries the id.
func Mentioning(p *Person) Saying { return func(s *saying) { s.mentions = append(s.mentions, p) } }

// Entities replaces the entities found in the text, valid or not.
func Entities(all ...Entity) Saying {
	return func(s *saying) { s.explicit = append([]Entity{}, all...) }
}

// Anonymously writes as an anonymous administrator of the chat.
func Anonymously() Saying {
	return func(s *saying) { s.From, s.SenderChat = groupAnonymousBot, s.Chat }
}

// AsChannel writes in the name of a channel.
func AsChannel(channel *Chat) Saying {
	return func(s *saying) { s.From, s.SenderChat = channelBot, channel }
}

// ForwardedFrom makes the message a forward of something a person wrote.
func ForwardedFrom(p *Person) Saying {
	return func(s *saying) {
		s.origin = map[string]any{"type": "user", "date": s.Date.Unix(), "sender_user": p}
	}
}

// ForwardedFromHidden makes the message a forward from somebody who hides their account.
func ForwardedFromHidden(name string) Saying {
	return func(s *saying) {
		s.origin = map[string]any{"type": "hidden_user", "date": s.Date.Unix(), "sender_user_name": name}
	}
}

// ForwardedFromChannel makes the message a forward of a channel's post.
func ForwardedFromChannel(channel *Chat, id int) Saying {
	return func(s *saying) { s.origin = channelOrigin(channel, id, s.Date) }
}

func channelOrigin(channel *Chat, id int, at time.Time) map[string]any {
	return map[string]any{"type": "channel", "date": at.Unix(), "chat": channel.wire(), "message_id": id}
}

// Attached sends a file; the text becomes its caption.
func Attached(f *File) Saying { return func(s *saying) { s.File = f } }

// InAlbum makes the message a part of an album: all parts carry the same id.
func InAlbum(id string) Saying { return func(s *saying) { s.Album = id } }

// Fields overrides fields of the message in the update, for odd shapes; a nil value takes the field away.
func Fields(fields map[string]any) Saying { return func(s *saying) { s.fields = fields } }

// Say makes a person write a message. It goes to the bot if the bot may see it. Whoever writes in a group becomes a
// member of it; writing in the private chat starts it.
func (s *Server) Say(by *Person, where Place, text string, how ...Saying) *Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, topic := where.at()
	draft := &saying{Message: &Message{Chat: ch, Topic: topic, From: by, Date: s.opts.Now()}, by: by}
	draft.Text, draft.Sent = text, text
	for _, h := range how {
		h(draft)
	}
	draft.Entities = draft.entities(text)
	if _, in := ch.members[by.ID]; !in && draft.SenderChat == nil {
		ch.members[by.ID] = &member{person: by, status: Member}
	}
	ch.started = ch.started || ch.ID == by.ID
	return ch.post(draft.Message)
}

func (s *saying) entities(text string) []Entity {
	if s.explicit != nil {
		return s.explicit
	}
	var mentions []Entity
	for _, p := range s.mentions {
		before, _, found := strings.Cut(text, p.Name())
		if found {
			mentions = append(mentions, Entity{
				Type: "text_mention", Offset: UTF16Len(before), Length: UTF16Len(p.Name()), User: p,
			})
		}
	}
	return merge(mentions, detect(text))
}

// Album sends files as one album, the caption on the first. To send parts late, Say them one by one with InAlbum.
func (s *Server) Album(by *Person, where Place, caption string, files []*File, how ...Saying) []*Message {
	id := s.NewAlbumID()
	var parts []*Message
	for i, f := range files {
		if i > 0 {
			caption = ""
		}
		parts = append(parts, s.Say(by, where, caption, append(how[:len(how):len(how)], Attached(f), InAlbum(id))...))
	}
	return parts
}

// NewAlbumID makes up an id for InAlbum.
func (s *Server) NewAlbumID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nextFile++
	return strconv.Itoa(13_000_000_000_000_000 + s.nextFile)
}

// Edit makes the author of a message change its text or caption, told to the bot as an edited message.
func (s *Server) Edit(m *Message, text string, how ...Saying) *Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := m.Chat.history.find(m.ID); now != nil {
		m = now
	}
	draft := &saying{Message: m.revise(Content{Text: text, Sent: text}, s.opts.Now()), by: m.From}
	for _, h := range how {
		h(draft)
	}
	draft.Entities = draft.entities(text)
	kind := "edited_message"
	if m.Chat.kind == "channel" {
		kind = "edited_channel_post"
	}
	m.Chat.deliver(kind, draft.Message)
	m.Chat.history.replace(draft.Message)
	return draft.Message
}

// Remove deletes a message in the name of people. Telegram tells the bot nothing.
func (s *Server) Remove(m *Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := m.Chat.history.find(m.ID); now != nil {
		m.Chat.remove(now)
	}
}

// Publish posts in a channel, and in its discussion group as the automatic forward Telegram makes; it returns the
// forward, or the post where there is no group.
func (s *Server) Publish(channel *Chat, text string) *Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	content := Content{Text: text, Sent: text, Entities: detect(text)}
	post := channel.post(&Message{SenderChat: channel, Content: content})
	if channel.linked == nil {
		return post
	}
	return channel.linked.post(&Message{
		From: serviceAccount, SenderChat: channel, Content: content, automatic: true,
		origin: channelOrigin(channel, post.ID, post.Date),
	})
}
