package telegramtest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	tt "livedeskbot/bot/telegram/telegramtest"
)

func TestWhoAddsTheBotIsToldAndItMayLeave(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	ann := b.s.NewPerson("Ann")
	group := b.s.NewSupergroup("G").WithoutBot()
	require.Zero(t, b.s.Say(ann, group, "/help").Update, "it is not there")
	require.Contains(t, b.refused("sendMessage", p{"chat_id": group.ID, "text": "x"}), "not a member")

	group.AddBot(ann)
	member := b.next()["my_chat_member"].(map[string]any)
	require.EqualValues(t, ann.ID, member["from"].(map[string]any)["id"])
	require.Equal(t, "left", member["old_chat_member"].(map[string]any)["status"])
	require.Equal(t, "member", member["new_chat_member"].(map[string]any)["status"])
	require.Contains(t, b.next()["message"], "new_chat_members")

	require.True(t, b.call("leaveChat", p{"chat_id": group.ID}).OK)
	require.Contains(t, b.next(), "my_chat_member")
	require.Contains(t, b.refused("leaveChat", p{"chat_id": group.ID}), "not a member")
	group.AddBot(ann)
	group.RemoveBot(ann)
	require.Contains(t, b.refused("leaveChat", p{"chat_id": group.ID}), "kicked")
}

func TestHiddenMembersAreShownToAdministratorsOnly(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	ann := b.s.NewPerson("Ann")
	group := b.s.NewSupergroup("G")
	group.Join(ann)
	group.HideMembers()
	require.Contains(t, b.refused("getChatMember", p{"chat_id": group.ID, "user_id": ann.ID}), "CHAT_ADMIN_REQUIRED")
	b.does("getChatMember", p{"chat_id": group.ID, "user_id": b.s.Bot().ID})
	group.SetBot(tt.Administrator, ann)
	require.Equal(t, "member", b.does("getChatMember", p{"chat_id": group.ID, "user_id": ann.ID})["status"])
}

func TestAMenuOfAChatNeedsTheChat(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	group := b.s.NewSupergroup("G", tt.ID(-1001234567890))
	menu := func(chat int64) p {
		return p{"commands": []p{{"command": "a", "description": "b"}}, "scope": p{"type": "chat", "chat_id": chat}}
	}
	b.does("setMyCommands", menu(group.ID))
	require.Len(t, b.s.Menu("chat:-1001234567890", ""), 1)
	require.Contains(t, b.refused("setMyCommands", menu(-100999)), "chat not found")
	group.WithoutBot()
	require.Contains(t, b.refused("setMyCommands", menu(group.ID)), "not a member")
}
