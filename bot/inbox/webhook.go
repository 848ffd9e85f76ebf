package inbox

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/wait"

	tg "github.com/go-telegram/bot"
)

const (
	// maxUpdate bounds the body of one post. Telegram's updates take a few kilobytes.
	maxUpdate = 1 << 20
	// storeTimeout is how long a post may wait for the database. Telegram waits about a minute, but keeps the updates
	// of the same chat back meanwhile.
	storeTimeout = 5 * time.Second
	// retryAfter, in seconds, is when Telegram may try again what could not be stored. It waits that long with every
	// update of the chat.
	retryAfter = "2"
	// webhookConnections is how many posts Telegram may make at a time, its default. More would wait for the database.
	webhookConnections = 40
	// webhookCheck is how often Telegram is asked whether the webhook is still ours.
	webhookCheck = 10 * time.Second
)

// hook is the way from the webhook to the journal. Its zero value is closed.
type hook struct {
	mu      sync.RWMutex // held for reading by posts in hand
	accept  func(context.Context, json.RawMessage) error
	failing atomic.Bool
}

var errNotServing = errors.New("not serving")

func (h *hook) take(ctx context.Context, update json.RawMessage) error {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.accept == nil {
		return errNotServing
	}
	return h.accept(ctx, update)
}

// set opens the way, or with nil closes it and returns when no post is in hand any more.
func (h *hook) set(accept func(context.Context, json.RawMessage) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.accept = accept
}

// Webhook takes the updates that Telegram posts while Run serves with a WebhookURL. It answers 200 once an update is
// stored, 503 with Retry-After where it cannot be, and 405, 401, 415, 413, 408 or 400 to what is no update of Telegram's.
// https://core.telegram.org/bots/api#setwebhook
func (in *Inbox) Webhook() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		update, status := in.posted(w, r)
		if status == http.StatusOK {
			status = in.storePosted(r.Context(), update)
		}
		in.metrics.posted(status)
		switch status {
		case http.StatusOK:
			return
		case http.StatusMethodNotAllowed:
			w.Header().Set("Allow", http.MethodPost)
		case http.StatusServiceUnavailable:
			w.Header().Set("Retry-After", retryAfter)
		}
		http.Error(w, http.StatusText(status), status)
	})
}

// posted reads the update of a post. Nothing of the body is read before the sender has shown the secret.
func (in *Inbox) posted(w http.ResponseWriter, r *http.Request) (json.RawMessage, int) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")) // one that cannot be read is no JSON either
	switch {
	case r.Method != http.MethodPost:
		return nil, http.StatusMethodNotAllowed
	case !in.knows(r.Header.Get("X-Telegram-Bot-Api-Secret-Token")):
		return nil, http.StatusUnauthorized
	case kind != "application/json":
		return nil, http.StatusUnsupportedMediaType
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxUpdate))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, http.StatusRequestEntityTooLarge
	}
	var update struct {
		ID *int64 `json:"update_id"`
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, http.StatusRequestTimeout
	case err != nil || json.Unmarshal(body, &update) != nil || update.ID == nil:
		return nil, http.StatusBadRequest
	}
	return body, http.StatusOK
}

// knows compares a secret with ours in a time that tells nothing about ours, not even its length.
func (in *Inbox) knows(secret string) bool {
	got, want := sha256.Sum256([]byte(secret)), sha256.Sum256([]byte(in.cfg.WebhookSecret))
	return in.cfg.WebhookSecret != "" && subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

// storePosted journals an update, also where its sender does not wait for the answer.
func (in *Inbox) storePosted(ctx context.Context, update json.RawMessage) int {
	if in.work.Stopping() {
		return http.StatusServiceUnavailable
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	err := in.hook.take(ctx, update)
	switch {
	case err == nil && in.hook.failing.Swap(false):
		in.log.Info("updates can be stored again")
	case err != nil && !errors.Is(err, errNotServing) && !in.hook.failing.Swap(true):
		in.log.Warn("cannot store updates; Telegram repeats them", "error", err)
	}
	if err != nil {
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}

// takePosts opens the webhook and keeps Telegram posting to it until ctx ends. When it returns, no post is in hand.
func (in *Inbox) takePosts(ctx, work context.Context) {
	in.hook.set(func(ctx context.Context, update json.RawMessage) error {
		return in.accept(ctx, work, []json.RawMessage{update})
	})
	defer in.hook.set(nil)
	for wait.Sleep(ctx, 0) == nil {
		in.setWebhook(ctx)
		in.watchWebhook(ctx)
	}
}

// setWebhook makes Telegram post to us, trying until it does. What is pending stays.
func (in *Inbox) setWebhook(ctx context.Context) {
	for delay := time.Duration(0); wait.Sleep(ctx, delay) == nil; {
		_, err := in.telegram.SetWebhook(ctx, &tg.SetWebhookParams{
			URL: in.cfg.WebhookURL, SecretToken: in.cfg.WebhookSecret,
			AllowedUpdates: telegram.AllowedUpdates, MaxConnections: webhookConnections,
		})
		if err == nil {
			in.telegram.Heard(time.Now())
			in.log.Info("the webhook is set")
			return
		}
		delay = telegram.RetryDelay(err, delay)
		if ctx.Err() == nil {
			in.log.Warn("cannot set the webhook", "error", in.telegram.Redact(err))
		}
	}
}

// watchWebhook returns when Telegram posts elsewhere or nowhere, or ctx ends.
func (in *Inbox) watchWebhook(ctx context.Context) {
	told := int(time.Now().Unix()) // what went wrong before is history
	for wait.Sleep(ctx, webhookCheck) == nil {
		info, err := in.telegram.GetWebhookInfo(ctx)
		if err != nil {
			if ctx.Err() == nil {
				in.log.Warn("cannot ask for the webhook", "error", in.telegram.Redact(err))
			}
			continue
		}
		in.telegram.Heard(time.Now())
		if info.LastErrorDate > told {
			told = info.LastErrorDate
			fault := in.telegram.Hide(info.LastErrorMessage, in.cfg.WebhookSecret, in.cfg.WebhookURL)
			in.log.Warn("Telegram could not deliver updates", "error", fault, "pending", info.PendingUpdateCount)
		}
		if info.URL != in.cfg.WebhookURL {
			in.log.Warn("the webhook was removed or set to another address by somebody else; it is set again")
			return
		}
	}
}
