package localpg

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

func TestTheServerIsDurableAndOutOfReach(t *testing.T) {
	t.Parallel()
	dir := folder(t, self)
	server, err := Start(t.Context(), Config{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	require.NoError(t, server.Err())

	for name, want := range map[string]string{
		"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "listen_addresses": "", "server_encoding": "UTF8",
	} {
		require.Equal(t, want, show(t, server.URL(), name), name)
	}
	info, err := os.Stat(filepath.Join(dir, "run"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())

	require.NoError(t, server.Close())
	require.NoError(t, server.Close(), "twice is harmless")
	<-server.Done()
	require.NoError(t, server.Err())
}

func TestATemporaryServerTakesManyConnections(t *testing.T) {
	t.Parallel()
	server, err := StartTemporary(t.Context())
	require.NoError(t, err)
	require.Equal(t, "off", show(t, server.URL(), "fsync"))
	require.Equal(t, "1000", show(t, server.URL(), "max_connections"))
	require.NoError(t, server.Close())
	require.NoDirExists(t, server.cluster.Dir)
}

func TestAPathThatASocketCannotHaveIsFine(t *testing.T) {
	t.Parallel()
	for name, part := range map[string]string{
		"too long": strings.Repeat("very", 30), "with separators": `a,"b`, "with a space": "a b",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(folder(t, self), part)
			server, err := Start(t.Context(), Config{Dir: dir})
			require.NoError(t, err)
			require.Equal(t, "on", show(t, server.URL(), "fsync"))
			enter(t, self, "user", dir).leave(t)
			require.NoError(t, server.Close())
			require.NoDirExists(t, server.cluster.runDir())
		})
	}
}

func TestSupervisorAndServerKnowNoneOfOurSecrets(t *testing.T) {
	t.Parallel()
	dir := initialised(t, self)
	p := begin(t, self, "user", dir, "TELEGRAM_BOT_TOKEN=secret-of-the-user", "PGHOST=elsewhere")
	p.expect(t, "ready")
	supervisors, servers := running(dir)
	require.NotEmpty(t, servers)
	for _, pid := range slices.Concat(supervisors, servers) {
		environ, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
		require.NoError(t, err)
		require.NotContains(t, string(environ), "secret-of-the-user")
	}
	p.leave(t)
}

func TestACancelledStartLeavesNothingRunning(t *testing.T) {
	t.Parallel()
	dir := folder(t, self)
	ctx, cancel := context.WithCancel(t.Context())
	c := &cluster{Dir: dir}
	require.NoError(t, c.prepare(ctx))
	cancel()
	owner, err := tryLock(c.path("owner.lock"))
	require.NoError(t, err)
	_, err = c.launch(ctx, owner)
	require.ErrorIs(t, err, context.Canceled)
	requireNothingRuns(t, dir)
}

func TestWithoutServerProgramsItSaysWhatToInstallAndWritesNothing(t *testing.T) {
	t.Parallel()
	dir, empty := folder(t, self), t.TempDir()
	fault := begin(t, self, "user", dir, "PG_BINDIR="+empty).expect(t, "fault")
	require.Contains(t, fault, "no PostgreSQL found: DATABASE_URL is not set")
	require.Contains(t, fault, "apt install postgresql")
	require.Contains(t, fault, "Looked in: "+empty)
	require.NoDirExists(t, dir)
}

func TestProgramsOfAnOldVersionAreNotTaken(t *testing.T) {
	t.Parallel()
	dir, programs := folder(t, self), fakePrograms(t, "13.1")
	fault := begin(t, self, "user", dir, "PG_BINDIR="+programs).expect(t, "fault")
	require.Contains(t, fault, programs+" (version 13)")
	require.NoDirExists(t, dir)
}

func TestProgramsAreFetchedOnlyWhereNoneFit(t *testing.T) {
	t.Parallel()
	programs := fakePrograms(t, "99.1")
	c := &cluster{Dir: folder(t, self), fetch: func(context.Context) (string, error) { return programs, nil }}
	var err error
	c.Account, err = serverAccount(c.dataDir(), "postgres", "nobody")
	require.NoError(t, err)
	found, err := findPrograms(t.Context(), c, "99")
	require.NoError(t, err)
	require.Equal(t, programs, found)
	found, err = findPrograms(t.Context(), c, "")
	require.NoError(t, err)
	require.NotEqual(t, programs, found, "this machine has some")

	_, err = findPrograms(t.Context(), c, "98")
	require.ErrorContains(t, err, "was written by PostgreSQL 98")
	require.ErrorContains(t, err, programs+" (version 99)")
}

func TestADownloadThatIsNoHelpIsToldBesideWhatToInstall(t *testing.T) {
	t.Parallel()
	broken := fakePrograms(t, "99.1")
	script := "#!/bin/sh\necho 'libssl.so.1.1 is missing' >&2\nexit 127\n"
	require.NoError(t, os.WriteFile(filepath.Join(broken, "postgres"), []byte(script), 0o755))
	for want, fetch := range map[string]func(context.Context) (string, error){
		"no such host": func(context.Context) (string, error) { return "", errors.New("no such host") },
		"those in " + broken + " do not run here":   func(context.Context) (string, error) { return broken, nil },
		"exit status 127: libssl.so.1.1 is missing": func(context.Context) (string, error) { return broken, nil },
	} {
		c := &cluster{Dir: folder(t, self), fetch: fetch}
		var err error
		c.Account, err = serverAccount(c.dataDir(), "postgres", "nobody")
		require.NoError(t, err)
		_, err = findPrograms(t.Context(), c, "99")
		require.ErrorContains(t, err, "apt install postgresql-99")
		require.ErrorContains(t, err, "A download was no help: ")
		require.ErrorContains(t, err, want)
	}
}

func TestDataOfAnotherMajorVersionIsNotTouched(t *testing.T) {
	t.Parallel()
	dir := initialised(t, self)
	enter(t, self, "user", dir).leave(t)
	before := contents(t, dir)

	programs := fakePrograms(t, "99.1")
	fault := begin(t, self, "user", dir, "PG_BINDIR="+programs).expect(t, "fault")
	major := strings.TrimSpace(before["postgres/PG_VERSION"])
	require.Contains(t, fault, "was written by PostgreSQL "+major)
	require.Contains(t, fault, "apt install postgresql-"+major)
	require.Contains(t, fault, programs+" (version 99)")
	require.Equal(t, before, contents(t, dir))
	enter(t, self, "user", dir).leave(t)
}

func TestAFolderThatIsItselfADataFolderIsNotTouched(t *testing.T) {
	t.Parallel()
	dir := folder(t, self)
	require.NoError(t, os.Mkdir(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "PG_VERSION"), []byte("13\n"), 0o600))
	before := contents(t, dir)
	_, err := Start(t.Context(), Config{Dir: dir})
	require.ErrorContains(t, err, "is itself a data folder of Postgres")
	require.Equal(t, before, contents(t, dir))
}

func TestAFileInPlaceOfTheFolderIsNamed(t *testing.T) {
	t.Parallel()
	file := filepath.Join(directory(t), "data")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := Start(t.Context(), Config{Dir: file})
	require.ErrorContains(t, err, "the private Postgres in "+file)
	require.ErrorIs(t, err, syscall.ENOTDIR)
}

func TestAServerThatDoesNotComeUpNamesItsLog(t *testing.T) {
	t.Parallel()
	dir := initialised(t, self)
	enter(t, self, "user", dir).leave(t)
	settings, err := os.OpenFile(filepath.Join(dir, "postgres", "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = settings.WriteString("\nno_such_setting = 1\n")
	require.NoError(t, err)
	require.NoError(t, settings.Close())

	_, err = Start(t.Context(), Config{Dir: dir})
	require.ErrorContains(t, err, "does not come up, see "+filepath.Join(dir, "postgres.log"))
	require.ErrorContains(t, err, "no_such_setting")
}

func show(t *testing.T, url, setting string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	var value string
	require.NoError(t, conn.QueryRow(t.Context(), "SHOW "+setting).Scan(&value))
	return value
}

// fakePrograms returns a folder of programs that only know their version.
func fakePrograms(t *testing.T, version string) string {
	t.Helper()
	dir := directory(t)
	script := "#!/bin/sh\necho 'postgres (PostgreSQL) " + version + "'\n"
	for _, name := range []string{"initdb", "postgres"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755))
	}
	return dir
}

// contents maps each file below the folder to what it holds.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[name] = string(content)
		return err
	}))
	return files
}
