//go:build linux

package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"
)

// load is what people do to the bot: so many tickets in flight at all times, or so many a second whatever comes back.
type load struct {
	Name     string
	InFlight int
	Rate     int
	Latency  time.Duration // of every request to Telegram and to LiveDesk
	Slice    time.Duration // of one turn
}

// loads are short enough that all of them, several times over and on both sides, stay below three minutes.
var loads = []load{
	{"1 in flight", 1, 0, 0, 1500 * time.Millisecond},
	{"50 in flight", 50, 0, 0, 1500 * time.Millisecond},
	{"1 in flight", 1, 0, 50 * time.Millisecond, 3 * time.Second},
	{"50 in flight", 50, 0, 50 * time.Millisecond, 2 * time.Second},
	{"300 a second", 0, 300, 50 * time.Millisecond, 3 * time.Second},
	{"saturation", 250, 0, 0, 2 * time.Second},
}

const (
	turns     = 4
	idleSlice = 5 * time.Second
)

// BenchmarkTickets measures the bot beside the least that could do its work: a handler on the same library that posts the
// ticket to LiveDesk and sends one reply, without a database. Both run as processes of their own against the same
// emulators, which are a third one, and take turns within one run, so that a busy machine troubles them alike. The bot
// journals in a private Postgres with the durable settings of the service, whose CPU is counted with the bot's.
//
// Latency is from the update to the reply that names the ticket. LIVEDESK_RATE is lifted, people may open any number of
// tickets, and none of them is looked at again: TRACK_INTERVAL is longer than the run. Memory is the process's without
// Postgres; this test binary, with emulators and test code in it, takes some 8 MB more than the service does.
func BenchmarkTickets(b *testing.B) {
	sides := []*side{newSide(b, "floor"), newSide(b, "ours")}
	for _, s := range sides {
		s.measure(b, load{Name: "warming up", InFlight: 50, Slice: time.Second})
	}
	table := []row{{who: sides[0], idle: true}, {who: sides[1], idle: true}}
	time.Sleep(idleSlice / 5) // what the warming up began is over
	for i := range table {
		before := table[i].who.usage(b)
		time.Sleep(idleSlice)
		table[i].add(before, table[i].who.usage(b), result{})
	}
	for _, l := range loads {
		rows := []row{{load: l, who: sides[0]}, {load: l, who: sides[1]}}
		for turn := range turns {
			for i := range rows {
				r := &rows[(i+turn)%2]
				r.add(r.who.measure(b, l))
			}
		}
		table = append(table, rows...)
	}
	for _, r := range table {
		b.Run(strings.ReplaceAll(fmt.Sprintf("%s at %v/%s", r.what(), r.load.Latency, r.who.name), " ", "-"), r.report)
	}
	require.NoError(b, printTable(table))
}

// row is what one side did under one load, all turns together.
type row struct {
	load
	who       *side
	idle      bool
	tickets   int
	latencies []time.Duration
	took      time.Duration
	cpu       time.Duration
	postgres  time.Duration // of cpu
	mallocs   uint64
	memory    []int64 // bytes, the most of each turn
}

func (r *row) add(before, after usage, got result) {
	r.tickets += len(got.Latencies)
	r.latencies = append(r.latencies, got.Latencies...)
	r.took += got.Took
	r.cpu += after.CPU - before.CPU
	r.postgres += after.Postgres - before.Postgres
	r.mallocs += after.Mallocs - before.Mallocs
	r.memory = append(r.memory, after.Memory)
}

func (r *row) what() string {
	if r.idle {
		return "idle"
	}
	return r.Name
}

func (r *row) perSecond() float64 { return float64(r.tickets) / r.took.Seconds() }
func (r *row) cpuEach() float64   { return r.each(r.cpu) }
func (r *row) megabytes() float64 { return float64(slices.Max(r.memory)) / (1 << 20) }

// each is the share of one ticket, in microseconds.
func (r *row) each(all time.Duration) float64 {
	return float64(all.Microseconds()) / float64(r.tickets)
}

// idleCPU is the share of one processor.
func (r *row) idleCPU() float64 { return 100 * r.cpu.Seconds() / idleSlice.Seconds() }

// quantile is in milliseconds.
func (r *row) quantile(q float64) float64 {
	slices.Sort(r.latencies)
	return r.latencies[int(q*float64(len(r.latencies)-1))].Seconds() * 1000
}

// report gives the row's numbers to the testing package.
func (r *row) report(b *testing.B) {
	b.ReportMetric(0, "ns/op") // there is no loop of b.N
	b.ReportMetric(r.megabytes(), "MB")
	if r.idle {
		b.ReportMetric(r.idleCPU(), "%cpu")
		return
	}
	b.ReportMetric(r.perSecond(), "tickets/s")
	b.ReportMetric(r.quantile(0.5), "p50-ms")
	b.ReportMetric(r.quantile(0.99), "p99-ms")
	b.ReportMetric(r.cpuEach(), "cpu-µs/ticket")
	b.ReportMetric(r.each(r.postgres), "postgres-µs/ticket")
	b.ReportMetric(float64(r.mallocs)/float64(r.tickets), "allocs/ticket")
}

// printTable prints the rows, of which each second one is ours and follows the floor's.
func printTable(table []row) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\nload\tAPI\t\ttickets/s\tp50 ms\tp99 ms\tCPU µs\tPostgres\tallocs\tMB\tp50 ×\tCPU ×\t")
	for i, r := range table {
		if r.idle {
			fmt.Fprintf(w, "idle\t\t%s\t\t\t\t%.1f %%\t\t\t%.0f\t\t\t\n", r.who.name, r.idleCPU(), r.megabytes())
			continue
		}
		times := "\t"
		if i%2 == 1 {
			floor := table[i-1]
			times = fmt.Sprintf("%.2f\t%.2f", r.quantile(0.5)/floor.quantile(0.5), r.cpuEach()/floor.cpuEach())
		}
		fmt.Fprintf(w, "%s\t%v\t%s\t%.0f\t%.2f\t%.2f\t%.0f\t%.0f\t%.0f\t%.0f\t%s\t\n", r.Name, r.Latency, r.who.name, r.perSecond(),
			r.quantile(0.5), r.quantile(0.99), r.cpuEach(), r.each(r.postgres), float64(r.mallocs)/float64(r.tickets), r.megabytes(), times)
	}
	return w.Flush()
}
