package outbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/view"
)

const (
	// maxRelayed bounds a file of an agent, in bytes, and maxFetched how many are in hand: Telegram's library holds an upload in
	// memory.
	maxRelayed = 20 << 20
	maxFetched = 2
	// maxPhoto is what Telegram takes as a photo. https://core.telegram.org/bots/api#sendphoto
	maxPhoto = 10 << 20
)

// passOn fetches an agent's file and posts it, a picture as a picture if Telegram takes it as one. Refused also says that
// it cannot be fetched; NoFiles, that it may not be posted there. While a chat is limited its files are not in hand: where it is
// limited when one is there, that one is fetched again.
func (o *Outbox) passOn(ctx context.Context, to telegram.Place, priority telegram.Priority, f view.ReplyFile) (int64, telegram.Verdict, error) {
	for {
		if err := o.telegram.AwaitTurn(ctx, to.Chat, priority); err != nil {
			return 0, telegram.Later, err
		}
		if id, v, err := o.fetchAndPost(ctx, to, priority, f); v != telegram.Flood {
			return id, v, err
		}
	}
}

// fetchAndPost is passOn for a chat that may be written to now; Flood: after all it may not.
func (o *Outbox) fetchAndPost(ctx context.Context, to telegram.Place, priority telegram.Priority, f view.ReplyFile) (int64, telegram.Verdict, error) {
	select { // few at a time bound the memory
	case o.fetching <- struct{}{}:
		defer func() { <-o.fetching }()
	case <-ctx.Done():
		return 0, telegram.Later, ctx.Err()
	}
	content, err := o.fetch(ctx, f.URL)
	if err != nil {
		o.log.Warn("an agent's file cannot be fetched, posting a link", "chat", to.Chat, "error", withoutAddress(err))
		return 0, telegram.Refused, err
	}
	file := telegram.File{Name: f.Name, Content: content}
	if strings.HasPrefix(f.MIME, "image/") && f.MIME != "image/svg+xml" && f.MIME != "image/gif" && len(content) <= maxPhoto {
		id, v, err := o.telegram.PostPhoto(ctx, to, priority, file)
		if v != telegram.Refused && v != telegram.NoFiles {
			return id, v, err
		}
	}
	return o.telegram.PostDocument(ctx, to, priority, file)
}

// withoutAddress is an error of a request without the address, which may be signed.
func withoutAddress(err error) error {
	if outer, ok := errors.AsType[*url.Error](err); ok {
		return outer.Err
	}
	return err
}

// fetch reads an agent's file. It carries no credentials: the address is LiveDesk's word, not ours.
func (o *Outbox) fetch(ctx context.Context, address string) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.User != nil {
		return nil, errors.New("not a web address")
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	res, err := o.agents.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK || res.ContentLength > maxRelayed {
		return nil, fmt.Errorf("status %d, %d bytes", res.StatusCode, res.ContentLength)
	}
	content, err := io.ReadAll(io.LimitReader(res.Body, maxRelayed+1))
	if err == nil && len(content) > maxRelayed {
		err = errors.New("too large")
	}
	return content, err
}
