package telegramtest_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	tt "livedeskbot/bot/telegram/telegramtest"
)

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func TestFloodLimitCountsThoseWhoDoNotWait(t *testing.T) {
	t.Parallel()
	time := &clock{at: time.Unix(1_800_000_000, 0)}
	b := start(t, tt.Options{Now: time.now})
	chat, other := b.s.NewGroup("G"), b.s.NewGroup("H")
	chat.Limit(2, 10*second)
	send := func() reply { return b.call("sendMessage", p{"chat_id": chat.ID, "text": "x"}) }
	require.True(t, send().OK)
	time.pass(4 * second)
	require.True(t, send().OK)
	r := send()
	require.Equal(t, 429, r.Code)
	require.Equal(t, 6, r.Parameters.RetryAfter)
	require.Empty(t, b.s.Violations(), "being told to wait is none")

	b.does("sendMessage", p{"chat_id": other.ID, "text": "x"})
	time.pass(2 * second)
	id := chat.BotMessages()[0].ID
	require.Contains(t, b.refused("editMessageText", p{"chat_id": chat.ID, "message_id": id, "text": "y"}), "retry after 4")
	violations := b.s.Violations()
	require.Len(t, violations, 1)
	require.Equal(t, "editMessageText", violations[0].Method)
	require.Equal(t, 4*second, violations[0].Early)

	time.pass(4 * second)
	require.True(t, send().OK)
	require.Len(t, b.s.Violations(), 1)
}

const second = time.Second

func TestFloodIsAnsweredAsOftenAsOrdered(t *testing.T) {
	t.Parallel()
	time := &clock{at: time.Unix(1_800_000_000, 0)}
	b := start(t, tt.Options{Now: time.now})
	chat := b.s.NewGroup("G")
	chat.Flood(2, 3)
	b.s.Flood(1, 7)
	send := p{"chat_id": chat.ID, "text": "x"}
	for _, wait := range []int{3, 3, 7} {
		r := b.call("sendMessage", send)
		require.Equal(t, wait, r.Parameters.RetryAfter)
		time.pass(3 * second)
		if wait == 7 {
			b.refused("sendMessage", p{"chat_id": b.s.NewGroup("H").ID, "text": "x"})
			time.pass(4 * second)
		}
	}
	b.does("sendMessage", send)
	require.Len(t, b.s.Violations(), 1, "the wait for all chats holds in each")
}

func TestEachTroubleLeavesItsTruthBehind(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		order  func(*tt.Server, tt.Match)
		status int // 0: the connection is cut
		body   string
		sent   int
	}{
		"refuse":       {(*tt.Server).Refuse, 0, "", 0},
		"lose":         {(*tt.Server).Lose, 0, "", 1},
		"server error": {(*tt.Server).ServerError, 502, "<html>", 0},
		"garbage":      {(*tt.Server).Garbage, 200, `{"ok":tru`, 1},
		"empty answer": {(*tt.Server).EmptyAnswer, 200, "", 1},
		"empty result": {(*tt.Server).EmptyResult, 200, `{"ok":true,"result":{}}`, 1},
		"fail":         {func(s *tt.Server, m tt.Match) { s.Fail(500, "Internal", m) }, 500, `"error_code":500`, 0},
		"slow":         {func(s *tt.Server, m tt.Match) { s.Slow(time.Millisecond, m) }, 200, `"ok":true`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t, tt.Options{})
			chat, other := b.s.NewGroup("G"), b.s.NewGroup("H")
			c.order(b.s, tt.Match{Method: "sendmessage", Chat: chat, Times: 1})
			b.does("sendMessage", p{"chat_id": other.ID, "text": "not hit"})
			body := strings.NewReader(`{"chat_id":` + itoa(chat.ID) + `,"text":"x"}`)
			resp, err := http.Post(b.method("sendMessage"), "application/json", body)
			if c.status == 0 {
				require.Error(t, err)
			} else {
				require.NoError(t, err)
				require.Equal(t, c.status, resp.StatusCode)
				got, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				require.Contains(t, string(got), c.body)
			}
			require.Len(t, chat.BotMessages(), c.sent)
			b.does("sendMessage", p{"chat_id": chat.ID, "text": "once only"})
		})
	}
}

func TestCallerWhoGivesUpInTheSecondHalfFindsTheWorkDone(t *testing.T) {
	t.Parallel()
	ctx, giveUp := context.WithCancel(t.Context())
	sent := make(chan *tt.Message, 1)
	b := start(t, tt.Options{OnMessage: func(m *tt.Message) { giveUp(); sent <- m }})
	chat := b.s.NewGroup("G")
	b.s.Slow(time.Second, tt.Match{})
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.method("sendMessage")+"?chat_id="+itoa(chat.ID)+"&text=x", nil)
	require.NoError(t, err)
	_, err = http.DefaultClient.Do(r)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, "x", (<-sent).Text)
}

func TestChaosIsTheSameForTheSameSeed(t *testing.T) {
	t.Parallel()
	outcome := func() string {
		b := start(t, tt.Options{})
		chat := b.s.NewGroup("G")
		b.s.Misbehave(7, tt.Chaos{Refuse: .2, Lose: .2, ServerError: .2, Flood: .1})
		var seen strings.Builder
		for range 40 {
			resp, err := http.Get(b.method("sendMessage") + "?chat_id=" + itoa(chat.ID) + "&text=x")
			if err != nil {
				seen.WriteString("cut ")
				continue
			}
			resp.Body.Close()
			seen.WriteString(resp.Status + " ")
		}
		b.s.Calm()
		b.does("sendMessage", p{"chat_id": chat.ID, "text": "x"})
		return seen.String()
	}
	first := outcome()
	require.Equal(t, first, outcome())
	for _, part := range []string{"cut", "502", "429", "200"} {
		require.Contains(t, first, part)
	}
}

func TestFilesOfPeopleCanBeDownloaded(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	alice, chat := b.s.NewPerson("A"), b.s.NewGroup("G")
	file := b.s.NewFile(tt.Document, "räport.pdf", "application/pdf", []byte("content"))
	b.s.Say(alice, chat, "/ticket x", tt.Attached(file))
	m := b.nextMessage()
	require.Equal(t, "/ticket x", m["caption"])
	require.NotContains(t, m, "text")
	require.Len(t, m["caption_entities"], 1)
	require.Equal(t, "räport.pdf", m["document"].(map[string]any)["file_name"])

	get := func() (int, []byte) {
		path := b.does("getFile", p{"file_id": file.ID})["file_path"].(string)
		return b.download(path)
	}
	status, got := get()
	require.Equal(t, 200, status)
	require.Equal(t, "content", string(got))
	path := b.does("getFile", p{"file_id": file.ID})["file_path"].(string)
	b.s.ExpireLinks()
	status, _ = b.download(path)
	require.Equal(t, 404, status)
	status, _ = get()
	require.Equal(t, 200, status)
	file.Expire()
	require.Contains(t, b.refused("getFile", p{"file_id": file.ID}), "temporarily unavailable")
	require.Contains(t, b.refused("getFile", p{"file_id": "x"}), "invalid file_id")
}

func (b *bot) download(path string) (int, []byte) {
	b.t.Helper()
	resp, err := http.Get(b.url + "/file/bot" + b.s.Token() + "/" + path)
	require.NoError(b.t, err)
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	require.NoError(b.t, err)
	return resp.StatusCode, got
}

func TestBigFilesAreStreamedUpToTheLimit(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	file := b.s.NewBigFile(tt.Video, "a.mp4", "video/mp4", 19<<20)
	status, got := b.download(b.does("getFile", p{"file_id": file.ID})["file_path"].(string))
	require.Equal(t, 200, status)
	want, err := io.ReadAll(file.Open())
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, got))
	tooBig := b.s.NewBigFile(tt.Video, "b.mp4", "video/mp4", 20<<20+1)
	require.Equal(t, "400 Bad Request: file is too big", b.refused("getFile", p{"file_id": tooBig.ID}))
	b.s.Lose(tt.Match{Method: "file"})
	resp, err := http.Get(b.url + "/file/bot" + b.s.Token() + "/" + b.does("getFile", p{"file_id": file.ID})["file_path"].(string))
	require.NoError(t, err)
	defer resp.Body.Close()
	_, err = io.ReadAll(resp.Body)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}
