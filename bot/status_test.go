package bot

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

func TestAForeignNumberIsAnsweredAsOneThatDoesNotExist(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	number := w.number(w.say(w.alice, w.telegram.NewForum("Theirs").NewTopic("T"), "/ticket secret"))
	none := "tk_19990101_abcdef"
	other := w.telegram.NewSupergroup("Other")
	w.telegram.Say(w.alice, other, "the requester herself is here")
	mallory := w.telegram.NewPerson("Mallory")
	places := map[string]telegramtest.Place{
		"a group": other, "a topic": w.telegram.NewForum("F").NewTopic("T"), "a private chat": w.telegram.Private(mallory),
	}
	same := func(what string) {
		for where, place := range places {
			foreign, missing := w.say(mallory, place, "/status "+number), w.say(mallory, place, "/status "+none)
			require.Equal(t, strings.ReplaceAll(missing.Sent, none, number), foreign.Sent, "%s: %s", what, where)
			require.Equal(t, missing.Buttons, foreign.Buttons)
		}
	}
	same("LiveDesk answers")
	require.Contains(t, w.say(w.alice, other, "/status "+number).Text, "There is no ticket", "who asks does not matter")
	end := w.desk.Trouble(livedesktest.Get, livedesktest.Always, livedesktest.Refuse(500, livedesktest.HTML))
	same("LiveDesk is in trouble")
	end()
	_, err := w.desk.Reply(number, "Agent", "hello")
	require.NoError(t, err)
	same("there is a reply")
}

func TestStatusInItsThreeForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	forum := w.telegram.NewForum("F")
	one, two := forum.NewTopic("One"), forum.NewTopic("Two")
	card := w.say(w.alice, one, "/ticket first & <b>")
	first, second := w.number(card), w.number(w.say(w.alice, two, "/ticket second"))

	byNumber := w.say(w.alice, two, "/status "+first+" please")
	require.Contains(t, byNumber.Text, "first & <b>")
	require.Equal(t, two, byNumber.Topic)
	require.Contains(t, w.say(w.alice, one, "/status", telegramtest.ReplyTo(card)).Text, first)
	require.Contains(t, w.say(w.alice, two, "/status", telegramtest.ReplyTo(byNumber)).Text, first, "an answer is about its ticket too")

	inOne, inGeneral := w.say(w.alice, one, "/status").Text, w.say(w.alice, forum, "/status").Text
	require.Contains(t, inOne, first)
	require.NotContains(t, inOne, second)
	require.Contains(t, inGeneral, first)
	require.Contains(t, inGeneral, second)
	theirs := w.telegram.Say(w.alice, two, "not the bot's")
	require.Contains(t, w.say(w.alice, two, "/status", telegramtest.ReplyTo(theirs)).Text, "1 open ticket", "as if it were no reply")
	require.Contains(t, w.say(w.alice, w.telegram.NewGroup("Empty"), "/status").Text, "No open tickets")
}

func TestEqualMessageNumbersInTwoGroupsAreTwoTickets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two := w.telegram.NewSupergroup("One"), w.telegram.NewSupergroup("Two")
	cards := map[*telegramtest.Chat]*telegramtest.Message{one: w.say(w.alice, one, "/ticket of one"), two: w.say(w.alice, two, "/ticket of two")}
	require.Equal(t, cards[one].ID, cards[two].ID)
	for chat, card := range cards {
		status := w.say(w.alice, chat, "/status", telegramtest.ReplyTo(card)).Text
		require.Contains(t, status, w.number(card))
		list := w.say(w.alice, chat, "/status").Text
		require.Contains(t, list, w.number(card))
		for other := range cards {
			if other != chat {
				require.NotContains(t, status+list, w.number(cards[other]))
			}
		}
	}
}

func TestATicketThatLiveDeskSaysBelongsToTheChatIsShownThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	number := w.number(w.say(w.alice, w.telegram.NewSupergroup("Before"), "/ticket moved by an agent"))
	after := w.telegram.NewSupergroup("After", telegramtest.ID(-1005555))
	require.Contains(t, w.say(w.alice, after, "/status "+number).Text, "There is no ticket")
	require.NoError(t, w.desk.Change(number, func(k *livedesktest.Ticket) { k.Requester.ContactID = "-1005555" }))
	require.Contains(t, w.say(w.alice, after, "/status "+number).Text, "moved by an agent")
	require.NoError(t, w.desk.Change(number, func(k *livedesktest.Ticket) { k.Requester.ChannelID = "inbox_200" }))
	require.Contains(t, w.say(w.alice, after, "/status "+number).Text, "There is no ticket")
}

func TestInPrivatePeopleSeeTheirOwnTicketsAsLongAsTheyAreMembers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bob, zoe := w.telegram.NewPerson("Bob"), w.telegram.NewPerson("Zoe")
	group := w.telegram.NewSupergroup("S")
	for _, person := range []*telegramtest.Person{w.alice, bob, zoe} {
		group.Join(person)
	}
	number := w.number(w.say(w.alice, group, "/ticket for Bob", telegramtest.Mentioning(bob)))
	sees := func(who *telegramtest.Person) bool {
		private := w.telegram.Private(who)
		status, list := w.say(who, private, "/status "+number).Text, w.say(who, private, "/status").Text
		require.Equal(t, strings.Contains(status, "for Bob"), strings.Contains(list, number), "both or neither")
		return strings.Contains(status, "for Bob")
	}
	require.True(t, sees(w.alice))
	require.True(t, sees(bob))
	require.False(t, sees(zoe))
	group.Leave(bob)
	require.False(t, sees(bob))
	group.SetMember(w.alice, telegramtest.Kicked)
	require.False(t, sees(w.alice))
}

func TestInternalMessagesAreShownInStaffChatsOnlyInEveryShape(t *testing.T) {
	t.Parallel()
	for name, message := range map[string]livedesktest.Message{
		"marked":             {SenderType: "internal_member", Internal: true},
		"without the flag":   {SenderType: "internal_member", Omit: []string{"is_internal"}},
		"flag as text":       {SenderType: "internal_member", Set: map[string]any{"is_internal": "false"}},
		"flag as number":     {SenderType: "internal_member", Set: map[string]any{"is_internal": 0}},
		"flag null":          {SenderType: "internal_member", Set: map[string]any{"is_internal": nil}},
		"of the system":      {SenderType: "system"},
		"of an unknown kind": {SenderType: "supervisor"},
		"of nobody":          {SenderType: "internal_member", Omit: []string{"sender"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			staffChat := int64(-1009)
			w := newWorld(t, func(w *world) { w.cfg.StaffChats = []int64{staffChat} })
			office := w.telegram.NewSupergroup("Office", telegramtest.ID(staffChat))
			group := w.telegram.NewSupergroup("S")
			number := w.number(w.say(w.alice, group, "/ticket x"))
			message.Content, message.SenderName = "our secret", "Agent"
			_, err := w.desk.Message(number, message)
			require.NoError(t, err)
			require.NotContains(t, w.say(w.alice, group, "/status "+number).Text, "our secret")
			require.Contains(t, w.say(w.alice, office, "/status "+number).Text, "our secret")
		})
	}
}

func TestStatusOfWhatIsNoNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	w.say(w.alice, chat, "/ticket x")
	for _, number := range []string{
		"../tickets", "..", ".", "%2e%2e%2f", "tk?x=1", "tk#1", "a/b", "<b>&amp;", "\u202etk_1", "😀", "\\", "tk_1\x00", "*", strings.Repeat("9", 3000),
	} {
		require.Contains(t, w.say(w.alice, chat, "/status "+number).Text, "There is no ticket", number)
	}
}

func TestStatusInEveryShapeOfAnswers(t *testing.T) {
	t.Parallel()
	for name, drift := range map[string]livedesktest.Drift{
		"text":    {Followers: livedesktest.Text, Team: livedesktest.Text, Optional: livedesktest.Missing, NumericIDs: true},
		"objects": {Followers: livedesktest.Object, Optional: livedesktest.Null, Times: livedesktest.Number, Extra: true},
		"blank":   {Followers: livedesktest.Mixed, Optional: livedesktest.Blank, Times: livedesktest.Blank, BareFiles: true, Shuffled: true},
		"mixed":   {Followers: livedesktest.Number, FileSize: livedesktest.Number, Times: livedesktest.Mixed, NoMessageIDs: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			staffChat := int64(-1009)
			w := newWorld(t, func(w *world) { w.cfg.StaffChats = []int64{staffChat} })
			office, group := w.telegram.NewSupergroup("Office", telegramtest.ID(staffChat)), w.telegram.NewSupergroup("S")
			number := w.number(w.say(w.alice, group, "/ticket !high #task team:\"IT Support\" a=b shape"))
			_, err := w.desk.Reply(number, "Agent", "an answer")
			require.NoError(t, err)
			w.desk.SetDrift(drift)
			for _, chat := range []*telegramtest.Chat{group, office} {
				text := w.say(w.alice, chat, "/status "+number).Text
				require.Contains(t, text, "shape")
				require.Contains(t, text, "High priority · Task · IT Support")
				require.Contains(t, text, "an answer")
			}
		})
	}
}

func TestAHugeAnswerOfLiveDeskIsNotRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	number := w.number(w.say(w.alice, chat, "/ticket x"))
	w.desk.Trouble(livedesktest.Get, livedesktest.Always, livedesktest.HugeBody(100<<20))
	require.Contains(t, w.say(w.alice, chat, "/status "+number).Text, "cannot ask LiveDesk")
}

func TestAFloodOfStatusIsAnsweredAndDelaysNobodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	flooded, quiet := w.telegram.NewSupergroup("Flooded"), w.telegram.NewSupergroup("Quiet")
	flooded.Limit(10, 2*time.Second)
	var asked []*telegramtest.Message
	for range 50 {
		asked = append(asked, w.telegram.Say(w.alice, flooded, "/status"))
	}
	w.number(w.say(w.telegram.NewPerson("Bob"), quiet, "/ticket x"))
	require.Less(t, len(flooded.BotMessages()), len(asked), "the flood was over before the others came")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, m := range asked {
		_, err := w.telegram.WaitReply(ctx, m)
		require.NoError(t, err)
	}
	require.Empty(t, w.telegram.Violations())
}
