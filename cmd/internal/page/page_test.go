package page_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/cmd/internal/page"
	"livedeskbot/livedesk/livedesktest"
)

// bench is a page over emulators that no service uses.
type bench struct {
	t        *testing.T
	telegram *telegramtest.Server
	desk     *livedesktest.Desk
	log      *page.Log
	nina     *telegramtest.Person
	forum    *telegramtest.Chat
	topic    *telegramtest.Topic
	url      string
	process  process
	story    story
}

type process struct{ killed int }

func (p *process) Kill() error {
	p.killed++
	return nil
}

func (p *process) State() page.ServiceState {
	return page.ServiceState{Running: true, Starts: 1 + p.killed}
}

type story struct{ did string }

func (s *story) Do(what string, look time.Duration) bool {
	s.did = fmt.Sprint(what, " ", look)
	return what == "play"
}

func (s *story) State() page.StoryState { return page.StoryState{} }

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, telegram: telegramtest.New(telegramtest.Options{}), desk: livedesktest.New(livedesktest.Options{}), log: &page.Log{}}
	b.nina = b.telegram.NewPerson("Nina")
	b.forum = b.telegram.NewForum("Acme")
	b.topic = b.forum.NewTopic("Printers")
	b.forum.SetMember(b.nina, telegramtest.Member)
	server := httptest.NewServer(page.New(page.World{
		Telegram: b.telegram, Desk: b.desk, Troubles: page.NewTroubles(b.telegram, b.desk), Log: b.log, Agent: "Sam",
		Teams: []string{"Support"}, Service: &b.process, Story: &b.story, Postgres: func() error { return errors.New("not today") },
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	b.url = server.URL
	return b
}

func (b *bench) request(method, path string, body any) *http.Request {
	b.t.Helper()
	encoded, err := json.Marshal(body)
	require.NoError(b.t, err)
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, bytes.NewReader(encoded))
	require.NoError(b.t, err)
	return r
}

func (b *bench) send(r *http.Request) (*http.Response, string) {
	b.t.Helper()
	response, err := http.DefaultClient.Do(r)
	require.NoError(b.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	return response, string(body)
}

// does makes a call that must succeed and decodes the answer.
func (b *bench) does(method, path string, body any, into any) {
	b.t.Helper()
	response, answer := b.send(b.request(method, path, body))
	require.Equal(b.t, http.StatusOK, response.StatusCode, answer)
	if into != nil {
		require.NoError(b.t, json.Unmarshal([]byte(answer), into), answer)
	}
}

// refused makes a call that must not succeed and returns what it says.
func (b *bench) refused(method, path string, body any) string {
	b.t.Helper()
	response, answer := b.send(b.request(method, path, body))
	require.NotEqual(b.t, http.StatusOK, response.StatusCode, answer)
	var said struct{ Error string }
	require.NoError(b.t, json.Unmarshal([]byte(answer), &said), answer)
	return said.Error
}

func (b *bench) state() page.Update {
	b.t.Helper()
	var u page.Update
	b.does("GET", "/api/state", nil, &u)
	return u
}

// ticket opens a ticket at LiveDesk, as the service would.
func (b *bench) ticket(title string) string {
	b.t.Helper()
	body := fmt.Sprintf(`{"title":%q,"requester":{"channel_contacts":{"channel_id":"c","contact_id":"1",`+
		`"followers":[{"id":"5","name":"Nina"}]}}}`, title)
	r := httptest.NewRequest("POST", "/api/v2/accounts/tickets", strings.NewReader(body))
	r.SetBasicAuth(livedesktest.DefaultKey, livedesktest.DefaultSecret)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	b.desk.ServeHTTP(w, r)
	require.Equal(b.t, http.StatusOK, w.Code, w.Body.String())
	all := b.desk.Tickets()
	return all[len(all)-1].ID
}

func (b *bench) at(format string, args ...any) string {
	return fmt.Sprintf("/api/chats/%d", b.forum.ID) + fmt.Sprintf(format, args...)
}

type p map[string]any

func TestPeopleSpeakThroughThePage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var sent struct{ IDs []int }
	b.does("POST", b.at("/messages"), p{"person": b.nina.ID, "topic": b.topic.ID, "text": "\n/ticket help "}, &sent)
	m := b.forum.Message(sent.IDs[0])
	require.Equal(t, "/ticket help", m.Text, "clients cut off the white space")
	require.Equal(t, b.topic, m.Topic)
	require.Equal(t, b.nina, m.From)
	require.Equal(t, 2, b.telegram.Pending(), "it reaches the bot, after the making of the topic")

	b.does("PATCH", b.at("/messages/%d", m.ID), p{"text": " /ticket help me\n"}, nil)
	require.Equal(t, "/ticket help me", b.forum.Message(m.ID).Text)
	b.does("PUT", b.at("/messages/%d/reaction", m.ID), p{"person": b.nina.ID, "emoji": "👍"}, nil)
	require.Len(t, b.forum.Message(m.ID).Reactions, 1)
	b.does("POST", b.at("/messages"), p{"person": b.nina.ID, "topic": b.topic.ID, "text": "more", "reply_to": m.ID, "quote": "help"}, &sent)
	require.Equal(t, "help", b.forum.Message(sent.IDs[0]).Quote)

	shown := b.state().Messages
	last := shown[len(shown)-1]
	require.Equal(t, "Nina", last.ReplyTo.Name)
	b.does("DELETE", b.at("/messages/%d", m.ID), nil, nil)
	require.Nil(t, b.forum.Message(m.ID))
}

func TestWhatTelegramWouldNotLetPeopleDoIsRefusedInWords(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	omar := b.telegram.NewPerson("Omar")
	b.topic.Close()
	say := func(body p) string { return b.refused("POST", b.at("/messages"), body) }
	require.Contains(t, say(p{"person": b.nina.ID, "text": "  "}), "nothing to send")
	require.Contains(t, say(p{"person": b.nina.ID, "text": strings.Repeat("😀", 2049)}), "too long")
	require.Contains(t, say(p{"person": b.nina.ID, "topic": b.topic.ID, "text": "x"}), "closed")
	require.Contains(t, say(p{"person": b.nina.ID, "topic": 77, "text": "x"}), "no topic 77")
	require.Contains(t, say(p{"person": 12, "text": "x"}), "no person 12")
	require.Contains(t, say(p{"person": b.telegram.Bot().ID, "text": "x"}), "no person", "nobody speaks for the bot")
	require.Contains(t, say(p{"person": b.nina.ID, "text": "x", "reply_to": 99}), "gone")
	require.Contains(t, say(p{"person": b.nina.ID, "text": "x", "files": []string{"none"}}), "Choose it again")
	require.Contains(t, say(p{"person": b.nina.ID, "text": "x", "mood": "bad"}), "not understood")
	private := fmt.Sprintf("/api/chats/%d/messages", b.telegram.Private(b.nina).ID)
	require.Contains(t, b.refused("POST", private, p{"person": omar.ID, "text": "x"}), "private chat of Nina")
	require.Contains(t, b.refused("POST", "/api/chats/1/messages", p{}), "no chat 1")
	require.Contains(t, b.refused("GET", "/api/nothing", nil), "no such call")
}

func TestFilesAreUploadedOnceAndSentAloneOrAsAnAlbum(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	upload := func(name, kind, content string) string {
		r, err := http.NewRequestWithContext(t.Context(), "POST", b.url+"/api/uploads?name="+name, strings.NewReader(content))
		require.NoError(t, err)
		r.Header.Set("Content-Type", kind)
		response, body := b.send(r)
		require.Equal(t, http.StatusOK, response.StatusCode, body)
		var made struct{ ID string }
		require.NoError(t, json.Unmarshal([]byte(body), &made))
		return made.ID
	}
	one := upload("evil.html", "text/html", "<script>alert(1)</script>")
	var sent struct{ IDs []int }
	b.does("POST", b.at("/messages"), p{"person": b.nina.ID, "text": "see", "files": []string{one}}, &sent)
	require.Contains(t, b.refused("POST", b.at("/messages"), p{"person": b.nina.ID, "files": []string{one}}), "not here any more")
	file := b.forum.Message(sent.IDs[0]).File
	require.Equal(t, telegramtest.Document, file.Kind)
	response, body := b.send(b.request("GET", "/api/files/"+file.ID, nil))
	require.Equal(t, "<script>alert(1)</script>", body)
	require.Equal(t, "application/octet-stream", response.Header.Get("Content-Type"), "it is no page of ours")
	require.Contains(t, response.Header.Get("Content-Disposition"), "attachment")
	require.Contains(t, response.Header.Get("Content-Security-Policy"), "sandbox")

	photos := []string{upload("a.png", "image/png", "a"), upload("b.png", "image/png", "b")}
	b.does("POST", b.at("/messages"), p{"person": b.nina.ID, "files": photos}, &sent)
	require.Len(t, sent.IDs, 2)
	first := b.forum.Message(sent.IDs[0])
	require.NotEmpty(t, first.Album)
	require.Equal(t, telegramtest.Photo, first.File.Kind)
	response, _ = b.send(b.request("GET", "/api/files/"+first.File.ID, nil))
	require.Equal(t, "image/png", response.Header.Get("Content-Type"))
}

func TestPeopleAndChatsAreMadeAndChanged(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var yuki, group struct{ ID int64 }
	b.does("POST", "/api/people", p{"name": "Yuki", "language": "ja"}, &yuki)
	require.Equal(t, "ja", b.telegram.Person(yuki.ID).Language)
	require.NotEmpty(t, b.refused("POST", "/api/people", p{"name": " "}))
	b.does("POST", "/api/chats", p{"kind": "group", "title": "New", "person": yuki.ID}, &group)
	ch := b.telegram.Chat(group.ID)
	at := fmt.Sprintf("/api/chats/%d", group.ID)
	b.does("POST", at+"/members", p{"person": b.nina.ID}, nil)
	require.Len(t, ch.Look().Members, 2)
	b.does("PUT", at+"/bot", p{"status": "left", "person": yuki.ID}, nil)
	require.Equal(t, telegramtest.Left, ch.Look().Bot)
	require.NotEmpty(t, b.refused("PUT", at+"/bot", p{"status": "king", "person": yuki.ID}))
	b.does("POST", at+"/upgrade", p{"person": yuki.ID}, &group)
	require.Equal(t, "supergroup", b.telegram.Chat(group.ID).Look().Kind)
	require.NotEmpty(t, b.refused("POST", at+"/upgrade", p{"person": yuki.ID}))

	var topic struct{ ID int }
	b.does("POST", b.at("/topics"), p{"name": "Phones"}, &topic)
	b.does("PATCH", b.at("/topics/%d", topic.ID), p{"closed": true}, nil)
	b.does("PATCH", b.at("/topics/0"), p{"closed": true}, nil)
	for _, c := range b.state().Chats {
		if c.ID == b.forum.ID {
			require.Equal(t, []page.Topic{{Name: "General", Closed: true}, {ID: b.topic.ID, Name: "Printers"}, {topic.ID, "Phones", true}}, c.Topics)
		}
	}
	var menu page.Menu
	b.does("GET", b.at("/menu?person=%d", b.nina.ID), nil, &menu)
	require.Empty(t, menu.Commands)
}

func TestAnAgentWorksOnATicket(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.ticket("Printer jam")
	at := "/api/tickets/" + id
	b.does("POST", at+"/messages", p{"text": "psst", "internal": true}, nil)
	b.does("POST", at+"/messages", p{"text": "Is it plugged in?"}, nil)
	b.does("PATCH", at, p{"status": "pending", "priority": "low", "type": "task", "team": "Support", "promise_hours": 4, "stars": 5}, nil)
	require.Contains(t, b.refused("PATCH", at, p{"team": "Nobody"}), "no such team")
	require.Contains(t, b.refused("PATCH", at, p{"stars": 6}), "1 to 5")

	var got page.Ticket
	b.does("GET", at, nil, &got)
	require.Equal(t, []string{"pending", "low", "task", "Support", "Nina"}, []string{got.Status, got.Priority, got.Type, got.Team, got.From})
	require.Len(t, got.Messages, 2)
	require.True(t, got.Messages[0].Internal)
	require.NotNil(t, got.Promised)
	require.Equal(t, 5, got.Stars)
	require.Contains(t, string(got.Sent[0]), `"Printer jam"`)
	require.Contains(t, string(got.Read), `"ticket_id":"`+id)
	b.does("DELETE", at, nil, nil)
	require.Contains(t, b.refused("GET", at, nil), "no ticket")
}

func TestTroublesSwitchOnAndOff(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, trouble := range b.state().Troubles {
		b.does("PUT", "/api/troubles/"+trouble.Name, p{"on": true}, nil)
		require.NotEmpty(t, trouble.About)
	}
	for _, trouble := range b.state().Troubles {
		require.True(t, trouble.On, trouble.Name)
		b.does("PUT", "/api/troubles/"+trouble.Name, p{"on": false}, nil)
	}
	b.ticket("works again")
	require.NotEmpty(t, b.refused("PUT", "/api/troubles/rain", p{"on": true}))
	b.does("POST", "/api/service/kill", nil, nil)
	require.Equal(t, 2, b.state().Service.Starts)
	require.Equal(t, "not today", b.refused("POST", "/api/postgres/restart", nil))
	b.does("POST", "/api/story", p{"do": "play", "seconds": 0.5}, nil)
	require.Equal(t, "play 500ms", b.story.did)
	require.NotEmpty(t, b.refused("POST", "/api/story", p{"do": "sing"}))
}

// stream reads server-sent events.
type stream struct {
	t *testing.T
	*bufio.Scanner
}

func (s stream) next() (event string, u page.Update) {
	s.t.Helper()
	for s.Scan() {
		if data, ok := strings.CutPrefix(s.Text(), "data: "); ok {
			require.NoError(s.t, json.Unmarshal([]byte(data), &u))
			return event, u
		}
		if name, ok := strings.CutPrefix(s.Text(), "event: "); ok {
			event = name
		}
	}
	require.Fail(s.t, "the stream has ended", "%v", s.Err())
	return "", u
}

func (b *bench) follow() stream {
	b.t.Helper()
	response, err := http.DefaultClient.Do(b.request("GET", "/api/events", nil))
	require.NoError(b.t, err)
	b.t.Cleanup(func() { response.Body.Close() })
	require.Equal(b.t, "text/event-stream", response.Header.Get("Content-Type"))
	s := bufio.NewScanner(response.Body)
	s.Buffer(nil, 64<<20)
	return stream{b.t, s}
}

func TestChangesAreStreamedWhatBelongsTogetherInOne(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first := b.telegram.Say(b.nina, b.topic, "before")
	s := b.follow()
	event, u := s.next()
	require.Equal(t, "state", event)
	require.Equal(t, "Sam", u.Agent)
	require.Len(t, u.Chats, 1)
	require.Equal(t, "before", u.Messages[len(u.Messages)-1].Text)
	require.Equal(t, "Topic Printers was created", u.Messages[0].Notice)

	b.telegram.Edit(first, "changed")
	event, u = s.next()
	require.Equal(t, "change", event)
	require.Equal(t, "changed", u.Messages[0].Text)
	require.Nil(t, u.Chats, "they have not changed")

	id := b.ticket("new")
	_, u = s.next()
	require.Equal(t, id, u.Tickets[0].ID)
	fmt.Fprint(b.log, "level=INFO msg=hello\nhalf a li")
	for len(u.Log) == 0 {
		_, u = s.next()
	}
	require.Equal(t, []page.Line{{1, "level=INFO msg=hello"}}, u.Log)

	press := b.telegram.Forge(b.nina, first, "again:1")
	server := httptest.NewServer(b.telegram)
	defer server.Close()
	_, body := b.send(must(http.NewRequestWithContext(t.Context(), "GET",
		server.URL+"/bot"+b.telegram.Token()+"/answerCallbackQuery?text=done&callback_query_id="+press.ID, nil)))
	require.Contains(t, body, `"ok":true`)
	b.telegram.Say(b.nina, b.topic, "so that there is something new")
	for len(u.Answers) == 0 {
		_, u = s.next()
	}
	require.Equal(t, "done", u.Answers[0].Text)
	require.Equal(t, press.ID, u.Answers[0].Press)
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func TestABusyHourIsFewEvents(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s := b.follow()
	s.next()
	const many = 1000
	go func() {
		for range many {
			b.telegram.Say(b.nina, b.topic, "again and again")
		}
	}()
	events := 0
	for seen := 0; seen < many; events++ {
		_, u := s.next()
		seen += len(u.Messages)
	}
	require.Less(t, events, many/10)
	require.Len(t, b.state().Messages, 50, "the newest of the topic")
	var earlier []page.Message
	b.does("GET", b.at("/messages?topic=%d&before=%d", b.topic.ID, b.state().Messages[0].ID), nil, &earlier)
	require.Len(t, earlier, 50)
}

func TestOnlyThePageItselfMayChangeAnything(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, change := range map[string]func(*http.Request){
		"a page of another origin":                   func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
		"a browser that says so":                     func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"a name that somebody let resolve to us":     func(r *http.Request) { r.Host = "evil.example" },
		"such a name with an origin that fits to it": func(r *http.Request) { r.Host = "evil.example:80"; r.Header.Set("Origin", "http://evil.example:80") },
		"a page on another port of this machine":     func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:1") },
		"a host that only begins like ours":          func(r *http.Request) { r.Host = "127.0.0.1.evil.example" },
	} {
		r := b.request("POST", "/api/service/kill", nil)
		change(r)
		response, _ := b.send(r)
		require.Contains(t, []int{http.StatusForbidden, http.StatusMisdirectedRequest}, response.StatusCode, name)
	}
	require.Zero(t, b.process.killed)
	r := b.request("GET", "/api/state", nil)
	r.Host = "evil.example"
	response, body := b.send(r)
	require.Equal(t, http.StatusMisdirectedRequest, response.StatusCode)
	require.NotContains(t, body, "Nina")
	r = b.request("POST", "/api/service/kill", nil)
	r.Header.Set("Origin", b.url)
	response, _ = b.send(r)
	require.Equal(t, http.StatusOK, response.StatusCode)
}

func TestThePageMayLoadNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	response, body := b.send(b.request("GET", "/", nil))
	require.Contains(t, body, "<!doctype html>")
	policy := response.Header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "script-src 'self';", "style-src 'self';", "require-trusted-types-for 'script'"} {
		require.Contains(t, policy, part)
	}
	require.NotContains(t, policy, "unsafe")
	require.Equal(t, "nosniff", response.Header.Get("X-Content-Type-Options"))
}
