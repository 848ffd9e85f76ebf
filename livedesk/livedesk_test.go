package livedesk_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/livedesk"
)

// mount is deliberately not the root, so that an address built wrongly fails.
const mount = "/some/where/api/v2"

const (
	key    = "key-1f3a"
	secret = "secret:Ω-77"
)

// setup serves handler below mount and returns a client for it.
func setup(t *testing.T, handler http.HandlerFunc, changes ...func(*livedesk.Config)) *livedesk.Client {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(mount+"/accounts/", http.StripPrefix(mount, handler))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("request outside the API: %s %s", r.Method, r.URL.Path)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return connect(t, server.URL, changes...)
}

// connect returns a client for the API at mount on the given host.
func connect(t *testing.T, host string, changes ...func(*livedesk.Config)) *livedesk.Client {
	t.Helper()
	config := livedesk.Config{BaseURL: host + mount, Key: key, Secret: secret}
	for _, change := range changes {
		change(&config)
	}
	client, err := livedesk.New(config)
	require.NoError(t, err)
	return client
}

// reply answers every request alike. The headers are names and values in turn.
func reply(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func testdata(t testing.TB, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return string(content)
}

func failure(t *testing.T, err error) *livedesk.Error {
	t.Helper()
	var e *livedesk.Error
	require.ErrorAs(t, err, &e)
	return e
}

// valid is the least that can be sent.
var valid = livedesk.NewTicket{Title: "Paper jam", Requester: livedesk.Requester{EUID: "contact_12345"}}

// documented is the ticket of the vendor's create pages, which differ only in these texts.
func documented(title, description, follower, team, location string) livedesk.NewTicket {
	return livedesk.NewTicket{
		Title:       title,
		Description: description,
		Attachments: []livedesk.NewAttachment{{FileURL: "https://example.com/files/error.jpg"}},
		Requester: livedesk.Requester{
			EUID: "contact_12345",
			ChannelContacts: &livedesk.ChannelContact{
				ChannelID:    "inbox_100",
				ContactID:    "-1001234567890",
				SubContactID: "23232323",
				Followers:    []livedesk.Follower{{ID: "7562646527", Name: follower}},
			},
		},
		Submitter:      &livedesk.Member{ID: "u_12345"},
		AssignmentTeam: team,
		Priority:       livedesk.PriorityHigh,
		Type:           livedesk.TypeIncident,
		CustomFields:   map[string]string{"device_sn": "PRN-2024-001", "location": location},
	}
}

func TestCreateTicketSendsTheDocumentedRequestAndReadsTheDocumentedAnswer(t *testing.T) {
	t.Parallel()
	for language, ticket := range map[string]livedesk.NewTicket{
		"ja": documented("プリンター紙詰まり、印刷不可", "顧客よりA4用紙が排紙トレイで詰まったとの報告あり、緊急対応が必要。",
			"張三", "ITサポート", "北京本社-3階印刷室"),
		"de": documented("Papierstau im Drucker, Drucken nicht möglich",
			"Kund:in meldet A4-Papierstau im Ausgabefach, dringende Bearbeitung erforderlich.",
			"Zhang San", "IT Support", "Beijing HQ - 3. Etage Druckerraum"),
	} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			requests := make(chan *http.Request, 1)
			bodies := make(chan string, 1)
			client := setup(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				requests <- r
				bodies <- string(body)
				reply(200, testdata(t, "created_"+language+".json"))(w, r)
			})

			created, err := client.CreateTicket(t.Context(), ticket)
			require.NoError(t, err)
			require.Equal(t, "tk_20251104_789abc", created.ID)
			require.JSONEq(t, testdata(t, "create_"+language+".json"), <-bodies)

			r := <-requests
			require.Equal(t, "POST /accounts/tickets", r.Method+" "+r.URL.Path)
			require.Equal(t, "application/json", r.Header.Get("Content-Type"))
			require.Equal(t, "application/json", r.Header.Get("Accept"))
			user, password, ok := r.BasicAuth()
			require.True(t, ok)
			require.Equal(t, []string{key, secret}, []string{user, password})
		})
	}
}

func TestRequestsKeepTheirValueAsJSON(t *testing.T) {
	t.Parallel()
	ticket := documented("a", "b", "c", "d", "e")
	encoded, err := json.Marshal(ticket)
	require.NoError(t, err)
	var read livedesk.NewTicket
	require.NoError(t, json.Unmarshal(encoded, &read))
	require.Equal(t, ticket, read)

	update := livedesk.TicketUpdate{
		Title: "a", Description: "b", Attachments: []livedesk.NewAttachment{{FileURL: "https://example.com/c"}},
		Priority: livedesk.PriorityLow, Type: livedesk.TypeTask, Tags: []string{"d"},
		CustomFields: map[string]any{
			"big": json.Number("12345678901234567890"), "nested": map[string]any{"x": json.Number("1")},
		},
	}
	encoded, err = json.Marshal(update)
	require.NoError(t, err)
	require.Contains(t, string(encoded), "12345678901234567890")
	var again livedesk.TicketUpdate
	require.NoError(t, json.Unmarshal(encoded, &again))
	require.Equal(t, update, again)
}

func TestWhatIsEmptyIsNotSent(t *testing.T) {
	t.Parallel()
	encoded, err := json.Marshal(valid)
	require.NoError(t, err)
	require.JSONEq(t, `{"title":"Paper jam","requester":{"euid":"contact_12345"}}`, string(encoded))

	encoded, err = json.Marshal(livedesk.TicketUpdate{Tags: []string{"printer"}})
	require.NoError(t, err)
	require.JSONEq(t, `{"title":"","description":"","tags":["printer"]}`, string(encoded))

	encoded, err = json.Marshal(livedesk.TicketUpdate{Tags: []string{}})
	require.NoError(t, err)
	require.JSONEq(t, `{"title":"","description":"","tags":[]}`, string(encoded), "the last tag can go")
}

func TestAnInvalidTicketIsRefusedWithoutBeingSent(t *testing.T) {
	t.Parallel()
	client := setup(t, func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("sent: %s %s", r.Method, r.URL.Path)
	})
	for name, spoil := range map[string]func(*livedesk.NewTicket){
		"no title":                  func(n *livedesk.NewTicket) { n.Title = " \n" },
		"an empty requester":        func(n *livedesk.NewTicket) { n.Requester = livedesk.Requester{} },
		"a channel contact without": func(n *livedesk.NewTicket) { n.Requester.ChannelContacts = &livedesk.ChannelContact{ChannelID: "x"} },
		"an attachment without URL": func(n *livedesk.NewTicket) { n.Attachments = []livedesk.NewAttachment{{}} },
		"a submitter without id":    func(n *livedesk.NewTicket) { n.Submitter = &livedesk.Member{} },
	} {
		ticket := valid
		spoil(&ticket)
		_, err := client.CreateTicket(t.Context(), ticket)
		require.Equal(t, livedesk.Refused, livedesk.KindOf(err), name)
		require.NotEmpty(t, failure(t, err).Message, name)
	}

	err := client.UpdateTicket(t.Context(), "tk_1", livedesk.TicketUpdate{Attachments: []livedesk.NewAttachment{{}}})
	require.Equal(t, livedesk.Refused, livedesk.KindOf(err))
	err = client.UpdateTicket(t.Context(), "tk_1", livedesk.TicketUpdate{CustomFields: map[string]any{"x": func() {}}})
	require.Equal(t, livedesk.Refused, livedesk.KindOf(err))
}

func TestUpdateTicketPutsTheUpdate(t *testing.T) {
	t.Parallel()
	bodies := make(chan string, 1)
	client := setup(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies <- r.Method + " " + r.URL.Path + " " + string(body)
		reply(200, `{"code":0,"message":"Success"}`)(w, r)
	})
	require.NoError(t, client.UpdateTicket(t.Context(), "tk_1", livedesk.TicketUpdate{Title: "Jam"}))
	require.Equal(t, `PUT /accounts/tickets/tk_1 {"title":"Jam","description":""}`, <-bodies)
}

func TestAnIdNeverLeavesThePathOfTickets(t *testing.T) {
	t.Parallel()
	paths := make(chan string, 1)
	client := setup(t, func(w http.ResponseWriter, r *http.Request) {
		paths <- r.URL.EscapedPath()
		reply(404, "")(w, r)
	})
	for _, id := range []string{"tk 1", "../contacts", "a/b", "a?b=c#d", "%2e%2e", "заявка", "\x00\n"} {
		_, err := client.Ticket(t.Context(), id)
		require.ErrorIs(t, err, livedesk.ErrNotFound)
		rest, ok := strings.CutPrefix(<-paths, "/accounts/tickets/")
		require.True(t, ok, id)
		require.NotContains(t, rest, "/", id)
	}
	for _, id := range []string{"", " ", ".", ".."} {
		_, err := client.Ticket(t.Context(), id)
		require.ErrorIs(t, err, livedesk.ErrNotFound, id)
		require.ErrorIs(t, client.UpdateTicket(t.Context(), id, livedesk.TicketUpdate{}), livedesk.ErrNotFound, id)
	}
	require.Empty(t, paths)
}

func TestNewRejectsWhatIsNoAddress(t *testing.T) {
	t.Parallel()
	for _, config := range []livedesk.Config{
		{},
		{BaseURL: "livedesk-api.engagelab.com/api/v2"},
		{BaseURL: "ftp://example.com"},
		{BaseURL: "https://user:hunter2@example.com"},
		{BaseURL: "https://example.com?token=hunter2", UploadURL: "off"},
		{BaseURL: "https://example.com#hunter2", UploadURL: "off"},
		{BaseURL: "https://exa mple.com/hunter2"},
		{BaseURL: "https://:443/hunter2"},
		{BaseURL: "https://example.com", UploadURL: "/upload"},
		{BaseURL: "https://example.com", UploadURL: "https://user:hunter2@example.com"},
		{BaseURL: "https://example.com", UploadURL: "https://example.com#hunter2"},
		{BaseURL: "https://example.com", UploadURL: "https://exa mple.com/hunter2"},
	} {
		_, err := livedesk.New(config)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "hunter2")
	}
}

func TestOneClientServesManyAtOnceAndKeepsItsConnections(t *testing.T) {
	t.Parallel()
	var connections atomic.Int32
	server := httptest.NewUnstartedServer(reply(200, `{"code":0,"data":{"ticket_id":"tk_1","title":"a"}}`))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	client := connect(t, server.URL)
	for range 20 {
		_, err := client.Ticket(t.Context(), "tk_1")
		require.NoError(t, err)
		_, err = client.CreateTicket(t.Context(), valid)
		require.NoError(t, err)
	}
	require.EqualValues(t, 1, connections.Load())

	failures := make(chan error, 100)
	for range cap(failures) {
		go func() {
			_, err := client.CreateTicket(t.Context(), valid)
			failures <- err
		}()
	}
	for range cap(failures) {
		require.NoError(t, <-failures)
	}
}

func TestNoRedirectIsFollowed(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	t.Cleanup(other.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		client := setup(t, reply(status, "", "Location", other.URL+"/api/v2/accounts/tickets"))
		_, err := client.CreateTicket(t.Context(), valid)
		require.Error(t, err)
		_, err = client.Ticket(t.Context(), "tk_1")
		require.Error(t, err)
		_, err = client.Upload(t.Context(), livedesk.File{Body: strings.NewReader("x")})
		require.Error(t, err)
	}
	require.Zero(t, elsewhere.Load())
}

// rawServer accepts connections and hands each with its number to serve, on a goroutine of its own.
func rawServer(t *testing.T, serve func(number int, conn net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for number := 0; ; number++ {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(number, conn)
			}()
		}
	}()
	return "http://" + listener.Addr().String()
}

func TestARequestOnAConnectionThatBreaksIsSentOnce(t *testing.T) {
	t.Parallel()
	for name, send := range map[string]func(*testing.T, *livedesk.Client) error{
		"create": func(t *testing.T, c *livedesk.Client) error {
			_, err := c.CreateTicket(t.Context(), valid)
			return err
		},
		"update": func(t *testing.T, c *livedesk.Client) error {
			return c.UpdateTicket(t.Context(), "tk_1", livedesk.TicketUpdate{Title: "a"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests, connections atomic.Int32
			host := rawServer(t, func(number int, conn net.Conn) {
				connections.Add(1)
				reader := bufio.NewReader(conn)
				for answered := false; ; answered = true {
					r, err := http.ReadRequest(reader)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, r.Body)
					requests.Add(1)
					if answered || number > 0 {
						return // read in full, then the line goes dead
					}
					_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{\"code\":0}")
				}
			})
			client := connect(t, host)
			require.NoError(t, send(t, client))
			err := send(t, client)
			require.Equal(t, livedesk.Unknown, livedesk.KindOf(err))
			require.EqualValues(t, 2, requests.Load())
			require.EqualValues(t, 1, connections.Load(), "the second request was to use the first connection again")
		})
	}
}

func TestAnEndlessAnswerIsNotReadToItsEnd(t *testing.T) {
	t.Parallel()
	const much = 100 << 20
	for status, limit := range map[int]int64{200: 24 << 20, 500: 16 << 20} { // socket buffers included
		var written atomic.Int64
		stopped := make(chan struct{})
		client := setup(t, func(w http.ResponseWriter, r *http.Request) {
			defer close(stopped)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `{"code":0,"data":{"ticket_id":"tk_1","title":"`)
			for chunk := bytes.Repeat([]byte("a"), 1<<20); written.Load() < much; {
				n, err := w.Write(chunk)
				written.Add(int64(n))
				if err != nil {
					return
				}
			}
		})
		_, err := client.CreateTicket(t.Context(), valid)
		require.Equal(t, livedesk.Unknown, livedesk.KindOf(err))
		<-stopped
		require.Less(t, written.Load(), limit)
	}
}

func TestTheTimeoutEndsASlowAnswerAtAnyPoint(t *testing.T) {
	t.Parallel()
	quick := func(c *livedesk.Config) { c.Timeout = 500 * time.Millisecond } // enough to connect
	for name, start := range map[string]string{"before the answer": "", "in the answer": `{"code":0,`} {
		client := setup(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			if start != "" {
				reply(200, start)(w, r)
				w.(http.Flusher).Flush()
			}
			<-r.Context().Done()
		}, quick)
		_, err := client.CreateTicket(t.Context(), valid)
		require.Equal(t, livedesk.Unknown, livedesk.KindOf(err), name)
		require.ErrorContains(t, err, "deadline exceeded", name)
	}
}

func TestTheTimeoutIs15SecondsUnlessToldOtherwiseAndTenTimesThatForAnUpload(t *testing.T) {
	t.Parallel()
	for configured, want := range map[time.Duration]time.Duration{0: 15 * time.Second, 3 * time.Second: 3 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			client := connect(t, "http://livedesk.invalid", func(c *livedesk.Config) {
				c.Timeout = configured
				c.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
					<-r.Context().Done()
					return nil, r.Context().Err()
				})
			})
			for op, send := range operations {
				begun := time.Now()
				require.ErrorIs(t, send(t.Context(), client), context.DeadlineExceeded, op)
				if op == "upload" {
					require.Equal(t, 10*want, time.Since(begun))
				} else {
					require.Equal(t, want, time.Since(begun), op)
				}
			}
		})
	}
}

func TestAnEndlessHeadIsNotReadToItsEnd(t *testing.T) {
	t.Parallel()
	written := make(chan int, 1)
	host := rawServer(t, func(_ int, conn net.Conn) {
		_, _ = http.ReadRequest(bufio.NewReader(conn))
		sum, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
		for header := "X: " + strings.Repeat("x", 1<<16) + "\r\n"; err == nil && sum < 100<<20; {
			var n int
			n, err = io.WriteString(conn, header)
			sum += n
		}
		written <- sum
	})
	_, err := connect(t, host).CreateTicket(t.Context(), valid)
	require.Equal(t, livedesk.Unknown, livedesk.KindOf(err))
	require.ErrorContains(t, err, "exceeded 262144 bytes")
	require.Less(t, <-written, 16<<20)
}

func TestAClientKnowsItsOwnHosts(t *testing.T) {
	t.Parallel()
	client, err := livedesk.New(livedesk.Config{BaseURL: "https://desk.example/api/v2", UploadURL: "http://Files.example:8080/up"})
	require.NoError(t, err)
	for address, own := range map[string]bool{
		"https://desk.example/files/1": true, "https://DESK.example:443/x": true, "http://files.example:8080/x": true,
		"http://desk.example/files/1": false, "https://desk.example:8443/x": false, "https://files.example/x": false,
		"https://desk.example.evil/x": false, "https://desk.example@evil/x": false,
	} {
		u, err := url.Parse(address)
		require.NoError(t, err)
		require.Equal(t, own, client.Serves(u), address)
	}
	off, err := livedesk.New(livedesk.Config{BaseURL: "https://desk.example", UploadURL: "off"})
	require.NoError(t, err)
	require.False(t, off.Serves(&url.URL{Path: "off"}))
}
