// Command livedeskbot is the service: a Telegram bot that turns /ticket into tickets in EngageLab LiveDesk. Settings come
// from the environment, see docs/settings.md. Without arguments it serves until SIGINT or SIGTERM; "migrate", "check" and
// "version" do one thing and exit.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"livedeskbot/cmd/internal/service"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(service.Run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}
