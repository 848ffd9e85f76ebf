package telegramtest_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	tt "livedeskbot/bot/telegram/telegramtest"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func TestTopicMessagesCarryTheImplicitReply(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	alice := b.s.NewPerson("Alice")
	forum := b.s.NewForum("F", tt.ID(-1001234567890))
	topic := forum.NewTopic("Printers", tt.ID(23232323))
	opened := b.nextMessage()
	require.Equal(t, "Printers", opened["forum_topic_created"].(map[string]any)["name"])
	require.EqualValues(t, 23232323, opened["message_id"])

	first := b.s.Say(alice, topic, "first")
	got := b.nextMessage()
	require.Equal(t, true, got["is_topic_message"])
	require.EqualValues(t, 23232323, got["message_thread_id"])
	require.EqualValues(t, 23232323, got["reply_to_message"].(map[string]any)["message_id"])
	require.Equal(t, true, got["chat"].(map[string]any)["is_forum"])
	require.Greater(t, first.ID, topic.ID)

	b.s.Say(alice, forum, "second", tt.ReplyTo(first))
	got = b.nextMessage()
	require.EqualValues(t, first.ID, got["reply_to_message"].(map[string]any)["message_id"])
	require.EqualValues(t, 23232323, got["message_thread_id"], "a reply stays in its topic")
	require.NotContains(t, got["reply_to_message"], "reply_to_message", "replies are not nested")

	b.s.Say(alice, forum, "in General")
	got = b.nextMessage()
	require.NotContains(t, got, "message_thread_id")
	require.NotContains(t, got, "is_topic_message")
}

func TestReplyThreadsAreNoTopics(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	alice := b.s.NewPerson("Alice")
	chat := b.s.NewSupergroup("G")
	root := b.s.Say(alice, chat, "root")
	second := b.s.Say(alice, chat, "second", tt.ReplyTo(root))
	third := b.s.Say(alice, chat, "third", tt.ReplyTo(second))
	require.Equal(t, []int{0, root.ID, root.ID}, []int{root.Thread, second.Thread, third.Thread})
	b.nextMessage()
	require.NotContains(t, b.nextMessage(), "is_topic_message")

	sent := b.does("sendMessage", p{"chat_id": chat.ID, "text": "x", "message_thread_id": root.ID})
	require.NotContains(t, sent, "message_thread_id", "a supergroup without topics ignores the thread")
}

func TestBasicGroupsAndPrivateChatsShareOneRowOfIDs(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	alice := b.s.NewPerson("Alice")
	first := b.s.Say(alice, b.s.NewGroup("G"), "a")
	second := b.s.Say(alice, b.s.Private(alice), "b")
	require.Equal(t, first.ID+1, second.ID)
	require.Equal(t, 2, b.s.Say(alice, b.s.NewSupergroup("S"), "c").ID)
	require.Zero(t, second.Thread)
}

func TestWhereTheBotMayWriteInAForum(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	alice := b.s.NewPerson("Alice")
	forum := b.s.NewForum("F")
	topic, closed, deleted := forum.NewTopic("A"), forum.NewTopic("B"), forum.NewTopic("C")
	inDeleted := b.s.Say(alice, deleted, "x")
	inTopic := b.s.Say(alice, topic, "x")
	closed.Close()
	deleted.Delete()
	in := func(thread int) p { return p{"chat_id": forum.ID, "text": "x", "message_thread_id": thread} }

	require.EqualValues(t, topic.ID, b.does("sendMessage", in(topic.ID))["message_thread_id"])
	require.Equal(t, "400 Bad Request: TOPIC_CLOSED", b.refused("sendMessage", in(closed.ID)))
	require.Equal(t, "400 Bad Request: message thread not found", b.refused("sendMessage", in(deleted.ID)))
	require.Equal(t, "400 Bad Request: message thread not found", b.refused("sendMessage", in(1)))

	reply := p{"chat_id": forum.ID, "text": "x", "reply_parameters": p{"message_id": inTopic.ID}}
	sent := b.does("sendMessage", reply)
	require.EqualValues(t, topic.ID, sent["message_thread_id"], "a reply implies its topic")
	require.Equal(t, true, sent["is_topic_message"])
	reply["message_thread_id"] = forum.NewTopic("D").ID
	require.Contains(t, b.refused("sendMessage", reply), "message to be replied not found", "the original is in another topic")
	delete(reply, "message_thread_id")
	reply["reply_parameters"] = p{"message_id": inDeleted.ID, "allow_sending_without_reply": true}
	require.NotContains(t, b.does("sendMessage", reply), "message_thread_id", "a vanished original sends to General")

	forum.HideGeneral()
	require.Equal(t, "400 Bad Request: TOPIC_CLOSED", b.refused("sendMessage", p{"chat_id": forum.ID, "text": "x"}))
	forum.SetBot(tt.Administrator, alice, "can_manage_topics")
	b.does("sendMessage", in(closed.ID))
	b.does("sendChatAction", p{"chat_id": forum.ID, "message_thread_id": deleted.ID, "action": "typing"})
}

func TestSendersWhoAreChats(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	alice := b.s.NewPerson("Alice")
	chat, channel := b.s.NewSupergroup("G"), b.s.NewChannel("News")
	chat.Link(channel)
	who := func(m map[string]any) (from, sender float64) {
		return m["from"].(map[string]any)["id"].(float64), m["sender_chat"].(map[string]any)["id"].(float64)
	}
	b.s.Say(alice, chat, "x", tt.Anonymously())
	from, sender := who(b.nextMessage())
	require.Equal(t, []float64{1087968824, float64(chat.ID)}, []float64{from, sender})

	b.s.Say(alice, chat, "x", tt.AsChannel(channel))
	from, sender = who(b.nextMessage())
	require.Equal(t, []float64{136817688, float64(channel.ID)}, []float64{from, sender})

	b.s.Publish(channel, "news")
	require.NotContains(t, b.next()["channel_post"], "from")
	forward := b.nextMessage()
	from, sender = who(forward)
	require.Equal(t, []float64{777000, float64(channel.ID)}, []float64{from, sender})
	require.Equal(t, true, forward["is_automatic_forward"])
}

func TestEntitiesCountUTF16(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	alice, bob := b.s.NewPerson("Alice"), b.s.NewPerson("Боб")
	chat := b.s.NewGroup("G")
	for text, want := range map[string][]tt.Entity{
		"/ticket@LiveDeskBot x": {{Type: "bot_command", Length: 19}},
		"😀 /ticket":             {{Type: "bot_command", Offset: 3, Length: 7}},
		"привет @someone":       {{Type: "mention", Offset: 7, Length: 8}},
		"a/b c@d and/or #ой":    {{Type: "hashtag", Offset: 15, Length: 3}},
		"see https://x.y/help":  {{Type: "url", Offset: 4, Length: 16}},
		"/тикет":                nil,
		"/ticketы and /a/b":     nil,
	} {
		require.Equal(t, want, b.s.Say(alice, chat, text).Entities, text)
	}
	m := b.s.Say(alice, chat, "😀 Боб", tt.Mentioning(bob))
	require.Equal(t, []tt.Entity{{Type: "text_mention", Offset: 3, Length: 3, User: bob}}, m.Entities)
}

func TestPrivacyModeHidesWhatIsNotForTheBot(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{Privacy: true})
	alice := b.s.NewPerson("Alice")
	chat := b.s.NewSupergroup("G")
	b.does("sendMessage", p{"chat_id": chat.ID, "text": "x"})
	ours := chat.BotMessages()[0]
	seen := func(text string, how ...tt.Saying) bool { return b.s.Say(alice, chat, text, how...).Update != 0 }
	require.False(t, seen("hello"))
	require.False(t, seen("/ticket@OtherBot"))
	require.True(t, seen("/ticket@livedeskBOT"))
	require.True(t, seen("/ticket"))
	require.True(t, seen("hello", tt.ReplyTo(ours)))
	require.NotZero(t, chat.Join(b.s.NewPerson("Bob")).Update)
	chat.SetBot(tt.Administrator, alice)
	require.True(t, seen("hello"))
	chat.SetBot(tt.Kicked, alice)
	require.False(t, seen("/ticket"))
}

func TestEditsForwardsAndOddShapesReachTheBot(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	alice, bob := b.s.NewPerson("Alice"), b.s.NewPerson("Bob")
	chat := b.s.NewGroup("G")
	m := b.s.Say(alice, chat, "one", tt.ForwardedFrom(bob))
	require.Equal(t, "user", b.nextMessage()["forward_origin"].(map[string]any)["type"])
	b.s.Edit(m, "two")
	edited := b.next()["edited_message"].(map[string]any)
	require.Equal(t, "two", edited["text"])
	require.Contains(t, edited, "edit_date")
	b.s.Say(alice, chat, "x", tt.Fields(p{"text": nil, "checklist": p{"title": "t"}}))
	odd := b.nextMessage()
	require.NotContains(t, odd, "text")
	require.Contains(t, odd, "checklist")
}

func TestPrivateChatsCanHaveTopics(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{PrivateTopics: true})
	require.Equal(t, true, b.does("getMe", nil)["has_topics_enabled"])
	alice := b.s.NewPerson("Alice")
	private := b.s.Private(alice)
	b.s.Say(alice, private, "/start")
	topic := private.NewTopic("Bills")
	b.s.Say(alice, topic, "x")
	b.next()
	b.next()
	got := b.nextMessage()
	require.Equal(t, true, got["is_topic_message"])
	require.EqualValues(t, topic.ID, got["message_thread_id"])
	sent := b.does("sendMessage", p{"chat_id": alice.ID, "message_thread_id": topic.ID, "text": "y"})
	require.EqualValues(t, topic.ID, sent["message_thread_id"])
}

func TestForgettingServerStillAnswers(t *testing.T) {
	t.Parallel()
	seen := make(chan *tt.Message, 1)
	b := start(t, tt.Options{Forget: true, OnMessage: func(m *tt.Message) { seen <- m }})
	chat := b.s.NewSupergroup("G")
	m := b.s.Say(b.s.NewPerson("Alice"), chat, "x")
	id := b.does("sendMessage", p{"chat_id": chat.ID, "text": "y", "reply_parameters": p{"message_id": m.ID}})["message_id"]
	require.Equal(t, m.ID, (<-seen).ReplyTo)
	b.does("editMessageText", p{"chat_id": chat.ID, "message_id": id, "text": "z"})
	require.Contains(t, b.refused("editMessageText", p{"chat_id": chat.ID, "message_id": 99, "text": "z"}), "message to edit not found")
	require.Empty(t, chat.Messages())
	require.Empty(t, b.s.Calls())
}
