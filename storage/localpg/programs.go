package localpg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// oldestMajor is the oldest version the schema is tested with.
const oldestMajor = 14

// homes are where packagers put the server programs; most of them are not on PATH.
var homes = []string{
	"/usr/lib/postgresql/*/bin", // Debian, Ubuntu
	"/usr/pgsql-*/bin",          // PGDG for Red Hat
	"/usr/libexec/postgresql*",  // Alpine
	"/opt/homebrew/opt/postgresql@*/bin",
	"/usr/local/opt/postgresql@*/bin",
	"/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
	"/opt/local/lib/postgresql*/bin", // MacPorts
	"/Applications/Postgres.app/Contents/Versions/*/bin",
}

const notFound = `no PostgreSQL found: DATABASE_URL is not set and there are no PostgreSQL server programs (initdb, postgres) of version %d or newer on this machine.
Do one of these, then run the same command again:
- point at a server: export DATABASE_URL='postgres://user:password@host:5432/db'
- install PostgreSQL: apt install postgresql | dnf install postgresql-server | apk add postgresql | brew install postgresql@17
- name its folder: export PG_BINDIR=.../bin
Looked in: %s`

const otherMajor = `%[1]s was written by PostgreSQL %[2]s, and the server programs of that version are not on this machine. Nothing was changed.
Do one of these, then run the same command again:
- install that version: apt install postgresql-%[2]s | dnf install postgresql%[2]s-server | apk add postgresql%[2]s | brew install postgresql@%[2]s
- name its folder: export PG_BINDIR=.../bin
- begin with an empty database: choose another DATA_DIR
Looked in: %[3]s`

// registered is the last resort where this machine has no fitting server programs. It is nil in the service.
var registered func(ctx context.Context) (dir string, err error)

// RegisterFetch makes Start and StartTemporary ask for a folder of server programs where this machine has none that fit
// and PG_BINDIR names none. Only an init may call it: what a program links decides, as with a database driver, so that the
// service never downloads and every test does, however the test comes to start a server.
func RegisterFetch(f func(ctx context.Context) (dir string, err error)) { registered = f }

// errConfined begins the sentence that look makes of it.
var errConfined = errors.New("this process is root without the right to act as account")

// search looks for server programs that the account can run.
type search struct {
	as        account
	writtenBy string // the only major version that fits, empty where there is no data yet
	best      string
	bestMajor int
	looked    []string
}

// findPrograms returns the folder of the newest server programs that the account can run, or of exactly the major
// version that wrote the data.
func findPrograms(ctx context.Context, c *cluster, writtenBy string) (string, error) {
	s := search{as: c.Account, writtenBy: writtenBy}
	for _, dir := range candidates(ctx) {
		if err := s.look(ctx, dir); errors.Is(err, errConfined) {
			return "", err
		}
	}
	var unfetched error
	if s.best == "" && c.fetch != nil && os.Getenv("PG_BINDIR") == "" {
		unfetched = s.lookAtFetched(ctx, c.fetch)
	}
	if s.best != "" {
		return s.best, nil
	}
	missing := fmt.Errorf(notFound, oldestMajor, strings.Join(s.looked, ", "))
	if writtenBy != "" {
		missing = fmt.Errorf(otherMajor, c.dataDir(), writtenBy, strings.Join(s.looked, ", "))
	}
	if unfetched != nil {
		return "", fmt.Errorf("%w\nA download was no help: %w", missing, unfetched)
	}
	return "", missing
}

// look takes the programs of the folder if they fit better than those before. The error says why they do not run.
func (s *search) look(ctx context.Context, dir string) error {
	major, err := majorVersion(ctx, dir, s.as)
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EINVAL) { // the latter in a user namespace
		return fmt.Errorf("%w %s, and Postgres refuses to run as root: run as an ordinary user, or set DATABASE_URL", errConfined, s.as.Name)
	}
	if err != nil {
		s.looked = append(s.looked, dir)
		return err
	}
	s.looked = append(s.looked, fmt.Sprintf("%s (version %d)", dir, major))
	fits := major >= oldestMajor
	if s.writtenBy != "" {
		fits = strconv.Itoa(major) == s.writtenBy
	}
	if fits && major > s.bestMajor {
		s.best, s.bestMajor = dir, major
	}
	return nil
}

func (s *search) lookAtFetched(ctx context.Context, fetch func(context.Context) (string, error)) error {
	dir, err := fetch(ctx)
	if err != nil {
		return err
	}
	if err = s.look(ctx, dir); err == nil {
		return nil
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok { // says which library it misses
		err = fmt.Errorf("%w: %s", err, bytes.TrimSpace(exit.Stderr))
	}
	return fmt.Errorf("those in %s do not run here: %w", dir, err)
}

// candidates lists folders that may hold the server programs. PG_BINDIR, where set, is the only one.
func candidates(ctx context.Context) []string {
	if dir := os.Getenv("PG_BINDIR"); dir != "" {
		return []string{dir}
	}
	var dirs []string
	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	if initdb, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(initdb); err == nil {
			initdb = real
		}
		dirs = append(dirs, filepath.Dir(initdb))
	}
	for _, pattern := range homes {
		found, _ := filepath.Glob(pattern) // the only error is a malformed pattern
		if found == nil {
			found = []string{pattern}
		}
		dirs = append(dirs, found...)
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

var versionPattern = regexp.MustCompile(`^postgres \(PostgreSQL\) (\d+)`)

func majorVersion(ctx context.Context, dir string, as account) (int, error) {
	if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version")
	cmd.Dir, cmd.Env, cmd.SysProcAttr = "/", bareEnv(), as.attr()
	out, err := cmd.Output()
	if err != nil {
		return 0, err
	}
	match := versionPattern.FindSubmatch(out)
	if match == nil {
		return 0, fmt.Errorf("%s is not PostgreSQL", cmd.Path)
	}
	return strconv.Atoi(string(match[1]))
}

// bareEnv is the whole environment of supervisor and server. Ours holds secrets, which are nobody else's.
func bareEnv() []string {
	env := []string{"LC_ALL=C"}
	for _, name := range []string{"PATH", "LD_LIBRARY_PATH"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}
