package bot_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot"
	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

// resolved lets LiveDesk resolve a ticket and returns the message in a chat that says so.
func resolved(t *testing.T, w *bottest.World, chat *telegramtest.Chat, number string) *telegramtest.Message {
	t.Helper()
	require.NoError(t, w.Desk.SetStatus(number, "resolved"))
	return w.Hears(chat, "Did this solve it?")
}

func isTagged(x livedesktest.Ticket) bool { return slices.Contains(x.Tags, "reopen-requested") }

// labels are the buttons of a message as it now is.
func labels(m *telegramtest.Message) (all []string) {
	for _, row := range m.Chat.Message(m.ID).Buttons {
		for _, b := range row {
			all = append(all, b.Text)
		}
	}
	return all
}

func TestWhetherATicketIsSolved(t *testing.T) {
	t.Parallel()
	bottest.New(t).Parts(t,
		onlyWhoAskedAndFollowersSayWhetherATicketIsSolved, theLastRatingWins, aRatingThatLiveDeskRefusesIsTold,
		theNextWordsSayWhatIsStillWrongAlsoWhereTheyAreNoReply, anOldMessageThatATicketIsResolvedAnswersHonestly,
		theTagThatAsksForReopeningGoesAndOthersStay, wordsComeInWhereLiveDeskDoesNotTakeTheTag,
		anAnonymousAdministratorWhoAskedMaySayWhatIsStillWrong,
	)
}

func onlyWhoAskedAndFollowersSayWhetherATicketIsSolved(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	bob := w.Telegram.NewPerson("Bob")
	chat.Join(bob)
	_, number := w.Ticket(chat, "door")
	m := resolved(t, w, chat, number)
	for _, label := range []string{"✅ Yes, solved", "❌ Still broken"} {
		require.Contains(t, w.Press(bob, m, label), "Only the person who asked and followers")
	}
	require.Contains(t, w.Forge(bob, m, strings.Replace(buttonOf(m, 0), "fixed", "rate", 1)+"5"), "Only the person who asked")
	require.Len(t, labels(m), 2)

	w.Say(bob, chat, "/follow "+number)
	require.Contains(t, w.Press(bob, m, "✅ Yes, solved"), "stars")
	w.Press(bob, chat.Message(m.ID), "2 ⭐")
	w.TicketIs(number, func(x livedesktest.Ticket) bool { return x.CustomFields["telegram_rating"] == "2" })
	require.Zero(t, w.Said(chat, "still wrong"))
}

// buttonOf is the data of a button of a message, counted in its first row.
func buttonOf(m *telegramtest.Message, n int) string { return m.Chat.Message(m.ID).Buttons[0][n].Data }

func TestForgedPressesRateAndReopenNothing(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "mine")
	m := resolved(t, w, chat, number)
	elsewhere := w.Telegram.NewSupergroup("Elsewhere")
	other, _ := w.Ticket(elsewhere, "theirs")
	before := chat.Message(card.ID).Text
	for _, on := range []*telegramtest.Message{card, m, other} {
		for _, action := range []string{"fixed:", "broken:", "rate:"} {
			for _, rest := range []string{w.Row(other) + ":5", w.Row(other) + ":", "0:", "-1:1", "99999999999999999999:1", "", ":", "x:y"} {
				require.Contains(t, w.Forge(w.Alice, on, action+rest), "does not belong", action+rest)
			}
		}
	}
	for _, stars := range []string{"", "0", "6", "-1", "1.5", "x", "99999999999999999999", "5:5"} {
		w.Forge(w.Alice, m, "rate:"+w.Row(m)+":"+stars)
	}
	require.Contains(t, w.Forge(w.Alice, card, "rate:"+w.Row(m)+":5"), "does not belong", "the card asks for no rating")
	w.Looked(4)
	require.Zero(t, w.Desk.Seen(livedesktest.Update))
	require.Equal(t, 2, len(labels(m)))
	require.Equal(t, before, chat.Message(card.ID).Text)
	require.Zero(t, w.Count("questions"))
}

func theLastRatingWins(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	bob := w.Telegram.NewPerson("Bob")
	card, number := w.Ticket(chat, "door")
	w.Say(bob, chat, "/follow "+number)
	m := resolved(t, w, chat, number)
	w.Press(w.Alice, m, "✅ Yes, solved")
	row := w.Row(m)
	require.Contains(t, w.Forge(w.Alice, m, "rate:"+row+":4"), "Thank you")
	require.Contains(t, w.Forge(bob, m, "rate:"+row+":1"), "Thank you")
	require.Contains(t, w.Becomes(m, "Rated 1/5").Text, "★☆☆☆☆")
	require.Empty(t, labels(m))
	w.TicketIs(number, func(x livedesktest.Ticket) bool { return x.CustomFields["telegram_rating"] == "1" })
	w.Becomes(card, "★☆☆☆☆") // for those who have another copy of the message
	require.Contains(t, w.Say(w.Alice, chat, "/status "+number).Text, "Rating: ★☆☆☆☆")
}

func TestARatingThatIsHandledAgainAfterACrashChangesNothing(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "door")
	m := resolved(t, w, chat, number)
	row := w.Row(m)
	w.SQL(`CREATE TABLE kept AS SELECT * FROM updates WHERE false`)
	w.SQL(`CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO kept SELECT NEW.*; RETURN NEW; END'`)
	w.SQL(`CREATE TRIGGER keep AFTER INSERT ON updates FOR EACH ROW EXECUTE FUNCTION keep()`)
	w.Forge(w.Alice, m, "rate:"+row+":4")
	w.SQL(`DROP TRIGGER keep ON updates`)
	w.Forge(w.Alice, m, "rate:"+row+":2")
	w.Becomes(m, "Rated 2/5")
	w.Stop()
	require.EqualValues(t, 1, w.SQL(`UPDATE updates u SET done_at = NULL, payload = k.payload, owner = NULL FROM kept k WHERE u.update_id = k.update_id`))
	w.Start()
	w.Eventually(func() bool { return w.Count("updates WHERE done_at IS NULL") == 0 })
	w.TicketIs(number, func(x livedesktest.Ticket) bool { return x.CustomFields["telegram_rating"] == "2" })
	require.Contains(t, chat.Message(m.ID).Text, "Rated 2/5")
	require.Equal(t, 2, w.Count("additions"))
}

func aRatingThatLiveDeskRefusesIsTold(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "door")
	m := resolved(t, w, chat, number)
	w.Desk.Trouble(livedesktest.Update, livedesktest.Always, livedesktest.Refuse(http.StatusBadRequest, livedesktest.Envelope))
	w.Press(w.Alice, m, "✅ Yes, solved")
	w.Press(w.Alice, chat.Message(m.ID), "5 ⭐")
	require.Equal(t, m.ID, w.Hears(chat, "could not be saved").ReplyTo)
}

func TestWhoSaysStillBrokenIsAskedOnceAndAnswersOnce(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	forum := w.Telegram.NewForum("F")
	topic := forum.NewTopic("T")
	bob, eve := w.Telegram.NewPerson("Bob"), w.Telegram.NewPerson("Eve")
	_, number := w.Ticket(topic, "door")
	w.Say(bob, topic, "/follow "+number)
	m := resolved(t, w, forum, number)
	for range 2 {
		require.Contains(t, w.Press(w.Alice, m, "❌ Still broken"), "Reply to my question")
	}
	hers := w.Hears(forum, "still wrong")
	require.True(t, hers.ForceReply && hers.Selective)
	require.Equal(t, topic, hers.Topic)
	require.Contains(t, hers.Sent, "Alice")
	require.Equal(t, 1, w.Said(forum, "still wrong"))
	w.Press(bob, m, "❌ Still broken")
	require.Equal(t, 2, w.Said(forum, "still wrong"), "another person")

	w.Add(eve, topic, "me too", telegramtest.ReplyTo(hers))
	w.TicketIs(number, func(x livedesktest.Ticket) bool { return strings.Contains(x.Description, "me too") && !isTagged(x) })
	w.Add(w.Alice, topic, "it creaks", telegramtest.ReplyTo(hers))
	w.TicketIs(number, func(x livedesktest.Ticket) bool {
		return strings.Count(x.Description, "it creaks") == 1 && slices.Equal(x.Tags, []string{"reopen-requested"})
	})
	w.Add(w.Alice, topic, "and squeaks", telegramtest.ReplyTo(hers))
	w.TicketIs(number, func(x livedesktest.Ticket) bool { return strings.Count(x.Description, "squeaks") == 1 })
	require.Equal(t, 4, w.Count("additions"), "three of words, and one mark")
}

func theNextWordsSayWhatIsStillWrongAlsoWhereTheyAreNoReply(t *testing.T, w *bottest.World) {
	group := w.Telegram.NewSupergroup("S")
	group.SetBot(telegramtest.Administrator, w.Alice) // who sees all that is said
	for _, chat := range []*telegramtest.Chat{group, w.Telegram.Private(w.Alice)} {
		_, number := w.Ticket(chat, "door")
		w.Press(w.Alice, resolved(t, w, chat, number), "❌ Still broken")
		question := w.Hears(chat, "still wrong")
		w.Telegram.Say(w.Alice, chat, "thanks", telegramtest.ReplyTo(question))
		w.Add(w.Alice, chat, "it creaks")
		w.TicketIs(number, func(x livedesktest.Ticket) bool {
			return isTagged(x) && strings.Count(x.Description, "it creaks") == 1 && !strings.Contains(x.Description, "thanks")
		})
		w.Telegram.Say(w.Alice, chat, "good morning")
	}
	require.Len(t, w.Opened(), 2)
	w.Hears(w.Telegram.Private(w.Alice), "not with the support team yet") // the question is answered, so this is a matter of its own
	require.Zero(t, w.Said(group, "not with the support team"))
}

func anOldMessageThatATicketIsResolvedAnswersHonestly(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "door")
	m := resolved(t, w, chat, number)
	question := func() *telegramtest.Message {
		w.Press(w.Alice, m, "❌ Still broken")
		return w.Hears(chat, "still wrong")
	}()
	require.NoError(t, w.Desk.SetStatus(number, "closed"))
	w.Becomes(card, "Closed")
	require.Contains(t, w.Press(w.Alice, m, "❌ Still broken"), "closed")
	require.Contains(t, w.Say(w.Alice, chat, "too late", telegramtest.ReplyTo(question)).Text, "is closed, so this was not added")
	require.NoError(t, w.Desk.SetStatus(number, "open"))
	w.Becomes(card, "Open")
	for _, label := range []string{"✅ Yes, solved", "❌ Still broken"} {
		require.Contains(t, w.Press(w.Alice, m, label), "open again")
	}
	require.Contains(t, w.Forge(w.Alice, m, "rate:"+w.Row(m)+":5"), "open again")
	w.Add(w.Alice, chat, "in time", telegramtest.ReplyTo(question))
	w.TicketIs(number, func(x livedesktest.Ticket) bool { return strings.Contains(x.Description, "in time") && !isTagged(x) })
	require.Equal(t, 1, w.Said(chat, "still wrong"))
}

func theTagThatAsksForReopeningGoesAndOthersStay(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "door")
	require.NoError(t, w.Desk.Change(number, func(x *livedesktest.Ticket) { x.Tags = []string{"door", "vip"} }))
	for round := range 2 {
		m := resolved(t, w, chat, number)
		w.Eventually(func() bool {
			for _, x := range chat.BotMessages() {
				if x.ID > m.ID && strings.Contains(x.Text, "Did this solve it?") {
					m = x
				}
			}
			return w.Said(chat, "Did this solve it?") == round+1
		})
		w.Press(w.Alice, m, "❌ Still broken")
		w.Eventually(func() bool { return w.Said(chat, "still wrong") == round+1 })
		all := chat.BotMessages()
		i := slices.IndexFunc(all, func(x *telegramtest.Message) bool { return x.ID > m.ID && strings.Contains(x.Text, "still wrong") })
		w.Add(w.Alice, chat, "it creaks", telegramtest.ReplyTo(all[i]))
		w.TicketIs(number, func(x livedesktest.Ticket) bool {
			return slices.Equal(x.Tags, []string{"door", "vip", "reopen-requested"})
		})
		w.Becomes(card, "Reopening was asked for")
		require.NoError(t, w.Desk.SetStatus(number, "in_progress"))
		w.TicketIs(number, func(x livedesktest.Ticket) bool { return slices.Equal(x.Tags, []string{"door", "vip"}) })
		require.NotContains(t, w.Becomes(card, "In progress").Text, "Reopening")
	}
	require.NoError(t, w.Desk.Change(number, func(x *livedesktest.Ticket) { x.Tags = []string{"reopen-requested"} }))
	w.TicketIs(number, isTagged) // an agent has set it
}

func wordsComeInWhereLiveDeskDoesNotTakeTheTag(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "door")
	m := resolved(t, w, chat, number)
	w.Press(w.Alice, m, "❌ Still broken")
	w.Desk.Trouble(livedesktest.Update, livedesktest.Always, livedesktest.Refuse(http.StatusBadRequest, livedesktest.Envelope).About("reopen-requested"))
	answer := w.Telegram.Say(w.Alice, chat, "it creaks", telegramtest.ReplyTo(w.Hears(chat, "still wrong")))
	require.Equal(t, answer.ID, w.Hears(chat, "did not take the request to reopen").ReplyTo)
	w.TicketIs(number, func(x livedesktest.Ticket) bool { return strings.Contains(x.Description, "it creaks") })
}

func TestWhoFollowsInPrivateSaysThereWhetherItIsSolved(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	bob := w.Telegram.NewPerson("Bob")
	chat.Join(bob)
	card, number := w.Ticket(chat, "door")
	private := w.Telegram.Private(bob)
	w.Say(bob, chat, "/follow "+number)
	w.Say(bob, private, "/follow "+number)
	resolved(t, w, chat, number)
	m := w.Hears(private, "Did this solve it?")
	w.Press(bob, m, "❌ Still broken")
	question := w.Hears(private, "still wrong")
	require.True(t, question.ForceReply)
	w.Add(bob, private, "it creaks", telegramtest.ReplyTo(question))
	w.TicketIs(number, func(x livedesktest.Ticket) bool { return strings.Contains(x.Description, "it creaks") && isTagged(x) })

	w.Desk.Trouble(livedesktest.Update, livedesktest.Always, livedesktest.Refuse(http.StatusBadRequest, livedesktest.Envelope))
	resume := w.HoldLooks(card) // what is refused before it was shown is not shown any more
	w.Press(bob, m, "✅ Yes, solved")
	w.Press(bob, private.Message(m.ID), "3 ⭐")
	w.Becomes(m, "Rated 3/5")
	resume()
	w.Hears(private, "could not be saved")
	require.Zero(t, w.Said(chat, "could not be saved"))
	require.Zero(t, w.Said(chat, "Rated"))

	chat.Leave(bob)
	for _, data := range []string{"fixed", "broken", "rate"} {
		require.Contains(t, w.Forge(bob, m, data+":"+w.Row(w.Hears(chat, "Did this solve it?"))+":1"), "does not belong", "he is no member any more")
	}
}

func anAnonymousAdministratorWhoAskedMaySayWhatIsStillWrong(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	chat.SetMember(w.Alice, telegramtest.Administrator)
	chat.SetAnonymous(w.Alice, true)
	number := w.Number(w.Say(w.Alice, chat, "/ticket door", telegramtest.Anonymously()))
	bob := w.Telegram.NewPerson("Bob")
	chat.Join(bob)
	m := resolved(t, w, chat, number)
	require.Contains(t, w.Press(bob, m, "❌ Still broken"), "Only the person")
	w.Press(w.Alice, m, "❌ Still broken")
	w.Add(w.Alice, chat, "it creaks", telegramtest.ReplyTo(w.Hears(chat, "still wrong")), telegramtest.Anonymously())
	w.TicketIs(number, func(x livedesktest.Ticket) bool { return strings.Contains(x.Description, "it creaks") && isTagged(x) })
}

func TestAFeedTellsThatATicketIsStillBroken(t *testing.T) {
	t.Parallel()
	w, feed := newFed(t)
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "door")
	shown := w.Hears(feed, number)
	m := resolved(t, w, chat, number)
	w.Press(w.Alice, m, "❌ Still broken")
	w.Add(w.Alice, chat, "it creaks", telegramtest.ReplyTo(w.Hears(chat, "still wrong")))
	told := w.Hears(feed, "Still broken: Alice")
	require.Contains(t, told.Text, "it creaks")
	require.Equal(t, shown.ID, told.ReplyTo)
	w.Becomes(shown, "Reopening was asked for")
}

func TestADisconnectedChatSaysNothingOfWhatIsSolved(t *testing.T) {
	t.Parallel()
	w := bottest.New(t, func(w *bottest.World) { w.Config.NewChats = bot.Any })
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "door")
	m := resolved(t, w, chat, number)
	w.Press(w.Alice, m, "❌ Still broken")
	question := w.Hears(chat, "still wrong")
	w.SQL(`UPDATE connections SET state = 'disconnected'`)
	w.Stop()
	w.Start()
	require.Contains(t, w.Press(w.Alice, m, "✅ Yes, solved"), "not connected")
	w.Telegram.Say(w.Alice, chat, "it creaks", telegramtest.ReplyTo(question))
	w.Quiet(w.Alice)
	ticket, _ := w.Desk.Ticket(number)
	require.NotContains(t, ticket.Description, "it creaks")
	require.Zero(t, w.Count("additions"))
}

func TestAnAlbumThatSaysWhatIsStillWrongGoesWhole(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	group := w.Telegram.NewSupergroup("S")
	group.SetBot(telegramtest.Administrator, w.Alice) // who sees all that is said
	for _, chat := range []*telegramtest.Chat{group, w.Telegram.Private(w.Alice)} {
		_, number := w.Ticket(chat, "door")
		w.Press(w.Alice, resolved(t, w, chat, number), "❌ Still broken")
		w.Hears(chat, "still wrong")
		parts := w.Telegram.Album(w.Alice, chat, "it looks so", w.Texts(3))
		w.TicketIs(number, func(x livedesktest.Ticket) bool {
			return isTagged(x) && len(x.Attachments) == 3 && strings.Count(x.Description, "it looks so") == 1
		})
		for _, part := range parts {
			require.Empty(t, replies(chat, part))
		}
	}
}
