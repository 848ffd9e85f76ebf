//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

const (
	chats = 200
	// deadline is how long a ticket may take before the benchmark fails.
	deadline = 20 * time.Second
	// rest lets a bot finish what comes after the reply, so that its CPU counts with the ticket's.
	rest = 300 * time.Millisecond
)

// result is what people saw of a load.
type result struct {
	Latencies []time.Duration
	Took      time.Duration
	Fault     string
}

// crowd is the people of an emulated Telegram, each in a group of their own, and the LiveDesk behind the bot.
type crowd struct {
	telegram *telegramtest.Server
	desk     atomic.Pointer[livedesktest.Desk]
	latency  atomic.Int64
	people   []*telegramtest.Person
	groups   []*telegramtest.Chat

	mu      sync.Mutex
	pending map[message]chan time.Time
	fault   string
}

type message struct {
	chat int64
	id   int
}

// emulate plays Telegram, LiveDesk and the people, load by load.
func emulate(loads *json.Decoder, results *json.Encoder) error {
	c := &crowd{pending: map[message]chan time.Time{}}
	c.telegram = telegramtest.New(telegramtest.Options{Forget: true, OnMessage: c.replied})
	defer c.telegram.Close()
	for i := range chats {
		c.people = append(c.people, c.telegram.NewPerson(fmt.Sprint("Person ", i)))
		c.groups = append(c.groups, c.telegram.NewSupergroup(fmt.Sprint("Group ", i)))
	}
	telegram := httptest.NewServer(c.late(c.telegram))
	desk := httptest.NewServer(c.late(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.desk.Load().ServeHTTP(w, r) })))
	err := results.Encode(surroundings{Token: c.telegram.Token(), Telegram: telegram.URL, Desk: desk.URL + "/api/v2"})
	if err != nil {
		return err
	}
	for {
		var l load
		if loads.Decode(&l) != nil {
			return nil
		}
		if err := results.Encode(c.play(l)); err != nil {
			return err
		}
	}
}

// late makes every request wait for the load's latency.
func (c *crowd) late(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if latency := time.Duration(c.latency.Load()); latency > 0 {
			time.Sleep(latency)
		}
		next.ServeHTTP(w, r)
	})
}

// play lets people open tickets for the load's time and waits for the last answers.
func (c *crowd) play(l load) result {
	c.desk.Store(livedesktest.New(livedesktest.Options{})) // without the tickets of the load before
	c.latency.Store(int64(l.Latency))
	ctx, cancel := context.WithTimeout(context.Background(), l.Slice)
	defer cancel()
	began := time.Now()
	var r result
	if l.Rate > 0 {
		r = c.keepRate(ctx, l.Rate)
	} else {
		r = c.keepInFlight(ctx, l.InFlight)
	}
	r.Took = time.Since(began)
	time.Sleep(rest)
	c.mu.Lock()
	defer c.mu.Unlock()
	r.Fault = c.fault
	return r
}

func (c *crowd) keepInFlight(ctx context.Context, n int) (r result) {
	var next atomic.Int64
	var mu sync.Mutex
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			for ctx.Err() == nil {
				took := c.open(int(next.Add(1)), time.Now())
				mu.Lock()
				r.Latencies = append(r.Latencies, took)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return r
}

// keepRate opens tickets on time, whether or not earlier ones have been answered. A late start counts as latency.
func (c *crowd) keepRate(ctx context.Context, rate int) (r result) {
	began := time.Now()
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := 0; ctx.Err() == nil; i++ {
		due := began.Add(time.Duration(i) * time.Second / time.Duration(rate))
		time.Sleep(time.Until(due))
		all.Go(func() {
			took := c.open(i, due)
			mu.Lock()
			defer mu.Unlock()
			r.Latencies = append(r.Latencies, took)
		})
	}
	all.Wait()
	return r
}

// open lets a person ask for a ticket and returns how long the answer took.
func (c *crowd) open(i int, since time.Time) time.Duration {
	answered := make(chan time.Time, 1)
	c.mu.Lock() // held until the answer is expected
	m := c.telegram.Say(c.people[i%chats], c.groups[i%chats], "/ticket !high Printer on the second floor jams again")
	key := message{m.Chat.ID, m.ID}
	c.pending[key] = answered
	c.mu.Unlock()
	select {
	case at := <-answered:
		return at.Sub(since)
	case <-time.After(deadline):
		c.fail("a ticket got no answer")
		return deadline
	}
}

// replied notes the bot's answer to a message.
func (c *crowd) replied(m *telegramtest.Message) {
	now := time.Now()
	key := message{m.Chat.ID, m.ReplyTo}
	c.mu.Lock()
	answered, expected := c.pending[key]
	delete(c.pending, key)
	c.mu.Unlock()
	if !expected || !strings.Contains(m.Text, "tk_") {
		c.fail(fmt.Sprintf("this was not expected: %q", m.Text))
	}
	if expected {
		answered <- now
	}
}

func (c *crowd) fail(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fault = what
}
