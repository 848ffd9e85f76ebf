package main

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
	"livedeskbot/storage/storagetest"
)

var soakLength = flag.Duration("soak", 0, "how long the soak lasts (for example -soak=1h)")

const (
	soakChats = 60
	// soakRate is how many tickets are opened a second.
	soakRate = 5
	// soakSamples is how many lines the table has.
	soakSamples = 12
	// soakProof is the length from which the numbers say something: the first minute fills caches and pools.
	soakProof = 3 * time.Minute
)

// TestASteadyLoadLeavesNothingBehind lets people open tickets that an agent answers and resolves, and prints what the service and
// its database take meanwhile.
func TestASteadyLoadLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	length := max(*soakLength, 2*time.Second)
	database := storagetest.New
	if *soakLength > 0 { // a server of its own, with the settings of the service
		database = func(testing.TB) string { return newPostgres(t).server.URL() }
	}
	s := &soak{world: newWorld(t, database(t), telegramtest.Options{Forget: true}, nil)}
	const secret = "soak-webhook-secret"
	s.settings["LIVEDESK_WEBHOOK_SECRET"], s.settings["LIVEDESK_RATE"], s.settings["LOG_LEVEL"] = secret, "100", "info"
	s.service = s.ready()
	s.desk.SetWebhook(livedesktest.Webhook{URL: "http://" + s.service.address() + "/livedesk/" + secret})

	ctx, end := context.WithTimeout(t.Context(), length)
	defer end()
	var people sync.WaitGroup
	people.Go(func() { s.said = s.talk(ctx) })
	people.Go(func() { s.answer(ctx) })
	for range soakSamples {
		time.Sleep(length / soakSamples)
		s.samples = append(s.samples, s.sample())
	}
	people.Wait()
	s.settle(max(length/10, time.Minute))
	require.Equal(t, s.said, s.desk.Count(), "each message is a ticket")
	t.Log(s.table())
	if length >= soakProof {
		s.requireFlat()
	}
}

// soak is a service under a steady load.
type soak struct {
	*world
	service *process
	said    int
	samples []sample
}

// sample is what the service and its database take at an instant.
type sample struct {
	at                                 time.Time
	tickets, goroutines, files, server int     // server: connections that Postgres has of the service
	memory, database                   float64 // MB
}

// talk lets people open tickets on time until ctx ends, and returns how many.
func (s *soak) talk(ctx context.Context) (said int) {
	var people []*telegramtest.Person
	var chats []*telegramtest.Chat
	for i := range soakChats {
		people = append(people, s.telegram.NewPerson(fmt.Sprint("Person ", i)))
		chats = append(chats, s.telegram.NewSupergroup(fmt.Sprint("Group ", i)))
	}
	tick := time.NewTicker(time.Second / soakRate)
	defer tick.Stop()
	for ; ; said++ {
		select {
		case <-ctx.Done():
			return said
		case <-tick.C:
			s.telegram.Say(people[said%soakChats], chats[said%soakChats], fmt.Sprint("/ticket !high Printer jams for the time ", said))
		}
	}
}

// answer answers and resolves what is new at LiveDesk, each second, until ctx ends.
func (s *soak) answer(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	done := map[string]bool{}
	for revision := int64(0); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		var tickets []livedesktest.Ticket
		tickets, _, revision = s.desk.Since(revision)
		for _, ticket := range tickets {
			if done[ticket.ID] {
				continue
			}
			done[ticket.ID] = true
			_, _ = s.desk.Reply(ticket.ID, "Sam", "Please try again.") // it is there
			_ = s.desk.SetStatus(ticket.ID, "resolved")
		}
	}
}

func (s *soak) sample() sample {
	s.t.Helper()
	_, page := s.service.page("/metrics")
	metric := func(name string) (value float64) {
		_, after, ok := strings.Cut(page, "\n"+name+" ")
		require.True(s.t, ok, "no metric %s", name)
		_, err := fmt.Sscan(after, &value)
		require.NoError(s.t, err)
		return value
	}
	now := sample{
		at: time.Now(), goroutines: int(metric("go_goroutines")), files: int(metric("process_open_fds")),
		memory: metric("process_resident_memory_bytes") / (1 << 20),
	}
	var bytes int64
	err := s.pool.QueryRow(s.t.Context(), `
		SELECT (SELECT count(*) FROM tickets),
			(SELECT count(*) FROM pg_stat_activity WHERE application_name = 'livedeskbot' AND datname = current_database()),
			(SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace)::bigint`,
	).Scan(&now.tickets, &now.server, &bytes)
	require.NoError(s.t, err)
	now.database = float64(bytes) / (1 << 20)
	return now
}

// each is how many kilobytes of the database a ticket takes.
func (x sample) each() float64 { return x.database * 1024 / float64(max(x.tickets, 1)) }

func (s *soak) table() string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\nafter\ttickets\tmemory MB\tgoroutines\topen files\tconnections\ttables MB\tkB a ticket\t")
	for _, x := range s.samples {
		fmt.Fprintf(w, "%v\t%d\t%.0f\t%d\t%d\t%d\t%.1f\t%.1f\t\n", x.at.Sub(s.samples[0].at).Round(time.Second), x.tickets, x.memory,
			x.goroutines, x.files, x.server, x.database, x.each())
	}
	_ = w.Flush() // to memory
	return text.String()
}

// requireFlat requires that the last third takes no more than the second one did, but for what swings.
func (s *soak) requireFlat() {
	s.t.Helper()
	third := len(s.samples) / 3
	before, after := s.samples[third:2*third], s.samples[2*third:]
	for name, of := range map[string]func(sample) float64{
		"memory":         func(x sample) float64 { return x.memory },
		"goroutines":     func(x sample) float64 { return float64(x.goroutines) },
		"open files":     func(x sample) float64 { return float64(x.files) },
		"connections":    func(x sample) float64 { return float64(x.server) },
		"bytes a ticket": sample.each,
	} {
		require.LessOrEqual(s.t, most(after, of), 1.2*most(before, of)+3, "%s\n%s", name, s.table())
	}
}

func most(samples []sample, of func(sample) float64) (value float64) {
	for _, x := range samples {
		value = max(value, of(x))
	}
	return value
}
