package bot_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
)

func TestACommandByTheBotsNewNameIsTaken(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	w.Ticket(chat, "before")
	w.Telegram.RenameBot("HelpDeskBot")

	w.Number(w.Say(w.Alice, chat, "/ticket@helpdeskbot after"))

	help := w.Say(w.Alice, chat, "/help")
	w.Press(w.Alice, help, "⚙️ More")
	w.Press(w.Alice, help, "⚙️ More")
	w.Becomes(help, "/ticket@HelpDeskBot")
	w.Telegram.Say(w.Alice, chat, "/ticket@LiveDeskBot somebody else's name now")
	w.Quiet(w.Alice)
	w.Say(w.Alice, chat, "/help")
	require.Equal(t, 2, w.Desk.Count())
}

func TestTelegramIsAskedAboutOtherBotsOnlyNowAndThen(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	w.Ticket(chat, "before")
	asked, began := len(w.Telegram.CallsOf("getMe")), time.Now()
	for i := range 50 {
		w.Telegram.Say(w.Alice, chat, "/ticket@OtherBot x")
		w.Telegram.Say(w.Alice, chat, fmt.Sprintf("/ticket@Bot%d x", i))
	}
	w.Say(w.Alice, chat, "/help")
	// Of a hundred, one a second; that Telegram is there is asked now and then too.
	require.LessOrEqual(t, len(w.Telegram.CallsOf("getMe")), asked+10+2*int(time.Since(began).Seconds()))
	require.Equal(t, 1, w.Desk.Count())
}

func TestTheNewNameIsAskedForUntilTelegramSaysIt(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	w.Ticket(chat, "before")
	w.Telegram.RenameBot("HelpDeskBot")
	w.Telegram.ServerError(telegramtest.Match{Method: "getMe", Times: 2})
	w.Number(w.Say(w.Alice, chat, "/ticket@HelpDeskBot though Telegram had no answer at first"))
}
