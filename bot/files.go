package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-telegram/bot/models"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

const (
	// gatherFiles is the longest that a ticket waits for its files; what comes later is added to it.
	gatherFiles = 8 * time.Second
	// albumHold is how long more parts of an album are awaited after the last one.
	albumHold = 1500 * time.Millisecond
	// maxCarried is how many files are on their way at once.
	maxCarried = 8
	// maxCarries is how often a file is tried.
	maxCarries = 8
)

// fileOf returns the file that a message carries.
func fileOf(m *models.Message) (view.File, bool) {
	at := func(kind, id, name, mimeType string, size int64, ending string) (view.File, bool) {
		if name = safeName(name); name == "" {
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

// safeName is a file name without folders and without characters that mean something elsewhere.
func safeName(name string) string {
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
func (b *Bot) addAlbumPart(ctx context.Context, part albumPart) (joined bool, err error) {
	joined, err = b.store.AddAlbumPart(ctx, b.telegram.BotID, part.chat, part.album, part.file.MessageID, part.file.File, albumHold)
	if joined {
		b.carrying.Up()
	}
	return joined, err
}

// carryFiles brings files from Telegram to LiveDesk.
func (b *Bot) carryFiles(ctx, work context.Context) {
	slots := make(chan struct{}, maxCarried)
	for {
		files, err := b.store.ClaimFiles(ctx, b.work.Number(), maxCarried-len(slots))
		if err != nil && ctx.Err() == nil {
			b.log.Warn("cannot claim files", "error", err)
		}
		for _, f := range files {
			slots <- struct{}{}
			b.work.Go(func() {
				defer func() { <-slots; b.carrying.Up() }()
				b.carry(work, f)
			})
		}
		if b.carrying.Wait(ctx, time.Second) != nil {
			return
		}
	}
}

// carry brings one file to LiveDesk, or finds out why it cannot come along.
func (b *Bot) carry(ctx context.Context, f storage.File) {
	defer b.work.Files.Hold(f.ID)()
	defer b.work.Recovered("file", f.ID, func() { b.dropFile(ctx, f, view.DropFailed) })
	if f.Attempts > maxCarries { // processes died with it
		b.dropFile(ctx, f, view.DropFailed)
		return
	}
	url, reason, err := b.transfer(ctx, f, view.FileIn(f))
	switch {
	case reason != "":
		b.dropFile(ctx, f, reason)
	case err == nil:
		b.finishFile(ctx, f, storage.FileUploaded, url, "")
	case f.Attempts < maxCarries, away(err):
		b.log.Warn("a file did not come along, trying again", "file", f.ID, "ticket", f.Ticket, "error", b.telegram.Redact(err))
		pause := waitOf(err, time.Second<<min(f.Attempts, 6))
		_ = b.work.Record(ctx, func() error { return b.store.DeferFile(ctx, f.ID, pause, !away(err)) })
	case errors.Is(err, livedesk.ErrUnauthorized):
		b.dropFile(ctx, f, view.DropNoPlace)
	default:
		b.dropFile(ctx, f, view.DropFailed)
	}
}

// away says that LiveDesk takes nothing for now, which must cost no file.
func away(err error) bool {
	return livedesk.KindOf(err) == livedesk.NotSent && !errors.Is(err, livedesk.ErrUnauthorized) && !errors.Is(err, telegram.ErrDownload)
}

// waitOf is how long to wait after an error: as long as it asks for, else the given time.
func waitOf(err error, otherwise time.Duration) time.Duration {
	if asked, ok := telegram.RetryAfter(err); ok {
		return asked
	}
	if refusal, ok := errors.AsType[*livedesk.Error](err); ok {
		return max(otherwise, refusal.RetryAfter)
	}
	return otherwise
}

func (b *Bot) dropFile(ctx context.Context, f storage.File, reason string) {
	b.log.Info("a file cannot come along", "file", f.ID, "ticket", f.Ticket, "reason", reason)
	b.finishFile(ctx, f, storage.FileDropped, "", reason)
}

func (b *Bot) finishFile(ctx context.Context, f storage.File, state storage.FileState, url, reason string) {
	if b.work.Record(ctx, func() error { return b.store.FinishFile(ctx, f.ID, state, url, reason) }) == nil {
		b.waiting.Up()
		b.looks.Up()
		b.tellings.Up()
	}
}

// transfer streams a file from Telegram to LiveDesk. A reason says that it never will come along.
func (b *Bot) transfer(ctx context.Context, f storage.File, file view.File) (url, reason string, err error) {
	over, err := b.tooMany(ctx, f)
	if err != nil {
		return "", "", err
	}
	if over {
		return "", view.DropTooMany, nil
	}
	if !b.desk.Uploads() {
		return "", view.DropNoPlace, nil
	}
	body, size, err := b.telegram.Open(ctx, file.ID)
	switch {
	case errors.Is(err, telegram.ErrTooBig):
		return "", view.DropTooBig, nil
	case errors.Is(err, telegram.ErrExpired):
		return "", view.DropExpired, nil
	case err != nil:
		return "", "", err
	}
	defer body.Close()
	if err := b.enterPatiently(ctx); err != nil {
		return "", "", err
	}
	defer func() { <-b.slots }()
	url, err = b.desk.Upload(ctx, livedesk.File{Name: file.Name, MIMEType: file.MIME, Size: size, Body: body})
	switch {
	case errors.Is(err, livedesk.ErrNoUpload):
		b.answeredBy(nil)
		return "", view.DropNoPlace, nil
	case err != nil && livedesk.KindOf(err) == livedesk.Refused:
		b.answeredBy(nil)
		return "", view.DropRefused, nil
	case errors.Is(err, telegram.ErrDownload):
		b.throttle.free() // it says nothing about LiveDesk
		return "", "", err
	case errors.Is(err, livedesk.ErrUnauthorized):
		b.throttle.free() // tickets may be taken all the same
		b.log.Error("LiveDesk does not let us upload files: check the rights of LIVEDESK_API_KEY, LIVEDESK_UPLOAD_URL", "error", err)
		return "", "", err
	}
	b.answeredBy(err)
	return url, "", err
}

// tooMany says whether a file is beyond the limit of its ticket or addition.
func (b *Bot) tooMany(ctx context.Context, f storage.File) (bool, error) {
	files, err := b.store.Files(ctx, f.Ticket)
	if err != nil {
		return false, err
	}
	before := 0
	for _, other := range files {
		if other.Origin == f.Origin && other.MessageID < f.MessageID && other.Reason != view.DropTooMany {
			before++
		}
	}
	return before >= b.cfg.MaxFiles, nil
}

// enterFiles puts the files that are there into a create request and says which are missing, and stores the request like
// that before it leaves.
func (b *Bot) enterFiles(ctx context.Context, t storage.Ticket, request livedesk.NewTicket) (livedesk.NewTicket, error) {
	files, err := b.store.Files(ctx, t.ID)
	if err != nil {
		return request, err
	}
	var entered []int64
	for _, f := range files {
		if f.Entered || f.State == storage.FileWaiting {
			continue
		}
		entered = append(entered, f.ID)
		if f.State == storage.FileUploaded {
			request.Attachments = append(request.Attachments, livedesk.NewAttachment{FileURL: f.URL})
		}
		request.Description = view.AppendBlock(request.Description, view.FileNote(f))
	}
	if len(entered) == 0 {
		return request, nil
	}
	raw, err := json.Marshal(request)
	if err != nil {
		return request, err
	}
	return request, b.store.EnterFiles(ctx, t.ID, raw, entered)
}

// leaveFilesOut takes the files out of a create request, says that they are missing, and stores both.
func (b *Bot) leaveFilesOut(ctx context.Context, t storage.Ticket, request livedesk.NewTicket) (livedesk.NewTicket, error) {
	files, err := b.store.Files(ctx, t.ID)
	if err != nil {
		return request, err
	}
	request.Attachments = nil
	for _, f := range files {
		if !f.Entered || f.State != storage.FileUploaded {
			continue
		}
		words := view.FileNote(f)
		f.State, f.Reason = storage.FileDropped, view.DropRefused
		if words != "" {
			request.Description = strings.Replace(request.Description, words, view.FileNote(f), 1)
		} else {
			request.Description = view.AppendBlock(request.Description, view.FileNote(f))
		}
	}
	raw, err := json.Marshal(request)
	if err != nil {
		return request, err
	}
	return request, b.store.LeaveFilesOut(ctx, t.ID, raw, view.DropRefused)
}
