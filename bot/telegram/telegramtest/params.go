package telegramtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxField bounds one parameter that is not a file, maxUpload one file, both as refused by api.telegram.org.
const (
	maxField  = 1 << 20
	maxUpload = 50 << 20
)

// call is one request to a method with its parameters as text; JSON parameters stay JSON.
type call struct {
	ctx     context.Context
	method  method
	began   time.Time
	values  map[string]string
	uploads map[string]Upload
	keep    int64 // Options.KeepUploads
}

// Upload is a file that the bot sent with a request.
type Upload struct {
	Field  string // name of the form part
	Name   string // file name
	MIME   string // Content-Type of the part
	Size   int64
	SHA256 string // lower-case hexadecimal
	// Content is nil where the file was larger than Options.KeepUploads. It must not be changed.
	Content []byte
}

// readCall reads the parameters from the query and from whichever of the three kinds of body there is, and refuses
// names and values that the method does not take. The call it returns is never nil.
func (s *Server) readCall(r *http.Request, m method) (*call, error) {
	c := &call{ctx: r.Context(), method: m, began: s.opts.Now(), values: map[string]string{}, keep: s.opts.KeepUploads}
	err := c.addForm(r.URL.Query())
	if err == nil {
		err = c.readBody(r)
	}
	if err == nil {
		err = c.check()
	}
	if strict, ok := errors.AsType[*strictError](err); ok {
		s.remember(m.name + ": " + strict.what)
		return c, badRequest(strict.what)
	}
	return c, err
}

// strictError is a mistake that this server remembers, unlike those Telegram users can cause.
type strictError struct{ what string }

func (e *strictError) Error() string { return e.what }

func strictf(format string, args ...any) error { return &strictError{fmt.Sprintf(format, args...)} }

func (c *call) readBody(r *http.Request) error {
	header := r.Header.Get("Content-Type")
	if header == "" {
		return nil
	}
	kind, params, err := mime.ParseMediaType(header)
	if err != nil {
		return strictf("unreadable content type")
	}
	switch kind {
	case "multipart/form-data":
		return c.addMultipart(multipart.NewReader(r.Body, params["boundary"]))
	case "application/x-www-form-urlencoded":
		return c.addURLEncoded(r.Body)
	case "application/json":
		return c.addJSON(r.Body)
	}
	return strictf("content type %s", kind)
}

func (c *call) addForm(form url.Values) error {
	for name, values := range form {
		for _, value := range values {
			if err := c.set(name, value); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *call) addURLEncoded(body io.Reader) error {
	data, err := io.ReadAll(io.LimitReader(body, 4*maxField))
	if err != nil {
		return errGone
	}
	form, err := url.ParseQuery(string(data))
	if err != nil {
		return strictf("unreadable form")
	}
	return c.addForm(form)
}

func (c *call) addMultipart(parts *multipart.Reader) error {
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return strictf("unreadable multipart body")
		}
		if part.FileName() != "" {
			err = c.addUpload(part)
		} else {
			var value []byte
			if value, err = io.ReadAll(io.LimitReader(part, maxField)); err == nil {
				err = c.set(part.FormName(), string(value))
			}
		}
		if err != nil {
			return err
		}
	}
}

func (c *call) addUpload(part *multipart.Part) error {
	sum := sha256.New()
	head := headBuffer{limit: c.keep}
	size, err := io.Copy(io.MultiWriter(sum, &head), io.LimitReader(part, maxUpload+1))
	if err != nil {
		return errGone
	}
	if size > maxUpload {
		return &apiError{code: 413, description: "Request Entity Too Large"}
	}
	name := part.FormName()
	if _, twice := c.uploads[name]; twice {
		return strictf("part %q given twice", name)
	}
	if c.uploads == nil {
		c.uploads = map[string]Upload{}
	}
	c.uploads[name] = Upload{
		Field: name, Name: part.FileName(), MIME: part.Header.Get("Content-Type"), Size: size,
		SHA256: hex.EncodeToString(sum.Sum(nil)), Content: head.whole(size),
	}
	return nil
}

// headBuffer keeps the first bytes that are written and swallows the rest.
type headBuffer struct {
	kept  []byte
	limit int64
}

func (b *headBuffer) Write(p []byte) (int, error) {
	room := max(0, b.limit-int64(len(b.kept)))
	b.kept = append(b.kept, p[:min(int64(len(p)), room)]...)
	return len(p), nil
}

// whole is what was written, nil where that was more than is kept.
func (b *headBuffer) whole(size int64) []byte {
	if size > b.limit {
		return nil
	}
	return b.kept
}

func (c *call) addJSON(body io.Reader) error {
	var fields map[string]json.RawMessage
	if err := json.NewDecoder(io.LimitReader(body, 4*maxField)).Decode(&fields); err != nil {
		return strictf("unreadable JSON body")
	}
	for name, value := range fields {
		plain, ok := fromJSON(c.method.params[name], value)
		if !ok {
			return strictf("parameter %q has the wrong type", name)
		}
		if err := c.set(name, plain); err != nil {
			return err
		}
	}
	return nil
}

// fromJSON turns a JSON value into the text a form would carry. Structured parameters may come as a string of JSON.
func fromJSON(kind param, value json.RawMessage) (string, bool) {
	quoted := bytes.HasPrefix(value, []byte(`"`))
	switch kind {
	case text, upload:
		if !quoted {
			return "", false
		}
	case integer, flag:
		return string(value), !quoted
	}
	if !quoted {
		return string(value), true
	}
	var plain string
	return plain, json.Unmarshal(value, &plain) == nil
}

func (c *call) set(name, value string) error {
	if !utf8.ValidString(value) {
		return badRequest("strings must be encoded in UTF-8")
	}
	if _, twice := c.values[name]; twice {
		return strictf("parameter %q given twice", name)
	}
	c.values[name] = value
	return nil
}

// check compares names and types with what the method takes. Uploads are checked where they are referred to, since
// their part may have any name.
func (c *call) check() error {
	for name, value := range c.values {
		kind, known := c.method.params[name]
		if !known {
			return strictf("unknown parameter %q", name)
		}
		if !fits(kind, value) {
			return strictf("parameter %q has the wrong type", name)
		}
	}
	for _, name := range c.method.needed {
		_, given := c.values[name]
		_, uploaded := c.uploads[name]
		if !given && !uploaded {
			return badRequest(missing(name))
		}
	}
	return nil
}

func fits(kind param, value string) bool {
	switch kind {
	case integer:
		_, err := strconv.ParseInt(value, 10, 64)
		return err == nil
	case flag:
		return value == "true" || value == "false"
	case object:
		return json.Valid([]byte(value))
	}
	return true
}

// missing words the lack of a parameter as Telegram does for the frequent ones.
func missing(name string) string {
	switch name {
	case "chat_id":
		return "chat_id is empty"
	case "text":
		return "message text is empty"
	}
	return fmt.Sprintf("parameter %q is required", name)
}

func (c *call) int(name string) int {
	n, _ := strconv.Atoi(c.values[name])
	return n
}

func (c *call) int64(name string) int64 {
	n, _ := strconv.ParseInt(c.values[name], 10, 64)
	return n
}

func (c *call) flag(name string) bool { return c.values[name] == "true" }

// chatID is the chat the call names by number, 0 if it names none.
func (c *call) chatID() int64 { return c.int64("chat_id") }

// object decodes a JSON parameter into own wire structs. Absent leaves into as it is; an unknown field is refused.
func (s *Server) object(c *call, name string, into any) error {
	value := c.values[name]
	if value == "" {
		return nil
	}
	if err := decodeStrictly(value, into); err != nil {
		return s.strict(c, "can't parse %s: %v", strings.ReplaceAll(name, "_", " "), err)
	}
	return nil
}

// strict refuses a mistake in a call and remembers it; the lock is held.
func (s *Server) strict(c *call, format string, args ...any) error {
	what := fmt.Sprintf(format, args...)
	s.unknown = append(s.unknown, c.method.name+": "+what)
	return badRequest(what)
}

func decodeStrictly(value string, into any) error {
	d := json.NewDecoder(strings.NewReader(value))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON value")
	}
	return nil
}
