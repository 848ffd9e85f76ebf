package telegramtest

import (
	"strconv"
	"strings"
)

// Chat is a private chat, basic group, supergroup, forum or channel.
type Chat struct {
	ID int64

	s            *Server
	number       int    // in the order of making
	kind         string // private, group, supergroup, channel
	title        string
	username     string
	person       *Person // of a private chat
	forum        bool
	started      bool // of a private chat: the person wrote first
	blocked      bool
	erased       bool // of a private chat: the person deleted their account
	deleted      bool
	hidden       bool // who is in it is told to administrators only
	reactionless bool
	migratedTo   int64
	members      map[int64]*member
	limited      bool // ordinary members have only the rights in permitted
	permitted    []string
	topics       map[int]*Topic
	general      Topic
	linked       *Chat // discussion group of a channel
	last         int   // last message id of a supergroup or channel, which count for themselves
	history      history
	limit        limiter
	doing        Doing
}

// Place is where something can be said: a *Chat, which in a forum means its General topic, or a *Topic.
type Place interface{ at() (*Chat, *Topic) }

func (ch *Chat) at() (*Chat, *Topic) { return ch, nil }

// NewGroup makes a basic group with the bot in it.
func (s *Server) NewGroup(title string, with ...With) *Chat { return s.newChat("group", title, with) }

// NewSupergroup makes a supergroup without topics, with the bot in it.
func (s *Server) NewSupergroup(title string, with ...With) *Chat {
	return s.newChat("supergroup", title, with)
}

// NewForum makes a supergroup with topics, with the bot in it.
func (s *Server) NewForum(title string, with ...With) *Chat {
	ch := s.newChat("supergroup", title, with)
	s.mu.Lock()
	defer s.mu.Unlock()
	ch.forum = true
	return ch
}

// NewChannel makes a channel with the bot in it.
func (s *Server) NewChannel(title string, with ...With) *Chat {
	return s.newChat("channel", title, with)
}

// Private returns the private chat of a person with the bot. Until the person has said something there, the bot cannot.
func (s *Server) Private(p *Person) *Chat {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.private(p)
}

func (s *Server) private(p *Person) *Chat {
	ch, ok := s.chats[p.ID]
	if !ok {
		ch = s.register(&Chat{ID: p.ID, kind: "private", person: p, username: p.Username})
		ch.members[p.ID] = &member{person: p, status: Member}
	}
	return ch
}

func (s *Server) newChat(kind, title string, with []With) *Chat {
	i := identify(with)
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.addChat(kind, title, i)
	ch.last = 1 // the message about its making; in a forum 1 stands for General
	return ch
}

func (s *Server) addChat(kind, title string, i identity) *Chat {
	if i.id == 0 {
		s.nextChat++
		i.id = -s.nextChat
		if kind != "group" {
			i.id = -1_000_000_000_000 - s.nextChat
		}
	}
	return s.register(&Chat{ID: i.id, kind: kind, title: title, username: i.username})
}

func (s *Server) register(ch *Chat) *Chat {
	ch.s = s
	ch.topics = map[int]*Topic{}
	ch.members = map[int64]*member{s.bot.ID: {person: s.bot, status: Member}}
	ch.number = len(s.chats)
	s.chats[ch.ID] = ch
	s.changed()
	return ch
}

// SetTitle renames the chat without telling anyone.
func (ch *Chat) SetTitle(title string) {
	ch.s.mu.Lock()
	defer ch.s.mu.Unlock()
	ch.title = title
	ch.s.changed()
}

// SetForum switches the topics of a supergroup on or off. Topics made before are kept but do not count while off.
func (ch *Chat) SetForum(on bool) {
	ch.s.mu.Lock()
	defer ch.s.mu.Unlock()
	ch.forum = on
	ch.s.changed()
}

// Link makes the chat the discussion group of a channel: what is posted there appears here.
func (ch *Chat) Link(channel *Chat) {
	ch.s.mu.Lock()
	defer ch.s.mu.Unlock()
	channel.linked = ch
}

// Delete deletes a group: the bot is answered 403 from now on.
func (ch *Chat) Delete() {
	ch.s.mu.Lock()
	defer ch.s.mu.Unlock()
	ch.deleted = true
	ch.s.changed()
}

// Block makes the person of a private chat block the bot, which my_chat_member tells.
func (ch *Chat) Block() { ch.setBlocked(true) }

// Unblock ends what Block began.
func (ch *Chat) Unblock() { ch.setBlocked(false) }

func (ch *Chat) setBlocked(on bool) {
	ch.s.mu.Lock()
	defer ch.s.mu.Unlock()
	ch.blocked = on
	status := Member
	if on {
		status = Kicked
	}
	ch.changeBot(status, ch.person)
}

// Erase deletes the account of a private chat's person.
func (ch *Chat) Erase() {
	ch.s.mu.Lock()
	defer ch.s.mu.Unlock()
	ch.erased = true
}

// Upgrade turns a basic group into a supergroup, as by's administrator action, and returns the supergroup. Both chats
// get their service message; calls to the old id are answered with the new one.
func (ch *Chat) Upgrade(by *Person) *Chat {
	super := ch.UpgradeUntold()
	ch.TellMovedTo(super, by)
	super.TellMovedFrom(ch)
	return super
}

// UpgradeUntold is Upgrade without the service messages, which TellMovedTo and TellMovedFrom post: they come in any order.
func (ch *Chat) UpgradeUntold() *Chat {
	s := ch.s
	s.mu.Lock()
	defer s.mu.Unlock()
	super := s.addChat("supergroup", ch.title, identity{})
	for id, m := range ch.members {
		moved := *m
		super.members[id] = &moved
	}
	ch.migratedTo = super.ID
	return super
}

// TellMovedTo posts the service message of a basic group that by has turned into a supergroup.
func (ch *Chat) TellMovedTo(super *Chat, by *Person) {
	ch.s.mu.Lock()
	defer ch.s.mu.Unlock()
	ch.post(&Message{From: by, service: &service{MigrateTo: super.ID}})
}

// TellMovedFrom posts the service message of a supergroup that was a basic group.
func (ch *Chat) TellMovedFrom(group *Chat) {
	ch.s.mu.Lock()
	defer ch.s.mu.Unlock()
	ch.post(&Message{From: groupAnonymousBot, SenderChat: ch, service: &service{MigrateFrom: group.ID}})
}

// isForum reports whether message threads of this chat are topics.
func (ch *Chat) isForum() bool { return ch.forum || ch.kind == "private" && len(ch.topics) > 0 }

func (ch *Chat) isSupergroup() bool { return ch.kind == "supergroup" }

type wireChat struct {
	ID        int64  `json:"id"`
	Type      string `json:"type"`
	Title     string `json:"title,omitempty"`
	Username  string `json:"username,omitempty"`
	FirstName string `json:"first_name,omitempty"`
	LastName  string `json:"last_name,omitempty"`
	IsForum   bool   `json:"is_forum,omitempty"`
}

func (ch *Chat) wire() *wireChat {
	w := &wireChat{ID: ch.ID, Type: ch.kind, Title: ch.title, Username: ch.username, IsForum: ch.forum}
	if ch.person != nil {
		w.FirstName, w.LastName = ch.person.FirstName, ch.person.LastName
	}
	return w
}

// target finds the chat a call names and refuses, in Telegram's words, one the bot cannot reach.
func (s *Server) target(c *call) (*Chat, error) {
	ch, err := s.find(c.values["chat_id"])
	if err != nil {
		return nil, err
	}
	return ch, ch.reachable()
}

// quotaTarget is target for sending and editing, which the flood limits count.
func (s *Server) quotaTarget(c *call) (*Chat, error) {
	ch, err := s.find(c.values["chat_id"])
	if err != nil {
		return nil, err
	}
	if err := s.flooded(c, ch); err != nil {
		return nil, err
	}
	return ch, ch.reachable()
}

func (s *Server) find(ref string) (*Chat, error) {
	if ref == "" {
		return nil, badRequest("chat_id is empty")
	}
	if name, ok := strings.CutPrefix(ref, "@"); ok {
		return s.findByName(name)
	}
	id, _ := strconv.ParseInt(ref, 10, 64)
	if ch, ok := s.chats[id]; ok {
		return ch, nil
	}
	if p, ok := s.people[id]; ok {
		return s.private(p), nil
	}
	return nil, badRequest("chat not found")
}

func (s *Server) findByName(name string) (*Chat, error) {
	for _, ch := range s.chats {
		if ch.kind != "private" && strings.EqualFold(ch.username, name) {
			return ch, nil
		}
	}
	return nil, badRequest("chat not found")
}

func (ch *Chat) reachable() error {
	switch {
	case ch.migratedTo != 0:
		return &apiError{
			code: 400, description: "Bad Request: group chat was upgraded to a supergroup chat", migrateTo: ch.migratedTo,
		}
	case ch.deleted:
		return forbidden("the group chat was deleted")
	case ch.erased:
		return forbidden("user is deactivated")
	case ch.blocked:
		return forbidden("bot was blocked by the user")
	case ch.kind == "private" && (ch.person.IsBot || !ch.started):
		return ch.unstarted()
	}
	switch ch.status(ch.s.bot.ID) {
	case Kicked:
		return forbidden("bot was kicked from the " + ch.kind + " chat")
	case Left:
		return forbidden("bot is not a member of the " + ch.kind + " chat")
	}
	return nil
}

func (ch *Chat) unstarted() error {
	if ch.person.IsBot {
		return forbidden("bots can't send messages to bots")
	}
	return forbidden("bot can't initiate conversation with a user")
}

func (s *Server) getChat(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, err := s.target(c)
	if err != nil {
		return nil, err
	}
	type gifts struct {
		Unlimited    bool `json:"unlimited_gifts"`
		Limited      bool `json:"limited_gifts"`
		Unique       bool `json:"unique_gifts"`
		Premium      bool `json:"premium_subscription"`
		FromChannels bool `json:"gifts_from_channels"`
	}
	full := struct {
		*wireChat
		AccentColor   int             `json:"accent_color_id"`
		MaxReactions  int             `json:"max_reaction_count"`
		AcceptedGifts gifts           `json:"accepted_gift_types"`
		Permissions   map[string]bool `json:"permissions,omitempty"`
		LinkedChat    int64           `json:"linked_chat_id,omitempty"`
	}{wireChat: ch.wire(), MaxReactions: 11}
	if ch.kind == "group" || ch.kind == "supergroup" {
		full.Permissions = map[string]bool{}
		for _, right := range memberRights {
			full.Permissions[right] = ch.permits(right)
		}
	}
	if ch.linked != nil {
		full.LinkedChat = ch.linked.ID
	}
	return full, nil
}
