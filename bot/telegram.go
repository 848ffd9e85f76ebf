package bot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	tg "github.com/go-telegram/bot"
	"github.com/prometheus/client_golang/prometheus"
)

// maxAnswer bounds what is read of one answer of Telegram; a full batch of updates is about 4 MB.
const maxAnswer = 32 << 20

// telegram is the library's client on a transport of our own, plus what the library cannot do: updates as raw JSON, and
// errors without the bot's token.
type telegram struct {
	*tg.Bot
	token, api string
	client     *http.Client
	files      *http.Client // for downloads, whose size is not ours to bound
}

func newTelegram(token, api string, calls *prometheus.CounterVec) (*telegram, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 256 // the default of 2 makes nearly every call a new connection
	transport.MaxIdleConns = 512
	transport.DialContext = (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}).DialContext
	// A redirect would carry the token, which is part of the path, to another place.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client := &http.Client{Transport: observed{bounded{transport}, calls}, CheckRedirect: stay}
	t := &telegram{
		token: token, api: strings.TrimRight(api, "/"), client: client,
		files: &http.Client{Transport: observed{transport, calls}, CheckRedirect: stay, Timeout: 10 * time.Minute},
	}
	var err error
	t.Bot, err = tg.New(token,
		tg.WithServerURL(t.api),
		tg.WithSkipGetMe(),
		tg.WithHTTPClient(pollTimeout, limited{client}),
		tg.WithErrorsHandler(func(error) {}), // it quotes answers; every call returns its error as well
	)
	if err != nil {
		return nil, t.redact(err)
	}
	return t, nil
}

// callTimeout is the longest wait for one answer of Telegram to anything but getUpdates.
const callTimeout = 30 * time.Second

// limited gives every call of the library a deadline.
type limited struct{ client *http.Client }

func (l limited) Do(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), callTimeout)
	res, err := l.client.Do(r.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	res.Body = closer{res.Body, cancel}
	return res, nil
}

type closer struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (c closer) Close() error {
	defer c.cancel()
	return c.ReadCloser.Close()
}

// bounded cuts answers at maxAnswer.
type bounded struct{ next http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.next.RoundTrip(r)
	if err == nil {
		res.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(res.Body, maxAnswer), res.Body}
	}
	return res, err
}

// updates calls getUpdates and returns each update as Telegram sent it.
// https://core.telegram.org/bots/api#getupdates
func (t *telegram) updates(ctx context.Context, offset int64) ([]json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout+15*time.Second)
	defer cancel()
	req, err := t.pollRequest(ctx, offset)
	if err != nil {
		return nil, err
	}
	res, err := t.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	var answer struct {
		OK          bool              `json:"ok"`
		Result      []json.RawMessage `json:"result"`
		Code        int               `json:"error_code"`
		Description string            `json:"description"`
		Parameters  struct {
			RetryAfter int `json:"retry_after"`
		} `json:"parameters"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return nil, fmt.Errorf("getUpdates: status %d without a readable answer", res.StatusCode)
	}
	switch {
	case answer.OK:
		return answer.Result, nil
	case answer.Code == http.StatusTooManyRequests:
		return nil, &tg.TooManyRequestsError{Message: "getUpdates", RetryAfter: answer.Parameters.RetryAfter}
	case answer.Code == http.StatusConflict:
		return nil, fmt.Errorf("getUpdates: %w, %s", tg.ErrorConflict, answer.Description)
	}
	return nil, fmt.Errorf("getUpdates: %d %s", answer.Code, answer.Description)
}

// pollRequest is a getUpdates request in the form in which the library sends all other calls.
func (t *telegram) pollRequest(ctx context.Context, offset int64) (*http.Request, error) {
	kinds, err := json.Marshal(allowedUpdates)
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range map[string]string{
		"offset": strconv.FormatInt(offset, 10), "timeout": strconv.Itoa(int(pollTimeout.Seconds())), "allowed_updates": string(kinds),
	} {
		_ = form.WriteField(name, value) // a buffer takes everything
	}
	_ = form.Close()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.api+"/bot"+t.token+"/getUpdates", &body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	return req, nil
}

// redact returns the error without the token, in any spelling, and without the body of an answer that was not JSON. What
// errors.Is and errors.As find in it stays.
func (t *telegram) redact(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if before, _, ok := strings.Cut(text, "error decode response body"); ok {
		text = before + "an answer that is not JSON"
	}
	for _, secret := range []string{t.token, url.PathEscape(t.token), url.QueryEscape(t.token)} {
		text = strings.ReplaceAll(text, secret, "***")
	}
	if text == err.Error() {
		return err
	}
	return &redacted{text: text, err: err}
}

type redacted struct {
	text string
	err  error
}

func (r *redacted) Error() string        { return r.text }
func (r *redacted) Is(target error) bool { return errors.Is(r.err, target) }
func (r *redacted) As(target any) bool   { return errors.As(r.err, target) }
