package telegramtest

import (
	"cmp"
	"slices"
	"time"
)

// changed gives out the next revision, under the lock.
func (s *Server) changed() int64 {
	s.revision++
	return s.revision
}

// Since returns the messages that are new or have changed since a revision, deleted ones included, in the order of these
// changes, and the present revision. Begin with 0. The revision also grows with other things that people see: chats, topics,
// members, what the bot is doing.
func (s *Server) Since(revision int64) ([]*Message, int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if revision == s.revision {
		return nil, revision
	}
	var found []*Message
	for _, ch := range s.chats {
		for _, m := range ch.history.all {
			if m.Revision > revision {
				found = append(found, m)
			}
		}
	}
	slices.SortFunc(found, func(a, b *Message) int { return cmp.Compare(a.Revision, b.Revision) })
	return found, s.revision
}

// Answers returns the presses that the bot has answered, oldest first, without the first n.
func (s *Server) Answers(n int) []*Press {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.answers[min(n, len(s.answers)):])
}

// Chats returns all chats there are, oldest first.
func (s *Server) Chats() []*Chat {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*Chat
	for _, ch := range s.chats {
		all = append(all, ch)
	}
	slices.SortFunc(all, func(a, b *Chat) int { return cmp.Compare(a.number, b.number) })
	return all
}

// Chat finds a chat by its id, nil if there is none.
func (s *Server) Chat(id int64) *Chat {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.chats[id]
}

// Person finds a user by id, nil if there is none.
func (s *Server) Person(id int64) *Person {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.people[id]
}

// People returns the users there are, without bots, in the order of their ids.
func (s *Server) People() []*Person {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*Person
	for _, p := range s.people {
		if !p.IsBot {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b *Person) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// File finds a file by its id, nil if there is none.
func (s *Server) File(id string) *File {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.files[id]
}

// Look is what people see of a chat besides its messages, as it stood when it was asked for.
type Look struct {
	Kind       string // private, group, supergroup, channel
	Title      string // of a private chat the person's name
	Forum      bool
	Bot        Status // what the bot is there; Left in a private chat that has blocked it
	Gone       bool   // deleted, or become a supergroup
	Topics     []TopicLook
	GeneralOff bool // the General topic is closed
	Members    []MemberLook
	Doing      Doing
}

// TopicLook is a topic that was not deleted.
type TopicLook struct {
	ID     int
	Name   string
	Closed bool
}

// MemberLook is somebody in a chat, bots left out.
type MemberLook struct {
	*Person
	Status Status
}

// Doing is what the bot says that it is doing, such as typing.
type Doing struct {
	Action string
	Thread int // topic, 0 where there is none
	Until  time.Time
}

// doingLife is how long clients show what sendChatAction says. https://core.telegram.org/bots/api#sendchataction
const doingLife = 5 * time.Second

// Look returns what people see of the chat now.
func (ch *Chat) Look() Look {
	ch.s.mu.Lock()
	defer ch.s.mu.Unlock()
	l := Look{
		Kind: ch.kind, Title: ch.title, Forum: ch.forum, Bot: ch.status(ch.s.bot.ID), Gone: ch.deleted || ch.migratedTo != 0,
		GeneralOff: ch.general.closed, Doing: ch.doing,
	}
	if ch.person != nil {
		l.Title = ch.person.Name()
	}
	for _, t := range ch.topics {
		if !t.deleted {
			l.Topics = append(l.Topics, TopicLook{t.ID, t.Name, t.closed})
		}
	}
	slices.SortFunc(l.Topics, func(a, b TopicLook) int { return cmp.Compare(a.ID, b.ID) })
	for _, m := range ch.members {
		if !m.person.IsBot && m.status != Left && m.status != Kicked {
			l.Members = append(l.Members, MemberLook{m.person, m.status})
		}
	}
	slices.SortFunc(l.Members, func(a, b MemberLook) int { return cmp.Compare(a.ID, b.ID) })
	return l
}

// Topic finds a topic that was not deleted by its id, nil if there is none.
func (ch *Chat) Topic(id int) *Topic {
	ch.s.mu.Lock()
	defer ch.s.mu.Unlock()
	if t := ch.topics[id]; t != nil && !t.deleted {
		return t
	}
	return nil
}

// Notice is what clients show of a service message, in English; empty for all others.
func (m *Message) Notice() string {
	s := m.service
	switch {
	case s == nil:
		return ""
	case len(s.Joined) > 0:
		return s.Joined[0].Name() + " joined the group"
	case s.LeftMember != nil:
		return s.LeftMember.Name() + " left the group"
	case s.MigrateTo != 0:
		return "This group became a supergroup"
	case s.MigrateFrom != 0:
		return "This supergroup was a group before"
	case s.TopicCreated != nil:
		return "Topic " + s.TopicCreated.Name + " was created"
	case s.TopicClosed != nil:
		return "The topic was closed"
	case s.TopicReopened != nil:
		return "The topic was reopened"
	}
	return "The General topic was hidden"
}
