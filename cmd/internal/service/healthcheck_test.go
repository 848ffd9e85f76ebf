package service

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHealthcheckAsksTheServiceAtItsAddress(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	address := server.Listener.Addr().String()
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	for _, listen := range []string{address, ":" + port, "0.0.0.0:" + port} {
		require.Equal(t, exitOK, runHealthcheck(t, listen, io.Discard), listen)
	}
}

func TestHealthcheckFailsWhere(t *testing.T) {
	t.Parallel()
	ill := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }))
	t.Cleanup(ill.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for name, c := range map[string]struct {
		listen string
		status int
		says   string
	}{
		"the service is ill":                 {ill.Listener.Addr().String(), exitFailed, "500"},
		"nobody listens":                     {gone.Listener.Addr().String(), exitFailed, "refused"},
		"the address of the service is none": {"8080", exitSettings, "LISTEN_ADDR"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stderr bytes.Buffer
			require.Equal(t, c.status, runHealthcheck(t, c.listen, &stderr))
			require.Contains(t, stderr.String(), c.says)
			require.Equal(t, 1, strings.Count(stderr.String(), "\n"), "one line")
		})
	}
}

// runHealthcheck runs the program with LISTEN_ADDR and no other setting.
func runHealthcheck(t *testing.T, listen string, stderr io.Writer) int {
	t.Helper()
	getenv := func(name string) string { return map[string]string{"LISTEN_ADDR": listen}[name] }
	return Run(t.Context(), []string{healthCommand}, getenv, io.Discard, stderr)
}
