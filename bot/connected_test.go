package bot_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"livedeskbot/bot"
	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

// guarded is a world as operators have it: strangers may not use the bot before staff allow it.
type guarded struct {
	*bottest.World
	t            *testing.T
	staff        *telegramtest.Chat
	sam, strange *telegramtest.Person // of the staff chat, and of nowhere
}

const guardedStaff = -1005550001

func newGuarded(t *testing.T, change ...func(*bottest.World)) guarded {
	t.Helper()
	g := guarded{t: t}
	guard := func(w *bottest.World) {
		w.Config.StaffChats, w.Config.NewChats, w.Config.Private = []int64{guardedStaff}, bot.Ask, bot.Known
		g.staff = w.Telegram.NewSupergroup("Staff", telegramtest.ID(guardedStaff))
		g.sam, g.strange = w.Telegram.NewPerson("Sam"), w.Telegram.NewPerson("Strange")
		g.staff.SetMember(g.sam, telegramtest.Member)
	}
	g.World = bottest.New(t, append([]func(*bottest.World){guard}, change...)...)
	return g
}

// asked waits for the question about a chat.
func (g guarded) asked(chat *telegramtest.Chat) *telegramtest.Message {
	return g.Hears(g.staff, id(chat))
}

// allowed is a group that staff have allowed.
func (g guarded) allowed(title string) *telegramtest.Chat {
	chat := g.Telegram.NewSupergroup(title)
	g.Say(g.Alice, chat, "/help")
	g.Press(g.sam, g.asked(chat), "✅ Allow")
	g.Hears(chat, "is connected.")
	return chat
}

func id(chat *telegramtest.Chat) string { return strconv.FormatInt(chat.ID, 10) }

// silent requires that nothing answers a message.
func (g guarded) silent(who *telegramtest.Person, chat telegramtest.Place, text string, how ...telegramtest.Saying) {
	g.t.Helper()
	m := g.Telegram.Say(who, chat, text, how...)
	g.settled()
	require.Empty(g.t, g.Telegram.Replies(m), text)
}

// settled waits until every update is dealt with.
func (g guarded) settled() {
	g.t.Helper()
	g.Eventually(func() bool {
		return g.Telegram.Pending() == 0 && g.Count("updates WHERE done_at IS NULL") == 0
	}, "updates are not dealt with")
}

// payloads are those in the journal.
func (g guarded) payloads(where string) (all []string) {
	g.t.Helper()
	rows, err := g.DB().Query(g.t.Context(), `SELECT convert_from(payload, 'UTF8') FROM updates WHERE payload IS NOT NULL AND `+where)
	require.NoError(g.t, err)
	all, err = pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(g.t, err)
	return all
}

// hourPasses makes hints old.
func (g guarded) hourPasses() { g.SQL(`UPDATE hints SET told_at = told_at - interval '61 minutes'`) }

func TestOnePressInAStaffChatConnectsAGroup(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	group := g.Telegram.NewForum("Customers & <b>")
	topic := group.NewTopic("T")
	hint := g.Say(g.Alice, topic, "/ticket a secret")
	require.Contains(t, hint.Text, id(group))
	require.Contains(t, hint.Text, "asked the support team")
	ask := g.asked(group)
	require.Contains(t, ask.Text, "Customers & <b> wants to use me")
	require.Contains(t, ask.Text, "Alice Liddell")
	require.NotContains(t, ask.Text, "secret")
	require.Equal(t, "allow:"+id(group), ask.Buttons[0][0].Data)
	require.Equal(t, "refuse:"+id(group), ask.Buttons[0][1].Data)

	// Once an hour, and staff are asked once.
	g.silent(g.Alice, topic, "/status")
	g.silent(g.strange, group, "/ticket another")
	g.hourPasses()
	g.Say(g.strange, group, "/help@LiveDeskBot")
	g.silent(g.strange, group, "/help")
	require.Len(t, g.staff.BotMessages(), 1)

	require.Equal(t, "Connected.", g.Press(g.sam, ask, "✅ Allow"))
	require.Empty(t, g.Becomes(ask, "✅ Connected: Customers").Buttons)
	g.Hears(group, "This chat is connected.")
	_, number := g.Ticket(topic, "now it works")
	require.NotEmpty(t, number)
	require.Len(t, g.Desk.Tickets(), 1)
}

func TestRefusedTheBotLeavesAndComesBackOnlyWithStaff(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	group := g.Telegram.NewSupergroup("Spam").WithoutBot()
	group.AddBot(g.strange)
	ask := g.asked(group)
	require.Contains(t, ask.Text, "added by Strange ("+strconv.FormatInt(g.strange.ID, 10)+")")
	require.Empty(t, group.BotMessages(), "nobody gave a command")
	require.Equal(t, "Refused. I leave that chat.", g.Press(g.sam, ask, "⛔ Refuse"))
	g.Becomes(ask, "⛔ Refused: Spam")
	require.Len(t, g.Telegram.CallsOf("leaveChat"), 1)

	group.AddBot(g.strange)
	g.settled()
	require.Len(t, g.Telegram.CallsOf("leaveChat"), 2)
	require.Len(t, g.staff.BotMessages(), 1, "it is not asked again")
	require.Contains(t, g.Forge(g.sam, ask, "allow:"+id(group)), "already decided")

	group.AddBot(g.sam)
	g.Hears(group, "/ticket@LiveDeskBot")
	require.Len(t, g.Telegram.CallsOf("leaveChat"), 2)
	g.Number(g.Say(g.strange, group, "/ticket x"))
}

func TestARestartLiesBetweenAskingAndAllowing(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	group := g.Telegram.NewSupergroup("Customers")
	g.Say(g.Alice, group, "/help")
	ask := g.asked(group)
	g.settled()
	g.Stop()
	g.Start()
	g.silent(g.Alice, group, "/ticket x") // nor is it asked or answered again
	require.Len(t, g.staff.BotMessages(), 1)
	g.Stop()
	press, err := g.Telegram.Press(g.sam, ask, "✅ Allow")
	require.NoError(t, err)
	g.Start()
	_, err = press.Wait(g.Context())
	require.NoError(t, err)
	g.Hears(group, "is connected.")
	g.Number(g.Say(g.Alice, group, "/ticket x"))
	require.Len(t, g.staff.BotMessages(), 1)
}

func TestWhatIsSaidInAChatThatIsNotConnectedIsNotKept(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	group := g.Telegram.NewSupergroup("Strangers")
	mine := g.Telegram.Say(g.sam, g.staff, "/help")
	reply := g.Answer(mine)
	g.settled()
	// What cannot be answered stays in the journal.
	g.Telegram.Fail(500, "not now", telegramtest.Match{Method: "sendMessage"})
	g.Telegram.Fail(500, "not now", telegramtest.Match{Method: "answerCallbackQuery"})
	quoted := g.Telegram.Say(g.strange, group, "quoted secret")
	command := g.Telegram.Say(g.strange, group, "/ticket secret title\nsecret text", telegramtest.ReplyTo(quoted))
	caption := g.Telegram.Say(g.strange, group, "/ticket secret caption", telegramtest.Attached(g.Text("secret.txt")))
	g.Telegram.Album(g.strange, group, "secret album", g.Texts(2))
	g.Telegram.Edit(command, "/ticket secret edit")
	g.Telegram.Say(g.strange, group, "/secretcommand")
	g.Telegram.Say(g.strange, group, "/unblock secret")
	g.Telegram.Forge(g.strange, quoted, "set:1:secret")
	require.NotZero(t, caption.Update)
	g.Eventually(func() bool { return g.Telegram.Pending() == 0 }, "updates are not taken")
	payloads := g.payloads("done_at IS NULL")
	require.NotEmpty(t, payloads)
	require.NotContains(t, strings.Join(payloads, "\n"), "secret")
	require.Contains(t, strings.Join(payloads, "\n"), "/ticket")
	g.Telegram.Calm()
	g.Answer(command)
	g.settled()
	require.Zero(t, g.Count("album_parts"))
	require.Zero(t, g.Count("updates WHERE payload IS NOT NULL"))
	require.Zero(t, g.Count("updates WHERE update_id = "+strconv.FormatInt(quoted.Update, 10)))
	require.Empty(t, g.Desk.Tickets())
	require.NotContains(t, g.Logs.String(), "secret")
	require.NotNil(t, reply)
}

func TestWhatAStrangerSaysInPrivateIsNotKept(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	private := g.Telegram.Private(g.strange)
	answer := g.Say(g.strange, private, "/start")
	require.Contains(t, answer.Text, "Sorry")
	g.settled()
	g.hourPasses()
	g.Telegram.Fail(500, "not now", telegramtest.Match{Method: "sendMessage"})
	g.Telegram.Fail(500, "not now", telegramtest.Match{Method: "answerCallbackQuery"})
	words := g.Telegram.Say(g.strange, private, "secret words")
	command := g.Telegram.Say(g.strange, private, "/ticket secret title")
	g.Telegram.Say(g.strange, private, "/secretcommand")
	g.Telegram.Say(g.strange, private, "secret reply", telegramtest.ReplyTo(answer))
	g.Telegram.Say(g.strange, private, "secret caption", telegramtest.Attached(g.Text("secret.txt")))
	g.Telegram.Album(g.strange, private, "secret album", g.Texts(2))
	g.Telegram.Edit(command, "/ticket secret edit")
	g.Telegram.Forge(g.strange, answer, "talk:1:secret")
	g.Eventually(func() bool { return g.Telegram.Pending() == 0 }, "updates are not taken")
	payloads := strings.Join(g.payloads("done_at IS NULL"), "\n")
	require.NotContains(t, payloads, "secret")
	require.Contains(t, payloads, "/ticket")
	g.Telegram.Calm()
	require.Contains(t, g.Answer(words).Text, "Sorry", "all the same they are answered")
	g.settled()
	require.Empty(t, g.Telegram.Replies(command), "once an hour")
	require.Zero(t, g.Count("album_parts"))
	require.NotContains(t, g.Logs.String(), "secret")
}

func TestWhatCannotBeReadIsKeptOnlyOfThoseWhoMayUseTheBot(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	mine, group := g.allowed("Mine"), g.Telegram.NewSupergroup("Strangers")
	g.settled()
	said := map[int64]string{
		mine.ID: "of mine", group.ID: "secret of a group", g.strange.ID: "secret of a person", g.sam.ID: "of staff",
	}
	for chat, text := range said {
		_, err := g.Telegram.Push(fmt.Sprintf(`{"message":{"message_id":"one","date":1,"chat":{"id":%d,"type":"x"},"text":%q}}`, chat, text))
		require.NoError(t, err)
	}
	g.settled()
	kept := g.payloads("true")
	require.Len(t, kept, 2)
	require.NotContains(t, strings.Join(kept, ""), "secret")
}

func TestPressesCountOnlyInTheStaffChatThatIsAsked(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, func(w *bottest.World) { w.Config.StaffChats = append(w.Config.StaffChats, -1005550002) })
	other := g.Telegram.NewSupergroup("Other staff", telegramtest.ID(-1005550002))
	mine, group := g.allowed("Mine"), g.Telegram.NewSupergroup("Strangers")
	hint := g.Say(g.strange, group, "/help")
	ask := g.asked(group)
	own := g.Say(g.strange, mine, "/help")
	elsewhere := g.Say(g.sam, other, "/help")
	private := g.Say(g.strange, g.Telegram.Private(g.strange), "/help")
	for name, at := range map[string]*telegramtest.Message{
		"the chat itself": hint, "a connected chat": own, "another staff chat": elsewhere, "a private chat": private,
	} {
		for _, action := range []string{"allow", "refuse"} {
			g.Forge(g.strange, at, action+":"+id(group))
		}
		g.Forge(g.sam, at, "disconnect:"+id(mine)) // without a page
		g.Forge(g.sam, at, "allow:x")
		if at != elsewhere {
			require.NotEmpty(t, g.Forge(g.strange, at, "disconnect:"+id(mine)+":0"), name)
			require.NotEmpty(t, g.Forge(g.strange, at, "chats:0:0"), name)
		}
	}
	require.Contains(t, g.Forge(g.sam, elsewhere, "allow:-100999"), "does not belong")
	g.settled()
	require.Empty(t, g.Telegram.CallsOf("leaveChat"))
	require.Equal(t, 1, g.Count("connections WHERE state = 'asked'"))
	require.Equal(t, 1, g.Count("connections WHERE state = 'connected'"))
	g.Press(g.sam, ask, "✅ Allow")
	require.Contains(t, g.Forge(g.sam, ask, "refuse:"+id(group)), "already decided")
	g.settled()
	require.Empty(t, g.Telegram.CallsOf("leaveChat"))
}

func TestWithoutStaffChatsTheHintNamesTheSetting(t *testing.T) {
	t.Parallel()
	w := bottest.New(t, func(w *bottest.World) { w.Config.NewChats, w.Config.Private = bot.Ask, bot.Known })
	group := w.Telegram.NewSupergroup("G")
	hint := w.Say(w.Alice, group, "/ticket x")
	require.Contains(t, hint.Text, "CHATS")
	require.Contains(t, hint.Text, id(group))
	w.Stop()
	w.Config.Chats = []int64{group.ID}
	w.Start()
	card, number := w.Ticket(group, "works")
	w.Stop()

	// What settings no longer name is not connected any more.
	w.Config.Chats = nil
	w.Start()
	w.Desk.Reply(number, "Kenji", "an answer")
	require.Contains(t, w.Forge(w.Alice, card, "refresh:"+w.Row(card)+":"), "not connected")
	w.Looked(3)
	require.Zero(t, w.Said(group, "an answer"))
}

func TestNewChatsMayBeNobodysOrEverybodys(t *testing.T) {
	t.Parallel()
	t.Run("no", func(t *testing.T) {
		t.Parallel()
		g := newGuarded(t, func(w *bottest.World) { w.Config.NewChats = bot.No })
		group := g.Telegram.NewSupergroup("G")
		require.Contains(t, g.Say(g.Alice, group, "/help").Text, id(group))
		g.settled()
		require.Empty(t, g.staff.BotMessages())
	})
	t.Run("any", func(t *testing.T) {
		t.Parallel()
		g := newGuarded(t)
		group, added := g.Telegram.NewSupergroup("Asked"), g.Telegram.NewSupergroup("Added").WithoutBot()
		g.Say(g.Alice, group, "/help")
		g.asked(group)
		g.settled()
		g.Stop()
		g.Config.NewChats = bot.Any
		g.Start()
		g.Number(g.Say(g.Alice, group, "/ticket x"))
		added.AddBot(g.strange)
		g.Hears(added, "/ticket@LiveDeskBot")
		list := g.Say(g.sam, g.staff, "/chats")
		require.Contains(t, list.Text, "Asked")
		require.Contains(t, list.Text, "Added")
		g.Press(g.sam, list, "✂️ Disconnect: Asked")
		g.notConnected(group)
	})
}

// notConnected requires that a chat is not connected.
func (g guarded) notConnected(group *telegramtest.Chat) {
	g.t.Helper()
	g.hourPasses()
	require.Contains(g.t, g.Say(g.Alice, group, "/status").Text, "not connected")
}

func TestInADisconnectedChatNothingIsOpenedShownOrPosted(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	group := g.allowed("Customers")
	card, number := g.Ticket(group, "first")
	g.Desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Unavailable(0))
	waiting := g.Say(g.Alice, group, "/ticket second")
	g.Becomes(waiting, "Not with the support team yet")
	list := g.Say(g.sam, g.staff, "/chats")
	require.Contains(t, list.Text, "Customers "+id(group)+" – 2 open tickets")
	require.Contains(t, list.Text, "Staff "+id(g.staff)+" – 0 open tickets, staff chat")
	require.Len(t, list.Buttons, 1, "settings name the staff chat")
	require.Equal(t, "Disconnected.", g.Press(g.sam, list, "✂️ Disconnect: Customers"))
	g.Becomes(list, "2 open tickets, disconnected")

	before := len(group.BotMessages())
	row := g.Row(card)
	for _, data := range []string{"refresh:" + row + ":", "talk:" + row + ":0", "follow:" + row + ":", "again:" + row + ":1"} {
		require.Contains(t, g.Forge(g.Alice, card, data), "not connected")
	}
	g.Desk.Clear()
	g.Desk.Reply(number, "Kenji", "an answer")
	g.Eventually(func() bool { return len(g.Desk.Tickets()) == 2 }, "what was asked for there is still brought to LiveDesk")
	g.hourPasses()
	require.Contains(t, g.Say(g.Alice, group, "/ticket third").Text, "not connected")
	g.silent(g.Alice, group, "an addition", telegramtest.ReplyTo(card))
	g.Looked(4)
	require.Len(t, group.BotMessages(), before+1)
	require.Contains(t, group.Message(waiting.ID).Text, "Not with the support team yet")
	require.Contains(t, g.Say(g.sam, g.staff, "/status "+number).Text, "an answer", "it is tracked")
	require.Len(t, g.staff.BotMessages(), 3, "staff are not asked about it")
	require.Zero(t, g.Count("additions"))

	g.Press(g.sam, list, "✅ Connect again: Customers")
	g.Eventually(func() bool { return g.Said(group, "This chat is connected.") == 2 }, "it is not told that it is connected")
	g.Number(waiting)
	g.Hears(group, "an answer")
	require.Len(t, g.Desk.Tickets(), 2)
}

func TestAGroupThatBecomesASupergroupStaysConnected(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	group := g.Telegram.NewGroup("Group")
	g.Say(g.Alice, group, "/help")
	ask := g.asked(group)
	g.Press(g.sam, ask, "✅ Allow")
	g.Hears(group, "is connected.")
	waiting := g.Telegram.NewGroup("Waiting")
	g.Say(g.Alice, waiting, "/help")
	askWaiting := g.asked(waiting)
	g.settled()
	g.Stop()

	// All of it comes in one batch.
	before := g.Telegram.Say(g.Alice, group, "/ticket said before")
	super, superWaiting := group.Upgrade(g.Alice), waiting.Upgrade(g.Alice)
	after := g.Telegram.Say(g.Alice, super, "/ticket said after")
	g.Start()
	g.Number(g.Answer(after))
	g.Eventually(func() bool { return len(g.Desk.Tickets()) == 2 }, "what was said in the group is lost")
	require.NotZero(t, before.ID)
	g.Hears(super, "said before")

	g.Press(g.sam, askWaiting, "✅ Allow")
	g.Hears(superWaiting, "is connected.")
	list := g.Say(g.sam, g.staff, "/chats")
	require.Contains(t, list.Text, id(super))
	require.NotContains(t, list.Text, id(group)+" ")
	g.Press(g.sam, list, "✂️ Disconnect: Group")
	g.notConnected(super)
	require.Len(t, g.staff.BotMessages(), 3, "nobody is asked about the supergroups")
}

func TestAStaffChatThatBecomesASupergroupStaysOne(t *testing.T) {
	t.Parallel()
	const staffGroup = -4242
	w := bottest.New(t, func(w *bottest.World) {
		w.Config.StaffChats, w.Config.NewChats, w.Config.Private = []int64{staffGroup}, bot.Ask, bot.Known
	})
	sam := w.Telegram.NewPerson("Sam")
	staff := w.Telegram.NewGroup("Staff", telegramtest.ID(staffGroup))
	staff.SetMember(sam, telegramtest.Member)
	super := staff.Upgrade(sam)
	help := w.Say(sam, super, "/help")
	w.Press(sam, help, "⚙️ More")
	w.Becomes(help, "/chats")
	group := w.Telegram.NewSupergroup("Customers")
	w.Say(w.Alice, group, "/help")
	w.Press(sam, w.Hears(super, id(group)), "✅ Allow")
	w.Hears(group, "is connected.")
	w.Say(sam, w.Telegram.Private(sam), "/help")
	w.Stop()
	w.Start()
	help = w.Say(sam, super, "/help")
	w.Press(sam, help, "⚙️ More")
	w.Becomes(help, "/chats") // also after a restart with the old setting
	w.Eventually(func() bool { return len(w.Telegram.Menu("chat:"+id(super), "")) > 0 }, "it has no menu")
}

func TestInPrivateKnownPeopleMayUseTheBot(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, func(w *bottest.World) { w.Config.StaffMembers = map[int64]string{77: "u_77"} })
	group, stranger := g.allowed("Customers"), g.strange
	alone := func(who *telegramtest.Person) string {
		g.hourPasses()
		return g.Say(who, g.Telegram.Private(who), "/help").Text
	}
	const no, yes = "Sorry, I cannot help you here", "/ticket what is wrong"
	require.Contains(t, alone(stranger), no)
	require.Equal(t, "Sorry, I cannot help you here.", g.Forge(stranger, g.Telegram.Private(stranger).BotMessages()[0], "talk:1:0"))
	g.silent(stranger, g.Telegram.Private(stranger), "/ticket once an hour")
	g.silent(stranger, g.Telegram.Private(stranger), "words")
	g.Telegram.Album(stranger, g.Telegram.Private(stranger), "an album", g.Texts(2))
	g.settled()
	require.Zero(t, g.Count("album_parts"))
	require.Contains(t, alone(g.sam), yes, "staff by membership")
	require.Contains(t, alone(g.Telegram.NewPerson("Ted", telegramtest.ID(77))), yes, "staff by settings")
	require.Contains(t, alone(g.Alice), no, "before the group was connected that was no use")
	g.Say(g.Alice, group, "/status")
	g.settled()
	require.Contains(t, alone(g.Alice), yes, "who has used the bot in a connected chat")

	// A ticket of theirs belongs to a connected chat that they are in.
	fred := g.Telegram.NewPerson("Fred")
	card := g.Say(g.Alice, group, "/ticket with Fred", telegramtest.Mentioning(fred))
	g.Number(card)
	require.Contains(t, alone(fred), no, "he is not in the chat")
	group.Join(fred)
	g.Stop()
	g.Start() // what Telegram said is remembered for a minute
	require.Contains(t, alone(fred), yes)

	g.Press(g.sam, g.Say(g.sam, g.staff, "/chats"), "✂️ Disconnect: Customers")
	require.Contains(t, alone(g.Alice), no, "the chat is connected no longer")
	require.Contains(t, alone(fred), no)
	require.Contains(t, alone(g.sam), yes)
}

func TestWhoHasLeftTheStaffChatIsStaffNoLonger(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	private := g.Telegram.Private(g.sam)
	// Neither makes him a customer; the second may have been before there were connections.
	g.Say(g.sam, g.staff, "/status")
	g.SQL(`INSERT INTO uses (bot_id, person_id, chat_id) VALUES ($1, $2, $3)`, g.BotID(), g.sam.ID, g.staff.ID)
	require.Contains(t, g.Say(g.sam, private, "/help").Text, "/ticket")
	g.settled()
	g.staff.Leave(g.sam)
	g.Stop()
	g.Start() // as a minute later
	require.Contains(t, g.Say(g.sam, private, "/help").Text, "Sorry")
	group := g.Telegram.NewSupergroup("G").WithoutBot()
	group.AddBot(g.sam)
	g.asked(group)
	require.Empty(t, group.BotMessages())
}

func TestWhereTelegramDoesNotSayNobodyIsStaffByMembership(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	g.staff.HideMembers()
	require.Contains(t, g.Say(g.sam, g.Telegram.Private(g.sam), "/help").Text, "Sorry")
	group := g.Telegram.NewSupergroup("G").WithoutBot()
	group.AddBot(g.sam)
	before := len(g.Telegram.CallsOf("getChatMember"))
	g.Press(g.sam, g.asked(group), "✅ Allow")
	g.Hears(group, "is connected.")
	for _, c := range g.Telegram.CallsOf("getChatMember")[before:] {
		require.NotEqual(t, g.staff.ID, c.ChatID, "a press inside the staff chat needs no such call")
	}
}

func TestAPersonIsNotTurnedAwayBecauseTelegramIsOutOfOrder(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	g.Telegram.Fail(500, "not now", telegramtest.Match{Method: "getChatMember", Times: 3})
	g.Number(g.Say(g.sam, g.Telegram.Private(g.sam), "/ticket x"))
}

func TestPrivateChatsMayBeForStaffOnly(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, func(w *bottest.World) { w.Config.Private = bot.No })
	group := g.allowed("Customers")
	g.Ticket(group, "x")
	g.settled()
	require.Contains(t, g.Say(g.Alice, g.Telegram.Private(g.Alice), "/help").Text, "Sorry")
	require.Contains(t, g.Say(g.sam, g.Telegram.Private(g.sam), "/help").Text, "/ticket")
}

func TestABlockedPersonOpensAndAddsNothing(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	group := g.allowed("Customers")
	asked := g.Telegram.Say(g.Alice, group, "/ticket x")
	card := g.Answer(asked)
	number := g.Number(card)
	shown := g.Say(g.sam, g.staff, "/status "+number)
	g.silent(g.sam, group, "/block "+number) // a command of staff chats
	require.Contains(t, g.Say(g.sam, g.staff, "/block").Text, "Whom?")
	require.Contains(t, g.Say(g.sam, g.staff, "/block tk_1").Text, "Whom?")
	require.Contains(t, g.Say(g.sam, g.staff, "/block "+id(group)).Text, "no person")
	require.Contains(t, g.Say(g.sam, g.staff, "/block "+strconv.FormatInt(g.sam.ID, 10)).Text, "support team")
	blocked := g.Say(g.sam, g.staff, "/block", telegramtest.ReplyTo(shown))
	require.Contains(t, blocked.Text, "Alice Liddell "+strconv.FormatInt(g.Alice.ID, 10))

	require.Contains(t, g.Say(g.Alice, group, "/ticket y").Text, "do nothing for you")
	g.silent(g.Alice, group, "/status")
	g.silent(g.Alice, group, "an addition", telegramtest.ReplyTo(card))
	g.silent(g.Alice, g.Telegram.Private(g.Alice), "/ticket z")
	g.Telegram.Edit(asked, "/ticket edited")
	require.Contains(t, g.Forge(g.Alice, card, "set:"+g.Row(card)+":priority=low"), "do nothing for you")
	g.hourPasses()
	require.Contains(t, g.Say(g.Alice, group, "once more", telegramtest.ReplyTo(card)).Text, "do nothing for you")
	g.settled()
	require.Len(t, g.Desk.Tickets(), 1)
	require.Zero(t, g.Count("additions"))
	g.Number(g.Say(g.strange, group, "/ticket of another person"))

	require.Contains(t, g.Say(g.sam, g.staff, "/unblock 5").Text, "was not blocked")
	require.Contains(t, g.Say(g.sam, g.staff, "/unblock "+strconv.FormatInt(g.Alice.ID, 10)).Text, "again")
	g.Number(g.Say(g.Alice, group, "/ticket y"))
}

func TestStaffChatsKnowMoreCommands(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	theirs := g.Say(g.sam, g.staff, "/help")
	g.Press(g.sam, theirs, "⚙️ More")
	g.Becomes(theirs, "/unblock")
	group := g.allowed("Customers")
	others := g.Say(g.Alice, group, "/help")
	g.Press(g.Alice, others, "⚙️ More")
	require.NotContains(t, g.Becomes(others, "!high").Text, "/block")
	g.silent(g.Alice, group, "/chats")
	require.Contains(t, g.Say(g.sam, g.Telegram.Private(g.sam), "/chats").Text, "/status")
	names := func(menu []telegramtest.Command) (all []string) {
		for _, c := range menu {
			all = append(all, c.Name)
		}
		return all
	}
	g.Eventually(func() bool { return len(g.Telegram.Menu("chat:"+id(g.staff), "")) > 0 }, "the staff chat has no menu")
	require.Subset(t, names(g.Telegram.Menu("chat:"+id(g.staff), "")), []string{"ticket", "chats", "block", "unblock"})
	require.NotContains(t, names(g.Telegram.Menu("all_group_chats", "")), "chats")
}

func TestTheListOfChatsHasPages(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	for i := range 20 {
		g.SQL(`INSERT INTO connections (bot_id, chat_id, state, title) VALUES ($1, $2, 'connected', $3)`,
			g.BotID(), -1007000000-i, fmt.Sprintf("Chat %02d", i))
	}
	list := g.Say(g.sam, g.staff, "/chats")
	require.Contains(t, list.Text, "21 chats")
	require.Contains(t, list.Text, "Chat 00 ")
	g.Press(g.sam, list, "➡️")
	g.Press(g.sam, g.Becomes(list, "Chat 07 "), "➡️")
	last := g.Becomes(list, "Chat 19 ")
	require.Len(t, last.Buttons, 6)
	g.Forge(g.sam, list, "chats:0:9999")
	require.Contains(t, g.staff.Message(list.ID).Text, "Chat 19 ")

	card := g.Say(g.sam, g.staff, "/ticket in the staff chat")
	g.Number(card)
	g.Eventually(func() bool { return g.Count("posts") == 1 }, "the card is not recorded")
	require.Contains(t, g.Forge(g.sam, card, "chats:0:0"), "does not belong")
	require.Contains(t, g.staff.Message(card.ID).Text, "tk_")
}

func TestTheBotGreetsAChatThatItJoins(t *testing.T) {
	t.Parallel()
	w := bottest.New(t, func(w *bottest.World) {
		w.Telegram.SetPrivacy(true)
	})
	group := w.Telegram.NewSupergroup("G").WithoutBot()
	group.AddBot(w.Alice)
	require.Contains(t, w.Hears(group, "/ticket@LiveDeskBot").Text, "Privacy mode is on")
	w.Say(w.Alice, w.Telegram.Private(w.Alice), "/help")
	group.SetBot(telegramtest.Administrator, w.Alice)
	w.Say(w.Alice, group, "/help")
	require.Equal(t, 1, w.Said(group, "I bring your requests to the support team and tell you here what comes of them. Open"))

	admin := w.Telegram.NewSupergroup("A").WithoutBot()
	admin.SetBot(telegramtest.Administrator, w.Alice)
	require.NotContains(t, w.Hears(admin, "/ticket@LiveDeskBot").Text, "Privacy mode")

	mute := w.Telegram.NewSupergroup("Mute").WithoutBot()
	mute.SetBot(telegramtest.Restricted, w.Alice)
	require.Contains(t, w.Hears(w.Telegram.Private(w.Alice), "may not write").Text, "Mute")
	channel := w.Telegram.NewChannel("C").WithoutBot()
	channel.AddBot(w.Alice)
	w.Quiet(w.Alice)
	require.Empty(t, channel.BotMessages())
}

func TestAnotherReplicaKnowsWithinSeconds(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	group := g.allowed("Customers")
	card, number := g.Ticket(group, "x")
	g.settled()
	// As another replica does it.
	g.SQL(`UPDATE connections SET state = 'disconnected' WHERE chat_id = $1`, group.ID)
	g.SQL(`INSERT INTO blocks (bot_id, person_id) VALUES ($1, $2)`, g.BotID(), g.strange.ID)
	began := time.Now()
	g.Eventually(func() bool {
		return strings.Contains(g.Forge(g.Alice, card, "refresh:"+g.Row(card)+":"), "not connected")
	}, "it is still connected")
	require.Less(t, time.Since(began), 20*time.Second)
	g.SQL(`UPDATE connections SET state = 'connected' WHERE chat_id = $1`, group.ID)
	require.Contains(t, g.Say(g.Alice, group, "/status").Text, number, "that a chat is not connected is not remembered")
	require.Contains(t, g.Say(g.strange, group, "/status").Text, "do nothing for you")
}
