package service

import (
	"context"
	"io"
	"log/slog"
)

func check(ctx context.Context, c config, log *slog.Logger, stdout io.Writer) error { return nil }
