package localpg

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// orphanTimeout is how long a folder may be locked while nobody answers for it: longer than a server takes to stop.
const orphanTimeout = 60 * time.Second

// maxSocketPath is what macOS allows for the path of a Unix socket; Linux allows four bytes more.
const maxSocketPath = 103

// cluster is one private Postgres. It travels to the supervisor as JSON. Its folder holds:
//
//	postgres/     the data folder of Postgres itself
//	postgres.log  what the server says; the run before is in postgres.log.1
//	run/          the sockets of server and supervisor
//	owner.lock    locked while a supervisor or any process of the server lives
type cluster struct {
	Dir       string
	Temporary bool
	Programs  string // folder with initdb and postgres
	Account   account

	fetch func(context.Context) (string, error) // where there are no programs; nil: look only
}

func (c *cluster) path(name string) string { return filepath.Join(c.Dir, name) }
func (c *cluster) dataDir() string         { return c.path("postgres") }
func (c *cluster) logPath() string         { return c.path("postgres.log") }

// runDir is fit for a socket even where the folder is not: too long, or with a comma, which separates folders in
// settings and hosts in connection strings. It depends on nothing but the folder, because every process that wants to
// join has to find it.
func (c *cluster) runDir() string {
	run := c.path("run")
	if len(filepath.Join(run, ".s.PGSQL.5432")) <= maxSocketPath && !strings.ContainsAny(run, `,"`) {
		return run
	}
	sum := sha256.Sum256([]byte(c.Dir))
	return "/tmp/livedeskbot-" + hex.EncodeToString(sum[:8])
}

func (c *cluster) controlAddr() *net.UnixAddr {
	return &net.UnixAddr{Net: "unix", Name: filepath.Join(c.runDir(), "supervisor")}
}

func (c *cluster) url() string {
	// Everything is named, so that PGHOST and its like in the environment of the user have no say.
	query := url.Values{"host": {c.runDir()}, "port": {"5432"}, "sslmode": {"disable"}}.Encode()
	return "postgres://postgres@/postgres?" + strings.ReplaceAll(query, "+", "%20") // libpq's form has no plus for a space
}

// fault explains an error with the files of the server.
func (c *cluster) fault(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("the private Postgres in %s belongs to another account: %w", c.Dir, err)
	}
	return fmt.Errorf("the private Postgres in %s: %w", c.Dir, err)
}

// prepare finds out who can run the server from which programs, and only then makes the folder.
func (c *cluster) prepare(ctx context.Context) error {
	major, err := c.writtenBy()
	if err != nil {
		return err
	}
	if c.Account, err = serverAccount(c.dataDir(), "postgres", "nobody"); err != nil {
		return err
	}
	if c.Programs, err = findPrograms(ctx, c, major); err != nil {
		return err
	}
	return c.makeDir(ctx)
}

// writtenBy returns the major version that wrote the data, empty where there is none yet.
func (c *cluster) writtenBy() (string, error) {
	if _, err := os.Stat(c.path("PG_VERSION")); err == nil {
		return "", fmt.Errorf("%s is itself a data folder of Postgres: name another folder, or run that server and set DATABASE_URL", c.Dir)
	}
	version, err := os.ReadFile(filepath.Join(c.dataDir(), "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", c.fault(err)
	}
	return strings.TrimSpace(string(version)), nil
}

// makeDir tries the nearest folder there is first, so that nothing is made where the server could not get in.
func (c *cluster) makeDir(ctx context.Context) error {
	existing := c.Dir
	for !isDir(existing) {
		existing = filepath.Dir(existing)
	}
	err := c.enterable(ctx, existing)
	if err != nil && existing == c.Dir {
		if takeBack, ok := c.handOver(); ok {
			if err = c.enterable(ctx, c.Dir); err != nil {
				takeBack() // what keeps the account out lies above
			}
		}
	}
	if err != nil || existing == c.Dir {
		return err
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return fmt.Errorf("folder of the private Postgres: %w", err)
	}
	if err := os.Chmod(c.Dir, 0o711); err != nil { // a strict umask would keep the server's account out
		return fmt.Errorf("folder of the private Postgres: %w", err)
	}
	return c.enterable(ctx, c.Dir)
}

// handOver makes the account the owner of a folder that root made for the data and that holds nothing yet.
func (c *cluster) handOver() (takeBack func(), ok bool) {
	info, err := os.Lstat(c.Dir)
	if err != nil || !info.IsDir() || info.Sys().(*syscall.Stat_t).Uid != 0 {
		return nil, false
	}
	entries, err := os.ReadDir(c.Dir)
	if err != nil || len(entries) > 0 || !c.Account.other() || c.Account.own(c.Dir) != nil {
		return nil, false
	}
	return func() { _ = os.Lchown(c.Dir, 0, int(info.Sys().(*syscall.Stat_t).Gid)) }, true
}

// makeRunDir gives the sockets a folder of their own. The one for a long path is in /tmp, where anyone could have made
// it first, to be joined instead of the real one.
func (c *cluster) makeRunDir() error {
	err := os.Mkdir(c.runDir(), 0o700)
	if err == nil {
		return c.Account.own(c.runDir())
	}
	info, err := os.Lstat(c.runDir())
	if err != nil {
		return fmt.Errorf("folder for sockets: %w", err)
	}
	owner := int(info.Sys().(*syscall.Stat_t).Uid)
	if !info.IsDir() || info.Mode().Perm() != 0o700 || owner != os.Geteuid() && owner != c.Account.uid() {
		return fmt.Errorf("folder for sockets: %s is not a private folder of ours: remove it", c.runDir())
	}
	return c.Account.own(c.runDir())
}

// orphaned explains a lock that nobody answers for. On Linux a server dies with its supervisor; elsewhere it may not.
func (c *cluster) orphaned() error {
	return fmt.Errorf("the private Postgres in %s is held by a server whose supervisor has gone: "+
		"end process %s with `kill -INT` and start again", c.Dir, c.readLock().pid)
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// errLocked says that another process holds the lock.
var errLocked = errors.New("locked")

// tryLock locks the file for as long as it is open, here or in a process that has inherited it.
func tryLock(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return file, nil
	}
	file.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errLocked
	}
	return nil, &fs.PathError{Op: "lock", Path: path, Err: err}
}
