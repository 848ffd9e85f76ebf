package bot

import (
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/go-telegram/bot/models"
	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/storage"
)

// newRouter is a handler that can do nothing but route. Its id and name are those of the emulated bot.
func newRouter(t testing.TB) handler {
	t.Helper()
	b, err := New(Config{Token: telegramtest.DefaultToken, APIURL: "http://127.0.0.1"}, nil, &storage.Store{}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	name := telegramtest.DefaultUsername
	b.me.username.Store(&name)
	return b.handler(Config{})
}

// The cast: Ann writes in a supergroup where the bot is, a channel and an anonymous administrator too.
var (
	ann     = models.User{ID: 5, FirstName: "Ann", LastName: "Lee"}
	thisBot = models.User{ID: 123456, IsBot: true, FirstName: "Desk", Username: telegramtest.DefaultUsername}
	super   = models.Chat{ID: -100, Type: models.ChatTypeSupergroup, Title: "S", IsForum: true}
	private = models.Chat{ID: ann.ID, Type: models.ChatTypePrivate, FirstName: "Ann"}
	other   = models.Chat{ID: -200, Type: models.ChatTypeSupergroup}
	channel = models.Chat{ID: -77, Type: models.ChatTypeChannel, Title: "C"}
)

// fromAnn is her message 1 in the supergroup.
func fromAnn(text string, how ...func(*models.Message)) *models.Message {
	m := &models.Message{ID: 1, Date: 1, Chat: super, From: &ann, Text: text}
	for _, change := range how {
		change(m)
	}
	return m
}

// ofTheBot is the bot's message 9 in the supergroup.
func ofTheBot(how ...func(*models.Message)) *models.Message {
	m := fromAnn("hi", how...)
	m.ID, m.From = 9, &thisBot
	return m
}

func in(chat models.Chat) func(*models.Message) { return func(m *models.Message) { m.Chat = chat } }

// inThread says that a message has a thread number, which also replies have that are in no topic.
func inThread(id int) func(*models.Message) {
	return func(m *models.Message) { m.MessageThreadID = id }
}

func inTopic(id int) func(*models.Message) {
	return func(m *models.Message) { m.MessageThreadID, m.IsTopicMessage = id, true }
}

func answering(to *models.Message) func(*models.Message) {
	return func(m *models.Message) { m.ReplyToMessage = to }
}

func by(user models.User) func(*models.Message) { return func(m *models.Message) { m.From = &user } }

func byNobody(m *models.Message) { m.From = nil }

// inTheNameOf says that a chat is named as the sender; Telegram puts one of its own bots beside it.
func inTheNameOf(chat models.Chat) func(*models.Message) {
	return func(m *models.Message) {
		m.SenderChat, m.From = &chat, &models.User{ID: 1087968824, IsBot: true, FirstName: "Group"}
	}
}

// inSecret hides the author behind the group.
func inSecret(m *models.Message) { m.SenderChat = &super }

func asCaptionOfAPhoto(m *models.Message) {
	m.Caption, m.Text, m.Photo = m.Text, "", []models.PhotoSize{{FileID: "f", FileUniqueID: "u", Width: 1, Height: 1}}
}

func asCaptionOfAVideoNote(m *models.Message) {
	m.Caption, m.Text, m.VideoNote = m.Text, "", &models.VideoNote{FileID: "f", FileUniqueID: "u"}
}

func asAPoll(m *models.Message) { m.Poll = &models.Poll{ID: "p"} }

func asAVenue(m *models.Message) {
	m.Location = &models.Location{Latitude: 1.5, Longitude: -2.25}
	m.Venue = &models.Venue{Title: "Café", Address: "Street 1", Location: *m.Location}
}

func asAContact(m *models.Message) {
	m.Contact = &models.Contact{FirstName: "Bob", LastName: "Ray", PhoneNumber: "+491234"}
}

func forwarded(m *models.Message) {
	m.ForwardOrigin = &models.MessageOrigin{
		Type:                    models.MessageOriginTypeHiddenUser,
		MessageOriginHiddenUser: &models.MessageOriginHiddenUser{Date: 1, SenderUserName: "x"},
	}
}

// forwardedByTelegram is how a channel's post comes to its discussion group.
func forwardedByTelegram(m *models.Message) {
	m.From, m.SenderChat, m.IsAutomaticForward = &models.User{ID: 777000, FirstName: "Telegram"}, &channel, true
	m.ForwardOrigin = &models.MessageOrigin{
		Type:                 models.MessageOriginTypeChannel,
		MessageOriginChannel: &models.MessageOriginChannel{Type: models.MessageOriginTypeChannel, Date: 1, Chat: channel, MessageID: 3},
	}
}

// openingATopic makes a message the one that Telegram fills in where somebody answers none in a topic.
func openingATopic(m *models.Message) {
	m.ForumTopicCreated, m.Text = &models.ForumTopicCreated{Name: "T"}, ""
}

func TestRoute(t *testing.T) {
	t.Parallel()
	inSuper, inPrivate := telegram.Place{Chat: -100, Reply: 1}, telegram.Place{Chat: 5, Reply: 1}
	for name, test := range map[string]struct {
		message *models.Message
		want    any            // its type
		args    string         // of what was asked
		at      telegram.Place // where it is answered; none: in the supergroup
		by      person         // none: Ann
		quoted  bool           // it answers a message
	}{
		"a command":                          {message: fromAnn("/ticket x y"), want: wantTicket{}, args: "x y"},
		"any letter case and the bot's name": {message: fromAnn("/TICKET@livedeskBOT\nx"), want: wantTicket{}, args: "x"},
		"a caption":                          {message: fromAnn("/ticket x", asCaptionOfAPhoto), want: wantTicket{}, args: "x"},
		"a reply to the bot": {
			message: fromAnn("an answer", answering(ofTheBot())), want: answered{}, args: "an answer", quoted: true},

		"a topic, whose opening message is no quotation": {
			message: fromAnn("/status", inTopic(9), answering(ofTheBot(openingATopic))),
			want:    wantStatus{}, at: telegram.Place{Chat: -100, Thread: 9, Reply: 1}},
		"a topic whose opening message is not named as such": {
			message: fromAnn("/status", inTopic(9), answering(ofTheBot())),
			want:    wantStatus{}, at: telegram.Place{Chat: -100, Thread: 9, Reply: 1}},
		"a topic that only its opening message shows": {
			message: fromAnn("/status", inThread(9), answering(ofTheBot(openingATopic))), want: wantStatus{}},
		"a reply thread is no topic": {
			message: fromAnn("/status", inThread(9), answering(ofTheBot())), want: wantStatus{}, quoted: true},
		"General is no topic": {message: fromAnn("/status tk_1", inTopic(1)), want: wantStatus{}, args: "tk_1"},
		"a topic in a private chat": {
			message: fromAnn("/ticket x", in(private), inTopic(9)),
			want:    wantTicket{}, args: "x", at: telegram.Place{Chat: 5, Thread: 9, Reply: 1}},

		"an anonymous administrator": {
			message: fromAnn("/ticket x", inTheNameOf(super)), want: wantTicket{}, args: "x", by: person{id: -100, name: "S"}},
		"a channel": {
			message: fromAnn("/ticket x", inTheNameOf(channel)), want: wantTicket{}, args: "x", by: person{id: -77, name: "C"}},
		"a nameless person has a user name": {
			message: fromAnn("/help", in(private), by(models.User{ID: 5, FirstName: "\u0000 ", Username: "ann"})),
			want:    wantHelp{}, at: inPrivate, by: person{id: 5, name: "ann", user: true}},

		"a forward in private":                          {message: fromAnn("x", in(private), forwarded), want: wantChat{}, args: "x", at: inPrivate},
		"a forwarded command in private":                {message: fromAnn("/ticket x", in(private), forwarded), want: wantChat{}, args: "/ticket x", at: inPrivate},
		"a forwarded command of another bot in private": {message: fromAnn("/go@OtherBot", in(private), forwarded), want: wantChat{}, args: "/go@OtherBot", at: inPrivate},
		"a place in private": {
			message: fromAnn("", in(private), asAVenue), want: wantChat{}, at: inPrivate,
			args: "📍 Café, Street 1\nhttps://maps.google.com/?q=1.500000,-2.250000"},
		"a contact in private": {
			message: fromAnn("", in(private), asAContact), want: wantChat{}, at: inPrivate, args: "👤 Bob Ray\n+491234"},
		"a path in private":                    {message: fromAnn("/var/log is full", in(private)), want: wantChat{}, args: "/var/log is full", at: inPrivate},
		"a poll in private":                    {message: fromAnn("", in(private), asAPoll), want: wantChat{}, at: inPrivate},
		"words in a group":                     {message: fromAnn("hello /ticket"), want: spoken{}, args: "hello /ticket"},
		"a reply to a message of another chat": {message: fromAnn("an answer", answering(ofTheBot(in(other)))), want: spoken{}, args: "an answer"},
		"a bot's own message quoted in secret": {message: fromAnn("an answer", answering(ofTheBot(inSecret))), want: spoken{}, args: "an answer", quoted: true},
		"words in a private chat":              {message: fromAnn("hello", in(private)), want: wantChat{}, args: "hello", at: inPrivate},
		"an unknown command in a private chat": {
			message: fromAnn("/nothing x", in(private)), want: wantHelp{}, args: "x", at: inPrivate},
		"start with a payload": {message: fromAnn("/start abc", in(private)), want: wantStart{}, args: "abc", at: inPrivate},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.at == (telegram.Place{}) {
				test.at = inSuper
			}
			if test.by == (person{}) {
				test.by = person{id: 5, name: "Ann Lee", user: true}
			}
			got := newRouter(t).route(received(t, test.message))
			require.IsType(t, test.want, got)
			asked := askedOf(got)
			require.Equal(t, test.args, asked.args)
			require.Equal(t, test.at, asked.at)
			require.Equal(t, test.by, asked.by)
			require.Equal(t, test.quoted, asked.quoted != nil)
			require.Equal(t, asked.at.Chat == private.ID, asked.private)
		})
	}
}

func TestMessagesThatWantNothing(t *testing.T) {
	t.Parallel()
	h := newRouter(t)
	for name, message := range map[string]*models.Message{
		"an unknown command in a group":         fromAnn("/nothing"),
		"another bot's command":                 fromAnn("/ticket@OtherBot x", in(private)),
		"another bot":                           fromAnn("/ticket x", by(models.User{ID: 6, IsBot: true, FirstName: "B"})),
		"nobody":                                fromAnn("/ticket x", byNobody),
		"message 0":                             fromAnn("/ticket x", func(m *models.Message) { m.ID = 0 }),
		"a forward":                             fromAnn("/ticket x", forwarded),
		"forwarded words in a group":            fromAnn("x", forwarded),
		"thanks in a group":                     fromAnn("Thanks!"),
		"a poll in a group":                     fromAnn("", asAPoll),
		"an anonymous administrator's words":    fromAnn("x", inTheNameOf(super)),
		"what no person sent":                   fromAnn("", in(private)),
		"what a linked channel posts":           fromAnn("/ticket x", forwardedByTelegram),
		"a caption where commands do not count": fromAnn("/ticket x", asCaptionOfAVideoNote),
	} {
		require.Nil(t, h.route(received(t, message)), name)
	}
}

func TestRouteOfOtherUpdates(t *testing.T) {
	t.Parallel()
	h := newRouter(t)
	byAnn := person{id: 5, name: "Ann Lee", user: true}
	for name, test := range map[string]struct {
		update string // as Telegram sends it
		want   any
	}{
		"a press": {
			update: `{"callback_query": {"id": "q", "data": "d", "from": {"id": 5, "first_name": "Ann", "last_name": "Lee"},
				"message": {"message_id": 9, "date": 1, "chat": {"id": -100, "type": "supergroup"}, "text": "hi"}}}`,
			want: pressed{id: "q", data: "d", chat: -100, message: 9, sent: time.Unix(1, 0), by: byAnn},
		},
		"a press under a message that is out of reach": {
			update: `{"callback_query": {"id": "q", "data": "d", "from": {"id": 5, "first_name": "Ann", "last_name": "Lee"},
				"message": {"message_id": 9, "date": 0, "chat": {"id": -100, "type": "supergroup"}}}}`,
			want: pressed{id: "q", data: "d", chat: -100, message: 9, sent: time.Unix(0, 0), by: byAnn},
		},
		"a press nobody knows where": {
			update: `{"callback_query": {"id": "q", "data": "d", "from": {"id": 5, "first_name": "Ann", "last_name": "Lee"},
				"inline_message_id": "i"}}`,
			want: pressed{id: "q", data: "d", sent: time.Unix(0, 0), by: byAnn},
		},
		"a group that became a supergroup": {
			update: `{"message": {"message_id": 3, "date": 1, "chat": {"id": -5, "type": "group"}, "migrate_to_chat_id": -100}}`,
			want:   migrated{from: -5, to: -100},
		},
		"a supergroup that was a group": {
			update: `{"message": {"message_id": 1, "date": 1, "chat": {"id": -100, "type": "supergroup"}, "migrate_from_chat_id": -5}}`,
			want:   migrated{from: -5, to: -100},
		},
		"the bot was removed": {
			update: `{"my_chat_member": {"date": 1, "chat": {"id": -100, "type": "supergroup", "title": "S"}, "from": {"id": 5, "first_name": "Ann", "last_name": "Lee"},
				"old_chat_member": {"status": "member", "user": {"id": 123456}},
				"new_chat_member": {"status": "kicked", "user": {"id": 123456}, "until_date": 0}}}`,
			want: membership{chat: -100, title: "S", group: true, by: byAnn},
		},
		"the bot may write": {
			update: `{"my_chat_member": {"date": 1, "chat": {"id": -100, "type": "supergroup", "title": "S"}, "from": {"id": 5, "first_name": "Ann", "last_name": "Lee"},
				"old_chat_member": {"status": "left", "user": {"id": 123456}},
				"new_chat_member": {"status": "restricted", "user": {"id": 123456}, "is_member": true, "can_send_messages": true}}}`,
			want: membership{chat: -100, title: "S", group: true, member: true, writes: true, joined: true, by: byAnn},
		},
		"the bot may only read": {
			update: `{"my_chat_member": {"date": 1, "chat": {"id": -100, "type": "supergroup", "title": "S"}, "from": {"id": 5, "first_name": "Ann", "last_name": "Lee"},
				"old_chat_member": {"status": "member", "user": {"id": 123456}},
				"new_chat_member": {"status": "restricted", "user": {"id": 123456}, "is_member": true, "can_send_messages": false}}}`,
			want: membership{chat: -100, title: "S", group: true, member: true, by: byAnn},
		},
		"the bot might write if it were there": {
			update: `{"my_chat_member": {"date": 1, "chat": {"id": -100, "type": "supergroup", "title": "S"}, "from": {"id": 5, "first_name": "Ann", "last_name": "Lee"},
				"old_chat_member": {"status": "member", "user": {"id": 123456}},
				"new_chat_member": {"status": "restricted", "user": {"id": 123456}, "is_member": false, "can_send_messages": true}}}`,
			want: membership{chat: -100, title: "S", group: true, by: byAnn},
		},
		"an anonymous administrator lets the bot see everything": {
			update: `{"my_chat_member": {"date": 1, "chat": {"id": -100, "type": "supergroup", "title": "S"},
				"from": {"id": 1087968824, "is_bot": true, "first_name": "Group"}, "old_chat_member": {"status": "member", "user": {"id": 123456}},
				"new_chat_member": {"status": "administrator", "user": {"id": 123456}}}}`,
			want: membership{chat: -100, title: "S", group: true, member: true, writes: true, admin: true, by: person{id: 1087968824, name: "Group"}},
		},
		"a person lets the bot write again": {
			update: `{"my_chat_member": {"date": 1, "chat": {"id": 5, "type": "private"}, "from": {"id": 5, "first_name": "Ann", "last_name": "Lee"},
				"old_chat_member": {"status": "kicked", "user": {"id": 123456}, "until_date": 0},
				"new_chat_member": {"status": "member", "user": {"id": 123456}}}}`,
			want: membership{chat: 5, member: true, writes: true, joined: true, by: byAnn},
		},
		"a kind from the future": {update: `{"hologram": {"id": 1}}`},
		"a post of a channel": {
			update: `{"channel_post": {"message_id": 1, "date": 1, "chat": {"id": -77, "type": "channel"}, "text": "/ticket x"}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, h.route(parseUpdate(t, test.update)))
		})
	}
}

func TestAnEditNeverAsksForATicket(t *testing.T) {
	t.Parallel()
	update := received(t, fromAnn("/ticket x", func(m *models.Message) { m.EditDate = 2 }))
	update.EditedMessage, update.Message = update.Message, nil
	require.IsType(t, edited{}, newRouter(t).route(update))
}

func TestNamesHoldNothingThatCannotBeStored(t *testing.T) {
	t.Parallel()
	require.Equal(t, "ab", user(&models.User{ID: 5, FirstName: " ", Username: "a\u0000b"}).name)
}

// received is a message as it comes from Telegram: written as JSON and read again.
func received(t *testing.T, m *models.Message) *models.Update {
	t.Helper()
	raw, err := json.Marshal(&models.Update{ID: 1, Message: m})
	require.NoError(t, err)
	return parseUpdate(t, string(raw))
}

func parseUpdate(t *testing.T, raw string) *models.Update {
	t.Helper()
	var u models.Update
	require.NoError(t, json.Unmarshal([]byte(raw), &u))
	return &u
}

// askedOf is the message that wants something.
func askedOf(want any) asked {
	switch w := want.(type) {
	case wantTicket:
		return w.asked
	case wantStatus:
		return w.asked
	case wantHelp:
		return w.asked
	case wantStart:
		return w.asked
	case wantChat:
		return w.asked
	case answered:
		return w.asked
	case spoken:
		return w.asked
	}
	return asked{}
}
