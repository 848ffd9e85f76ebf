package fetch

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"livedeskbot/storage/localpg"
)

// cacheVariable makes this test binary a process that fetches into that folder and runs what it has fetched.
const cacheVariable = "FETCH_TEST_CACHE"

func TestMain(m *testing.M) {
	cache := os.Getenv(cacheVariable)
	if cache == "" {
		os.Exit(m.Run())
	}
	if err := fetchAndRun(cache); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func fetchAndRun(cache string) error {
	ctx := context.Background()
	syscall.Umask(0o077) // as root the server's account must get in all the same
	repository, err := repositoryURL(os.Getenv("PG_DOWNLOAD"))
	if err != nil {
		return err
	}
	bin, err := source{repository, "linux-amd64", cache, patience, io.Discard}.programs(ctx)
	if err != nil {
		return err
	}
	if err := os.Setenv("PG_BINDIR", bin); err != nil { // this machine has others
		return err
	}
	server, err := localpg.StartTemporary(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	found, err := places(ctx, server)
	if err != nil {
		return err
	}
	fmt.Println(found["BINDIR"], found["PKGLIBDIR"], found["SHAREDIR"])
	return nil
}

// places are the folders that the server uses.
func places(ctx context.Context, server *localpg.Server) (map[string]string, error) {
	conn, err := pgx.Connect(ctx, server.URL())
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	rows, _ := conn.Query(ctx, `SELECT name, setting FROM pg_config`)
	found := map[string]string{}
	var name, setting string
	_, err = pgx.ForEachRow(rows, []any{&name, &setting}, func() error {
		found[name] = setting
		return nil
	})
	return found, err
}

func TestRealProgramsRunFromWhereTheyWereUnpacked(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(offering(realJar(t)))
	t.Cleanup(server.Close)
	people := map[string]*syscall.Credential{"this account": nil}
	if os.Geteuid() == 0 {
		people["an ordinary user"] = &syscall.Credential{Uid: 65534, Gid: 65534} // nobody on Debian; initdb asks for an account
	}
	for name, credential := range people {
		t.Run("as "+name, func(t *testing.T) {
			t.Parallel()
			base := directory(t, credential)
			cmd := exec.Command("/proc/self/exe") // an ordinary user could not reach the file by its name
			cmd.Dir, cmd.SysProcAttr = "/", &syscall.SysProcAttr{Credential: credential}
			cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "PG_DOWNLOAD=" + server.URL + "/maven2", cacheVariable + "=" + base + "/cache"}
			cmd.Stderr = os.Stderr
			out, err := cmd.Output()
			require.NoError(t, err, string(out))
			for place := range strings.FieldsSeq(string(out)) {
				require.True(t, strings.HasPrefix(place, base+"/cache/postgresql-"), place)
			}
		})
	}
}

// directory is a t.TempDir that the server's account can enter.
func directory(t *testing.T, owner *syscall.Credential) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "fetch-test-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Chmod(dir, 0o711))
	if owner != nil {
		require.NoError(t, os.Chown(dir, int(owner.Uid), int(owner.Gid)))
	}
	return dir
}

// realJar has the programs of this machine. They find their libraries and data relative to themselves as long as the
// folders lie to each other as they were compiled. So the archive keeps that, and its bin has links to the programs.
func realJar(t *testing.T) []byte {
	t.Helper()
	server, err := localpg.StartTemporary(t.Context())
	require.NoError(t, err)
	found, err := places(t.Context(), server)
	require.NoError(t, err)
	require.NoError(t, server.Close())

	bin, lib, share := found["BINDIR"], found["PKGLIBDIR"], found["SHAREDIR"]
	top := bin
	for !strings.HasPrefix(lib, top+"/") || !strings.HasPrefix(share, top+"/") {
		top = filepath.Dir(top)
	}
	entries := load(t, top, filepath.Join(bin, "initdb"), filepath.Join(bin, "postgres"))
	for _, program := range []string{"initdb", "postgres"} {
		if relative, _ := filepath.Rel(top, bin); relative != "bin" {
			entries = append(entries, entry{"bin/" + program, tar.TypeSymlink, "", "../" + relative + "/" + program})
		}
	}
	patterns := []string{lib + "/*.so", share + "/*", share + "/*/*"}
	if top != "/usr" { // a tree of its own, in which the programs look for other libraries too
		patterns = append(patterns, found["LIBDIR"]+"/*.so*")
	}
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		entries = append(entries, load(t, top, files...)...)
	}
	return jar(t, entries...)
}

// load returns the files among the paths, links to files included.
func load(t *testing.T, top string, paths ...string) []entry {
	t.Helper()
	var entries []entry
	for _, path := range paths {
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			continue // Debian has links to files of packages that may be missing
		}
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		name, err := filepath.Rel(top, path)
		require.NoError(t, err)
		entries = append(entries, entry{name, tar.TypeReg, string(content), ""})
	}
	return entries
}
