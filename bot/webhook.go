package bot

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
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/markup"
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
func (b *Bot) Webhook() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		update, status := b.posted(w, r)
		if status == http.StatusOK {
			status = b.storePosted(r.Context(), update)
		}
		b.metrics.posted(status)
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
func (b *Bot) posted(w http.ResponseWriter, r *http.Request) (json.RawMessage, int) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")) // none is as wrong as an odd one
	switch {
	case r.Method != http.MethodPost:
		return nil, http.StatusMethodNotAllowed
	case !b.knows(r.Header.Get("X-Telegram-Bot-Api-Secret-Token")):
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
func (b *Bot) knows(secret string) bool {
	got, want := sha256.Sum256([]byte(secret)), sha256.Sum256([]byte(b.cfg.WebhookSecret))
	return b.cfg.WebhookSecret != "" && subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

// storePosted journals an update, also where its sender does not wait for the answer.
func (b *Bot) storePosted(ctx context.Context, update json.RawMessage) int {
	if b.work.Stopping() {
		return http.StatusServiceUnavailable
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	err := b.hook.take(ctx, update)
	switch {
	case err == nil && b.hook.failing.Swap(false):
		b.log.Info("updates can be stored again")
	case err != nil && !errors.Is(err, errNotServing) && !b.hook.failing.Swap(true):
		b.log.Warn("cannot store updates; Telegram repeats them", "error", err)
	}
	if err != nil {
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}

// takePosts opens the webhook and keeps Telegram posting to it until ctx ends. When it returns, no post is in hand.
func (b *Bot) takePosts(ctx, work context.Context) {
	b.hook.set(func(ctx context.Context, update json.RawMessage) error {
		return b.accept(ctx, work, []json.RawMessage{update})
	})
	defer b.hook.set(nil)
	for wait.Sleep(ctx, 0) == nil {
		b.setWebhook(ctx)
		b.watchWebhook(ctx)
	}
}

// setWebhook makes Telegram post to us, trying until it does. What is pending stays.
func (b *Bot) setWebhook(ctx context.Context) {
	for delay := time.Duration(0); wait.Sleep(ctx, delay) == nil; {
		_, err := b.telegram.SetWebhook(ctx, &tg.SetWebhookParams{
			URL: b.cfg.WebhookURL, SecretToken: b.cfg.WebhookSecret,
			AllowedUpdates: telegram.AllowedUpdates, MaxConnections: webhookConnections,
		})
		if err == nil {
			b.telegram.Heard(time.Now())
			b.log.Info("the webhook is set")
			return
		}
		delay = telegram.RetryDelay(err, delay)
		if ctx.Err() == nil {
			b.log.Warn("cannot set the webhook", "error", b.telegram.Redact(err))
		}
	}
}

// watchWebhook returns when Telegram posts elsewhere or nowhere, or ctx ends.
func (b *Bot) watchWebhook(ctx context.Context) {
	told := int(time.Now().Unix()) // what went wrong before is history
	for wait.Sleep(ctx, webhookCheck) == nil {
		info, err := b.telegram.GetWebhookInfo(ctx)
		if err != nil {
			if ctx.Err() == nil {
				b.log.Warn("cannot ask for the webhook", "error", b.telegram.Redact(err))
			}
			continue
		}
		b.telegram.Heard(time.Now())
		if info.LastErrorDate > told {
			told = info.LastErrorDate
			b.log.Warn("Telegram could not deliver updates", "error", hide(info.LastErrorMessage, b.cfg),
				"pending", info.PendingUpdateCount)
		}
		if info.URL != b.cfg.WebhookURL {
			b.log.Warn("the webhook was removed or set to another address by somebody else; it is set again")
			return
		}
	}
}

// hide makes text of Telegram's fit for the operator's eyes: it may quote what our address answered.
func hide(text string, c Config) string {
	for _, secret := range []string{c.Token, c.WebhookSecret, c.WebhookURL} {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "***")
		}
	}
	return markup.Shorten(markup.Line(text), 200)
}
