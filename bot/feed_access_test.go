package bot_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/outbox"
	"livedeskbot/bot/telegram/telegramtest"
)

// withFeed puts a feed into the staff chat of a guarded world.
func withFeed(w *bottest.World) {
	w.Config.StaffChats, w.Config.Feeds, w.Config.FeedRate = nil, []outbox.Feed{{Chat: guardedStaff}}, 1000
}

func TestAChatWithAFeedIsAStaffChatAndTheFirstIsAskedAboutOthers(t *testing.T) {
	t.Parallel()
	var topic *telegramtest.Topic
	g := newGuarded(t, func(w *bottest.World) {
		other := w.Telegram.NewSupergroup("Other staff")
		topic = w.Telegram.NewForum("Feeds").NewTopic("Tickets")
		w.Config.StaffChats = []int64{other.ID}
		w.Config.Feeds = []outbox.Feed{{Chat: topic.Chat().ID, Thread: int64(topic.ID)}, {Chat: guardedStaff, Team: "IT Support"}}
	})
	group := g.Telegram.NewSupergroup("Customers")
	g.Say(g.Alice, group, "/ticket x")
	ask := g.Hears(topic.Chat(), id(group))
	require.Equal(t, topic.ID, ask.Topic.ID)
	g.Press(g.Telegram.NewPerson("Bob"), ask, "✅ Allow")
	g.Hears(group, "is connected.")
	require.Contains(t, g.Say(g.sam, g.staff, "/chats").Text, "Customers")
	require.Contains(t, g.Say(g.sam, g.Telegram.Private(g.sam), "/help").Text, "/ticket", "its members are staff")
}

func TestTheFeedTellsOfADisconnectedChatWhatThatChatIsNotTold(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, withFeed)
	group := g.allowed("Customers")
	card, number := g.Ticket(group, "x")
	shown := g.Hears(g.staff, number)
	carol := g.Telegram.NewPerson("Carol")
	group.Join(carol)
	g.Say(carol, group, "/follow "+number)
	g.settled()
	private := g.Telegram.Private(carol)
	require.Contains(t, g.Say(carol, private, "/follow "+number).Text, "told here")

	g.Press(g.sam, g.Say(g.sam, g.staff, "/chats"), "✂️ Disconnect: Customers")
	g.Reply(number, "Nobody there hears this.")
	require.NoError(t, g.Desk.SetStatus(number, "in_progress"))
	g.Becomes(shown, "In progress")
	g.Eventually(func() bool { return g.Count("notices") > 0 && g.Count("private_notices") == 0 }, "private news are not dealt with")
	require.Zero(t, g.Said(private, "Nobody there"))
	require.Zero(t, g.Said(group, "Nobody there"))
	require.NotContains(t, group.Message(card.ID).Text, "In progress")
}

func TestWhatAChatIsCalledIsKeptOnlyWhereItIsConnected(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, withFeed)
	forum := g.Telegram.NewForum("Strangers")
	g.Say(g.strange, forum, "/ticket x")
	g.asked(forum)
	g.settled()
	forum.Rename("A secret")
	topic := forum.NewTopic("Another secret")
	topic.Rename("A third secret")
	g.settled()
	require.Zero(t, g.Count("place_names"))
	require.Zero(t, g.Count("updates WHERE convert_from(payload, 'UTF8') LIKE '%secret%'"))

	g.Press(g.sam, g.asked(forum), "✅ Allow")
	g.Ticket(topic, "x")
	topic.Rename("Not secret")
	g.Eventually(func() bool { return g.Count("place_names WHERE name = 'Not secret'") == 1 }, "the topic is not renamed")

	g.Press(g.sam, g.Say(g.sam, g.staff, "/chats"), "✂️ Disconnect: A secret")
	g.settled()
	topic.Rename("Secret again")
	g.settled()
	require.Zero(t, g.Count("place_names WHERE name = 'Secret again'"))
}

func TestAFeedInWhichTheBotMayNotWriteWaits(t *testing.T) {
	t.Parallel()
	w, feed := newFed(t)
	chat := w.Telegram.NewSupergroup("S")
	_, first := w.Ticket(chat, "first")
	shown := w.Hears(feed, first)
	feed.SetBot(telegramtest.Restricted, w.Alice)
	_, number := w.Ticket(chat, "second")
	w.Eventually(func() bool {
		return strings.Contains(w.Logs.String(), "may not write to a chat for now; what is to be told there waits")
	},
		"the bot has not noticed")
	require.NoError(t, w.Desk.SetStatus(first, "in_progress"))
	w.Eventually(func() bool { return w.Count("tickets WHERE feed_at IS NOT NULL") == 2 }, "the feed is not to be told")
	require.Zero(t, w.Count("chats WHERE lost_at IS NOT NULL"), "it is not lost")
	require.Zero(t, w.Said(feed, number))
	feed.SetBot(telegramtest.Member, w.Alice)
	w.Hears(feed, number)
	w.Becomes(shown, "In progress")
}
