package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"golang.org/x/text/width"
)

// columns is what fits a terminal of 80 with a bar and an indent before each text.
const columns = 74

// Looks of a text on a terminal, as parameters of the escape sequence SGR.
const (
	bold  = "1"
	dim   = "2"
	red   = "31"
	green = "32"
	cyan  = "36"
)

// screen writes panels, one for each place in which something is said, to a terminal or a file. Safe for concurrent use.
type screen struct {
	mu      sync.Mutex
	out     io.Writer
	colours bool
	panel   string // whose panel is the last on the screen
	prompt  string // what stands in the last line, waiting for the person
}

func newScreen(out io.Writer) *screen {
	plain := os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb"
	return &screen{out: out, colours: isTerminal(out) && !plain}
}

// isTerminal reports whether a stream is a terminal. Only files can be one.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// step begins a chapter.
func (s *screen) step(title string) {
	s.write("", "\n"+s.look(bold, strings.TrimRight(title+" "+strings.Repeat("─", max(0, columns-cells(title))), " "))+"\n")
}

// said is something in a place: who says it and what, which may be empty.
func (s *screen) said(place, who, text string) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", s.look(cyan, "│"), s.look(dim, who))
	for _, line := range wrap(text, columns) {
		b.WriteString(strings.TrimRight(s.look(cyan, "│")+"    "+line, " ") + "\n")
	}
	s.write(place, b.String())
}

func (s *screen) check(text string) { s.write("", hanging(s.look(green, "✓ "), text)) }
func (s *screen) fault(text string) { s.write("", hanging(s.look(red, "✗ "), text)) }
func (s *screen) info(text string)  { s.write("", hanging("", text)) }

// hanging wraps a text after a mark, and indents all lines but the first by the width of the mark.
func hanging(mark, text string) string {
	indent := "\n"
	if mark != "" {
		indent += "  "
	}
	return mark + strings.Join(wrap(text, columns), indent) + "\n"
}

// write adds to the panel of a place, opening it if another one or none is the last.
func (s *screen) write(place, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hidePrompt()
	if place != "" && place != s.panel {
		text = s.look(cyan, "┌ ") + s.look(bold, place) + "\n" + text
	}
	s.panel = place
	fmt.Fprint(s.out, text+s.look(bold, s.prompt))
}

// ask shows a prompt below an empty line; it stays the last line until answered.
func (s *screen) ask(prompt string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hidePrompt()
	s.prompt = "\n" + prompt
	fmt.Fprint(s.out, s.look(bold, s.prompt))
}

func (s *screen) answered() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.prompt = ""
}

// hidePrompt takes away the prompt and the line above it. What is half typed is then out of sight, but not lost.
func (s *screen) hidePrompt() {
	if s.prompt != "" {
		fmt.Fprint(s.out, "\r\x1b[K\x1b[A")
	}
}

func (s *screen) look(sgr, text string) string {
	if !s.colours || text == "" {
		return text
	}
	return "\x1b[" + sgr + "m" + text + "\x1b[0m"
}

// wrap breaks a text into lines of at most so many cells, between words where there are any. An empty text has none.
func wrap(text string, most int) []string {
	if text == "" {
		return nil
	}
	var lines []string
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		for cells(line) > most {
			at := breakAt(line, most)
			lines = append(lines, strings.TrimRight(line[:at], " "))
			line = strings.TrimLeft(line[at:], " ")
		}
		lines = append(lines, line)
	}
	return lines
}

// breakAt is the index of the last blank that leaves at most so many cells before it, else of the last letter that does.
func breakAt(line string, most int) int {
	used, blank := 0, 0
	for i, r := range line {
		if r == ' ' && strings.TrimLeft(line[:i], " ") != "" {
			blank = i
		}
		if used += cell(r); used > most {
			if blank > 0 {
				return blank
			}
			return max(i, 1)
		}
	}
	return len(line)
}

func cells(text string) int {
	n := 0
	for _, r := range text {
		n += cell(r)
	}
	return n
}

// cell is how wide terminals show a character, as far as matters for breaking lines.
func cell(r rune) int {
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}
