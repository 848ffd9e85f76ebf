// Package wait is how loops wait: for a time, for longer and longer times, for a word that there is work.
package wait

import (
	"context"
	"time"
)

// Sleep waits for d, or for the end of ctx, whose error it returns.
func Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Backoff doubles a delay between the given bounds.
func Backoff(delay, least, most time.Duration) time.Duration {
	return min(max(2*delay, least), most)
}

// Signal tells a loop that there is work. Many calls before the loop looks are one.
type Signal chan struct{}

// NewSignal returns a signal for one loop.
func NewSignal() Signal { return make(Signal, 1) }

// Up tells the loop. It never blocks.
func (s Signal) Up() {
	select {
	case s <- struct{}{}:
	default:
	}
}

// Wait returns when the signal was up, after at most d, or with the error of ctx.
func (s Signal) Wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-s:
	case <-timer.C:
	}
	return nil
}
