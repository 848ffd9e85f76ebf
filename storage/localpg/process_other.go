//go:build !linux

package localpg

import (
	"os"
	"syscall"
)

// dieWithParent does nothing: only Linux offers it. A server whose supervisor was killed goes on until someone ends it.
func dieWithParent(*syscall.SysProcAttr) {}

func ownProgram() (string, error) { return os.Executable() }
