package view

import (
	"path"
	"path/filepath"
	"strings"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/storage"
)

// File is what Telegram says of a file.
type File struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	MIME string `json:"mime"`
	Size int64  `json:"size"`
	// Caption is what stands below it, where that is not the text of the ticket or of an addition.
	Caption string `json:"caption,omitempty"`
	// Where it was sent and is answered, if that is not the ticket's chat.
	Chat    int64 `json:"chat,omitempty"`
	Message int64 `json:"message,omitempty"`
}

// Reasons for dropping a file.
const (
	DropTooBig  = "too_big"
	DropExpired = "expired"
	DropRefused = "refused"
	DropNoPlace = "no_upload"
	DropTooMany = "too_many"
	DropFailed  = "failed"
	DropNumber  = "no_number"
)

// maxDropped is how many files that did not come along a card names; the others are counted, or it would not fit a message.
const maxDropped = 8

// dropped are lines for people about the files that did not come along, with what to do.
func dropped(say Language, files []storage.File) []string {
	var lines []string
	for _, f := range files {
		if f.State == storage.FileDropped {
			lines = append(lines, say.Text("file_"+f.Reason, "Name", markup.Shorten(FileIn(f).Name, 60)))
		}
	}
	if more := len(lines) - maxDropped; more > 1 {
		lines = append(lines[:maxDropped], say.Text("files_more", "Count", more))
	}
	return lines
}

// SafeName is a file name without folders and without characters that mean something elsewhere.
func SafeName(name string) string {
	name = path.Base(strings.ReplaceAll(markup.Line(name), `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`<>:"|?*`, r) {
			return '_'
		}
		return r
	}, name)
	name = strings.TrimLeft(name, ".")
	if name == "" || name == "/" {
		return ""
	}
	kind := filepath.Ext(name)
	if len([]rune(kind)) > 12 {
		kind = ""
	}
	return shortStem(strings.TrimSuffix(name, kind), 100) + kind
}

func shortStem(stem string, most int) string {
	if runes := []rune(stem); len(runes) > most {
		return string(runes[:most])
	}
	return stem
}
