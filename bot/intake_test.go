package bot

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

// maxTakeovers is how many processes may die with an update before it is suspected, as bot/inbox has it.
const maxTakeovers = 3

// leave puts a command into the journal as processes leave it that died with it in hand.
func (w *world) leave(update int64, chat *telegramtest.Chat, who *telegramtest.Person, text string, takeovers, suspected int) {
	w.t.Helper()
	payload := fmt.Sprintf(`{"update_id":%d,"message":{"message_id":%[1]d,"date":1,"text":%q,
		"chat":{"id":%d,"type":"supergroup","title":"S"},"from":{"id":%d,"first_name":"Alice"}}}`, update, text, chat.ID, who.ID)
	w.sql(`INSERT INTO updates (bot_id, update_id, chat_id, payload, takeovers, suspected) VALUES ($1, $2, $3, $4, $5, $6)`,
		w.bot.Load().telegram.BotID, update, chat.ID, []byte(payload), takeovers, suspected)
}

func TestAnUpdateThatProcessesDiedWithIsTriedAndThenKeptAside(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	w.say(w.alice, chat, "/help")
	w.stop()
	w.leave(900, chat, w.alice, "/ticket deadly", 2*maxTakeovers, maxTakeovers+1)
	w.leave(901, chat, w.alice, "/ticket only waiting there", maxTakeovers, 0)
	w.leave(902, chat, w.telegram.NewPerson("Bob"), "/ticket suspected", maxTakeovers+1, maxTakeovers)
	w.start()
	w.hears(chat, "only waiting there")
	w.hears(chat, "suspected")
	w.say(w.alice, chat, "/help") // her lane is strict, so what came before is decided
	require.Len(t, w.desk.Tickets(), 2)
	require.Equal(t, 1, w.count("updates WHERE update_id = 900 AND payload IS NOT NULL AND done_at IS NOT NULL AND fault = 'processes died with it'"))
	require.Equal(t, 1, w.count(fmt.Sprintf("updates WHERE update_id = 902 AND done_at IS NOT NULL AND suspected = %d", maxTakeovers+1)))
	require.Equal(t, 1, w.count("updates WHERE update_id = 901 AND done_at IS NOT NULL AND suspected = 0"))
	require.Equal(t, 1.0, w.value("livedeskbot_updates_given_up_total"))
	require.NotContains(t, w.logs.String(), "deadly")
}

func TestSuspectedUpdatesAreHandledOneAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.cfg.TrackEvery = time.Hour })
	chat := w.telegram.NewSupergroup("S")
	_, number := w.ticket(chat, "asked about")
	w.stop()
	release := make(chan struct{})
	w.desk.Trouble(livedesktest.Get, livedesktest.Always, livedesktest.Hold(release))
	before := w.desk.Seen(livedesktest.Get)
	for i := range int64(3) {
		w.leave(910+i, chat, w.telegram.NewPerson("Bob"), "/status "+number, maxTakeovers+1, 0)
	}
	w.leave(920, chat, w.alice, "/ticket beside them", 0, 0)
	w.start()
	require.NoError(t, w.desk.Await(w.context(), func() bool { return w.desk.Seen(livedesktest.Get) > before }))
	w.hears(chat, "beside them")
	require.Equal(t, 1, w.count("updates WHERE suspected = 1"), "the others wait until it is known whether the first one kills")
	require.Equal(t, before+1, w.desk.Seen(livedesktest.Get))
	close(release)
	require.Eventually(t, func() bool { return w.count("updates WHERE suspected = 1 AND done_at IS NOT NULL") == 3 },
		30*time.Second, 10*time.Millisecond)
}

func TestUpdatesOfAProcessThatDiedBeforeTheyWereDoneChangeNothingTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	// What an update held is forgotten once it is done. Here it is kept, to be handled again.
	w.sql(`CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN NEW.payload := coalesce(NEW.payload, OLD.payload); RETURN NEW; END $$`)
	w.sql(`CREATE TRIGGER keep BEFORE UPDATE ON updates FOR EACH ROW EXECUTE FUNCTION keep()`)

	w.say(w.alice, chat, "/help")
	command := w.telegram.Say(w.alice, chat, "/ticket Door\nas first described")
	card := w.hears(chat, "Door")
	number := w.number(card)
	w.desk.Trouble(livedesktest.Create, 1, livedesktest.StoreThenLose())
	unconfirmed := w.say(w.alice, chat, "/ticket lost")
	_, err := w.telegram.Press(w.alice, unconfirmed, unconfirmed.Buttons[0][0].Text)
	require.NoError(t, err)
	w.hears(chat, "lost")
	w.telegram.Say(w.alice, chat, "more words", telegramtest.ReplyTo(card))
	w.hears(chat, "Added")
	w.telegram.Edit(command, "/ticket Door\nas described later")
	w.forge(w.alice, card, "set:"+w.row(card)+":priority=low")
	w.say(w.alice, chat, "/unfollow "+number)
	w.say(w.alice, chat, "Window", telegramtest.ReplyTo(w.say(w.alice, chat, "/ticket !high")))
	w.telegram.Album(w.alice, chat, "/ticket Photos", w.texts(2))
	w.hears(chat, "Photos")
	w.desk.Trouble(livedesktest.Create, 1, livedesktest.StoreThenLose())
	left := w.say(w.alice, chat, "/ticket left")
	w.forge(w.alice, left, "leave:"+w.row(left)+":1")
	settled := func() bool {
		return w.count("additions WHERE done_at IS NULL")+w.count("updates WHERE done_at IS NULL")+
			w.count("notices WHERE told_at IS NULL")+w.count("tickets WHERE told < version")+w.count("files WHERE NOT entered") == 0
	}
	require.Eventually(t, settled, 30*time.Second, 50*time.Millisecond)
	require.Equal(t, 2, w.count("files"))
	before, said := w.desk.Tickets(), len(chat.BotMessages())
	changes := w.desk.Seen(livedesktest.Update)

	handled := w.sql(`UPDATE updates SET done_at = NULL`)
	require.Greater(t, handled, int64(12))
	w.stop()
	w.start()
	require.Eventually(t, settled, 30*time.Second, 50*time.Millisecond)
	w.say(w.alice, chat, "/status "+number)
	require.Equal(t, before, w.desk.Tickets())
	require.Equal(t, changes, w.desk.Seen(livedesktest.Update))
	require.Len(t, chat.BotMessages(), said+4, "/help, /unfollow and /ticket without text are answered again; then the status")
}
