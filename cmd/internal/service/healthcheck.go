package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// healthCommand is the argument with which a container image without a shell asks the service in it whether it is alive.
// It reads LISTEN_ADDR and no other setting.
const healthCommand = "healthcheck"

// healthTimeout is longer than a busy service takes and shorter than container engines wait.
const healthTimeout = 3 * time.Second

// healthcheck asks /healthz of the service that listens on this machine at LISTEN_ADDR, and returns the exit status.
func healthcheck(ctx context.Context, getenv func(string) string, stderr io.Writer) int {
	r := &settings{getenv: getenv}
	address := r.listenAddress()
	if err := errors.Join(r.faults...); err != nil {
		fmt.Fprintln(stderr, err)
		return exitSettings
	}
	if err := alive(ctx, address); err != nil {
		fmt.Fprintln(stderr, "livedeskbot:", err)
		return exitFailed
	}
	return exitOK
}

// alive dials the address as it stands, because an address to listen on need not be one that a URL can hold: without a
// host it is ":8080". Proxies of the environment are not asked.
func alive(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", address)
	}}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://livedeskbot/healthz", nil)
	if err != nil {
		return err
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return fmt.Errorf("ask the service at %s whether it is alive: %w", address, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the service at %s answers %s", address, response.Status)
	}
	return nil
}
