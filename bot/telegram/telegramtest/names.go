package telegramtest

// Rename gives the topic another name in the name of an anonymous administrator, or of the person of a private chat; its service
// message goes to the bot.
func (t *Topic) Rename(name string) {
	t.chat.s.mu.Lock()
	defer t.chat.s.mu.Unlock()
	t.Name = name
	t.chat.postTopic(t, &Message{service: &service{TopicEdited: &topicEdited{Name: name}}})
}

// Rename gives the chat another title in the name of an anonymous administrator; its service message goes to the bot.
func (ch *Chat) Rename(title string) {
	ch.s.mu.Lock()
	defer ch.s.mu.Unlock()
	ch.title = title
	ch.postTopic(nil, &Message{service: &service{NewTitle: title}})
}

type topicEdited struct {
	Name string `json:"name,omitempty"`
}
