package telegramtest

// Topic is a topic of a forum, or of a private chat with topics. Its id is that of the message that announced it.
type Topic struct {
	ID   int
	Name string

	chat    *Chat
	closed  bool
	hidden  bool
	deleted bool
	root    *Message
}

func (t *Topic) at() (*Chat, *Topic) { return t.chat, t }

// Chat is the chat the topic belongs to.
func (t *Topic) Chat() *Chat { return t.chat }

// NewTopic opens a topic in the name of an anonymous administrator; its service message goes to the bot.
// In a private chat the person opens it.
func (ch *Chat) NewTopic(name string, with ...With) *Topic {
	i := identify(with)
	ch.s.mu.Lock()
	defer ch.s.mu.Unlock()
	if i.id == 0 {
		i.id = int64(ch.nextID())
	}
	t := &Topic{ID: int(i.id), Name: name, chat: ch}
	ch.topics[t.ID] = t
	ch.postTopic(t, &Message{ID: t.ID, service: &service{TopicCreated: &topicCreated{Name: name, Color: 7322096}}})
	return t
}

// postTopic posts a service message of whoever looks after the chat's topics.
func (ch *Chat) postTopic(t *Topic, m *Message) {
	m.Topic = t
	m.From = ch.person
	if ch.person == nil {
		m.From, m.SenderChat = groupAnonymousBot, ch
	}
	ch.post(m)
}

// Close closes the topic: only administrators who manage topics can write there.
func (t *Topic) Close() { t.setClosed(true, &service{TopicClosed: &struct{}{}}) }

// Reopen opens a closed topic again.
func (t *Topic) Reopen() { t.setClosed(false, &service{TopicReopened: &struct{}{}}) }

func (t *Topic) setClosed(closed bool, told *service) {
	s := t.chat.s
	s.mu.Lock()
	defer s.mu.Unlock()
	t.closed = closed
	t.chat.postTopic(t, &Message{service: told})
}

// Delete deletes the topic with its messages. Telegram tells the bot nothing.
func (t *Topic) Delete() {
	s := t.chat.s
	s.mu.Lock()
	defer s.mu.Unlock()
	t.deleted = true
	for _, m := range t.chat.history.all {
		if m.Topic == t {
			t.chat.remove(m)
		}
	}
}

// CloseGeneral closes the General topic.
func (ch *Chat) CloseGeneral() { ch.setGeneral(true, false, &service{TopicClosed: &struct{}{}}) }

// ReopenGeneral opens the General topic again and shows it if it was hidden.
func (ch *Chat) ReopenGeneral() { ch.setGeneral(false, false, &service{TopicReopened: &struct{}{}}) }

// HideGeneral hides the General topic, which also closes it.
func (ch *Chat) HideGeneral() { ch.setGeneral(true, true, &service{GeneralHidden: &struct{}{}}) }

func (ch *Chat) setGeneral(closed, hidden bool, told *service) {
	ch.s.mu.Lock()
	defer ch.s.mu.Unlock()
	ch.general.closed, ch.general.hidden = closed, hidden
	ch.postTopic(nil, &Message{service: told})
}

// thread decides in which topic a message of the bot goes. In General and in chats without topics it is nil.
// A thread id is ignored in a supergroup without topics; elsewhere one that is no topic is refused, General's 1 too.
// That it is refused outside supergroups is inferred.
func (ch *Chat) thread(id int, reply *Message) (*Topic, error) {
	if id == 0 && reply != nil {
		return ch.open(reply.Topic)
	}
	if id == 0 || ch.isSupergroup() && !ch.forum {
		return ch.open(nil)
	}
	t := ch.topics[id]
	if t == nil || t.deleted {
		return nil, badRequest("message thread not found")
	}
	return ch.open(t)
}

func (ch *Chat) open(t *Topic) (*Topic, error) {
	closed := ch.general.closed && ch.forum
	if t != nil {
		closed = t.closed
	}
	if closed && !ch.may(ch.s.bot.ID, "can_manage_topics") {
		return nil, badRequest("TOPIC_CLOSED")
	}
	return t, nil
}

type topicCreated struct {
	Name  string `json:"name"`
	Color int    `json:"icon_color"`
}
