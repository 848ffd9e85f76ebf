package telegramtest_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	tt "livedeskbot/bot/telegram/telegramtest"
)

func TestTextsTelegramRefuses(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	chat := b.s.NewGroup("G")
	button := func(fields p) p { return p{"inline_keyboard": [][]p{{fields}}} }
	for name, c := range map[string]struct {
		params p
		want   string
	}{
		"empty text":           {p{"text": ""}, "message text is empty"},
		"nothing but spaces":   {p{"text": " \n "}, "message text is empty"},
		"empty after parsing":  {p{"text": "<b> </b>", "parse_mode": "HTML"}, "message text is empty"},
		"4097 letters":         {p{"text": strings.Repeat("a", 4097)}, "message is too long"},
		"2049 pairs of UTF-16": {p{"text": strings.Repeat("😀", 2049)}, "message is too long"},
		"entity out of range":  {p{"text": "ab", "entities": []p{{"type": "bold", "offset": 1, "length": 2}}}, "can't parse entities"},
		"entity cuts a pair":   {p{"text": "😀b", "entities": []p{{"type": "bold", "offset": 1, "length": 1}}}, "can't parse entities"},
		"65 bytes of data":     {p{"text": "x", "reply_markup": button(p{"text": "a", "callback_data": strings.Repeat("я", 33)})}, "BUTTON_DATA_INVALID"},
		"button with no data":  {p{"text": "x", "reply_markup": button(p{"text": "a", "callback_data": ""})}, "Text buttons are unallowed"},
		"button with no text":  {p{"text": "x", "reply_markup": button(p{"text": "", "callback_data": "x"})}, "non-empty String"},
		"app in a group":       {p{"text": "x", "reply_markup": button(p{"text": "a", "web_app": p{"url": "https://x.y"}})}, "BUTTON_TYPE_INVALID"},
		"reply to nothing":     {p{"text": "x", "reply_parameters": p{"message_id": 99}}, "message to be replied not found"},
		"unknown parse mode":   {p{"text": "x", "parse_mode": "BBCode"}, "unsupported parse_mode"},
	} {
		c.params["chat_id"] = chat.ID
		require.Contains(t, b.refused("sendMessage", c.params), c.want, name)
	}
	require.Empty(t, chat.BotMessages())
	require.Empty(t, b.s.Unknown())
}

func TestTextsOfFullLengthAreTaken(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	chat := b.s.NewGroup("G")
	b.does("sendMessage", p{"chat_id": chat.ID, "text": strings.Repeat("😀", 2048)})
	sent := b.does("sendMessage", p{"chat_id": chat.ID, "parse_mode": "HTML", "text": "<b>" + strings.Repeat("&lt;", 4096) + "</b>"})
	require.Equal(t, strings.Repeat("<", 4096), sent["text"])
}

func TestChatsTheBotCannotReach(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	alice := b.s.NewPerson("Alice")
	group := func(change func(*tt.Chat)) *tt.Chat {
		chat := b.s.NewGroup("G")
		change(chat)
		return chat
	}
	bob := b.s.NewPerson("Bob")
	blocked := b.s.Private(bob)
	b.s.Say(bob, blocked, "/start")
	blocked.Block()
	for want, chat := range map[string]int64{
		"400 Bad Request: chat not found":                                      -42,
		"403 Forbidden: bot can't initiate conversation with a user":           alice.ID,
		"403 Forbidden: bot was blocked by the user":                           blocked.ID,
		"403 Forbidden: the group chat was deleted":                            group((*tt.Chat).Delete).ID,
		"403 Forbidden: bot was kicked from the group chat":                    group(func(c *tt.Chat) { c.SetBot(tt.Kicked, alice) }).ID,
		"403 Forbidden: bot is not a member of the group chat":                 group(func(c *tt.Chat) { c.SetBot(tt.Left, alice) }).ID,
		"400 Bad Request: not enough rights to send text messages to the chat": group(func(c *tt.Chat) { c.SetBot(tt.Restricted, alice) }).ID,
	} {
		require.Equal(t, want, b.refused("sendMessage", p{"chat_id": chat, "text": "x"}))
	}
}

func TestWhoIsRestrictedMaySendOnlyWhatIsLeft(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	alice := b.s.NewPerson("Alice")
	chat := b.s.NewSupergroup("S")
	text := p{"chat_id": chat.ID, "text": "x"}
	file := func() string {
		return b.uploads("sendDocument", map[string]string{"chat_id": itoa(chat.ID)}, map[string]string{"document": "x"}).Description
	}
	chat.Permit("can_send_messages")
	b.does("sendMessage", text)
	require.Equal(t, "Bad Request: not enough rights to send documents to the chat", file())
	require.Equal(t, false, b.does("getChat", p{"chat_id": chat.ID})["permissions"].(map[string]any)["can_send_documents"])
	chat.SetBot(tt.Administrator, alice)
	require.Empty(t, file())
	chat.SetBot(tt.Restricted, alice, "can_send_messages", "can_send_documents")
	require.Contains(t, file(), "not enough rights", "nor may a restricted one do what no member may")
	chat.Unpermit()
	require.Empty(t, file())
	chat.SetBot(tt.Restricted, alice, "can_send_documents")
	require.Contains(t, b.refused("sendMessage", text), "not enough rights to send text messages")
}

func TestPrivateChatOpensWhenThePersonWrites(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	alice := b.s.NewPerson("Alice", tt.LastName("A."), tt.Username("alice"))
	b.s.Say(alice, b.s.Private(alice), "/start")
	b.does("sendMessage", p{"chat_id": alice.ID, "text": "welcome"})
	got := b.nextMessage()["chat"].(map[string]any)
	require.Equal(t, map[string]any{
		"id": float64(alice.ID), "type": "private", "first_name": "Alice", "last_name": "A.", "username": "alice",
	}, got)
}

func TestUpgradedGroupNamesItsSuccessor(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	alice := b.s.NewPerson("Alice")
	group := b.s.NewGroup("G")
	super := group.Upgrade(alice)
	r := b.call("sendMessage", p{"chat_id": group.ID, "text": "x"})
	require.Equal(t, 400, r.Code)
	require.Equal(t, super.ID, r.Parameters.MigrateTo)
	require.EqualValues(t, super.ID, b.nextMessage()["migrate_to_chat_id"])
	from := b.nextMessage()
	require.EqualValues(t, group.ID, from["migrate_from_chat_id"])
	require.EqualValues(t, 1087968824, from["from"].(map[string]any)["id"])
	require.EqualValues(t, 2, b.does("sendMessage", p{"chat_id": super.ID, "text": "x"})["message_id"], "ids begin anew")
}

func TestEditsKeepTheirHistory(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	alice := b.s.NewPerson("Alice")
	chat := b.s.NewSupergroup("G")
	said := b.s.Say(alice, chat, "hello")
	id := b.does("sendMessage", p{"chat_id": chat.ID, "text": "one", "reply_parameters": p{"message_id": said.ID}})["message_id"]
	edit := func(text string) p { return p{"chat_id": chat.ID, "message_id": id, "text": text} }

	require.Contains(t, b.refused("editMessageText", edit("one")), "message is not modified")
	b.does("editMessageText", edit("two"))
	require.Contains(t, b.refused("editMessageText", p{"chat_id": chat.ID, "message_id": 99, "text": "x"}), "message to edit not found")
	require.Contains(t, b.refused("editMessageText", p{"chat_id": chat.ID, "message_id": said.ID, "text": "x"}), "message can't be edited")

	replies := b.s.Replies(said)
	require.Len(t, replies, 1)
	require.Equal(t, "two", replies[0].Text)
	require.Len(t, replies[0].Earlier, 1)
	require.Equal(t, "one", replies[0].Earlier[0].Text)
	require.False(t, replies[0].Since.Before(replies[0].Earlier[0].Since))
}

func TestEditTakesTheButtonsItIsGiven(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	chat := b.s.NewGroup("G")
	keys := p{"inline_keyboard": [][]p{{{"text": "a", "callback_data": "1"}}}}
	id := b.does("sendMessage", p{"chat_id": chat.ID, "text": "x", "reply_markup": keys})["message_id"]
	same := p{"chat_id": chat.ID, "message_id": id, "reply_markup": keys}
	require.Contains(t, b.refused("editMessageReplyMarkup", same), "message is not modified")
	b.does("editMessageText", p{"chat_id": chat.ID, "message_id": id, "text": "x"})
	require.Empty(t, chat.BotMessages()[0].Buttons)
}

func TestDeletedMessagesCannotBeAnswered(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	alice := b.s.NewPerson("Alice")
	chat := b.s.NewGroup("G")
	m := b.s.Say(alice, chat, "x")
	b.s.Remove(m)
	answer := p{"chat_id": chat.ID, "text": "y", "reply_parameters": p{"message_id": m.ID}}
	require.Contains(t, b.refused("sendMessage", answer), "message to be replied not found")
	answer["reply_parameters"] = p{"message_id": m.ID, "allow_sending_without_reply": true}
	require.NotContains(t, b.does("sendMessage", answer), "reply_to_message")
	require.Contains(t, b.refused("deleteMessage", p{"chat_id": chat.ID, "message_id": m.ID}), "message to delete not found")
}

func TestWaitEndsWithTheReplyOrTheContext(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	alice := b.s.NewPerson("Alice")
	chat := b.s.NewGroup("G")
	m := b.s.Say(alice, chat, "x")
	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err := b.s.WaitReply(short, m)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	go b.post("sendMessage", "application/json", strings.NewReader(
		`{"chat_id":`+itoa(chat.ID)+`,"text":"y","reply_parameters":{"message_id":`+itoa(int64(m.ID))+`}}`))
	reply, err := b.s.WaitReply(t.Context(), m)
	require.NoError(t, err)
	require.Equal(t, "y", reply.Text)
}

func TestPressIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	alice := b.s.NewPerson("Alice")
	chat := b.s.NewGroup("G")
	keys := p{"inline_keyboard": [][]p{{{"text": "Again", "callback_data": "again:1"}}}}
	b.does("sendMessage", p{"chat_id": chat.ID, "text": "x", "reply_markup": keys})
	m := chat.BotMessages()[0]
	_, err := b.s.Press(alice, m, "No such button")
	require.Error(t, err)
	press, err := b.s.Press(alice, m, "Again")
	require.NoError(t, err)

	query := b.next()["callback_query"].(map[string]any)
	require.Equal(t, "again:1", query["data"])
	require.EqualValues(t, m.ID, query["message"].(map[string]any)["message_id"])
	b.does("answerCallbackQuery", p{"callback_query_id": query["id"], "text": "done"})
	answer, err := press.Wait(t.Context())
	require.NoError(t, err)
	require.Equal(t, "done", answer.Text)
	require.Contains(t, b.refused("answerCallbackQuery", p{"callback_query_id": query["id"]}), "query is too old")

	b.s.Remove(m)
	old := b.s.Forge(alice, m, "forged")
	require.EqualValues(t, 0, b.next()["callback_query"].(map[string]any)["message"].(map[string]any)["date"])
	old.Expire()
	require.Contains(t, b.refused("answerCallbackQuery", p{"callback_query_id": old.ID}), "query is too old")
}

func TestReactionsAreTheBotsOne(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	chat := b.s.NewGroup("G")
	m := b.s.Say(b.s.NewPerson("Alice"), chat, "x")
	react := func(emoji string) p {
		return p{"chat_id": chat.ID, "message_id": m.ID, "reaction": []p{{"type": "emoji", "emoji": emoji}}}
	}
	b.does("setMessageReaction", react("👀"))
	require.Equal(t, "👀", chat.Message(m.ID).Reaction)
	require.Contains(t, b.refused("setMessageReaction", react("✅")), "REACTION_INVALID")
	chat.ForbidReactions()
	require.Contains(t, b.refused("setMessageReaction", react("👀")), "REACTION_INVALID")
}

func TestCommandMenuIsCheckedAndKeptByScopeAndLanguage(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	b.does("setMyCommands", p{"commands": []p{{"command": "ticket", "description": "d"}}, "language_code": "ru", "scope": p{"type": "all_group_chats"}})
	require.Equal(t, []tt.Command{{Name: "ticket", Description: "d"}}, b.s.Menu("all_group_chats", "ru"))
	require.Empty(t, b.s.Menu("default", ""))
	require.Contains(t, b.refused("setMyCommands", p{"commands": []p{{"command": "Ticket", "description": "d"}}}), "BOT_COMMAND_INVALID")
	b.s.NewSupergroup("G", tt.ID(-1001234567890))
	b.does("setMyCommands", p{"commands": []p{{"command": "setup", "description": "d"}}, "scope": p{"type": "chat", "chat_id": -1001234567890}})
	require.Len(t, b.s.Menu("chat:-1001234567890", ""), 1)
}

func TestDescriptionsAreReadInTheLanguageOrWithoutOne(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	b.does("setMyDescription", p{"description": "For all"})
	b.does("setMyDescription", p{"description": "Für alle", "language_code": "de"})
	b.does("setMyShortDescription", p{"short_description": "短い", "language_code": "ja"})
	for code, want := range map[string]string{"": "For all", "de": "Für alle", "fr": "For all"} {
		require.Equal(t, p{"description": want}, p(b.does("getMyDescription", p{"language_code": code})))
	}
	require.Equal(t, p{"short_description": "短い"}, p(b.does("getMyShortDescription", p{"language_code": "ja"})))
	require.Equal(t, p{"short_description": ""}, p(b.does("getMyShortDescription", p{})))
	b.does("setMyDescription", p{"language_code": "de"})
	require.Equal(t, p{"description": "For all"}, p(b.does("getMyDescription", p{"language_code": "de"})))
	require.Contains(t, b.refused("getMyDescription", p{"language_code": "zh-hans"}), "invalid language code")
	require.Contains(t, b.refused("setMyShortDescription", p{"short_description": strings.Repeat("ä", 121)}), "too long")
}

func TestMembersAndAdministratorsAreTold(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	chat := b.s.NewSupergroup("G")
	alice, bob, eve := b.s.NewPerson("Alice"), b.s.NewPerson("Bob"), b.s.NewPerson("Eve")
	chat.SetMember(alice, tt.Creator)
	chat.SetMember(bob, tt.Administrator, "can_delete_messages")
	status := func(p_ *tt.Person) any {
		return b.does("getChatMember", p{"chat_id": chat.ID, "user_id": p_.ID})["status"]
	}
	require.Equal(t, "creator", status(alice))
	require.Equal(t, "administrator", status(bob))
	require.Equal(t, "left", status(eve))
	require.Contains(t, b.refused("getChatMember", p{"chat_id": chat.ID, "user_id": 3}), "PARTICIPANT_ID_INVALID")
	r := b.call("getChatAdministrators", p{"chat_id": chat.ID})
	require.Contains(t, string(r.Result), "Alice")
	require.Contains(t, string(r.Result), "Bob")
	require.NotContains(t, string(r.Result), "Eve")

	chat.SetBot(tt.Administrator, alice, "can_manage_topics")
	change := b.next()["my_chat_member"].(map[string]any)
	require.Equal(t, "member", change["old_chat_member"].(map[string]any)["status"])
	require.Equal(t, true, change["new_chat_member"].(map[string]any)["can_manage_topics"])
	require.EqualValues(t, alice.ID, change["from"].(map[string]any)["id"])
}
