package localpg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// account is who the server runs as. The zero value is the account of this process; Postgres refuses to run as root,
// so root needs another.
type account struct {
	Name     string
	UID, GID uint32
}

// serverAccount returns who owns the data, else the first of the names that this machine knows.
func serverAccount(dataDir string, names ...string) (account, error) {
	if os.Geteuid() != 0 {
		return account{}, nil
	}
	if info, err := os.Stat(dataDir); err == nil {
		stat := info.Sys().(*syscall.Stat_t)
		if stat.Uid != 0 {
			return account{Name: "with the number " + strconv.Itoa(int(stat.Uid)), UID: stat.Uid, GID: stat.Gid}, nil
		}
	}
	for _, name := range names {
		entry, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(entry.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(entry.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return account{}, fmt.Errorf("account %s: %w", name, err)
		}
		return account{Name: name, UID: uint32(uid), GID: uint32(gid)}, nil
	}
	return account{}, fmt.Errorf("as root Postgres runs as another account, and this machine has none of %s: "+
		"add one (`adduser --system postgres`), run as an ordinary user, or set DATABASE_URL", strings.Join(names, ", "))
}

func (a account) other() bool { return a.UID != 0 }

func (a account) uid() int {
	if a.other() {
		return int(a.UID)
	}
	return os.Geteuid()
}

// own makes the file the account's.
func (a account) own(path string) error {
	if !a.other() {
		return nil
	}
	return os.Lchown(path, int(a.UID), int(a.GID))
}

// attr makes a process the account's. It gets none of our groups.
func (a account) attr() *syscall.SysProcAttr {
	if !a.other() {
		return &syscall.SysProcAttr{}
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: a.UID, Gid: a.GID}}
}

// enterable starts a program in the folder as the server's account, to see whether that can enter it: the mode bits do not
// tell, because access lists and mounts also count.
func (c *cluster) enterable(ctx context.Context, dir string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(c.Programs, "postgres"), "--version")
	cmd.Dir, cmd.Env, cmd.SysProcAttr = dir, bareEnv(), c.Account.attr()
	err := cmd.Run()
	if errors.Is(err, fs.ErrPermission) && c.Account.other() {
		return fmt.Errorf("as root the private Postgres runs as account %s, which cannot enter %s: choose a folder that "+
			"everyone can enter (for example DATA_DIR=/var/lib/livedeskbot), or do not run as root", c.Account.Name, dir)
	}
	if err != nil {
		return fmt.Errorf("folder of the private Postgres: %w", err)
	}
	return nil
}
