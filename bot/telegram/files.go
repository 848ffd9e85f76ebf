package telegram

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	tg "github.com/go-telegram/bot"
)

// Why a file cannot be had.
var (
	// ErrTooBig says that Telegram does not hand out a file of this size to bots.
	ErrTooBig = errors.New("file too big")
	// ErrExpired says that Telegram does not have a file any more.
	ErrExpired = errors.New("file expired")
	// ErrDownload says that Telegram's side of a transfer broke.
	ErrDownload = errors.New("download")
)

// Open opens a file at Telegram for reading and returns its size in bytes, -1 where that is not known. No error and no log
// ever holds the link: it contains the token. ErrTooBig, ErrExpired: it never can be had.
// https://core.telegram.org/bots/api#getfile
func (c *Client) Open(ctx context.Context, id string) (body io.ReadCloser, size int64, err error) {
	file, err := c.GetFile(ctx, &tg.GetFileParams{FileID: id})
	switch {
	case err != nil && errors.Is(err, tg.ErrorBadRequest) && strings.Contains(err.Error(), "too big"):
		return nil, 0, ErrTooBig
	case err != nil && errors.Is(err, tg.ErrorBadRequest):
		return nil, 0, ErrExpired
	case err != nil:
		return nil, 0, c.Redact(err)
	}
	return c.openPath(ctx, file.FilePath)
}

// openPath reads a file by the path that getFile gave. A self-hosted server in local mode gives a path on its disk.
func (c *Client) openPath(ctx context.Context, filePath string) (io.ReadCloser, int64, error) {
	if filepath.IsAbs(filePath) {
		f, err := os.Open(filePath)
		if err != nil {
			return nil, 0, errors.New("the Bot API server's file cannot be read here: in local mode its folder must be shared with the bot")
		}
		return f, -1, nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.api+"/file/bot"+c.token+"/"+filePath, nil)
	if err != nil {
		return nil, 0, errors.New("download: bad path")
	}
	res, err := c.files.Do(req)
	if err != nil {
		return nil, 0, c.Redact(fmt.Errorf("download: %w", errors.Unwrap(err)))
	}
	switch res.StatusCode {
	case http.StatusOK:
		return sealed{res.Body, c}, res.ContentLength, nil
	case http.StatusNotFound, http.StatusGone:
		err = ErrExpired
	default:
		err = fmt.Errorf("download: status %d", res.StatusCode)
	}
	res.Body.Close()
	return nil, 0, err
}

// sealed keeps the token out of errors of reading a download, which travel through LiveDesk's client.
type sealed struct {
	io.ReadCloser
	client *Client
}

func (s sealed) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("%w: %w", ErrDownload, s.client.Redact(err))
	}
	return n, err
}
