// Package fetch gives localpg server programs of PostgreSQL on a machine that has none: it downloads them once and keeps
// them. It is for tests and the try-out; the service does not link it. Import it for its effect:
//
//	import _ "livedeskbot/storage/localpg/fetch"
//
// Then localpg asks it where it finds no programs. PG_DOWNLOAD=off prevents every download. PG_DOWNLOAD=https://... names
// another Maven repository than Maven Central, for example a company's mirror.
//
// What it downloads are the binaries of github.com/zonkyio/embedded-postgres-binaries, which are made for tests and which
// the library github.com/fergusstrange/embedded-postgres runs. That library itself is of no use here: it downloads only
// inside its Start, which also runs initdb as the account of the process, so never as root. It accepts a download whose
// checksum is missing, waits for ever, and lets entries of the archive lead out of the folder. So this package reads the
// same archives, by the same decoder, github.com/xi2/xz.
//
// The checksum comes from the same repository as the archive. It shows a damaged download; that the repository is the
// right one and says the truth rests on HTTPS.
//
// Tried are archives of that layout from a server on loopback, on Linux. Not tried are Maven Central and what lies there,
// Alpine, macOS and arm64.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"livedeskbot/storage/localpg"
)

const (
	version = "17.5.0" // of the major version in compose.yaml
	central = "https://repo1.maven.org/maven2"
	// patience is for a download as a whole. It is shorter than the ten minutes after which go test ends a test binary
	// without a word about the reason.
	patience = 5 * time.Minute
)

// init, against the rule of the house: see localpg.RegisterFetch.
func init() { localpg.RegisterFetch(programs) }

// platforms are those that the binaries and localpg have in common.
var platforms = map[string]string{
	"linux/amd64": "linux-amd64", "linux/arm64": "linux-arm64v8", "darwin/amd64": "darwin-amd64", "darwin/arm64": "darwin-arm64v8",
}

// source is what to fetch from where, and the folder to keep it in.
type source struct {
	repository *url.URL // nil where downloads are off
	platform   string
	cache      string
	patience   time.Duration
	progress   io.Writer
}

// programs returns the folder of the programs, which it fetches if it has not done so before.
func programs(ctx context.Context) (string, error) {
	repository, err := repositoryURL(os.Getenv("PG_DOWNLOAD"))
	if err != nil {
		return "", err
	}
	platform, ok := platforms[runtime.GOOS+"/"+runtime.GOARCH]
	if !ok {
		return "", fmt.Errorf("there are none for %s on %s to download", runtime.GOOS, runtime.GOARCH)
	}
	if _, err := os.Stat("/etc/alpine-release"); err == nil { // another C library
		platform += "-alpine"
	}
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	return source{repository, platform, cache, patience, os.Stderr}.programs(ctx)
}

// repositoryURL returns nil where the setting forbids downloads.
func repositoryURL(setting string) (*url.URL, error) {
	switch setting {
	case "off":
		return nil, nil
	case "":
		setting = central
	}
	repository, err := url.Parse(setting)
	if err != nil || repository.Host == "" || repository.Scheme != "https" && repository.Scheme != "http" {
		return nil, errors.New("PG_DOWNLOAD is neither off nor the address of a Maven repository")
	}
	return repository, nil
}

// cacheDir is one that the server's account can enter. As root that is another account, and root's own folder for caches
// lies in a home which is closed to it.
func cacheDir() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/cache/livedeskbot", nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no folder to keep them in: %w", err)
	}
	return filepath.Join(dir, "livedeskbot"), nil
}

// programs makes the folder aside and moves it into place, so that one that is there is whole. Processes that come at the
// same time wait for the first.
func (s source) programs(ctx context.Context) (string, error) {
	dir := filepath.Join(s.cache, "postgresql-"+version+"-"+s.platform)
	bin := filepath.Join(dir, "bin")
	if !exists(bin) && s.repository == nil {
		return "", errors.New("PG_DOWNLOAD is off")
	}
	if err := s.makeCache(); err != nil {
		return "", fmt.Errorf("the folder to keep them in: %w", err)
	}
	if exists(bin) {
		return bin, nil
	}
	lock, err := s.lock(ctx)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if exists(bin) {
		return bin, nil
	}
	fresh := dir + ".new"
	if err := os.RemoveAll(fresh); err != nil { // left by a process that was killed
		return "", err
	}
	if err := s.fetchInto(ctx, fresh); err != nil {
		return "", errors.Join(err, os.RemoveAll(fresh))
	}
	return bin, os.Rename(fresh, dir)
}

func (s source) fetchInto(ctx context.Context, dir string) error {
	fmt.Fprintf(s.progress, "No PostgreSQL on this machine: downloading version %s from %s to %s. "+
		"This happens once; PG_DOWNLOAD=off prevents it.\n", version, s.repository.Redacted(), s.cache)
	began := time.Now()
	jar, err := s.download(ctx)
	if err != nil {
		return err
	}
	if err := unpack(jar, dir); err != nil {
		return fmt.Errorf("unpack %s: %w", s.address().Redacted(), err)
	}
	fmt.Fprintf(s.progress, "Downloaded, checked and unpacked %d MB in %s.\n", len(jar)>>20, time.Since(began).Round(100*time.Millisecond))
	return nil
}

// makeCache refuses a folder in which others could put programs for us to run.
func (s source) makeCache() error {
	if err := os.MkdirAll(s.cache, 0o755); err != nil {
		return err
	}
	info, err := os.Lstat(s.cache)
	if err != nil {
		return err
	}
	owner := int(info.Sys().(*syscall.Stat_t).Uid)
	if !info.IsDir() || owner != os.Geteuid() || info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("%s can be written to by other accounts: remove it", s.cache)
	}
	return os.Chmod(s.cache, 0o755) // a strict umask would keep the server's account out
}

// lock waits for its turn. Closing the file gives the turn to the next.
func (s source) lock(ctx context.Context) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(s.cache, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return file, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			file.Close()
			return nil, &fs.PathError{Op: "lock", Path: file.Name(), Err: err}
		}
		select {
		case <-ctx.Done():
			file.Close()
			return nil, fmt.Errorf("wait for another process that downloads: %w", ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
