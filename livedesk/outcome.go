package livedesk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode"
)

const (
	maxAnswer     = 8 << 20  // bytes read of an answer that confirms something
	maxComplaint  = 64 << 10 // bytes read of any other answer
	maxMessage    = 300      // runes
	maxCode       = 40       // runes
	maxRetryAfter = time.Hour

	// codeRateLimited comes with HTTP status 400 in the one EngageLab interface that documents its error codes.
	codeRateLimited = "3004"
)

// operation is the Op of an Error. What a status means differs between operations.
type operation string

const (
	opCreate operation = "create ticket"
	opRead   operation = "read ticket"
	opUpdate operation = "update ticket"
	opUpload operation = "upload file"
)

// outcome turns an answer into the JSON object that confirms the operation (nil if it has no body), or an error.
// This file is the only place that looks at a status.
func (c *Client) outcome(ctx context.Context, op operation, resp *http.Response) (object, error) {
	e := &Error{Op: string(op), Status: resp.StatusCode, RetryAfter: retryAfter(resp.Header)}
	switch {
	case resp.StatusCode == http.StatusNoContent:
		return nil, nil
	case resp.StatusCode/100 != 2:
		body, plain := complaint(resp)
		c.judge(e, op, body, plain)
		return nil, e
	}
	body, err := readObject(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		e.Err = withContext(ctx, fmt.Errorf("read answer: %w", err))
		return nil, e
	}
	switch code := body.code(); {
	case code == "0", code == "" && confirms(op, body):
		return body, nil
	case code == "":
		e.Err = errors.New("answer says neither yes nor no")
	default:
		c.judge(e, op, body, "")
	}
	return nil, e
}

// confirms reports whether an answer without a code shows by its content that the operation took place.
func confirms(op operation, body object) bool {
	if op == opUpload {
		return fileURL(body) != ""
	}
	return ticketID(body) != ""
}

// judge completes e, which has a status, from the body of an answer that is not a success: a JSON object, or some
// plain text.
func (c *Client) judge(e *Error, op operation, body object, plain string) {
	e.Code = c.line(body.code(), maxCode)
	e.Message = c.line(explanation(body), maxMessage)
	limited := body.code() == codeRateLimited || tooMany.MatchString(e.Message) || tooMany.MatchString(plain)

	switch status := e.Status; {
	case status == http.StatusTooManyRequests, limited && (status/100 == 2 || status/100 == 4):
		e.Kind, e.is = NotSent, ErrRateLimited
	case status == http.StatusServiceUnavailable:
		e.Kind = NotSent
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		e.Kind, e.Setup, e.is = NotSent, true, ErrUnauthorized
	case op == opUpload && slices.Contains([]int{
		http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented}, status):
		e.Kind, e.Setup, e.is = NotSent, true, ErrNoUpload
	case status == http.StatusMethodNotAllowed, status == http.StatusNotFound && op == opCreate:
		e.Kind, e.Setup = NotSent, true
	case status == http.StatusNotFound:
		e.Kind, e.is = Refused, ErrNotFound
	case status/100 == 2, status/100 == 4:
		e.Kind = Refused
	case status == http.StatusMovedPermanently,
		status == http.StatusTemporaryRedirect, status == http.StatusPermanentRedirect:
		e.Kind, e.Setup = NotSent, true
	default:
		e.Kind = Unknown
	}
	e.Single = e.Kind == NotSent && !limited && e.RetryAfter == 0 && slices.Contains(single, e.Status)
}

// single are the statuses with which a firewall, or a server that stumbles over it, may answer one request among others.
var single = []int{
	http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusServiceUnavailable,
}

// tooMany matches what servers say about a rate limit where their status does not say it.
var tooMany = regexp.MustCompile(`(?i)\btoo many requests\b|\brate[ -]?limit`)

// complaint reads the body of an answer that is not a success: as a JSON object, else as text unless it is a page.
func complaint(resp *http.Response) (body object, plain string) {
	raw, _ := io.ReadAll(io.LimitReader(resp.Body, maxComplaint)) // a body that breaks off still explains; the status decides
	if body, err := readObject(bytes.NewReader(raw)); err == nil {
		return body, ""
	}
	if raw = bytes.TrimSpace(raw); bytes.HasPrefix(raw, []byte("<")) {
		return nil, ""
	}
	return nil, string(raw)
}

// explanation is what a JSON body says went wrong, in any of the fields that the API's families of endpoints use.
func explanation(body object) string {
	var all []string
	for _, key := range []string{"message", "error", "errors"} {
		for _, phrase := range phrases(body[key]) {
			if !slices.Contains(all, phrase) {
				all = append(all, phrase)
			}
		}
	}
	return strings.Join(all, "; ")
}

func phrases(v any) []string {
	var all []string
	switch v := v.(type) {
	case string:
		if v != "" {
			all = append(all, v)
		}
	case []any:
		for _, element := range v {
			all = append(all, phrases(element)...)
		}
	case map[string]any:
		if all = phrases(v["message"]); all != nil {
			return all
		}
		for _, field := range slices.Sorted(maps.Keys(v)) {
			for _, phrase := range phrases(v[field]) {
				all = append(all, field+": "+phrase)
			}
		}
	}
	return all
}

// line makes foreign text fit to be shown: one line, no control characters, no credentials, at most limit runes.
func (c *Client) line(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, text)
	text = c.hide.Replace(strings.Join(strings.Fields(text), " "))
	if runes := []rune(text); len(runes) > limit {
		text = string(runes[:limit-1]) + "…"
	}
	return text
}

// hider replaces secrets. The order counts: the first that matches at a place is taken.
func hider(secrets ...string) *strings.Replacer {
	var pairs []string
	for _, secret := range secrets {
		if secret != "" {
			pairs = append(pairs, secret, "[hidden]")
		}
	}
	return strings.NewReplacer(pairs...)
}

// retryAfter reads the header of that name: seconds or a date. A date counts from the server's own clock.
func retryAfter(header http.Header) time.Duration {
	value := header.Get("Retry-After")
	wait := time.Duration(0)
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		// Bounded before the conversion, which would overflow.
		wait = time.Duration(min(seconds, maxRetryAfter.Seconds()) * float64(time.Second))
	} else if at, err := http.ParseTime(value); err == nil {
		now, err := http.ParseTime(header.Get("Date"))
		if err != nil {
			now = time.Now()
		}
		wait = at.Sub(now)
	}
	return max(0, min(wait, maxRetryAfter))
}

// progress watches how far a request gets.
type progress struct {
	unsent atomic.Bool // certainly nothing was written to any server yet
}

func (p *progress) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		// net/http asks for a second connection only after the first took nothing of a POST or PUT.
		GetConn: func(string) { p.unsent.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { p.unsent.Store(false) },
	}
}

// lost is the error for a request that got no answer.
func lost(ctx context.Context, op operation, progress *progress, err error) *Error {
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err // without the address, which holds the ticket id a person typed
	}
	e := &Error{Op: string(op), Kind: Unknown, Err: withContext(ctx, err)}
	if _, ok := errors.AsType[*bodyError](err); ok || progress.unsent.Load() {
		e.Kind = NotSent
	}
	return e
}

// withContext makes sure that an error after the end of ctx says so; net/http prefers the cancellation's cause.
func withContext(ctx context.Context, err error) error {
	if ended := ctx.Err(); ended != nil && !errors.Is(err, ended) {
		return fmt.Errorf("%w: %w", ended, err)
	}
	return err
}
