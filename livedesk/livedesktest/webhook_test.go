package livedesktest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/livedesk/livedesktest"
)

// receiver is where a desk posts its events.
func receiver(t *testing.T) (address string, next func() map[string]any) {
	events := make(chan map[string]any, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var event map[string]any
		if err := json.NewDecoder(r.Body).Decode(&event); err != nil || r.Method != http.MethodPost {
			w.WriteHeader(http.StatusBadRequest)
		}
		events <- event
	}))
	t.Cleanup(server.Close)
	return server.URL, func() map[string]any {
		select {
		case event := <-events:
			return event
		case <-t.Context().Done():
			return nil
		}
	}
}

func TestEachChangeIsPostedToTheWebhook(t *testing.T) {
	t.Parallel()
	b := setup(t, livedesktest.Options{})
	quiet := b.create(t, japaneseCreate)
	address, next := receiver(t)
	b.SetWebhook(livedesktest.Webhook{URL: address})
	id := b.create(t, japaneseCreate)
	created := next()
	require.Equal(t, "conversation_created", created["event"])
	require.Equal(t, id, created["ticket_info"].(map[string]any)["ticket_id"])
	require.NotEqual(t, quiet, id)

	_, err := b.Reply(id, "Li", "hello")
	require.NoError(t, err)
	replied := next()
	require.Equal(t, "message_created", replied["event"])
	require.Equal(t, "hello", replied["messages"].([]any)[0].(map[string]any)["content"])
	require.NoError(t, b.SetStatus(id, "resolved"))
	require.Equal(t, "conversation_status_changed", next()["event"])
	require.NoError(t, b.SetPriority(id, "low"))
	require.Equal(t, "conversation_updated", next()["event"])
	b.do(t, "PUT", ticketsPath+"/"+id, `{"title":"New","description":""}`)
	require.Equal(t, "conversation_updated", next()["event"])
}

func TestAWebhookNeedNotNameTheTicket(t *testing.T) {
	t.Parallel()
	b := setup(t, livedesktest.Options{})
	id := b.create(t, japaneseCreate)
	address, next := receiver(t)
	b.SetWebhook(livedesktest.Webhook{URL: address, Body: livedesktest.NamesChat})
	require.NoError(t, b.SetStatus(id, "resolved"))
	event := next()
	require.Nil(t, event["ticket_info"])
	require.Equal(t, "-1001234567890", event["contact_inbox"].(map[string]any)["source_id"])

	b.SetWebhook(livedesktest.Webhook{URL: address, Body: livedesktest.NamesNothing})
	require.NoError(t, b.SetStatus(id, "open"))
	require.Equal(t, map[string]any{"event": "conversation_status_changed"}, next())
}
