package telegramtest

import (
	"cmp"
	"slices"
)

// Status is what somebody is in a chat. https://core.telegram.org/bots/api#chatmember
type Status string

const (
	Creator       Status = "creator"
	Administrator Status = "administrator"
	Member        Status = "member"
	Restricted    Status = "restricted" // in the chat, may do only what is named
	Left          Status = "left"
	Kicked        Status = "kicked"
)

type member struct {
	person    *Person
	status    Status
	anonymous bool
	rights    []string // of an administrator, beyond can_manage_chat, or those that are left to a restricted member
}

var (
	adminRights = []string{
		"can_manage_chat", "can_delete_messages", "can_manage_video_chats", "can_restrict_members", "can_promote_members",
		"can_change_info", "can_invite_users", "can_post_stories", "can_edit_stories", "can_delete_stories",
		"can_pin_messages", "can_manage_topics",
	}
	memberRights = []string{
		"can_send_messages", "can_send_audios", "can_send_documents", "can_send_photos", "can_send_videos",
		"can_send_video_notes", "can_send_voice_notes", "can_send_polls", "can_send_other_messages",
		"can_add_web_page_previews", "can_react_to_messages", "can_edit_tag", "can_change_info", "can_invite_users",
		"can_pin_messages", "can_manage_topics",
	}
)

// SetMember makes a person something in the chat, with the rights named if an administrator. The bot is told in
// chat_member if it asked for that update and is an administrator; joining and leaving have their service messages
// only through Join and Leave.
func (ch *Chat) SetMember(p *Person, status Status, rights ...string) {
	ch.s.mu.Lock()
	defer ch.s.mu.Unlock()
	old := ch.wireMember(p)
	ch.s.changed()
	ch.members[p.ID] = &member{person: p, status: status, rights: rights}
	if ch.status(ch.s.bot.ID) == Administrator {
		ch.tellMember("chat_member", p, old, ch.wireMember(p))
	}
}

// SetAnonymous makes an administrator of the chat write in its name, or no longer.
func (ch *Chat) SetAnonymous(p *Person, on bool) {
	ch.s.mu.Lock()
	defer ch.s.mu.Unlock()
	ch.s.changed()
	ch.members[p.ID] = &member{person: p, status: Administrator, anonymous: on}
}

// SetBot changes what the bot is in the chat and tells it in my_chat_member, as done by a person. The rights are those
// of an administrator, or those that are left to a restricted member.
func (ch *Chat) SetBot(status Status, by *Person, rights ...string) {
	ch.s.mu.Lock()
	defer ch.s.mu.Unlock()
	ch.changeBot(status, by, rights...)
}

func (ch *Chat) changeBot(status Status, by *Person, rights ...string) {
	bot := ch.s.bot
	old := ch.wireMember(bot)
	ch.s.changed()
	ch.members[bot.ID] = &member{person: bot, status: status, rights: rights}
	ch.tellMember("my_chat_member", by, old, ch.wireMember(bot))
}

// Permit leaves ordinary members of the chat, the bot among them, only the rights named, without telling anyone: a night mode.
// Unpermit ends that.
func (ch *Chat) Permit(rights ...string) {
	ch.s.mu.Lock()
	defer ch.s.mu.Unlock()
	ch.limited, ch.permitted = true, rights
}

// Unpermit ends what Permit began.
func (ch *Chat) Unpermit() {
	ch.s.mu.Lock()
	defer ch.s.mu.Unlock()
	ch.limited = false
}

// sends reports whether somebody may send what a right is for.
func (ch *Chat) sends(id int64, right string) bool {
	switch ch.status(id) {
	case Creator, Administrator:
		return true
	case Restricted:
		return slices.Contains(ch.members[id].rights, right) && ch.permits(right)
	}
	return ch.permits(right)
}

func (ch *Chat) permits(right string) bool {
	return !ch.limited || slices.Contains(ch.permitted, right)
}

// Join adds a person to the chat with the service message for it.
func (ch *Chat) Join(p *Person) *Message {
	ch.s.mu.Lock()
	defer ch.s.mu.Unlock()
	ch.members[p.ID] = &member{person: p, status: Member}
	return ch.post(&Message{From: p, service: &service{Joined: []*Person{p}}})
}

// Leave removes a person from the chat with the service message for it.
func (ch *Chat) Leave(p *Person) *Message {
	ch.s.mu.Lock()
	defer ch.s.mu.Unlock()
	ch.members[p.ID] = &member{person: p, status: Left}
	return ch.post(&Message{From: p, service: &service{LeftMember: p}})
}

func (ch *Chat) tellMember(kind string, by *Person, old, now any) {
	ch.s.enqueue(kind, laneOf(kind, ch.ID), struct {
		Chat *wireChat `json:"chat"`
		From *Person   `json:"from"`
		Date int64     `json:"date"`
		Old  any       `json:"old_chat_member"`
		New  any       `json:"new_chat_member"`
	}{ch.wire(), by, ch.s.opts.Now().Unix(), old, now})
}

func (ch *Chat) status(id int64) Status {
	if m, ok := ch.members[id]; ok {
		return m.status
	}
	return Left
}

func (ch *Chat) may(id int64, right string) bool {
	m, ok := ch.members[id]
	if !ok {
		return false
	}
	return m.status == Creator || m.status == Administrator && slices.Contains(m.rights, right)
}

// wireMember is one of the six forms of ChatMember.
func (ch *Chat) wireMember(p *Person) map[string]any {
	m, ok := ch.members[p.ID]
	if !ok {
		m = &member{person: p, status: Left}
	}
	w := map[string]any{"status": m.status, "user": p}
	switch m.status {
	case Creator:
		w["is_anonymous"] = m.anonymous
	case Administrator:
		w["is_anonymous"], w["can_be_edited"] = m.anonymous, false
		for _, right := range adminRights {
			w[right] = right == "can_manage_chat" || slices.Contains(m.rights, right)
		}
	case Restricted:
		w["is_member"], w["until_date"] = true, 0
		for _, right := range memberRights {
			w[right] = slices.Contains(m.rights, right)
		}
	case Kicked:
		w["until_date"] = 0
	}
	return w
}

func (s *Server) getChatMember(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, err := s.target(c)
	if err != nil {
		return nil, err
	}
	p, known := s.people[c.int64("user_id")]
	if !known {
		return nil, badRequest("PARTICIPANT_ID_INVALID")
	}
	if !ch.tells(p) {
		return nil, badRequest("CHAT_ADMIN_REQUIRED")
	}
	return ch.wireMember(p), nil
}

func (s *Server) getChatAdministrators(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, err := s.target(c)
	if err != nil {
		return nil, err
	}
	if ch.kind == "private" {
		return nil, badRequest("there are no administrators in the private chat")
	}
	var found []*member
	for id, m := range ch.members {
		isAdmin := m.status == Creator || m.status == Administrator
		if isAdmin && (!m.person.IsBot || id == s.bot.ID || c.flag("return_bots")) {
			found = append(found, m)
		}
	}
	slices.SortFunc(found, func(a, b *member) int { return cmp.Compare(a.person.ID, b.person.ID) })
	admins := []any{}
	for _, m := range found {
		admins = append(admins, ch.wireMember(m.person))
	}
	return admins, nil
}

func (s *Server) leaveChat(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, err := s.target(c)
	if err != nil {
		return nil, err
	}
	if ch.kind == "private" {
		return nil, badRequest("chat member status can't be changed in private chats")
	}
	ch.changeBot(Left, s.bot)
	return true, nil
}
