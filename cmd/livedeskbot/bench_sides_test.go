//go:build linux

package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	tg "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"
	"github.com/stretchr/testify/require"

	"livedeskbot/bot"
	"livedeskbot/livedesk"
	"livedeskbot/livedesk/livedesktest"
	"livedeskbot/storage"
	"livedeskbot/storage/localpg"
)

// roleVariable makes this test binary play one of the processes of the benchmark.
const roleVariable = "LIVEDESKBOT_BENCH_ROLE"

func TestMain(m *testing.M) {
	roles := map[string]func(*json.Decoder, *json.Encoder) error{"emulators": emulate, "floor": runFloor, "ours": runOurs}
	play, ok := roles[os.Getenv(roleVariable)]
	if !ok {
		os.Exit(runTests(m))
	}
	if err := play(json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// role is a process of the benchmark, which ends when its standard input does.
type role struct {
	*json.Encoder
	*json.Decoder
}

func startRole(b *testing.B, name string) role {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"="+name)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(b, err)
	out, err := cmd.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, cmd.Start())
	b.Cleanup(func() {
		_ = in.Close()
		require.NoError(b, cmd.Wait(), name)
	})
	return role{json.NewEncoder(in), json.NewDecoder(out)}
}

func (r role) ask(b *testing.B, question, answer any) {
	require.NoError(b, r.Encode(question))
	require.NoError(b, r.Decode(answer))
}

// surroundings are what a bot needs to work.
type surroundings struct{ Token, Telegram, Desk, Dir string }

// usage is what a bot has used since its start, its database included.
type usage struct {
	CPU      time.Duration
	Postgres time.Duration // of CPU
	Mallocs  uint64
	Memory   int64 // bytes resident in the bot's process, the most since the last question
}

// side is a bot under measurement with its emulators.
type side struct {
	name           string
	bot, emulators role
}

func newSide(b *testing.B, name string) *side {
	s := &side{name: name, emulators: startRole(b, "emulators")}
	var around surroundings
	require.NoError(b, s.emulators.Decode(&around))
	dir, err := os.MkdirTemp("", "livedeskbot-bench")
	require.NoError(b, err)
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(b, os.Chmod(dir, 0o711)) // Postgres may run under another account
	around.Dir = filepath.Join(dir, "data")
	s.bot = startRole(b, name)
	var ready usage
	s.bot.ask(b, around, &ready)
	return s
}

func (s *side) usage(b *testing.B) (u usage) {
	s.bot.ask(b, struct{}{}, &u)
	return u
}

func (s *side) measure(b *testing.B, l load) (before, after usage, got result) {
	before = s.usage(b)
	s.emulators.ask(b, l, &got)
	require.Empty(b, got.Fault)
	return before, s.usage(b), got
}

// answerUsage answers questions until there are no more. postgres is its first process, 0 without one.
func answerUsage(questions *json.Decoder, answers *json.Encoder, postgres int) error {
	for {
		u, err := usageNow(postgres)
		if err != nil {
			return err
		}
		if err := answers.Encode(u); err != nil {
			return err
		}
		// 5 forgets the peak of resident memory: https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html
		if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
			return err
		}
		if err := questions.Decode(&struct{}{}); err != nil {
			return nil //nolint:nilerr // the end
		}
	}
}

func usageNow(postgres int) (u usage, err error) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	u.Mallocs = m.Mallocs
	if u.CPU, err = cpuOf(os.Getpid()); err != nil {
		return u, err
	}
	if postgres != 0 {
		if u.Postgres, err = cpuOfFamily(postgres); err != nil {
			return u, err
		}
		u.CPU += u.Postgres
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return u, err
	}
	_, peak, _ := strings.Cut(string(status), "VmHWM:")
	_, err = fmt.Sscan(peak, &u.Memory)
	u.Memory <<= 10
	return u, err
}

// cpuOfFamily is what a process and all that it has started have used, those that have ended included.
func cpuOfFamily(parent int) (time.Duration, error) {
	sum, err := cpuOf(parent)
	if err != nil {
		return 0, err
	}
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", parent, parent))
	for word := range strings.FieldsSeq(string(children)) {
		if pid, err := strconv.Atoi(word); err == nil {
			spent, _ := cpuOf(pid) // it may have ended just now, and then counts with its parent the next time
			sum += spent
		}
	}
	return sum, err
}

// cpuOf is what a process has used, and those of its children that have ended.
// https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
func cpuOf(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:])) // the name before it may hold anything
	var sum time.Duration
	for _, ticks := range fields[11:15] {
		n, err := strconv.Atoi(ticks)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(n) * 10 * time.Millisecond // Linux always tells it in hundredths of a second
	}
	return sum, nil
}

// runOurs is the service as cmd/internal/service wires it, without its HTTP server and with the rate lifted.
func runOurs(questions *json.Decoder, answers *json.Encoder) error {
	var around surroundings
	if err := questions.Decode(&around); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	quiet, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0) // not io.Discard, to which nothing is written
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(quiet, nil))
	server, err := localpg.Start(ctx, localpg.Config{Dir: around.Dir})
	if err != nil {
		return err
	}
	defer server.Close()
	b, store, err := newBot(ctx, around, server.URL(), log)
	if err != nil {
		return err
	}
	defer store.Close()
	postgres, err := firstProcess(around.Dir)
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	err = answerUsage(questions, answers, postgres)
	cancel()
	return cmp.Or(err, <-done)
}

func newBot(ctx context.Context, around surroundings, database string, log *slog.Logger) (*bot.Bot, *storage.Store, error) {
	store, err := storage.Open(ctx, database)
	if err != nil {
		return nil, nil, err
	}
	if err := storage.Migrate(ctx, store.Pool(), log); err != nil {
		return nil, nil, err
	}
	desk, err := livedesk.New(livedesk.Config{
		BaseURL: around.Desk, Key: livedesktest.DefaultKey, Secret: livedesktest.DefaultSecret,
	})
	if err != nil {
		return nil, nil, err
	}
	b, err := bot.New(bot.Config{
		Token: around.Token, APIURL: around.Telegram, ChannelID: "inbox_100", Rate: 1_000_000, MaxFiles: 20,
		Relay: true, FollowUps: true, TrackEvery: time.Hour, NewChats: bot.Any, Private: bot.Any,
	}, desk, store, log)
	return b, store, err
}

// floorWorkers is enough for every load.
const floorWorkers = 512

// runFloor is the least that turns a message into a ticket and a reply.
func runFloor(questions *json.Decoder, answers *json.Encoder) error {
	var around surroundings
	if err := questions.Decode(&around); err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{
		DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext, MaxIdleConns: 2 * floorWorkers, MaxIdleConnsPerHost: floorWorkers,
	}}
	b, err := tg.New(around.Token,
		tg.WithServerURL(around.Telegram), tg.WithSkipGetMe(), tg.WithHTTPClient(30*time.Second, client),
		tg.WithNotAsyncHandlers(), tg.WithWorkers(floorWorkers), tg.WithErrorsHandler(func(error) {}),
		tg.WithDefaultHandler(func(ctx context.Context, b *tg.Bot, u *models.Update) {
			if err := answerBarely(ctx, b, client, around.Desk, u.Message); err != nil {
				fmt.Fprintln(os.Stderr, "floor:", err)
			}
		}))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go b.Start(ctx)
	return answerUsage(questions, answers, 0)
}

func answerBarely(ctx context.Context, b *tg.Bot, client *http.Client, desk string, m *models.Message) error {
	title, found := strings.CutPrefix(m.Text, "/ticket ")
	if !found {
		return nil
	}
	request, err := json.Marshal(livedesk.NewTicket{
		Title: title, Requester: livedesk.Requester{ChannelContacts: &livedesk.ChannelContact{
			ChannelID: "inbox_100", ContactID: strconv.FormatInt(m.Chat.ID, 10),
		}},
	})
	if err != nil {
		return err
	}
	post, err := http.NewRequestWithContext(ctx, http.MethodPost, desk+"/accounts/tickets", bytes.NewReader(request))
	if err != nil {
		return err
	}
	post.Header.Set("Content-Type", "application/json")
	post.SetBasicAuth(livedesktest.DefaultKey, livedesktest.DefaultSecret)
	res, err := client.Do(post)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	var created struct {
		Data struct {
			ID string `json:"ticket_id"`
		} `json:"data"`
	}
	if err := json.NewDecoder(res.Body).Decode(&created); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, res.Body) // so that the connection can be used again
	_, err = b.SendMessage(ctx, &tg.SendMessageParams{
		ChatID: m.Chat.ID, Text: "Ticket " + created.Data.ID + " created.",
		ReplyParameters: &models.ReplyParameters{MessageID: m.ID},
	})
	return err
}
