package bot

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

func TestEveryOutcomeIsTold(t *testing.T) {
	t.Parallel()
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
			t.Parallel()
			w := newWorld(t, func(w *world) {
				if name == "no answer in time" {
					w.timeout = time.Second
				}
			})
			w.desk.Trouble(livedesktest.Create, 1, test.fault)
			reply := w.say(w.alice, w.telegram.NewSupergroup("S"), "/ticket My <title>")
			require.Contains(t, reply.Text, test.says)
			require.Contains(t, reply.Text, "My <title>")
			if test.buttons {
				require.Regexp(t, "^again:", reply.Buttons[0][0].Data)
				require.Regexp(t, "^leave:", reply.Buttons[0][1].Data)
			}
			require.Len(t, w.desk.Tickets(), test.tickets)
		})
	}
}

func TestWaitingTurnsIntoAnotherOutcomeInTheSameMessage(t *testing.T) {
	t.Parallel()
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
			t.Parallel()
			w := newWorld(t)
			chat := w.telegram.NewSupergroup("S")
			end := w.desk.Trouble(livedesktest.Create, livedesktest.Always, fault)
			waiting := w.say(w.alice, chat, "/ticket later")
			require.Contains(t, waiting.Text, "keep trying")
			end()
			created := w.becomes(waiting, "tk_")
			require.Len(t, w.desk.Tickets(), 1)
			require.Len(t, chat.BotMessages(), 1)
			require.NotEmpty(t, created.Earlier)
		})
	}
}

func TestUnconfirmedIsDecidedByItsButtons(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	bob, admin := w.telegram.NewPerson("Bob"), w.telegram.NewPerson("Admin")
	chat.Join(bob)
	chat.SetMember(admin, telegramtest.Administrator)
	press := func(who *telegramtest.Person, m *telegramtest.Message, data string) string {
		p := w.telegram.Forge(who, m, data)
		answer, err := p.Wait(w.context())
		require.NoError(t, err)
		return answer.Text
	}
	w.desk.Trouble(livedesktest.Create, 2, livedesktest.StoreThenLose())
	unconfirmed := w.say(w.alice, chat, "/ticket lost")
	again := unconfirmed.Buttons[0][0].Data

	require.Contains(t, press(bob, unconfirmed, again), "Only the person")
	elsewhere := w.say(bob, w.telegram.NewSupergroup("Elsewhere"), "/help")
	require.Contains(t, press(bob, elsewhere, again), "does not belong")
	require.Contains(t, press(w.alice, elsewhere, again), "does not belong")
	require.Len(t, w.desk.Tickets(), 1)

	require.Contains(t, press(w.alice, unconfirmed, again), "Sending")
	second := w.becomes(unconfirmed, "may have arrived")
	require.Eventually(t, func() bool { return len(w.desk.Tickets()) == 2 }, 30*time.Second, 10*time.Millisecond)
	require.Contains(t, press(w.alice, unconfirmed, again), "already decided")
	require.Eventually(t, func() bool {
		second = chat.Message(unconfirmed.ID)
		return second.Buttons[0][0].Data != again
	}, 30*time.Second, 10*time.Millisecond)
	require.Contains(t, press(admin, second, second.Buttons[0][0].Data), "Sending")
	w.becomes(unconfirmed, "tk_")
	require.Contains(t, press(admin, second, second.Buttons[0][1].Data), "already decided")
	tickets := w.desk.Tickets()
	require.Len(t, tickets, 3)
	require.Len(t, w.desk.Creates(), 1, "all attempts carry the same reference")
}

func TestLeavingAnUnconfirmedTicketEndsIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.desk.Trouble(livedesktest.Create, 1, livedesktest.Cut())
	unconfirmed := w.say(w.alice, w.telegram.NewSupergroup("S"), "/ticket lost")
	_, err := w.telegram.Press(w.alice, unconfirmed, unconfirmed.Buttons[0][1].Text)
	require.NoError(t, err)
	left := w.becomes(unconfirmed, "Left as it is")
	require.Empty(t, left.Buttons)
	require.Empty(t, w.desk.Tickets())
}

func TestAnOutcomeFindsItsPersonWhereTheTopicOrChatIsLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	forum := w.telegram.NewForum("F")
	topic := forum.NewTopic("T")
	w.say(w.alice, w.telegram.Private(w.alice), "/start")
	end := w.desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Unavailable(0))
	first := w.say(w.alice, topic, "/ticket closed topic")
	w.telegram.Remove(first)
	topic.Close()
	end()
	inGeneral := w.hears(forum, "tk_")
	require.Nil(t, inGeneral.Topic)
	require.Contains(t, inGeneral.Text, "Alice")

	end = w.desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Unavailable(0))
	w.say(w.alice, forum, "/ticket kicked")
	forum.SetBot(telegramtest.Kicked, w.alice)
	end()
	private := w.hears(w.telegram.Private(w.alice), "tk_")
	require.Contains(t, private.Text, "kicked")
}
