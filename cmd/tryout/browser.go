package main

import (
	"context"
	"io"
	"time"

	"livedeskbot/cmd/internal/page"
)

// patienceOfPeople is how long somebody waits for Postgres to come back.
const patienceOfPeople = 20 * time.Second

// inBrowser serves the page until ctx ends.
func inBrowser(ctx context.Context, on *screen, logs logFile) error {
	w := newWindow()
	logs.Writer = io.MultiWriter(logs.Writer, w.log)
	return w.perform(ctx, logs, func(ctx context.Context) error {
		address, close, err := w.open(logs)
		if err != nil {
			return err
		}
		defer close()
		on.info("\nOpen http://" + address + " in a browser of this machine. Ctrl-C stops everything.")
		return w.guide.run(ctx)
	})
}

// window is a stage that is seen in the page.
type window struct {
	*stage
	guide *guide
	log   *page.Log
}

func newWindow() *window {
	w := &window{stage: newStage(nil), log: &page.Log{}}
	w.guide = newGuide(w.stage)
	w.narrator = w.guide
	return w
}

// open serves the page on a free loopback port.
func (w *window) open(logs logFile) (address string, close func() error, err error) {
	world := page.World{
		Telegram: w.telegram, Desk: w.desk, Troubles: w.troubles, Log: w.log, Agent: agent, Teams: teams,
		Staff: map[int64]bool{w.place("staff").chat.ID: true}, About: map[int64]string{},
		Service: w.process, Story: w.guide,
		Postgres: func() error {
			ctx, cancel := context.WithTimeout(context.Background(), patienceOfPeople)
			defer cancel()
			return w.database.crash(ctx)
		},
	}
	for _, p := range w.places {
		if p.about != "" {
			world.About[p.chat.ID] = p.about
		}
	}
	server, err := listen(page.New(world), logs)
	if err != nil {
		return "", nil, err
	}
	return server.Addr, server.Close, nil
}
