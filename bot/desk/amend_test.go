package desk

import (
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

func TestAFileThatLiveDeskNeverShowsIsGivenUp(t *testing.T) {
	t.Parallel()
	f := storage.File{ID: 1, File: []byte(`{"name":"a.txt"}`), State: storage.FileUploaded, URL: "https://desk.invalid/a.txt"}
	for tries, given := range map[int]bool{0: false, maxAmends - 2: false, maxAmends - 1: true} {
		f.Attempts = tries
		var l storage.Look
		(tracker{}).settle(&l, storage.Ticket{}, livedesk.Ticket{}, changes{files: []storage.File{f}, all: []storage.File{f}}, doubtfulWrite)
		require.Equal(t, given, len(l.Files) == 1 && len(l.Notices) == 1, tries)
	}
}
