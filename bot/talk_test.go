package bot_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/bot/view"
	"livedeskbot/livedesk/livedesktest"
)

func TestTheNextWordsInAGroupAnswerTheQuestionAndNothingElseIsKept(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	w.Stop() // nothing is forgotten that was kept
	w.SQL(`CREATE TABLE seen (payload text)`)
	w.SQL(`CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		INSERT INTO seen SELECT convert_from(NEW.payload, 'UTF8'); RETURN NEW; END $$`)
	w.SQL(`CREATE TRIGGER note BEFORE INSERT ON updates FOR EACH ROW EXECUTE FUNCTION note()`)
	w.Start()
	forum := w.Telegram.NewForum("F")
	topic, other := forum.NewTopic("T"), forum.NewTopic("O")
	bob := w.Telegram.NewPerson("Bob")
	w.Telegram.Say(w.Alice, topic, "private before")
	w.Say(w.Alice, topic, "/ticket !high")
	w.Telegram.Say(bob, topic, "private of Bob")
	w.Telegram.Say(w.Alice, other, "private elsewhere")
	w.Telegram.Say(w.Alice, topic, "Thanks!")
	answer := w.Telegram.Say(w.Alice, topic, "Door stuck")
	w.Number(w.Answer(answer))
	require.Equal(t, "Door stuck", w.Body()["title"])
	require.Equal(t, "high", w.Body()["priority"])
	w.Telegram.Say(w.Alice, topic, "private afterwards")
	w.Quiet(w.Alice)
	require.Len(t, w.Desk.Tickets(), 1)
	require.Zero(t, w.Count("seen WHERE payload LIKE '%private of%' OR payload LIKE '%private before%'"))
	require.Zero(t, w.Count("seen WHERE payload LIKE '%private elsewhere%' OR payload LIKE '%private afterwards%' OR payload LIKE '%Thanks%'"))
	require.Equal(t, 1, w.Count("seen WHERE payload LIKE '%Door stuck%'"))
}

func TestAnAnswerMayComeBeforeItsQuestionIsPut(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	w.Stop()
	w.Telegram.Say(w.Alice, chat, "private before")
	w.Telegram.Say(w.Alice, chat, "/ticket")
	answer := w.Telegram.Say(w.Alice, chat, "Door stuck")
	w.Telegram.Say(w.Alice, chat, "private after")
	w.Start()
	w.Number(w.Answer(answer))
	w.Quiet(w.Alice)
	require.Len(t, w.Desk.Tickets(), 1)
	require.Equal(t, "Door stuck", w.Body()["title"])
	w.Eventually(func() bool { return w.Count("updates WHERE encode(payload, 'escape') LIKE '%private%'") == 0 })
}

func TestAQuestionThatAnotherReplicaPutsIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	w.Stop()
	// The command is in the hands of a process that is slow, and then dies with it.
	raw := fmt.Sprintf(`{"update_id":1,"message":{"message_id":1,"date":1,"text":"/ticket",
		"chat":{"id":%d,"type":"supergroup","title":"S"},"from":{"id":%d,"first_name":"Alice"}}}`, chat.ID, w.Alice.ID)
	dies := w.Lives(1000)
	w.SQL(`INSERT INTO updates (bot_id, update_id, chat_id, payload, owner) VALUES ($1, 1, $2, $3, 1000)`, w.BotID(), chat.ID, []byte(raw))
	answer := w.Telegram.Say(w.Alice, chat, "Door stuck")
	w.Start()
	w.Number(w.Answer(answer))
	require.Equal(t, "Door stuck", w.Body()["title"])
	dies()
	w.Eventually(func() bool { return w.Count("updates WHERE done_at IS NULL") == 0 })
	require.Len(t, w.Desk.Tickets(), 1)
	require.Zero(t, w.Said(chat, "What is it about?"), "it is answered")
}

func TestAFileAnswersAQuestionAsWell(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	for i, where := range []*telegramtest.Chat{w.Telegram.Private(w.Alice), w.Telegram.NewSupergroup("S")} {
		w.Say(w.Alice, where, "/ticket")
		parts := w.Telegram.Album(w.Alice, where, "two views", w.Texts(2))
		w.Answer(parts[0])
		w.Eventually(func() bool {
			tickets := w.Desk.Tickets()
			return len(tickets) == i+1 && tickets[i].Title == "two views" && len(tickets[i].Attachments) == 2
		})
	}
	require.Zero(t, w.Count("offers"))
}

func TestWhereReactionsAreRefusedWordsSayThatSomethingWasAdded(t *testing.T) {
	t.Parallel()
	whole := bottest.New(t)
	for name, refuse := range map[string]func(*bottest.World, *telegramtest.Chat){
		"forbidden in the chat": func(_ *bottest.World, chat *telegramtest.Chat) { chat.ForbidReactions() },
		"a server without them": func(w *bottest.World, _ *telegramtest.Chat) {
			w.Telegram.Fail(404, "Not Found: method not found", telegramtest.Match{Method: "setMessageReaction"})
		},
		"no right to": func(w *bottest.World, _ *telegramtest.Chat) {
			w.Telegram.Fail(403, "Forbidden: not enough rights", telegramtest.Match{Method: "setMessageReaction"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := whole.Part(t)
			chat := w.Telegram.NewSupergroup("S")
			card, _ := w.Ticket(chat, "leak")
			refuse(w, chat)
			require.Contains(t, w.Say(w.Alice, chat, "more", telegramtest.ReplyTo(card)).Text, "Added to ticket")
		})
	}
}

func TestTalk(t *testing.T) {
	t.Parallel()
	bottest.New(t).Parts(t,
		aReactionThatGoesAstrayComesLater, aReplyInPrivateToAnAnswerAboutATicketElsewhereIsAdded,
		whatTheSupportTeamNeedsOpensTheAnswerField,
	)
}

func aReactionThatGoesAstrayComesLater(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	card, _ := w.Ticket(chat, "leak")
	w.Telegram.Fail(429, "Too Many Requests: retry after 1", telegramtest.Match{Method: "setMessageReaction", Times: 1})
	w.Add(w.Alice, chat, "more", telegramtest.ReplyTo(card))
	w.Telegram.ServerError(telegramtest.Match{Method: "setMessageReaction", Times: 6}) // more often than it is tried at once
	w.Add(w.Alice, chat, "and more", telegramtest.ReplyTo(card))
	require.Zero(t, w.Said(chat, "Added"))
}

func TestAMessageThatIsGoneIsStillAdded(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "leak")
	resume := w.HoldLooks(card)
	said := w.Telegram.Say(w.Alice, chat, "more", telegramtest.ReplyTo(card))
	w.Additions(1)
	w.Telegram.Remove(said)
	resume()
	w.Hears(chat, "Added to ticket")
	ticket, _ := w.Desk.Ticket(number)
	require.Contains(t, ticket.Description, "more")
}

func TestThanksGetAReactionAndNothingElse(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat, private := w.Telegram.NewSupergroup("S"), w.Telegram.Private(w.Alice)
	card, number := w.Ticket(chat, "leak")
	w.Reply(number, "It is mended.")
	for _, to := range []*telegramtest.Message{card, w.Hears(chat, "It is mended."), w.Say(w.Alice, chat, "/status "+number)} {
		require.Equal(t, view.ReactionThanks, w.Reacts(w.Telegram.Say(w.Alice, chat, "Danke!", telegramtest.ReplyTo(to))))
	}
	require.Equal(t, view.ReactionThanks, w.Reacts(w.Telegram.Say(w.Alice, private, "👍👍")))
	w.Reply(number, "May we come in?")
	w.Add(w.Alice, chat, "ok", telegramtest.ReplyTo(w.Hears(chat, "May we come in?")))
	w.Add(w.Alice, chat, "thanks", telegramtest.ReplyTo(card), telegramtest.Attached(w.Text("a.txt")))
	require.Equal(t, 2, w.Count("additions"))
	require.Zero(t, w.Count("offers"))

	chat.ForbidReactions()
	silent := w.Telegram.Say(w.Alice, chat, "Thanks", telegramtest.ReplyTo(card))
	w.Quiet(w.Alice)
	require.Empty(t, replies(chat, silent))
}

func TestWhoRepliesToAMessageAboutNoTicketIsToldWhatToDoOnce(t *testing.T) {
	t.Parallel()
	staff := int64(-1005550001)
	w := bottest.New(t, func(w *bottest.World) { w.Config.StaffChats = []int64{staff} })
	chat, private := w.Telegram.NewSupergroup("S"), w.Telegram.Private(w.Alice)
	list := w.Say(w.Alice, chat, "/status")
	for i, text := range []string{"@bob look at that", "my printer is broken", "hello?"} {
		said := w.Telegram.Say(w.Alice, chat, text, telegramtest.ReplyTo(list))
		w.Quiet(w.Alice)
		w.Telegram.Say(w.Alice, chat, "/status@SomeOtherBot")
		if i == 1 {
			require.Contains(t, w.Answer(said).Text, "about no ticket")
		}
	}
	require.Equal(t, 1, w.Said(chat, "about no ticket"))

	help := w.Say(w.Alice, private, "/help")
	require.Equal(t, openNew, w.Say(w.Alice, private, "it broke", telegramtest.ReplyTo(help)).Buttons[0][0].Text)

	desk := w.Telegram.NewSupergroup("Staff", telegramtest.ID(staff))
	queue := w.Say(w.Alice, desk, "/status")
	w.Telegram.Say(w.Alice, desk, "what a nuisance", telegramtest.ReplyTo(queue))
	w.Quiet(w.Alice)
	require.Zero(t, w.Said(desk, "about no ticket"))
}

func aReplyInPrivateToAnAnswerAboutATicketElsewhereIsAdded(t *testing.T, w *bottest.World) {
	group, private := w.Telegram.NewSupergroup("S"), w.Telegram.Private(w.Alice)
	_, number := w.Ticket(group, "leak")
	shown := w.Say(w.Alice, private, "/status "+number)
	w.Add(w.Alice, private, "from home", telegramtest.ReplyTo(shown))
	ticket, _ := w.Desk.Ticket(number)
	require.Contains(t, ticket.Description, "from home")
	require.Len(t, group.BotMessages(), 1)

	w.Desk.Trouble(livedesktest.Update, livedesktest.Always, livedesktest.Refuse(422, ""))
	require.Contains(t, w.Say(w.Alice, private, "not taken", telegramtest.ReplyTo(shown)).Text, "could not be added")
	require.Len(t, group.BotMessages(), 1, "what was said in private stays there")
	bob := w.Telegram.NewPerson("Bob")
	other := w.Say(bob, w.Telegram.Private(bob), "/status "+number)
	require.NotContains(t, other.Text, "leak")
}

func whatTheSupportTeamNeedsOpensTheAnswerField(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "leak")
	require.NoError(t, w.Desk.SetStatus(number, "waiting_for_customer"))
	require.True(t, w.Hears(chat, "needs something from you").ForceReply)
	w.Reply(number, "Which tap?")
	relayed := w.Hears(chat, "Which tap?")
	require.True(t, strings.HasSuffix(relayed.Text, "Reply to this message to answer."))
}

func TestWordsInPrivateAboutATicketThatIsOutOfSightAreNotSwallowed(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	group, private := w.Telegram.NewSupergroup("S"), w.Telegram.Private(w.Alice)
	_, number := w.Ticket(group, "leak")
	w.Say(w.Alice, private, "/follow "+number)
	shown := w.Say(w.Alice, private, "/status "+number)
	w.Press(w.Alice, resolved(t, w, private, number), "❌ Still broken")
	question := w.Hears(private, "still wrong")
	group.Leave(w.Alice)
	for _, how := range [][]telegramtest.Saying{nil, {telegramtest.ReplyTo(question)}, {telegramtest.ReplyTo(shown)}} {
		said := w.Telegram.Say(w.Alice, private, "it drips", how...)
		require.Equal(t, openNew, w.Answer(said).Buttons[0][0].Text)
		w.SQL(`DELETE FROM offers`)
	}
	require.Zero(t, w.Count("additions"))
}

func TestAFileFromPrivateThatDoesNotComeAlongIsToldInPrivate(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	group, private := w.Telegram.NewSupergroup("S"), w.Telegram.Private(w.Alice)
	_, number := w.Ticket(group, "leak")
	shown := w.Say(w.Alice, private, "/status "+number)
	big := w.Telegram.NewBigFile(telegramtest.Video, "my-flat.mp4", "video/mp4", 21<<20)
	said := w.Telegram.Say(w.Alice, private, "see the video", telegramtest.ReplyTo(shown), telegramtest.Attached(big))
	require.Equal(t, said.ID, w.Hears(private, "my-flat.mp4 did not come along").ReplyTo)
	w.Looked(4)
	for _, m := range group.BotMessages()[1:] {
		require.NotContains(t, m.Text, "my-flat.mp4")
	}
}
