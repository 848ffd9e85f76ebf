package desk_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/livedesk/livedesktest"
)

func TestEveryOutcomeIsTold(t *testing.T) {
	t.Parallel()
	whole := bottest.New(t)
	for name, test := range map[string]struct {
		fault   livedesktest.Fault
		says    string
		buttons bool
		tickets int
	}{
		"created":                  {livedesktest.Status(201), "tk_", false, 1},
		"number unknown":           {livedesktest.NoTicketID(), "number unknown", false, 1},
		"confirmed without a body": {livedesktest.Status(204), "number unknown", false, 1},
		"refused":                  {livedesktest.Refuse(422, livedesktest.Envelope), "not accepted", false, 0},
		"refused with status 200":  {livedesktest.ErrorCode(3002, "title is too silly"), "title is too silly", false, 0},
		"answer lost":              {livedesktest.StoreThenLose(), "may have arrived", true, 1},
		"cut before":               {livedesktest.Cut(), "may have arrived", true, 0},
		"no answer in time":        {livedesktest.StoreThenHang(), "may have arrived", true, 1},
		"gateway page":             {livedesktest.Refuse(502, livedesktest.HTML), "may have arrived", true, 0},
		"unreadable":               {livedesktest.Truncated(), "may have arrived", true, 1},
		"page where JSON belongs":  {livedesktest.Refuse(200, livedesktest.HTML), "may have arrived", true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := whole.Part(t)
			if name == "no answer in time" {
				w = bottest.New(t, func(w *bottest.World) { w.Timeout = time.Second })
			}
			w.Desk.Trouble(livedesktest.Create, 1, test.fault)
			reply := w.Say(w.Alice, w.Telegram.NewSupergroup("S"), "/ticket My <title>")
			require.Contains(t, reply.Text, test.says)
			require.Contains(t, reply.Text, "My <title>")
			if test.buttons {
				require.Regexp(t, "^again:", reply.Buttons[0][0].Data)
				require.Regexp(t, "^leave:", reply.Buttons[0][1].Data)
			}
			require.Len(t, w.Opened(), test.tickets)
		})
	}
}

func TestWaitingTurnsIntoAnotherOutcomeInTheSameMessage(t *testing.T) {
	t.Parallel()
	whole := bottest.New(t)
	for name, fault := range map[string]livedesktest.Fault{
		"429":                 livedesktest.RateLimit(time.Second),
		"429 without a delay": livedesktest.RateLimit(0),
		"rate limit as 400":   livedesktest.RateLimitCode(),
		"503":                 livedesktest.Unavailable(0),
		"bad credentials":     livedesktest.Refuse(401, livedesktest.HTML),
		"forbidden":           livedesktest.Refuse(403, livedesktest.ErrorObject),
		"wrong address":       livedesktest.Refuse(404, livedesktest.PlainText),
		"wrong method":        livedesktest.Refuse(405, livedesktest.Empty),
	} {
		t.Run(name, func(t *testing.T) {
			w := whole.Part(t)
			chat := w.Telegram.NewSupergroup("S")
			end := w.Desk.Trouble(livedesktest.Create, livedesktest.Always, fault)
			asked := w.Desk.Seen(livedesktest.Create)
			waiting := w.Say(w.Alice, chat, "/ticket later")
			require.Contains(t, waiting.Text, "keep trying")
			require.Greater(t, w.Desk.Seen(livedesktest.Create), asked, "it waits for what LiveDesk said")
			end()
			created := w.Becomes(waiting, "tk_")
			require.Len(t, w.Opened(), 1)
			require.Len(t, chat.BotMessages(), 1)
			require.NotEmpty(t, created.Earlier)
		})
	}
}
