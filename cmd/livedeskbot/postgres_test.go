package main

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"livedeskbot/storage/localpg"
)

// postgres is a server with durable settings that a test may end and start again.
type postgres struct {
	t      *testing.T
	dir    string
	server *localpg.Server

	suspended []int
}

func newPostgres(t *testing.T) *postgres {
	t.Helper()
	dir, err := os.MkdirTemp("", "livedeskbot-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o711)) // as root the server's account must get in
	pg := &postgres{t: t, dir: dir}
	pg.start()
	t.Cleanup(func() {
		pg.resume()
		_ = pg.server.Close()
		_ = os.RemoveAll(dir)
	})
	return pg
}

func (pg *postgres) start() {
	pg.t.Helper()
	var err error
	pg.server, err = localpg.Start(pg.t.Context(), localpg.Config{Dir: pg.dir})
	require.NoError(pg.t, err)
}

// end ends the server: SIGKILL is a crash, SIGINT a fast shutdown.
func (pg *postgres) end(signal syscall.Signal) {
	pg.t.Helper()
	connections := pg.connections()
	require.NoError(pg.t, syscall.Kill(pg.pid(), signal))
	<-pg.server.Done()
	_ = pg.server.Close() // it has gone
	// A connection may serve one more statement before it notices.
	require.Eventually(pg.t, func() bool {
		return !slices.ContainsFunc(connections, func(pid int) bool { return syscall.Kill(pid, 0) == nil })
	}, patience, 10*time.Millisecond)
}

// suspend stops every process of the server: connections stay, answers do not come.
func (pg *postgres) suspend() {
	pg.t.Helper()
	pg.suspended = append(pg.connections(), pg.pid())
	for _, pid := range pg.suspended {
		_ = syscall.Kill(pid, syscall.SIGSTOP) // a connection may have ended
	}
}

// resume ends what suspend began.
func (pg *postgres) resume() {
	for _, pid := range pg.suspended {
		_ = syscall.Kill(pid, syscall.SIGCONT)
	}
	pg.suspended = nil
}

// connections are the processes that the server has started.
func (pg *postgres) connections() []int {
	pg.t.Helper()
	conn, err := pgx.Connect(pg.t.Context(), pg.server.URL())
	require.NoError(pg.t, err)
	defer conn.Close(pg.t.Context())
	rows, _ := conn.Query(pg.t.Context(), `SELECT pid FROM pg_stat_activity`)
	pids, err := pgx.CollectRows(rows, pgx.RowTo[int])
	require.NoError(pg.t, err)
	return pids
}

func (pg *postgres) pid() int {
	pg.t.Helper()
	pid, err := firstProcess(pg.dir)
	require.NoError(pg.t, err)
	return pid
}

// firstProcess is the process of the private Postgres in a folder that started all its others.
func firstProcess(dir string) (int, error) {
	lock, err := os.ReadFile(filepath.Join(dir, "postgres", "postmaster.pid"))
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(string(lock), "\n")
	return strconv.Atoi(line)
}
