// Package telegram is the Bot API as the bot uses it: a client that keeps the token out of every error, what Telegram's
// answers mean ([Verdict]), and the pace at which each chat may be written to. It posts what others have decided; it knows
// neither tickets nor the database. Its emulator is telegramtest, beside it.
//
// Begin with send.go, which has the calls for chats; verdict.go alone knows what Telegram's errors say, gate.go waits for
// retry_after.
package telegram

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync/atomic"
	"time"

	"livedeskbot/bot/telegram/markup"

	tg "github.com/go-telegram/bot"
)

// maxAnswer bounds what is read of one answer of Telegram; a full batch of updates is about 4 MB.
const maxAnswer = 32 << 20

// Client is the library's client on a transport of our own, plus what the library cannot do: updates as raw JSON, errors
// without the bot's token, and calls that wait until their chat may be written to. Safe for concurrent use.
type Client struct {
	*tg.Bot
	BotID int64 // the digits of the token

	token, api string
	http       *http.Client
	files      *http.Client // for downloads, whose size is not ours to bound
	gate       *gate
	heard      atomic.Int64 // when Telegram last answered, Unix nanoseconds
	waited     func(time.Duration)
	log        *slog.Logger
	spareCalls int
	dateless   atomic.Bool // the server is too old for dates
	styleless  atomic.Bool // the server is too old for what [markup.Message.Recent] tells
	reactless  atomic.Bool // the server is too old for reactions
}

// Config is what a client needs.
type Config struct {
	Token  string                       // of the bot, "digits:characters"
	APIURL string                       // Bot API server
	Called func(method, verdict string) // is told of each HTTP call and what its answer was; nil: nobody is
	Waited func(time.Duration)          // is told how long a call waited for its turn; nil: nobody is
	Log    *slog.Logger                 // nil: nothing is logged
	// SpareCalls is how many calls to a chat in a minute leave enough to those that may not wait; 0: 16, of a group's 20.
	SpareCalls int
}

// New returns a client. It calls nobody. It fails only for a token that is none.
func New(cfg Config) (*Client, error) {
	id, err := botID(cfg.Token)
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 256 // the default of 2 makes nearly every call a new connection
	transport.MaxIdleConns = 512
	transport.DialContext = (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}).DialContext
	// A redirect would carry the token, which is part of the path, to another place.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client := &http.Client{Transport: observed{bounded{transport}, cfg.Called}, CheckRedirect: stay}
	c := &Client{
		BotID: id, token: cfg.Token, api: strings.TrimRight(cfg.APIURL, "/"), http: client,
		files: &http.Client{Transport: observed{transport, cfg.Called}, CheckRedirect: stay, Timeout: 10 * time.Minute},
		gate:  newGate(), waited: cfg.Waited, log: cfg.Log,
		spareCalls: cfg.SpareCalls,
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	c.Bot, err = tg.New(cfg.Token,
		tg.WithServerURL(c.api),
		tg.WithSkipGetMe(),
		tg.WithHTTPClient(pollTimeout, limited{client}),
		tg.WithErrorsHandler(func(error) {}), // it quotes answers; every call returns its error as well
	)
	if err != nil {
		return nil, c.Redact(err)
	}
	return c, nil
}

// botID is the number before the colon of a token.
func botID(token string) (int64, error) {
	var id int64
	var rest string
	if n, err := fmt.Sscanf(token, "%d:%s", &id, &rest); n != 2 || err != nil || id <= 0 {
		return 0, errors.New("the bot's token is not of the form digits:characters")
	}
	return id, nil
}

// Heard notes when Telegram answered last.
func (c *Client) Heard(at time.Time) { c.heard.Store(at.UnixNano()) }

// Silent is how long Telegram has said nothing.
func (c *Client) Silent() time.Duration { return time.Since(time.Unix(0, c.heard.Load())) }

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

// observed tells of calls of the Bot API by their HTTP answers.
type observed struct {
	next   http.RoundTripper
	called func(method, verdict string)
}

func (o observed) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := o.next.RoundTrip(r)
	method := path.Base(r.URL.Path)
	if strings.Contains(r.URL.Path, "/file/bot") {
		method = "file" // the rest is the file's name
	}
	if o.called != nil {
		o.called(method, callVerdict(res, err))
	}
	return res, err
}

// Methods are the calls that serving makes, and Verdicts what their answers are, as Config.Called is told.
var (
	Methods = []string{
		"getMe", "getUpdates", "setWebhook", "deleteWebhook", "getWebhookInfo", "getChatMember", "getFile", "file",
		"getMyCommands", "setMyCommands", "deleteMyCommands", "getMyDescription", "setMyDescription", "getMyShortDescription",
		"setMyShortDescription",
		"sendMessage", "sendPhoto", "sendDocument", "editMessageText", "editMessageReplyMarkup", "deleteMessage", "setMessageReaction",
		"answerCallbackQuery", "sendChatAction",
	}
	Verdicts = []string{"ok", "refused", "forbidden", "flood", "failed", "unreachable"}
)

func callVerdict(res *http.Response, err error) string {
	switch {
	case err != nil:
		return "unreachable"
	case res.StatusCode == http.StatusTooManyRequests:
		return "flood"
	case res.StatusCode == http.StatusForbidden:
		return "forbidden"
	case res.StatusCode >= 500:
		return "failed"
	case res.StatusCode >= 300:
		return "refused"
	}
	return "ok"
}

// Redact returns the error without the token, in any spelling, and without the body of an answer that was not JSON. What
// errors.Is and errors.As find in it stays.
func (c *Client) Redact(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if before, _, ok := strings.Cut(text, "error decode response body"); ok {
		text = before + "an answer that is not JSON"
	}
	for _, secret := range []string{c.token, url.PathEscape(c.token), url.QueryEscape(c.token)} {
		text = strings.ReplaceAll(text, secret, "***")
	}
	if text == err.Error() {
		return err
	}
	return &redacted{text: text, err: err}
}

// Hide makes text of Telegram's fit for the operator's eyes, without the token and other secrets: it may quote what our address
// answered.
func (c *Client) Hide(text string, secrets ...string) string {
	for _, secret := range append(secrets, c.token) {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "***")
		}
	}
	return markup.Shorten(markup.Line(text), 200)
}

type redacted struct {
	text string
	err  error
}

func (r *redacted) Error() string        { return r.text }
func (r *redacted) Is(target error) bool { return errors.Is(r.err, target) }
func (r *redacted) As(target any) bool   { return errors.As(r.err, target) }
