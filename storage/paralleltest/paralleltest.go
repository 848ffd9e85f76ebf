// Package paralleltest lets the tests of a package wait side by side. Ours mostly wait: for timers of the service, for
// Postgres, for processes. By itself `go test` runs only as many at a time as there are processors.
//
//	func TestMain(m *testing.M) { os.Exit(paralleltest.Run(m)) }
package paralleltest

import (
	"flag"
	"runtime"
	"strconv"
	"testing"
)

// atATime leaves a test on two busy processors enough of them to keep its deadlines.
const atATime = 16

// Run runs the tests and returns the exit status. A -parallel on the command line is kept.
func Run(m *testing.M) int {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		if err := flag.Set("test.parallel", strconv.Itoa(max(atATime, runtime.GOMAXPROCS(0)))); err != nil {
			panic(err) // the flag is gone from Go
		}
	}
	return m.Run()
}
