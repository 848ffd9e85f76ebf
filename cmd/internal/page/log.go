package page

import (
	"bytes"
	"slices"
	"strings"
	"sync"
)

// keepLines is how many lines of the log are kept, maxLine how long they are at most.
const (
	keepLines = 500
	maxLine   = 4000
)

// Line is a line of the service's log.
type Line struct {
	Number int64  `json:"number"`
	Text   string `json:"text"`
}

// Log keeps the last lines that are written to it. The zero value is empty. Safe for concurrent use.
type Log struct {
	mu    sync.Mutex
	half  []byte // a line without its end
	lines []Line
	last  int64
}

// Write implements io.Writer. It returns no error.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.half = append(l.half, p...)
	for {
		line, rest, ended := bytes.Cut(l.half, []byte("\n"))
		if !ended {
			return len(p), nil
		}
		l.half = rest
		l.add(string(line))
	}
}

// Say adds a line of the try-out's own.
func (l *Log) Say(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.add(text)
}

func (l *Log) add(text string) {
	l.last++
	l.lines = append(l.lines, Line{l.last, cut(strings.ToValidUTF8(text, "�"), maxLine)})
	if len(l.lines) >= 2*keepLines {
		l.lines = slices.Clone(l.lines[keepLines:])
	}
}

// since returns the lines after the one of a number, at most as many as are kept, and the number of the last.
func (l *Log) since(number int64) ([]Line, int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	newer := min(l.last-number, keepLines, int64(len(l.lines)))
	return slices.Clone(l.lines[int64(len(l.lines))-newer:]), l.last
}
