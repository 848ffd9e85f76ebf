package service

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
	"livedeskbot/storage/storagetest"
)

// stage is what a service needs around it.
type stage struct {
	t        *testing.T
	telegram *telegramtest.Server
	desk     *livedesktest.Desk
	env      map[string]string
}

func newStage(t *testing.T, o telegramtest.Options) *stage {
	s := &stage{t: t, telegram: telegramtest.New(o), desk: livedesktest.New(livedesktest.Options{})}
	t.Cleanup(s.telegram.Close)
	telegram, desk := httptest.NewServer(s.telegram), httptest.NewServer(s.desk)
	t.Cleanup(telegram.Close)
	t.Cleanup(func() { s.desk.Clear(); desk.Close() })
	s.env = map[string]string{
		"TELEGRAM_BOT_TOKEN": s.telegram.Token(), "TELEGRAM_API_URL": telegram.URL,
		"LIVEDESK_API_KEY": livedesktest.DefaultKey, "LIVEDESK_API_SECRET": livedesktest.DefaultSecret,
		"LIVEDESK_API_URL": desk.URL + "/api/v2", "LIVEDESK_CHANNEL_ID": "inbox_100",
		"DATABASE_URL": storagetest.New(t), "LISTEN_ADDR": "127.0.0.1:0",
	}
	return s
}

// check runs the command and returns its status and what it printed.
func (s *stage) check(args ...string) (int, string) {
	s.t.Helper()
	var out, errs bytes.Buffer
	status := Run(s.t.Context(), append([]string{"check"}, args...), from(s.env), &out, &errs)
	for line := range strings.Lines(out.String()) {
		require.Regexp(s.t, `^(ok      |warning |FAULT   ) \S.*[.\w)/"*]\n$`, line)
	}
	require.Equal(s.t, strings.Contains(out.String(), "FAULT"), status == exitFailed, out.String())
	require.Equal(s.t, status == exitFailed, errs.Len() > 0, errs.String())
	for _, name := range []string{"TELEGRAM_BOT_TOKEN", "LIVEDESK_API_SECRET", "TELEGRAM_WEBHOOK_SECRET"} {
		if s.env[name] != "" {
			require.NotContains(s.t, out.String()+errs.String(), s.env[name])
		}
	}
	require.Empty(s.t, s.telegram.Unknown())
	return status, out.String()
}

// exec runs a statement in the stage's database.
func (s *stage) exec(statement string) {
	s.t.Helper()
	conn, err := pgx.Connect(s.t.Context(), s.env["DATABASE_URL"])
	require.NoError(s.t, err)
	defer conn.Close(context.Background())
	_, err = conn.Exec(s.t.Context(), statement)
	require.NoError(s.t, err)
}

func TestCheckFindsNothingToMend(t *testing.T) {
	t.Parallel()
	s := newStage(t, telegramtest.Options{})
	status, out := s.check()
	require.Zero(t, status)
	require.NotContains(t, out, "warning")
	for _, said := range []string{
		"the token belongs to @LiveDeskBot", "no webhook is in the way", "LiveDesk accepts the credentials",
		"the schema is up to date", "LISTEN_ADDR is free", "privacy mode is off",
	} {
		require.Contains(t, out, said)
	}
	require.Empty(t, s.desk.Tickets())
	require.Empty(t, s.desk.Uploads())
}

// answers puts an address that answers in JSON in LiveDesk's place.
func answers(to func(*http.Request) (status int, body string)) func(*stage) {
	return func(s *stage) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			status, body := to(r)
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}))
		s.t.Cleanup(server.Close)
		s.env["LIVEDESK_API_URL"] = server.URL + "/api/v3"
	}
}

func TestCheckKnowsLiveDeskFromEitherOfTwoSigns(t *testing.T) {
	t.Parallel()
	tickets := func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/api/v3/accounts/tickets/") }
	for name, answer := range map[string]func(*http.Request) (status int, body string){
		"it answers of tickets in other words": func(r *http.Request) (int, string) {
			if tickets(r) {
				return 404, `{"code":404,"message":"ticket not found"}`
			}
			return 404, `{"code":404,"message":"not found"}`
		},
		"it asks only who wants a ticket for credentials": func(r *http.Request) (int, string) {
			if key, _, _ := r.BasicAuth(); key != livedesktest.DefaultKey && tickets(r) {
				return 401, `{"code":401}`
			}
			return 404, `{"code":404,"message":"not found"}`
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, telegramtest.Options{})
			answers(answer)(s)
			status, out := s.check()
			require.Zero(t, status, out)
			require.Contains(t, out, "LiveDesk accepts the credentials")
		})
	}
}

func TestCheckShowsEverySetting(t *testing.T) {
	t.Parallel()
	read := map[string]bool{}
	c, err := readConfig(func(name string) string {
		if !strings.HasSuffix(name, "_FILE") {
			read[name] = true
		}
		return needed[name]
	})
	require.NoError(t, err)
	for _, s := range c.shown() {
		require.True(t, read[s.name], s.name)
		require.NotEmpty(t, s.value, s.name)
		delete(read, s.name)
	}
	require.Empty(t, maps.Collect(maps.All(read)))
}

func TestCheckNamesTheFaultAndItsFix(t *testing.T) {
	t.Parallel()
	desk := func(f livedesktest.Fault) func(*stage) {
		return func(s *stage) { s.desk.Trouble(livedesktest.Get, livedesktest.Always, f) }
	}
	set := func(name, value string) func(*stage) {
		return func(s *stage) { s.env[name] = value }
	}
	for name, test := range map[string]struct {
		spoil func(*stage)
		says  []string
	}{
		"another token":     {set("TELEGRAM_BOT_TOKEN", "1:other"), []string{"does not know this TELEGRAM_BOT_TOKEN", "BotFather"}},
		"no Telegram":       {set("TELEGRAM_API_URL", "http://127.0.0.1:1"), []string{"cannot be asked at 127.0.0.1:1", "TELEGRAM_API_URL"}},
		"a broken Telegram": {func(s *stage) { s.telegram.ServerError(telegramtest.Match{}) }, []string{"cannot be asked", "TELEGRAM_API_URL"}},
		"a Telegram of others": {func(s *stage) { s.telegram.EmptyResult(telegramtest.Match{}) },
			[]string{"is not Telegram's Bot API", "TELEGRAM_API_URL"}},
		"no answer about webhooks": {func(s *stage) { s.telegram.Garbage(telegramtest.Match{Method: "getWebhookInfo"}) },
			[]string{"does not say where updates go"}},
		"no LiveDesk":          {set("LIVEDESK_API_URL", "http://127.0.0.1:1"), []string{"LiveDesk cannot be reached", "LIVEDESK_API_URL"}},
		"a wrong pair":         {set("LIVEDESK_API_SECRET", "wrong-secret"), []string{"does not accept the credentials (status 401)", "LIVEDESK_API_KEY"}},
		"a forbidden pair":     {desk(livedesktest.Refuse(403, livedesktest.ErrorObject)), []string{"status 403", "enabled"}},
		"a redirect":           {desk(livedesktest.Redirect(301, "https://example.com")), []string{"sends us elsewhere (status 301)", "final address"}},
		"another redirect":     {desk(livedesktest.Redirect(302, "https://example.com")), []string{"sends us elsewhere (status 302)", "final address"}},
		"a page":               {desk(livedesktest.Refuse(200, livedesktest.HTML)), []string{"is not LiveDesk's interface", "LIVEDESK_API_URL"}},
		"a page about nothing": {desk(livedesktest.Refuse(404, livedesktest.HTML)), []string{"is not LiveDesk's interface", "LIVEDESK_API_URL"}},
		"an address that knows nothing": {func(s *stage) { s.env["LIVEDESK_API_URL"] += "0" },
			[]string{"knows no tickets", "LIVEDESK_API_URL"}},
		"an address that repeats what it is asked": {answers(func(r *http.Request) (int, string) {
			return 404, fmt.Sprintf(`{"code":404,"message":"no route for %s (request %d)"}`, r.URL.Path, time.Now().UnixNano())
		}), []string{"knows no tickets", "LIVEDESK_API_URL"}},
		"an address behind a guard": {answers(func(r *http.Request) (int, string) {
			if key, _, _ := r.BasicAuth(); key != livedesktest.DefaultKey {
				return 401, `{"code":401}`
			}
			return 404, `{"code":404,"message":"not found"}`
		}), []string{"knows no tickets", "LIVEDESK_API_URL"}},
		"an address that has everything": {answers(func(r *http.Request) (int, string) {
			return 200, `{"code":0,"data":{"ticket_id":"tk_1","title":"x"}}`
		}), []string{"cannot exist", "LIVEDESK_API_URL"}},
		"a wrong method":     {desk(livedesktest.Refuse(405, livedesktest.ErrorObject)), []string{"does not know this address", "LIVEDESK_API_URL"}},
		"LiveDesk in repair": {desk(livedesktest.Unavailable(0)), []string{"out of order (status 503)"}},
		"no database":        {set("DATABASE_URL", "postgres://bot:pass-word@127.0.0.1:1/x"), []string{"it cannot be used", "DATABASE_URL"}},
		"a read-only database": {func(s *stage) {
			s.exec(`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$`)
		}, []string{"takes no changes", "primary"}},
		"a data folder that cannot be": {func(s *stage) {
			file := filepath.Join(s.t.TempDir(), "file")
			require.NoError(s.t, os.WriteFile(file, nil, 0o600))
			s.env["DATABASE_URL"], s.env["DATA_DIR"] = "", filepath.Join(file, "data")
		}, []string{"DATA_DIR cannot be used", "DATABASE_URL"}},
		"an address in use": {func(s *stage) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(s.t, err)
			s.t.Cleanup(func() { _ = listener.Close() })
			go func() {
				for conn, err := listener.Accept(); err == nil; conn, err = listener.Accept() {
					_ = conn.Close()
				}
			}()
			s.env["LISTEN_ADDR"] = listener.Addr().String()
		}, []string{"in use by another program", "another port"}},
		"an address elsewhere":    {set("LISTEN_ADDR", "192.0.2.1:80"), []string{"LISTEN_ADDR cannot be opened", "this machine"}},
		"a staff chat of nowhere": {set("STAFF_CHATS", "-100555"), []string{"chat -100555: there is no such chat, or the bot is not in it", "add the bot"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, telegramtest.Options{})
			test.spoil(s)
			status, out := s.check()
			require.Equal(t, exitFailed, status, out)
			require.Equal(t, 1, strings.Count(out, "FAULT"), out)
			require.NotContains(t, out, "pass-word")
			fault := regexp.MustCompile(`(?m)^FAULT.*$`).FindString(out)
			for _, said := range test.says {
				require.Contains(t, fault, said)
			}
		})
	}
}

func TestCheckWarnsOfWhatTheServiceGetsAlongWith(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options telegramtest.Options
		spoil   func(*stage)
		says    []string
	}{
		"privacy mode": {telegramtest.Options{Privacy: true}, func(*stage) {},
			[]string{"privacy mode is on", "/ticket@LiveDeskBot", "/setprivacy", "administrator"}},
		"a webhook in the way": {telegramtest.Options{}, func(s *stage) { s.setWebhook("http://127.0.0.1:1/hidden-path") },
			[]string{"posts updates to 127.0.0.1:1", "removes that webhook"}},
		"a webhook elsewhere": {telegramtest.Options{}, func(s *stage) {
			s.setWebhook("http://127.0.0.1:1/hidden-path")
			s.env["TELEGRAM_WEBHOOK_URL"], s.env["TELEGRAM_WEBHOOK_SECRET"] = "http://127.0.0.1:2/telegram", "hook-secret"
		}, []string{"posts updates to 127.0.0.1:1", "sets TELEGRAM_WEBHOOK_URL"}},
		"a limit": {telegramtest.Options{}, func(s *stage) {
			s.desk.Trouble(livedesktest.Get, livedesktest.Always, livedesktest.RateLimit(0))
		}, []string{"no more requests for the moment", "LIVEDESK_RATE"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, test.options)
			test.spoil(s)
			status, out := s.check()
			require.Zero(t, status, out)
			warning := regexp.MustCompile(`(?m)^warning.*$`).FindString(out)
			for _, said := range test.says {
				require.Contains(t, warning, said)
			}
			require.NotContains(t, warning, "hidden-path")
		})
	}
}

func (s *stage) setWebhook(address string) {
	s.t.Helper()
	res, err := httpPost(s.t, s.env["TELEGRAM_API_URL"]+"/bot"+s.env["TELEGRAM_BOT_TOKEN"]+"/setWebhook", "url", address)
	require.NoError(s.t, err)
	require.Equal(s.t, 200, res)
}

func TestCheckSaysWhatTheBotMayDoInAChat(t *testing.T) {
	t.Parallel()
	s := newStage(t, telegramtest.Options{Privacy: true})
	admin := s.telegram.NewPerson("Admin")
	s.telegram.Say(admin, s.telegram.Private(admin), "/start")
	place := func(chat *telegramtest.Chat, status telegramtest.Status) *telegramtest.Chat {
		if status != "" {
			chat.SetBot(status, admin)
		}
		return chat
	}
	old := s.telegram.NewGroup("old")
	upgraded := old.Upgrade(admin)
	for _, test := range []struct {
		chat  *telegramtest.Chat
		fault bool
		says  string
	}{
		{place(s.telegram.NewForum("f"), telegramtest.Administrator), false, "(supergroup with topics): the bot is an administrator, sees everything and may write"},
		{place(s.telegram.NewSupergroup("s"), ""), false, "(supergroup): the bot is a member and may write, but privacy mode"},
		{place(s.telegram.NewGroup("g"), telegramtest.Restricted), true, "(group): the bot may not write there"},
		{place(s.telegram.NewSupergroup("l"), telegramtest.Left), true, "is not in it: add"},
		{place(s.telegram.NewSupergroup("k"), telegramtest.Kicked), true, "is not in it"},
		{s.telegram.NewChannel("c"), true, "is a channel"},
		{old, true, fmt.Sprintf("use its new id, %d", upgraded.ID)},
		{s.telegram.Private(s.telegram.NewPerson("Stranger")), true, "ask them to press Start"},
		{s.telegram.Private(admin), false, "is a private chat"},
	} {
		status, out := s.check(strconv.FormatInt(test.chat.ID, 10))
		require.Equal(t, test.fault, status == exitFailed, out)
		line := regexp.MustCompile(fmt.Sprintf(`(?m)^\S+ +chat %d.*$`, test.chat.ID)).FindString(out)
		require.Contains(t, line, test.says, out)
	}
	status, _ := s.check("-1", "-2")
	require.Equal(t, exitFailed, status)
	require.Equal(t, exitSettings, Run(t.Context(), []string{"check", "here"}, from(s.env), &bytes.Buffer{}, &bytes.Buffer{}))
	require.Equal(t, exitSettings, Run(t.Context(), []string{"migrate", "1"}, from(s.env), &bytes.Buffer{}, &bytes.Buffer{}))
}

func TestCheckChangesNothingInADatabaseWithoutASchema(t *testing.T) {
	t.Parallel()
	s := newStage(t, telegramtest.Options{})
	s.exec(`DROP SCHEMA public CASCADE; CREATE SCHEMA public`)
	status, out := s.check()
	require.Zero(t, status, out)
	require.Contains(t, out, "migrates it at its start")
	s.exec(`DO $$ BEGIN ASSERT NOT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'public'); END $$`)
}

func TestCheckOfAPrivateDatabaseLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	s := newStage(t, telegramtest.Options{})
	s.env["DATABASE_URL"] = ""
	parent, err := os.MkdirTemp("", "check") // a test's own folder may not be entered by the server's account
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(parent) })
	require.NoError(t, os.Chmod(parent, 0o711))
	s.env["DATA_DIR"] = filepath.Join(parent, "data")
	status, out := s.check()
	require.Zero(t, status, out)
	require.Contains(t, out, "a private Postgres can keep its files")
	left, err := os.ReadDir(parent)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestCheckLooksIntoAPrivateDatabaseThatIsThere(t *testing.T) {
	t.Parallel()
	s := newStage(t, telegramtest.Options{})
	s.env["DATABASE_URL"] = ""
	parent, err := os.MkdirTemp("", "check")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(parent) })
	require.NoError(t, os.Chmod(parent, 0o711))
	s.env["DATA_DIR"] = filepath.Join(parent, "data")
	require.Zero(t, Run(t.Context(), []string{"migrate"}, from(s.env), &bytes.Buffer{}, &bytes.Buffer{}))
	status, out := s.check()
	require.Zero(t, status, out)
	require.Contains(t, out, "takes changes and the schema is up to date")
}
