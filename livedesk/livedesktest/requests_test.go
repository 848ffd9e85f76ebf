package livedesktest_test

import (
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"livedeskbot/livedesk/livedesktest"

	"github.com/stretchr/testify/require"
)

// direct asks a desk without a network in between.
type direct struct{ *livedesktest.Desk }

func (d direct) do(method, path, body string) result {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.SetBasicAuth(livedesktest.DefaultKey, livedesktest.DefaultSecret)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return result{w.Code, w.Header(), w.Body.String()}
}

func TestTheBusiestSecondIsFoundWhereverItBegins(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := direct{livedesktest.New(livedesktest.Options{})}
		send := func(n int, after time.Duration) {
			time.Sleep(after)
			for range n {
				d.do(http.MethodGet, ticketsPath+"/tk_1", "")
			}
		}
		send(2, 0)
		send(3, 900*time.Millisecond)
		send(4, 99*time.Millisecond)
		require.Equal(t, 9, d.MaxPerSecond())
		send(6, time.Millisecond) // the first two are a whole second ago
		require.Equal(t, 13, d.MaxPerSecond())
		d.do(http.MethodGet, "/files/f/a.txt", "") // no request to the API
		require.Equal(t, 13, d.MaxPerSecond())
		send(1, time.Hour)
		require.Equal(t, 13, d.MaxPerSecond())
		d.ForgetRequests()
		send(1, 0)
		require.Equal(t, 1, d.MaxPerSecond())
	})
}

func TestTheLogTellsWhatArrived(t *testing.T) {
	t.Parallel()
	d := direct{livedesktest.New(livedesktest.Options{})}
	d.Trouble(livedesktest.Create, 1, livedesktest.Refuse(http.StatusBadGateway, livedesktest.HTML))
	d.do(http.MethodPost, ticketsPath, smallCreate)
	d.do(http.MethodPost, ticketsPath, smallCreate)
	d.do(http.MethodGet, ticketsPath+"/tk_1", "")
	log := d.Requests()
	require.Len(t, log, 3)
	for i := range log {
		require.WithinDuration(t, time.Now(), log[i].Time, time.Minute)
		log[i].Time = time.Time{}
	}
	require.Equal(t, []livedesktest.Request{
		{Number: 1, Op: livedesktest.Create, Method: http.MethodPost, Path: ticketsPath, Ref: "r1", Faults: "Refuse(502)", Status: 502},
		{Number: 2, Op: livedesktest.Create, Method: http.MethodPost, Path: ticketsPath, Ref: "r1", Status: 200},
		{Number: 3, Op: livedesktest.Get, Method: http.MethodGet, Path: ticketsPath + "/tk_1", Status: 404},
	}, log)
	require.Equal(t, 2, d.Seen(livedesktest.Create))
	require.Equal(t, 3, d.Seen(livedesktest.Any))
}

func TestAwaitWakesUpAndGivesUp(t *testing.T) {
	t.Parallel()
	b := setup(t, livedesktest.Options{})
	done := make(chan error, 1)
	go func() { done <- b.Await(t.Context(), func() bool { return b.Count() == 2 }) }()
	b.create(t, smallCreate)
	b.create(t, smallCreate)
	require.NoError(t, <-done)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, b.Await(ctx, func() bool { return false }), context.Canceled)
}

func TestAwaitWakesUpWhenTheWorkIsDone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := livedesktest.New(livedesktest.Options{})
		body, client := io.Pipe()
		form := multipart.NewWriter(client)
		r := httptest.NewRequest(http.MethodPost, uploadPath, body)
		r.SetBasicAuth(livedesktest.DefaultKey, livedesktest.DefaultSecret)
		r.Header.Set("Content-Type", form.FormDataContentType())
		done := make(chan error, 1)
		go func() { done <- d.Await(t.Context(), func() bool { return len(d.Uploads()) == 1 }) }()
		go d.ServeHTTP(httptest.NewRecorder(), r)
		synctest.Wait() // the request has arrived and the desk waits for its body
		require.Empty(t, done)

		_, err := form.CreateFormFile("attachment", "a.txt")
		require.NoError(t, err)
		require.NoError(t, form.Close())
		require.NoError(t, client.Close())
		require.NoError(t, <-done)
	})
}

func BenchmarkCreate(b *testing.B) {
	d := direct{livedesktest.New(livedesktest.Options{})}
	b.ReportAllocs()
	for b.Loop() {
		if got := d.do(http.MethodPost, ticketsPath, japaneseCreate); got.status != http.StatusOK {
			b.Fatal(got.body)
		}
	}
}

func BenchmarkGet(b *testing.B) {
	d := direct{livedesktest.New(livedesktest.Options{})}
	d.do(http.MethodPost, ticketsPath, japaneseCreate)
	path := ticketsPath + "/" + d.Tickets()[0].ID
	b.ReportAllocs()
	for b.Loop() {
		d.do(http.MethodGet, path, "")
	}
}
