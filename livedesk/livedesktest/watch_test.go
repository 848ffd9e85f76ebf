package livedesktest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/livedesk/livedesktest"
)

func TestSinceReturnsWhatIsNewAndWhatHasChanged(t *testing.T) {
	t.Parallel()
	b := setup(t, livedesktest.Options{})
	first, second := b.create(t, "{"+small+"}"), b.create(t, "{"+small+"}")
	all, gone, revision := b.Since(0)
	require.Len(t, all, 2)
	require.Empty(t, gone)
	none, _, same := b.Since(revision)
	require.Empty(t, none)
	require.Equal(t, revision, same)

	require.NoError(t, b.SetStatus(second, "pending"))
	require.NoError(t, b.Delete(first))
	changed, gone, later := b.Since(revision)
	require.Len(t, changed, 1)
	require.Equal(t, "pending", changed[0].Status)
	require.Equal(t, []string{first}, gone)
	_, gone, _ = b.Since(later)
	require.Empty(t, gone)
	b.do(t, "PUT", ticketsPath+"/"+second, `{"title":"New","description":""}`)
	changed, _, _ = b.Since(later)
	require.Len(t, changed, 1)
	require.Equal(t, "New", changed[0].Title)
}

func TestTheJSONOfATicketIsWhatAClientReads(t *testing.T) {
	t.Parallel()
	b := setup(t, livedesktest.Options{})
	id := b.create(t, "{"+small+"}")
	_, err := b.Reply(id, "Sam", "see there", livedesktest.File{Name: "a.txt", Type: "text/plain", Content: []byte("content")})
	require.NoError(t, err)
	shown, ok := b.JSON(id, b.url)
	require.True(t, ok)
	require.JSONEq(t, b.do(t, "GET", ticketsPath+"/"+id, "").body, string(shown))
	_, ok = b.JSON("tk_never", b.url)
	require.False(t, ok)

	ticket, _ := b.Ticket(id)
	file, ok := b.File(ticket.Messages[0].Files[0].URL)
	require.True(t, ok)
	require.Equal(t, "content", string(file.Content))
	_, ok = b.File("/files/never/a.txt")
	require.False(t, ok)
}

func TestRequestsAreNumbered(t *testing.T) {
	t.Parallel()
	b := setup(t, livedesktest.Options{})
	for range 3 {
		b.create(t, "{"+small+"}")
	}
	require.Len(t, b.RequestsSince(0), 3)
	last := b.RequestsSince(2)
	require.Len(t, last, 1)
	require.Equal(t, 3, last[0].Number)
	require.Empty(t, b.RequestsSince(3))
	b.ForgetRequests()
	require.Empty(t, b.RequestsSince(0))
	b.create(t, "{"+small+"}")
	require.Equal(t, 4, b.RequestsSince(3)[0].Number)
}
