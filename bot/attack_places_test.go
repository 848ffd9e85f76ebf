package bot_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/outbox"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

func TestOnlyStaffRemoveTheContactAndTheChannelOfAPlace(t *testing.T) {
	t.Parallel()
	var sam *telegramtest.Person
	w, forum, bob := newOffice(t, func(w *bottest.World) {
		sam = w.Telegram.NewPerson("Sam")
		w.Config.StaffMembers = map[int64]string{sam.ID: "u_1"}
	})
	require.Contains(t, w.Say(sam, forum, "/setup euid:contact_9 channel:inbox_200 !low").Text, "contact_9")
	forum.SetAnonymous(w.Alice, true)
	for _, text := range []string{"/setup euid:", "/setup channel:", "/setup euid:mine"} {
		require.Contains(t, w.Say(w.Alice, forum, text).Text, "support team only", text)
		require.Contains(t, w.Say(w.Alice, forum, text, telegramtest.Anonymously()).Text, "support team only", text)
	}
	left := w.Say(w.Alice, forum, "/setup clear").Text
	require.NotContains(t, left, "Low priority")
	require.Contains(t, left, "contact_9")
	w.Number(w.Say(bob, forum, "/ticket x"))
	requester := w.Body()["requester"].(map[string]any)
	require.Equal(t, "contact_9", requester["euid"])
	require.Equal(t, "inbox_200", requester["channel_contacts"].(map[string]any)["channel_id"])
	require.Contains(t, w.Say(sam, forum, "/setup clear").Text, "nothing set")
}

func TestAButtonOfATeamThatIsGoneChangesNothing(t *testing.T) {
	t.Parallel()
	w, forum, bob := newOffice(t)
	shown := w.Say(w.Alice, forum, `/setup team:"IT Support"`)
	require.Contains(t, w.Forge(w.Alice, shown, "setup:0:team=0123456789ab"), "does not belong")
	w.Number(w.Say(bob, forum, "/ticket x"))
	require.Equal(t, "IT Support", w.Body()["assignment_team"])
}

func TestButtonsOfSetupStandOnlyBelowSetup(t *testing.T) {
	t.Parallel()
	w, forum, _ := newOffice(t)
	card, _ := w.Ticket(forum, "x")
	w.Eventually(func() bool { return w.Count("posts") == 1 }, "the card is not recorded")
	buttons := forum.Message(card.ID).Buttons
	require.Contains(t, w.Forge(w.Alice, card, "setup:0:menu="), "does not belong")
	require.Equal(t, buttons, forum.Message(card.ID).Buttons)
}

func TestATicketWhoseTeamIsChosenByAPressStandsInThatTeamsFeed(t *testing.T) {
	t.Parallel()
	var japan *telegramtest.Chat
	w, feed := newFed(t, func(w *bottest.World) {
		japan = w.Telegram.NewSupergroup("Japan")
		w.Config.Feeds = append(w.Config.Feeds, outbox.Feed{Chat: japan.ID, Team: "ITサポート"})
	})
	chat := w.Telegram.NewSupergroup("S")
	card := w.Becomes(w.Say(w.Alice, chat, "/ticket team:Plumbers Water"), "Plumbers")
	w.Desk.Trouble(livedesktest.Get, livedesktest.Always, livedesktest.Unavailable(0))
	w.Forge(w.Alice, card, card.Buttons[0][1].Data)
	w.Number(card)
	w.Hears(japan, "Water")
	require.Zero(t, w.Said(feed, "Water"))
}

func TestFieldsOfAnyLengthAndNumberFitTheCardAndTheSetup(t *testing.T) {
	t.Parallel()
	w, forum, _ := newOffice(t)
	w.Number(w.Say(w.Alice, forum, "/ticket Door "+strings.Repeat("k", 5000)+"=1"))
	var many strings.Builder
	for i := range 600 {
		fmt.Fprintf(&many, " f%d=%d", i, i)
	}
	require.Contains(t, w.Say(w.Alice, forum, "/setup"+many.String()).Text, "f0=0")
	w.Number(w.Say(w.Alice, forum, "/ticket Another door"))
}

func TestAChatThatHadAFeedIsAChatAsOthers(t *testing.T) {
	t.Parallel()
	w, feed := newFed(t)
	chat, bob := w.Telegram.NewSupergroup("S"), w.Telegram.NewPerson("Bob")
	card, number := w.Ticket(chat, "x")
	shown := w.Hears(feed, number)
	w.Stop()
	w.Config.Feeds = nil
	w.Start()
	row := w.Row(card)
	for _, data := range []string{"set:" + row + ":priority=high", "follow:" + row + ":", "talk:" + row + ":0", "menu:" + row + ":priority"} {
		require.Contains(t, w.Forge(bob, shown, data), "does not belong", data)
	}
	require.Zero(t, w.Count("additions"))
}

func TestForgedButtonsOfTheListOfChatsDoNothing(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	group := g.allowed("Customers")
	list := g.Say(g.sam, g.staff, "/chats")
	g.Press(g.sam, list, "✂️ Disconnect: Customers")
	require.Contains(t, g.Forge(g.sam, list, "refuse:"+id(group)+":0"), "does not belong")
	require.Equal(t, 1, g.Count("connections WHERE state = 'disconnected'"))
	for _, page := range []string{"9223372036854775807", "1152921504606846976", "-1", "x"} {
		g.Forge(g.sam, list, "chats:0:"+page)
	}
	g.settled()
	require.Contains(t, g.Say(g.sam, g.staff, "/chats").Text, "Customers")
}

func TestAPressInATopicIsAnsweredInTheLanguageOfTheTopic(t *testing.T) {
	t.Parallel()
	w, forum, bob := newOffice(t)
	topic := forum.NewTopic("Deutsch")
	w.Say(w.Alice, topic, "/language de")
	card := w.Becomes(w.Say(bob, topic, "/ticket x"), "tk_")
	require.Contains(t, w.Forge(bob, card, "set:999:priority=high"), "gehört")
}

func TestWhoAskedAnonymouslyMayChooseTheTeamAsAnAdministrator(t *testing.T) {
	t.Parallel()
	w, forum, bob := newOffice(t)
	forum.SetAnonymous(w.Alice, true)
	card := w.Becomes(w.Say(w.Alice, forum, "/ticket team:Plumbers Water", telegramtest.Anonymously()), "Plumbers")
	data := card.Buttons[0][0].Data
	require.NotEmpty(t, w.Forge(bob, card, data))
	require.Empty(t, w.Desk.Tickets())
	w.Stop()
	w.Start()
	require.Contains(t, w.Forge(w.Alice, card, data), "Opening it")
	require.Contains(t, w.Forge(w.Alice, card, data), "already decided")
	w.Number(card)
	require.Len(t, w.Desk.Tickets(), 1)
}
