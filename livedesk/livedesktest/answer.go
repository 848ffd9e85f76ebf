package livedesktest

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Codes of refusals, taken from a sister product of the same vendor (EngageLab OTP); LiveDesk lists none.
// The last two are ours.
const (
	codeInternal     = 1000
	codeUnauthorized = 2001
	codeForbidden    = 2004
	codeSyntax       = 3001
	codeParameter    = 3002
	codeBusiness     = 3003
	codeRate         = 3004
	codeNotFound     = 4004
	codeMethod       = 4005
)

const (
	jsonType = "application/json; charset=utf-8"
	textType = "text/plain; charset=utf-8"
	htmlType = "text/html; charset=utf-8"
)

// Shape is the form of a body that reports a refusal or failure.
type Shape string

// Shapes that LiveDesk, the software it derives from, or a gateway in front of it may use.
const (
	Envelope    Shape = ""           // {"code":3002,"message":"..."}
	ErrorObject Shape = "error"      // {"error":"..."}
	ErrorList   Shape = "errors"     // {"errors":["..."]}
	Attributes  Shape = "attributes" // {"message":"...","attributes":["..."]}
	PlainText   Shape = "text"
	HTML        Shape = "html"
	Empty       Shape = "empty"
)

// refusal is an error that is told to the client.
type refusal struct {
	status int
	code   int
	text   string
}

func (r refusal) Error() string { return r.text }

// answer is what goes back, and how.
type answer struct {
	status int
	kind   string // Content-Type
	header map[string]string
	body   []byte
	stream io.Reader // instead of body
	size   int64     // of stream

	cut    bool // close the connection instead of answering
	broken bool // close it after half of the body
	delay  time.Duration
	held   bool // until hold is closed
	hold   <-chan struct{}
}

// success is the envelope of the ticket family.
func success(message string, data any) answer {
	return jsonAnswer(http.StatusOK, map[string]any{"code": 0, "message": message, "data": data})
}

func jsonAnswer(status int, value any) answer {
	body, err := json.Marshal(value)
	if err != nil {
		// Only a value that cannot be JSON, given by the user of the package, leads here.
		return shaped(Envelope, http.StatusInternalServerError, codeInternal, err.Error())
	}
	return answer{status: status, kind: jsonType, body: body}
}

// refuse turns err into an answer of the shape that [Drift] asks for.
func (d *Desk) refuse(err error) answer {
	r, ok := errors.AsType[refusal](err)
	if !ok {
		r = refusal{http.StatusInternalServerError, codeInternal, err.Error()}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.drift.RefuseWithOK && r.status < http.StatusInternalServerError {
		r.status = http.StatusOK
	}
	return shaped(d.drift.Refusals, r.status, r.code, r.text)
}

func shaped(shape Shape, status, code int, text string) answer {
	switch shape {
	case ErrorObject:
		return jsonAnswer(status, map[string]any{"error": text})
	case ErrorList:
		return jsonAnswer(status, map[string]any{"errors": []string{text}})
	case Attributes:
		return jsonAnswer(status, map[string]any{"message": text, "attributes": []string{"base"}})
	case PlainText:
		return answer{status: status, kind: textType, body: []byte(text + "\n")}
	case HTML:
		page := fmt.Sprintf("<html>\n<head><title>%d</title></head>\n<body><h1>%s</h1></body>\n</html>\n", status, html.EscapeString(text))
		return answer{status: status, kind: htmlType, body: []byte(page)}
	case Empty:
		return answer{status: status}
	default:
		return jsonAnswer(status, map[string]any{"code": code, "message": text})
	}
}

// send writes a, after the wait it asks for.
func send(w http.ResponseWriter, c *call, a answer) {
	if !wait(c, a) || a.cut {
		panic(http.ErrAbortHandler)
	}
	size := a.size
	if a.stream == nil {
		size = int64(len(a.body))
	}
	if a.kind != "" {
		w.Header().Set("Content-Type", a.kind)
	}
	if a.status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	}
	for name, value := range a.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(a.status)
	writeBody(w, a)
}

func writeBody(w http.ResponseWriter, a answer) {
	switch {
	case a.stream != nil:
		_, _ = io.Copy(w, a.stream) // the client may leave; there is nobody to tell
	case a.broken:
		_, _ = w.Write(a.body[:len(a.body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	default:
		_, _ = w.Write(a.body)
	}
}

// wait keeps the answer back as long as it asks for and reports whether it should still be given.
func wait(c *call, a answer) bool {
	if a.delay == 0 && !a.held {
		return true
	}
	// The server notices that a client left only when the request has been read to its end.
	_, _ = io.Copy(io.Discard, c.request.Body)
	timer := time.NewTimer(a.delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.request.Context().Done():
		return false
	}
	if !a.held {
		return true
	}
	select {
	case <-a.hold:
		return true
	case <-c.released:
		return false
	case <-c.request.Context().Done():
		return false
	}
}
