package bot

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMoreTeamsThanAMessageHolds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		for n := range 400 {
			w.cfg.Teams = append(w.cfg.Teams, fmt.Sprintf("Team number %d", n))
		}
	})
	chat := w.telegram.NewSupergroup("S")
	require.Contains(t, w.say(w.alice, chat, "/ticket team:Nobody help").Text, "Nobody")
	require.Contains(t, w.say(w.alice, chat, "/help").Text, "Team number 7")
}
