package telegramtest

// Person is a user or a bot, in the form of the Bot API's User. It does not change once made.
type Person struct {
	ID        int64  `json:"id"`
	IsBot     bool   `json:"is_bot"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name,omitempty"`
	Username  string `json:"username,omitempty"`
	Language  string `json:"language_code,omitempty"`
}

// The fake users that stand for those who write in the name of a chat. https://core.telegram.org/bots/api#message
var (
	groupAnonymousBot = &Person{ID: 1087968824, IsBot: true, FirstName: "Group", Username: "GroupAnonymousBot"}
	channelBot        = &Person{ID: 136817688, IsBot: true, FirstName: "Channel", Username: "Channel_Bot"}
	serviceAccount    = &Person{ID: 777000, FirstName: "Telegram"}
)

// identity is what the With options of people, chats and topics may set.
type identity struct {
	id       int64
	username string
	lastName string
	language string
	isBot    bool
}

// With sets a detail of a new person, chat or topic; where it makes no sense it has no effect.
type With func(*identity)

// ID chooses the id, which is otherwise made up. It must not be in use.
func ID(id int64) With { return func(i *identity) { i.id = id } }

// Username sets the @username, without @.
func Username(name string) With { return func(i *identity) { i.username = name } }

// LastName sets a person's last name.
func LastName(name string) With { return func(i *identity) { i.lastName = name } }

// Language sets the IETF language tag of a person's client.
func Language(tag string) With { return func(i *identity) { i.language = tag } }

// AsBot makes the person another bot.
func AsBot() With { return func(i *identity) { i.isBot = true } }

func identify(with []With) identity {
	var i identity
	for _, w := range with {
		w(&i)
	}
	return i
}

// NewPerson makes a user of Telegram.
func (s *Server) NewPerson(firstName string, with ...With) *Person {
	i := identify(with)
	s.mu.Lock()
	defer s.mu.Unlock()
	if i.id == 0 {
		s.nextPerson++
		i.id = s.nextPerson
	}
	p := &Person{
		ID: i.id, IsBot: i.isBot, FirstName: firstName, LastName: i.lastName, Username: i.username, Language: i.language,
	}
	s.people[p.ID] = p
	s.changed()
	return p
}

// Name is the person's full name.
func (p *Person) Name() string {
	if p.LastName == "" {
		return p.FirstName
	}
	return p.FirstName + " " + p.LastName
}

func (s *Server) getMe(*call) (any, error) {
	me := struct {
		Person
		CanJoinGroups           bool `json:"can_join_groups"`
		CanReadAllGroupMessages bool `json:"can_read_all_group_messages"`
		SupportsInlineQueries   bool `json:"supports_inline_queries"`
		CanConnectToBusiness    bool `json:"can_connect_to_business"`
		HasMainWebApp           bool `json:"has_main_web_app"`
		HasTopicsEnabled        bool `json:"has_topics_enabled"`
	}{Person: *s.bot, CanJoinGroups: true, CanReadAllGroupMessages: !s.opts.Privacy, HasTopicsEnabled: s.opts.PrivateTopics}
	return me, nil
}
