package telegramtest

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Command is a BotCommand of the menu.
type Command struct {
	Name        string `json:"command"`
	Description string `json:"description"`
}

// menuKey is one list of commands: there is one for each scope and language.
type menuKey struct {
	scope    string // type, with chat and user where it has them
	language string
}

// aboutKey is a description in one language.
type aboutKey struct {
	short    bool
	language string
}

var (
	commandName  = regexp.MustCompile(`^[a-z0-9_]{1,32}$`)
	languageCode = regexp.MustCompile(`^([a-z]{2})?$`)
)

const maxCommands = 100

// Menu returns the commands the bot set for a scope type ("default", "all_group_chats", ...; "chat:-100..." and
// "chat_administrators:-100..." with their chat) and a two-letter language, empty for all others.
func (s *Server) Menu(scope, language string) []Command {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.menus[menuKey{scope, language}]
}

// Description returns the bot's description in a language, ShortDescription the short one.
func (s *Server) Description(language string) string { return s.described(aboutKey{false, language}) }

// ShortDescription returns the bot's short description in a language.
func (s *Server) ShortDescription(language string) string {
	return s.described(aboutKey{true, language})
}

func (s *Server) described(key aboutKey) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.about[key]
}

// Commands is the menu that a person's client shows in a chat: of the narrowest scope that has one, in the language of the
// client if there is one in that. https://core.telegram.org/bots/api#determining-list-of-commands
func (s *Server) Commands(ch *Chat, p *Person) []Command {
	s.mu.Lock()
	defer s.mu.Unlock()
	language, _, _ := strings.Cut(strings.ToLower(p.Language), "-")
	for _, scope := range ch.scopes(p.ID) {
		for _, key := range []menuKey{{scope, language}, {scope, ""}} {
			if menu := s.menus[key]; len(menu) > 0 {
				return menu
			}
		}
	}
	return nil
}

// scopes are those that hold for a user in the chat, the narrowest first.
func (ch *Chat) scopes(user int64) []string {
	if ch.kind == "private" {
		return []string{fmt.Sprintf("chat:%d", ch.ID), "all_private_chats", "default"}
	}
	all := []string{fmt.Sprintf("chat_member:%d:%d", ch.ID, user)}
	admin := ch.status(user) == Creator || ch.status(user) == Administrator
	if admin {
		all = append(all, fmt.Sprintf("chat_administrators:%d", ch.ID))
	}
	all = append(all, fmt.Sprintf("chat:%d", ch.ID))
	if admin {
		all = append(all, "all_chat_administrators")
	}
	return append(all, "all_group_chats", "default")
}

func (s *Server) menuKey(c *call) (menuKey, error) {
	scope := struct {
		Type   string `json:"type"`
		ChatID any    `json:"chat_id"`
		UserID int64  `json:"user_id"`
	}{Type: "default"}
	if err := s.object(c, "scope", &scope); err != nil {
		return menuKey{}, err
	}
	key := menuKey{scope: scope.Type, language: c.values["language_code"]}
	switch scope.Type {
	case "default", "all_private_chats", "all_group_chats", "all_chat_administrators":
	case "chat", "chat_administrators":
		key.scope = fmt.Sprintf("%s:%v", scope.Type, plainNumber(scope.ChatID))
	case "chat_member":
		key.scope = fmt.Sprintf("%s:%v:%d", scope.Type, plainNumber(scope.ChatID), scope.UserID)
	default:
		return key, badRequest("can't parse BotCommandScope: unsupported type specified")
	}
	if !languageCode.MatchString(key.language) {
		return key, badRequest("invalid language code specified")
	}
	return key, nil
}

// scopeReachable refuses a menu of a chat that the bot cannot reach.
func (s *Server) scopeReachable(c *call) error {
	var scope struct {
		Type   string `json:"type"`
		ChatID any    `json:"chat_id"`
		UserID int64  `json:"user_id"`
	}
	if err := s.object(c, "scope", &scope); err != nil || scope.ChatID == nil {
		return err
	}
	ch, err := s.find(fmt.Sprint(plainNumber(scope.ChatID)))
	if err != nil {
		return err
	}
	return ch.reachable()
}

// plainNumber prints numbers, which JSON decodes as floats, without an exponent.
func plainNumber(v any) any {
	if f, ok := v.(float64); ok {
		return int64(f)
	}
	return v
}

func (s *Server) setMyCommands(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var commands []Command
	if err := s.object(c, "commands", &commands); err != nil {
		return nil, err
	}
	key, err := s.menuKey(c)
	if err != nil {
		return nil, err
	}
	if err := s.scopeReachable(c); err != nil {
		return nil, err
	}
	if len(commands) > maxCommands {
		return nil, badRequest("BOT_COMMANDS_TOO_MUCH")
	}
	for _, one := range commands {
		n := utf8.RuneCountInString(one.Description)
		switch {
		case !commandName.MatchString(one.Name):
			return nil, badRequest("BOT_COMMAND_INVALID")
		case n < 1 || n > 256:
			return nil, badRequest("BOT_COMMAND_DESCRIPTION_INVALID")
		}
	}
	s.menus[key] = commands
	return true, nil
}

func (s *Server) getMyCommands(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, err := s.menuKey(c)
	if err != nil {
		return nil, err
	}
	return append([]Command{}, s.menus[key]...), nil
}

func (s *Server) deleteMyCommands(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, err := s.menuKey(c)
	delete(s.menus, key)
	return true, err
}

func (s *Server) setMyDescription(c *call) (any, error) {
	return s.describe(c, false, c.values["description"], 512)
}

func (s *Server) setMyShortDescription(c *call) (any, error) {
	return s.describe(c, true, c.values["short_description"], 120)
}

func (s *Server) describe(c *call, short bool, text string, limit int) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	language := c.values["language_code"]
	switch {
	case utf8.RuneCountInString(text) > limit:
		return nil, badRequest("text is too long")
	case !languageCode.MatchString(language):
		return nil, badRequest("invalid language code specified")
	}
	s.about[aboutKey{short, language}] = text
	return true, nil
}
