package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

func TestTheStoryHappens(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	status := run(t.Context(), []string{"-story"}, strings.NewReader("/ticket must not be read"), &out, &errs)
	require.Zero(t, status, "%s\n%s", out.String(), errs.String())
	require.Empty(t, errs.String())
	require.Contains(t, out.String(), "Everything in the story happened")
	for _, step := range steps {
		require.Contains(t, out.String(), step.title)
	}
	require.NotContains(t, out.String(), "must not be read")
	require.NotContains(t, out.String(), "\x1b", "no colours in a file")
	for line := range strings.Lines(out.String()) {
		require.LessOrEqual(t, cells(strings.TrimSuffix(line, "\n")), 80, line)
	}
}

func TestAStoryThatDoesNotHappenSaysAtWhichStep(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	st := newStage(newScreen(&out))
	err := st.perform(t.Context(), testLog(t), func(ctx context.Context) error {
		st.desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Unavailable(0))
		ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
		defer cancel()
		return tell(ctx, st)
	})
	require.ErrorContains(t, err, "step 1 of the story")
	require.Contains(t, out.String(), "✗")
	require.NotContains(t, out.String(), "Everything in the story happened")
}

func TestAServiceThatEndsByItselfIsAnError(t *testing.T) {
	t.Parallel()
	logs := testLog(t)
	st := newStage(newScreen(io.Discard))
	st.place("staff").who = &telegramtest.Person{} // which is no member that the service accepts
	err := st.perform(t.Context(), logs, func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
	require.ErrorContains(t, err, "the service ended by itself with status 2")
	content, err := os.ReadFile(logs.path)
	require.NoError(t, err)
	require.Contains(t, string(content), "STAFF_MEMBERS must be")
}

func TestAPersonPlaysBothSides(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.sees("Your turn")
	p.types(`/ticket My screen is dark\nSince Monday`, "– Open")
	p.types("agent reply Is it plugged in?", "Sam answers")
	p.sees("💬 Sam")
	p.types("agent show", `"title": "My screen is dark"`)
	p.types("agent priority high", "sets the priority: high")
	p.sees("(changed)")
	p.types("agent promise 4", "within 4 hours")
	p.sees("Solution promised")
	p.types("agent note Surely not", "notes internally")
	p.types("agent list", "open  My screen is dark")
	p.types("agent take nothing", "No ticket's number ends in nothing")
	p.types("agent dance", "no such command")
	p.types("agent reply", "answer the customer")
	p.types("agent rate 6 great", "how many stars")
	p.types("help me, please", "help me, please")
	p.types("help", "agent team NAME")
	p.types("reply 999 hello", "There is no message #999")
	p.types("reply x hello", "Which message?")
	p.types("trouble lose", "unconfirmed")
	p.types("/ticket Lost", "may have arrived")
	number := p.lastNumber()
	p.types("press "+number+" no such label", "has no button")
	before := p.seen
	p.types("press "+number+" leave", "Telegram shows Nina for a moment")
	p.seen = before // the card may change before that is shown
	p.sees("nobody knows whether this ticket arrived")
	p.types("trouble down", "LiveDesk is down")
	p.types("/ticket Later", "Not with the support team yet")
	p.types("trouble off", "works again")
	p.sees("(changed)")
	p.sees("– Open")
	p.types("go moon", "go PLACE: topic, colleague")
	p.types("go other", "You are Omar in Globex")
	p.types("/status", "No open tickets in this chat")
	p.types("go private", "You are Nina")
	p.types("photo look at this", "[photo]")
	p.sees("[ Open a ticket with this ]")
	p.types("press "+p.lastNumber()+" open", "Opening a ticket")
	p.sees("– Open")
	p.types("press "+p.lastNumber()+" number", "Telegram copies")
	p.types("reply "+p.lastNumber()+" it flickers", "Bot reacts to #")
	p.types("quit", "Stopping everything")
	require.Zero(t, p.leaves())
}

func TestTheEndOfTheInputAndCtrlCAreWaysToLeave(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(*person){
		"the end of the input": func(p *person) { p.keyboard.Close() },
		"Ctrl-C":               func(p *person) { p.interrupt() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPerson(t)
			p.sees("Your turn")
			leave(p)
			require.Zero(t, p.leaves())
			logs := regexp.MustCompile(`The service's log: (.*)`).FindStringSubmatch(p.screen.String())
			require.Len(t, logs, 2)
			require.NoFileExists(t, logs[1])
		})
	}
}

func TestUnknownFlagsAreRefused(t *testing.T) {
	t.Parallel()
	var errs bytes.Buffer
	require.Equal(t, 2, run(t.Context(), []string{"-stroy"}, nil, io.Discard, &errs))
	require.Contains(t, errs.String(), "-story")
}

func testLog(t *testing.T) logFile {
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	t.Cleanup(func() { file.Close() })
	return logFile{Writer: file, path: file.Name()}
}

// person is somebody at the keyboard of a running try-out.
type person struct {
	t         *testing.T
	keyboard  *io.PipeWriter
	screen    *watched
	seen      int // how much of the screen has been looked at
	interrupt context.CancelFunc
	status    chan int
}

func newPerson(t *testing.T) *person {
	stdin, keyboard := io.Pipe()
	ctx, interrupt := context.WithCancel(t.Context())
	p := &person{t: t, keyboard: keyboard, screen: &watched{}, interrupt: interrupt, status: make(chan int, 1)}
	go func() { p.status <- run(ctx, []string{"-terminal"}, stdin, p.screen, p.screen) }()
	t.Cleanup(func() {
		interrupt()
		keyboard.Close()
	})
	return p
}

func (p *person) types(line, sees string) {
	p.t.Helper()
	_, err := io.WriteString(p.keyboard, line+"\n")
	require.NoError(p.t, err)
	p.sees(sees)
}

// sees waits until a text stands below what has been seen.
func (p *person) sees(text string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	for {
		all, changed := p.screen.look()
		if at := strings.Index(all[p.seen:], text); at >= 0 {
			p.seen += at + len(text)
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			require.Fail(p.t, "not seen", "%q in %q", text, all[p.seen:])
		}
	}
}

// lastNumber is the number of the bot's last message that has been seen.
func (p *person) lastNumber() string {
	p.t.Helper()
	found := regexp.MustCompile(`#(\d+) Bot`).FindAllStringSubmatch(p.screen.String()[:p.seen], -1)
	require.NotEmpty(p.t, found)
	return found[len(found)-1][1]
}

func (p *person) leaves() int {
	p.t.Helper()
	select {
	case status := <-p.status:
		return status
	case <-time.After(30 * time.Second):
		require.Fail(p.t, "still running", p.screen.String())
		return -1
	}
}

// watched is a screen that can be waited for.
type watched struct {
	mu      sync.Mutex
	b       strings.Builder
	changed chan struct{}
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.changed != nil {
		close(w.changed)
		w.changed = nil
	}
	return w.b.Write(p)
}

func (w *watched) String() string {
	all, _ := w.look()
	return all
}

// look returns what is on the screen and a channel that is closed when there is more.
func (w *watched) look() (string, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.changed == nil {
		w.changed = make(chan struct{})
	}
	return w.b.String(), w.changed
}
