package livedesktest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"livedeskbot/livedesk/livedesktest"

	"github.com/stretchr/testify/require"
)

func TestEachFaultShowsTheClientWhatItSaysAndStoresWhatItSays(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		fault  livedesktest.Fault
		stored int
		check  func(*testing.T, result)
	}{
		"a page from the gateway": {
			livedesktest.Refuse(502, livedesktest.HTML), 0,
			func(t *testing.T, r result) {
				require.Equal(t, 502, r.status)
				require.Equal(t, "text/html; charset=utf-8", r.header.Get("Content-Type"))
				require.Contains(t, r.body, "<html>")
			},
		},
		"a page with status 200": {
			livedesktest.Refuse(200, livedesktest.HTML), 0,
			func(t *testing.T, r result) { require.Equal(t, 200, r.status); require.Contains(t, r.body, "<html>") },
		},
		"unauthorized in the envelope": {
			livedesktest.Refuse(401, livedesktest.Envelope), 0,
			func(t *testing.T, r result) {
				require.Equal(t, 401, r.status)
				require.JSONEq(t, `{"code":2001,"message":"Unauthorized"}`, r.body)
			},
		},
		"unauthorized as an error": {
			livedesktest.Refuse(401, livedesktest.ErrorObject), 0,
			func(t *testing.T, r result) { require.JSONEq(t, `{"error":"Unauthorized"}`, r.body) },
		},
		"unauthorized as a list": {
			livedesktest.Refuse(401, livedesktest.ErrorList), 0,
			func(t *testing.T, r result) { require.JSONEq(t, `{"errors":["Unauthorized"]}`, r.body) },
		},
		"invalid with attributes": {
			livedesktest.Refuse(422, livedesktest.Attributes), 0,
			func(t *testing.T, r result) {
				require.JSONEq(t, `{"message":"Unprocessable Entity","attributes":["base"]}`, r.body)
			},
		},
		"unauthorized without a body": {
			livedesktest.Refuse(401, livedesktest.Empty), 0,
			func(t *testing.T, r result) { require.Equal(t, 401, r.status); require.Empty(t, r.body) },
		},
		"an error after the work": {
			livedesktest.StoreThenRefuse(500, livedesktest.PlainText), 1,
			func(t *testing.T, r result) { require.Equal(t, 500, r.status) },
		},
		"rate limit with a time": {
			livedesktest.RateLimit(1500 * time.Millisecond), 0,
			func(t *testing.T, r result) {
				require.Equal(t, 429, r.status)
				require.Equal(t, "2", r.header.Get("Retry-After"))
			},
		},
		"rate limit without a time": {
			livedesktest.RateLimit(0), 0,
			func(t *testing.T, r result) {
				require.Equal(t, 429, r.status)
				require.NotContains(t, r.header, "Retry-After")
			},
		},
		"rate limit with a date": {
			livedesktest.RateLimitUntil(time.Date(2025, 11, 4, 9, 0, 0, 0, time.UTC)), 0,
			func(t *testing.T, r result) {
				require.Equal(t, "Tue, 04 Nov 2025 09:00:00 GMT", r.header.Get("Retry-After"))
			},
		},
		"rate limit as a code": {
			livedesktest.RateLimitCode(), 0,
			func(t *testing.T, r result) {
				require.Equal(t, 400, r.status)
				require.EqualValues(t, 3004, r.json(t)["code"])
			},
		},
		"unavailable": {
			livedesktest.Unavailable(time.Second), 0,
			func(t *testing.T, r result) {
				require.Equal(t, 503, r.status)
				require.Equal(t, "1", r.header.Get("Retry-After"))
			},
		},
		"an error code with status 200": {
			livedesktest.ErrorCode(3003, "no"), 0,
			func(t *testing.T, r result) {
				require.Equal(t, 200, r.status)
				require.JSONEq(t, `{"code":3003,"message":"no"}`, r.body)
			},
		},
		"the code as text": {
			livedesktest.Code(`"0"`), 1,
			func(t *testing.T, r result) { require.Equal(t, "0", r.json(t)["code"]) },
		},
		"no code": {
			livedesktest.Code(""), 1,
			func(t *testing.T, r result) {
				require.NotContains(t, r.json(t), "code")
				require.Contains(t, r.json(t), "data")
			},
		},
		"no ticket id": {
			livedesktest.NoTicketID(), 1,
			func(t *testing.T, r result) {
				require.JSONEq(t, `{"code":0,"message":"Success","data":{"message":"Ticket created successfully"}}`, r.body)
			},
		},
		"no data": {
			livedesktest.NoData(), 1,
			func(t *testing.T, r result) { require.JSONEq(t, `{"code":0,"message":"Success","data":null}`, r.body) },
		},
		"half of the answer": {
			livedesktest.Truncated(), 1,
			func(t *testing.T, r result) {
				require.Equal(t, 200, r.status)
				require.NotEmpty(t, r.body)
				require.False(t, json.Valid([]byte(r.body)))
			},
		},
		"a large answer": {
			livedesktest.HugeBody(3 << 20), 1,
			func(t *testing.T, r result) {
				require.Greater(t, len(r.body), 3<<20)
				require.Contains(t, r.data(t), "ticket_id")
			},
		},
		"another content type": {
			livedesktest.ContentType("text/html"), 1,
			func(t *testing.T, r result) {
				require.Equal(t, "text/html", r.header.Get("Content-Type"))
				require.Contains(t, r.data(t), "ticket_id")
			},
		},
		"created": {
			livedesktest.Status(201), 1,
			func(t *testing.T, r result) {
				require.Equal(t, 201, r.status)
				require.Contains(t, r.data(t), "ticket_id")
			},
		},
		"no content": {
			livedesktest.Status(204), 1,
			func(t *testing.T, r result) { require.Equal(t, 204, r.status); require.Empty(t, r.body) },
		},
		"a redirect": {
			livedesktest.Redirect(307, "https://elsewhere.example/"), 0,
			func(t *testing.T, r result) {
				require.Equal(t, 307, r.status)
				require.Equal(t, "https://elsewhere.example/", r.header.Get("Location"))
			},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, livedesktest.Options{})
			b.Trouble(livedesktest.Create, 1, c.fault)
			c.check(t, b.do(t, http.MethodPost, ticketsPath, smallCreate))
			require.Equal(t, c.stored, b.Count())
			b.create(t, smallCreate) // the trouble was for one request only
		})
	}
}

func TestACutConnectionIsAnErrorWhetherTheTicketIsStoredOrNot(t *testing.T) {
	t.Parallel()
	for stored, faults := range map[int][]livedesktest.Fault{
		0: {livedesktest.Cut(), livedesktest.CutAfter(10)},
		1: {livedesktest.StoreThenLose(), livedesktest.CutAnswer()},
	} {
		for _, fault := range faults {
			b := setup(t, livedesktest.Options{})
			b.Trouble(livedesktest.Create, 1, fault)
			_, err := b.send(b.request(t, http.MethodPost, ticketsPath, smallCreate))
			require.Error(t, err, fault)
			require.Equal(t, stored, b.Count(), fault)
			require.Equal(t, map[string]int{"r1": 1}, b.Creates(), fault)
		}
	}
}

func TestAnAnswerThatNeverComesEndsWithTheClient(t *testing.T) {
	t.Parallel()
	for stored, fault := range []livedesktest.Fault{livedesktest.Hang(), livedesktest.StoreThenHang()} {
		b := setup(t, livedesktest.Options{})
		b.Trouble(livedesktest.Create, 1, fault)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		r := b.request(t, http.MethodPost, ticketsPath, smallCreate).WithContext(ctx)
		go func() {
			_, err := b.send(r)
			done <- err
		}()
		require.NoError(t, b.Await(t.Context(), func() bool {
			log := b.Requests()
			return len(log) == 1 && log[0].Faults != ""
		}))
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
		require.Equal(t, stored, b.Count())
		require.Zero(t, b.Requests()[0].Status)
	}
}

func TestAHeldAnswerComesWhenItIsReleased(t *testing.T) {
	t.Parallel()
	b := setup(t, livedesktest.Options{})
	release := make(chan struct{})
	b.Trouble(livedesktest.Create, 1, livedesktest.Hold(release))
	r := b.request(t, http.MethodPost, ticketsPath, smallCreate)
	done := make(chan result, 1)
	go func() {
		got, _ := b.send(r)
		done <- got
	}()
	require.NoError(t, b.Await(t.Context(), func() bool { return b.Count() == 1 }))
	require.Empty(t, done)
	close(release)
	require.Equal(t, http.StatusOK, (<-done).status)
}

func TestClearCutsWhatIsHeld(t *testing.T) {
	t.Parallel()
	b := setup(t, livedesktest.Options{})
	b.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.StoreThenHang())
	r := b.request(t, http.MethodPost, ticketsPath, smallCreate)
	done := make(chan error, 1)
	go func() {
		_, err := b.send(r)
		done <- err
	}()
	require.NoError(t, b.Await(t.Context(), func() bool { return b.Count() == 1 }))
	b.Clear()
	require.ErrorIs(t, <-done, io.EOF) // rather than the client's own time-out
	b.create(t, smallCreate)
}

func TestASlowDeskWorksAtOnceAndAnswersLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := direct{livedesktest.New(livedesktest.Options{})}
		d.Trouble(livedesktest.Any, livedesktest.Always, livedesktest.Slow(2*time.Second))
		d.Trouble(livedesktest.Create, 1, livedesktest.Slow(time.Second))
		start := time.Now()
		go func() { d.do(http.MethodPost, ticketsPath, smallCreate) }()
		synctest.Wait()
		require.Equal(t, 1, d.Count())
		synctest.Wait()
		d.do(http.MethodPost, ticketsPath, smallCreate)
		require.Equal(t, 2*time.Second, time.Since(start))
		time.Sleep(time.Second) // the first request is answered now: it got both delays
		synctest.Wait()
	})
}

func TestTroublesApplyToTheirOperationInOrderAndForTheirNumber(t *testing.T) {
	t.Parallel()
	d := direct{livedesktest.New(livedesktest.Options{})}
	d.Trouble(livedesktest.Update, livedesktest.Always, livedesktest.Refuse(500, livedesktest.Empty))
	end := d.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.NoTicketID())
	d.Trouble(livedesktest.Any, 2, livedesktest.Status(201))

	got := d.do(http.MethodPost, ticketsPath, smallCreate)
	require.Equal(t, 201, got.status)
	require.NotContains(t, got.data(t), "ticket_id")
	require.Equal(t, 500, d.do(http.MethodPut, ticketsPath+"/tk_1", smallCreate).status)
	require.Equal(t, 201, d.do(http.MethodGet, ticketsPath+"/"+d.Tickets()[0].ID, "").status)

	got = d.do(http.MethodPost, ticketsPath, smallCreate)
	require.Equal(t, 200, got.status)
	require.NotContains(t, got.data(t), "ticket_id")
	end()
	end()
	require.Contains(t, d.do(http.MethodPost, ticketsPath, smallCreate).data(t), "ticket_id")
	require.Equal(t, 500, d.do(http.MethodPut, ticketsPath+"/tk_1", smallCreate).status)
	d.Clear()
	require.Equal(t, 400, d.do(http.MethodPut, ticketsPath+"/tk_1", smallCreate).status)
	log := d.Requests()
	require.Equal(t, "NoTicketID Status(201)", log[0].Faults)
}

func TestChaosIsTheSameForTheSameSeed(t *testing.T) {
	t.Parallel()
	play := func(seed uint64) (faults []string, created int) {
		d := direct{livedesktest.New(livedesktest.Options{})}
		d.Chaos(seed,
			livedesktest.Chance{Of: 0.3, Op: livedesktest.Create, Fault: livedesktest.Refuse(500, livedesktest.Empty)},
			livedesktest.Chance{Of: 0.3, Op: livedesktest.Get, Fault: livedesktest.Refuse(502, livedesktest.Empty)},
			livedesktest.Chance{Of: 0.2, Fault: livedesktest.StoreThenRefuse(503, livedesktest.Empty)},
		)
		for range 1000 {
			d.do(http.MethodPost, ticketsPath, smallCreate)
		}
		for _, r := range d.Requests() {
			faults = append(faults, r.Faults)
		}
		return faults, d.Count()
	}
	first, created := play(1)
	again, createdAgain := play(1)
	other, _ := play(2)
	require.Equal(t, first, again)
	require.Equal(t, created, createdAgain)
	require.NotEqual(t, first, other)
	require.NotContains(t, first, "Refuse(502)")
	require.InDelta(t, 700, created, 60)
	answered := 0
	for _, fault := range first {
		if fault == "" {
			answered++
		}
	}
	require.InDelta(t, 500, answered, 60)
}

func TestTheDeskKnowsTheTruthInAStorm(t *testing.T) {
	t.Parallel()
	b := setup(t, livedesktest.Options{})
	b.Chaos(1, livedesktest.Storm(0.5)...)
	var wg sync.WaitGroup
	confirmed := make([]bool, 100)
	for i := range confirmed {
		body := strings.Replace(smallCreate, `"r1"`, fmt.Sprintf(`"r%d"`, i), 1)
		r := b.request(t, http.MethodPost, ticketsPath, body)
		wg.Go(func() {
			got, err := b.send(r)
			confirmed[i] = err == nil && got.status == 200 && json.Valid([]byte(got.body))
		})
	}
	wg.Wait()
	tickets := map[string]int{}
	for _, k := range b.Tickets() {
		tickets[k.Ref]++
	}
	for i, ok := range confirmed {
		ref := fmt.Sprintf("r%d", i)
		require.LessOrEqual(t, tickets[ref], 1)
		require.Equal(t, 1, b.Creates()[ref])
		if ok {
			require.Equal(t, 1, tickets[ref], ref)
		}
	}
	b.Chaos(0)
	b.create(t, smallCreate)
}

func TestAHundredMegabytesTakeNoMemory(t *testing.T) {
	t.Parallel()
	b := setup(t, livedesktest.Options{})
	b.Trouble(livedesktest.Create, 1, livedesktest.HugeBody(100<<20))
	response, err := b.client.Do(b.request(t, http.MethodPost, ticketsPath, smallCreate))
	require.NoError(t, err)
	defer response.Body.Close()
	size, err := io.Copy(io.Discard, response.Body)
	require.NoError(t, err)
	require.Equal(t, response.ContentLength, size)
	require.Greater(t, size, int64(100<<20))
}

func TestTroubleAboutOneTicketHitsNoOther(t *testing.T) {
	t.Parallel()
	b := setup(t, livedesktest.Options{})
	one, other := b.create(t, japaneseCreate), b.create(t, japaneseCreate)
	b.Trouble(livedesktest.Get, 1, livedesktest.Refuse(403, livedesktest.HTML).About(one))
	b.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Refuse(403, livedesktest.HTML).About("DROP TABLE"))
	require.Equal(t, other, b.details(t, other)["ticket_id"])
	require.Equal(t, 403, b.do(t, "GET", "/api/v2/accounts/tickets/"+one, "").status)
	require.Equal(t, one, b.details(t, one)["ticket_id"], "it hits as often as ordered")
	require.Equal(t, 403, b.do(t, "POST", "/api/v2/accounts/tickets", `{"title":"DROP TABLE x"}`).status)
	b.create(t, japaneseCreate)
}
