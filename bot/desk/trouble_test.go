package desk_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/claims"
	"livedeskbot/bot/desk"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk"
	"livedeskbot/livedesk/livedesktest"
	"livedeskbot/storage"
	"livedeskbot/storage/storagetest"
)

func firewall(text string) livedesktest.Fault {
	return livedesktest.Refuse(http.StatusForbidden, livedesktest.HTML).About(text)
}

func TestATicketThatAFirewallKeepsOutHoldsUpNobodyAndIsRefusedInTheEnd(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "first")
	w.Desk.Trouble(livedesktest.Create, livedesktest.Always, firewall("DROP TABLE"))
	poisoned := w.Say(w.Alice, chat, "/ticket DROP TABLE users")
	require.Contains(t, poisoned.Text, "keep trying")
	tries := w.Desk.Seen(livedesktest.Create)
	_, err := w.Desk.Reply(number, "Kenji", "An answer comes through")
	require.NoError(t, err)
	w.Hears(chat, "An answer comes through")
	require.Contains(t, w.Say(w.Alice, chat, "/status "+number).Text, "first")

	// It survives a restart, and counts only what is accepted in between.
	require.NoError(t, w.Desk.Await(w.Context(), func() bool { return w.Desk.Seen(livedesktest.Create) >= tries+2 }))
	require.Equal(t, 1, w.Count("tickets WHERE rebuffs = 1 AND state IN ('waiting', 'sending')"), "nothing was accepted meanwhile")
	for rebuffs := range 2 {
		w.Stop()
		w.Start()
		w.Ticket(chat, "another")
		w.Eventually(func() bool { return w.Count("tickets") == rebuffs+3 && w.Count("tickets WHERE rebuffs > 1") == 1 }, "not counted")
	}
	refused := w.Becomes(poisoned, "in other words")
	require.Contains(t, refused.Text, "DROP TABLE users")
	require.Empty(t, refused.Buttons)
	require.Equal(t, 3, w.Desk.Count())
	require.Contains(t, w.Logs.String(), "turned a ticket away")
}

func TestTwoTicketsThatAreKeptOutHoldUpNobodyElse(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	w.Desk.Trouble(livedesktest.Create, livedesktest.Always, firewall("SELECT"))
	for _, text := range []string{"SELECT one", "SELECT two"} {
		require.Contains(t, w.Say(w.Alice, chat, "/ticket "+text).Text, "keep trying")
	}
	w.Eventually(func() bool { return strings.Contains(w.Logs.String(), "does not accept our credentials") }, "the operator is not told")
	for range 3 {
		began := time.Now()
		w.Ticket(chat, "fine")
		require.Less(t, time.Since(began), 10*time.Second)
		w.Eventually(func() bool { return w.Count("tickets WHERE state = 'sending'") == 0 }, "a try hangs")
	}
}

func TestCredentialsThatAreNotAcceptedAreLoudAndTriedOneAtATime(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	end := w.Desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Refuse(http.StatusUnauthorized, livedesktest.Envelope))
	var waiting []*telegramtest.Message
	for range 8 {
		waiting = append(waiting, w.Say(w.Alice, chat, "/ticket one of many"))
		require.Contains(t, waiting[len(waiting)-1].Text, "keep trying")
	}
	require.Contains(t, w.Logs.String(), "level=ERROR")
	require.Contains(t, w.Logs.String(), "does not accept our credentials")
	end()
	for _, m := range waiting {
		w.Number(m)
	}
	require.Equal(t, 8, w.Desk.Count())
	require.Zero(t, w.Count("tickets WHERE rebuffs > 2"))
}

func TestCreatingThatFailsDoesNotKeepTicketsFromBeingLookedAt(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "there")
	w.Desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Unavailable(time.Minute))
	w.Say(w.Alice, chat, "/ticket waits")
	_, err := w.Desk.Reply(number, "Kenji", "An answer")
	require.NoError(t, err)
	w.Hears(chat, "An answer")
	require.Contains(t, w.Say(w.Alice, chat, "/status "+number).Text, "there")
}

func TestALimitOfUploadsHoldsUpNoTicket(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	w.Desk.Trouble(livedesktest.Upload, livedesktest.Always, livedesktest.RateLimit(time.Hour))
	withFile := w.Telegram.Say(w.Alice, chat, "/ticket with a file", telegramtest.Attached(w.Text("a.txt")))
	w.Eventually(func() bool { return w.Desk.Seen(livedesktest.Upload) == 1 }, "the file is not tried")
	began := time.Now()
	w.Ticket(chat, "without")
	require.Less(t, time.Since(began), 10*time.Second)
	w.Number(w.Answer(withFile))
	require.Equal(t, 1, w.Desk.Seen(livedesktest.Upload), "the pause lasts as long as was asked for")
}

func TestALimitIsKeptThoughOthersWereAccepted(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	release := make(chan struct{})
	w.Desk.Trouble(livedesktest.Create, 1, livedesktest.Hold(release))
	held := w.Telegram.Say(w.Telegram.NewPerson("Bob"), chat, "/ticket accepted")
	require.NoError(t, w.Desk.Await(w.Context(), func() bool { return w.Desk.Seen(livedesktest.Create) == 1 }))
	w.Desk.Trouble(livedesktest.Create, 1, livedesktest.RateLimit(3*time.Second))
	limited := w.Say(w.Alice, chat, "/ticket limited")
	close(release)
	w.Number(w.Answer(held))
	w.Number(limited)
	var creates []livedesktest.Request
	for _, r := range w.Desk.Requests() {
		if r.Op == livedesktest.Create {
			creates = append(creates, r)
		}
	}
	require.Len(t, creates, 3)
	require.GreaterOrEqual(t, creates[2].Time.Sub(creates[1].Time), 3*time.Second)
}

func TestATicketThatCannotBeReadHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	_, odd := w.Ticket(chat, "odd")
	_, fine := w.Ticket(chat, "fine")
	w.Desk.Trouble(livedesktest.Get, livedesktest.Always, firewall(odd))
	w.Looked(6)
	for _, text := range []string{"one", "two", "three"} {
		_, err := w.Desk.Reply(fine, "Kenji", text)
		require.NoError(t, err)
		began := time.Now()
		w.Hears(chat, text)
		require.Less(t, time.Since(began), 10*time.Second)
	}
	require.NotContains(t, w.Logs.String(), "takes no requests")
}

// teller is told nothing.
type teller struct{}

func (teller) Tell(context.Context, storage.Ticket) {}
func (teller) Wake()                                {}

// panicking is a transport that panics once when it is to.
type panicking struct{ next atomic.Bool }

func (p *panicking) RoundTrip(r *http.Request) (*http.Response, error) {
	if p.next.CompareAndSwap(true, false) {
		panic("in the middle of a request")
	}
	return http.DefaultTransport.RoundTrip(r)
}

func TestAPanicWhileFindingOutWhetherLiveDeskIsBackDoesNotShutTheDoor(t *testing.T) {
	t.Parallel()
	emulated := livedesktest.New(livedesktest.Options{})
	server := httptest.NewServer(emulated)
	t.Cleanup(func() { emulated.Clear(); server.Close() })
	transport := &panicking{}
	client, err := livedesk.New(livedesk.Config{
		BaseURL: server.URL + "/api/v2", Key: livedesktest.DefaultKey, Secret: livedesktest.DefaultSecret, Transport: transport,
	})
	require.NoError(t, err)
	store, _ := storagetest.Lend(t, 3)
	var panics atomic.Int32
	log := slog.New(slog.DiscardHandler)
	work := claims.New(store, log, func() { panics.Add(1) })
	require.NoError(t, work.Register(t.Context()))
	t.Cleanup(work.Close)
	d := desk.New(desk.Config{Rate: 1000, TrackEvery: time.Hour}, desk.Needs{
		Client: client, Store: store, Work: work, Teller: teller{}, Metrics: prometheus.NewRegistry(), Waited: func(time.Duration) {}, Log: log,
	})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { d.Run(ctx, context.WithoutCancel(ctx)); close(done) }()
	t.Cleanup(func() { stop(); <-done; work.Wait() })

	end := emulated.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.RateLimit(0))
	open := func(ref string) {
		_, err := d.Open(t.Context(), 0, storage.NewTicket{
			Ref: ref, ChatID: 7, SenderID: 5, State: storage.StateWaiting,
			Request: []byte(`{"title":"T","requester":{"channel_contacts":{"channel_id":"c","contact_id":"7"}}}`),
		})
		require.NoError(t, err)
	}
	open("one")
	open("two")
	require.NoError(t, emulated.Await(t.Context(), func() bool { return emulated.Seen(livedesktest.Create) > 1 }))
	transport.next.Store(true) // the next request is the one that finds out
	end()
	require.Eventually(t, func() bool { return emulated.Count() == 1 && panics.Load() == 1 }, 30*time.Second, 10*time.Millisecond)
	open("three")
	require.Eventually(t, func() bool { return emulated.Count() == 2 }, 30*time.Second, 10*time.Millisecond)
}
