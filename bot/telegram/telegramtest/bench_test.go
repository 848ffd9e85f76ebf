package telegramtest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	tt "livedeskbot/bot/telegram/telegramtest"
)

// BenchmarkSendMessage is the server's own cost of one message, without a network.
func BenchmarkSendMessage(b *testing.B) {
	s := tt.New(tt.Options{Forget: true})
	forum := s.NewForum("F", tt.ID(-1001))
	topic := forum.NewTopic("T")
	form := "chat_id=-1001&text=hello+%3Cb%3Eworld&message_thread_id=" + itoa(int64(topic.ID))
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/bot"+s.Token()+"/sendMessage", strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Body.String())
		}
	}
}

// BenchmarkSayAndPoll is the server's own cost of one update through polling.
func BenchmarkSayAndPoll(b *testing.B) {
	s := tt.New(tt.Options{Forget: true})
	alice := s.NewPerson("Alice")
	topic := s.NewForum("F").NewTopic("T")
	b.ReportAllocs()
	for b.Loop() {
		m := s.Say(alice, topic, "/ticket !high Printer jams in the second floor")
		r := httptest.NewRequest(http.MethodGet, "/bot"+s.Token()+"/getUpdates?offset="+itoa(m.Update), nil)
		s.ServeHTTP(httptest.NewRecorder(), r)
	}
}
