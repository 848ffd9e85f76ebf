// Package localpg runs a private Postgres from the server programs on this machine, so that the service and the tests
// need no set-up.
//
// The server listens on a Unix socket that only its account can reach and has no password. Its settings are the durable
// ones: an acknowledged row survives a kill -9 of everything. It belongs to a supervisor, a detached copy of this
// program (supervisor.go). Each process that uses the server holds a connection to the supervisor; when the last of
// them has gone, however it went, the supervisor stops the server and ends. So the server outlives a Ctrl-C long enough
// for a graceful stop, several processes share one folder, and nothing is left running.
//
// The package downloads nothing by itself (the package fetch below it does, for the programs that import it), upgrades
// nothing and never touches a data folder that another major version wrote.
// Start with Start, or with StartTemporary for a server that leaves nothing behind.
package localpg

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// closeTimeout is longer than the supervisor waits for a server that does not want to stop.
const closeTimeout = stopTimeout + 5*time.Second

// Config says where the server keeps its files and who hears of it.
type Config struct {
	// Dir is created where it is missing. As root it must be a folder that the account postgres can enter, or nobody
	// where there is no such account; an empty one that belongs to root is handed to that account.
	Dir string
	// Logger may be nil.
	Logger *slog.Logger
}

// Server is this process's share of a running server. Safe for concurrent use.
type Server struct {
	cluster *cluster
	done    chan struct{}
	closing chan struct{}
	leave   func() // tells the supervisor that this process needs the server no more; later calls do nothing
}

// Start runs the server that keeps its data in the folder of the configuration, or joins it where another process runs
// it already, and returns once it accepts connections. The context ends the wait, not the server. Errors are sentences
// for the operator: what is missing or in the way, and what to do about it.
func Start(ctx context.Context, config Config) (*Server, error) {
	dir, err := filepath.Abs(config.Dir)
	if err != nil {
		return nil, fmt.Errorf("folder of the private Postgres: %w", err)
	}
	began := time.Now()
	server, err := start(ctx, &cluster{Dir: dir, fetch: registered})
	if err != nil {
		return nil, err
	}
	if config.Logger != nil {
		config.Logger.Info("private postgres is ready", "dir", dir, "took", time.Since(began))
	}
	return server, nil
}

// StartTemporary runs a server whose data is gone when the processes that use it are, in memory where there is room. It
// takes more connections than a durable one and may lose data in a crash of the machine: for tests and for trying out.
func StartTemporary(ctx context.Context) (*Server, error) {
	dir, err := temporaryDir()
	if err != nil {
		return nil, err
	}
	server, err := start(ctx, &cluster{Dir: dir, Temporary: true, fetch: registered})
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return server, nil
}

// URL returns the connection string, for the superuser and the database that every server has.
func (s *Server) URL() string { return s.cluster.url() }

// Done is closed when the server has gone: after Close, or because it ended by itself, and then its user should end too or
// start another.
func (s *Server) Done() <-chan struct{} { return s.done }

// Err returns why Done is closed: nil while the server runs and after Close.
func (s *Server) Err() error {
	select {
	case <-s.closing:
		return nil
	default:
	}
	select {
	case <-s.done:
		return fmt.Errorf("the private Postgres in %s has ended; its log is %s", s.cluster.Dir, s.cluster.logPath())
	default:
		return nil
	}
}

// Close gives up this process's share and, if it was the last, waits until the server has stopped.
func (s *Server) Close() error {
	s.leave()
	select {
	case <-s.done:
		return nil
	case <-time.After(closeTimeout):
		return fmt.Errorf("the private Postgres in %s does not stop; its log is %s", s.cluster.Dir, s.cluster.logPath())
	}
}

func start(ctx context.Context, c *cluster) (*Server, error) {
	conn, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	s := &Server{cluster: c, done: make(chan struct{}), closing: make(chan struct{})}
	s.leave = sync.OnceFunc(func() {
		close(s.closing)
		_ = conn.CloseWrite() // fails where the supervisor has gone, and then the server has too
	})
	go func() {
		_, _ = io.Copy(io.Discard, conn) // ends when the supervisor closes it or dies
		conn.Close()
		close(s.done)
	}()
	return s, nil
}

// errUnattended says that no supervisor answers. Another may be on its way in or out.
var errUnattended = errors.New("no supervisor answers")

// open joins the supervisor of the folder, or becomes the one process that launches it.
func (c *cluster) open(ctx context.Context) (*net.UnixConn, error) {
	conn, err := c.join(ctx)
	if !errors.Is(err, errUnattended) {
		return conn, err
	}
	if err := c.prepare(ctx); err != nil {
		return nil, err
	}
	giveUp := time.After(orphanTimeout)
	for {
		owner, err := tryLock(c.path("owner.lock"))
		if err == nil {
			return c.launch(ctx, owner)
		}
		if !errors.Is(err, errLocked) {
			return nil, c.fault(err)
		}
		conn, err := c.join(ctx)
		if !errors.Is(err, errUnattended) {
			return conn, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for the private Postgres in %s: %w", c.Dir, ctx.Err())
		case <-giveUp:
			return nil, c.orphaned()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// join connects to a running supervisor and waits for its word that the server is ready.
func (c *cluster) join(ctx context.Context) (*net.UnixConn, error) {
	conn, err := net.DialUnix("unix", nil, c.controlAddr())
	if errors.Is(err, fs.ErrPermission) {
		return nil, c.fault(err)
	}
	if err != nil {
		return nil, errUnattended
	}
	if err := awaitAnswer(ctx, conn); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// answer is what the supervisor says to each user, once: no fault means that the server is ready.
type answer struct{ Fault string }

func awaitAnswer(ctx context.Context, conn net.Conn) error {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	var a answer
	err := json.NewDecoder(conn).Decode(&a)
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("wait for the private Postgres: %w", ctx.Err())
	case err != nil:
		return errUnattended
	case a.Fault != "":
		return errors.New(a.Fault)
	}
	return nil
}
