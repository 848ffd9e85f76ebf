package bot

import (
	"context"
	"fmt"
	"mime"
	"time"

	"github.com/go-telegram/bot/models"

	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

const (
	// gatherFiles is the longest that a ticket waits for its files; what comes later is added to it.
	gatherFiles = 8 * time.Second
	// albumHold is how long more parts of an album are awaited after the last one.
	albumHold = 1500 * time.Millisecond
)

// fileOf returns the file that a message carries.
func fileOf(m *models.Message) (view.File, bool) {
	at := func(kind, id, name, mimeType string, size int64, ending string) (view.File, bool) {
		if name = view.SafeName(name); name == "" {
			name = fmt.Sprintf("%s-%d%s", kind, m.ID, ending)
		}
		return view.File{ID: id, Name: name, MIME: mimeType, Size: size}, true
	}
	switch {
	case len(m.Photo) > 0:
		p := m.Photo[len(m.Photo)-1] // the largest
		return at("photo", p.FileID, "", "image/jpeg", int64(p.FileSize), ".jpg")
	case m.Animation != nil: // also has a document, for clients that do not know animations
		return at("animation", m.Animation.FileID, m.Animation.FileName, m.Animation.MimeType, int64(m.Animation.FileSize), ".mp4")
	case m.Document != nil:
		return at("document", m.Document.FileID, m.Document.FileName, m.Document.MimeType, int64(m.Document.FileSize), ending(m.Document.MimeType))
	case m.Video != nil:
		return at("video", m.Video.FileID, m.Video.FileName, m.Video.MimeType, int64(m.Video.FileSize), ".mp4")
	case m.Audio != nil:
		return at("audio", m.Audio.FileID, m.Audio.FileName, m.Audio.MimeType, int64(m.Audio.FileSize), ".mp3")
	case m.Voice != nil:
		return at("voice", m.Voice.FileID, "", m.Voice.MimeType, int64(m.Voice.FileSize), ".ogg")
	case m.VideoNote != nil:
		return at("video-note", m.VideoNote.FileID, "", "video/mp4", int64(m.VideoNote.FileSize), ".mp4")
	case m.Sticker != nil:
		return at("sticker", m.Sticker.FileID, "", "", int64(m.Sticker.FileSize), stickerEnding(m.Sticker))
	}
	return view.File{}, false
}

// https://core.telegram.org/stickers#creating-stickers
func stickerEnding(s *models.Sticker) string {
	switch {
	case s.IsAnimated:
		return ".tgs"
	case s.IsVideo:
		return ".webm"
	}
	return ".webp"
}

func ending(mimeType string) string {
	endings, err := mime.ExtensionsByType(mimeType)
	if err != nil || len(endings) == 0 {
		return ""
	}
	return endings[0]
}

// filesOf are the files of the given messages, those of albums apart, as rows.
func filesOf(messages ...*models.Message) []storage.File {
	var files []storage.File
	for _, m := range messages {
		if m == nil {
			continue
		}
		if f, ok := fileOf(m); ok {
			files = append(files, storage.File{MessageID: int64(m.ID), File: f.JSON()})
		}
	}
	return files
}

// addAlbumPart remembers a part of an album and joins it to the ticket of that album, if there is one.
func (h handler) addAlbumPart(ctx context.Context, part albumPart) (joined bool, err error) {
	joined, err = h.store.AddAlbumPart(ctx, h.telegram.BotID, part.chat, part.album, part.file.MessageID, part.file.File, albumHold)
	if joined {
		h.desk.Carry()
	}
	return joined, err
}
