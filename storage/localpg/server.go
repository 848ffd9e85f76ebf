package localpg

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	stopTimeout  = 30 * time.Second // then the server is killed, and recovers at its next start
	readyTimeout = 2 * time.Minute  // recovery after a crash included
)

// process is a running server.
type process struct {
	stop   context.CancelFunc
	exited chan struct{}
}

// startServer returns once the server accepts connections.
func (c *cluster) startServer(owner *os.File) (*process, error) {
	if err := c.initialise(owner); err != nil {
		return nil, err
	}
	c.removeStaleLocks()
	ctx, stop := context.WithCancel(context.Background())
	cmd := c.command(ctx, owner, "postgres", c.settings()...)
	if err := cmd.Start(); err != nil {
		stop()
		return nil, c.fault(err)
	}
	s := &process{stop: stop, exited: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // the log says why it ended
		close(s.exited)
	}()
	if err := c.awaitReady(cmd.Process.Pid, s.exited); err != nil {
		stop()
		<-s.exited
		return nil, err
	}
	return s, nil
}

// command is a server program under the server's account. It inherits the lock, and so do its children: whoever gets
// the lock later knows that none of them is left.
func (c *cluster) command(ctx context.Context, owner *os.File, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(c.Programs, program), args...)
	cmd.Dir, cmd.Env = c.Dir, bareEnv()
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.ExtraFiles = []*os.File{owner}
	cmd.SysProcAttr = c.Account.attr()
	dieWithParent(cmd.SysProcAttr)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) } // fast shutdown
	cmd.WaitDelay = stopTimeout
	return cmd
}

// initialise makes the data folder aside and moves it into place, so that a crash cannot leave half of one.
func (c *cluster) initialise(owner *os.File) error {
	if _, err := os.Stat(filepath.Join(c.dataDir(), "PG_VERSION")); err == nil {
		return nil
	}
	fresh := c.dataDir() + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return c.fault(err)
	}
	if err := os.Mkdir(fresh, 0o700); err != nil {
		return c.fault(err)
	}
	if err := c.Account.own(fresh); err != nil {
		return c.fault(err)
	}
	args := []string{"-D", fresh, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-instructions"}
	if c.Temporary {
		args = append(args, "--no-sync")
	}
	if err := c.command(context.Background(), owner, "initdb", args...).Run(); err != nil {
		return c.initFault(err)
	}
	if err := os.Rename(fresh, c.dataDir()); err != nil {
		return c.fault(err)
	}
	if err := syncDir(c.Dir); err != nil {
		return c.fault(err)
	}
	return nil
}

func (c *cluster) initFault(err error) error {
	said := c.logTail()
	if strings.Contains(said, "could not look up effective user ID") {
		return fmt.Errorf("the account with the number %d has no entry in /etc/passwd, which Postgres asks for: add one, "+
			"run as an account that has one, or set DATABASE_URL", c.Account.uid())
	}
	return fmt.Errorf("initdb for the private Postgres in %s: %w\n%s", c.Dir, err, said)
}

// syncDir writes a folder to disk, so that the move of the data folder into it survives a power cut.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// removeStaleLocks clears the lock files of a server that was killed. Postgres does so itself, except where the number
// of the dead process is in use again, as it soon is in a container, or belongs to a zombie. We hold the owner lock, so
// what could be alive is only a server that someone has started by hand.
func (c *cluster) removeStaleLocks() {
	data, err := os.Stat(c.dataDir())
	if err != nil {
		return
	}
	works, err := os.Stat(filepath.Join("/proc", c.readLock().pid, "cwd"))
	if err == nil && os.SameFile(data, works) {
		return // Postgres will refuse to start beside it
	}
	_ = os.Remove(filepath.Join(c.dataDir(), "postmaster.pid"))
	_ = os.Remove(filepath.Join(c.runDir(), ".s.PGSQL.5432.lock"))
}

func (c *cluster) settings() []string {
	values := []string{
		"listen_addresses=", "port=5432", `unix_socket_directories="` + c.runDir() + `"`, "unix_socket_permissions=0700",
		"shared_buffers=32MB", "jit=off", "wal_level=minimal", "max_wal_senders=0",
		"dynamic_shared_memory_type=mmap", // /dev/shm is small in containers, and files there would outlive a kill -9
		"logging_collector=off", "log_destination=stderr", "log_checkpoints=off",
		// Details and statements hold what people wrote.
		"log_error_verbosity=terse", "log_min_error_statement=panic",
	}
	if c.Temporary {
		values = append(values, "max_connections=1000", "fsync=off", "full_page_writes=off", "synchronous_commit=off")
	} else {
		values = append(values, "max_connections=60", "fsync=on", "full_page_writes=on", "synchronous_commit=on")
	}
	args := []string{"-D", c.dataDir()}
	for _, value := range values {
		args = append(args, "-c", value)
	}
	return args
}

// awaitReady asks the lock file of Postgres, as pg_ctl does, and not the socket, where another server could answer.
func (c *cluster) awaitReady(pid int, exited <-chan struct{}) error {
	tooLate := time.After(readyTimeout)
	for {
		if lock := c.readLock(); lock.pid == strconv.Itoa(pid) && lock.status == "ready" {
			return nil
		}
		select {
		case <-exited:
			return fmt.Errorf("the private Postgres in %s does not come up, see %s:\n%s", c.Dir, c.logPath(), c.logTail())
		case <-tooLate:
			return fmt.Errorf("the private Postgres in %s is not ready after %s, see %s", c.Dir, readyTimeout, c.logPath())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// logTail returns the last lines of the log.
func (c *cluster) logTail() string {
	content, err := os.ReadFile(c.logPath())
	if err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}

// pidFile is what we need of the lock file of Postgres. The process may be long gone.
type pidFile struct{ pid, status string }

func (c *cluster) readLock() pidFile {
	content, _ := os.ReadFile(filepath.Join(c.dataDir(), "postmaster.pid")) // a missing file is read as an empty one
	lines := strings.Split(string(content), "\n")
	if len(lines) < 8 {
		return pidFile{pid: lines[0]}
	}
	return pidFile{pid: lines[0], status: strings.TrimSpace(lines[7])}
}
