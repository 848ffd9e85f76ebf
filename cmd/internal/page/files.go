package page

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// maxFile is the largest file that the page takes, in bytes: more than Telegram hands out to bots, so that this can be seen.
const maxFile = 25 << 20

// keepUploads is how many uploads wait to be named in a message; older ones are dropped.
const keepUploads = 20

// uploaded is a file that somebody chose and has not sent yet.
type uploaded struct {
	id, name, kind string
	content        []byte
}

// uploads are those files. Safe for concurrent use.
type uploads struct {
	mu  sync.Mutex
	all []uploaded
}

func (u *uploads) add(up uploaded) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.all = append(u.all, up)
	u.all = slices.Clone(u.all[max(0, len(u.all)-keepUploads):])
}

func (u *uploads) take(id string) (uploaded, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	i := slices.IndexFunc(u.all, func(up uploaded) bool { return up.id == id })
	if i < 0 {
		return uploaded{}, false
	}
	up := u.all[i]
	u.all = slices.Delete(u.all, i, i+1)
	return up, true
}

func (p *Page) upload(r *http.Request) (any, error) {
	content, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxFile))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, refuse(http.StatusRequestEntityTooLarge, "The try-out takes files of up to %d MB.", maxFile>>20)
	}
	if err != nil {
		return nil, bad("The file did not arrive.")
	}
	if len(content) == 0 {
		return nil, bad("The file is empty.")
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		kind = "application/octet-stream"
	}
	name := strings.TrimSpace(r.FormValue("name"))
	if name == "" {
		name = "file"
	}
	up := uploaded{id: rand.Text(), name: cut(name, maxName), kind: kind, content: content}
	p.uploads.add(up)
	return made[string]{up.id}, nil
}

// file serves a file of a message.
func (p *Page) file(w http.ResponseWriter, r *http.Request) {
	f := p.Telegram.File(r.PathValue("file"))
	if f == nil || f.Content() == nil {
		http.Error(w, "There is no such file.", http.StatusNotFound)
		return
	}
	shown := fileOf(f)
	serve(w, shown.Name, shown.Type, f.Content())
}

// ticketFile serves a file at LiveDesk.
func (p *Page) ticketFile(w http.ResponseWriter, r *http.Request) {
	f, ok := p.Desk.File(r.FormValue("url"))
	if !ok {
		http.Error(w, "There is no such file.", http.StatusNotFound)
		return
	}
	serve(w, f.Name, f.Type, bytes.NewReader(f.Content))
}

// pictures are the types that the page shows. Everything else is only ever saved: a file of somebody's must not become a page
// of ours.
var pictures = []string{"image/png", "image/jpeg", "image/gif", "image/webp"}

func serve(w http.ResponseWriter, name, kind string, content io.Reader) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	if slices.Contains(pictures, kind) {
		h.Set("Content-Type", kind)
	} else {
		h.Set("Content-Type", "application/octet-stream")
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	}
	_, _ = io.Copy(w, content) // whoever asked may have left
}
