package service

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/telegramtest"
)

func TestCheckSaysWhoMayUseTheBot(t *testing.T) {
	t.Parallel()
	s := newStage(t, telegramtest.Options{})
	_, out := s.check()
	require.Contains(t, out, "put it into CHATS, or a group of your own into STAFF_CHATS")
	require.Contains(t, out, "in private: staff, and people who")

	staff, other := s.telegram.NewSupergroup("Staff"), s.telegram.NewSupergroup("Customers")
	s.env["STAFF_CHATS"], s.env["CHATS"] = strconv.FormatInt(staff.ID, 10), strconv.FormatInt(other.ID, 10)
	_, out = s.check(s.env["CHATS"])
	require.Contains(t, out, "chat "+s.env["STAFF_CHATS"]+" is asked about every other chat")
	require.Regexp(t, `warning +chat `+s.env["STAFF_CHATS"]+` is a staff chat: .*STAFF_MEMBERS`, out)
	require.Regexp(t, `ok +chat `+s.env["CHATS"]+` \(supergroup\)`, out, "chats of CHATS are looked at")
	require.NotRegexp(t, `(?s)chat `+s.env["CHATS"]+` \(.*chat `+s.env["CHATS"]+` \(`, out, "once")
	staff.SetBot(telegramtest.Administrator, s.telegram.NewPerson("Admin"))
	_, out = s.check()
	require.NotContains(t, out, "is a staff chat:")

	s.env["FEED"] = s.env["STAFF_CHATS"] + "/7"
	status, out := s.check()
	require.Equal(t, exitFailed, status)
	require.Contains(t, out, "FAULT    chat "+s.env["STAFF_CHATS"]+" has no topics, but FEED names one")
	staff.SetForum(true)
	status, _ = s.check()
	require.Equal(t, exitOK, status)
	delete(s.env, "FEED")

	s.env["NEW_CHATS"], s.env["PRIVATE"] = "any", "any"
	_, out = s.check()
	require.Regexp(t, `warning +who may use the bot: NEW_CHATS=any`, out)
	require.Regexp(t, `warning +who may use the bot in private: PRIVATE=any`, out)
	s.env["NEW_CHATS"], s.env["PRIVATE"] = "no", "no"
	_, out = s.check()
	require.Contains(t, out, "A command elsewhere is answered with the chat's id.")
	require.Contains(t, out, "in private: staff.")
}
