// Package livedesk is a client for the ticket interface of EngageLab LiveDesk: create a ticket, read one, change
// one, and upload the files that a ticket refers to.
//
// The interface has no list, no search, no idempotency key and no way to append a message or to set a status, so
// neither has this package. It never repeats a request that changes something: a create request that got no answer
// may have made a ticket that can no longer be found. The [Kind] of an [Error] says what a failure means for that.
//
// Answers are read with tolerance, since the vendor's pages contradict each other: an odd or missing field becomes
// its zero value, words outside the documented lists pass through. Two things are strict. A message is
// [Message.Internal] unless the answer says plainly that it is not, and a request succeeded only if the answer says so.
//
// Start at [New] and [Client.CreateTicket]. The vendor's pages are at
// https://www.engagelab.com/docs/livedesk/rest-api/rest-api-overview.
package livedesk

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"
)

const defaultTimeout = 15 * time.Second

// Config says where LiveDesk is and who asks.
type Config struct {
	// BaseURL is the address that "/accounts/tickets" is appended to,
	// such as https://livedesk-api.engagelab.com/api/v2.
	BaseURL string

	// UploadURL is where files are posted to. Empty means BaseURL + "/accounts/upload"; "off" says that this
	// LiveDesk offers no upload.
	UploadURL string

	// Key and Secret are the user and password of HTTP Basic authentication.
	Key, Secret string

	// Timeout is the longest wait for one whole answer, ten times as long for an upload. Zero means 15 seconds.
	Timeout time.Duration

	// Transport performs the requests; nil means one of the client's own. It must not repeat a request by itself.
	// A failure is reported as NotSent only if the transport is an [http.Transport] or tells the hooks of
	// [httptrace.ClientTrace] what it does; of any other transport it is Unknown.
	Transport http.RoundTripper
}

// Client talks to one LiveDesk project. It is safe for concurrent use.
type Client struct {
	tickets string // address of the ticket collection
	upload  string // address of the upload, or uploadOff
	auth    string // value of the Authorization header
	hide    *strings.Replacer
	timeout time.Duration
	http    *http.Client
	traced  bool // the transport is net/http's, so it tells how far a request gets
}

// New returns a client. It fails only if an address is not an absolute HTTP or HTTPS address, or carries a user,
// a fragment or (BaseURL) a query; the address is not repeated in the error, since it may hold a password.
func New(config Config) (*Client, error) {
	base, err := url.Parse(strings.TrimRight(config.BaseURL, "/"))
	if err != nil || !webAddress(base) || base.RawQuery != "" || base.Fragment != "" {
		return nil, errors.New("livedesk: base URL is not a plain http or https address")
	}
	upload := cmp.Or(config.UploadURL, base.String()+uploadPath)
	if upload != uploadOff {
		u, err := url.Parse(upload)
		if err != nil || !webAddress(u) || u.Fragment != "" {
			return nil, errors.New("livedesk: upload URL is neither a plain http or https address nor \"off\"")
		}
	}
	transport := config.Transport
	if transport == nil {
		transport = newTransport()
	}
	_, traced := transport.(*http.Transport)
	pair := base64.StdEncoding.EncodeToString([]byte(config.Key + ":" + config.Secret))
	return &Client{
		tickets: base.String() + "/accounts/tickets",
		upload:  upload,
		auth:    "Basic " + pair,
		hide:    hider(pair, config.Key, config.Secret),
		timeout: positive(config.Timeout, defaultTimeout),
		http:    &http.Client{Transport: transport, CheckRedirect: stay},
		traced:  traced,
	}, nil
}

// Serves reports whether an address is on the host and port of the API or of the upload.
func (c *Client) Serves(address *url.URL) bool {
	for _, ours := range []string{c.tickets, c.upload} {
		if u, err := url.Parse(ours); err == nil && u.Host != "" && hostPort(u) == hostPort(address) {
			return true
		}
	}
	return false
}

func hostPort(u *url.URL) string {
	return strings.ToLower(u.Hostname()) + ":" + cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
}

// newTransport returns the transport of a client that was given none.
func newTransport() *http.Transport {
	// On HTTP/2 all requests share a connection, and one broken connection would leave the outcome of all of
	// them unknown.
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout: 5 * time.Second,
		// A POST on a connection that the server has just closed ends as Unknown. Idle connections therefore go
		// before the 5 seconds after which common servers close them.
		IdleConnTimeout:        4 * time.Second,
		MaxIdleConnsPerHost:    256,
		MaxResponseHeaderBytes: 256 << 10,
		Protocols:              protocols,
	}
}

// stay keeps the client from following redirects, which would carry the credentials elsewhere and could turn a
// POST into a GET.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func webAddress(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && u.User == nil
}

func positive(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}

// call is one request to be sent.
type call struct {
	op     operation
	method string
	url    string
	kind   string // content type
	body   io.Reader
	size   int64 // of the body; -1 unknown, 0 whatever net/http finds out
	wait   time.Duration
}

// send performs a call with JSON both ways and returns the answer, which is nil if it has no body.
func (c *Client) send(ctx context.Context, op operation, method, address string, request any) (object, error) {
	var body io.Reader
	if request != nil {
		encoded, err := json.Marshal(request)
		if err != nil {
			return nil, refused(op, fmt.Errorf("encode: %w", err))
		}
		body = bytes.NewReader(encoded)
	}
	return c.do(ctx, call{op: op, method: method, url: address, kind: "application/json", body: body, wait: c.timeout})
}

// do performs a call. Every error is an *Error.
func (c *Client) do(ctx context.Context, call call) (object, error) {
	progress := &progress{}
	progress.unsent.Store(c.traced)
	if err := ctx.Err(); err != nil {
		progress.unsent.Store(true)
		return nil, lost(ctx, call.op, progress, err)
	}
	limited, cancel := context.WithTimeout(ctx, call.wait)
	defer cancel()
	req, err := http.NewRequestWithContext(
		httptrace.WithClientTrace(limited, progress.trace()), call.method, call.url, call.body)
	if err != nil {
		return nil, refused(call.op, err)
	}
	req.Header.Set("Authorization", c.auth)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", call.kind)
	if call.size != 0 {
		req.ContentLength = call.size
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, lost(ctx, call.op, progress, err)
	}
	defer resp.Body.Close()
	return c.outcome(ctx, call.op, resp)
}
