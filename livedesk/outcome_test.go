package livedesk_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"livedeskbot/livedesk"
)

const html = "<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1>rate limit</body></html>"

// operations are the ways to get an error.
var operations = map[string]func(context.Context, *livedesk.Client) error{
	"create": func(ctx context.Context, c *livedesk.Client) error {
		_, err := c.CreateTicket(ctx, valid)
		return err
	},
	"read": func(ctx context.Context, c *livedesk.Client) error {
		_, err := c.Ticket(ctx, "tk_1")
		return err
	},
	"update": func(ctx context.Context, c *livedesk.Client) error {
		return c.UpdateTicket(ctx, "tk_1", livedesk.TicketUpdate{Title: "a"})
	},
	"upload": func(ctx context.Context, c *livedesk.Client) error {
		_, err := c.Upload(ctx, livedesk.File{Name: "a.txt", Body: strings.NewReader("a")})
		return err
	},
}

func TestAnAnswerSaysWhetherTheRequestAloneMayBeItsCause(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		body   string
		header []string
		single bool
	}{
		"unauthorized":                 {401, `{"code":2001}`, nil, true},
		"a firewall's page":            {403, html, nil, true},
		"not found":                    {404, "", nil, true},
		"wrong method":                 {405, "", nil, true},
		"unavailable":                  {503, html, nil, true},
		"unavailable for a while":      {503, html, []string{"Retry-After", "7"}, false},
		"forbidden for a while":        {403, html, []string{"Retry-After", "7"}, false},
		"too many requests":            {429, "", nil, false},
		"too many, as forbidden":       {403, `{"message":"rate limited"}`, nil, false},
		"moved":                        {301, "", []string{"Location", "/"}, false},
		"a ticket that is not valid":   {422, `{"code":3002}`, nil, false},
		"nobody knows what came of it": {502, html, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := operations["create"](t.Context(), setup(t, reply(test.status, test.body, test.header...)))
			refusal, ok := errors.AsType[*livedesk.Error](err)
			require.True(t, ok)
			require.Equal(t, test.single, refusal.Single)
		})
	}
	_, err := (&livedesk.Client{}).CreateTicket(t.Context(), livedesk.NewTicket{})
	refusal, _ := errors.AsType[*livedesk.Error](err)
	require.False(t, refusal.Single)
}

func TestEveryAnswerSaysWhetherTheRequestTookEffect(t *testing.T) {
	t.Parallel()
	type want struct {
		kind    livedesk.Kind
		setup   bool
		is      error
		code    string
		message string
		retry   time.Duration
	}
	const all = "create read update upload"
	for name, test := range map[string]struct {
		ops    string
		status int
		body   string
		header []string
		want   want
	}{
		"bad credentials": {all, 401, `{"code":2001,"message":"invalid credentials"}`, nil,
			want{livedesk.NotSent, true, livedesk.ErrUnauthorized, "2001", "invalid credentials", 0}},
		"bad credentials, as a page":  {all, 401, html, nil, want{livedesk.NotSent, true, livedesk.ErrUnauthorized, "", "", 0}},
		"bad credentials, empty":      {all, 401, "", nil, want{livedesk.NotSent, true, livedesk.ErrUnauthorized, "", "", 0}},
		"no permission":               {all, 403, `{"error":"no"}`, nil, want{livedesk.NotSent, true, livedesk.ErrUnauthorized, "", "no", 0}},
		"wrong method":                {"create read update", 405, "", nil, want{livedesk.NotSent, true, nil, "", "", 0}},
		"no such collection":          {"create", 404, html, nil, want{livedesk.NotSent, true, nil, "", "", 0}},
		"no such ticket":              {"read update", 404, `{"error":"x"}`, nil, want{livedesk.Refused, false, livedesk.ErrNotFound, "", "x", 0}},
		"no upload here":              {"upload", 404, html, nil, want{livedesk.NotSent, true, livedesk.ErrNoUpload, "", "", 0}},
		"no posting of files":         {"upload", 405, "", nil, want{livedesk.NotSent, true, livedesk.ErrNoUpload, "", "", 0}},
		"no upload yet":               {"upload", 501, "", nil, want{livedesk.NotSent, true, livedesk.ErrNoUpload, "", "", 0}},
		"not implemented":             {"create read update", 501, "", nil, want{livedesk.Unknown, false, nil, "", "", 0}},
		"invalid":                     {all, 400, `{"code":3002,"message":"bad title"}`, nil, want{livedesk.Refused, false, nil, "3002", "bad title", 0}},
		"invalid, as text":            {all, 400, "bad title", nil, want{livedesk.Refused, false, nil, "", "", 0}},
		"invalid, as a page":          {all, 400, html, nil, want{livedesk.Refused, false, nil, "", "", 0}},
		"invalid, with code zero":     {all, 422, `{"code":0,"data":{"ticket_id":"tk_1","file_url":"https://example.com/a"}}`, nil, want{livedesk.Refused, false, nil, "0", "", 0}},
		"invalid, with attributes":    {all, 422, `{"message":"Title is too long","attributes":["title"]}`, nil, want{livedesk.Refused, false, nil, "", "Title is too long", 0}},
		"several faults":              {all, 422, `{"errors":["a",{"message":"b"},{"title":["c"]}],"error":{"message":"d"},"message":"a"}`, nil, want{livedesk.Refused, false, nil, "", "a; d; b; title: c", 0}},
		"too large":                   {all, 413, html, nil, want{livedesk.Refused, false, nil, "", "", 0}},
		"too many requests":           {all, 429, "Retry later\n", []string{"Retry-After", "7"}, want{livedesk.NotSent, false, livedesk.ErrRateLimited, "", "", 7 * time.Second}},
		"too many, without a delay":   {all, 429, "", nil, want{livedesk.NotSent, false, livedesk.ErrRateLimited, "", "", 0}},
		"too many, as code":           {all, 400, `{"code":3004,"message":"slow"}`, nil, want{livedesk.NotSent, false, livedesk.ErrRateLimited, "3004", "slow", 0}},
		"too many, as text of code":   {all, 400, `{"code":"3004"}`, nil, want{livedesk.NotSent, false, livedesk.ErrRateLimited, "3004", "", 0}},
		"too many, as code with 200":  {all, 200, `{"code":3004,"message":"slow"}`, nil, want{livedesk.NotSent, false, livedesk.ErrRateLimited, "3004", "slow", 0}},
		"too many, as words with 200": {all, 200, `{"code":1,"message":"API Rate Limit exceeded"}`, nil, want{livedesk.NotSent, false, livedesk.ErrRateLimited, "1", "API Rate Limit exceeded", 0}},
		"too many, as plain text":     {all, 400, "Too Many Requests", nil, want{livedesk.NotSent, false, livedesk.ErrRateLimited, "", "", 0}},
		"too many, as forbidden":      {all, 403, `{"message":"rate limited"}`, nil, want{livedesk.NotSent, false, livedesk.ErrRateLimited, "", "rate limited", 0}},
		"maintenance":                 {all, 503, html, []string{"Retry-After", "100000"}, want{livedesk.NotSent, false, nil, "", "", time.Hour}},
		"broken":                      {all, 500, `{"code":1000,"message":"too many requests"}`, nil, want{livedesk.Unknown, false, nil, "1000", "too many requests", 0}},
		"bad gateway":                 {all, 502, html, nil, want{livedesk.Unknown, false, nil, "", "", 0}},
		"gateway timeout":             {all, 504, "", nil, want{livedesk.Unknown, false, nil, "", "", 0}},
		"moved":                       {all, 301, "", []string{"Location", "/"}, want{livedesk.NotSent, true, nil, "", "", 0}},
		"moved for now":               {all, 307, "", []string{"Location", "/"}, want{livedesk.NotSent, true, nil, "", "", 0}},
		"moved for good":              {all, 308, "", []string{"Location", "/"}, want{livedesk.NotSent, true, nil, "", "", 0}},
		"found":                       {all, 302, "", []string{"Location", "/"}, want{livedesk.Unknown, false, nil, "", "", 0}},
		"see other":                   {all, 303, "", []string{"Location", "/"}, want{livedesk.Unknown, false, nil, "", "", 0}},
		"not modified":                {all, 304, "", nil, want{livedesk.Unknown, false, nil, "", "", 0}},
		"a code with 200":             {all, 200, `{"code":5001,"message":"unknown team","data":null}`, nil, want{livedesk.Refused, false, nil, "5001", "unknown team", 0}},
		"a code as text with 201":     {all, 201, `{"code":"E7"}`, nil, want{livedesk.Refused, false, nil, "E7", "", 0}},
		"nothing with 200":            {all, 200, "", nil, want{livedesk.Unknown, false, nil, "", "", 0}},
		"a page with 200":             {all, 200, html, nil, want{livedesk.Unknown, false, nil, "", "", 0}},
		"text with 200":               {all, 200, "OK", nil, want{livedesk.Unknown, false, nil, "", "", 0}},
		"a list with 200":             {all, 200, `[{"ticket_id":"tk_1"}]`, nil, want{livedesk.Unknown, false, nil, "", "", 0}},
		"null with 200":               {all, 200, `null`, nil, want{livedesk.Unknown, false, nil, "", "", 0}},
		"an empty object with 200":    {all, 200, `{}`, nil, want{livedesk.Unknown, false, nil, "", "", 0}},
		"a cut answer with 200":       {all, 200, `{"code":0,"data":{"ticket_id":"tk_1"`, nil, want{livedesk.Unknown, false, nil, "", "", 0}},
		"two answers with 200":        {all, 200, `{"code":0}{"code":1}`, nil, want{livedesk.Unknown, false, nil, "", "", 0}},
		"only words with 200":         {all, 200, `{"message":"Success"}`, nil, want{livedesk.Unknown, false, nil, "", "", 0}},
		"no ticket with 204":          {"read", 204, "", nil, want{}},
		"no ticket with 200":          {"read", 200, `{"code":0,"data":{"status":"open"}}`, nil, want{}},
		"no address with 200":         {"upload", 200, `{"code":0,"data":{}}`, nil, want{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := setup(t, reply(test.status, test.body, test.header...))
			for op := range strings.FieldsSeq(test.ops) {
				err := operations[op](t.Context(), client)
				e := failure(t, err)
				require.Equal(t, test.want.kind, livedesk.KindOf(err), op)
				require.Equal(t, test.want, want{e.Kind, e.Setup, sentinel(err), e.Code, e.Message, e.RetryAfter}, op)
				if test.want != (want{}) {
					require.Equal(t, test.status, e.Status, op)
				}
				require.NotContains(t, err.Error(), "html", op)
			}
		})
	}
}

// sentinel returns the one of the package's sentinels that err is, or nil.
func sentinel(err error) (found error) {
	for _, s := range []error{
		livedesk.ErrNotFound, livedesk.ErrUnauthorized, livedesk.ErrRateLimited, livedesk.ErrNoUpload,
	} {
		if errors.Is(err, s) {
			found = errors.Join(found, s)
		}
	}
	if joined, ok := found.(interface{ Unwrap() []error }); ok && len(joined.Unwrap()) == 1 {
		return joined.Unwrap()[0]
	}
	return found
}

func TestAnErrorSaysInOneLineWhatHappened(t *testing.T) {
	t.Parallel()
	for want, test := range map[string]struct {
		status int
		body   string
	}{
		"create ticket: not sent: status 503":                                                {503, html},
		"create ticket: refused: status 400, code 3002":                                      {400, `{"code":3002,"message":"bad title"}`},
		"create ticket: outcome unknown: status 200: answer says neither yes nor no":         {200, `{}`},
		"create ticket: outcome unknown: status 200: read answer: null instead of an object": {200, `null`},
		"create ticket: outcome unknown: status 200: read answer: more than one object":      {200, `{"code":0}{"code":0}`},
	} {
		_, err := setup(t, reply(test.status, test.body)).CreateTicket(t.Context(), valid)
		require.EqualError(t, err, want)
	}
	_, err := connect(t, "http://livedesk.invalid").CreateTicket(t.Context(), livedesk.NewTicket{})
	require.EqualError(t, err, "create ticket: refused: title is empty")
}

func TestEveryWayToConfirmATicketIsUnderstood(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status   int
		body, id string
	}{
		"as documented":              {200, `{"code":0,"message":"Success","data":{"ticket_id":"tk_1"}}`, "tk_1"},
		"created":                    {201, `{"code":0,"data":{"ticket_id":"tk_1"}}`, "tk_1"},
		"without content":            {204, "", ""},
		"code as text":               {200, `{"code":"0","data":{"ticket_id":"tk_1"}}`, "tk_1"},
		"code as another zero":       {200, `{"code":0.0,"data":{"ticket_id":"tk_1"}}`, "tk_1"},
		"without id":                 {200, `{"code":0,"data":{"message":"Ticket created successfully"}}`, ""},
		"id null":                    {200, `{"code":0,"data":{"ticket_id":null}}`, ""},
		"id odd":                     {200, `{"code":0,"data":{"ticket_id":["tk_1"]}}`, ""},
		"data null":                  {200, `{"code":0,"data":null}`, ""},
		"data odd":                   {200, `{"code":0,"data":"tk_1"}`, ""},
		"without data":               {200, `{"code":0}`, ""},
		"without code":               {200, `{"data":{"ticket_id":"tk_1"}}`, "tk_1"},
		"bare":                       {200, `{"ticket_id":"tk_1"}`, "tk_1"},
		"code null":                  {200, `{"code":null,"ticket_id":"tk_1"}`, "tk_1"},
		"id as a large number":       {200, `{"code":0,"data":{"ticket_id":12345678901234567890}}`, "12345678901234567890"},
		"words that sound like no":   {200, `{"code":0,"message":"too many requests","data":{"ticket_id":"tk_1"}}`, "tk_1"},
		"space around":               {200, "\n {\"code\":0}\r\n", ""},
		"accepted, with more fields": {202, `{"code":0,"trace":{"id":[1]},"data":{"ticket_id":"tk_1","x":{}}}`, "tk_1"},
	} {
		client := setup(t, reply(test.status, test.body, "Content-Type", "text/html"))
		created, err := client.CreateTicket(t.Context(), valid)
		require.NoError(t, err, name)
		require.Equal(t, livedesk.Created{ID: test.id}, created, name)
		require.NoError(t, client.UpdateTicket(t.Context(), "tk_1", livedesk.TicketUpdate{Title: "a"}), name)
	}
}

func TestRetryAfterIsReadInEveryForm(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Duration{
		"120":                           2 * time.Minute,
		"1.5":                           1500 * time.Millisecond,
		"0":                             0,
		"-5":                            0,
		"NaN":                           0,
		"Inf":                           time.Hour,
		"99999999999999999999":          time.Hour,
		"soon":                          0,
		"Wed, 21 Oct 2015 07:28:30 GMT": 30 * time.Second,
		"Wed, 21 Oct 2015 07:27:00 GMT": 0,
		"Wed, 21 Oct 2115 07:28:00 GMT": time.Hour,
	} {
		client := setup(t, reply(429, "", "Retry-After", value, "Date", "Wed, 21 Oct 2015 07:28:00 GMT"))
		_, err := client.Ticket(t.Context(), "tk_1")
		require.Equal(t, want, failure(t, err).RetryAfter, value)
	}
}

func TestARetryAfterDateCountsFromOurClockWhereTheServerDoesNotTellItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := connect(t, "http://livedesk.invalid", func(c *livedesk.Config) {
			c.Transport = roundTripper(func(*http.Request) (*http.Response, error) {
				until := time.Now().Add(30 * time.Second).UTC().Format(http.TimeFormat)
				return &http.Response{StatusCode: 429, Header: http.Header{"Retry-After": {until}}, Body: http.NoBody}, nil
			})
		})
		_, err := client.Ticket(t.Context(), "tk_1")
		require.Equal(t, 30*time.Second, failure(t, err).RetryAfter)
	})
}

func TestAMessageIsFitToBeShown(t *testing.T) {
	t.Parallel()
	pair := base64.StdEncoding.EncodeToString([]byte(key + ":" + secret))
	answer := `{"code":"E\n1","message":"no\r\n\tentry\u0000\u202e for ` + key + `, ` + secret + `, Basic ` + pair +
		`\u2028here ` + strings.Repeat("ы", 400) + `"}`
	client := setup(t, reply(400, answer))
	_, err := client.CreateTicket(t.Context(), valid)
	e := failure(t, err)
	require.Equal(t, "E 1", e.Code)
	require.True(t, strings.HasPrefix(e.Message, "no entry for [hidden], [hidden], Basic [hidden] here ы"), e.Message)
	require.Equal(t, 300, utf8.RuneCountInString(e.Message))
	require.NotContains(t, err.Error(), "entry", "errors are logged, and a message may quote the ticket")

	client = setup(t, reply(400, `{"code":"`+strings.Repeat("E", 41)+`"}`))
	_, err = client.CreateTicket(t.Context(), valid)
	require.Equal(t, strings.Repeat("E", 39)+"…", failure(t, err).Code)
}

// closedAddress returns an address where nothing listens.
func closedAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return "http://" + listener.Addr().String()
}

func TestWithoutAConnectionNothingWasSent(t *testing.T) {
	t.Parallel()
	untrusted := httptest.NewUnstartedServer(nil)
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.TLS = &tls.Config{}
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	silent := rawServer(t, func(_ int, conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	quick := func(c *livedesk.Config) { c.Timeout = 50 * time.Millisecond }

	through := func(transport *http.Transport) func(*livedesk.Config) {
		return func(c *livedesk.Config) { c.Transport = transport }
	}
	for name, client := range map[string]*livedesk.Client{
		"refused":                  connect(t, closedAddress(t)),
		"certificate not trusted":  connect(t, untrusted.URL),
		"timeout in the handshake": connect(t, strings.Replace(silent, "http", "https", 1), quick),
		"no such host": connect(t, "http://livedesk.invalid", through(&http.Transport{
			DialContext: func(context.Context, string, string) (net.Conn, error) {
				return nil, &net.DNSError{Err: "no such host", Name: "livedesk.invalid", IsNotFound: true}
			},
		})),
		"unusable proxy": connect(t, "http://livedesk.invalid", through(&http.Transport{
			Proxy: func(*http.Request) (*url.URL, error) { return nil, errors.New("no proxy") },
		})),
	} {
		for op, send := range operations {
			err := send(t.Context(), client)
			require.Equal(t, livedesk.NotSent, livedesk.KindOf(err), name+" "+op)
			require.False(t, failure(t, err).Setup, name+" "+op)
			require.NotContains(t, err.Error(), "tk_1")
		}
	}
}

func TestAnEndedContextIsNamedAndTellsWhetherTheRequestLeft(t *testing.T) {
	t.Parallel()
	reason := errors.New("shutting down")
	for op, send := range operations {
		ended, cancel := context.WithCancelCause(t.Context())
		cancel(reason)
		err := send(ended, setup(t, reply(200, "{}")))
		require.ErrorIs(t, err, context.Canceled, op)
		require.Equal(t, livedesk.NotSent, livedesk.KindOf(err), op)

		for name, start := range map[string]string{"no answer yet": "", "half an answer": `{"code":`} {
			ctx, cancel := context.WithCancelCause(t.Context())
			client := setup(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				if start != "" {
					reply(200, start)(w, r)
					w.(http.Flusher).Flush()
				}
				cancel(reason)
				<-r.Context().Done()
			})
			err = send(ctx, client)
			require.ErrorIs(t, err, context.Canceled, op+" "+name)
			require.Equal(t, livedesk.Unknown, livedesk.KindOf(err), op+" "+name)
		}
	}
}

func TestABrokenAnswerLeavesTheOutcomeUnknown(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"nothing":             "",
		"no HTTP":             "SSH-2.0-OpenSSH\r\n",
		"half a head":         "HTTP/1.1 200 OK\r\nContent-Le",
		"half a body":         "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"code\":0}",
		"not really gzip":     "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 10\r\n\r\n{\"code\":0}",
		"switching protocols": "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
	} {
		host := rawServer(t, func(_ int, conn net.Conn) {
			buffer := make([]byte, 64<<10)
			_, _ = conn.Read(buffer)
			_, _ = io.WriteString(conn, answer)
		})
		_, err := connect(t, host).CreateTicket(t.Context(), valid)
		require.Error(t, err, name)
		require.Equal(t, livedesk.Unknown, livedesk.KindOf(err), name)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestAForeignTransportIsNotTrustedToHaveSentNothing(t *testing.T) {
	t.Parallel()
	client := connect(t, "http://livedesk.invalid", func(c *livedesk.Config) {
		c.Transport = roundTripper(func(*http.Request) (*http.Response, error) { return nil, errors.New("who knows") })
	})
	_, err := client.CreateTicket(t.Context(), valid)
	require.Equal(t, livedesk.Unknown, livedesk.KindOf(err))

	wrapped := connect(t, closedAddress(t), func(c *livedesk.Config) {
		c.Transport = roundTripper(http.DefaultTransport.RoundTrip)
	})
	_, err = wrapped.CreateTicket(t.Context(), valid)
	require.Equal(t, livedesk.NotSent, livedesk.KindOf(err))
}

func TestAnErrorFromElsewhereIsOfUnknownKind(t *testing.T) {
	t.Parallel()
	require.Equal(t, livedesk.Unknown, livedesk.KindOf(errors.New("disk full")))
	require.Equal(t, "refused, not sent, outcome unknown",
		strings.Join([]string{livedesk.Refused.String(), livedesk.NotSent.String(), livedesk.Unknown.String()}, ", "))
}
