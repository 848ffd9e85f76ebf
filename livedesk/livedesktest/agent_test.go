package livedesktest_test

import (
	"net/http"
	"testing"
	"time"

	"livedeskbot/livedesk/livedesktest"

	"github.com/stretchr/testify/require"
)

func history(t *testing.T, data map[string]any) []map[string]any {
	t.Helper()
	list, ok := data["conversation_list"].([]any)
	require.True(t, ok)
	messages := make([]map[string]any, len(list))
	for i, m := range list {
		messages[i] = m.(map[string]any)
	}
	return messages
}

func TestAnAgentRepliesAndNotes(t *testing.T) {
	t.Parallel()
	now := time.Date(2025, 11, 4, 1, 0, 0, 0, time.UTC)
	b := setup(t, livedesktest.Options{Now: func() time.Time { return now }})
	id := b.create(t, smallCreate)
	require.NoError(t, b.SetSLA(id, livedesktest.SLA{FirstResponseDue: now.Add(time.Hour)}))
	_, err := b.Note(id, "Li", "secret")
	require.NoError(t, err)
	now = now.Add(time.Minute)
	reply, err := b.Reply(id, "Li", "hello",
		livedesktest.File{Name: "a.png", Type: "image/png", Content: []byte("png")},
		livedesktest.File{Name: "big.bin", Type: "application/zip", Size: 1 << 20},
		livedesktest.File{Type: "application/pdf", URL: "https://example.com/r.pdf"})
	require.NoError(t, err)
	require.Equal(t, "msg_20251104_002", reply)

	data := b.details(t, id)
	messages := history(t, data)
	require.Equal(t, true, messages[0]["is_internal"])
	require.Equal(t, false, messages[1]["is_internal"])
	require.Equal(t, "2025-11-04T01:01:00Z", messages[1]["sent_at"])
	require.Equal(t, map[string]any{"id": livedesktest.AgentID("Li"), "type": "internal_member", "name": "Li"}, messages[1]["sender"])
	files := messages[1]["attachments"].([]any)
	require.Equal(t, "png", b.fetch(t, files[0].(map[string]any)["file_url"].(string)).body)
	require.Len(t, b.fetch(t, files[1].(map[string]any)["file_url"].(string)).body, 1<<20)
	require.Equal(t, map[string]any{"file_type": "application/pdf", "file_url": "https://example.com/r.pdf"}, files[2])
	require.Equal(t, "2025-11-04T09:01:00+08:00", data["sla"].(map[string]any)["first_response_at"])
	require.Equal(t, "2025-11-04T09:00:00+08:00", data["updated_at"])

	require.NoError(t, b.EditMessage(id, reply, "hello again"))
	require.Equal(t, "hello again", history(t, b.details(t, id))[1]["content"])
	require.Error(t, b.EditMessage(id, "msg_0", "x"))
}

func TestAMessageOfFilesAloneHasTheirType(t *testing.T) {
	t.Parallel()
	b := setup(t, livedesktest.Options{})
	id := b.create(t, smallCreate)
	for _, kind := range []string{"image/png", "application/pdf", "audio/ogg"} {
		_, err := b.Reply(id, "Li", "", livedesktest.File{Type: kind, URL: "https://example.com/f"})
		require.NoError(t, err)
	}
	for i, want := range []string{"image", "file", "audio"} {
		message := history(t, b.details(t, id))[i]
		require.Equal(t, want, message["content_type"])
		require.NotContains(t, message, "content")
	}
}

func TestOddMessagesArriveAsTheyAre(t *testing.T) {
	t.Parallel()
	b := setup(t, livedesktest.Options{})
	id := b.create(t, smallCreate)
	_, err := b.Message(id, livedesktest.Message{
		SenderType: "alien", Content: "x",
		Set:  map[string]any{"is_internal": "false", "content_type": nil, "sender": 7},
		Omit: []string{"message_id", "sent_at"},
	})
	require.NoError(t, err)
	require.Equal(t, map[string]any{"is_internal": "false", "content_type": nil, "sender": 7.0, "content": "x"},
		history(t, b.details(t, id))[0])
}

func TestAnAgentChangesATicket(t *testing.T) {
	t.Parallel()
	now := time.Date(2025, 11, 4, 1, 0, 0, 0, time.UTC)
	b := setup(t, livedesktest.Options{Now: func() time.Time { return now }})
	id := b.create(t, smallCreate)
	require.NoError(t, b.SetPriority(id, "urgent"))
	require.NoError(t, b.SetType(id, "task"))
	require.NoError(t, b.SetTeam(id, "Billing"))
	require.NoError(t, b.Rate(id, 4, "fine"))
	require.NoError(t, b.SetStatus(id, "resolved"))
	data := b.details(t, id)
	require.Equal(t, "urgent", data["priority"])
	require.Equal(t, "task", data["ticket_type"])
	require.Equal(t, map[string]any{"id": 3.0, "name": "Billing"}, data["assignment_team"])
	require.Equal(t, map[string]any{"rating": 4.0, "feedback": "fine", "submitted_at": "2025-11-04T09:00:00+08:00"}, data["satisfactions"])
	require.Equal(t, "resolved", data["status"])
	require.Equal(t, "2025-11-04T09:00:00+08:00", data["resolved_at"])
	require.Nil(t, data["closed_at"])

	require.NoError(t, b.SetStatus(id, "closed"))
	require.NotNil(t, b.details(t, id)["closed_at"])
	require.NoError(t, b.SetStatus(id, "waiting_for_parts"))
	data = b.details(t, id)
	require.Equal(t, "waiting_for_parts", data["status"])
	require.Nil(t, data["resolved_at"])
	require.Nil(t, data["closed_at"])
	require.Len(t, data["status_changes"], 3)

	require.ErrorIs(t, b.SetTeam(id, "Nobody"), livedesktest.ErrNoTeam)
	require.NoError(t, b.SetTeam(id, ""))
	require.NotContains(t, b.details(t, id), "assignment_team")
}

func TestADeletedTicketIsGone(t *testing.T) {
	t.Parallel()
	b := setup(t, livedesktest.Options{})
	id := b.create(t, smallCreate)
	require.NoError(t, b.Delete(id))
	require.Equal(t, http.StatusNotFound, b.do(t, http.MethodGet, ticketsPath+"/"+id, "").status)
	require.Zero(t, b.Count())
	require.ErrorIs(t, b.Delete(id), livedesktest.ErrNoTicket)
	require.ErrorIs(t, b.SetStatus(id, "open"), livedesktest.ErrNoTicket)
	_, err := b.Reply(id, "Li", "x")
	require.ErrorIs(t, err, livedesktest.ErrNoTicket)
}

func TestACopyOfATicketDoesNotChange(t *testing.T) {
	t.Parallel()
	b := setup(t, livedesktest.Options{})
	id := b.create(t, japaneseCreate)
	message, err := b.Reply(id, "Li", "before")
	require.NoError(t, err)
	require.NoError(t, b.SetSLA(id, livedesktest.SLA{}))
	copied, _ := b.Ticket(id)
	require.NoError(t, b.EditMessage(id, message, "after"))
	require.NoError(t, b.Change(id, func(k *livedesktest.Ticket) {
		k.CustomFields["device_sn"], k.SLA.Breached, k.Attachments[0] = "x", true, "x"
	}))
	require.Equal(t, "before", copied.Messages[0].Content)
	require.Equal(t, "PRN-2024-001", copied.CustomFields["device_sn"])
	require.False(t, copied.SLA.Breached)
	require.Equal(t, "https://example.com/files/error.jpg", copied.Attachments[0])
}
