package inbox_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/inbox"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

// leave puts a command into the journal as processes leave it that died with it in hand.
func leave(w *bottest.World, update int64, chat *telegramtest.Chat, who *telegramtest.Person, text string, takeovers, suspected int) {
	payload := fmt.Sprintf(`{"update_id":%d,"message":{"message_id":%[1]d,"date":1,"text":%q,
		"chat":{"id":%d,"type":"supergroup","title":"S"},"from":{"id":%d,"first_name":"Alice"}}}`, update, text, chat.ID, who.ID)
	w.SQL(`INSERT INTO updates (bot_id, update_id, chat_id, payload, takeovers, suspected) VALUES ($1, $2, $3, $4, $5, $6)`,
		w.BotID(), update, chat.ID, []byte(payload), takeovers, suspected)
}

func TestAnUpdateThatProcessesDiedWithIsTriedAndThenKeptAside(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	w.Say(w.Alice, chat, "/help")
	w.Stop()
	leave(w, 900, chat, w.Alice, "/ticket deadly", 2*inbox.MaxTakeovers, inbox.MaxTakeovers+1)
	leave(w, 901, chat, w.Alice, "/ticket only waiting there", inbox.MaxTakeovers, 0)
	leave(w, 902, chat, w.Telegram.NewPerson("Bob"), "/ticket suspected", inbox.MaxTakeovers+1, inbox.MaxTakeovers)
	w.Start()
	w.Hears(chat, "only waiting there")
	w.Hears(chat, "suspected")
	w.Say(w.Alice, chat, "/help") // her lane is strict, so what came before is decided
	require.Len(t, w.Desk.Tickets(), 2)
	require.Equal(t, 1, w.Count("updates WHERE update_id = 900 AND payload IS NOT NULL AND done_at IS NOT NULL AND fault = 'processes died with it'"))
	require.Equal(t, 1, w.Count(fmt.Sprintf("updates WHERE update_id = 902 AND done_at IS NOT NULL AND suspected = %d", inbox.MaxTakeovers+1)))
	require.Equal(t, 1, w.Count("updates WHERE update_id = 901 AND done_at IS NOT NULL AND suspected = 0"))
	require.Equal(t, 1.0, w.Value("livedeskbot_updates_given_up_total"))
	require.NotContains(t, w.Logs.String(), "deadly")
}

func TestSuspectedUpdatesAreHandledOneAtATime(t *testing.T) {
	t.Parallel()
	w := bottest.New(t, func(w *bottest.World) { w.Config.TrackEvery = time.Hour })
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "asked about")
	w.Stop()
	release := make(chan struct{})
	w.Desk.Trouble(livedesktest.Get, livedesktest.Always, livedesktest.Hold(release))
	before := w.Desk.Seen(livedesktest.Get)
	for i := range int64(3) {
		leave(w, 910+i, chat, w.Telegram.NewPerson("Bob"), "/status "+number, inbox.MaxTakeovers+1, 0)
	}
	leave(w, 920, chat, w.Alice, "/ticket beside them", 0, 0)
	w.Start()
	require.NoError(t, w.Desk.Await(w.Context(), func() bool { return w.Desk.Seen(livedesktest.Get) > before }))
	w.Hears(chat, "beside them")
	require.Equal(t, 1, w.Count("updates WHERE suspected = 1"), "the others wait until it is known whether the first one kills")
	require.Equal(t, before+1, w.Desk.Seen(livedesktest.Get))
	close(release)
	w.Eventually(func() bool { return w.Count("updates WHERE suspected = 1 AND done_at IS NOT NULL") == 3 })
}

func TestUpdatesOfAProcessThatDiedBeforeTheyWereDoneChangeNothingTwice(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	// What an update held is forgotten once it is done. Here it is kept, to be handled again.
	w.SQL(`CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN NEW.payload := coalesce(NEW.payload, OLD.payload); RETURN NEW; END $$`)
	w.SQL(`CREATE TRIGGER keep BEFORE UPDATE ON updates FOR EACH ROW EXECUTE FUNCTION keep()`)

	w.Say(w.Alice, chat, "/help")
	command := w.Telegram.Say(w.Alice, chat, "/ticket Door\nas first described")
	card := w.Hears(chat, "Door")
	number := w.Number(card)
	w.Desk.Trouble(livedesktest.Create, 1, livedesktest.StoreThenLose())
	unconfirmed := w.Say(w.Alice, chat, "/ticket lost")
	w.Press(w.Alice, unconfirmed, "🔁 Send again")
	w.Hears(chat, "lost")
	w.Add(w.Alice, chat, "more words", telegramtest.ReplyTo(card))
	w.Telegram.Edit(command, "/ticket Door\nas described later")
	w.Forge(w.Alice, card, "set:"+w.Row(card)+":priority=low")
	w.Say(w.Alice, chat, "/unfollow "+number)
	w.Say(w.Alice, chat, "Window", telegramtest.ReplyTo(w.Say(w.Alice, chat, "/ticket !high")))
	w.Telegram.Album(w.Alice, chat, "/ticket Photos", w.Texts(2))
	w.Hears(chat, "Photos")
	w.Desk.Trouble(livedesktest.Create, 1, livedesktest.StoreThenLose())
	left := w.Say(w.Alice, chat, "/ticket left")
	w.Forge(w.Alice, left, "leave:"+w.Row(left)+":1")
	settled := func() bool {
		return w.Count("additions WHERE done_at IS NULL")+w.Count("updates WHERE done_at IS NULL")+
			w.Count("notices WHERE told_at IS NULL")+w.Count("tickets WHERE told < version")+w.Count("files WHERE NOT entered") == 0
	}
	w.Eventually(settled)
	require.Equal(t, 2, w.Count("files"))
	before, said := w.Desk.Tickets(), len(chat.BotMessages())
	changes := w.Desk.Seen(livedesktest.Update)

	handled := w.SQL(`UPDATE updates SET done_at = NULL`)
	require.Greater(t, handled, int64(12))
	w.Stop()
	w.Start()
	w.Eventually(settled)
	w.Say(w.Alice, chat, "/status "+number)
	require.Equal(t, before, w.Desk.Tickets())
	require.Equal(t, changes, w.Desk.Seen(livedesktest.Update))
	require.Len(t, chat.BotMessages(), said+3, "/help and /unfollow are answered again; then the status")
}
