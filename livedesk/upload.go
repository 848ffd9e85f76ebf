package livedesk

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"path"
	"strings"
	"unicode"
)

// The vendor says only that files must first go through "/upload". The rest is what Chatwoot does, which LiveDesk
// appears to be built on, and all of it stands here and in fileURL.
const (
	uploadPath = "/accounts/upload"
	uploadPart = "attachment"
)

// fileURL finds the address of an uploaded file in an answer, or "".
func fileURL(answer object) string {
	return cmp.Or(
		answer.text("file_url"),
		answer.object("data").text("file_url"),
		answer.object("payload").text("file_url"),
	)
}

const (
	uploadOff   = "off" // in place of an address
	unknownType = "application/octet-stream"
	maxName     = 120 // runes
)

// File is a file to be uploaded.
type File struct {
	Name     string // folders and characters that make trouble in names are taken off
	MIMEType string // application/octet-stream if it is none
	Size     int64  // bytes; -1 or 0 unknown

	// Body is read once, in small pieces, and not closed. A Read that blocks may outlast an Upload that timed out.
	Body io.Reader
}

// Uploads reports whether this LiveDesk may take files. It does not where the upload address is "off".
func (c *Client) Uploads() bool { return c.upload != uploadOff }

// Upload stores a file at LiveDesk and returns its address, for [NewAttachment]. Uploading twice is harmless. The
// error is ErrNoUpload if this LiveDesk takes no files.
func (c *Client) Upload(ctx context.Context, file File) (string, error) {
	if c.upload == uploadOff {
		return "", &Error{Op: string(opUpload), Kind: Refused, Err: errors.New("switched off"), is: ErrNoUpload}
	}
	head, tail, kind := envelope(file)
	size := int64(-1)
	if file.Size > 0 {
		size = int64(len(head)) + file.Size + int64(len(tail))
	}
	answer, err := c.do(ctx, call{
		op:     opUpload,
		method: http.MethodPost,
		url:    c.upload,
		kind:   kind,
		body:   io.MultiReader(bytes.NewReader(head), &bodyReader{file.Body}, bytes.NewReader(tail)),
		size:   size,
		wait:   10 * c.timeout,
	})
	if err != nil {
		return "", err
	}
	return c.fileAddress(answer)
}

// fileAddress returns the absolute address of an uploaded file. It may be on any host.
func (c *Client) fileAddress(answer object) (string, error) {
	unusable := &Error{Op: string(opUpload), Kind: Unknown, Err: errors.New("answer holds no usable file address")}
	base, err := url.Parse(c.upload)
	if err != nil {
		return "", unusable
	}
	given := fileURL(answer)
	address, err := base.Parse(given)
	if given == "" || err != nil || !webAddress(address) {
		return "", unusable
	}
	return address.String(), nil
}

// envelope returns what stands before and after the file in a multipart body, and the content type of the body.
// Writing the two by hand instead of piping the file through a multipart.Writer lets the length be known beforehand.
func envelope(file File) (head, tail []byte, kind string) {
	var buffer bytes.Buffer // cannot fail
	form := multipart.NewWriter(&buffer)
	name := cmp.Or(safeName(file.Name), "file")
	_, _ = form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {multipart.FileContentDisposition(uploadPart, name)},
		"Content-Type":        {mediaType(file.MIMEType)},
	})
	length := buffer.Len()
	_ = form.Close()
	return buffer.Bytes()[:length], buffer.Bytes()[length:], form.FormDataContentType()
}

func mediaType(given string) string {
	kind, params, err := mime.ParseMediaType(given)
	if err != nil || !strings.Contains(kind, "/") {
		return unknownType
	}
	return cmp.Or(mime.FormatMediaType(kind, params), unknownType)
}

// safeName makes a file name harmless wherever it is shown or stored; it is "" if nothing remains.
func safeName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == unicode.ReplacementChar:
			return -1
		case strings.ContainsRune(`"<>:|?*;`, r):
			return '_'
		}
		return r
	}, name)
	name = strings.Trim(name, " .")
	if runes := []rune(name); len(runes) > maxName {
		ending := []rune(path.Ext(name))
		ending = ending[:min(len(ending), 10)]
		name = string(runes[:maxName-len(ending)]) + string(ending)
	}
	return name
}

// bodyReader marks the errors of a file's body, so that they are not taken for LiveDesk's.
type bodyReader struct{ body io.Reader }

func (r *bodyReader) Read(p []byte) (int, error) {
	n, err := r.body.Read(p)
	if err != nil && err != io.EOF {
		err = &bodyError{err}
	}
	return n, err
}

// bodyError says that a file could not be read to its end, so that LiveDesk cannot have got it.
type bodyError struct{ err error }

func (e *bodyError) Error() string { return "read file: " + e.err.Error() }
func (e *bodyError) Unwrap() error { return e.err }
