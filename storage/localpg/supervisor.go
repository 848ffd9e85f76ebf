package localpg

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	supervisorName = "livedeskbot-postgres"
	stopTimeout    = 30 * time.Second // then the server is killed, and recovers at its next start
	readyTimeout   = 2 * time.Minute  // recovery after a crash included
)

// What the supervisor inherits.
const (
	ownerFD = 3 + iota
	listenerFD
)

// init, against the rule of the house, because the supervisor is whatever program imports this package: the service,
// what `go run` has built, a test binary. None of them has another place to turn off before its own main.
func init() {
	if len(os.Args) == 2 && os.Args[0] == supervisorName {
		os.Exit(supervise(os.Args[1]))
	}
}

// launch starts the supervisor, hands it the lock and the socket, and waits for its word. The connection waits in the
// socket's queue before the supervisor exists, so it learns of this user even if the user dies at once.
func (c *cluster) launch(ctx context.Context, owner *os.File) (*net.UnixConn, error) {
	defer owner.Close()
	listener, err := c.listen()
	if err != nil {
		return nil, err
	}
	defer listener.Close()
	conn, err := net.DialUnix("unix", nil, c.controlAddr())
	if err != nil {
		return nil, c.fault(err)
	}
	err = c.spawn(owner, listener)
	if err == nil {
		listener.Close()
		owner.Close()
		err = awaitAnswer(ctx, conn)
	}
	if errors.Is(err, errUnattended) {
		err = fmt.Errorf("the supervisor of the private Postgres died: see %s", c.logPath())
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

func (c *cluster) listen() (*net.UnixListener, error) {
	if err := c.makeRunDir(); err != nil {
		return nil, err
	}
	_ = os.Remove(c.controlAddr().Name) // left by a supervisor that was killed
	listener, err := net.ListenUnix("unix", c.controlAddr())
	if err != nil {
		return nil, c.fault(err)
	}
	listener.SetUnlinkOnClose(false)
	// Where root joins in the folder of an ordinary user, that user must be able to join too.
	if err := c.Account.own(c.controlAddr().Name); err != nil {
		listener.Close()
		return nil, c.fault(err)
	}
	return listener, nil
}

func (c *cluster) spawn(owner *os.File, listener *net.UnixListener) error {
	socket, err := listener.File()
	if err != nil {
		return c.fault(err)
	}
	defer socket.Close()
	_ = os.Rename(c.logPath(), c.logPath()+".1") // there may be none
	log, err := os.OpenFile(c.logPath(), os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return c.fault(err)
	}
	defer log.Close()
	settings, err := json.Marshal(c)
	if err != nil {
		return err
	}
	path, err := ownProgram()
	if err != nil {
		return c.fault(err)
	}
	cmd := &exec.Cmd{
		Path:       path,
		Args:       []string{supervisorName, string(settings)},
		Dir:        "/",
		Env:        bareEnv(),
		Stdout:     log,
		Stderr:     log,
		ExtraFiles: []*os.File{ownerFD - 3: owner, listenerFD - 3: socket},
		// A Ctrl-C is for the user, who still needs the server for a graceful stop.
		SysProcAttr: &syscall.SysProcAttr{Setsid: true},
	}
	if err := cmd.Start(); err != nil {
		return c.fault(err)
	}
	go func() { _ = cmd.Wait() }() // no zombie; what matters comes through the connection
	return nil
}

// supervise is the life of the supervisor. It returns the exit status.
func supervise(settings string) int {
	runtime.LockOSThread() // the server dies with the thread that started it (dieWithParent)
	// A stop of the whole process group or service is for the users; the supervisor goes when they have gone. Caught,
	// not ignored: the server would inherit that.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	var c cluster
	if err := json.Unmarshal([]byte(settings), &c); err != nil {
		return 1
	}
	syscall.CloseOnExec(ownerFD)
	owner := os.NewFile(ownerFD, "owner.lock")
	socket := os.NewFile(listenerFD, "supervisor")
	listener, err := net.FileListener(socket)
	socket.Close()
	if err != nil {
		return 1
	}
	defer c.cleanUp()
	s, err := c.startServer(owner)
	if err != nil {
		refuse(listener.(*net.UnixListener), err)
		return 1
	}
	s.serve(listener)
	return 0
}

// cleanUp happens while we still hold the lock.
func (c *cluster) cleanUp() {
	_ = os.Remove(c.controlAddr().Name)
	_ = os.Remove(c.runDir()) // stays where a server that crashed has left its socket
	if c.Temporary {
		_ = os.RemoveAll(c.runDir())
		_ = os.RemoveAll(c.Dir)
	}
}

// refuse tells those who wait already why there is no server. Whoever comes later tries for themselves.
func refuse(listener *net.UnixListener, reason error) {
	_ = listener.SetDeadline(time.Now().Add(50 * time.Millisecond))
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		tell(conn, reason.Error())
		conn.Close()
	}
}

func tell(conn net.Conn, fault string) {
	_ = json.NewEncoder(conn).Encode(answer{Fault: fault}) // a user who has died is noticed by reading
}

// process is a running server.
type process struct {
	stop   context.CancelFunc
	exited chan struct{}
}

// serve lasts until the last user has gone, which includes whoever launched us, or the server has.
func (s *process) serve(listener net.Listener) {
	joined, left := make(chan net.Conn), make(chan net.Conn)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			joined <- conn
		}
	}()
	for users := 0; ; {
		select {
		case conn := <-joined:
			users++
			tell(conn, "")
			go func() {
				_, _ = io.Copy(io.Discard, conn) // users say nothing, they only end
				left <- conn
			}()
		case conn := <-left:
			users--
			if users == 0 {
				s.stop()
				<-s.exited
				return
			}
			conn.Close()
		case <-s.exited:
			return
		}
	}
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
	if exists(filepath.Join(c.dataDir(), "PG_VERSION")) {
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

// syncDir makes the move of the data folder last, before anything in it is promised to.
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
		values = append(values, "max_connections=200", "fsync=off", "full_page_writes=off", "synchronous_commit=off")
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
