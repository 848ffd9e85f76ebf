package desk_test

import (
	"os"
	"testing"

	"livedeskbot/storage/paralleltest"
)

func TestMain(m *testing.M) { os.Exit(paralleltest.Run(m)) }
