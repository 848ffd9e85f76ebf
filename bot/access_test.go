package bot

import (
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/bot/view"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
	"livedeskbot/storage/storagetest"
)

// library decides about one ticket: ann asked for it in her group, fred follows it.
type library struct {
	t                *testing.T
	access           access
	telegram         *telegramtest.Server
	group, elsewhere *telegramtest.Chat
	staff            *telegramtest.Chat
	ann, fred, zoe   *telegramtest.Person
	ticket           storage.Ticket
}

func newLibrary(t *testing.T) library {
	t.Helper()
	s := telegramtest.New(telegramtest.Options{})
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	l := library{
		t: t, telegram: s, group: s.NewSupergroup("Group"), elsewhere: s.NewSupergroup("Elsewhere"), staff: s.NewSupergroup("Staff"),
		ann: s.NewPerson("Ann"), fred: s.NewPerson("Fred"), zoe: s.NewPerson("Zoe"),
	}
	for _, person := range []*telegramtest.Person{l.ann, l.fred, l.zoe} {
		l.group.Join(person)
		l.elsewhere.Join(person)
	}
	store, _ := storagetest.Lend(t, 3)
	cfg := Config{
		Token: s.Token(), APIURL: server.URL, ChannelID: "inbox_100", StaffChats: []int64{l.staff.ID}, NewChats: Any,
	}
	api, err := telegram.New(telegram.Config{Token: cfg.Token, APIURL: cfg.APIURL})
	require.NoError(t, err)
	l.access = newAccess(cfg, store, api)
	l.ticket, err = store.OpenTicket(t.Context(), storage.NewTicket{
		Ref: "ref", ChatID: l.group.ID, SenderID: l.ann.ID, State: storage.StateSending, Request: []byte("{}"),
		Followers: []storage.Person{{ID: l.ann.ID}, {ID: l.fred.ID}},
	}, 1, 0)
	require.NoError(t, err)
	return l
}

// disconnect does what staff do with /chats.
func (l library) disconnect(chat *telegramtest.Chat) {
	require.NoError(l.t, l.access.store.Connect(l.t.Context(), l.access.telegram.BotID, chat.ID, ""))
	require.NoError(l.t, l.access.store.DecideChat(l.t.Context(), l.access.telegram.BotID, chat.ID,
		[]storage.ConnectionState{storage.ChatConnected}, storage.ChatDisconnected, 1))
}

func (l library) in(chat *telegramtest.Chat, who *telegramtest.Person) reader {
	return reader{chat: chat.ID, person: who.ID}
}

func (l library) alone(who *telegramtest.Person) reader {
	return reader{chat: who.ID, person: who.ID, private: true}
}

// named is LiveDesk's word that a ticket belongs to a chat.
func named(channel string, contact int64) *livedesk.Ticket {
	return &livedesk.Ticket{Requester: livedesk.Contact{ChannelContacts: &livedesk.ContactChannel{
		ChannelID: channel, ContactID: strconv.FormatInt(contact, 10)}}}
}

func TestWhoReadsTheChatDecidesWhatIsSeen(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before func(library) // what happened since
		reader func(library) reader
		desk   func(library) *livedesk.Ticket // nil: LiveDesk names no chat
		others bool                           // the ticket is none of ours
		want   view.Audience
	}{
		"the chat that it came from":           {reader: func(l library) reader { return l.in(l.group, l.zoe) }, want: view.Customers},
		"another chat, whoever asks":           {reader: func(l library) reader { return l.in(l.elsewhere, l.ann) }, want: view.Nobody},
		"a staff chat":                         {reader: func(l library) reader { return l.in(l.staff, l.zoe) }, want: view.Staff},
		"a staff chat, of a ticket not ours":   {reader: func(l library) reader { return l.in(l.staff, l.zoe) }, others: true, want: view.Staff},
		"the requester alone":                  {reader: func(l library) reader { return l.alone(l.ann) }, want: view.Customers},
		"a follower alone":                     {reader: func(l library) reader { return l.alone(l.fred) }, want: view.Customers},
		"a member of the chat alone":           {reader: func(l library) reader { return l.alone(l.zoe) }, want: view.Nobody},
		"a ticket not ours, alone":             {reader: func(l library) reader { return l.alone(l.ann) }, others: true, want: view.Nobody},
		"a person's number that is no private": {reader: func(l library) reader { return reader{chat: l.ann.ID, person: l.ann.ID} }, want: view.Nobody},
		"the requester, who has left": {
			before: func(l library) { l.group.Leave(l.ann) },
			reader: func(l library) reader { return l.alone(l.ann) }, want: view.Nobody},
		"a follower, who was removed": {
			before: func(l library) { l.group.SetMember(l.fred, telegramtest.Kicked) },
			reader: func(l library) reader { return l.alone(l.fred) }, want: view.Nobody},
		"the requester, who may not write any more": {
			before: func(l library) { l.group.SetMember(l.ann, telegramtest.Restricted) },
			reader: func(l library) reader { return l.alone(l.ann) }, want: view.Customers},
		"the requester, where Telegram says nothing of the chat": {
			before: func(l library) { l.group.SetBot(telegramtest.Kicked, l.zoe) },
			reader: func(l library) reader { return l.alone(l.ann) }, want: view.Nobody},
		"the requester, where the chat is gone": {
			before: func(l library) { l.group.Delete() },
			reader: func(l library) reader { return l.alone(l.ann) }, want: view.Nobody},
		"the requester, whose chat is connected no longer": {
			before: func(l library) { l.disconnect(l.group) },
			reader: func(l library) reader { return l.alone(l.ann) }, want: view.Nobody},
		"the chat that LiveDesk names": {
			reader: func(l library) reader { return l.in(l.elsewhere, l.zoe) },
			desk:   func(l library) *livedesk.Ticket { return named("inbox_100", l.elsewhere.ID) }, others: true, want: view.Customers},
		"the private chat that LiveDesk names": {
			reader: func(l library) reader { return l.alone(l.zoe) },
			desk:   func(l library) *livedesk.Ticket { return named("inbox_100", l.zoe.ID) }, others: true, want: view.Customers},
		"the same number in another channel": {
			reader: func(l library) reader { return l.in(l.elsewhere, l.zoe) },
			desk:   func(l library) *livedesk.Ticket { return named("inbox_1000", l.elsewhere.ID) }, others: true, want: view.Nobody},
		"another chat than LiveDesk names": {
			reader: func(l library) reader { return l.in(l.elsewhere, l.ann) },
			desk:   func(l library) *livedesk.Ticket { return named("inbox_100", l.group.ID) }, want: view.Nobody},
		"no channel at all": {
			reader: func(l library) reader { return l.in(l.elsewhere, l.ann) },
			desk:   func(library) *livedesk.Ticket { return &livedesk.Ticket{} }, others: true, want: view.Nobody},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLibrary(t)
			if test.before != nil {
				test.before(l)
			}
			var desk *livedesk.Ticket
			if test.desk != nil {
				desk = test.desk(l)
			}
			ours := []storage.Ticket{l.ticket}
			if test.others {
				ours = nil
			}
			got, err := l.access.audience(t.Context(), test.reader(l), ours, desk)
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

func TestMembershipThatCannotBeAskedForNowIsAnErrorAndNoAnswer(t *testing.T) {
	t.Parallel()
	for _, code := range []int{429, 500, 502} {
		l := newLibrary(t)
		l.telegram.Fail(code, "not now", telegramtest.Match{Method: "getChatMember"})
		_, err := l.access.audience(t.Context(), l.alone(l.ann), []storage.Ticket{l.ticket}, nil)
		require.Error(t, err, code)
	}
}
