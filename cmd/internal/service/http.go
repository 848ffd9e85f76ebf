package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"livedeskbot/bot"
)

// closeTimeout is how long requests in hand may take once the bot has stopped: they can only be answers to probes and
// scrapes then, and bodies that somebody sends slowly.
const closeTimeout = 3 * time.Second

// server is what LISTEN_ADDR offers: health, readiness, metrics and the webhooks.
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
	return &server{
		http: &http.Server{
			Handler: routes(c, b), MaxHeaderBytes: 64 << 10,
			ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute,
			ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug), // what strangers do to an open port
		},
		listener: listener, log: log,
	}, nil
}

func routes(c config, b *bot.Bot) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "alive") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := b.Ready(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ready")
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(b.Metrics(), promhttp.HandlerOpts{}))
	if c.telegramWebhook != "" {
		mux.Handle("/telegram", b.Webhook())
	}
	if c.desk.webhookSecret != "" {
		mux.Handle("/livedesk/{secret}", b.DeskWebhook())
	}
	return mux
}

// serve answers until ctx ends, and lets requests in hand finish.
func (s *server) serve(ctx context.Context) error {
	s.log.Info("listening", "address", s.listener.Addr().String())
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(closed)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		if s.http.Shutdown(ctx) != nil {
			_ = s.http.Close()
		}
	})
	if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		stop()
		return err
	}
	<-closed // Serve returns when closing begins
	return nil
}
