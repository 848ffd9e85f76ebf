package localpg

import (
	"context"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var rounds = flag.Int("rounds", 3, "how often everything is killed while rows are written")

func TestFourProcessesThatStartAtOnceShareOneServer(t *testing.T) {
	t.Parallel()
	asEveryone(t, func(t *testing.T, who person) {
		dir := folder(t, who)
		var players []*player
		for range 4 {
			players = append(players, begin(t, who, "user", dir))
		}
		for _, p := range players {
			p.expect(t, "ready")
		}
		supervisors, _ := running(dir)
		require.Len(t, supervisors, 1)
		for _, p := range players {
			p.leave(t)
		}
		supervisors, servers := running(dir)
		require.Empty(t, supervisors, "the last one out waits for the end")
		require.Empty(t, servers)
	})
}

func TestTheServerStaysWhileOneUserIsLeft(t *testing.T) {
	t.Parallel()
	dir := initialised(t, self)
	first := enter(t, self, "user", dir)
	second := enter(t, self, "user", dir)
	first.kill()
	third := enter(t, self, "user", dir)
	second.leave(t)
	writer := enter(t, self, "writer", dir)
	third.leave(t)
	writer.expect(t, "found")
	writer.expect(t, "row")
}

func TestWhateverIsKilledTheRestEndsAndTheNextStartWorks(t *testing.T) {
	t.Parallel()
	asEveryone(t, func(t *testing.T, who person) {
		dir := initialised(t, who)
		for _, kill := range []func(*player){
			func(user *player) { user.kill() },
			func(user *player) {
				supervisors, _ := running(dir)
				require.NoError(t, syscall.Kill(supervisors[0], syscall.SIGKILL))
				require.Contains(t, user.expect(t, "fault"), "has ended", "the user hears of it")
			},
			func(user *player) {
				require.NoError(t, syscall.Kill(postmaster(t, dir), syscall.SIGKILL))
				require.Contains(t, user.expect(t, "fault"), filepath.Join(dir, "postgres.log"))
			},
		} {
			kill(enter(t, who, "user", dir))
			requireNothingRuns(t, dir)
		}
		enter(t, who, "user", dir).leave(t)
	})
}

func TestNoAcknowledgedRowIsLostWhenEverythingIsKilled(t *testing.T) {
	t.Parallel()
	asEveryone(t, func(t *testing.T, who person) {
		dir := initialised(t, who)
		acknowledged := map[int64]bool{}
		for range *rounds {
			p := enter(t, who, "writer", dir)
			requireFound(t, p, acknowledged)
			for range 1 + rand.IntN(200) {
				acknowledged[number(t, p.expect(t, "row"))] = true
			}
			killEverything(t, dir, p)
			for _, line := range p.rest() {
				if text, ok := strings.CutPrefix(line, "row "); ok {
					acknowledged[number(t, text)] = true
				}
			}
		}
		p := enter(t, who, "writer", dir)
		requireFound(t, p, acknowledged)
		t.Logf("%d rows acknowledged", len(acknowledged))
	})
}

// requireFound compares what was promised with what a new run finds.
func requireFound(t *testing.T, p *player, acknowledged map[int64]bool) {
	t.Helper()
	var found []int64
	require.NoError(t, json.Unmarshal([]byte(p.expect(t, "found")), &found))
	missing := len(acknowledged)
	for _, n := range found {
		if acknowledged[n] {
			missing--
		}
	}
	require.Zero(t, missing, "of %d acknowledged rows", len(acknowledged))
}

func number(t *testing.T, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	require.NoError(t, err)
	return n
}

func TestALockFileThatNamesAnotherProcessIsNoObstacle(t *testing.T) {
	t.Parallel()
	dir := initialised(t, self)
	p := enter(t, self, "user", dir)
	pidFile := filepath.Join(dir, "postgres", "postmaster.pid")
	content, err := os.ReadFile(pidFile)
	require.NoError(t, err)
	p.leave(t)

	// What a container finds after a kill of everything: the number is in use again, by the same account.
	as, err := serverAccount(filepath.Join(dir, "postgres"))
	require.NoError(t, err)
	bystander := exec.Command("sleep", "1000")
	bystander.SysProcAttr = as.attr()
	require.NoError(t, bystander.Start())
	t.Cleanup(func() {
		_ = bystander.Process.Kill()
		_ = bystander.Wait()
	})
	_, rest, _ := strings.Cut(string(content), "\n")
	require.NoError(t, os.WriteFile(pidFile, []byte(strconv.Itoa(bystander.Process.Pid)+"\n"+rest), 0o600))
	require.NoError(t, as.own(pidFile))

	enter(t, self, "user", dir).leave(t)
}

func TestAServerStartedByHandOnTheDataIsLeftAlone(t *testing.T) {
	t.Parallel()
	dir := initialised(t, self)
	enter(t, self, "user", dir).leave(t)
	c := &cluster{Dir: dir}
	require.NoError(t, c.prepare(t.Context()))
	owner, err := tryLock(filepath.Join(t.TempDir(), "another.lock"))
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	byHand := c.command(ctx, owner, "postgres", "-D", c.dataDir(), "-c", "listen_addresses=", "-k", c.dataDir())
	byHand.Stdout, byHand.Stderr = nil, nil
	require.NoError(t, byHand.Start())
	require.NoError(t, c.awaitReady(byHand.Process.Pid, nil))

	_, err = Start(t.Context(), Config{Dir: dir})
	require.ErrorContains(t, err, "does not come up")
	require.ErrorContains(t, err, `lock file "postmaster.pid" already exists`)
	require.Equal(t, byHand.Process.Pid, postmaster(t, dir))
	stop()
	_ = byHand.Wait() // says that it was stopped
}

func TestAHalfMadeDataFolderIsMadeAnew(t *testing.T) {
	t.Parallel()
	dir := folder(t, self)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "postgres.new", "base"), 0o755))
	enter(t, self, "user", dir).leave(t)
	require.NoDirExists(t, filepath.Join(dir, "postgres.new"))
}

func TestATemporaryServerIsGoneWithItsUser(t *testing.T) {
	t.Parallel()
	asEveryone(t, func(t *testing.T, who person) {
		for _, end := range []func(*player){
			func(p *player) { p.leave(t) },
			func(p *player) { p.kill() },
		} {
			p := begin(t, who, "temporary", "")
			dir := p.expect(t, "ready")
			require.DirExists(t, dir)
			end(p)
			requireGone(t, dir)
			requireNothingRuns(t, dir)
		}
	})
}

func TestTheNextTemporaryServerRemovesWhatAKillOfEverythingLeft(t *testing.T) {
	t.Parallel()
	p := begin(t, self, "temporary", "")
	dir := p.expect(t, "ready")
	killEverything(t, dir, p)
	requireNothingRuns(t, dir)
	require.DirExists(t, dir)
	require.NoError(t, os.Chtimes(dir, time.Time{}, time.Now().Add(-time.Hour)))

	next := begin(t, self, "temporary", "")
	next.expect(t, "ready")
	require.NoDirExists(t, dir)
	next.leave(t)
}

func postmaster(t *testing.T, dir string) int {
	t.Helper()
	pid, err := strconv.Atoi((&cluster{Dir: dir}).readLock().pid)
	require.NoError(t, err)
	return pid
}
