package localpg

import "syscall"

// dieWithParent makes the kernel ask the server to stop when the thread that started it dies, even by kill -9.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGINT }

// ownProgram works after the file was deleted or replaced, as `go run` and an upgrade do.
func ownProgram() (string, error) { return "/proc/self/exe", nil }
