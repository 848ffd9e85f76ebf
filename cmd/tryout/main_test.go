package main

import (
	"os"
	"testing"

	"livedeskbot/storage/paralleltest"
)

func TestMain(m *testing.M) {
	serveIfChild()
	os.Exit(paralleltest.Run(m))
}
