package desk

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/view"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

const (
	// maxCarried is how many files are on their way at once.
	maxCarried = 8
	// maxCarries is how often a file is tried.
	maxCarries = 8
)

// carrier brings files from Telegram to LiveDesk.
type carrier struct {
	*shared
	telegram *telegram.Client
}

// run carries files until ctx ends.
func (c carrier) run(ctx, work context.Context) {
	slots := make(chan struct{}, maxCarried)
	for {
		files, err := c.store.ClaimFiles(work, c.work.Number(), maxCarried-len(slots))
		if err != nil && ctx.Err() == nil {
			c.log.Warn("cannot claim files", "error", err)
		}
		for _, f := range files {
			slots <- struct{}{}
			c.work.Go(func() {
				defer func() { <-slots; c.carrying.Up() }()
				c.carry(work, f)
			})
		}
		if c.carrying.Wait(ctx, time.Second) != nil {
			return
		}
	}
}

// carry brings one file to LiveDesk, or finds out why it cannot come along.
func (c carrier) carry(ctx context.Context, f storage.File) {
	defer c.work.Files.Hold(f.ID)()
	defer c.work.Recovered("file", f.ID, func() { c.dropFile(ctx, f, view.DropFailed) })
	if f.Attempts > maxCarries { // processes died with it
		c.dropFile(ctx, f, view.DropFailed)
		return
	}
	url, reason, err := c.transfer(ctx, f, view.FileIn(f))
	switch {
	case reason != "":
		c.dropFile(ctx, f, reason)
	case err == nil:
		c.finishFile(ctx, f, storage.FileUploaded, url, "")
	case f.Attempts < maxCarries, away(err):
		c.log.Warn("a file did not come along, trying again", "file", f.ID, "ticket", f.Ticket, "error", c.telegram.Redact(err))
		pause := waitOf(err, time.Second<<min(f.Attempts, 6))
		_ = c.work.Record(ctx, func() error { return c.store.DeferFile(ctx, f.ID, pause, !away(err), c.work.Number()) })
	case errors.Is(err, livedesk.ErrUnauthorized):
		c.dropFile(ctx, f, view.DropNoPlace)
	default:
		c.dropFile(ctx, f, view.DropFailed)
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

func (c carrier) dropFile(ctx context.Context, f storage.File, reason string) {
	c.log.Info("a file cannot come along", "file", f.ID, "ticket", f.Ticket, "reason", reason)
	c.finishFile(ctx, f, storage.FileDropped, "", reason)
}

func (c carrier) finishFile(ctx context.Context, f storage.File, state storage.FileState, url, reason string) {
	if c.work.Record(ctx, func() error { return c.store.FinishFile(ctx, f.ID, state, url, reason) }) == nil {
		c.waiting.Up()
		c.looks.Up()
		c.teller.Wake()
	}
}

// transfer streams a file from Telegram to LiveDesk. A reason says that it never will come along.
func (c carrier) transfer(ctx context.Context, f storage.File, file view.File) (url, reason string, err error) {
	over, err := c.tooMany(ctx, f)
	if err != nil {
		return "", "", err
	}
	if over {
		return "", view.DropTooMany, nil
	}
	if !c.client.Uploads() {
		return "", view.DropNoPlace, nil
	}
	body, size, err := c.telegram.Open(ctx, file.ID)
	switch {
	case errors.Is(err, telegram.ErrTooBig):
		return "", view.DropTooBig, nil
	case errors.Is(err, telegram.ErrExpired):
		return "", view.DropExpired, nil
	case err != nil:
		return "", "", err
	}
	defer body.Close()
	turn, err := c.admission.enter(ctx, uploading, patiently)
	if err != nil {
		return "", "", err
	}
	defer turn.leave()
	turn.about = strconv.FormatInt(f.ID, 10)
	url, err = c.client.Upload(ctx, livedesk.File{Name: file.Name, MIMEType: file.MIME, Size: size, Body: body})
	switch {
	case errors.Is(err, livedesk.ErrNoUpload):
		turn.ended(nil)
		return "", view.DropNoPlace, nil
	case err != nil && livedesk.KindOf(err) == livedesk.Refused:
		turn.ended(nil)
		return "", view.DropRefused, nil
	case errors.Is(err, telegram.ErrDownload):
		return "", "", err // it says nothing about LiveDesk
	case errors.Is(err, livedesk.ErrUnauthorized):
		c.log.Error("LiveDesk does not let us upload files: check the rights of LIVEDESK_API_KEY, LIVEDESK_UPLOAD_URL", "error", err)
		return "", "", err
	}
	turn.ended(err)
	return url, "", err
}

// tooMany reports whether a file is beyond the limit of its ticket or addition.
func (c carrier) tooMany(ctx context.Context, f storage.File) (bool, error) {
	files, err := c.store.Files(ctx, f.Ticket)
	if err != nil {
		return false, err
	}
	before := 0
	for _, other := range files {
		if other.Origin == f.Origin && other.MessageID < f.MessageID && other.Reason != view.DropTooMany {
			before++
		}
	}
	return before >= c.cfg.MaxFiles, nil
}

// enterFiles puts the files that are there into a create request and says which are missing, and stores the request like
// that before it leaves.
func (c creator) enterFiles(ctx context.Context, t storage.Ticket, request livedesk.NewTicket) (livedesk.NewTicket, error) {
	files, err := c.store.Files(ctx, t.ID)
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
		request.Description = view.AppendBlock(request.Description, c.view.FileNote(f))
	}
	if len(entered) == 0 {
		return request, nil
	}
	raw, err := json.Marshal(request)
	if err != nil {
		return request, err
	}
	return request, c.store.EnterFiles(ctx, t.ID, raw, entered)
}

// leaveFilesOut takes the files out of a create request, says that they are missing, and stores both.
func (c creator) leaveFilesOut(ctx context.Context, t storage.Ticket, request livedesk.NewTicket) (livedesk.NewTicket, error) {
	files, err := c.store.Files(ctx, t.ID)
	if err != nil {
		return request, err
	}
	request.Attachments = nil
	for _, f := range files {
		if !f.Entered || f.State != storage.FileUploaded {
			continue
		}
		words := c.view.FileNote(f)
		f.State, f.Reason = storage.FileDropped, view.DropRefused
		if words != "" {
			request.Description = strings.Replace(request.Description, words, c.view.FileNote(f), 1)
		} else {
			request.Description = view.AppendBlock(request.Description, c.view.FileNote(f))
		}
	}
	raw, err := json.Marshal(request)
	if err != nil {
		return request, err
	}
	return request, c.store.LeaveFilesOut(ctx, t.ID, raw, view.DropRefused)
}
