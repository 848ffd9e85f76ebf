//go:build !linux

package main

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func dieWithParent(*syscall.SysProcAttr) {}

// peakMemory is the memory that a process has resident, in MB; only Linux remembers the peak.
func peakMemory(pid int) (int, error) {
	out, err := exec.Command("ps", "-o", "rss=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return 0, err
	}
	kb, err := strconv.Atoi(strings.TrimSpace(string(out)))
	return kb / 1024, err
}
