package service

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/logtest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

// running is a service between the emulators of a stage.
type running struct {
	t    *testing.T
	logs *logtest.Buffer
	end  context.CancelFunc // as SIGTERM does
	done chan int           // gets the exit status
}

// serve runs the service until end or the end of the test.
func (s *stage) serve() *running {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{t: s.t, logs: &logtest.Buffer{}, end: cancel, done: make(chan int, 1)}
	go func() { r.done <- Run(ctx, nil, from(s.env), r.logs, r.logs); close(r.done) }()
	s.t.Cleanup(func() { cancel(); <-r.done })
	return r
}

var addressForm = regexp.MustCompile(`msg"?[=:]"?listening"?[ ,]"?address"?[=:]"?([0-9.:]+)`)

// address is where the service listens, empty before it does.
func (r *running) address() string {
	address := addressForm.FindStringSubmatch(r.logs.String())
	if address == nil {
		return ""
	}
	return address[1]
}

// get asks the service for a page; 0 where there is no answer.
func (r *running) get(path string) (int, string) {
	r.t.Helper()
	res, err := http.Get("http://" + r.address() + path)
	if err != nil {
		return 0, ""
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(r.t, err)
	return res.StatusCode, string(body)
}

// becomes waits until a page has a status, and returns the page.
func (r *running) becomes(path string, status int) string {
	r.t.Helper()
	var body string
	require.Eventually(r.t, func() bool {
		var now int
		now, body = r.get(path)
		return now == status
	}, time.Minute, 10*time.Millisecond, "%s is not %d: %s\n%s", path, status, body, r.logs)
	return body
}

// httpPost posts a form of one field and returns the status of the answer.
func httpPost(t *testing.T, address, field, value string) (int, error) {
	t.Helper()
	res, err := http.PostForm(address, url.Values{field: {value}})
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}

func TestWhileWorkInHandFinishesTheServiceIsAliveAndNotReady(t *testing.T) {
	t.Parallel()
	s := newStage(t, telegramtest.Options{})
	s.env["NEW_CHATS"] = "any"
	release := make(chan struct{})
	s.desk.Trouble(livedesktest.Create, 1, livedesktest.Hold(release))
	r := s.serve()
	r.becomes("/readyz", http.StatusOK)
	chat, alice := s.telegram.NewSupergroup("S"), s.telegram.NewPerson("Alice")
	s.telegram.Say(alice, chat, "/ticket in hand")
	require.Eventually(t, func() bool { return s.desk.Count() == 1 }, time.Minute, 10*time.Millisecond, "%s", r.logs)

	r.end()
	require.Equal(t, "stopping\n", r.becomes("/readyz", http.StatusServiceUnavailable))
	status, _ := r.get("/healthz")
	require.Equal(t, http.StatusOK, status)
	require.Empty(t, chat.BotMessages())

	close(release)
	require.Zero(t, <-r.done)
	require.Len(t, chat.BotMessages(), 1)
	require.Contains(t, chat.BotMessages()[0].Text, "tk_")
	status, _ = r.get("/healthz")
	require.Zero(t, status, "HTTP has closed")
}

func TestTheServiceIsAliveWhileItWaitsForItsDatabase(t *testing.T) {
	t.Parallel()
	s := newStage(t, telegramtest.Options{})
	s.env["DATABASE_URL"] = "postgres://127.0.0.1:1/x"
	r := s.serve()
	r.becomes("/healthz", http.StatusOK)
	require.Contains(t, r.becomes("/readyz", http.StatusServiceUnavailable), "database")
	r.end()
	require.Zero(t, <-r.done)
}

func TestTheWebhookIsThereOnlyWhereItIsSet(t *testing.T) {
	t.Parallel()
	s := newStage(t, telegramtest.Options{})
	r := s.serve()
	r.becomes("/healthz", http.StatusOK)
	status, _ := r.get("/telegram")
	require.Equal(t, http.StatusNotFound, status)
	s.env["TELEGRAM_WEBHOOK_URL"], s.env["TELEGRAM_WEBHOOK_SECRET"] = "http://127.0.0.1:1/telegram", "s"
	hooked := s.serve()
	hooked.becomes("/telegram", http.StatusMethodNotAllowed)
	require.Contains(t, hooked.becomes("/metrics", http.StatusOK), `livedeskbot_webhook_requests_total{status="405"}`)
}

const deskSecret = "0123456789-desk_SECRET"

func TestAPostOfLiveDeskIsTakenOnlyWithTheSecret(t *testing.T) {
	t.Parallel()
	s := newStage(t, telegramtest.Options{})
	off := s.serve()
	off.becomes("/healthz", http.StatusOK)
	require.Equal(t, http.StatusNotFound, off.send(http.MethodPost, "/livedesk/"+deskSecret, "tk_1"))
	require.Equal(t, http.StatusNotFound, off.send(http.MethodPost, "/livedesk/", "tk_1"))

	s.env["LIVEDESK_WEBHOOK_SECRET"] = deskSecret
	r := s.serve()
	r.becomes("/healthz", http.StatusOK)
	large := strings.Repeat("tk_1 ", 1<<20/5)
	for _, test := range []struct {
		method, path, body string
		want               int
	}{
		{"POST", "/livedesk/" + deskSecret, "tk_1", 200},
		{"POST", "/livedesk/" + deskSecret, "", 200},
		{"POST", "/livedesk/" + deskSecret, "\x00\xff{", 200},
		{"POST", "/livedesk/" + deskSecret + "?tk_1=a", "", 200},
		{"POST", "/livedesk/%30" + deskSecret[1:], "", 200},
		{"POST", "/livedesk/" + deskSecret, large, 200},
		{"POST", "/livedesk/" + deskSecret, large + " tk_2", 413},
		{"GET", "/livedesk/" + deskSecret, "", 405},
		{"HEAD", "/livedesk/" + deskSecret, "", 405},
		{"PUT", "/livedesk/" + deskSecret, "tk_1", 405},
		{"OPTIONS", "/livedesk/" + deskSecret, "", 405},
		{"POST", "/livedesk/" + deskSecret + "x", "tk_1", 404},
		{"POST", "/livedesk/" + deskSecret[1:], "tk_1", 404},
		{"POST", "/livedesk/" + strings.ToLower(deskSecret), "tk_1", 404},
		{"POST", "/livedesk/x?secret=" + deskSecret, "tk_1", 404},
		{"POST", "/livedesk/" + deskSecret + "/", "tk_1", 404},
		{"POST", "/livedesk/" + deskSecret + "/x", "tk_1", 404},
		{"POST", "/livedesk/" + deskSecret + "%00", "tk_1", 404},
		{"POST", "/livedesk/%2F" + deskSecret, "tk_1", 404},
		{"POST", "/livedesk/..%2Flivedesk%2F" + deskSecret, "tk_1", 404},
		{"POST", "/livedesk/", "tk_1", 404},
		{"POST", "/livedesk", "tk_1", 404},
		{"GET", "/livedesk/x", "", 404},
		{"POST", "/LIVEDESK/" + deskSecret, "tk_1", 404},
	} {
		require.Equal(t, test.want, r.send(test.method, test.path, test.body), "%s %s", test.method, test.path)
	}
	page := r.becomes("/metrics", http.StatusOK)
	require.Contains(t, page, `livedeskbot_nudge_requests_total{status="413"} 1`)
	require.Contains(t, page, `livedeskbot_nudge_requests_total{status="405"} 4`)
	require.NotContains(t, page+r.logs.String(), deskSecret)
}

// send sends a request to the service and returns the status of the answer.
func (r *running) send(method, path, body string) int {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, "http://"+r.address()+path, strings.NewReader(body))
	require.NoError(r.t, err)
	res, err := http.DefaultTransport.RoundTrip(req) // redirects are answers
	require.NoError(r.t, err)
	require.NoError(r.t, res.Body.Close())
	return res.StatusCode
}

func TestWhoSendsABodySlowlyHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	s := newStage(t, telegramtest.Options{})
	s.env["LIVEDESK_WEBHOOK_SECRET"] = deskSecret
	r := s.serve()
	r.becomes("/readyz", http.StatusOK)
	for range 100 {
		conn, err := net.Dial("tcp", r.address())
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		_, err = fmt.Fprintf(conn, "POST /livedesk/%s HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\ntk_", deskSecret)
		require.NoError(t, err)
	}
	require.Equal(t, http.StatusOK, r.send(http.MethodPost, "/livedesk/"+deskSecret, "tk_1"))
	began := time.Now()
	r.end()
	require.Zero(t, <-r.done)
	require.Less(t, time.Since(began), patienceToClose)
}

// patienceToClose is generous: the service waits closeTimeout for bodies that do not come.
const patienceToClose = 20 * time.Second
