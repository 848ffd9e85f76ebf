package bot_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/outbox"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/bot/view"
	"livedeskbot/livedesk/livedesktest"
)

// rowsWith are the rows of all tables that hold one of some words, as text. Digits are words of their own.
func rowsWith(t *testing.T, w *bottest.World, words ...string) (found []string) {
	t.Helper()
	tables, err := w.DB().Query(t.Context(), `SELECT tablename FROM pg_tables WHERE schemaname = current_schema()`)
	require.NoError(t, err)
	defer tables.Close()
	for tables.Next() {
		var table string
		require.NoError(t, tables.Scan(&table))
		var rows []string
		// Bytes are shown as text, or what is in them could not be found.
		require.NoError(t, w.DB().QueryRow(t.Context(), `
			SELECT coalesce(array_agg(r), '{}') FROM (
				SELECT `+map[bool]string{true: `t::text || coalesce(encode(payload, 'escape'), '')`, false: `t::text`}[table == "updates"]+` AS r FROM `+table+` t) a
			WHERE r ~* $1`, `(^|[^0-9])(`+strings.Join(words, "|")+`)([^0-9]|$)`).Scan(&rows))
		for _, row := range rows {
			found = append(found, table+" "+row)
		}
	}
	require.NoError(t, tables.Err())
	return found
}

// settled lets the time pass after which a forgetting ends, and waits for that.
func settled(w *bottest.World) {
	w.SQL(`UPDATE forgettings SET asked_at = asked_at - interval '1 minute'`)
	w.Eventually(func() bool { return w.Count("forgettings") == 0 }, "it does not end")
}

func TestAForgottenPersonIsNowhereAndTheirTicketsGoOn(t *testing.T) {
	t.Parallel()
	var staff *telegramtest.Chat
	w := bottest.New(t, func(w *bottest.World) {
		staff = w.Telegram.NewSupergroup("Staff")
		w.Config.Feeds = []outbox.Feed{{Chat: staff.ID}}
		w.Config.FeedRate = 10_000
	})
	bob := w.Telegram.NewPerson("Bob")
	group, private := w.Telegram.NewSupergroup("Group"), w.Telegram.Private(w.Alice)
	group.Join(w.Alice)
	group.Join(bob)

	// Alice has tickets in all states, with files, additions and answers, follows others, has chosen a language and was asked a question.
	card, number := w.Ticket(group, "wonderjam !high room=wonderland\nin the wonderoffice")
	w.Reply(number, "wonderanswer of Li")
	w.Hears(group, "wonderanswer")
	w.Telegram.Say(w.Alice, group, "wonderaddition", telegramtest.ReplyTo(card), telegramtest.Attached(w.Text("wonderfile.txt")))
	w.Attachments(1)
	own, ownNumber := w.Ticket(private, "privately wonderstuck")
	w.Say(w.Alice, private, "wonder what to do with this")
	w.Say(w.Alice, private, "/ticket")
	w.Say(w.Alice, private, "/language fr")
	bobs := w.Say(bob, group, "/ticket bobs printer")
	bobsNumber := w.Number(bobs)
	w.Telegram.Say(w.Alice, group, "wonder at that", telegramtest.ReplyTo(bobs))
	w.Say(w.Alice, group, "/follow "+bobsNumber)
	w.Say(w.Alice, private, "/follow "+bobsNumber)
	w.Telegram.Say(w.Alice, group, "wondercaption", telegramtest.Attached(w.Text("wonderpart.txt")), telegramtest.InAlbum("77"))
	w.Desk.Trouble(livedesktest.Create, 1, livedesktest.ErrorCode(3002, "wonderrefusal"))
	w.Becomes(w.Say(w.Alice, group, "/ticket wonderrefused"), "not accepted")
	w.Desk.Trouble(livedesktest.Create, 1, livedesktest.StoreThenLose())
	w.Becomes(w.Say(w.Alice, group, "/ticket wonderlost"), "clear answer")
	resume := w.Desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Unavailable(0))
	w.Becomes(w.Say(w.Alice, group, "/ticket wonderwaiting"), "Not with the support team yet")
	w.Eventually(func() bool { return w.Count("additions WHERE done_at IS NULL OR feed = 'due'") == 0 })
	w.Eventually(func() bool { return w.Count("tickets WHERE feed_at IS NOT NULL AND ticket_id <> ''") == 0 })
	before := rowsWith(t, w, "bobs", "Bob")

	shown := w.Say(w.Alice, private, "/mydata")
	for _, part := range []string{"Alice Liddell", "français", "Group"} {
		require.Contains(t, shown.Text, part)
	}
	w.Press(w.Alice, shown, "🗑 M’oublier")
	w.Press(w.Alice, w.Becomes(shown, "Vraiment"), "🗑 Oui, m’oublier")
	w.Becomes(shown, "oublié")

	// What is not with LiveDesk yet is sent and decided.
	resume()
	w.Eventually(func() bool { return w.Count("tickets WHERE state = 'waiting'") == 0 })
	require.NotEmpty(t, rowsWith(t, w, "wonderlost"), "nobody has decided about it")
	w.Press(w.Telegram.NewPerson("Staff member"), staff.Message(w.Hears(staff, "wonderlost").ID), "Leave it")
	settled(w)
	w.Eventually(func() bool { return w.Count("tickets WHERE forgotten = 'due'") == 0 })
	require.Empty(t, rowsWith(t, w, "wonder[a-z]*", "Alice", "Liddell"))
	found := rowsWith(t, w, fmt.Sprint(w.Alice.ID))
	for _, row := range found {
		require.Regexp(t, `^(tickets|posts|updates) `, row, "only the number of her private chat is left, of the ticket that she opened there")
	}
	for _, row := range before {
		if !strings.HasPrefix(row, "updates") && !strings.HasPrefix(row, "tickets") { // whose times and views go on
			require.Contains(t, rowsWith(t, w, "bobs", "Bob"), row, "another person's")
		}
	}
	require.Equal(t, 1, w.Count("tickets WHERE sender_name = 'Bob' AND request->>'title' = 'bobs printer' AND forgotten = ''"))

	// Her tickets go on: in place and at their end, but without words.
	w.Reply(number, "wonderlater")
	require.NoError(t, w.Desk.SetStatus(number, "in_progress"))
	w.Becomes(card, "In progress")
	require.NotContains(t, group.Message(card.ID).Text, "wonderjam")
	require.NoError(t, w.Desk.SetStatus(number, "resolved"))
	w.Hears(group, "Resolved: ticket "+number)
	require.Zero(t, w.Said(group, "wonderlater"))
	require.Empty(t, rowsWith(t, w, "wonder[a-z]*", "Alice"))
	require.Contains(t, w.Say(bob, group, "/status "+number).Text, "wonderlater", "LiveDesk has it")
	require.Empty(t, rowsWith(t, w, "wonder[a-z]*", "Alice"))
	w.Telegram.Say(w.Alice, private, "new words", telegramtest.ReplyTo(own))
	w.TicketIs(ownNumber, func(ticket livedesktest.Ticket) bool { return strings.Contains(ticket.Description, "new words") })
	w.Eventually(func() bool { return len(rowsWith(t, w, "new words")) == 0 })

	// Afterwards she is somebody new.
	again, _ := w.Ticket(group, "another thing")
	require.Contains(t, again.Text, "another thing")
	require.Equal(t, 1, w.Count(fmt.Sprintf("tickets WHERE sender_id = %d AND forgotten = ''", w.Alice.ID)))
}

func TestTheButtonForgetsOnlyWhoItWasShownToAndOnlyOnce(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	private, group := w.Telegram.Private(w.Alice), w.Telegram.NewSupergroup("Group")
	bob := w.Telegram.NewPerson("Bob")
	require.Contains(t, w.Say(w.Alice, private, "/mydata").Text, "Nothing is stored")
	require.Contains(t, w.Say(w.Alice, group, "/mydata").Text, "https://t.me/")
	card, _ := w.Ticket(group, "jam")
	w.Say(bob, group, "/ticket of bob")
	old := w.Say(w.Alice, private, "/mydata")
	shown := w.Say(w.Alice, private, "/mydata")
	require.Contains(t, shown.Text, "Tickets: 1 open, 0 finished")
	kept := func() bool {
		return w.Count("tickets WHERE sender_id <> 0") == 2 && w.Count("forgettings WHERE asked_at IS NOT NULL") == 0
	}

	const late = "This button does not count any more"
	require.Contains(t, w.Forge(w.Alice, old, view.ForgetNow), late, "an older message")
	require.Contains(t, w.Forge(bob, shown, view.ForgetNow), late, "another person")
	require.Contains(t, w.Forge(w.Alice, card, view.ForgetNow), late, "another message")
	require.True(t, kept())
	w.Forge(w.Alice, shown, view.ForgetNow)
	w.Becomes(shown, "Really")
	require.True(t, kept(), "the first press asks, whatever its data are")
	w.Forge(w.Alice, shown, view.ForgetNow)
	w.Becomes(shown, "You are forgotten")
	require.Equal(t, 1, w.Count("tickets WHERE sender_id <> 0"))
	require.Contains(t, w.Say(w.Alice, private, "/mydata").Text, "just forgetting you")

	next := w.Say(w.Alice, group, "/ticket next")
	w.Number(next)
	w.Forge(w.Alice, shown, view.ForgetNow)
	settled(w)
	require.Contains(t, w.Forge(w.Alice, shown, view.ForgetNow), late)
	require.Equal(t, 2, w.Count("tickets WHERE sender_id <> 0"), "what came after is not forgotten by a third press")
}

func TestForgettingGoesOnAfterACrashAndAtAnotherReplica(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	group := w.Telegram.NewSupergroup("Group")
	w.Ticket(group, "wonderjam")
	w.Stop()
	// It was asked for, and nothing more was done.
	w.SQL(`INSERT INTO forgettings (bot_id, person_id, asked_at) VALUES ($1, $2, now())`, w.BotID(), w.Alice.ID)
	w.Start()
	w.Start()
	w.Eventually(func() bool { return len(rowsWith(t, w, "wonderjam")) == 0 })
	settled(w)
	require.Empty(t, rowsWith(t, w, "wonder[a-z]*", "Alice", fmt.Sprint(w.Alice.ID)))
}

func TestAMessageThatWasBeingHandledIsForgottenToo(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	group := w.Telegram.NewSupergroup("Group")
	w.Ticket(group, "jam")
	shown := w.Say(w.Alice, w.Telegram.Private(w.Alice), "/mydata")
	w.Press(w.Alice, shown, "🗑 Forget me")
	// An update that another process has in hand, which dies with it.
	raw := fmt.Sprintf(`{"update_id":1,"message":{"message_id":77,"date":1,"text":"/ticket wonderlate",
		"chat":{"id":%d,"type":"supergroup","title":"S"},"from":{"id":%d,"first_name":"Alice"}}}`, group.ID, w.Alice.ID)
	w.SQL(`INSERT INTO updates (bot_id, update_id, chat_id, payload, owner) VALUES ($1, 1, $2, $3, $4)`, w.BotID(), group.ID, []byte(raw), w.Process())
	w.Press(w.Alice, w.Becomes(shown, "Really"), "🗑 Yes, forget me")
	w.Hears(group, "wonderlate") // strays are taken up after a while
	settled(w)
	require.Empty(t, rowsWith(t, w, "wonderlate", "Alice"))
}

func TestFinishedTicketsEndByThemselves(t *testing.T) {
	t.Parallel()
	w := bottest.New(t, func(w *bottest.World) { w.Config.Retention = 30 * 24 * time.Hour })
	group := w.Telegram.NewSupergroup("Group")
	old, number := w.Ticket(group, "wonderold")
	_, kept := w.Ticket(group, "wonderkept")
	require.NoError(t, w.Desk.SetStatus(number, "closed"))
	w.Hears(group, "Closed: ticket "+number)
	w.Eventually(func() bool {
		return w.Count("tickets WHERE tell_at IS NULL AND owner IS NULL AND status = 'closed'") == 1
	})
	w.Stop()
	w.SQL(`UPDATE tickets SET changed_at = now() - interval '31 days'`)
	w.SQL(`UPDATE notices SET told_at = coalesce(told_at, now())`)
	w.Start()
	w.Eventually(func() bool { return w.Count("tickets") == 1 })
	require.Empty(t, rowsWith(t, w, "wonderold", number))
	require.Equal(t, 1.0, w.Value("livedeskbot_removed_rows_total", "table", "tickets"))
	w.Eventually(func() bool { return w.Value("livedeskbot_removed_last_timestamp_seconds") > 0 })
	require.Contains(t, w.Say(w.Alice, group, "/status "+number).Text, "wonderold", "LiveDesk says who may see it")
	require.Contains(t, w.Forge(w.Alice, old, "refresh:1:"), "does not belong")
	w.Telegram.Say(w.Alice, group, "late", telegramtest.ReplyTo(old))
	require.Contains(t, w.Say(w.Alice, group, "/status").Text, kept, "and nothing is in the way of the next message")
}

// What people are being asked about a ticket that is removed at that moment must neither fail for ever nor be lost.
func TestWhatIsAskedAboutATicketIsAnsweredWhenThatHasBeenRemoved(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	closed, quiet, group := w.Telegram.NewSupergroup("A"), w.Telegram.NewSupergroup("B"), w.Telegram.NewSupergroup("C")
	card, number := w.Ticket(closed, "old")
	require.NoError(t, w.Desk.SetStatus(number, "closed"))
	w.Hears(closed, "Closed: ticket "+number)
	offer := w.Say(w.Alice, closed, "late words", telegramtest.ReplyTo(card))
	again := w.Say(w.Alice, group, "/ticket the same", telegramtest.ReplyTo(w.Say(w.Telegram.NewPerson("Bob"), group, "/ticket theirs")))
	_, number = w.Ticket(quiet, "resolved")
	w.Press(w.Alice, resolved(t, w, quiet, number), "❌ Still broken")
	w.Hears(quiet, "What is still wrong")
	w.Eventually(func() bool {
		return w.Count("tickets WHERE owner IS NOT NULL OR teller IS NOT NULL OR tell_at IS NOT NULL") == 0
	})
	for _, table := range []string{"notices", "files", "additions", "followers", "posts", "tickets"} {
		w.SQL(`DELETE FROM ` + table)
	}

	w.Press(w.Alice, offer, "Open a ticket with this")
	require.Contains(t, w.Number(w.Hears(closed, "late words")), "tk_")
	require.Contains(t, w.Press(w.Alice, again, "🔔 Follow “theirs”"), "too long ago")
	require.Contains(t, w.Say(w.Alice, quiet, "it does not print").Text, "cannot be added")
	w.Ticket(group, "and nothing is in the way of the next message")
}
