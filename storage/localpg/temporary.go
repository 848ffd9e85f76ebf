package localpg

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	sharedMemory  = "/dev/shm"
	memoryNeeded  = 512 << 20 // containers often have 64 MB
	temporaryName = "livedeskbot-postgres-"
)

func temporaryDir() (string, error) {
	base := os.TempDir()
	if roomIn(sharedMemory) >= memoryNeeded {
		base = sharedMemory
	}
	sweep(base)
	dir, err := os.MkdirTemp(base, temporaryName)
	if err != nil {
		return "", fmt.Errorf("folder of the temporary Postgres: %w", err)
	}
	if err := os.Chmod(dir, 0o711); err != nil { // as root the server's account must get in
		return "", fmt.Errorf("folder of the temporary Postgres: %w", err)
	}
	return dir, nil
}

func roomIn(dir string) uint64 {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(dir, &stat); err != nil {
		return 0
	}
	return uint64(stat.Bavail) * uint64(stat.Bsize)
}

// sweep removes what a kill -9 of user and supervisor together has left of earlier temporary servers.
func sweep(base string) {
	old, _ := filepath.Glob(filepath.Join(base, temporaryName+"*"))
	for _, dir := range old {
		info, err := os.Lstat(dir)
		if err != nil || int(info.Sys().(*syscall.Stat_t).Uid) != os.Geteuid() {
			continue
		}
		if time.Since(info.ModTime()) < time.Minute {
			continue // its maker may be about to lock it
		}
		if owner, err := tryLock(filepath.Join(dir, "owner.lock")); err == nil {
			os.RemoveAll(dir)
			owner.Close()
		}
	}
}
