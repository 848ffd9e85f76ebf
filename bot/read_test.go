package bot

import (
	"testing"

	"github.com/go-telegram/bot/models"
	"github.com/stretchr/testify/require"
)

func TestFilesOfEveryKindAreFound(t *testing.T) {
	t.Parallel()
	for want, m := range map[string]*models.Message{
		"photo-7.jpg":      {Photo: []models.PhotoSize{{FileID: "small"}, {FileID: "f"}}},
		"a.gif":            {Animation: &models.Animation{FileID: "f", FileName: "a.gif"}, Document: &models.Document{FileID: "other"}},
		"document-7.pdf":   {Document: &models.Document{FileID: "f", MimeType: "application/pdf"}},
		"video-7.mp4":      {Video: &models.Video{FileID: "f", FileName: "../.."}},
		"song.flac":        {Audio: &models.Audio{FileID: "f", FileName: "/tmp/song.flac"}},
		"voice-7.ogg":      {Voice: &models.Voice{FileID: "f"}},
		"video-note-7.mp4": {VideoNote: &models.VideoNote{FileID: "f"}},
		"sticker-7.webp":   {Sticker: &models.Sticker{FileID: "f"}},
		"sticker-7.tgs":    {Sticker: &models.Sticker{FileID: "f", IsAnimated: true}},
		"sticker-7.webm":   {Sticker: &models.Sticker{FileID: "f", IsVideo: true}},
	} {
		m.ID = 7
		f := fileOf(m)
		require.NotNil(t, f)
		require.Equal(t, want, f.Name)
		require.Equal(t, "f", f.ID)
	}
}
