package main

import (
	"context"
	"slices"
	"sync"
	"time"

	"livedeskbot/cmd/internal/page"
)

// guide plays the story for whoever looks at the page, a step at a time. It is also where the story says what it has seen.
// Safe for concurrent use.
type guide struct {
	stage *stage
	wake  chan struct{} // has one element when somebody has ordered something

	mu    sync.Mutex
	state page.StoryState
	look  time.Duration // how long a step is left to be looked at
	due   bool          // the next step, at once
	story *story
}

func newGuide(st *stage) *guide {
	g := &guide{stage: st, wake: make(chan struct{}, 1)}
	g.reset()
	return g
}

// reset goes back to the beginning, under the lock.
func (g *guide) reset() {
	g.story = &story{stage: g.stage, topic: g.stage.place("topic")}
	g.state = page.StoryState{}
	for _, s := range steps {
		shown := page.Step{Title: s.title, Look: s.look, Desk: s.where == ""}
		if at := g.stage.place(s.where); at != nil {
			shown.Chat, shown.Person = at.chat.ID, at.who.ID
			if at.topic != nil {
				shown.Topic = at.topic.ID
			}
		}
		g.state.Steps = append(g.state.Steps, shown)
	}
}

// over reports whether there is no step to come, under the lock.
func (g *guide) over() bool {
	return g.state.Failed != "" || g.state.Step == len(g.state.Steps) && !g.state.Working
}

// Do implements page.Story.
func (g *guide) Do(what string, look time.Duration) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if what == "restart" || what != "pause" && g.over() {
		g.reset()
	}
	switch what {
	case "play", "restart":
		g.state.Playing, g.due, g.look = true, true, look
	case "next":
		g.due = true
	case "pause":
		g.state.Playing, g.due = false, false
	default:
		return false
	}
	select {
	case g.wake <- struct{}{}:
	default:
	}
	return true
}

// State implements page.Story.
func (g *guide) State() page.StoryState {
	g.mu.Lock()
	defer g.mu.Unlock()
	state := g.state
	state.Steps = slices.Clone(g.state.Steps)
	return state
}

// run plays what is ordered, until ctx ends.
func (g *guide) run(ctx context.Context) error {
	for ctx.Err() == nil {
		if g.begin() {
			g.perform(ctx)
			continue
		}
		select {
		case <-ctx.Done():
		case <-g.wake:
		case <-g.lookedAt():
			g.hurry()
		}
	}
	return nil
}

// begin takes the next step if it is due.
func (g *guide) begin() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.due || g.over() {
		return false
	}
	g.due, g.state.Working = false, true
	g.state.Step++
	return true
}

// lookedAt returns what is ready when the step has been looked at for long enough; never where nothing plays.
func (g *guide) lookedAt() <-chan time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.state.Playing {
		return nil
	}
	return time.After(g.look)
}

func (g *guide) hurry() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.due = g.state.Playing
}

// perform lets the step happen that has begun.
func (g *guide) perform(ctx context.Context) {
	g.mu.Lock()
	s, number := g.story, g.state.Step
	g.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := steps[number-1].play(s, ctx)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.story != s {
		return // begun anew meanwhile
	}
	g.state.Working = false
	if err != nil {
		g.state.Failed = err.Error()
	}
	if g.over() {
		g.state.Playing = false
	}
}

// check implements narrator: what the story has seen to be so belongs to its step.
func (g *guide) check(text string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state.Step > 0 {
		at := &g.state.Steps[g.state.Step-1]
		at.Checks = append(slices.Clip(at.Checks), text)
	}
}

// The rest of narrator is what the page shows by itself.
func (g *guide) said(place, who, text string) {}
func (g *guide) step(title string)            {}
func (g *guide) fault(text string)            {}
func (g *guide) info(text string)             {}
