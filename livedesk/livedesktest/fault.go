package livedesktest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Fault is one way to go wrong. Functions whose names begin with Store, and those that only change the
// answer, do the work first; all others leave the desk untouched.
//
// Note that net/http's client repeats a GET by itself when a reused connection is cut.
type Fault struct {
	name  string
	about string // text that a request must have; empty for none
	apply func(r *http.Request, work func() answer) answer
}

// About is the fault for those requests only whose path or JSON body has a text, as a firewall looks at them.
func (f Fault) About(text string) Fault {
	f.about = text
	return f
}

func (f Fault) hits(c *call) bool {
	return f.about == "" || strings.Contains(c.request.URL.Path, f.about) || bytes.Contains(c.body, []byte(f.about))
}

// String names the fault as [Request] does.
func (f Fault) String() string { return f.name }

// instead is a fault that gives the answer a without doing the work.
func instead(name string, a answer) Fault {
	return Fault{name: name, apply: func(*http.Request, func() answer) answer { return a }}
}

// after is a fault that does the work and changes the answer.
func after(name string, change func(answer) answer) Fault {
	return Fault{name: name, apply: func(_ *http.Request, work func() answer) answer { return change(work()) }}
}

// Slow does the work at once and answers after delay, so that a client which gives up leaves a ticket behind.
func Slow(delay time.Duration) Fault {
	return after("Slow", func(a answer) answer {
		a.delay += delay
		return a
	})
}

// Hold does the work and keeps the answer back until release is closed or the client leaves.
func Hold(release <-chan struct{}) Fault {
	return after("Hold", func(a answer) answer {
		a.held, a.hold = true, release
		return a
	})
}

// Hang does nothing and never answers.
func Hang() Fault { return instead("Hang", answer{held: true, cut: true}) }

// StoreThenHang does the work and never answers. The server cannot be closed before the client
// leaves or [Desk.Clear] is called.
func StoreThenHang() Fault {
	return after("StoreThenHang", func(a answer) answer {
		a.held, a.cut = true, true
		return a
	})
}

// StoreThenLose does the work and cuts the connection instead of answering.
func StoreThenLose() Fault {
	return after("StoreThenLose", func(a answer) answer {
		a.cut = true
		return a
	})
}

// Cut closes the connection instead of doing anything.
func Cut() Fault { return instead("Cut", answer{cut: true}) }

// CutAfter closes the connection after n bytes of an upload have been read.
func CutAfter(n int64) Fault {
	return Fault{name: "CutAfter", apply: func(r *http.Request, _ func() answer) answer {
		_, _ = io.CopyN(io.Discard, r.Body, n)
		return answer{cut: true}
	}}
}

// CutAnswer does the work and closes the connection in the middle of the answer.
func CutAnswer() Fault {
	return after("CutAnswer", func(a answer) answer {
		a.broken = a.stream == nil
		return a
	})
}

// Truncated does the work and answers with the first half of the body, as if it were all.
func Truncated() Fault {
	return after("Truncated", func(a answer) answer {
		a.body = a.body[:len(a.body)/2]
		return a
	})
}

// Refuse answers with status and a body of that shape: ServerError, Unauthorized and all their relatives,
// and with status 200 a page where JSON belongs.
func Refuse(status int, shape Shape) Fault {
	return instead(fmt.Sprintf("Refuse(%d)", status), failure(status, shape))
}

// StoreThenRefuse does the work and answers as [Refuse].
func StoreThenRefuse(status int, shape Shape) Fault {
	return after(fmt.Sprintf("StoreThenRefuse(%d)", status), func(answer) answer { return failure(status, shape) })
}

func failure(status int, shape Shape) answer {
	code := codeParameter
	switch {
	case status == http.StatusUnauthorized:
		code = codeUnauthorized
	case status == http.StatusForbidden:
		code = codeForbidden
	case status == http.StatusNotFound:
		code = codeNotFound
	case status == http.StatusMethodNotAllowed:
		code = codeMethod
	case status == http.StatusTooManyRequests:
		code = codeRate
	case status >= http.StatusInternalServerError:
		code = codeInternal
	}
	return shaped(shape, status, code, http.StatusText(status))
}

// RateLimit answers 429 in plain text. Retry-After is given in whole seconds, rounded up, and missing if it is 0.
func RateLimit(retryAfter time.Duration) Fault {
	return instead("RateLimit", throttled(http.StatusTooManyRequests, PlainText, seconds(retryAfter)))
}

// RateLimitUntil answers 429 with a Retry-After that is a date.
func RateLimitUntil(t time.Time) Fault {
	return instead("RateLimitUntil", throttled(http.StatusTooManyRequests, PlainText, t.UTC().Format(http.TimeFormat)))
}

// RateLimitCode answers 400 with code 3004, as a sister product of LiveDesk does.
func RateLimitCode() Fault {
	return instead("RateLimitCode", shaped(Envelope, http.StatusBadRequest, codeRate, "Too Many Requests"))
}

// Unavailable answers 503 with a page; Retry-After as with [RateLimit].
func Unavailable(retryAfter time.Duration) Fault {
	return instead("Unavailable", throttled(http.StatusServiceUnavailable, HTML, seconds(retryAfter)))
}

func throttled(status int, shape Shape, retryAfter string) answer {
	a := failure(status, shape)
	if retryAfter != "" {
		a.header = map[string]string{"Retry-After": retryAfter}
	}
	return a
}

func seconds(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}

// ErrorCode answers 200 with a code that is not zero.
func ErrorCode(code int, message string) Fault {
	return instead("ErrorCode", shaped(Envelope, http.StatusOK, code, message))
}

// Code does the work and answers with another JSON value for "code", such as `"0"` or `null`; none if it is empty.
func Code(value string) Fault {
	return edited("Code", func(body map[string]any) {
		delete(body, "code")
		if value != "" {
			body["code"] = json.RawMessage(value)
		}
	})
}

// NoTicketID does the work and leaves ticket_id out of the answer.
func NoTicketID() Fault {
	return edited("NoTicketID", func(body map[string]any) {
		if data, ok := body["data"].(map[string]any); ok {
			delete(data, "ticket_id")
		}
	})
}

// NoData does the work and answers with data null.
func NoData() Fault {
	return edited("NoData", func(body map[string]any) { body["data"] = nil })
}

// edited is a fault that does the work and changes the JSON object that comes of it.
func edited(name string, change func(map[string]any)) Fault {
	return after(name, func(a answer) answer {
		var body map[string]any
		decoder := json.NewDecoder(bytes.NewReader(a.body))
		decoder.UseNumber()
		if decoder.Decode(&body) != nil {
			return a // not an object: there is nothing to leave out
		}
		change(body)
		a.body = jsonAnswer(a.status, body).body
		return a
	})
}

// HugeBody does the work and answers with valid JSON of at least size bytes, most of it in an unknown field.
func HugeBody(size int64) Fault {
	return after("HugeBody", func(a answer) answer {
		head := []byte(`{"padding":"`)
		tail := append([]byte(`",`), bytes.TrimPrefix(a.body, []byte("{"))...)
		a.size = int64(len(head)) + size + int64(len(tail))
		a.stream = io.MultiReader(bytes.NewReader(head), io.LimitReader(filler('a'), size), bytes.NewReader(tail))
		return a
	})
}

// filler is an endless reader of one character.
type filler byte

func (f filler) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(f)
	}
	return len(p), nil
}

// ContentType does the work and gives the answer another content type.
func ContentType(kind string) Fault {
	return after("ContentType", func(a answer) answer {
		a.kind = kind
		return a
	})
}

// Status does the work and answers success with another status. With 204 there is no body.
func Status(status int) Fault {
	return after(fmt.Sprintf("Status(%d)", status), func(a answer) answer {
		if a.status != http.StatusOK {
			return a
		}
		a.status = status
		if status == http.StatusNoContent {
			a.kind, a.body = "", nil
		}
		return a
	})
}

// Redirect answers with a redirect to another address.
func Redirect(status int, to string) Fault {
	a := failure(status, HTML)
	a.header = map[string]string{"Location": to}
	return instead("Redirect", a)
}

// Storm is a mixture for [Desk.Chaos] of faults that pass by themselves: lost requests, lost answers, gateway errors,
// rate limits and slowness. A request goes wrong with probability p.
func Storm(p float64) []Chance {
	faults := []Fault{
		Cut(), StoreThenLose(), CutAnswer(), Truncated(),
		Refuse(http.StatusInternalServerError, Envelope), Refuse(http.StatusBadGateway, HTML),
		StoreThenRefuse(http.StatusGatewayTimeout, HTML), Unavailable(0), Unavailable(time.Second),
		RateLimit(0), RateLimit(time.Second), RateLimitCode(), Slow(200 * time.Millisecond),
	}
	chances := make([]Chance, len(faults))
	for i, f := range faults {
		chances[i] = Chance{Of: p / float64(len(faults)), Fault: f}
	}
	return chances
}
