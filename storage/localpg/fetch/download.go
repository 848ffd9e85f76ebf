package fetch

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// maxSize is far above what the archives have, which is some tens of megabytes.
const maxSize = 512 << 20

// checksums in the order of our liking. A Maven repository always has the last.
var checksums = []struct {
	suffix string
	hash   func() hash.Hash
}{{".sha256", sha256.New}, {".sha1", sha1.New}}

var errNotThere = errors.New("not there (404)")

// address follows the layout of Maven repositories.
func (s source) address() *url.URL {
	name := "embedded-postgres-binaries-" + s.platform
	return s.repository.JoinPath("io/zonky/test/postgres", name, version, name+"-"+version+".jar")
}

// download returns the archive after it has compared it with its checksum.
func (s source) download(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.patience, fmt.Errorf("too slow: not done after %s", s.patience))
	defer cancel()
	jar, err := get(ctx, s.address(), maxSize)
	if err != nil {
		return nil, err
	}
	for _, c := range checksums {
		address := s.address()
		address.Path += c.suffix
		text, err := get(ctx, address, 1024)
		if errors.Is(err, errNotThere) {
			continue
		}
		if err != nil {
			return nil, err
		}
		sum := c.hash()
		sum.Write(jar)
		want, _, _ := strings.Cut(strings.TrimSpace(string(text)), " ") // some have the name of the file behind it
		if !strings.EqualFold(want, hex.EncodeToString(sum.Sum(nil))) {
			return nil, fmt.Errorf("what came does not have the checksum in %s", address.Redacted())
		}
		return jar, nil
	}
	return nil, fmt.Errorf("there is no checksum for %s", s.address().Redacted())
}

func get(ctx context.Context, address *url.URL, limit int64) ([]byte, error) {
	content, err := read(ctx, address, limit)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("GET %s: %w", address.Redacted(), err)
	}
	return content, nil
}

func read(ctx context.Context, address *url.URL, limit int64) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, errors.Unwrap(err) // a *url.Error, which names the address as our caller does
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode == http.StatusNotFound:
		return nil, errNotThere
	case response.StatusCode != http.StatusOK:
		return nil, errors.New(response.Status)
	}
	content, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = fmt.Errorf("more than %d bytes", limit)
	}
	return content, err
}
