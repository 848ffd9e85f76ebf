package livedesk_test

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"livedeskbot/livedesk"
)

// received is a file as the server got it.
type received struct {
	part, name, kind, content string
	length                    int64
}

func receive(files chan<- received, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		form, err := r.MultipartReader()
		if err != nil {
			http.Error(w, "no form", http.StatusUnprocessableEntity)
			return
		}
		part, err := form.NextPart()
		if err != nil {
			http.Error(w, "no part", http.StatusUnprocessableEntity)
			return
		}
		content, _ := io.ReadAll(part)
		_, params, _ := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
		_, err = form.NextPart()
		if err == io.EOF {
			files <- received{part.FormName(), params["filename"], part.Header.Get("Content-Type"), string(content), r.ContentLength}
		}
		reply(200, body)(w, r)
	}
}

func TestAFileArrivesWholeWithNameAndType(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("я", 300) + ".jpeg"
	for name, test := range map[string]struct {
		file livedesk.File
		want received
	}{
		"known size": {
			livedesk.File{Name: "report.pdf", MIMEType: "application/pdf", Size: 3},
			received{name: "report.pdf", kind: "application/pdf"}},
		"unknown size": {
			livedesk.File{Name: "отчёт 1.txt", MIMEType: "text/plain; charset=utf-8", Size: -1},
			received{name: "отчёт 1.txt", kind: "text/plain; charset=utf-8"}},
		"nothing known": {livedesk.File{}, received{name: "file", kind: "application/octet-stream"}},
		"a hostile name": {
			livedesk.File{Name: "C:\\x/../a\"b\r\nX-Evil: 1\x00\u202egpj.exe", MIMEType: "text/html\r\nX-Evil: 1"},
			received{name: "a_bX-Evil_ 1gpj.exe", kind: "application/octet-stream"}},
		"only dots":   {livedesk.File{Name: "../..", MIMEType: "x"}, received{name: "file", kind: "application/octet-stream"}},
		"a long name": {livedesk.File{Name: long}, received{name: strings.Repeat("я", 115) + ".jpeg", kind: "application/octet-stream"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := make(chan received, 1)
			client := setup(t, receive(files, `{"file_url":"https://cdn.example.com/a"}`))
			test.file.Body = strings.NewReader("\x00\r\n")
			address, err := client.Upload(t.Context(), test.file)
			require.NoError(t, err)
			require.Equal(t, "https://cdn.example.com/a", address)
			got := <-files
			require.Equal(t, test.file.Size > 0, got.length > 0, "the length is told if it is known")
			got.length = 0
			test.want.part, test.want.content = "attachment", "\x00\r\n"
			require.Equal(t, test.want, got)
			require.True(t, utf8.ValidString(got.name))
		})
	}
}

func TestTheAddressOfAFileIsFoundAndMadeAbsolute(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"file_url":"https://cdn.example.com/a?b=c"}`:                  "https://cdn.example.com/a?b=c",
		`{"file_url":"http://cdn.example.com/a","blob_id":7}`:           "http://cdn.example.com/a",
		`{"code":0,"data":{"file_url":"https://cdn.example.com/a"}}`:    "https://cdn.example.com/a",
		`{"payload":{"file_url":"https://cdn.example.com/a"}}`:          "https://cdn.example.com/a",
		`{"code":"0","data":{"file_url":"//cdn.example.com/a"}}`:        "http://cdn.example.com/a",
		`{"file_url":"/files/a b"}`:                                     "http://livedesk.invalid/files/a%20b",
		`{"file_url":"files/a"}`:                                        "http://livedesk.invalid/accounts/files/a",
		`{"file_url":"https://user:password@cdn.example.com/a"}`:        "",
		`{"file_url":"javascript:alert(1)"}`:                            "",
		`{"file_url":"file:///etc/passwd"}`:                             "",
		`{"file_url":"https:///a"}`:                                     "",
		`{"file_url":"https://cdn.example.com/\u0000"}`:                 "",
		`{"code":0,"file_url":""}`:                                      "",
		`{"code":0,"data":{"file_url":{"href":"https://example.com"}}}`: "",
	} {
		client := answering(t, body)
		address, err := client.Upload(t.Context(), livedesk.File{Body: strings.NewReader("a")})
		require.Equal(t, want, address, body)
		if want == "" {
			require.Equal(t, livedesk.Unknown, failure(t, err).Kind, body)
			require.NotContains(t, err.Error(), "password")
		}
	}
}

func TestUploadUsesItsOwnAddressAndCanBeOff(t *testing.T) {
	t.Parallel()
	paths := make(chan string, 1)
	host := ""
	elsewhere := setup(t, func(w http.ResponseWriter, r *http.Request) {
		paths <- r.URL.String()
		reply(200, `{"file_url":"a"}`)(w, r)
	}, func(c *livedesk.Config) {
		host = c.BaseURL
		c.UploadURL = c.BaseURL + "/accounts/files?inbox=1"
	})
	address, err := elsewhere.Upload(t.Context(), livedesk.File{Body: strings.NewReader("a")})
	require.NoError(t, err)
	require.Equal(t, "/accounts/files?inbox=1", <-paths)
	require.Equal(t, host+"/accounts/a", address)

	off := setup(t, func(http.ResponseWriter, *http.Request) { t.Error("uploaded") },
		func(c *livedesk.Config) { c.UploadURL = "off" })
	_, err = off.Upload(t.Context(), livedesk.File{Body: iotest.ErrReader(errors.New("read"))})
	require.ErrorIs(t, err, livedesk.ErrNoUpload)
	require.Equal(t, livedesk.Refused, livedesk.KindOf(err))
}

func TestAFileThatCannotBeReadWasNotSent(t *testing.T) {
	t.Parallel()
	gone := errors.New("gone")
	client := setup(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	for _, size := range []int64{-1, 1 << 20} {
		body := io.MultiReader(strings.NewReader(strings.Repeat("a", 100_000)), iotest.ErrReader(gone))
		_, err := client.Upload(t.Context(), livedesk.File{Size: size, Body: body})
		require.ErrorIs(t, err, gone)
		require.Equal(t, livedesk.NotSent, livedesk.KindOf(err))
	}
}

func TestARefusalIsHeardBeforeALargeFileIsThrough(t *testing.T) {
	t.Parallel()
	for _, size := range []int64{-1, 20 << 20} {
		client := setup(t, reply(413, `{"message":"too large"}`))
		_, err := client.Upload(t.Context(), livedesk.File{Size: size, Body: io.LimitReader(zeros{}, 20<<20)})
		e := failure(t, err)
		require.Equal(t, livedesk.Refused, e.Kind, err)
		require.Equal(t, "too large", e.Message)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// Not parallel: it measures what the whole process allocates.
func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	const size = 100 << 20
	lengths := make(chan int64, 1)
	client := setup(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		lengths <- n
		reply(200, `{"file_url":"a"}`)(w, r)
	})
	var before, after runtime.MemStats
	for _, told := range []int64{-1, size} {
		runtime.ReadMemStats(&before)
		_, err := client.Upload(t.Context(), livedesk.File{Size: told, Body: io.LimitReader(zeros{}, size)})
		runtime.ReadMemStats(&after)
		require.NoError(t, err)
		require.Greater(t, <-lengths, int64(size))
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(2<<20))
	}
}
