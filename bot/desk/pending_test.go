package desk

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"livedeskbot/bot/wait"
	"livedeskbot/storage"
)

// newUnread are nudges that nobody looks up.
func newUnread() *nudges {
	return &nudges{secret: "ours", metrics: newNudgeMetrics(prometheus.NewRegistry()), arrived: wait.NewSignal()}
}

func TestANudgeIsAPostOfLittleToTheSecretsPath(t *testing.T) {
	t.Parallel()
	n := newUnread()
	request := func(method, secret string, body io.Reader) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "/livedesk/", body)
		r.SetPathValue("secret", secret)
		w := httptest.NewRecorder()
		n.ServeHTTP(w, r)
		return w
	}
	post := func(secret, body string) int { return request("POST", secret, strings.NewReader(body)).Code }
	long := strings.Repeat(" ", maxNudge-len("tk_1"))
	require.Equal(t, http.StatusOK, post("ours", "tk_1"+long))
	require.Equal(t, [][]string{{"tk_1"}}, n.drain())
	require.Equal(t, http.StatusRequestEntityTooLarge, post("ours", "tk_1 "+long))
	require.Equal(t, http.StatusBadRequest, request("POST", "ours", iotest.ErrReader(io.ErrUnexpectedEOF)).Code)
	require.Equal(t, http.StatusNotFound, post("theirs", "tk_1"))
	require.Equal(t, http.StatusNotFound, request("GET", "theirs", nil).Code, "who does not know it learns nothing")
	get := request("GET", "ours", nil)
	require.Equal(t, http.StatusMethodNotAllowed, get.Code)
	require.Equal(t, "POST", get.Header().Get("Allow"))
	n.secret = ""
	require.Equal(t, http.StatusNotFound, post("", "tk_1"), "it is off")
	require.Empty(t, n.drain())
	require.Equal(t, 3.0, testutil.ToFloat64(n.metrics.requests.WithLabelValues("404")))
}

func TestNudgesBeyondAThousandWordsAreDropped(t *testing.T) {
	t.Parallel()
	n := newUnread()
	words := slices.Repeat([]string{"tk_1"}, 199)
	for range 5 { // each counts as one more, so that empty ones are not for free
		n.keep(words)
	}
	n.keep(nil)
	require.Equal(t, 1.0, testutil.ToFloat64(n.metrics.nudges.WithLabelValues(nudgeDropped)))
	require.Len(t, n.arrived, 1)
	require.Len(t, n.drain(), 5)
	n.keep(nil)
	require.Equal(t, [][]string{nil}, n.drain())
}

func TestOfANudgeTwentyWordsMayBeChats(t *testing.T) {
	t.Parallel()
	var many []string
	for id := range 30 {
		many = append(many, "tk_1", strings.Repeat("1", 1+id%18))
	}
	require.Empty(t, chatsIn(nil))
	require.Equal(t, []string{"-100", "7"}, chatsIn([][]string{{"-100", "007", "+7", "tk_7", "7", "99999999999999999999"}}))
	require.Len(t, chatsIn([][]string{many, {"-100"}, many}), maxChats+1+maxChats)
}

func TestOnlyNudgesOfWhichNoWordMeansATicketAreLeft(t *testing.T) {
	t.Parallel()
	all := [][]string{{"a", "b"}, nil, {"c"}}
	require.Equal(t, [][]string{nil, {"c"}}, without(all, []storage.Meant{{Word: "b"}}))
	require.Equal(t, all, without(all, nil))
}
