package livedesktest_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"testing"

	"livedeskbot/livedesk/livedesktest"

	"github.com/stretchr/testify/require"
)

// uploadPath is inferred; the vendor's pages name only "/upload".
const uploadPath = "/api/v2/accounts/upload"

// part is one part of a form.
type part struct{ field, name, kind, content string }

func (b bench) form(t *testing.T, parts ...part) *http.Request {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, p := range parts {
		header := textproto.MIMEHeader{}
		header.Set("Content-Disposition", multipart.FileContentDisposition(p.field, p.name))
		if p.kind != "" {
			header.Set("Content-Type", p.kind)
		}
		to, err := w.CreatePart(header)
		require.NoError(t, err)
		_, err = to.Write([]byte(p.content))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	r := b.request(t, http.MethodPost, uploadPath, body.String())
	r.Header.Set("Content-Type", w.FormDataContentType())
	return r
}

func (b bench) upload(t *testing.T, parts ...part) result {
	t.Helper()
	got, err := b.send(b.form(t, parts...))
	require.NoError(t, err)
	return got
}

// fetch follows a link to a file, without credentials.
func (b bench) fetch(t *testing.T, address string) result {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	require.NoError(t, err)
	got, err := b.send(r)
	require.NoError(t, err)
	return got
}

func TestAnUploadCanBeReferencedAndViewed(t *testing.T) {
	t.Parallel()
	b := setup(t, livedesktest.Options{})
	got := b.upload(t, part{"attachment", "スキャン 1.png", "image/png", "content"})
	require.Equal(t, http.StatusOK, got.status, got.body)
	address, _ := got.json(t)["file_url"].(string)
	require.True(t, strings.HasPrefix(address, b.url+"/files/"), address)

	view := b.fetch(t, address)
	require.Equal(t, "content", view.body)
	require.Equal(t, "image/png", view.header.Get("Content-Type"))

	hash := sha256.Sum256([]byte("content"))
	file := b.Uploads()[0]
	require.Equal(t, "スキャン 1.png", file.Name)
	require.Equal(t, int64(7), file.Size)
	require.Equal(t, hex.EncodeToString(hash[:]), file.SHA256)
	require.Equal(t, address, file.URL)

	id := b.create(t, fmt.Sprintf(`{%s,"attachments":[{"file_url":%q}]}`, small, address))
	require.Equal(t, []any{map[string]any{
		"file_name": "スキャン 1.png", "file_type": "image/png", "file_size": "7", "file_url": address,
	}}, b.details(t, id)["attachments"])
	b.SetDrift(livedesktest.Drift{FileSize: livedesktest.Number})
	require.Equal(t, 7.0, b.details(t, id)["attachments"].([]any)[0].(map[string]any)["file_size"])
	b.SetDrift(livedesktest.Drift{BareFiles: true})
	require.Equal(t, []any{map[string]any{"file_url": address}}, b.details(t, id)["attachments"])
}

func TestABadUploadIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t, livedesktest.Options{MaxUpload: 10})
	for name, c := range map[string]struct {
		parts  []part
		status int
	}{
		"no part":         {nil, 400},
		"other field":     {[]part{{"file", "a.txt", "text/plain", "x"}}, 400},
		"no name":         {[]part{{"attachment", "", "text/plain", "x"}}, 400},
		"no content type": {[]part{{"attachment", "a.txt", "", "x"}}, 400},
		"two parts":       {[]part{{"attachment", "a.txt", "text/plain", "x"}, {"attachment", "b.txt", "text/plain", "x"}}, 400},
		"too large":       {[]part{{"attachment", "a.txt", "text/plain", "12345678901"}}, 413},
	} {
		require.Equal(t, c.status, b.upload(t, c.parts...).status, name)
	}
	require.Equal(t, http.StatusUnsupportedMediaType, b.do(t, http.MethodPost, uploadPath, `{}`).status)
	r := b.form(t, part{"attachment", "a.txt", "text/plain", "x"})
	r.Header.Del("Authorization")
	got, err := b.send(r)
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, got.status)
	require.Empty(t, b.Uploads())
}

func TestAnIncompleteUploadIsNotStored(t *testing.T) {
	t.Parallel()
	b := setup(t, livedesktest.Options{})
	for _, lost := range []int{1, 30, 90} {
		whole := b.form(t, part{"attachment", "a.txt", "text/plain", "some content"})
		body, err := whole.GetBody()
		require.NoError(t, err)
		var content bytes.Buffer
		_, err = content.ReadFrom(body)
		require.NoError(t, err)
		content.Truncate(content.Len() - lost - len("\r\n"))
		r := b.request(t, http.MethodPost, uploadPath, content.String())
		r.Header.Set("Content-Type", whole.Header.Get("Content-Type"))
		got, err := b.send(r)
		require.NoError(t, err)
		require.Equal(t, http.StatusBadRequest, got.status, lost)
	}
	require.Empty(t, b.Uploads())
}

func TestContentIsKeptWithinLimits(t *testing.T) {
	t.Parallel()
	b := setup(t, livedesktest.Options{KeepFile: 4, KeepFiles: 6})
	var addresses []string
	for _, content := range []string{"12345", "1234", "123", "12", ""} {
		got := b.upload(t, part{"attachment", "a.txt", "text/plain", content})
		require.Equal(t, http.StatusOK, got.status)
		addresses = append(addresses, got.json(t)["file_url"].(string))
	}
	for i, status := range []int{410, 200, 410, 200, 200} {
		require.Equal(t, status, b.fetch(t, addresses[i]).status, i)
	}
	require.Equal(t, int64(5), b.Uploads()[0].Size)
	require.Equal(t, http.StatusNotFound, b.fetch(t, b.url+"/files/none/a.txt").status)
}

func TestUploadMayNotBeOffered(t *testing.T) {
	t.Parallel()
	b := setup(t, livedesktest.Options{})
	b.SetUpload(false)
	require.Equal(t, http.StatusNotFound, b.upload(t, part{"attachment", "a.txt", "text/plain", "x"}).status)
	b.SetUpload(true)
	require.Equal(t, http.StatusOK, b.upload(t, part{"attachment", "a.txt", "text/plain", "x"}).status)
	require.Empty(t, b.Unknown())
}

func TestTheAnswerToAnUploadComesInSeveralShapes(t *testing.T) {
	t.Parallel()
	b := setup(t, livedesktest.Options{})
	file := part{"attachment", "a.txt", "text/plain", "x"}
	b.SetDrift(livedesktest.Drift{UploadUnder: "data", RelativeURLs: true})
	require.Regexp(t, `^/files/[^/]+/a.txt$`, b.upload(t, file).data(t)["file_url"])
	b.SetDrift(livedesktest.Drift{FileBase: "https://cdn.example"})
	require.Regexp(t, `^https://cdn.example/files/[^/]+/a.txt$`, b.upload(t, file).json(t)["file_url"])
}

func TestAnUploadCanFailHalfWay(t *testing.T) {
	t.Parallel()
	b := setup(t, livedesktest.Options{})
	b.Trouble(livedesktest.Upload, 1, livedesktest.CutAfter(1<<20))
	_, err := b.send(b.form(t, part{"attachment", "a.bin", "application/octet-stream", strings.Repeat("x", 8<<20)}))
	require.Error(t, err)
	require.Empty(t, b.Uploads())
}

func TestAClientThatLeavesInTheMiddleOfAnUploadIsNoticed(t *testing.T) {
	t.Parallel()
	desk := livedesktest.New(livedesktest.Options{})
	left := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(left)
		desk.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	b := bench{desk, server.URL, server.Client()}
	b.Trouble(livedesktest.Upload, 1, livedesktest.Hang())
	ctx, cancel := context.WithCancel(t.Context())
	r := b.form(t, part{"attachment", "a.bin", "application/octet-stream", strings.Repeat("x", 8<<20)}).WithContext(ctx)
	done := make(chan error, 1)
	go func() {
		_, err := b.send(r)
		done <- err
	}()
	require.NoError(t, b.Await(t.Context(), func() bool { return b.Seen(livedesktest.Upload) == 1 }))
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
	<-left
	require.Empty(t, b.Uploads())
}
