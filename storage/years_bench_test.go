package storage_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
	"livedeskbot/storage/storagetest"
)

// BenchmarkYears prints what people wait for, and what the bot does all the time, on the first day and beside it with a million
// finished and 20,000 open tickets, all of them due at once. Filling that takes a minute or two:
//
//	go test ./storage -run '^$' -bench Years -timeout 30m
func BenchmarkYears(b *testing.B) {
	const each = 100
	young, old := openYears(b, 20, 20), openYears(b, 1_000_000, 20_000)
	fmt.Printf("%-40s %12s %12s %12s\n", "median of 100", "first day", "years later", "more")
	for i, errand := range errands {
		var times [2][]time.Duration
		for n := range each {
			for j, y := range []*years{young, old} { // in turns, so that both have the same neighbours
				began := time.Now()
				require.NoError(b, errand.run(b.Context(), y, 200_000_000+i*each+n), errand.name)
				times[j] = append(times[j], time.Since(began))
				y.release(b)
			}
		}
		first, later := median(times[0]), median(times[1])
		fmt.Printf("%-40s %9.2f ms %9.2f ms %+9.2f ms\n", errand.name, ms(first), ms(later), ms(later-first))
	}
}

// release takes what an errand has claimed out of hand, so that the next ones find as much.
func (y *years) release(b *testing.B) {
	b.Helper()
	for _, sql := range []string{
		`UPDATE tickets SET owner = NULL WHERE owner IS NOT NULL AND state <> 'sending'`,
		`UPDATE tickets SET teller = NULL WHERE teller IS NOT NULL`,
		`UPDATE updates SET owner = NULL WHERE owner IS NOT NULL AND done_at IS NULL`,
	} {
		_, err := y.store.Pool().Exec(b.Context(), sql)
		require.NoError(b, err)
	}
}

func openYears(b *testing.B, finished, open int) *years {
	b.Helper()
	pool, err := pgxpool.New(b.Context(), storagetest.New(b))
	require.NoError(b, err)
	b.Cleanup(pool.Close)
	began := time.Now()
	y := newYears(b, storage.On(pool).For(bot), finished, open)
	b.Logf("%d finished and %d open tickets filled in %v", finished, open, time.Since(began).Round(time.Second))
	return y
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
