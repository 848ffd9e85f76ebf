package telegramtest

import (
	"reflect"
	"slices"
	"strings"
)

// Longest text and caption after parsing, in UTF-16 units. Which unit Telegram counts is inferred; this is the stricter.
const (
	maxText    = 4096
	maxCaption = 1024
)

type replyParameters struct {
	MessageID     int      `json:"message_id"`
	ChatID        any      `json:"chat_id"`
	AllowWithout  bool     `json:"allow_sending_without_reply"`
	Quote         string   `json:"quote"`
	QuoteMode     string   `json:"quote_parse_mode"`
	QuoteEntities []Entity `json:"quote_entities"`
	QuotePosition int      `json:"quote_position"`
}

type linkPreview struct {
	Disabled    bool   `json:"is_disabled"`
	URL         string `json:"url"`
	PreferSmall bool   `json:"prefer_small_media"`
	PreferLarge bool   `json:"prefer_large_media"`
	Above       bool   `json:"show_above_text"`
}

func (s *Server) sendMessage(c *call) (any, error) { return s.send(c, s.postText) }

// send posts one message under the lock and shows it to OnMessage without.
func (s *Server) send(c *call, post func(*call) (*Message, error)) (any, error) {
	s.mu.Lock()
	m, err := post(c)
	if err != nil {
		s.mu.Unlock()
		return nil, err
	}
	w := m.wire()
	s.mu.Unlock()
	s.tell(m)
	return w, nil
}

func (s *Server) tell(m *Message) {
	if s.opts.OnMessage != nil {
		s.opts.OnMessage(m)
	}
}

func (s *Server) postText(c *call) (*Message, error) {
	content, err := s.text(c)
	if err != nil {
		return nil, err
	}
	m, err := s.draft(c, "text messages", "can_send_messages")
	if err != nil {
		return nil, err
	}
	content.Buttons = m.Buttons
	m.Content = content
	return m.Chat.post(m), nil
}

// text reads what sendMessage and editMessageText have in common.
func (s *Server) text(c *call) (Content, error) {
	content, err := s.content(c, "text", "entities", maxText)
	if err == nil && content.Text == "" {
		err = badRequest("message text is empty")
	}
	if err == nil {
		err = s.object(c, "link_preview_options", &linkPreview{})
	}
	return content, err
}

// content reads a text or caption with its markup.
func (s *Server) content(c *call, name, entities string, limit int) (Content, error) {
	sent := c.values[name]
	content := Content{Text: sent, Sent: sent, ParseMode: c.values["parse_mode"]}
	if err := s.applyMarkup(c, entities, &content); err != nil {
		return content, err
	}
	content.Text, content.Entities = trim(content.Text, content.Entities)
	if UTF16Len(content.Text) > limit {
		if limit == maxCaption {
			return content, badRequest("message caption is too long")
		}
		return content, badRequest("message is too long")
	}
	content.Entities = merge(s.knownUsers(content.Entities), detect(content.Text))
	return content, nil
}

func (s *Server) applyMarkup(c *call, entities string, content *Content) (err error) {
	switch strings.ToLower(content.ParseMode) {
	case "html":
		content.Text, content.Entities, err = parseHTML(content.Sent, s.opts.Old)
		return err
	case "":
		if err := s.object(c, entities, &content.Entities); err != nil {
			return err
		}
		return checkEntities(content.Text, content.Entities)
	case "markdown", "markdownv2":
		return s.strict(c, "parse mode %s is not emulated", content.ParseMode)
	}
	return badRequest("unsupported parse_mode")
}

// knownUsers fills in who is mentioned; mentions of unknown users are dropped, as Telegram does.
func (s *Server) knownUsers(all []Entity) []Entity {
	var known []Entity
	for _, e := range all {
		if e.Type == "text_mention" {
			if e.User == nil || s.people[e.User.ID] == nil {
				continue
			}
			e.User = s.people[e.User.ID]
		}
		known = append(known, e)
	}
	return known
}

// draft checks everything about a new message of the bot but its content. what it is needs the right.
func (s *Server) draft(c *call, what, right string) (*Message, error) {
	ch, err := s.quotaTarget(c)
	if err != nil {
		return nil, err
	}
	markup, err := s.markup(c, ch)
	if err != nil {
		return nil, err
	}
	if !ch.sends(s.bot.ID, right) {
		return nil, badRequest("not enough rights to send " + what + " to the chat")
	}
	m := &Message{
		Chat: ch, From: s.bot, FromBot: true, Silent: c.flag("disable_notification"),
		ForceReply: markup.Force, Selective: markup.Selective, Prompt: markup.Placeholder, Content: Content{Buttons: markup.buttons()},
	}
	if err := s.reply(c, ch, m); err != nil {
		return nil, err
	}
	m.Topic, err = ch.thread(c.int("message_thread_id"), m.replied)
	return m, err
}

// reply fills in what the message answers. That a reply into another topic counts as not found is inferred.
func (s *Server) reply(c *call, ch *Chat, m *Message) error {
	var r replyParameters
	if err := s.object(c, "reply_parameters", &r); err != nil || r.MessageID == 0 {
		return err
	}
	if r.ChatID != nil {
		return s.strict(c, "reply_parameters.chat_id is not emulated")
	}
	if s.opts.Forget && r.MessageID <= ch.last {
		m.ReplyTo = r.MessageID
		return nil
	}
	found := ch.history.find(r.MessageID)
	thread := c.int("message_thread_id")
	if found != nil && ch.isForum() && thread != 0 && (found.Topic == nil || found.Topic.ID != thread) {
		found = nil
	}
	switch {
	case found == nil && r.AllowWithout:
		return nil
	case found == nil:
		return badRequest("message to be replied not found")
	case !strings.Contains(found.Text, r.Quote):
		return badRequest("QUOTE_TEXT_INVALID")
	}
	m.replied, m.ReplyTo, m.Quote = found, found.ID, r.Quote
	return nil
}

func (s *Server) editMessageText(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	content, err := s.text(c)
	if err != nil {
		return nil, err
	}
	return s.edit(c, func(m *Message) (Content, error) {
		if m.File != nil {
			return content, badRequest("there is no text in the message to edit")
		}
		return content, nil
	})
}

func (s *Server) editMessageReplyMarkup(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.edit(c, func(m *Message) (Content, error) { return m.Content, nil })
}

// edit gives one of the bot's messages new content and the buttons of the call.
func (s *Server) edit(c *call, change func(*Message) (Content, error)) (any, error) {
	if c.values["inline_message_id"] != "" {
		return nil, s.strict(c, "inline messages are not emulated")
	}
	ch, err := s.quotaTarget(c)
	if err != nil {
		return nil, err
	}
	m, err := s.editable(ch, c.int("message_id"))
	if err != nil {
		return nil, err
	}
	markup, err := s.markup(c, ch)
	if err != nil {
		return nil, err
	}
	if c.values["reply_markup"] != "" && markup.Inline == nil {
		return nil, badRequest("inline keyboard expected")
	}
	content, err := change(m)
	if err != nil {
		return nil, err
	}
	content.Buttons = markup.buttons()
	if m.same(content) && !s.opts.Forget {
		return nil, badRequest("message is not modified: specified new message content and reply markup are exactly the " +
			"same as a current content and reply markup of the message")
	}
	edited := m.revise(content, s.opts.Now())
	ch.history.replace(edited)
	return edited.wire(), nil
}

func (s *Server) editable(ch *Chat, id int) (*Message, error) {
	if s.opts.Forget && id > 0 && id <= ch.last {
		return &Message{ID: id, Chat: ch, From: s.bot, FromBot: true, Date: s.opts.Now()}, nil
	}
	m := ch.history.find(id)
	switch {
	case m == nil:
		return nil, badRequest("message to edit not found")
	case !m.FromBot:
		return nil, badRequest("message can't be edited")
	}
	return m, nil
}

func (m *Message) same(c Content) bool {
	return m.Text == c.Text && slices.Equal(m.Entities, c.Entities) && reflect.DeepEqual(m.Buttons, c.Buttons)
}

func (s *Server) deleteMessage(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, err := s.target(c)
	if err != nil {
		return nil, err
	}
	m := ch.history.find(c.int("message_id"))
	switch {
	case s.opts.Forget:
		return true, nil
	case m == nil:
		return nil, badRequest("message to delete not found")
	case !m.FromBot && ch.kind != "private" && !ch.may(s.bot.ID, "can_delete_messages"):
		return nil, badRequest("message can't be deleted")
	}
	ch.remove(m)
	return true, nil
}

// sendChatAction says true for a deleted topic too, as Telegram does.
func (s *Server) sendChatAction(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	actions := []string{
		"typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document",
		"choose_sticker", "find_location", "record_video_note", "upload_video_note",
	}
	if !slices.Contains(actions, c.values["action"]) {
		return nil, badRequest("wrong parameter action in request")
	}
	ch, err := s.target(c)
	if err != nil {
		return nil, err
	}
	ch.doing = Doing{Action: c.values["action"], Thread: c.int("message_thread_id"), Until: s.opts.Now().Add(doingLife)}
	s.changed()
	return true, nil
}

// reactions are the emoji a bot may react with. https://core.telegram.org/bots/api#reactiontypeemoji
const reactions = " ❤ 👍 👎 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤‍🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 💋 🖕 😈 😴 😭 🤓 " +
	"👻 👨‍💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷‍♂ 🤷 🤷‍♀ 😡 "

func (s *Server) setMessageReaction(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, err := s.target(c)
	if err != nil {
		return nil, err
	}
	var wanted []struct {
		Type  string `json:"type"`
		Emoji string `json:"emoji"`
	}
	if err := s.object(c, "reaction", &wanted); err != nil {
		return nil, err
	}
	m := ch.history.find(c.int("message_id"))
	switch {
	case s.opts.Forget:
		return true, nil
	case m == nil:
		return nil, badRequest("message to react not found")
	case len(wanted) > 1:
		return nil, badRequest("REACTIONS_TOO_MANY")
	case len(wanted) > 0 && ch.reactionless: // the description is what clients of Telegram get, as far as is known
		return nil, badRequest("REACTION_INVALID")
	}
	reacted := *m
	reacted.Reaction = ""
	if len(wanted) == 1 {
		reacted.Reaction = wanted[0].Emoji
		if wanted[0].Type != "emoji" || !strings.Contains(reactions, " "+reacted.Reaction+" ") {
			return nil, badRequest("REACTION_INVALID")
		}
	}
	ch.history.replace(&reacted)
	return true, nil
}
