package bot_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
)

func TestMoreTeamsThanAMessageHolds(t *testing.T) {
	t.Parallel()
	w := bottest.New(t, func(w *bottest.World) {
		for n := range 400 {
			w.Config.Teams = append(w.Config.Teams, fmt.Sprintf("Team number %d", n))
		}
	})
	chat := w.Telegram.NewSupergroup("S")
	require.Contains(t, w.Say(w.Alice, chat, "/ticket team:Nobody help").Text, "Nobody")
	require.Contains(t, w.Say(w.Alice, chat, "/help").Text, "Team number 7")
}
