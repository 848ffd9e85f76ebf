package bot_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/storage/storagetest"
)

// Connections to the database fall silent in the middle of work, and the kernels of both sides go on waiting. What is asked
// for then is created within 40 s of a moment from which on new connections work.
func TestATicketIsCreatedSoonAfterTheDatabaseFellSilent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		servers int
		fail    func([]*storagetest.Line)
	}{
		"and answers new connections": {1, func(lines []*storagetest.Line) { lines[0].Silence() }},
		"and another server is there": {2, func(lines []*storagetest.Line) { lines[0].Sever() }},
		"for a while altogether": {1, func(lines []*storagetest.Line) {
			lines[0].Sever()
			time.AfterFunc(10*time.Second, lines[0].Mend)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var lines []*storagetest.Line
			w := bottest.New(t, func(w *bottest.World) {
				for range c.servers {
					lines = append(lines, storagetest.NewLine(t, w.Database))
				}
				w.Database = over(t, lines)
			})
			chat := w.Telegram.NewSupergroup("S")
			w.Number(w.Say(w.Alice, chat, "/ticket before"))
			began := time.Now()
			c.fail(lines)
			m := w.Telegram.Say(w.Alice, chat, "/ticket after")
			w.Ready("database")
			w.Number(w.Answer(m))
			require.Less(t, time.Since(began), 40*time.Second)
			w.Ready("")
			require.Len(t, w.Desk.Tickets(), 2)
		})
	}
}

// over is the connection string of a database that is reached by any of several lines.
func over(t *testing.T, lines []*storagetest.Line) string {
	t.Helper()
	u, err := url.Parse(lines[0].URL())
	require.NoError(t, err)
	for _, other := range lines[1:] {
		u.Host += "," + other.Address()
	}
	return u.String()
}
