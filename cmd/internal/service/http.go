package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"livedeskbot/bot"
)

// server is what LISTEN_ADDR offers: health, readiness, metrics and the webhook.
type server struct {
	http     *http.Server
	listener net.Listener
	log      *slog.Logger
}

// listen opens the address, so that a port in use is an error before anything else is begun.
func listen(c config, b *bot.Bot, log *slog.Logger) (*server, error) {
	listener, err := net.Listen("tcp", c.listen)
	if err != nil {
		return nil, fmt.Errorf("LISTEN_ADDR: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "alive") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := b.Ready(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ready")
	})
	return &server{
		http:     &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, MaxHeaderBytes: 64 << 10},
		listener: listener, log: log,
	}, nil
}

// serve answers until ctx ends, and lets requests in hand finish.
func (s *server) serve(ctx context.Context) error {
	s.log.Info("listening", "address", s.listener.Addr().String())
	stop := context.AfterFunc(ctx, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), bot.Shutdown)
		defer cancel()
		_ = s.http.Shutdown(ctx) // what is left then ends with the process
	})
	defer stop()
	if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
