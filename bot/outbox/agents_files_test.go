package outbox_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/livedesk/livedesktest"
)

func TestAnAgentsFileIsNeverFetchedFromTheInside(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "curious")
	var asked atomic.Int32
	inside := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = rw.Write([]byte("a secret of the inside"))
	}))
	t.Cleanup(inside.Close)
	for name, address := range map[string]string{
		"loopback.txt": inside.URL + "/loopback.txt",
		"name.txt":     strings.Replace(inside.URL, "127.0.0.1", "localhost", 1) + "/name.txt",
		"metadata.txt": "http://169.254.169.254/latest/meta-data/metadata.txt",
	} {
		_, err := w.Desk.Reply(number, "Kenji", "look at "+name, livedesktest.File{URL: address, Name: name})
		require.NoError(t, err)
		w.Hears(chat, "📎 "+name)
	}

	// LiveDesk's own host may be anywhere, but where it sends us is looked at again.
	w.Desk.Trouble(livedesktest.Download, 1, livedesktest.Redirect(http.StatusFound, inside.URL))
	_, err := w.Desk.Reply(number, "Kenji", "", livedesktest.File{Name: "sent-on.txt", Content: []byte("x")})
	require.NoError(t, err)
	w.Hears(chat, "📎 sent-on.txt")
	_, err = w.Desk.Reply(number, "Kenji", "", livedesktest.File{Name: "own.txt", Content: []byte("own")})
	require.NoError(t, err)
	w.Eventually(func() bool { return w.Files(chat) == 1 }, "LiveDesk's own file does not come")
	require.Zero(t, asked.Load())
	require.Contains(t, w.Logs.String(), "not a public address")
	require.NotContains(t, w.Logs.String(), "loopback.txt", "an address may be signed")
}
