// Package logtest keeps what a program logs, for tests that read it while the program still writes. It is no logger:
// give a Buffer to one, or to a process as its standard error.
package logtest

import (
	"bytes"
	"sync"
)

// Buffer keeps everything that is written to it. The zero value is empty. Safe for concurrent use.
type Buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer. It returns no error.
func (l *Buffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String returns what was written so far.
func (l *Buffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
