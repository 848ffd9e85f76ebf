package outbox

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

// briefly is long enough for one call, and too short for its repetition.
func briefly(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

// added is the notice that words have come into a ticket, said in a message.
func added(answer view.Answer, message int64) storage.Notice {
	answer.Text = "added"
	n := view.NewNotice("k", view.NoticeAnswer, answer)
	n.ReplyTo = message
	return n
}

func TestAReactionThatTelegramDoesNotTakeForNowIsTriedAgain(t *testing.T) {
	t.Parallel()
	o := newAlone(t)
	chat := o.server.NewSupergroup("S")
	said := o.server.Say(o.server.NewPerson("Alice"), chat, "more words")
	ticket := storage.Ticket{ChatID: chat.ID}
	n := added(view.Answer{}, int64(said.ID))
	o.server.ServerError(telegramtest.Match{Method: "setMessageReaction"})
	require.Error(t, o.tellNotice(briefly(t), ticket, n))
	require.Empty(t, chat.BotMessages(), "words would say it twice")
	o.server.Calm()

	require.NoError(t, o.tellNotice(t.Context(), ticket, n))
	require.Equal(t, view.ReactionAdded, chat.Message(said.ID).Reaction)
	require.Empty(t, chat.BotMessages())

	o.server.Fail(400, "Bad Request: REACTION_INVALID", telegramtest.Match{Method: "setMessageReaction", Times: 1})
	require.NoError(t, o.tellNotice(t.Context(), ticket, n))
	require.Len(t, chat.BotMessages(), 1, "in words, where it takes no reaction")

	o.store.Close()
	require.Error(t, o.tellNotice(briefly(t), ticket, n), "a reaction that is not recorded is not told")
}

func TestWhatWasSaidElsewhereIsAnsweredThere(t *testing.T) {
	t.Parallel()
	o := newAlone(t)
	chat, staff := o.server.NewSupergroup("S"), o.server.NewSupergroup("Staff")
	said := o.server.Say(o.server.NewPerson("Bob"), staff, "words")
	ticket := storage.Ticket{ChatID: chat.ID}
	words := part{Message: markup.Message{Text: "not added"}}
	at, id, err := o.tellPart(t.Context(), ticket, added(view.Answer{Chat: staff.ID, Message: int64(said.ID)}, 0), words)
	require.NoError(t, err)
	require.Equal(t, staff.ID, at)
	require.EqualValues(t, id, staff.BotMessages()[0].ID)
	require.Equal(t, said.ID, staff.BotMessages()[0].ReplyTo)
	require.Empty(t, chat.BotMessages())
}

func TestNewsMentionWhoFollowsButNotToThemselves(t *testing.T) {
	t.Parallel()
	o := newAlone(t)
	reply := view.NewNotice("k", view.NoticeReply, view.Reply{Who: "Li", Text: "done"})
	text := func(ticket storage.Ticket) string {
		parts, err := o.parts(t.Context(), ticket, reply)
		require.NoError(t, err)
		require.Len(t, parts, 1)
		return parts[0].Text
	}
	require.Contains(t, text(o.open(t, -1, 5)), "Alice")
	require.NotContains(t, text(o.open(t, 5, 5)), "Alice", "it is private")
	ticket := o.open(t, -2, 5)
	o.store.Close()
	_, err := o.parts(t.Context(), ticket, reply)
	require.Error(t, err)
}

func TestATellingThatTheDatabaseInterruptsIsNotTold(t *testing.T) {
	t.Parallel()
	o := newAlone(t)
	chat := o.server.NewSupergroup("S")
	told := storage.Ticket{ChatID: chat.ID, Told: 1, Version: 1, State: storage.StateCreated, TicketID: "tk_1"}
	refused, numberless, files := told, told, told
	refused.State = storage.StateRefused
	numberless.TicketID = ""
	files.Told, files.WithFiles = 0, true
	for _, ticket := range []storage.Ticket{told, refused, numberless, files} {
		_, err := o.tellNext(t.Context(), ticket)
		require.NoError(t, err)
	}
	require.Len(t, chat.BotMessages(), 1, "the card of the last one")

	ticket := o.open(t, chat.ID, 5)
	o.sql(t, `INSERT INTO notices (ticket, key, kind, content) VALUES ($1, 'k', 'status', '{"status":"resolved"}')`, ticket.ID)
	o.sql(t, `ALTER TABLE tickets RENAME TO renamed`)
	require.Error(t, o.tellNotices(t.Context(), ticket))
	o.sql(t, `ALTER TABLE renamed RENAME TO tickets`)
	o.store.Close()
	for _, ticket := range []storage.Ticket{told, refused, numberless, files} {
		_, err := o.tellNext(t.Context(), ticket)
		require.Error(t, err, "%+v", ticket)
	}
	require.Len(t, chat.BotMessages(), 1)
}

func TestACardIsChangedWhereItStandsElsePostedAnewElseLeft(t *testing.T) {
	t.Parallel()
	o := newAlone(t)
	longAgo := time.Now().Add(-8 * 24 * time.Hour)
	ok, shown := "", []byte(`{}`)
	for name, c := range map[string]struct {
		edit, post string // what Telegram says
		view       []byte
		muted      *time.Time
		anew       bool
		nowhere    bool
		err        bool
	}{
		"it is taken":                      {edit: ok},
		"it is gone":                       {edit: "message to edit not found", view: shown, anew: true},
		"it is not taken":                  {edit: "something else", view: shown, anew: true},
		"no card is taken":                 {edit: "something else", post: "something else", view: shown},
		"no outcome is taken":              {edit: "something else", post: "something else", nowhere: true},
		"its topic is closed":              {edit: "TOPIC_CLOSED", view: shown},
		"its topic was closed before":      {edit: "TOPIC_CLOSED", anew: true},
		"its chat is muted":                {edit: "not enough rights to send text messages", view: shown, err: true},
		"its chat has been muted too long": {edit: "not enough rights to send text messages", view: shown, muted: &longAgo},
	} {
		chat := o.server.NewSupergroup(name)
		card, _, err := o.telegram.Post(t.Context(), telegram.Place{Chat: chat.ID}, telegram.Answers, markup.Message{Text: "old"})
		require.NoError(t, err)
		if c.edit != ok {
			o.server.Fail(400, "Bad Request: "+c.edit, telegramtest.Match{Method: "editMessageText", Chat: chat})
		}
		if c.post != ok {
			o.server.Fail(400, "Bad Request: "+c.post, telegramtest.Match{Method: "sendMessage", Chat: chat})
		}
		ticket := storage.Ticket{ChatID: chat.ID, MessageID: 1, CardChatID: chat.ID, CardID: card, View: c.view, MutedAt: c.muted}
		at, id, err := o.deliver(t.Context(), ticket, markup.Message{Text: "now"})
		require.Equal(t, c.err, err != nil, name)
		switch messages := chat.BotMessages(); {
		case c.err, c.nowhere:
			require.Zero(t, id, name)
			require.Len(t, messages, 1, name)
		case c.anew:
			require.Len(t, messages, 2, name)
			require.EqualValues(t, messages[1].ID, id, name)
			require.Equal(t, chat.ID, at, name)
		default:
			require.Len(t, messages, 1, name)
			require.Equal(t, card, id, name)
			require.Equal(t, chat.ID, at, name)
			require.Equal(t, c.edit == ok, messages[0].Text == "now", name)
		}
	}
	require.Equal(t, 1, strings.Count(o.logs.String(), "nobody can be told about a ticket"))

	chat := o.server.NewSupergroup("away")
	o.server.ServerError(telegramtest.Match{Method: "editMessageText", Chat: chat})
	_, _, err := o.deliver(briefly(t), storage.Ticket{ChatID: chat.ID, CardChatID: chat.ID, CardID: 1}, markup.Message{Text: "now"})
	require.Error(t, err)
	require.Empty(t, chat.BotMessages())
}

func TestAWordThatGoesThroughMakesDueWhatWaitedForIt(t *testing.T) {
	t.Parallel()
	o := newAlone(t)
	due := func() bool {
		select {
		case <-o.due:
			return true
		default:
			return false
		}
	}
	o.unmute(t.Context(), -1, false)
	require.False(t, due(), "nothing is known to wait")
	require.Empty(t, o.logs.String())
	o.unmute(t.Context(), -1, true)
	require.True(t, due(), "another process knew")
	for range 2 {
		require.ErrorIs(t, o.mute(-1, nil), errMuted)
		require.Equal(t, 1, strings.Count(o.logs.String(), "may not write to a chat for now"))
	}
	o.unmute(t.Context(), -1, false)
	require.True(t, due())
	o.unmute(t.Context(), -1, false)
	require.False(t, due())
	require.Equal(t, 2, strings.Count(o.logs.String(), "may write to a chat again"))
	for range 2 {
		require.NoError(t, o.lose(t.Context(), -1, nil))
	}
	require.Equal(t, 1, strings.Count(o.logs.String(), "cannot write to a chat"))
}

func TestOnlyMembersWhoFollowAreToldInPrivateWhileTheChatIsConnected(t *testing.T) {
	t.Parallel()
	o := newAlone(t)
	chat := o.server.NewSupergroup("S")
	alice, bob, carol := o.server.NewPerson("Alice"), o.server.NewPerson("Bob"), o.server.NewPerson("Carol")
	for _, who := range []*telegramtest.Person{alice, bob, carol} {
		o.server.Say(who, o.server.Private(who), "/start")
	}
	o.server.Say(alice, chat, "here")
	o.server.Say(carol, chat, "here")
	ticket := o.open(t, chat.ID, int64(alice.ID))
	bobs := o.open(t, chat.ID, int64(bob.ID))
	o.sql(t, `UPDATE tickets SET status = 'resolved'`)
	o.sql(t, `INSERT INTO notices (id, ticket, key, kind, content) OVERRIDING SYSTEM VALUE VALUES
		(1, $1, '1', 'reply', '{"who":"Li","text":"done","files":[{"name":"a.txt","url":"https://desk.invalid/a.txt"}]}'),
		(2, $1, '2', 'status', '{"status":"resolved"}'), (3, $2, '3', 'status', '{"status":"resolved"}')`, ticket.ID, bobs.ID)
	tell := func(notice int64, who *telegramtest.Person) []*telegramtest.Message {
		before := len(o.server.Private(who).BotMessages())
		require.NoError(t, o.postPrivate(t.Context(), storage.PrivateNotice{Notice: notice, PersonID: int64(who.ID)}))
		return o.server.Private(who).BotMessages()[before:]
	}
	require.Len(t, tell(1, alice), 2, "the words and the file")
	resolved := tell(2, alice)
	require.Len(t, resolved, 1)
	require.Len(t, resolved[0].Buttons, 1, "she is asked whether it is solved")
	require.Empty(t, tell(2, carol), "she does not follow")
	require.Empty(t, tell(3, bob), "he is no member")
	require.Empty(t, tell(1000, alice), "it is forgotten")
	o.connected = func(context.Context, int64) (bool, error) { return false, nil }
	require.Empty(t, tell(2, alice))
	o.store.Close()
	require.Error(t, o.postPrivate(t.Context(), storage.PrivateNotice{Notice: 1, PersonID: int64(alice.ID)}))
}

func TestARatingStandsInTheMessageThatAskedForItAndMentionsWhoFollows(t *testing.T) {
	t.Parallel()
	o := newAlone(t)
	chat := o.server.NewSupergroup("S")
	ticket := o.open(t, chat.ID, 5)
	id, _, err := o.telegram.Post(t.Context(), telegram.Place{Chat: chat.ID}, telegram.Answers, markup.Message{Text: "solved?"})
	require.NoError(t, err)
	at := telegram.Place{Chat: chat.ID, Reply: id}
	require.NoError(t, o.ShowRating(t.Context(), ticket, at, 4))
	require.Contains(t, chat.Message(int(id)).Text, "Alice")
	require.Contains(t, chat.Message(int(id)).Text, "★★★★☆")
	o.store.Close()
	require.Error(t, o.ShowRating(t.Context(), ticket, at, 5))
}
