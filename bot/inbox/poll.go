package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	tg "github.com/go-telegram/bot"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/wait"
	"livedeskbot/storage"
)

// poll receives updates by getUpdates while this process leads. Only one process may: Telegram cuts the older of two.
func (in *Inbox) poll(ctx, work context.Context) {
	for wait.Sleep(ctx, 0) == nil {
		process := in.work.Process()
		lead, err := process.TryLead(ctx, in.telegram.BotID)
		if err != nil && ctx.Err() == nil {
			in.log.Warn("cannot ask for the lead", "error", err)
		}
		if err != nil || !lead {
			_ = wait.Sleep(ctx, time.Second)
			continue
		}
		in.log.Debug("polling", "process", process.Number)
		in.lead(ctx, work, process)
	}
}

// lead polls until ctx ends or the process has lost its connection to the database, and with it the lead.
func (in *Inbox) lead(ctx, work context.Context, process *storage.Process) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer in.metrics.leads()()
	go func() {
		for wait.Sleep(ctx, 200*time.Millisecond) == nil {
			if in.work.Process() != process {
				cancel()
			}
		}
	}()
	var offset int64
	var delay time.Duration
	for webhook := false; wait.Sleep(ctx, delay) == nil; {
		raws, err := in.receive(ctx, offset, webhook)
		if err == nil {
			webhook = false
			err = in.accept(work, work, raws) // a stop does not interrupt it
		}
		if err == nil {
			offset, delay = after(raws, offset), 0
			continue
		}
		if ctx.Err() != nil {
			return
		}
		webhook = errors.Is(err, tg.ErrorConflict) // a webhook, or another poller
		delay = telegram.RetryDelay(err, delay)
		in.log.Warn("cannot receive updates", "error", in.telegram.Redact(err))
	}
}

// receive asks for updates; with webhook it first removes a webhook, under which Telegram refuses every poll. What is
// pending there is kept.
func (in *Inbox) receive(ctx context.Context, offset int64, webhook bool) ([]json.RawMessage, error) {
	if webhook {
		if _, err := in.telegram.DeleteWebhook(ctx, &tg.DeleteWebhookParams{}); err != nil {
			return nil, err
		}
	}
	raws, err := in.telegram.Updates(ctx, offset)
	if err == nil {
		in.telegram.Heard(time.Now())
	}
	return raws, err
}

// after is the offset that confirms raws. Ids may start anywhere after a quiet week, so only the last one counts.
func after(raws []json.RawMessage, offset int64) int64 {
	for _, raw := range raws {
		var u struct {
			ID int64 `json:"update_id"`
		}
		if json.Unmarshal(raw, &u) == nil {
			offset = u.ID + 1
		}
	}
	return offset
}
