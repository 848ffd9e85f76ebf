package livedesktest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"livedeskbot/livedesk/livedesktest"

	"github.com/stretchr/testify/require"
)

// The request examples of the vendor's pages "create ticket", in Japanese and German.
const (
	japaneseCreate = `{
  "title": "プリンター紙詰まり、印刷不可",
  "description": "顧客よりA4用紙が排紙トレイで詰まったとの報告あり、緊急対応が必要。",
  "attachments": [{"file_url": "https://example.com/files/error.jpg"}],
  "requester": {
    "euid": "contact_12345",
    "channel_contacts": {
      "channel_id": "inbox_100",
      "contact_id": "-1001234567890",
      "sub_contact_id": "23232323",
      "followers": [{"id": "7562646527", "name": "張三"}]
    }
  },
  "submitter": {"id": "u_12345"},
  "assignment_team": "ITサポート",
  "priority": "high",
  "ticket_type": "incident",
  "custom_fields": {"device_sn": "PRN-2024-001", "location": "北京本社-3階印刷室"}
}`
	germanCreate = `{
  "title": "Papierstau im Drucker, Drucken nicht möglich",
  "description": "Kund:in meldet A4-Papierstau im Ausgabefach, dringende Bearbeitung erforderlich.",
  "attachments": [{"file_url": "https://example.com/files/error.jpg"}],
  "requester": {
    "euid": "contact_12345",
    "channel_contacts": {
      "channel_id": "inbox_100",
      "contact_id": "-1001234567890",
      "sub_contact_id": "23232323",
      "followers": [{"id": "7562646527", "name": "Zhang San"}]
    }
  },
  "submitter": {"id": "u_12345"},
  "assignment_team": "IT Support",
  "priority": "high",
  "ticket_type": "incident",
  "custom_fields": {"device_sn": "PRN-2024-001", "location": "Beijing HQ - 3. Etage Druckerraum"}
}`
	// The answer example of the vendor's page "get ticket details".
	detailsExample = `{
"code": 0,
"message": "Success",
"data": {
"ticket_id": "tk_20251104_789abc",
"title": "プリンター紙詰まり、印刷不可",
"description": "顧客よりA4用紙が排紙トレイで詰まったとの報告あり、緊急対応が必要。",
"attachments": [{"file_url": "https://example.com/files/error.jpg"}],
"status": "open",
"priority": "high",
"ticket_type": "incident",
"requester": {
"euid": "contact_12345",
"name": "張三",
"email": "zhangsan@example.com",
"phone": "+8613900000000",
"channel_contacts": {
"channel_id": "inbox_100",
"contact_id": "-1001234567890",
"sub_contact_id": "23232323",
"followers": ["u_12345", "u_67890"]
}
},
"submitter": {"id": "u_99999"},
"assignment_team": {"id": 5, "name": "ITサポート"},
"custom_fields": {"device_sn": "PRN-2024-001"},
"conversation_list": [
{
"message_id": "msg_20251104_001",
"sender": {"id": "u_12345", "type": "internal_member", "name": "エージェント李"},
"content": "フィードバックを受け取りました。現在処理中です。",
"content_type": "text",
"attachments": [
{"file_type": "image/jpeg", "file_url": "https://example.com/files/progress.jpg"},
{"file_type": "application/pdf", "file_url": "https://example.com/files/report.pdf"}
],
"sent_at": "2025-11-19T05:55:25Z",
"is_internal": false
}
],
"status_changes": [
{"to_status": "in_progress", "changed_at": "2025-11-04T09:25:00+08:00", "changed_by_type": "user", "changed_by_id": "u_12345"},
{"to_status": "resolved", "changed_at": "2025-11-04T10:30:00+08:00", "changed_by_type": "system"}
],
"tags": ["printer", "hardware"],
"sla": {
"first_response_due": "2025-11-04T10:00:00+08:00",
"resolution_due": "2025-11-05T18:00:00+08:00",
"first_response_at": "2025-11-04T09:20:00+08:00",
"breached": false
},
"followers": [{"id": "u_12345"}, {"id": "u_67890"}],
"satisfactions": {"rating": 5, "feedback": "処理が早かった", "submitted_at": "2025-11-05T09:20:00+08:00"},
"created_at": "2025-11-04T09:15:22+08:00",
"updated_at": "2025-11-04T09:18:45+08:00",
"resolved_at": null,
"closed_at": null
}
}`
	smallCreate = `{"title":"T","requester":{"channel_contacts":{"channel_id":"inbox_100","contact_id":"42"}},"custom_fields":{"telegram_ref":"r1"}}`
)

const ticketsPath = "/api/v2/accounts/tickets"

// bench is a desk on a server, and a client of it.
type bench struct {
	*livedesktest.Desk
	url    string
	client *http.Client
}

func setup(t *testing.T, o livedesktest.Options) bench {
	t.Helper()
	desk := livedesktest.New(o)
	server := httptest.NewServer(desk)
	t.Cleanup(server.Close)
	t.Cleanup(desk.Clear)
	client := server.Client()
	client.Timeout = time.Minute
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return bench{desk, server.URL, client}
}

// result is an answer as the client saw it.
type result struct {
	status int
	header http.Header
	body   string
}

func (r result) json(t *testing.T) map[string]any {
	t.Helper()
	var body map[string]any
	require.NoError(t, json.Unmarshal([]byte(r.body), &body), r.body)
	return body
}

func (r result) data(t *testing.T) map[string]any {
	t.Helper()
	data, ok := r.json(t)["data"].(map[string]any)
	require.True(t, ok, r.body)
	return data
}

func (b bench) request(t *testing.T, method, path, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, b.url+path, strings.NewReader(body))
	require.NoError(t, err)
	r.SetBasicAuth(livedesktest.DefaultKey, livedesktest.DefaultSecret)
	r.Header.Set("Content-Type", "application/json")
	return r
}

func (b bench) send(r *http.Request) (result, error) {
	response, err := b.client.Do(r)
	if err != nil {
		return result{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return result{response.StatusCode, response.Header, string(body)}, err
}

func (b bench) do(t *testing.T, method, path, body string) result {
	t.Helper()
	got, err := b.send(b.request(t, method, path, body))
	require.NoError(t, err)
	return got
}

// create makes a ticket and returns its id.
func (b bench) create(t *testing.T, body string) string {
	t.Helper()
	got := b.do(t, http.MethodPost, ticketsPath, body)
	require.Equal(t, http.StatusOK, got.status, got.body)
	id, ok := got.data(t)["ticket_id"].(string)
	require.True(t, ok, got.body)
	return id
}

func (b bench) details(t *testing.T, id string) map[string]any {
	t.Helper()
	got := b.do(t, http.MethodGet, ticketsPath+"/"+id, "")
	require.Equal(t, http.StatusOK, got.status, got.body)
	return got.data(t)
}

func TestTheVendorsCreateExamplesAreAccepted(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"Japanese": japaneseCreate, "German": germanCreate} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, livedesktest.Options{})
			got := b.do(t, http.MethodPost, ticketsPath, body)
			require.Equal(t, http.StatusOK, got.status, got.body)
			id := got.data(t)["ticket_id"].(string)
			require.Regexp(t, `^tk_\d{8}_[0-9a-f]{6}$`, id)
			require.JSONEq(t, `{"code":0,"message":"Success","data":{"ticket_id":"`+id+`","message":"Ticket created successfully"}}`, got.body)

			stored, ok := b.Ticket(id)
			require.True(t, ok)
			require.Equal(t, body, string(stored.CreateBody))
			require.Equal(t, "-1001234567890", stored.Requester.ContactID)
			require.Equal(t, "23232323", stored.Requester.SubContactID)
			require.Equal(t, "7562646527", stored.Requester.Followers[0].ID)
			require.Equal(t, "u_12345", stored.Submitter)
		})
	}
}

func TestTheVendorsDetailsExampleIsReproduced(t *testing.T) {
	t.Parallel()
	china := time.FixedZone("", 8*60*60)
	at := func(day, hour, minute, second int) time.Time {
		return time.Date(2025, 11, day, hour, minute, second, 0, china)
	}
	b := setup(t, livedesktest.Options{})
	id := b.create(t, japaneseCreate)
	// The example contradicts itself, for instance "open" after "resolved", so the agent's verbs cannot lead to it.
	require.NoError(t, b.Change(id, func(k *livedesktest.Ticket) {
		k.Requester.Name, k.Requester.Email, k.Requester.Phone = "張三", "zhangsan@example.com", "+8613900000000"
		k.Requester.Followers = []livedesktest.Follower{{ID: "u_12345"}, {ID: "u_67890"}}
		k.Submitter = "u_99999"
		k.CustomFields = map[string]any{"device_sn": "PRN-2024-001"}
		k.StatusChanges = []livedesktest.StatusChange{
			{To: "in_progress", At: at(4, 9, 25, 0), ByType: "user", ByID: "u_12345"},
			{To: "resolved", At: at(4, 10, 30, 0), ByType: "system"},
		}
		k.Tags = []string{"printer", "hardware"}
		k.SLA = &livedesktest.SLA{
			FirstResponseDue: at(4, 10, 0, 0), ResolutionDue: at(5, 18, 0, 0), FirstResponseAt: at(4, 9, 20, 0),
		}
		k.Followers = []string{"u_12345", "u_67890"}
		k.Rating = &livedesktest.Rating{Stars: 5, Feedback: "処理が早かった", SubmittedAt: at(5, 9, 20, 0)}
		k.CreatedAt, k.UpdatedAt = at(4, 9, 15, 22), at(4, 9, 18, 45)
	}))
	_, err := b.Message(id, livedesktest.Message{
		ID: "msg_20251104_001", SenderID: "u_12345", SenderType: "internal_member", SenderName: "エージェント李",
		Content: "フィードバックを受け取りました。現在処理中です。",
		Files: []livedesktest.File{
			{Type: "image/jpeg", URL: "https://example.com/files/progress.jpg"},
			{Type: "application/pdf", URL: "https://example.com/files/report.pdf"},
		},
		SentAt: time.Date(2025, 11, 19, 5, 55, 25, 0, time.UTC),
	})
	require.NoError(t, err)

	got := b.do(t, http.MethodGet, ticketsPath+"/"+id, "")
	require.JSONEq(t, strings.Replace(detailsExample, "tk_20251104_789abc", id, 1), got.body)
}

func TestANewTicketHasTheDocumentedDefaults(t *testing.T) {
	t.Parallel()
	now := time.Date(2025, 11, 4, 1, 15, 22, 0, time.UTC)
	b := setup(t, livedesktest.Options{Now: func() time.Time { return now }})
	id := b.create(t, smallCreate)
	require.True(t, strings.HasPrefix(id, "tk_20251104_"), id)
	got := b.do(t, http.MethodGet, ticketsPath+"/"+id, "")
	require.JSONEq(t, `{"code":0,"message":"Success","data":{
		"ticket_id":"`+id+`","title":"T","description":"","status":"open","priority":"medium","ticket_type":"None",
		"requester":{"channel_contacts":{"channel_id":"inbox_100","contact_id":"42"}},
		"custom_fields":{"telegram_ref":"r1"},"conversation_list":[],
		"created_at":"2025-11-04T09:15:22+08:00","updated_at":"2025-11-04T09:15:22+08:00",
		"resolved_at":null,"closed_at":null}}`, got.body)
}

func TestCallsOutsideTheAPIAreRefusedAndRemembered(t *testing.T) {
	t.Parallel()
	cases := []struct {
		method, path string
		status       int
	}{
		{http.MethodGet, "/api/v2/accounts/tickets", http.StatusMethodNotAllowed},
		{http.MethodDelete, "/api/v2/accounts/tickets/tk_1", http.StatusMethodNotAllowed},
		{http.MethodPatch, "/api/v2/accounts/tickets/tk_1", http.StatusMethodNotAllowed},
		{http.MethodPost, "/api/v2/accounts/tickets/", http.StatusNotFound},
		{http.MethodPost, "/api/v2/accounts/tickets/tk_1/messages", http.StatusNotFound},
		{http.MethodPost, "/v2/accounts/tickets", http.StatusNotFound},
		{http.MethodPost, "/API/v2/accounts/tickets", http.StatusNotFound},
		{http.MethodGet, "/api/v2/accounts/upload", http.StatusMethodNotAllowed},
	}
	b := setup(t, livedesktest.Options{})
	for _, c := range cases {
		require.Equal(t, c.status, b.do(t, c.method, c.path, smallCreate).status, c.method+" "+c.path)
		unknown := b.Unknown()
		require.Equal(t, c.method+" "+c.path, unknown[len(unknown)-1])
	}
	require.Zero(t, b.Count())
}

func TestWrongCredentialsAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t, livedesktest.Options{Key: "k", Secret: "s"})
	for name, change := range map[string]func(*http.Request){
		"none":         func(r *http.Request) { r.Header.Del("Authorization") },
		"other key":    func(r *http.Request) { r.SetBasicAuth("x", "s") },
		"other secret": func(r *http.Request) { r.SetBasicAuth("k", "x") },
		"swapped":      func(r *http.Request) { r.SetBasicAuth("s", "k") },
		"bearer":       func(r *http.Request) { r.Header.Set("Authorization", "Bearer azpz") },
	} {
		for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodPut} {
			path := ticketsPath
			if method != http.MethodPost {
				path += "/tk_1"
			}
			r := b.request(t, method, path, smallCreate)
			change(r)
			got, err := b.send(r)
			require.NoError(t, err)
			require.Equal(t, http.StatusUnauthorized, got.status, name)
		}
	}
	require.Zero(t, b.Count())
	r := b.request(t, http.MethodPost, ticketsPath, smallCreate)
	r.SetBasicAuth("k", "s")
	got, err := b.send(r)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, got.status)
}
