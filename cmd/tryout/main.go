// Command tryout shows the whole bot on one machine, with no account and no settings: an emulated Telegram and an
// emulated LiveDesk on loopback ports, a private Postgres whose data is thrown away, and the real service between them.
// All of it is seen and used in a web page (browser.go), whose loopback address it prints. With -terminal it plays a short story
// as a chat transcript and then lets the person at the keyboard be the customer and the agent; with -story it only plays,
// and exits 0 if everything in the story happened.
//
// It is no test of Telegram or LiveDesk: what the emulators do not know cannot be seen here. Start reading at the list of
// steps in story.go; stage.go has what is started, commands.go and agent.go what can be typed; the page itself
// is package page.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	serveIfChild()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the program without its process; it returns the exit status.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("tryout", flag.ContinueOnError)
	flags.SetOutput(stderr)
	storyOnly := flags.Bool("story", false, "only play the story in the terminal; exit 0 if everything in it happened")
	terminal := flags.Bool("terminal", false, "play the story in the terminal and go on there, without a web page")
	verbose := flags.Bool("v", false, "show the service's log")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	logs, err := openLog(*verbose, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "tryout:", err)
		return 1
	}
	on := newScreen(stdout)
	on.info("Starting a private Postgres, an emulated Telegram, an emulated LiveDesk and the service ...")
	if *storyOnly || *terminal {
		err = inTerminal(ctx, on, logs, stdin, *storyOnly)
	} else {
		err = inBrowser(ctx, on, logs)
	}
	if left := ctx.Err() != nil && !*storyOnly; err == nil || left { // Ctrl-C is a way to leave
		logs.remove()
		return 0
	}
	fmt.Fprintln(stderr, "tryout:", err)
	logs.keep(stderr)
	return 1
}

// inTerminal plays the story and then lets the person at the keyboard go on, unless the story is all.
func inTerminal(ctx context.Context, on *screen, logs logFile, stdin io.Reader, storyOnly bool) error {
	st := newStage(on)
	return st.perform(ctx, logs, func(ctx context.Context) error {
		ctx, leave := context.WithCancel(ctx)
		shown := st.chats.follow(ctx)
		defer shown()
		defer leave()
		if err := tell(ctx, st); err != nil || storyOnly {
			return err
		}
		return converse(ctx, st, on, stdin, logs.path)
	})
}

// logFile is where the service's log goes: a temporary file, or the standard error.
type logFile struct {
	io.Writer
	path string // empty on the standard error
}

func openLog(verbose bool, stderr io.Writer) (logFile, error) {
	if verbose {
		return logFile{Writer: stderr}, nil
	}
	file, err := os.CreateTemp("", "livedeskbot-tryout-*.log")
	if err != nil {
		return logFile{}, fmt.Errorf("the service's log: %w", err)
	}
	return logFile{Writer: file, path: file.Name()}, nil
}

// keep says where the log is, unless the service never wrote any.
func (l logFile) keep(stderr io.Writer) {
	if info, err := os.Stat(l.path); err != nil || info.Size() == 0 {
		l.remove()
		return
	}
	fmt.Fprintln(stderr, "tryout: the service's log:", l.path)
}

func (l logFile) remove() {
	if l.path != "" {
		_ = os.Remove(l.path) // a leftover in the temporary folder is no fault
	}
}
