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
	"runtime"
	"syscall"
	"time"
)

const supervisorName = "livedeskbot-postgres"

// What the supervisor inherits.
const (
	ownerFD = 3 + iota
	listenerFD
)

// The supervisor is a copy of whatever program imports this package: the service, what `go run` has built, a test binary.
// Only an init can keep all of them from running their own main.
func init() {
	if len(os.Args) == 2 && os.Args[0] == supervisorName {
		os.Exit(supervise(os.Args[1]))
	}
}

// launch starts the supervisor, hands it the lock and the socket, and waits until it says that the server is ready. The
// connection waits in the socket's queue before the supervisor exists, which so learns of this user even if the user dies
// at once.
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
	defer owner.Close() // last: the lock covers the cleaning up
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
