package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"livedeskbot/bot/logtest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
	"livedeskbot/storage/paralleltest"
)

// The tests of this folder run the real program as processes of its own, because only those can be killed.

var (
	long   = flag.Duration("storm", 0, "how long the storm lasts; also makes the other proofs large (for example -storm=5m)")
	beside = flag.String("beside", "", "path of another version of the service, which the storm's second replica is then of")
	seed   = flag.Uint64("seed", 0, "seed of the storm; 0: another one each time")
)

// patience is the deadline of what normally takes moments; generous, for busy machines.
const patience = 40 * time.Second

var buildDir = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "livedeskbot-") })

// program is the path of the service, built once.
var program = sync.OnceValues(func() (string, error) {
	dir, err := buildDir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "livedeskbot")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// runTests runs the tests and removes the program that they have built. Not as many at a time as elsewhere: each starts
// processes, and a crowd of those would let the storm and its like see little more than starts.
func runTests(m *testing.M) int {
	if err := flag.Set("test.parallel", "8"); err != nil { // the command line may say otherwise
		panic(err)
	}
	status := paralleltest.Run(m)
	if dir, err := buildDir(); err == nil {
		_ = os.RemoveAll(dir)
	}
	return status
}

// starter starts processes from one thread that never ends: a process started with dieWithParent ends with its thread.
var starter = sync.OnceValue(func() chan<- func() {
	starts := make(chan func())
	go func() {
		runtime.LockOSThread()
		for start := range starts {
			start()
		}
	}()
	return starts
})

// world is a Telegram and a LiveDesk, between which processes of the service run on one database.
type world struct {
	t        *testing.T
	telegram *telegramtest.Server
	desk     *livedesktest.Desk
	database string
	pool     *pgxpool.Pool // on the database, for looks at what the service stored
	settings map[string]string
	alice    *telegramtest.Person
}

// newWorld makes a world without any process. front, which may be nil, stands before Telegram's server.
func newWorld(t *testing.T, database string, options telegramtest.Options, front func(http.Handler) http.Handler) *world {
	t.Helper()
	w := &world{
		t: t, database: database,
		telegram: telegramtest.New(options), desk: livedesktest.New(livedesktest.Options{}),
	}
	config, err := pgxpool.ParseConfig(database)
	require.NoError(t, err)
	config.MaxConns = 1 // the server belongs to the service
	w.pool, err = pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(w.pool.Close)
	handler := http.Handler(w.telegram)
	if front != nil {
		handler = front(handler)
	}
	telegram, desk := httptest.NewServer(handler), httptest.NewServer(w.desk)
	t.Cleanup(func() {
		w.telegram.Close()
		w.desk.Clear()
		telegram.Close()
		desk.Close()
	})
	w.settings = map[string]string{
		"TELEGRAM_BOT_TOKEN": w.telegram.Token(), "TELEGRAM_API_URL": telegram.URL,
		"LIVEDESK_API_KEY": livedesktest.DefaultKey, "LIVEDESK_API_SECRET": livedesktest.DefaultSecret,
		"LIVEDESK_API_URL": desk.URL + "/api/v2", "LIVEDESK_CHANNEL_ID": "inbox_100", "LIVEDESK_TIMEOUT": "1m", "LIVEDESK_RATE": "1000",
		"TICKETS_PER_MINUTE": "0", "NEW_CHATS": "any", "PRIVATE": "any", "DATABASE_URL": database, "LISTEN_ADDR": "127.0.0.1:0", "LOG_LEVEL": "debug",
	}
	w.alice = w.telegram.NewPerson("Alice")
	return w
}

// process is one running service.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	log    *logtest.Buffer
	exited chan struct{}
}

// start starts a process and returns at once. What still runs is killed at the end of the test.
func (w *world) start() *process {
	w.t.Helper()
	path, err := program()
	require.NoError(w.t, err)
	return w.startProgram(path)
}

func (w *world) startProgram(path string) *process {
	w.t.Helper()
	p := &process{t: w.t, cmd: exec.Command(path), log: &logtest.Buffer{}, exited: make(chan struct{})}
	p.cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	for name, value := range w.settings {
		p.cmd.Env = append(p.cmd.Env, name+"="+value)
	}
	p.cmd.Stderr = p.log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{}
	dieWithParent(p.cmd.SysProcAttr)
	started := make(chan error)
	starter() <- func() { started <- p.cmd.Start() }
	require.NoError(w.t, <-started)
	go func() {
		_ = p.cmd.Wait() // what matters is in its state
		close(p.exited)
	}()
	w.t.Cleanup(func() {
		p.kill()
		log := p.log.String()
		require.False(w.t, strings.Contains(log, w.telegram.Token()), "the token is in the log")
		if lines := strings.SplitAfter(log, "\n"); w.t.Failed() || strings.Contains(log, "level=ERROR") {
			w.t.Errorf("process %d said last:\n%s", p.cmd.Process.Pid, strings.Join(lines[max(0, len(lines)-60):], ""))
		}
	})
	return p
}

// ready starts a process and waits until it says that it is ready.
func (w *world) ready() *process {
	w.t.Helper()
	p := w.start()
	w.eventually(func() bool { return p.get("/readyz") == http.StatusOK }, "not ready\n%s", p.log)
	return p
}

// kill ends the process as kill -9 does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.exited
}

// stop ends the process as a rolling restart does, and requires that it ends well.
func (p *process) stop() {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(syscall.SIGTERM))
	<-p.exited
	require.Zero(p.t, p.cmd.ProcessState.ExitCode(), "%s", p.log)
}

var listening = regexp.MustCompile(`msg=listening address=(\S+)`)

// address is where the process listens, empty before it does.
func (p *process) address() string {
	address := listening.FindStringSubmatch(p.log.String())
	if address == nil {
		return ""
	}
	return address[1]
}

// get returns the status that the process answers, 0 where it does not.
func (p *process) get(path string) int {
	status, _ := p.page(path)
	return status
}

// page returns what the process answers, 0 where it does not.
func (p *process) page(path string) (status int, body string) {
	address := p.address()
	if address == "" {
		return 0, ""
	}
	res, err := (&http.Client{Timeout: patience}).Get("http://" + address + path)
	if err != nil {
		return 0, ""
	}
	defer res.Body.Close()
	content, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(content)
}

func (w *world) eventually(done func() bool, message string, args ...any) {
	w.t.Helper()
	require.Eventually(w.t, done, patience, 20*time.Millisecond, append([]any{message}, args...)...)
}

// hears waits until one of the bot's replies to a message contains a text, and returns it.
func (w *world) hears(to *telegramtest.Message, text string) *telegramtest.Message {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	m, err := w.telegram.WaitMessage(ctx, to.Chat, func(m *telegramtest.Message) bool {
		return m.ReplyTo == to.ID && strings.Contains(m.Text, text)
	})
	require.NoError(w.t, err, "no reply to %q with %q", to.Text, text)
	return m
}

// query returns a number from the database.
func (w *world) query(sql string) (n int, err error) {
	err = w.pool.QueryRow(w.t.Context(), sql).Scan(&n)
	return n, err
}

// settle waits until Telegram has nothing for the bot, and the bot nothing more to do.
func (w *world) settle(within time.Duration) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		open, err := w.query(`
			SELECT (SELECT count(*) FROM updates WHERE done_at IS NULL)
			     + (SELECT count(*) FROM tickets WHERE state IN ('waiting', 'sending') OR told < version)`)
		return w.telegram.Pending() == 0 && err == nil && open == 0
	}, within, 100*time.Millisecond, "work is left over")
}

// unsettled describes what keeps a world from settling.
func (w *world) unsettled() string {
	rows, _ := w.pool.Query(w.t.Context(), `
		SELECT format('update %s owner %s', update_id, owner) FROM updates WHERE done_at IS NULL
		UNION ALL SELECT format('ticket %s %s owner %s teller %s told %s of %s, due in %s, to be told in %s',
			id, state, owner, teller, told, version, due_at - now(), tell_at - now()) FROM tickets
		WHERE state IN ('waiting', 'sending') OR told < version
		UNION ALL SELECT format('process %s', number) FROM processes`)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return fmt.Sprint(w.telegram.Pending(), " updates pending, ", err, "\n", strings.Join(lines, "\n"))
}
