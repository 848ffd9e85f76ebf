package telegramtest

// WithoutBot takes the bot out of a group as if it had never been there, without telling anyone, and returns the group.
func (ch *Chat) WithoutBot() *Chat {
	ch.s.mu.Lock()
	defer ch.s.mu.Unlock()
	delete(ch.members, ch.s.bot.ID)
	return ch
}

// AddBot makes a person add the bot to a group, told in my_chat_member and in the service message of new members. Which of
// them comes first is inferred.
func (ch *Chat) AddBot(by *Person) *Message {
	ch.s.mu.Lock()
	defer ch.s.mu.Unlock()
	if _, in := ch.members[by.ID]; !in {
		ch.members[by.ID] = &member{person: by, status: Member}
	}
	ch.changeBot(Member, by)
	return ch.post(&Message{From: by, service: &service{Joined: []*Person{ch.s.bot}}})
}

// RemoveBot makes a person take the bot out of a group, told in my_chat_member.
func (ch *Chat) RemoveBot(by *Person) { ch.SetBot(Kicked, by) }

// HideMembers makes Telegram say who is in a group to administrators only, which is all that it promises bots.
func (ch *Chat) HideMembers() {
	ch.s.mu.Lock()
	defer ch.s.mu.Unlock()
	ch.hidden = true
}

// tells reports whether Telegram tells the bot what somebody is in the chat.
func (ch *Chat) tells(p *Person) bool {
	status := ch.status(ch.s.bot.ID)
	return !ch.hidden || p == ch.s.bot || status == Administrator || status == Creator
}

// SetPrivacy switches privacy mode on or off, as its owner does with BotFather.
func (s *Server) SetPrivacy(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opts.Privacy = on
}
