package bot_test

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/outbox"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

var flood = flag.Int("flood", 12, "how many tickets flood a staff feed")

// newFed is a world with a feed in a supergroup of its own.
func newFed(t *testing.T, change ...func(*bottest.World)) (w *bottest.World, feed *telegramtest.Chat) {
	t.Helper()
	w = bottest.New(t, append([]func(*bottest.World){func(w *bottest.World) {
		feed = w.Telegram.NewSupergroup("Staff")
		w.Config.Feeds = []outbox.Feed{{Chat: feed.ID}}
		w.Config.FeedRate = 1000 // tests that are about the pace say so
	}}, change...)...)
	return w, feed
}

// newFedTeam is newFed with another feed for the tickets of the team ITサポート.
func newFedTeam(t *testing.T) (w *bottest.World, feed, japan *telegramtest.Chat) {
	t.Helper()
	w, feed = newFed(t, func(w *bottest.World) {
		japan = w.Telegram.NewSupergroup("Japan")
		w.Config.Feeds = append(w.Config.Feeds, outbox.Feed{Chat: japan.ID, Team: "ITサポート"})
	})
	return w, feed, japan
}

func TestStaffSeeEachTicketAsItComesAndChanges(t *testing.T) {
	t.Parallel()
	w, feed := newFed(t, func(w *bottest.World) { w.Config.ConsoleURL = "https://console.example/{ticket_id}" })
	forum := w.Telegram.NewForum("Print shop")
	topic := forum.NewTopic("Third floor")
	card, number := w.Ticket(topic, `!high #incident team:"IT Support" order=12345 Printer jammed`)

	shown := w.Hears(feed, number)
	require.Contains(t, shown.Text, "Open")
	require.Contains(t, shown.Text, "Printer jammed")
	require.Contains(t, shown.Text, "High priority · Incident · IT Support")
	require.Contains(t, shown.Text, "Alice Liddell · Print shop › Third floor")
	require.Contains(t, shown.Text, "order: 12345")
	require.NotContains(t, shown.Text, "telegram_ref")
	asking := w.Telegram.Replies(card)
	require.Empty(t, asking)
	link := fmt.Sprintf("https://t.me/c/%d/%d/%d", -1_000_000_000_000-forum.ID, topic.ID, card.ReplyTo)
	require.Contains(t, shown.Sent, link)
	require.Contains(t, shown.Sent, "https://console.example/"+number)
	require.NotContains(t, shown.Text, fmt.Sprint(w.Alice.ID), "people are named")

	require.NoError(t, w.Desk.SetStatus(number, "in_progress"))
	require.NoError(t, w.Desk.SetPriority(number, "low"))
	w.Becomes(shown, "In progress")
	w.Becomes(shown, "Low priority")
	require.Len(t, feed.BotMessages(), 1, "it changes in place")
	w.Becomes(card, "Low priority")
	require.Len(t, forum.BotMessages(), 1, "nothing of the feed shows in the customers' chat")
}

func TestIDsStandOnlyWhereThereAreNoNames(t *testing.T) {
	t.Parallel()
	w, feed := newFed(t)
	group := w.Telegram.NewGroup("Basic")
	w.Ticket(group, "from a basic group")
	require.Contains(t, w.Hears(feed, "from a basic group").Text, "Alice Liddell · Basic")
	require.NotContains(t, w.Hears(feed, "from a basic group").Sent, "t.me/c/", "whose messages have no links")
	w.Ticket(w.Telegram.Private(w.Alice), "from a private chat")
	require.Contains(t, w.Hears(feed, "from a private chat").Text, "Alice Liddell · in private")

	forum := w.Telegram.NewForum("Forum")
	topic := forum.NewTopic("Old name")
	w.Eventually(func() bool { return w.Telegram.Pending() == 0 && w.Count("updates WHERE done_at IS NULL") == 0 })
	earlier := w.Telegram.Say(w.Alice, topic, "hello")
	w.Say(w.Alice, topic, "/ticket as a reply", telegramtest.ReplyTo(earlier))
	require.Contains(t, w.Hears(feed, "as a reply").Text, fmt.Sprintf("Forum › %d", topic.ID), "Telegram did not quote the topic's name")
	w.Ticket(topic, "by itself")
	require.Contains(t, w.Hears(feed, "by itself").Text, "Forum › Old name")
	topic.Rename("New name")
	forum.Rename("Renamed")
	w.Eventually(func() bool { return w.Count("place_names WHERE name IN ('New name', 'Renamed')") == 2 })
	w.Ticket(topic, "after a rename")
	require.Contains(t, w.Hears(feed, "after a rename").Text, "Renamed › New name")
}

func TestWhatWaitsForTheOperatorShowsInTheFeedAndWhatOnlyWaitsDoesNot(t *testing.T) {
	t.Parallel()
	w, feed := newFed(t)
	chat := w.Telegram.NewSupergroup("S")
	end := w.Desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Unavailable(0))
	w.Say(w.Alice, chat, "/ticket LiveDesk is away")
	end()
	first := w.Hears(feed, "LiveDesk is away")
	require.Contains(t, first.Text, "tk_")
	require.Empty(t, first.Earlier, "it came when it was there")
	end = w.Desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Refuse(401, livedesktest.Envelope))
	w.Say(w.Alice, chat, "/ticket wrong key")
	waiting := w.Hears(feed, "wrong key")
	require.Contains(t, waiting.Text, "Waits for the operator")
	end()
	w.Becomes(waiting, "tk_")
	w.Desk.Trouble(livedesktest.Create, 1, livedesktest.Refuse(422, livedesktest.Envelope))
	w.Say(w.Alice, chat, "/ticket refused")
	w.Hears(chat, "not accepted")
	w.Ticket(chat, "after that")
	w.Hears(feed, "after that")
	require.Zero(t, w.Said(feed, "refused"))
}

func TestEachTeamHasItsFeedAndATicketMovesWithItsTeam(t *testing.T) {
	t.Parallel()
	var japan *telegramtest.Topic
	w, feed := newFed(t, func(w *bottest.World) {
		japan = w.Telegram.NewForum("Japan").NewTopic("Tickets")
		w.Config.Feeds = append(w.Config.Feeds, outbox.Feed{Chat: japan.Chat().ID, Thread: int64(japan.ID), Team: "itサポート"})
	})
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "team:ITサポート theirs")
	shown := w.Hears(japan.Chat(), number)
	require.Equal(t, japan.ID, shown.Topic.ID)
	_, other := w.Ticket(chat, `team:"IT Support" of a team without a feed`)
	w.Hears(feed, other)
	require.Zero(t, w.Said(feed, number))

	require.NoError(t, w.Desk.SetTeam(number, "IT Support"))
	moved := w.Hears(feed, number)
	require.NotEmpty(t, moved.Buttons)
	left := w.Becomes(shown, "now with IT Support")
	require.Empty(t, left.Buttons)
	require.Contains(t, w.Forge(w.Alice, left, "refresh:"+w.Row(moved)+":"), "does not belong", "it is not told there any more")

	require.NoError(t, w.Desk.SetTeam(number, "ITサポート"))
	w.Becomes(moved, "now with ITサポート")
	w.Eventually(func() bool { return len(japan.Chat().BotMessages()) == 2 })
	require.NoError(t, w.Desk.SetStatus(number, "in_progress"))
	w.Becomes(japan.Chat().BotMessages()[1], "In progress")
	require.Len(t, feed.BotMessages(), 2)
}

func TestATicketWhoseTeamIsChosenByAPressIsInTheFeedOfThatTeam(t *testing.T) {
	t.Parallel()
	w, feed, japan := newFedTeam(t)
	end := w.Desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Refuse(401, livedesktest.Envelope))
	card := w.Becomes(w.Say(w.Alice, w.Telegram.NewSupergroup("S"), "/ticket team:Plumbers water"), "Plumbers")
	w.Press(w.Alice, card, "ITサポート")
	waiting := w.Hears(japan, "Waits for the operator")
	end()
	w.Becomes(waiting, "tk_")
	require.Empty(t, feed.BotMessages())
}

func TestAnybodyInTheFeedDecidesButOnlyByTheTicketsOwnMessage(t *testing.T) {
	t.Parallel()
	w, feed, other := newFedTeam(t)
	bob := w.Telegram.NewPerson("Bob")
	feed.Join(bob)
	other.Join(bob)
	chat := w.Telegram.NewSupergroup("S")
	chat.Join(bob)
	_, japanese := w.Ticket(chat, "team:ITサポート theirs")
	_, created := w.Ticket(chat, "created")
	theirs, beside := w.Hears(other, japanese), w.Hears(feed, created)
	w.Desk.Trouble(livedesktest.Create, 1, livedesktest.StoreThenLose())
	card := w.Say(w.Alice, chat, "/ticket lost")
	shown := w.Hears(feed, "lost")
	require.Contains(t, shown.Text, "Unconfirmed")
	leave := shown.Buttons[0][1].Data
	tickets := w.Desk.Count()
	for name, message := range map[string]*telegramtest.Message{
		"another feed": theirs, "another ticket's message": beside, "another chat": w.Say(bob, w.Telegram.NewSupergroup("X"), "/help"),
	} {
		require.Contains(t, w.Forge(bob, message, leave), "does not belong", name)
		require.Contains(t, w.Forge(bob, message, "set:"+w.Row(shown)+":priority=high"), "does not belong", name)
	}
	require.Contains(t, w.Forge(bob, card, leave), "Only the person who asked", "a customers' chat is no feed")
	require.Contains(t, w.Press(bob, shown, "🔁 Send again"), "Sending it again")
	w.Becomes(shown, "tk_")
	w.Becomes(card, "tk_")
	require.Equal(t, tickets+1, w.Desk.Count())
	require.Contains(t, w.Forge(bob, shown, leave), "already decided")
}

func TestTheTicketsButtonsWorkInTheFeed(t *testing.T) {
	t.Parallel()
	var topic *telegramtest.Topic
	w, _ := newFed(t, func(w *bottest.World) {
		topic = w.Telegram.NewForum("Staff forum").NewTopic("Feed")
		w.Config.Feeds = []outbox.Feed{{Chat: topic.Chat().ID, Thread: int64(topic.ID)}}
	})
	bob := w.Telegram.NewPerson("Bob")
	chat := w.Telegram.NewForum("S").NewTopic("Theirs")
	card, number := w.Ticket(chat, "buttons")
	shown := w.Hears(topic.Chat(), number)
	_, err := w.Desk.Note(number, "Kenji", "for staff only")
	require.NoError(t, err)
	w.Press(bob, shown, "💬 Conversation")
	talk := w.Hears(topic.Chat(), "for staff only")
	require.Equal(t, topic.ID, talk.Topic.ID)
	w.Press(bob, shown, "Priority")
	w.Eventually(func() bool { return topic.Chat().Message(shown.ID).Buttons[0][0].Text == "High priority" })
	require.Contains(t, w.Press(bob, shown, "High priority"), "Changing it")
	w.Becomes(shown, "High priority")
	w.Becomes(card, "High priority")
	require.Zero(t, w.Said(card.Chat, "for staff only"))
	require.Zero(t, w.Said(card.Chat, "Bob"))
}

func TestWhatCustomersAddIsAReplyInTheFeed(t *testing.T) {
	t.Parallel()
	w, feed := newFed(t)
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "needs more")
	shown := w.Hears(feed, number)
	w.Add(w.Alice, chat, "it <b>burns</b>", telegramtest.ReplyTo(card), telegramtest.Attached(w.Text("fire.txt")))
	added := w.Hears(feed, "it <b>burns</b>")
	require.Equal(t, shown.ID, added.ReplyTo)
	require.Contains(t, added.Text, "Alice Liddell · "+number)
	require.Contains(t, added.Text, "1 file")
	require.NotContains(t, added.Text, "###")
	w.Becomes(shown, "1 file")
	w.Eventually(func() bool { return w.Count("tickets WHERE feed_at IS NOT NULL") == 0 })
	edits := calls(w, "editMessageText", feed)

	w.Desk.Trouble(livedesktest.Update, livedesktest.Always, livedesktest.Refuse(422, livedesktest.Envelope))
	w.Say(w.Alice, chat, "not taken", telegramtest.ReplyTo(card))
	failed := w.Hears(feed, "LiveDesk did not take what Alice Liddell added")
	require.Contains(t, failed.Text, "not taken")
	require.Equal(t, shown.ID, failed.ReplyTo)
	require.Equal(t, 1, w.Said(feed, "did not take"))
	require.Equal(t, edits, calls(w, "editMessageText", feed), "a card that shows the same is left alone")
}

func TestAReplyInTheFeedIsAnsweredOnceWithWhereToAnswer(t *testing.T) {
	t.Parallel()
	for _, followUps := range []bool{true, false} {
		w, feed := newFed(t, func(w *bottest.World) { w.Config.FollowUps = followUps })
		bob, carol := w.Telegram.NewPerson("Bob"), w.Telegram.NewPerson("Carol")
		chat := w.Telegram.NewSupergroup("S")
		_, number := w.Ticket(chat, "who answers")
		shown := w.Hears(feed, number)
		said := len(chat.BotMessages())
		answer := w.Say(bob, feed, "try turning it off", telegramtest.ReplyTo(shown))
		require.Contains(t, answer.Text, "Customers do not see what is written here")
		require.Contains(t, answer.Text, number)
		second := w.Telegram.Say(bob, feed, "and on", telegramtest.ReplyTo(shown))
		w.Say(bob, feed, "/help") // is answered after what came before
		require.Empty(t, w.Telegram.Replies(second))
		require.Contains(t, w.Say(carol, feed, "me too", telegramtest.ReplyTo(shown)).Text, "Customers do not see")
		require.Zero(t, w.Count("additions"))
		require.Len(t, chat.BotMessages(), said)
		require.Contains(t, w.Say(bob, feed, "/status", telegramtest.ReplyTo(shown)).Text, number, "commands are obeyed as anywhere")
	}
}

func TestNobodyOfStaffIsNamedInACustomersChat(t *testing.T) {
	t.Parallel()
	w, feed := newFed(t)
	bob, carol := w.Telegram.NewPerson("Bob"), w.Telegram.NewPerson("Carol")
	chat := w.Telegram.NewSupergroup("S")
	w.Say(carol, w.Telegram.Private(carol), "/start")
	_, number := w.Ticket(chat, "followed")
	shown := w.Hears(feed, number)
	require.Contains(t, w.Say(bob, feed, "/follow "+number).Text, "the staff feed shows")
	dave := w.Telegram.NewPerson("Dave")
	w.Press(dave, shown, "🔔 Follow / unfollow")
	require.Contains(t, w.Press(dave, shown, "🔔 Follow"), "the staff feed shows")
	w.Say(carol, chat, "/follow "+number)
	require.Contains(t, w.Say(carol, w.Telegram.Private(carol), "/follow "+number).Text, "told here")
	w.Reply(number, "On our way.")
	reply := w.Hears(chat, "On our way.")
	require.Contains(t, reply.Text, "Alice")
	require.Contains(t, reply.Text, "Carol")
	require.NotContains(t, reply.Text, "Bob")
	require.NotContains(t, reply.Text, "Dave")
	require.Contains(t, w.Hears(w.Telegram.Private(carol), "On our way.").Text, number)

	chat.Leave(carol)
	w.Reply(number, "A secret of members.")
	w.Hears(chat, "A secret of members.")
	w.Eventually(func() bool { return w.Count("private_notices") == 0 })
	require.Zero(t, w.Said(w.Telegram.Private(carol), "A secret"), "who has left the chat is told nothing")
}

// TestAFloodedFeedDelaysNoCustomerAndEndsTrue is an hour of 1,000 tickets with Telegram's 20 messages a minute when it is run with
// -flood=1000: the feed's chat takes 4 a second, twelve times as many, and the tickets come more than twelve times as fast.
func TestAFloodedFeedDelaysNoCustomerAndEndsTrue(t *testing.T) {
	t.Parallel()
	w, feed := newFed(t, func(w *bottest.World) { w.Config.TrackEvery = time.Second; w.Config.PerMinute = 0 })
	tickets := *flood
	if tickets > 100 {
		feed.Limit(4, time.Second)
	} else {
		feed.Limit(1, 2*time.Second) // the feed falls behind on the slowest machine too
	}
	var cards []*telegramtest.Message
	began, slowest := time.Now(), time.Duration(0)
	for n := range tickets {
		chat := w.Telegram.NewSupergroup(fmt.Sprint(n))
		asked := time.Now()
		card := w.Say(w.Alice, chat, fmt.Sprintf("/ticket number %d.", n))
		cards = append(cards, card)
		slowest = max(slowest, time.Since(asked))
	}
	require.Less(t, slowest, 30*time.Second, "a customer waits for the feed") // on a machine that has much else to do
	behind := w.Count("tickets WHERE feed_at IS NOT NULL")
	require.Positive(t, behind, "the feed was not behind: this test proves nothing")
	t.Logf("%d tickets in %s, answered within %s, the feed is behind with %d", tickets, time.Since(began), slowest, behind)
	for _, card := range cards {
		require.NoError(t, w.Desk.SetStatus(w.Number(card), "in_progress"))
	}
	asked := time.Now()
	w.Becomes(cards[tickets-1], "In progress")
	require.Less(t, time.Since(asked), 30*time.Second, "news wait for the feed")
	require.Eventually(t, func() bool { return w.Count("tickets WHERE feed_at IS NOT NULL") == 0 },
		time.Minute+time.Duration(tickets)*time.Second, 100*time.Millisecond, "the feed stays behind")
	messages := feed.BotMessages()
	require.Len(t, messages, tickets, "one message for each ticket")
	atOnce := 0
	for _, m := range messages {
		require.Contains(t, m.Text, "In progress")
		if len(m.Earlier) == 0 {
			atOnce++
		}
	}
	require.Positive(t, atOnce, "what was not posted yet is told by one card")
	require.Empty(t, w.Telegram.Violations())
	t.Logf("all true after %s, %d by one card", time.Since(began), atOnce)
}

func TestTheFeedKeepsItsPaceSoThatStaffAreAnswered(t *testing.T) {
	t.Parallel()
	w, feed := newFed(t, func(w *bottest.World) { w.Config.FeedRate = 5; w.Config.PerMinute = 0 })
	for n := range 12 {
		w.Ticket(w.Telegram.NewSupergroup("S"), fmt.Sprintf("number %d", n))
	}
	w.Eventually(func() bool { return len(feed.BotMessages()) == 5 })
	asked := time.Now()
	require.Contains(t, w.Say(w.Alice, feed, "/status").Text, "12 open tickets")
	require.Less(t, time.Since(asked), 10*time.Second)
	require.Len(t, feed.BotMessages(), 6)
}

func TestAPostWhoseRecordingIsLostIsRepeatedAndNothingElseIs(t *testing.T) {
	t.Parallel()
	w, feed := newFed(t)
	w.Telegram.Lose(telegramtest.Match{Method: "sendMessage", Chat: feed, Times: 1})
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "told twice")
	w.Eventually(func() bool { return w.Said(feed, number) == 2 })
	shown := feed.BotMessages()[1]
	require.NoError(t, w.Desk.SetStatus(number, "in_progress"))
	w.Becomes(shown, "In progress")
	w.Stop()
	w.Start()
	require.NoError(t, w.Desk.SetPriority(number, "high"))
	w.Becomes(shown, "High priority")
	require.Len(t, feed.BotMessages(), 2)
	require.Len(t, chat.BotMessages(), 1)
}

func TestAKillBetweenPostAndRecordRepeatsThatPostAlone(t *testing.T) {
	t.Parallel()
	w, feed := newFed(t)
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "killed")
	_, other := w.Ticket(chat, "recorded")
	w.Add(w.Alice, chat, "added before", telegramtest.ReplyTo(card))
	w.Hears(feed, "added before")
	w.Hears(feed, other)
	w.Eventually(func() bool { return w.Count("tickets WHERE feed_at IS NOT NULL") == 0 })
	w.Stop()
	// As the rows are where the process was killed before it had recorded the ticket's card.
	w.SQL(`UPDATE tickets SET feed_at = now() WHERE ticket_id = $1`, number)
	w.SQL(`DELETE FROM posts WHERE kind = 'feed' AND ticket = (SELECT id FROM tickets WHERE ticket_id = $1)`, number)
	w.SQL(`DELETE FROM feed_posts WHERE ticket = (SELECT id FROM tickets WHERE ticket_id = $1)`, number)
	require.NoError(t, w.Desk.SetStatus(number, "in_progress"))
	w.Start()
	w.Eventually(func() bool { return len(feed.BotMessages()) == 4 })
	again := feed.BotMessages()[3]
	w.Becomes(again, "In progress")
	w.Becomes(card, "In progress")
	require.Len(t, feed.BotMessages(), 4)
	require.Equal(t, 1, w.Said(feed, "added before"))
	require.Equal(t, 1, w.Said(feed, other))
	require.Len(t, chat.BotMessages(), 2, "two cards")
}

func TestReplicasTellAFeedOnce(t *testing.T) {
	t.Parallel()
	w, feed := newFed(t)
	first := w.Start()
	w.Start()
	w.Telegram.Slow(2*time.Second, telegramtest.Match{Method: "sendMessage", Chat: feed}) // time for another one to begin
	chat := w.Telegram.NewSupergroup("S")
	for n := range 3 {
		w.Ticket(chat, fmt.Sprintf("number %d.", n))
	}
	w.Eventually(func() bool { return len(feed.BotMessages()) == 3 })
	first()
	w.Ticket(chat, "after one has stopped")
	w.Hears(feed, "after one has stopped")
	require.Equal(t, 4, calls(w, "sendMessage", feed), "nothing was posted and removed again")
}

// calls is how often the bot has called a method for a chat.
func calls(w *bottest.World, method string, chat *telegramtest.Chat) (n int) {
	for _, c := range w.Telegram.CallsOf(method) {
		if c.ChatID == chat.ID {
			n++
		}
	}
	return n
}

func TestALostFeedWaitsAndGoesOnWhenItIsBack(t *testing.T) {
	t.Parallel()
	w, feed := newFed(t)
	chat := w.Telegram.NewSupergroup("S")
	feed.SetBot(telegramtest.Kicked, w.Alice)
	_, number := w.Ticket(chat, "first")
	w.Eventually(func() bool { return strings.Contains(w.Logs.String(), "a staff feed cannot be written to") })
	card, _ := w.Ticket(chat, "second")
	require.NoError(t, w.Desk.SetStatus(number, "in_progress"))
	w.Becomes(chat.BotMessages()[0], "In progress")
	w.Eventually(func() bool { return w.Count("tickets WHERE feed_at IS NOT NULL") == 2 })
	require.Equal(t, 1, strings.Count(w.Logs.String(), "a staff feed cannot be written to"))
	require.Len(t, card.Chat.BotMessages(), 2)
	feed.SetBot(telegramtest.Member, w.Alice)
	require.Contains(t, w.Hears(feed, number).Text, "In progress")
	w.Hears(feed, "second")
	w.Eventually(func() bool { return strings.Contains(w.Logs.String(), "a staff feed can be written to again") })
}

func TestAFeedWhoseTopicIsDeletedGoesToGeneral(t *testing.T) {
	t.Parallel()
	var topic *telegramtest.Topic
	w, _ := newFed(t, func(w *bottest.World) {
		topic = w.Telegram.NewForum("Staff").NewTopic("Feed")
		w.Config.Feeds = []outbox.Feed{{Chat: topic.Chat().ID, Thread: int64(topic.ID)}}
	})
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "before")
	w.Hears(topic.Chat(), number)
	topic.Delete()
	_, second := w.Ticket(chat, "after")
	general := w.Hears(topic.Chat(), second)
	require.Nil(t, general.Topic)
	w.Add(w.Alice, chat, "more words", telegramtest.ReplyTo(card))
	w.Hears(topic.Chat(), "more words")
	require.NoError(t, w.Desk.SetStatus(second, "in_progress"))
	w.Becomes(general, "In progress")
	require.Equal(t, 1, strings.Count(w.Logs.String(), "the topic of a staff feed is closed or deleted"))
}

func TestAFeedFollowsItsGroupToTheSupergroup(t *testing.T) {
	t.Parallel()
	var group *telegramtest.Chat
	w, _ := newFed(t, func(w *bottest.World) {
		group = w.Telegram.NewGroup("Staff")
		w.Config.Feeds = []outbox.Feed{{Chat: group.ID}}
	})
	chat := w.Telegram.NewSupergroup("S")
	w.Desk.Trouble(livedesktest.Create, 1, livedesktest.StoreThenLose())
	w.Say(w.Alice, chat, "/ticket lost")
	w.Hears(group, "Unconfirmed")
	super := group.Upgrade(w.Alice)
	again := w.Hears(super, "Unconfirmed")
	require.Contains(t, w.Press(w.Telegram.NewPerson("Bob"), again, "Leave it"), "Left as it is")
	w.Becomes(again, "Left as it is")
}

func TestWithoutAFeedForAllATicketOfNoTeamIsInNone(t *testing.T) {
	t.Parallel()
	w, feed := newFed(t, func(w *bottest.World) { w.Config.Feeds[0].Team = "IT Support" })
	chat := w.Telegram.NewSupergroup("S")
	w.Ticket(chat, "of no team")
	_, number := w.Ticket(chat, `team:"IT Support" of the team`)
	shown := w.Hears(feed, number)
	w.Eventually(func() bool { return w.Count("tickets WHERE feed_at IS NOT NULL") == 0 })
	require.NoError(t, w.Desk.SetTeam(number, "ITサポート"))
	w.Becomes(shown, "ITサポート")
	require.Len(t, feed.BotMessages(), 1, "where its team has no feed it stays where it stands")
}
