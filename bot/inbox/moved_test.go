package inbox_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
)

// lockChats keeps everybody from storing anything about chats until release is called.
func lockChats(t *testing.T, w *bottest.World) (release func()) {
	t.Helper()
	tx, err := w.DB().Begin(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { _ = tx.Rollback(context.Background()) })
	_, err = tx.Exec(t.Context(), `LOCK TABLE chats IN SHARE ROW EXCLUSIVE MODE`)
	require.NoError(t, err)
	return func() { require.NoError(t, tx.Commit(t.Context())) }
}

func TestAMoveComesBeforeWhatWasWrittenAfterItInTheSameBatch(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	group, other := w.Telegram.NewGroup("G"), w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(group, "moving")
	bob := w.Telegram.NewPerson("Bob")
	w.Stop()
	release := lockChats(t, w) // the move takes its time
	super := group.Upgrade(w.Alice)
	var asked []*telegramtest.Message
	for range 3 {
		asked = append(asked, w.Telegram.Say(w.Alice, super, "/status"), w.Telegram.Say(bob, super, "/status "+number))
	}
	w.Start()
	w.Say(w.Alice, other, "/help") // chats do not wait for each other
	require.Never(t, func() bool { return len(super.BotMessages()) > 0 }, time.Second, 10*time.Millisecond)
	release()
	for _, m := range asked {
		require.Contains(t, w.Answer(m).Text, number)
	}
}

func TestAnySignalOfAMoveWillDoInAnyOrder(t *testing.T) {
	t.Parallel()
	for name, signals := range map[string]string{
		"from the group": "t", "from the supergroup": "f", "both": "tf", "the other way round": "ft",
		"by an error": "e", "by an error first": "etf", "by an error last": "fte", "each twice": "tffteet",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := bottest.New(t)
			group := w.Telegram.NewGroup("G")
			_, number := w.Ticket(group, "moving")
			super := group.UpgradeUntold()
			for _, signal := range signals {
				switch signal {
				case 't':
					group.TellMovedTo(super, w.Alice)
				case 'f':
					super.TellMovedFrom(group)
				case 'e':
					w.Reply(number, "news")
					w.Eventually(func() bool { return w.Count("tickets WHERE chat_id < -1000000000000") == 1 })
				}
			}
			require.Contains(t, w.Say(w.Alice, super, "/status").Text, number)
			w.Reply(number, "the last word")
			w.Hears(super, "the last word")
		})
	}
}
