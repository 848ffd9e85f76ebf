package paralleltest_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/storage/paralleltest"
)

// showVariable makes this test binary print how many of its tests would have run at a time.
const showVariable = "PARALLELTEST_SHOW"

func TestMain(m *testing.M) {
	status := paralleltest.Run(m)
	if os.Getenv(showVariable) != "" {
		fmt.Println(flag.Lookup("test.parallel").Value)
	}
	os.Exit(status)
}

func TestMoreTestsRunAtATimeThanThereAreProcessors(t *testing.T) {
	t.Parallel()
	require.Contains(t, show(t, "GOMAXPROCS=2"), "\n16\n")
	require.Contains(t, show(t, "GOMAXPROCS=64"), "\n64\n")
}

func TestANumberOnTheCommandLineIsKept(t *testing.T) {
	t.Parallel()
	require.Contains(t, show(t, "GOMAXPROCS=2", "-test.parallel=3"), "\n3\n")
}

func show(t *testing.T, env string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], append(args, "-test.run=^$")...)
	cmd.Env = append(os.Environ(), env, showVariable+"=1")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return string(out)
}
