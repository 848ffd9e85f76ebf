package bot_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

func TestStatus(t *testing.T) {
	t.Parallel()
	bottest.New(t).Parts(t,
		aForeignNumberIsAnsweredAsOneThatDoesNotExist, statusInItsThreeForms, equalMessageNumbersInTwoGroupsAreTwoTickets,
		aTicketThatLiveDeskSaysBelongsToTheChatIsShownThere, inPrivatePeopleSeeTheirOwnTicketsAsLongAsTheyAreMembers,
		statusOfWhatIsNoNumber, aHugeAnswerOfLiveDeskIsNotRead, statusRepliesToAnythingElseWithTheList,
	)
}

func aForeignNumberIsAnsweredAsOneThatDoesNotExist(t *testing.T, w *bottest.World) {
	number := w.Number(w.Say(w.Alice, w.Telegram.NewForum("Theirs").NewTopic("T"), "/ticket secret"))
	none := "tk_19990101_abcdef"
	other := w.Telegram.NewSupergroup("Other")
	w.Telegram.Say(w.Alice, other, "the requester herself is here")
	mallory := w.Telegram.NewPerson("Mallory")
	places := map[string]telegramtest.Place{
		"a group": other, "a topic": w.Telegram.NewForum("F").NewTopic("T"), "a private chat": w.Telegram.Private(mallory),
	}
	same := func(what string) {
		for where, place := range places {
			foreign, missing := w.Say(mallory, place, "/status "+number), w.Say(mallory, place, "/status "+none)
			require.Equal(t, strings.ReplaceAll(missing.Sent, none, number), foreign.Sent, "%s: %s", what, where)
			require.Equal(t, missing.Buttons, foreign.Buttons)
		}
	}
	same("LiveDesk answers")
	require.Contains(t, w.Say(w.Alice, other, "/status "+number).Text, "There is no ticket", "who asks does not matter")
	end := w.Desk.Trouble(livedesktest.Get, livedesktest.Always, livedesktest.Refuse(500, livedesktest.HTML))
	same("LiveDesk is in trouble")
	end()
	w.Reply(number, "hello")
	same("there is a reply")
}

func statusInItsThreeForms(t *testing.T, w *bottest.World) {
	forum := w.Telegram.NewForum("F")
	one, two := forum.NewTopic("One"), forum.NewTopic("Two")
	card := w.Say(w.Alice, one, "/ticket first & <b>")
	first, second := w.Number(card), w.Number(w.Say(w.Alice, two, "/ticket second"))

	byNumber := w.Say(w.Alice, two, "/status "+first+" please")
	require.Contains(t, byNumber.Text, "first & <b>")
	require.Equal(t, two, byNumber.Topic)
	require.Contains(t, w.Say(w.Alice, one, "/status", telegramtest.ReplyTo(card)).Text, first)
	require.Contains(t, w.Say(w.Alice, two, "/status", telegramtest.ReplyTo(byNumber)).Text, first, "an answer is about its ticket too")

	inOne, inGeneral := w.Say(w.Alice, one, "/status").Text, w.Say(w.Alice, forum, "/status").Text
	require.Contains(t, inOne, first)
	require.NotContains(t, inOne, second)
	require.Contains(t, inGeneral, first)
	require.Contains(t, inGeneral, second)
	theirs := w.Telegram.Say(w.Alice, two, "not the bot's")
	require.Contains(t, w.Say(w.Alice, two, "/status", telegramtest.ReplyTo(theirs)).Text, "1 open ticket", "as if it were no reply")
	require.Contains(t, w.Say(w.Alice, w.Telegram.NewGroup("Empty"), "/status").Text, "No open tickets")
}

func equalMessageNumbersInTwoGroupsAreTwoTickets(t *testing.T, w *bottest.World) {
	one, two := w.Telegram.NewSupergroup("One"), w.Telegram.NewSupergroup("Two")
	cards := map[*telegramtest.Chat]*telegramtest.Message{one: w.Say(w.Alice, one, "/ticket of one"), two: w.Say(w.Alice, two, "/ticket of two")}
	require.Equal(t, cards[one].ID, cards[two].ID)
	for chat, card := range cards {
		status := w.Say(w.Alice, chat, "/status", telegramtest.ReplyTo(card)).Text
		require.Contains(t, status, w.Number(card))
		list := w.Say(w.Alice, chat, "/status").Text
		require.Contains(t, list, w.Number(card))
		for other := range cards {
			if other != chat {
				require.NotContains(t, status+list, w.Number(cards[other]))
			}
		}
	}
}

func aTicketThatLiveDeskSaysBelongsToTheChatIsShownThere(t *testing.T, w *bottest.World) {
	number := w.Number(w.Say(w.Alice, w.Telegram.NewSupergroup("Before"), "/ticket moved by an agent"))
	after := w.Telegram.NewSupergroup("After", telegramtest.ID(-1005555))
	require.Contains(t, w.Say(w.Alice, after, "/status "+number).Text, "There is no ticket")
	require.NoError(t, w.Desk.Change(number, func(k *livedesktest.Ticket) { k.Requester.ContactID = "-1005555" }))
	require.Contains(t, w.Say(w.Alice, after, "/status "+number).Text, "moved by an agent")
	require.NoError(t, w.Desk.Change(number, func(k *livedesktest.Ticket) { k.Requester.ChannelID = "inbox_200" }))
	require.Contains(t, w.Say(w.Alice, after, "/status "+number).Text, "There is no ticket")
}

func inPrivatePeopleSeeTheirOwnTicketsAsLongAsTheyAreMembers(t *testing.T, w *bottest.World) {
	bob, zoe := w.Telegram.NewPerson("Bob"), w.Telegram.NewPerson("Zoe")
	group := w.Telegram.NewSupergroup("S")
	for _, person := range []*telegramtest.Person{w.Alice, bob, zoe} {
		group.Join(person)
	}
	number := w.Number(w.Say(w.Alice, group, "/ticket for Bob", telegramtest.Mentioning(bob)))
	sees := func(who *telegramtest.Person) bool {
		private := w.Telegram.Private(who)
		status, list := w.Say(who, private, "/status "+number).Text, w.Say(who, private, "/status").Text
		require.Equal(t, strings.Contains(status, "for Bob"), strings.Contains(list, number), "both or neither")
		return strings.Contains(status, "for Bob")
	}
	require.True(t, sees(w.Alice))
	require.True(t, sees(bob))
	require.False(t, sees(zoe))
	group.Leave(bob)
	require.False(t, sees(bob))
	group.SetMember(w.Alice, telegramtest.Kicked)
	require.False(t, sees(w.Alice))
}

// newStaffed is a world with a chat of staff.
func newStaffed(t *testing.T) (w *bottest.World, office *telegramtest.Chat) {
	t.Helper()
	w = bottest.New(t, func(w *bottest.World) {
		office = w.Telegram.NewSupergroup("Office")
		w.Config.StaffChats = []int64{office.ID}
	})
	return w, office
}

func TestInternalMessagesAreShownInStaffChatsOnlyInEveryShape(t *testing.T) {
	t.Parallel()
	whole, office := newStaffed(t)
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
			w := whole.Part(t)
			group := w.Telegram.NewSupergroup("S")
			number := w.Number(w.Say(w.Alice, group, "/ticket x"))
			message.Content, message.SenderName = "our secret", "Agent"
			_, err := w.Desk.Message(number, message)
			require.NoError(t, err)
			require.NotContains(t, w.Say(w.Alice, group, "/status "+number).Text, "our secret")
			require.Contains(t, w.Say(w.Alice, office, "/status "+number).Text, "our secret")
		})
	}
}

func statusOfWhatIsNoNumber(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	w.Say(w.Alice, chat, "/ticket x")
	for _, number := range []string{
		"../tickets", "..", ".", "%2e%2e%2f", "tk?x=1", "tk#1", "a/b", "<b>&amp;", "\u202etk_1", "😀", "\\", "tk_1\x00", "*", strings.Repeat("9", 3000),
	} {
		require.Contains(t, w.Say(w.Alice, chat, "/status "+number).Text, "There is no ticket", number)
	}
}

func TestStatusInEveryShapeOfAnswers(t *testing.T) {
	t.Parallel()
	whole, office := newStaffed(t)
	for name, drift := range map[string]livedesktest.Drift{
		"text":    {Followers: livedesktest.Text, Team: livedesktest.Text, Optional: livedesktest.Missing, NumericIDs: true},
		"objects": {Followers: livedesktest.Object, Optional: livedesktest.Null, Times: livedesktest.Number, Extra: true},
		"blank":   {Followers: livedesktest.Mixed, Optional: livedesktest.Blank, Times: livedesktest.Blank, BareFiles: true, Shuffled: true},
		"mixed":   {Followers: livedesktest.Number, FileSize: livedesktest.Number, Times: livedesktest.Mixed, NoMessageIDs: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := whole.Part(t)
			group := w.Telegram.NewSupergroup("S")
			number := w.Number(w.Say(w.Alice, group, "/ticket !high #task team:\"IT Support\" a=b shape"))
			w.Reply(number, "an answer")
			w.Desk.SetDrift(drift)
			for _, chat := range []*telegramtest.Chat{group, office} {
				text := w.Say(w.Alice, chat, "/status "+number).Text
				require.Contains(t, text, "shape")
				require.Contains(t, text, "High priority · Task · IT Support")
				require.Contains(t, text, "an answer")
			}
		})
	}
}

func aHugeAnswerOfLiveDeskIsNotRead(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	number := w.Number(w.Say(w.Alice, chat, "/ticket x"))
	w.Desk.Trouble(livedesktest.Get, livedesktest.Always, livedesktest.HugeBody(100<<20))
	require.Contains(t, w.Say(w.Alice, chat, "/status "+number).Text, "cannot ask LiveDesk")
}

func TestAFloodOfStatusIsAnsweredAndDelaysNobodyElse(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	flooded, quiet := w.Telegram.NewSupergroup("Flooded"), w.Telegram.NewSupergroup("Quiet")
	flooded.Limit(10, 2*time.Second)
	var asked []*telegramtest.Message
	for range 50 {
		asked = append(asked, w.Telegram.Say(w.Alice, flooded, "/status"))
	}
	w.Number(w.Say(w.Telegram.NewPerson("Bob"), quiet, "/ticket x"))
	require.Less(t, len(flooded.BotMessages()), len(asked), "the flood was over before the others came")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, m := range asked {
		_, err := w.Telegram.WaitReply(ctx, m)
		require.NoError(t, err)
	}
	require.Empty(t, w.Telegram.Violations())
}

func TestStatusRepliesToACardThatTelegramHasNotYetAcknowledged(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	topic := w.Telegram.NewForum("F").NewTopic("T")
	w.Telegram.Slow(400*time.Millisecond, telegramtest.Match{Method: "sendMessage", Times: 1})
	card := w.Say(w.Alice, topic, "/ticket Printer jam")
	status := w.Say(w.Alice, topic, "/status", telegramtest.ReplyTo(card))
	require.Contains(t, status.Text, "Opened")
}

func statusRepliesToAnythingElseWithTheList(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	help := w.Say(w.Alice, chat, "/help")
	require.Contains(t, w.Say(w.Alice, chat, "/status", telegramtest.ReplyTo(help)).Text, "No open tickets")
}
