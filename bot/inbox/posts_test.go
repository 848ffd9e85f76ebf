package inbox_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
)

func TestTicketsArriveThroughTheWebhook(t *testing.T) {
	t.Parallel()
	w := bottest.NewHooked(t)
	reply := w.Say(w.Alice, w.Telegram.NewForum("F").NewTopic("T"), "/ticket by post")
	require.Contains(t, reply.Text, "by post")
	w.Number(reply)
	posts := w.Telegram.Posts()
	require.NotEmpty(t, posts)
	for _, p := range posts[len(posts)-1:] {
		require.Equal(t, http.StatusOK, p.Status)
	}
	set := w.Telegram.CallsOf("setWebhook")
	require.Len(t, set, 1)
	require.Equal(t, bottest.HookSecret, set[0].Params["secret_token"])
	require.NotContains(t, set[0].Params, "drop_pending_updates")
	require.JSONEq(t, `["message","edited_message","callback_query","my_chat_member"]`, set[0].Params["allowed_updates"])
	require.Empty(t, w.Telegram.CallsOf("getUpdates"))
	require.NotContains(t, w.Logs.String(), bottest.HookSecret)
}

func TestUpdatesPostedTwiceAndThreeTimesMakeOneTicket(t *testing.T) {
	t.Parallel()
	w := bottest.NewHooked(t)
	chat := w.Telegram.NewSupergroup("S")
	for times, title := range map[int]string{1: "twice", 2: "three times"} {
		w.Telegram.Duplicate(times)
		w.Say(w.Alice, chat, "/ticket "+title)
	}
	w.Telegram.Duplicate(0)
	w.Say(w.Alice, chat, "/help") // the lane is strict: what came before has been posted
	require.Len(t, w.Desk.Tickets(), 2)
	require.Len(t, chat.BotMessages(), 3)
}

func TestAPostIsNotConfirmedWhileTheJournalIsLocked(t *testing.T) {
	t.Parallel()
	w := bottest.NewHooked(t)
	w.Serving()
	release := w.LockJournal()
	chat := w.Telegram.NewSupergroup("S")
	asked := w.Telegram.Say(w.Alice, chat, "/ticket into a locked journal")
	res := w.Post(`{"update_id":900000000,"my_chat_member":{"chat":{"id":1},"new_chat_member":{"status":"member"}}}`)
	require.Equal(t, http.StatusServiceUnavailable, res.StatusCode)
	require.NotEmpty(t, res.Header.Get("Retry-After"))
	require.True(t, w.Telegram.Unconfirmed(asked.Update))
	release()
	w.Hears(chat, "tk_")
	w.Eventually(func() bool { return strings.Contains(w.Logs.String(), "updates can be stored again") })
	require.Len(t, w.Desk.Tickets(), 1)
}

func TestAPostInHandAtTheStopIsStored(t *testing.T) {
	t.Parallel()
	w := bottest.NewHooked(t)
	w.Serving()
	release := w.LockJournal()
	chat := w.Telegram.NewSupergroup("S")
	w.Telegram.Say(w.Alice, chat, "/ticket at the last moment")
	w.Eventually(func() bool { return waitingForLock(t.Context(), w) })
	stopped := make(chan struct{})
	go func() { defer close(stopped); w.Stop() }()
	w.Ready("stopping")
	require.Equal(t, http.StatusServiceUnavailable, w.Post(`{"update_id":5}`).StatusCode, "no new ones")
	release()
	<-stopped
	w.Eventually(func() bool { return len(w.Telegram.Posts()) > 0 })
	require.Equal(t, http.StatusOK, w.Telegram.Posts()[0].Status)
	w.Start()
	w.Hears(chat, "tk_")
	require.Len(t, w.Desk.Tickets(), 1)
}

func TestAPlainTicketIsJournalledAndOpenedInOneCommit(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	forum := w.Telegram.NewForum("F")
	topic := forum.NewTopic("T")
	w.Eventually(func() bool { return strings.Contains(w.Logs.String(), "serving") })
	first := w.Telegram.Say(w.Alice, topic, "/ticket printer jam !high")
	second := w.Telegram.Say(w.Alice, topic, "/ticket door")
	w.Hears(forum, "printer jam")
	w.Hears(forum, "door")
	for _, m := range []*telegramtest.Message{first, second} {
		w.Eventually(func() bool {
			return w.Count(fmt.Sprintf("updates WHERE update_id = %d AND done_at IS NOT NULL", m.Update)) == 1
		})
	}
	together := fmt.Sprintf("updates u JOIN tickets t ON u.received_at = t.created_at AND u.done_at = t.created_at WHERE update_id = %d", first.Update)
	require.Equal(t, 1, w.Count(together))
	tickets := w.Desk.Tickets()
	require.Len(t, tickets, 2)
	require.Equal(t, "high", string(tickets[0].Priority), "and in their order")

	late, err := w.Telegram.Push(fmt.Sprintf(`{"message":{"message_id":1000,"date":%d,"text":"/ticket window",
		"chat":{"id":%d,"type":"supergroup","title":"F"},"from":{"id":%d,"first_name":"Alice"}}}`,
		time.Now().Add(-time.Minute).Unix(), forum.ID, w.Alice.ID))
	require.NoError(t, err)
	w.Eventually(func() bool { return len(w.Desk.Tickets()) == 3 })
	journalled := fmt.Sprintf("updates u, tickets t WHERE update_id = %d AND t.telegram_ref LIKE '%%/1000' AND u.received_at < t.created_at", late)
	require.Equal(t, 1, w.Count(journalled), "what comes late may have ended a process before")
}

// waitingForLock reports whether anybody waits for a lock in the world's database.
func waitingForLock(ctx context.Context, w *bottest.World) (waiting bool) {
	err := w.DB().QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_stat_activity
		WHERE datname = current_database() AND wait_event_type = 'Lock' AND query ~ 'INSERT INTO (updates|tickets)')`).Scan(&waiting)
	return err == nil && waiting
}

func TestSwitchingBetweenWebhookAndPollingLosesNothing(t *testing.T) {
	t.Parallel()
	w := bottest.NewHooked(t)
	chat := w.Telegram.NewSupergroup("S")
	hook := w.Config.WebhookURL
	var all []*telegramtest.Message
	say := func(title string) {
		all = append(all, w.Telegram.Say(w.Telegram.NewPerson(title), chat, "/ticket "+title))
	}
	for i, address := range []string{"", hook, "", hook} {
		say("just before " + string(rune('a'+i)))
		w.Stop()
		say("while stopped " + string(rune('a'+i)))
		w.Config.WebhookURL = address
		w.Start()
		say("just after " + string(rune('a'+i)))
	}
	for _, m := range all {
		_, err := w.Telegram.WaitReply(w.Context(), m)
		require.NoError(t, err, m.Text)
	}
	require.Len(t, w.Desk.Tickets(), len(all))
}

func TestAWebhookThatSomebodyElseRemovedOrChangedIsSetAgain(t *testing.T) {
	t.Parallel()
	w := bottest.NewHooked(t)
	w.Serving()
	res, err := http.PostForm(w.Config.APIURL+"/bot"+w.Config.Token+"/setWebhook", url.Values{"url": {"http://127.0.0.1:1/other"}})
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Eventually(t, func() bool { return len(w.Telegram.CallsOf("setWebhook")) == 3 }, 2*10*time.Second, 50*time.Millisecond)
	w.Number(w.Say(w.Alice, w.Telegram.NewSupergroup("S"), "/ticket after all"))
	require.Contains(t, w.Logs.String(), "set to another address")
}
