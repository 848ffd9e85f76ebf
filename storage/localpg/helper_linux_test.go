package localpg

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"livedeskbot/storage/paralleltest"
)

const patience = 20 * time.Second

// roleVariable makes this test binary play a process that uses the server, for tests to kill.
const roleVariable = "LOCALPG_TEST_ROLE"

func TestMain(m *testing.M) {
	role := os.Getenv(roleVariable)
	if role == "" {
		provide()
		status := paralleltest.Run(m)
		removeTemplate()
		os.Exit(status)
	}
	if err := play(role, os.Args[1]); err != nil {
		fmt.Println("fault", strings.ReplaceAll(err.Error(), "\n", " | "))
		os.Exit(1)
	}
}

// provide puts fetched programs on PATH where this machine has none: players of other accounts could not fetch into our
// cache, but may use what is there. Where it fails, the tests say why.
func provide() {
	ctx := context.Background()
	as, _ := serverAccount("", "postgres", "nobody")
	if _, err := findPrograms(ctx, &cluster{Account: as}, ""); err == nil {
		return
	}
	if dir, err := findPrograms(ctx, &cluster{Account: as, fetch: registered}, ""); err == nil {
		_ = os.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	}
}

// play prints what it does, one line each, until its standard input ends or the server goes.
func play(role, dir string) error {
	ctx := context.Background()
	begin := func() (*Server, error) { return Start(ctx, Config{Dir: dir}) }
	if role == "temporary" {
		begin = func() (*Server, error) { return StartTemporary(ctx) }
	}
	server, err := begin()
	if err != nil {
		return err
	}
	fmt.Println("ready", server.cluster.Dir)
	if role == "writer" {
		return write(ctx, server.URL())
	}
	closed := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(closed)
	}()
	select {
	case <-closed:
		return server.Close()
	case <-server.Done():
		return server.Err()
	}
}

// write counts the rows of earlier runs, then inserts one after the other and prints each once it is acknowledged.
func write(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, `CREATE TABLE IF NOT EXISTS rows (n bigint PRIMARY KEY)`); err != nil {
		return err
	}
	rows, _ := conn.Query(ctx, `SELECT n FROM rows`)
	found, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	text, err := json.Marshal(found)
	if err != nil {
		return err
	}
	fmt.Println("found", string(text))
	for n := time.Now().UnixNano(); ; n++ {
		if _, err := conn.Exec(ctx, `INSERT INTO rows VALUES ($1)`, n); err != nil {
			return err
		}
		fmt.Println("row", n)
	}
}

// player is a process that plays a role.
type player struct {
	cmd   *exec.Cmd
	stdin io.Closer
	out   *bufio.Reader
}

// person is whom a test runs its processes as.
type person struct {
	name string
	attr func() *syscall.SysProcAttr
}

var (
	self = person{"this account", func() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }}
	// On Debian this is the number of the account nobody; initdb needs an account that exists.
	ordinary = person{"an ordinary user", func() *syscall.SysProcAttr {
		return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}}
)

// asEveryone runs the test as this account and, where this is root, as an ordinary user too.
func asEveryone(t *testing.T, test func(t *testing.T, who person)) {
	people := []person{self}
	if os.Geteuid() == 0 {
		people = append(people, ordinary)
	}
	for _, who := range people {
		t.Run("as "+who.name, func(t *testing.T) {
			t.Parallel()
			test(t, who)
		})
	}
}

// folder returns a folder for a server that the person may use and that does not exist yet. At the end of the test
// nothing may run there.
func folder(t *testing.T, who person) string {
	t.Helper()
	base := directory(t)
	if cred := who.attr().Credential; cred != nil {
		require.NoError(t, os.Chown(base, int(cred.Uid), int(cred.Gid)))
	}
	dir := filepath.Join(base, "data")
	t.Cleanup(func() { requireNothingRuns(t, dir) })
	return dir
}

// initialised is a folder with the data that the first start makes, which takes a second of a processor: for tests that
// are about something later.
func initialised(t *testing.T, who person) string {
	t.Helper()
	source, err := template()
	require.NoError(t, err)
	dir := folder(t, who)
	data := filepath.Join(dir, "postgres")
	require.NoError(t, os.CopyFS(data, os.DirFS(filepath.Join(source, "postgres"))))
	require.NoError(t, os.Chmod(data, 0o700)) // or Postgres refuses it
	require.NoError(t, os.Chmod(dir, 0o711))
	if cred := who.attr().Credential; cred != nil {
		chown(t, dir, int(cred.Uid), int(cred.Gid))
	} else if as, err := serverAccount(data, "postgres", "nobody"); as.other() {
		require.NoError(t, err)
		chown(t, data, int(as.UID), int(as.GID))
	}
	return dir
}

func chown(t *testing.T, tree string, uid, gid int) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(tree, func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, uid, gid))
	}))
}

var templateDir = sync.OnceValues(memoryDir)

// template is the folder of a server that was started once and stopped.
var template = sync.OnceValues(func() (string, error) {
	dir, err := templateDir()
	if err != nil {
		return "", err
	}
	server, err := Start(context.Background(), Config{Dir: dir})
	if err != nil {
		return "", err
	}
	return dir, server.Close()
})

func removeTemplate() {
	if dir, err := templateDir(); err == nil {
		_ = os.RemoveAll(dir)
	}
}

// directory is a t.TempDir that everyone can enter, with a short name, and in memory where there is room: what a kill
// of processes can lose does not depend on the disk.
func directory(t *testing.T) string {
	t.Helper()
	dir, err := memoryDir()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

func memoryDir() (string, error) {
	base := os.TempDir()
	if roomIn(sharedMemory) >= memoryNeeded {
		base = sharedMemory
	}
	dir, err := os.MkdirTemp(base, "localpg-test-")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o711)
}

// begin starts a player without waiting for anything.
func begin(t *testing.T, who person, role, dir string, env ...string) *player {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", dir) // an ordinary user could not reach the file by its name
	cmd.Dir, cmd.SysProcAttr = "/", who.attr()
	cmd.Env = append(slices.Clone(os.Environ()), append(env, roleVariable+"="+role)...)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	p := &player{cmd: cmd, stdin: stdin, out: bufio.NewReader(stdout)}
	t.Cleanup(p.kill)
	return p
}

// enter starts a player and waits until it uses the server.
func enter(t *testing.T, who person, role, dir string) *player {
	t.Helper()
	p := begin(t, who, role, dir)
	p.expect(t, "ready")
	return p
}

// expect returns the rest of the next line, which must begin with the word.
func (p *player) expect(t *testing.T, word string) string {
	t.Helper()
	line, err := p.out.ReadString('\n')
	require.NoError(t, err, line)
	rest, ok := strings.CutPrefix(strings.TrimSpace(line), word+" ")
	require.True(t, ok, "said %q instead of %q", line, word)
	return rest
}

// rest returns what the player has said since, up to its end.
func (p *player) rest() []string {
	text, _ := io.ReadAll(p.out) // what a killed process could say
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

// leave ends the player in good order.
func (p *player) leave(t *testing.T) {
	t.Helper()
	require.NoError(t, p.stdin.Close())
	require.NoError(t, p.cmd.Wait())
}

func (p *player) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// running returns the processes of the server in the folder: its supervisor, and what works in its data folder.
func running(dir string) (supervisors, servers []int) {
	entries, _ := filepath.Glob("/proc/[0-9]*")
	for _, entry := range entries {
		pid, _ := strconv.Atoi(filepath.Base(entry))
		args, _ := os.ReadFile(filepath.Join(entry, "cmdline"))
		cwd, _ := os.Readlink(filepath.Join(entry, "cwd"))
		named := strings.Contains(string(args), dir+`"`) || strings.Contains(string(args), dir+"/postgres")
		switch {
		case named && strings.HasPrefix(string(args), supervisorName):
			supervisors = append(supervisors, pid)
		case named || strings.HasPrefix(cwd, dir):
			servers = append(servers, pid)
		}
	}
	return supervisors, servers
}

func requireNothingRuns(t *testing.T, dir string) {
	t.Helper()
	require.Eventually(t, func() bool {
		supervisors, servers := running(dir)
		return len(supervisors)+len(servers) == 0
	}, patience, 30*time.Millisecond, "something still runs in %s", dir)
}

func requireGone(t *testing.T, path string) {
	t.Helper()
	require.Eventually(t, func() bool {
		_, err := os.Lstat(path)
		return err != nil
	}, patience, 10*time.Millisecond, "%s is still there", path)
}

// killEverything is what a power cut does to processes: it stops them all before it kills them, so that none can react to
// another's death.
func killEverything(t *testing.T, dir string, users ...*player) {
	t.Helper()
	supervisors, servers := running(dir)
	require.Len(t, supervisors, 1)
	require.NotEmpty(t, servers)
	for _, pid := range slices.Concat(supervisors, servers) {
		_ = syscall.Kill(pid, syscall.SIGSTOP)
	}
	for _, pid := range servers {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	for _, user := range users {
		_ = user.cmd.Process.Kill()
	}
	require.NoError(t, syscall.Kill(supervisors[0], syscall.SIGKILL))
}
