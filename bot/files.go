package bot

import (
	"context"
	"time"

	"livedeskbot/storage"
)

const (
	// gatherFiles is the longest that a ticket waits for its files; what comes later is added to it.
	gatherFiles = 8 * time.Second
	// albumHold is how long more parts of an album are awaited after the last one.
	albumHold = 1500 * time.Millisecond
)

// filesOf are the files of the given messages, those of albums apart, as rows.
func filesOf(messages ...*message) []storage.File {
	var files []storage.File
	for _, m := range messages {
		if m != nil && m.file != nil {
			files = append(files, storage.File{MessageID: m.at.Reply, File: m.file.JSON()})
		}
	}
	return files
}

// addAlbumPart remembers a part of an album and joins it to the ticket of that album, if there is one.
func (h handler) addAlbumPart(ctx context.Context, part albumPart) (joined bool, err error) {
	joined, err = h.store.AddAlbumPart(ctx, h.me.id, part.chat, part.album, part.file.MessageID, part.by, part.file.File, albumHold)
	if joined {
		h.desk.Carry()
	}
	return joined, err
}
