package livedesktest

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// UploadedFile is a file that a client uploaded.
type UploadedFile struct {
	Name   string
	Type   string // MIME type as sent
	Size   int64
	SHA256 string // in hexadecimal
	URL    string // as it was answered
	At     time.Time
	// Content is nil if the file was larger than [Options].KeepFile or there was no room left. It must
	// not be changed.
	Content []byte
}

// files holds what can be fetched under /files/. [Desk].mu guards it.
type files struct {
	byID     map[string]*storedFile
	uploaded []*storedFile
	kept     int64 // bytes of uploaded content
	keepOne  int64
	keepAll  int64
}

type storedFile struct {
	UploadedFile
	path string // address without the host
	zero bool   // the content is Size zero bytes
}

// upload does POST /api/v2/accounts/upload as Chatwoot does it: one part "attachment", streamed.
func (d *Desk) upload(c *call) (answer, error) {
	if !d.uploadOffered() {
		return answer{}, refusal{http.StatusNotFound, codeNotFound, "no such address"}
	}
	body, err := c.request.MultipartReader()
	if err != nil {
		return answer{}, refusal{http.StatusUnsupportedMediaType, codeSyntax, "Content-Type must be multipart/form-data"}
	}
	part, err := body.NextPart()
	if err != nil || part.FormName() != "attachment" || part.FileName() == "" {
		return answer{}, refusal{http.StatusBadRequest, codeParameter, "the part attachment with a file name is missing"}
	}
	f, err := d.readFile(part)
	if err != nil {
		return answer{}, err
	}
	if _, err := body.NextPart(); !errors.Is(err, io.EOF) {
		return answer{}, refusal{http.StatusBadRequest, codeParameter, "attachment must be the only part, and complete"}
	}
	return d.keep(c.request, f), nil
}

func (d *Desk) uploadOffered() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.noUpload
}

func (d *Desk) readFile(part *multipart.Part) (*storedFile, error) {
	f := &storedFile{UploadedFile: UploadedFile{Name: part.FileName(), Type: part.Header.Get("Content-Type")}}
	if f.Type == "" {
		return nil, refusal{http.StatusBadRequest, codeParameter, "attachment has no Content-Type"}
	}
	hash := sha256.New()
	head := limitedBuffer{limit: d.files.keepOne}
	var err error
	f.Size, err = io.Copy(io.MultiWriter(hash, &head), io.LimitReader(part, d.options.MaxUpload+1))
	if err != nil {
		return nil, refusal{http.StatusBadRequest, codeSyntax, "attachment is incomplete"}
	}
	if f.Size > d.options.MaxUpload {
		return nil, refusal{http.StatusRequestEntityTooLarge, codeBusiness, "attachment is too large"}
	}
	f.SHA256 = hex.EncodeToString(hash.Sum(nil))
	if f.Size <= d.files.keepOne {
		f.Content = bytes.Clone(head.Bytes())
	}
	return f, nil
}

// limitedBuffer keeps the first bytes and swallows the rest.
type limitedBuffer struct {
	bytes.Buffer
	limit int64
}

func (b *limitedBuffer) Write(p []byte) (int, error) {
	room := max(0, b.limit-int64(b.Len()))
	b.Buffer.Write(p[:min(int64(len(p)), room)])
	return len(p), nil
}

// keep stores an upload and answers where it is.
func (d *Desk) keep(r *http.Request, f *storedFile) answer {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.files.kept+int64(len(f.Content)) > d.files.keepAll {
		f.Content = nil
	}
	d.files.kept += int64(len(f.Content))
	id := d.files.add(f)
	d.files.uploaded = append(d.files.uploaded, f)
	f.At = d.options.Now()
	f.URL = d.drift.fileURL(baseURL(r), f.path)
	reply := map[string]any{"file_url": f.URL, "blob_key": id, "blob_id": len(d.files.uploaded)}
	if d.drift.UploadUnder == "" {
		return jsonAnswer(http.StatusOK, reply)
	}
	return jsonAnswer(http.StatusOK, map[string]any{"code": 0, "message": d.drift.message(), d.drift.UploadUnder: reply})
}

// add gives f an address.
func (s *files) add(f *storedFile) (id string) {
	id = strings.ToLower(rand.Text())
	f.path = filesPath + id + "/" + url.PathEscape(f.Name)
	s.byID[id] = f
	return id
}

// addAgents makes a file of an agent available and returns its path.
func (s *files) addAgents(file File) string {
	f := &storedFile{UploadedFile: UploadedFile{Name: file.Name, Type: file.Type, Size: file.Size, Content: file.Content}}
	if file.Content == nil {
		f.zero = true
	} else {
		f.Size = int64(len(file.Content))
	}
	s.add(f)
	return f.path
}

// fileID returns the id in the path of a file.
func fileID(path string) string {
	id, _, _ := strings.Cut(strings.TrimPrefix(path, filesPath), "/")
	return id
}

// download does GET /files/..., without credentials, as the links of Chatwoot's file storage work.
func (d *Desk) download(c *call) (answer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.files.byID[c.id]
	switch {
	case f == nil:
		return answer{}, refusal{http.StatusNotFound, codeNotFound, "no such file"}
	case f.zero:
		return answer{status: http.StatusOK, kind: f.Type, stream: io.LimitReader(filler(0), f.Size), size: f.Size}, nil
	case f.Content == nil && f.Size > 0:
		return answer{}, refusal{http.StatusGone, codeNotFound, "the content was not kept"}
	default:
		return answer{status: http.StatusOK, kind: f.Type, body: f.Content}, nil
	}
}

// baseURL is the address under which the client reached the desk.
func baseURL(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// Uploads returns the files that clients uploaded, oldest first.
func (d *Desk) Uploads() []UploadedFile {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := make([]UploadedFile, len(d.files.uploaded))
	for i, f := range d.files.uploaded {
		list[i] = f.UploadedFile
	}
	return list
}

// File returns the content of the file with that address, on whatever host the client has put it, uploaded or of an agent;
// false if there is none or it was not kept. It must not be changed.
func (d *Desk) File(address string) (UploadedFile, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, ok := d.files.at(address)
	if !ok || f.Content == nil {
		return UploadedFile{}, false
	}
	return f.UploadedFile, true
}

// SetUpload switches the upload call on or off. At first it is on.
func (d *Desk) SetUpload(offered bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.noUpload = !offered
}

// at returns the file with that address. The host does not matter: a client may have put its own there.
func (s *files) at(address string) (*storedFile, bool) {
	_, rest, _ := strings.Cut(address, filesPath)
	f, ok := s.byID[fileID(rest)]
	return f, ok
}
