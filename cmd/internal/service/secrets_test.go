package service

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/logtest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

// Secrets, and what people write, as strings that occur nowhere else.
const (
	tokenSecret    = "424242:AAtoken-secret_9xq"
	keySecret      = "desk-key-9xq"
	pairSecret     = "desk-secret-9xq"
	hookSecret     = "hook-secret-9xq"
	nudgeSecret    = "nudge-secret-long-enough-9xq"
	passwordSecret = "database-password-9xq"
	nameText       = "Zebedee9xq"
	titleText      = "title9xq"
	bodyText       = "description9xq"
)

func TestNothingThatIsSecretOrPrivateIsSeen(t *testing.T) {
	t.Parallel()
	for mode, format := range map[string]string{"polling": "text", "webhook": "json"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			s := newSecretStage(t, format)
			if mode == "webhook" {
				s.env["TELEGRAM_WEBHOOK_URL"] = s.door + "/telegram"
				s.env["TELEGRAM_WEBHOOK_SECRET"] = hookSecret
			}
			seen := s.storm()
			for _, secret := range s.secrets() {
				require.NotContains(t, seen, secret)
				for _, said := range s.said {
					require.NotContains(t, said, secret)
				}
			}
			for _, private := range []string{nameText, titleText, bodyText} {
				require.NotContains(t, seen, private)
			}
			require.Zero(t, s.strayed.Load(), "requests to a host that a redirect named")
		})
	}
}

// secretStage is a stage whose every secret is unique and whose neighbours quote what they are told.
type secretStage struct {
	*stage
	door    string // an address that leads to the service wherever that listens
	service atomic.Pointer[running]
	strayed atomic.Int64
	said    []string // by the bot, in chats
}

func newSecretStage(t *testing.T, format string) *secretStage {
	s := &secretStage{stage: newStage(t, telegramtest.Options{Token: tokenSecret})}
	s.desk = livedesktest.New(livedesktest.Options{Key: keySecret, Secret: pairSecret})
	stray := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { s.strayed.Add(1) }))
	t.Cleanup(stray.Close)
	telegram := httptest.NewServer(s.quoting(s.telegram, stray.URL))
	desk := httptest.NewServer(s.quoting(s.desk, stray.URL))
	t.Cleanup(telegram.Close)
	t.Cleanup(func() { s.desk.Clear(); desk.Close() })
	database, err := url.Parse(s.env["DATABASE_URL"])
	require.NoError(t, err)
	database.User = url.UserPassword(database.User.Username(), passwordSecret)
	door := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme = "http"
			if service := s.service.Load(); service != nil {
				r.Out.URL.Host = service.address()
			}
		},
		ErrorLog: log.New(io.Discard, "", 0), // the service may not listen yet
	})
	t.Cleanup(door.Close)
	s.door = door.URL
	maps.Copy(s.env, map[string]string{
		"NEW_CHATS": "any", "PRIVATE": "any",
		"TELEGRAM_API_URL": telegram.URL, "LIVEDESK_API_URL": desk.URL + "/api/v2", "LIVEDESK_TIMEOUT": "500ms",
		"LIVEDESK_API_KEY": keySecret, "LIVEDESK_API_SECRET": pairSecret, "LIVEDESK_WEBHOOK_SECRET": nudgeSecret, "DATABASE_URL": database.String(),
		"LOG_LEVEL": "debug", "LOG_FORMAT": format, "LIVEDESK_RATE": "500", "TICKETS_PER_MINUTE": "0",
	})
	return s
}

func (s *secretStage) secrets() []string {
	pair := base64.StdEncoding.EncodeToString([]byte(keySecret + ":" + pairSecret))
	return []string{tokenSecret, strings.TrimPrefix(tokenSecret, "424242:"), keySecret, pairSecret, pair, hookSecret, nudgeSecret, passwordSecret}
}

// quoting answers some requests as careless gateways do: with all that they were told, or with a redirect.
func (s *secretStage) quoting(next http.Handler, stray string) http.Handler {
	var requests, messages atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key, secret, _ := r.BasicAuth()
		told := fmt.Sprintf("%s %s %s %s", r.URL.Path, r.Header.Get("Authorization"), key, secret)
		if strings.HasSuffix(r.URL.Path, "/sendMessage") && messages.Add(1) <= 6 { // more often than a message is tried at once
			http.Error(w, told, http.StatusBadGateway)
			return
		}
		switch requests.Add(1) % 20 {
		case 1, 3:
			http.Error(w, "<html>"+told+"</html>", http.StatusBadGateway)
		case 5:
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"ok":false,"error_code":500,"code":3000,"description":%q,"message":%q}`, told, told)
		case 7:
			http.Redirect(w, r, stray+r.URL.Path, http.StatusTemporaryRedirect)
		case 9:
			fmt.Fprint(w, told)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// storm lets everything go wrong for a while and returns what an operator can see of it.
func (s *secretStage) storm() string {
	s.telegram.Misbehave(1, telegramtest.Chaos{Refuse: .05, Lose: .05, ServerError: .05, Garbage: .05, Slow: .05, SlowBy: 50 * time.Millisecond})
	s.desk.Chaos(1, livedesktest.Storm(.2)...)
	r := s.serve()
	s.service.Store(r)
	person := s.telegram.NewPerson(nameText, telegramtest.LastName(nameText))
	chat := s.telegram.NewSupergroup(nameText)
	all := []*telegramtest.Message{s.telegram.Say(person, chat, "/help "+bodyText)}
	for i := range 12 {
		all = append(all, s.telegram.Say(person, chat, fmt.Sprintf("/ticket key=%s %s %d\n%s", bodyText, titleText, i, bodyText)))
		if i%2 == 1 {
			s.exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
			_, _ = httpPost(s.t, s.door+"/telegram", "text", bodyText)
			_, _ = httpPost(s.t, s.door+"/livedesk/"+nudgeSecret, "text", fmt.Sprint(chat.ID, " ", bodyText))
			_, _ = httpPost(s.t, s.door+"/livedesk/"+nudgeSecret, "text", strings.Repeat(bodyText, 200_000)) // too large
			_, _ = httpPost(s.t, s.door+"//livedesk/./"+nudgeSecret+"%", "text", bodyText)
		}
	}
	s.exec(`INSERT INTO updates (bot_id, update_id, chat_id, payload) VALUES (424242, -1, 0, '{"message":"` + bodyText + `"}')`)
	ctx, cancel := context.WithTimeout(s.t.Context(), 2*time.Minute)
	defer cancel()
	for _, m := range all {
		_, err := s.telegram.WaitReply(ctx, m)
		require.NoError(s.t, err, "%q\n%s", m.Text, r.logs)
	}
	seen := s.pages()
	r.end()
	require.Zero(s.t, <-r.done)
	for _, m := range chat.BotMessages() {
		s.said = append(s.said, m.Sent)
		for _, before := range m.Earlier {
			s.said = append(s.said, before.Sent)
		}
	}
	require.NotEmpty(s.t, s.said)
	var checked logtest.Buffer
	Run(s.t.Context(), []string{"check", fmt.Sprint(chat.ID)}, from(s.env), &checked, &checked)
	s.env["DATABASE_URL"] = "postgres://bot:" + passwordSecret + "@127.0.0.1:1/x"
	Run(s.t.Context(), []string{"check"}, from(s.env), &checked, &checked)
	return r.logs.String() + seen + checked.String()
}

// pages are what the service shows to probes and scrapes.
func (s *secretStage) pages() string {
	var all strings.Builder
	for _, path := range []string{"/metrics", "/readyz", "/healthz", "/telegram"} {
		res, err := http.Get(s.door + path)
		require.NoError(s.t, err)
		require.NoError(s.t, res.Write(&all))
		require.NoError(s.t, res.Body.Close())
	}
	require.Contains(s.t, all.String(), "livedeskbot_updates_total")
	return all.String()
}
