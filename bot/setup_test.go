package bot_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/bot/view"
)

// newOffice is a forum in which Alice is an administrator and Bob is not.
func newOffice(t *testing.T, change ...func(*bottest.World)) (w *bottest.World, forum *telegramtest.Chat, bob *telegramtest.Person) {
	w = bottest.New(t, change...)
	forum, bob = office(w)
	return w, forum, bob
}

// office makes such a forum.
func office(w *bottest.World) (forum *telegramtest.Chat, bob *telegramtest.Person) {
	forum, bob = w.Telegram.NewForum("Office"), w.Telegram.NewPerson("Bob")
	forum.SetMember(w.Alice, telegramtest.Administrator)
	forum.Join(bob)
	return forum, bob
}

func TestSetup(t *testing.T) {
	t.Parallel()
	bottest.New(t).Parts(t,
		defaultsOfTheTopicCountBeforeThoseOfTheChat, setupChangesNothingWhereItDoesNotUnderstand,
		buttonsOfSetupAreForAdministratorsOnly, languageIsAPersonsChoiceInPrivateAndAnAdministratorsInAGroup,
	)
}

func defaultsOfTheTopicCountBeforeThoseOfTheChat(t *testing.T, w *bottest.World) {
	forum, bob := office(w)
	topic, other := forum.NewTopic("Printers"), forum.NewTopic("Doors")
	require.Contains(t, w.Say(w.Alice, forum, "/setup !low #task team:it support site=Berlin").Text, "IT Support")
	require.Contains(t, w.Say(w.Alice, topic, "/setup !high floor=3").Text, "floor=3")

	require.Contains(t, w.Say(bob, topic, "/ticket #incident jam").Text, "floor: 3")
	body := w.Body()
	require.Equal(t, "high", body["priority"])
	require.Equal(t, "incident", body["ticket_type"])
	require.Equal(t, "IT Support", body["assignment_team"])
	require.Equal(t, "3", body["custom_fields"].(map[string]any)["floor"])
	require.Equal(t, "Berlin", body["custom_fields"].(map[string]any)["site"])

	shown := w.Becomes(w.Say(bob, other, "/ticket squeaks"), "tk_")
	require.Contains(t, shown.Text, "Low priority")
	w.Say(w.Alice, topic, "/setup ! floor=")
	require.Contains(t, w.Becomes(w.Say(bob, topic, "/ticket again"), "tk_").Text, "Low priority")
	w.Say(w.Alice, forum, "/setup clear")
	require.Contains(t, w.Becomes(w.Say(bob, other, "/ticket once more"), "tk_").Text, "Medium priority")
}

func setupChangesNothingWhereItDoesNotUnderstand(t *testing.T, w *bottest.World) {
	forum, bob := office(w)
	require.Contains(t, w.Say(w.Alice, forum, "/setup !low").Text, "Low priority")
	for text, answer := range map[string]string{
		"/setup !high team:Plumbers": "no team “\u2068Plumbers",
		"/setup !high nonsense":      "nonsense",
		"/setup !high euid:c_1":      "support team only",
		"/setup channel:other":       "support team only",
	} {
		require.Contains(t, w.Say(w.Alice, forum, text).Text, answer[:len(answer)/2], text)
	}
	require.Contains(t, w.Say(w.Alice, forum, "/setup").Text, "Low priority")
	require.Contains(t, w.Say(bob, forum, "/setup !high").Text, "Only administrators")
	require.Contains(t, w.Say(w.Alice, forum, "/setup").Text, "Low priority")
	require.Contains(t, w.Say(w.Alice, w.Telegram.Private(w.Alice), "/setup !high").Text, "groups")
}

func TestStaffSetTheContactAndTheChannelOfAPlace(t *testing.T) {
	t.Parallel()
	w, forum, bob := newOffice(t, func(w *bottest.World) { w.Config.StaffMembers = map[int64]string{w.Alice.ID: "u_1"} })
	require.Contains(t, w.Say(w.Alice, forum, "/setup euid:contact_9 channel:inbox_200").Text, "contact_9")
	number := w.Number(w.Say(bob, forum, "/ticket other channel"))
	requester := w.Body()["requester"].(map[string]any)
	require.Equal(t, "contact_9", requester["euid"])
	require.Equal(t, "inbox_200", requester["channel_contacts"].(map[string]any)["channel_id"])
	require.Contains(t, w.Say(bob, forum, "/status "+number).Text, "other channel", "the place's channel counts for what is seen there")
}

func buttonsOfSetupAreForAdministratorsOnly(t *testing.T, w *bottest.World) {
	forum, bob := office(w)
	shown := w.Say(w.Alice, forum, "/setup")
	require.Contains(t, shown.Text, strconv.FormatInt(forum.ID, 10))
	require.Contains(t, w.Forge(bob, shown, "setup:0:priority=high"), "Only administrators")
	for _, data := range []string{"setup:0:priority=urgent", "setup:x:priority=low", "setup:-1:priority=low", "setup:0:euid=c", "setup:0"} {
		require.Contains(t, w.Forge(w.Alice, shown, data), "does not belong", data)
	}
	w.Forge(w.Alice, shown, "setup:0:menu=priority")
	require.Contains(t, w.Forge(w.Alice, shown, "setup:0:priority=high"), "Set")
	require.Contains(t, w.Becomes(w.Say(bob, forum, "/ticket urgent"), "tk_").Text, "High priority")
	require.Contains(t, w.Forge(bob, shown, "lang:0:en"), "Only administrators")
	require.Contains(t, w.Forge(w.Alice, shown, "lang:0:en"), "English")
	require.Contains(t, w.Forge(w.Alice, shown, "lang:0:xx"), "does not belong")
}

func languageIsAPersonsChoiceInPrivateAndAnAdministratorsInAGroup(t *testing.T, w *bottest.World) {
	forum, bob := office(w)
	require.Len(t, w.Say(bob, w.Telegram.Private(bob), "/language").Buttons, (len(view.Languages())+2)/3)
	require.Contains(t, w.Say(bob, w.Telegram.Private(bob), "/language EN").Text, "English")
	require.Contains(t, w.Say(bob, forum, "/language en").Text, "Only administrators")
	require.Contains(t, w.Say(w.Alice, forum, "/language en").Text, "English")
	require.Contains(t, w.Say(w.Alice, forum, "/language pl").Text, "pl")
}
