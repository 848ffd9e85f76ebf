package bot_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/outbox"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/bot/view"
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

func TestPlaces(t *testing.T) {
	t.Parallel()
	bottest.New(t).Parts(t,
		whatAButtonOfSetupSetsIsShownAtOnce, fieldsOfAnyLengthAndNumberFitTheCardAndTheSetup,
		aPressInATopicIsAnsweredInTheLanguageOfTheTopic, setupSaysThatAChatIsConnectedAndThatATopicIsClosed,
		aLanguageChosenBelowSetupIsShownThere,
	)
}

func whatAButtonOfSetupSetsIsShownAtOnce(t *testing.T, w *bottest.World) {
	forum, _ := office(w)
	topic := forum.NewTopic("T")
	shown := w.Say(w.Alice, topic, "/setup #task")
	require.Contains(t, w.Forge(w.Alice, shown, "setup:"+fmt.Sprint(topic.ID)+":priority=high"), "Set")
	require.Contains(t, w.Becomes(shown, "This topic: High priority").Text, "Task")
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

func fieldsOfAnyLengthAndNumberFitTheCardAndTheSetup(t *testing.T, w *bottest.World) {
	forum, _ := office(w)
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
	for _, data := range []string{"set:" + row + ":priority=high", "follow:" + row + ":", "notify:" + row + ":on", "talk:" + row + ":0", "menu:" + row + ":priority"} {
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

func aPressInATopicIsAnsweredInTheLanguageOfTheTopic(t *testing.T, w *bottest.World) {
	forum, bob := office(w)
	topic := forum.NewTopic("Deutsch")
	w.Say(w.Alice, topic, "/language de")
	card := w.Becomes(w.Say(bob, topic, "/ticket x"), "tk_")
	require.Contains(t, w.Forge(bob, card, "set:999:priority=high"), "gehört")
}

// everything is all that is stored, as text.
func everything(t *testing.T, w *bottest.World) string {
	t.Helper()
	rows, err := w.DB().Query(t.Context(), `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`)
	require.NoError(t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Greater(t, len(tables), 10)
	var all strings.Builder
	for _, table := range tables {
		rows, err := w.DB().Query(t.Context(), `SELECT r::text FROM `+pgx.Identifier{table}.Sanitize()+` r`)
		require.NoError(t, err)
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		for _, line := range lines {
			all.WriteString(table + ": " + line + "\n")
		}
	}
	rows, err = w.DB().Query(t.Context(), `SELECT convert_from(payload, 'UTF8') FROM updates WHERE payload IS NOT NULL`)
	require.NoError(t, err)
	payloads, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return all.String() + strings.Join(payloads, "\n")
}

func TestNothingThatIsSaidOutsideOfConnectedChatsStandsInAnyTable(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	forum := g.Telegram.NewForum("Strangers")
	topic := forum.NewTopic("zebra topic")
	hint := g.Say(g.strange, forum, "/ticket zebra\nzebra", telegramtest.Attached(g.Text("zebra.txt")))
	g.asked(forum)
	for _, at := range []telegramtest.Place{forum, topic, g.Telegram.Private(g.strange)} {
		plain := g.Telegram.Say(g.strange, at, "zebra plain")
		g.Telegram.Say(g.strange, at, "zebra reply", telegramtest.ReplyTo(plain))
		command := g.Telegram.Say(g.strange, at, "/ticket zebra", telegramtest.Mentioning(g.Telegram.NewPerson("Zebra")))
		g.Telegram.Edit(command, "/ticket zebra again")
		g.Telegram.Say(g.strange, at, "/block zebra")
		g.Telegram.Say(g.strange, at, "/language zebra")
		g.Telegram.Say(g.strange, at, "/setup euid:zebra channel:zebra a=zebra")
		g.Telegram.Album(g.strange, at, "/ticket zebra", g.Texts(3))
		g.Telegram.Say(g.strange, at, "zebra forward", telegramtest.ForwardedFrom(g.Alice))
		g.Telegram.Say(g.strange, at, "/ticket@LiveDeskBot\u00a0zebra")
	}
	g.Telegram.Say(g.strange, forum, "zebra answer", telegramtest.ReplyTo(hint))
	for _, data := range []string{"setup:0:a=zebra", "team:1:zebra", "queue:0:zebra", "talk:1:zebra", "zebra"} {
		g.Telegram.Forge(g.strange, hint, data)
	}
	topic.Rename("zebra again")
	g.settled()
	stored := everything(t, g.World)
	require.NotContains(t, strings.ToLower(stored), "zebra")
	require.Contains(t, stored, "Strangers", "staff are asked about it by its title")
	require.NotContains(t, strings.ToLower(g.Logs.String()), "zebra")
}

func TestASupergroupHasWhatItsGroupHad(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, func(w *bottest.World) {
		withFeed(w)
		w.Config.StaffMembers = map[int64]string{w.Alice.ID: "u_1"}
	})
	group := g.Telegram.NewGroup("Customers")
	group.SetMember(g.Alice, telegramtest.Administrator)
	g.Say(g.Alice, group, "/help")
	g.Press(g.sam, g.asked(group), "✅ Allow")
	g.Hears(group, "is connected.")
	g.Say(g.Alice, group, "/setup !low euid:contact_9 channel:inbox_200 site=Berlin")
	g.Say(g.Alice, group, "/language de")
	card, number := g.Ticket(group, "before")
	require.Contains(t, card.Text, "niedrig")
	shown := g.Hears(g.staff, number)
	super := group.Upgrade(g.Alice)
	_, after := g.Ticket(super, "after")
	require.Contains(t, g.Say(g.Alice, super, "/status").Text, after)
	require.Contains(t, g.Say(g.Alice, super, "/status "+number).Text, "before")
	ticket, _ := g.Desk.Ticket(after)
	for _, part := range []string{`"euid":"contact_9"`, `"channel_id":"inbox_200"`, `"contact_id":"` + id(super) + `"`, `"priority":"low"`, `"site":"Berlin"`} {
		require.Contains(t, strings.ReplaceAll(string(ticket.CreateBody), `": "`, `":"`), part)
	}
	require.NoError(t, g.Desk.SetStatus(number, "in_progress"))
	g.Becomes(shown, "In progress")
	g.Reply(number, "Guten Tag")
	g.Hears(super, "Guten Tag")
	g.Press(g.sam, g.Say(g.sam, g.staff, "/chats"), "✂️ Disconnect: Customers")
	require.Contains(t, g.Say(g.Alice, super, "/ticket x").Text, id(super))
}

func TestAnAdministratorOfCustomersSeesNothingOfOthers(t *testing.T) {
	t.Parallel()
	w, feed := newFed(t)
	theirs, mine := w.Telegram.NewSupergroup("Theirs"), w.Telegram.NewForum("Mine")
	bob := w.Telegram.NewPerson("Bob")
	mine.SetMember(bob, telegramtest.Creator)
	card, number := w.Ticket(theirs, "Confidential")
	shown := w.Hears(feed, number)
	row := w.Row(card)
	own, _ := w.Ticket(mine, "Own")
	list := w.Say(bob, mine, "/status")
	setup := w.Say(bob, mine, "/setup")
	for _, text := range []string{"/status " + number, "/follow " + number, "/unfollow " + number, "/chats", "/status", "/block " + number} {
		w.Telegram.Say(bob, mine, text)
		w.Telegram.Say(bob, w.Telegram.Private(bob), text)
	}
	w.Telegram.Say(bob, mine, "/setup euid:x channel:inbox_100")
	for _, at := range []*telegramtest.Message{own, list, setup, shown, card} {
		if at == shown || at == card {
			at = &telegramtest.Message{ID: at.ID, Chat: mine}
		}
		for _, action := range []string{"talk", "page", "refresh", "follow", "notify", "menu", "set", "again", "leave", "team"} {
			for _, argument := range []string{"0", "priority=high", "priority", "1", ""} {
				require.Contains(t, w.Forge(bob, at, action+":"+row+":"+argument), "does not belong", action)
			}
		}
		for _, data := range []string{"queue:0:0", "chats:0:0", "allow:" + id(theirs) + ":0", "disconnect:" + id(theirs) + ":0"} {
			require.Contains(t, w.Forge(bob, at, data), "does not belong", data)
		}
	}
	w.Quiet(bob)
	require.Zero(t, w.Said(mine, "Confidential")+w.Said(w.Telegram.Private(bob), "Confidential"))
	require.Zero(t, w.Count("additions"))
	require.Zero(t, w.Count("followers WHERE person_id = "+fmt.Sprint(bob.ID)))
	require.Equal(t, 1, w.Count("posts WHERE kind = 'feed' AND ticket = "+row))
}

func TestATicketKeepsTheLanguageThatItWasAskedForIn(t *testing.T) {
	t.Parallel()
	w, forum, bob := newOffice(t, func(w *bottest.World) { w.Config.Language = "en" })
	unsaid, first := w.Ticket(w.Telegram.NewSupergroup("Nobody has chosen here"), "y")
	w.Say(w.Alice, forum, "/language de")
	card := w.Say(bob, forum, "/ticket !low x")
	number := w.Number(card)
	w.Say(w.Alice, forum, "/language fr")
	w.Stop()
	w.Config.Language = "ja"
	w.Start()
	require.NoError(t, w.Desk.SetStatus(first, "in_progress"))
	w.Becomes(unsaid, "In progress")
	require.NoError(t, w.Desk.SetStatus(number, "in_progress"))
	w.Becomes(card, "Priorität: niedrig")
	w.Becomes(card, "In Bearbeitung")
	require.Contains(t, w.Say(bob, forum, "/status").Text, "En cours", "what is asked now is answered in the language of the place")
	frieda := w.Telegram.NewPerson("Frieda", telegramtest.Language("th"))
	private := w.Telegram.Private(frieda)
	require.Contains(t, w.Becomes(w.Say(frieda, private, "/ticket !low y"), "tk_").Text, "ต่ำ")
	w.Say(frieda, private, "/language id")
	require.Contains(t, w.Becomes(w.Say(frieda, private, "/ticket !low z"), "tk_").Text, "rendah")
}

func TestTheQuestionIsRecognisedInEveryLanguage(t *testing.T) {
	t.Parallel()
	w, forum, bob := newOffice(t)
	var questions []*telegramtest.Message
	for _, tag := range view.Languages() {
		w.Say(w.Alice, forum, "/language "+tag)
		q := w.Say(bob, forum, "/ticket")
		require.True(t, q.ForceReply, tag)
		questions = append(questions, q)
	}
	w.SQL(`UPDATE questions SET message_id = 0`) // the answer came before the question was recorded
	w.Stop()
	w.Config.Language = "th"
	w.Start()
	for i, q := range questions {
		w.Number(w.Say(bob, forum, fmt.Sprintf("title %d", i), telegramtest.ReplyTo(q)))
		require.Len(t, w.Desk.Tickets(), i+1, view.Languages()[i])
		require.Equal(t, fmt.Sprintf("title %d", i), w.Desk.Tickets()[i].Title)
	}
}

func TestWordsOfATitleAreNoOptions(t *testing.T) {
	t.Parallel()
	w := bottest.New(t, func(w *bottest.World) { w.Config.CustomFields = []string{"site"} })
	chat := w.Telegram.NewSupergroup("S")
	for title, want := range map[string]string{
		"why is a=b": "why is a=b", "why is site=b so": "why is site=b so", "printer #3": "printer #3", "#3 is broken": "#3 is broken",
		"team: lunch": "team: lunch", "the !high jump": "the !high jump", "a #problem child": "a #problem child",
		"ask team:Plumbers about it": "ask team:Plumbers about it", "telegram_ref=1": "telegram_ref=1", "!urgent x": "!urgent x",
		"https://x/?site=1": "https://x/?site=1", "#problem": "",
	} {
		card := w.Say(w.Alice, chat, "/ticket "+title)
		if want == "" {
			require.True(t, card.ForceReply, title)
			continue
		}
		w.Number(card)
		tickets := w.Desk.Tickets()
		last := tickets[len(tickets)-1]
		require.Equal(t, want, last.Title)
		require.NotContains(t, string(last.CreateBody), `"site"`)
		require.NotContains(t, string(last.CreateBody), `"assignment_team"`)
		require.NotContains(t, string(last.CreateBody), `"priority"`)
	}
	card := w.Becomes(w.Say(w.Alice, chat, "/ticket site=Berlin !high door it's stuck team:it support"), "tk_")
	require.Contains(t, card.Text, "site: Berlin")
	require.Contains(t, card.Text, "IT Support")
	require.Contains(t, card.Text, "High priority")
}

func TestCustomersNeverSeeWhoOfStaffDidSomethingElsewhere(t *testing.T) {
	t.Parallel()
	w, feed := newFed(t)
	group := w.Telegram.NewSupergroup("Customers")
	sam := w.Telegram.NewPerson("Samantha", telegramtest.Username("samantha_w"))
	feed.SetMember(sam, telegramtest.Administrator)
	card, number := w.Ticket(group, "x")
	shown := w.Hears(feed, number)
	w.Say(sam, feed, "/follow "+number)
	for _, data := range []string{"follow:" + w.Row(card) + ":", "notify:" + w.Row(card) + ":off", "notify:" + w.Row(card) + ":on"} {
		require.NotContains(t, w.Forge(sam, shown, data), "does not belong")
	}
	w.Say(sam, w.Telegram.Private(sam), "/follow "+number)
	w.Forge(sam, shown, "set:"+w.Row(card)+":priority=high")
	w.Say(sam, feed, "an internal thought", telegramtest.ReplyTo(shown))
	w.Becomes(card, "High priority")
	w.Desk.Note(number, "Li", "an internal note")
	w.Reply(number, "An answer")
	require.NoError(t, w.Desk.SetStatus(number, "resolved"))
	w.Hears(group, "An answer")
	w.Becomes(card, "Resolved")
	w.Looked(3)
	for _, m := range group.BotMessages() {
		for _, text := range append([]string{m.Text, m.Sent}, fmt.Sprint(m.Buttons)) {
			require.NotContains(t, text, "Samantha")
			require.NotContains(t, text, fmt.Sprint(sam.ID))
			require.NotContains(t, text, "internal")
		}
	}
	for _, ticket := range w.Desk.Tickets() {
		require.NotContains(t, string(ticket.CreateBody), "Samantha")
	}
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

func TestStaffAreAskedInGeneralWhereTheTopicOfTheFeedIsClosed(t *testing.T) {
	t.Parallel()
	var topic *telegramtest.Topic
	g := newGuarded(t, func(w *bottest.World) {
		topic = w.Telegram.NewForum("Feeds").NewTopic("Tickets")
		w.Config.StaffChats, w.Config.Feeds = nil, []outbox.Feed{{Chat: topic.Chat().ID, Thread: int64(topic.ID)}}
	})
	topic.Close()
	group := g.Telegram.NewSupergroup("Customers")
	g.Say(g.Alice, group, "/help")
	g.Press(g.Telegram.NewPerson("Bob"), g.Hears(topic.Chat(), id(group)), "✅ Allow")
	g.Hears(group, "is connected.")
}

func setupSaysThatAChatIsConnectedAndThatATopicIsClosed(t *testing.T, w *bottest.World) {
	forum, bob := office(w)
	require.Contains(t, w.Say(w.Alice, forum, "/setup").Text, "This chat is connected")
	topic := forum.NewTopic("Archive")
	topic.Close()
	w.Telegram.Say(w.Alice, topic, "/setup !low")
	shown := w.Hears(forum, "That topic is closed")
	require.Nil(t, shown.Topic)
	topic.Reopen()
	require.Contains(t, w.Becomes(w.Say(bob, topic, "/ticket x"), "tk_").Text, "Low priority")
}

func TestWithAContactSetForThePlaceTheRequestIsThatOfTheDocumentation(t *testing.T) {
	t.Parallel()
	w := bottest.New(t, func(w *bottest.World) { w.Config.StaffMembers = map[int64]string{7562646527: "u_12345"} })
	zhang := w.Telegram.NewPerson("張三", telegramtest.ID(7562646527))
	topic := w.Telegram.NewForum("Printers", telegramtest.ID(-1001234567890)).NewTopic("Beijing", telegramtest.ID(23232323))
	w.Say(zhang, topic, `/setup euid:contact_12345 team:itサポート #incident location="北京本社-3階印刷室" device_sn=?`)
	w.Number(w.Say(zhang, topic, "/ticket !high device_sn=PRN-2024-001 プリンター紙詰まり、印刷不可\n顧客よりA4用紙が排紙トレイで詰まったとの報告あり、緊急対応が必要。"))
	body := w.Body()
	delete(body["custom_fields"].(map[string]any), "telegram_ref")
	sent, err := json.Marshal(body)
	require.NoError(t, err)
	require.JSONEq(t, `{"title":"プリンター紙詰まり、印刷不可","description":"顧客よりA4用紙が排紙トレイで詰まったとの報告あり、緊急対応が必要。",
		"requester":{"euid":"contact_12345","channel_contacts":{"channel_id":"inbox_100","contact_id":"-1001234567890",
		"sub_contact_id":"23232323","followers":[{"id":"7562646527","name":"張三"}]}},"submitter":{"id":"u_12345"},
		"assignment_team":"ITサポート","priority":"high","ticket_type":"incident",
		"custom_fields":{"device_sn":"PRN-2024-001","location":"北京本社-3階印刷室"}}`, string(sent))
}

func TestAChatIsGreetedInItsLanguage(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	group := g.allowed("Kunden")
	group.SetMember(g.Alice, telegramtest.Administrator)
	g.Say(g.Alice, group, "/language de")
	list := g.Say(g.sam, g.staff, "/chats")
	g.Press(g.sam, list, "✂️ Disconnect: Kunden")
	require.Contains(t, g.Forge(g.Alice, group.BotMessages()[0], "lang:0:fr"), "verbunden")
	g.Forge(g.sam, list, "allow:"+id(group)+":0")
	g.Hears(group, "Dieser Chat ist verbunden")
}

func TestTheFirstWordOfAnAnswerIsNoPartOfATeam(t *testing.T) {
	t.Parallel()
	w := bottest.New(t, func(w *bottest.World) { w.Config.Teams = []string{"IT Support", "IT Support Japan"} })
	chat := w.Telegram.NewGroup("G")
	question := w.Say(w.Alice, chat, "/ticket !high team:it support")
	w.Number(w.Say(w.Alice, chat, "Japan is dark #task", telegramtest.ReplyTo(question)))
	require.Equal(t, "Japan is dark", w.Body()["title"])
	require.Equal(t, "IT Support", w.Body()["assignment_team"])
	require.Equal(t, "high", w.Body()["priority"])
	require.Equal(t, "task", w.Body()["ticket_type"])
}

func aLanguageChosenBelowSetupIsShownThere(t *testing.T, w *bottest.World) {
	forum, bob := office(w)
	shown := w.Say(w.Alice, forum, "/setup !low")
	w.Press(w.Alice, shown, "setup:0:menu=language")
	require.Contains(t, w.Forge(bob, shown, "setup:0:language=de"), "Only administrators")
	require.Contains(t, w.Forge(w.Alice, shown, "setup:0:language=xx"), "does not belong")
	w.Press(w.Alice, shown, "Deutsch")
	require.Contains(t, w.Becomes(shown, "Sprache: Deutsch").Text, "niedrig")
}
