package telegramtest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// Kind is what Telegram shows a file as.
type Kind string

const (
	Photo     Kind = "photo"
	Document  Kind = "document"
	Video     Kind = "video"
	Audio     Kind = "audio"
	Voice     Kind = "voice"
	Animation Kind = "animation"
)

// File is a file on Telegram's servers. Files of people can be downloaded; of what the bot sent size and hash are kept, and
// the content where Options.KeepUploads says so.
type File struct {
	ID       string
	UniqueID string
	Kind     Kind
	Name     string // empty for photos and voice messages
	MIME     string
	Size     int64
	Upload   Upload // what the bot sent; zero for files of people
	URL      string // where the bot told Telegram to fetch it from

	s       *Server
	open    func() io.Reader
	expired bool
	dead    bool // its links have ended
}

// NewFile makes a file with this content. Photos and voice messages lose their name, as they do with Telegram.
func (s *Server) NewFile(kind Kind, name, mimeType string, content []byte) *File {
	return s.newFile(&File{
		Kind: kind, Name: name, MIME: mimeType, Size: int64(len(content)),
		open: func() io.Reader { return bytes.NewReader(content) },
	})
}

// NewBigFile makes a file of size bytes of noise, which is produced while it is read and never kept.
func (s *Server) NewBigFile(kind Kind, name, mimeType string, size int64) *File {
	seed := [32]byte(fmt.Appendf(nil, "%-32.32s", name))
	return s.newFile(&File{
		Kind: kind, Name: name, MIME: mimeType, Size: size,
		open: func() io.Reader { return io.LimitReader(rand.NewChaCha8(seed), size) },
	})
}

func (s *Server) newFile(f *File) *File {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addFile(f)
}

func (s *Server) addFile(f *File) *File {
	s.nextFile++
	f.s = s
	f.ID = fmt.Sprintf("AgACAgIAAxkBAAI%06d_%s", s.nextFile, f.Kind)
	f.UniqueID = fmt.Sprintf("AQAD%06d", s.nextFile)
	if f.Kind == Photo || f.Kind == Voice {
		f.Name = ""
	}
	s.files[f.ID] = f
	return f
}

// Open returns the content of a file of people from its beginning.
func (f *File) Open() io.Reader { return f.open() }

// Content is what there is to see of a file: of people all, of the bot what Options.KeepUploads kept; nil if nothing.
func (f *File) Content() io.Reader {
	switch {
	case f.open != nil:
		return f.open()
	case f.Upload.Content != nil:
		return bytes.NewReader(f.Upload.Content)
	}
	return nil
}

// SHA256 is the hash of the content in lower-case hexadecimal.
func (f *File) SHA256() string {
	if f.open == nil {
		return f.Upload.SHA256
	}
	sum := sha256.New()
	io.Copy(sum, f.open())
	return hex.EncodeToString(sum.Sum(nil))
}

// Expire makes the file unavailable: getFile refuses and links answer 404.
func (f *File) Expire() {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	f.expired = true
}

// ExpireLinks ends all links handed out so far; getFile hands out working ones again. A link lives at least an hour.
func (s *Server) ExpireLinks() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.files {
		f.dead = true
	}
}

// path is the link part of a file.
func (f *File) path() string {
	folder := map[Kind]string{
		Photo: "photos", Document: "documents", Video: "videos", Audio: "music", Voice: "voice", Animation: "animations",
	}[f.Kind]
	ending := path.Ext(f.Name)
	switch f.Kind {
	case Photo:
		ending = ".jpg"
	case Voice:
		ending = ".oga"
	}
	return folder + "/" + strings.TrimPrefix(f.UniqueID, "AQAD") + ending
}

func (s *Server) getFile(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, known := s.files[c.values["file_id"]]
	switch {
	case !known:
		return nil, badRequest("invalid file_id")
	case f.expired:
		return nil, badRequest("wrong file_id or the file is temporarily unavailable")
	case f.Size > s.opts.MaxDownload:
		return nil, badRequest("file is too big")
	}
	f.dead = false
	return struct {
		ID       string `json:"file_id"`
		UniqueID string `json:"file_unique_id"`
		Size     int64  `json:"file_size,omitempty"`
		Path     string `json:"file_path,omitempty"`
	}{f.ID, f.UniqueID, f.Size, f.path()}, nil
}

// serveFile answers downloads, in the log and for troubles as the method "file".
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request, link string) {
	c := &call{ctx: r.Context(), method: method{name: "file"}, began: s.opts.Now(), values: map[string]string{"path": link}}
	t := s.troubleFor("file", 0)
	f := s.fileAt(link)
	var err error
	switch {
	case t.refuse:
		err = errRefused
	case t.fail != nil:
		err = t.fail
	case f == nil:
		err = &apiError{code: 404, description: "Not Found"}
	}
	s.finish(c, err)
	pause(r.Context(), t.slow)
	switch {
	case t.refuse:
		panic(http.ErrAbortHandler)
	case t.body != nil || err != nil:
		s.answer(w, t, nil, err)
	default:
		f.serve(w, t.lose)
	}
}

func (s *Server) fileAt(link string) *File {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.files {
		if f.open != nil && !f.expired && !f.dead && f.path() == link {
			return f
		}
	}
	return nil
}

func (f *File) serve(w http.ResponseWriter, half bool) {
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.FormatInt(f.Size, 10))
	if half {
		io.CopyN(w, f.open(), f.Size/2)
		panic(http.ErrAbortHandler)
	}
	io.Copy(w, f.open())
}

// wireMedia are the fields of a message that carry a file.
type wireMedia struct {
	Photo     []wireFile `json:"photo,omitempty"`
	Document  *wireFile  `json:"document,omitempty"`
	Video     *wireFile  `json:"video,omitempty"`
	Audio     *wireFile  `json:"audio,omitempty"`
	Voice     *wireFile  `json:"voice,omitempty"`
	Animation *wireFile  `json:"animation,omitempty"`
}

// wireFile is PhotoSize, Document, Video, Audio, Voice and Animation in one.
type wireFile struct {
	ID       string `json:"file_id"`
	UniqueID string `json:"file_unique_id"`
	Width    *int   `json:"width,omitempty"`
	Height   *int   `json:"height,omitempty"`
	Duration *int   `json:"duration,omitempty"`
	Name     string `json:"file_name,omitempty"`
	MIME     string `json:"mime_type,omitempty"`
	Size     int64  `json:"file_size,omitempty"`
}

func (f *File) wire() *wireMedia {
	w := &wireFile{ID: f.ID, UniqueID: f.UniqueID, Name: f.Name, MIME: f.MIME, Size: f.Size}
	width, height, seconds := 1280, 720, 7
	switch f.Kind {
	case Photo:
		return &wireMedia{Photo: f.wireSizes()}
	case Video:
		w.Width, w.Height, w.Duration = &width, &height, &seconds
		return &wireMedia{Video: w}
	case Animation:
		w.Width, w.Height, w.Duration = &width, &height, &seconds
		// https://core.telegram.org/bots/api#message: for backward compatibility the document is set too.
		return &wireMedia{Animation: w, Document: &wireFile{
			ID: f.ID, UniqueID: f.UniqueID, Name: f.Name, MIME: f.MIME, Size: f.Size,
		}}
	case Audio:
		w.Duration = &seconds
		return &wireMedia{Audio: w}
	case Voice:
		w.Duration = &seconds
		return &wireMedia{Voice: w}
	}
	return &wireMedia{Document: w}
}

// wireSizes are a preview and the photo itself, the largest last. The preview cannot be downloaded.
func (f *File) wireSizes() []wireFile {
	small, large, tall, wide := 90, 1280, 67, 960
	return []wireFile{
		{ID: f.ID + "_s", UniqueID: f.UniqueID + "s", Width: &small, Height: &tall, Size: min(f.Size, 1500)},
		{ID: f.ID, UniqueID: f.UniqueID, Width: &large, Height: &wide, Size: f.Size},
	}
}
