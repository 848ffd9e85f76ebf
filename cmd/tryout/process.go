package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"sync"
	"syscall"
	"time"

	"livedeskbot/cmd/internal/page"
	"livedeskbot/cmd/internal/service"
)

// serviceName is what this program calls itself where it runs as the service. The service is a process of its own because only
// that can be killed.
const serviceName = "livedeskbot-tryout-service"

const (
	downtime    = 3 * time.Second  // between a kill and the next start: time to write something meanwhile
	stopTimeout = 30 * time.Second // longer than the service takes to finish work in hand
)

// serveIfChild runs the service and does not return where this process was started to be that.
func serveIfChild() {
	if os.Args[0] != serviceName {
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // ends when the try-out does, however it does: nothing is left behind
		os.Exit(1)
	}()
	os.Exit(service.Run(ctx, nil, os.Getenv, os.Stdout, os.Stderr))
}

// process is the process of the service, and the next one after a kill. Safe for concurrent use.
type process struct {
	log       io.Writer
	listening func(address string) // is told where each process listens

	mu     sync.Mutex
	cmd    *exec.Cmd // nil while none runs
	killed bool
	starts int
}

// run keeps the service running until ctx ends. The error is a service that ended by itself.
func (p *process) run(ctx context.Context, settings map[string]string) error {
	var env []string
	for name, value := range settings {
		env = append(env, name+"="+value)
	}
	for {
		status, err := p.once(ctx, env)
		switch {
		case err != nil:
			return fmt.Errorf("the service: %w", err)
		case ctx.Err() != nil:
			return nil
		case !p.wasKilled():
			return fmt.Errorf("the service ended by itself with status %d", status)
		}
		fmt.Fprintf(p.log, "--- killed; it starts again in %v ---\n", downtime)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(downtime):
		}
	}
}

// once runs one process to its end and returns its exit status.
func (p *process) once(ctx context.Context, env []string) (int, error) {
	path, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, path)
	log := addressFinder{p.log, p.listening}
	cmd.Args, cmd.Env, cmd.Stdout, cmd.Stderr = []string{serviceName}, env, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C is for the try-out, which then stops the service
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopTimeout
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return 0, err
	}
	defer stdin.Close()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	p.began(cmd)
	defer p.ended()
	_ = cmd.Wait() // how it ended is in its state
	return cmd.ProcessState.ExitCode(), nil
}

// addressFinder is a log that is read for where the service listens.
type addressFinder struct {
	io.Writer
	found func(address string)
}

var listeningForm = regexp.MustCompile(`msg=listening address=([0-9.:]+)`)

// Write implements io.Writer.
func (f addressFinder) Write(lines []byte) (int, error) {
	if m := listeningForm.FindSubmatch(lines); m != nil {
		f.found(string(m[1]))
	}
	return f.Writer.Write(lines)
}

func (p *process) began(cmd *exec.Cmd) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cmd, p.killed = cmd, false
	p.starts++
}

func (p *process) ended() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cmd = nil
}

func (p *process) wasKilled() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.killed
}

// Kill implements page.Service.
func (p *process) Kill() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return slip("The service is down already. It starts again in a moment.")
	}
	p.killed = true
	return p.cmd.Process.Kill()
}

// State implements page.Service.
func (p *process) State() page.ServiceState {
	p.mu.Lock()
	defer p.mu.Unlock()
	state := page.ServiceState{Starts: p.starts}
	if p.cmd != nil {
		state.Running, state.Process = true, p.cmd.Process.Pid
	}
	return state
}
