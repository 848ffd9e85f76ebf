package livedesk_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"livedeskbot/livedesk"
)

// answering returns a client whose every request is answered with status 200 and the body.
func answering(t testing.TB, body string) *livedesk.Client {
	t.Helper()
	client, err := livedesk.New(livedesk.Config{
		BaseURL: "http://livedesk.invalid",
		Transport: roundTripper(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(body))}, nil
		}),
	})
	require.NoError(t, err)
	return client
}

// read returns the ticket with these fields besides its id.
func read(t *testing.T, fields string) livedesk.Ticket {
	t.Helper()
	client := answering(t, `{"code":0,"data":{"ticket_id":"tk_1",`+fields+`}}`)
	ticket, err := client.Ticket(t.Context(), "tk_1")
	require.NoError(t, err, fields)
	return ticket
}

func utc(t *testing.T, rfc3339 string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, rfc3339)
	require.NoError(t, err)
	return at.UTC()
}

func TestTheDocumentedTicketIsReadInFull(t *testing.T) {
	t.Parallel()
	requests := make(chan *http.Request, 1)
	client := setup(t, func(w http.ResponseWriter, r *http.Request) {
		requests <- r
		reply(200, testdata(t, "details_ja.json"))(w, r)
	})
	ticket, err := client.Ticket(t.Context(), "tk_20251104_789abc")
	require.NoError(t, err)
	require.Equal(t, livedesk.Ticket{
		ID:          "tk_20251104_789abc",
		Title:       "プリンター紙詰まり、印刷不可",
		Description: "顧客よりA4用紙が排紙トレイで詰まったとの報告あり、緊急対応が必要。",
		Attachments: []livedesk.Attachment{{Name: "error.jpg", URL: "https://example.com/files/error.jpg"}},
		Status:      livedesk.StatusOpen,
		Priority:    livedesk.PriorityHigh,
		Type:        livedesk.TypeIncident,
		Requester: livedesk.Contact{
			EUID:  "contact_12345",
			Name:  "張三",
			Email: "zhangsan@example.com",
			Phone: "+8613900000000",
			ChannelContacts: &livedesk.ContactChannel{
				ChannelID:    "inbox_100",
				ContactID:    "-1001234567890",
				SubContactID: "23232323",
				Followers:    []livedesk.Person{{ID: "u_12345"}, {ID: "u_67890"}},
			},
		},
		Submitter:    &livedesk.Member{ID: "u_99999"},
		Team:         &livedesk.Team{ID: "5", Name: "ITサポート"},
		CustomFields: map[string]any{"device_sn": "PRN-2024-001"},
		Conversation: []livedesk.Message{{
			ID:          "msg_20251104_001",
			Sender:      livedesk.Sender{ID: "u_12345", Type: livedesk.SenderInternalMember, Name: "エージェント李"},
			Content:     "フィードバックを受け取りました。現在処理中です。",
			ContentType: livedesk.ContentText,
			Attachments: []livedesk.Attachment{
				{Name: "progress.jpg", MIMEType: "image/jpeg", URL: "https://example.com/files/progress.jpg"},
				{Name: "report.pdf", MIMEType: "application/pdf", URL: "https://example.com/files/report.pdf"},
			},
			SentAt: utc(t, "2025-11-19T05:55:25Z"),
		}},
		StatusChanges: []livedesk.StatusChange{
			{To: livedesk.StatusInProgress, At: utc(t, "2025-11-04T09:25:00+08:00"), ByType: "user", ByID: "u_12345"},
			{To: livedesk.StatusResolved, At: utc(t, "2025-11-04T10:30:00+08:00"), ByType: "system"},
		},
		Tags: []string{"printer", "hardware"},
		SLA: &livedesk.SLA{
			FirstResponseDue: utc(t, "2025-11-04T10:00:00+08:00"),
			ResolutionDue:    utc(t, "2025-11-05T18:00:00+08:00"),
			FirstResponseAt:  utc(t, "2025-11-04T09:20:00+08:00"),
		},
		Followers: []livedesk.Person{{ID: "u_12345"}, {ID: "u_67890"}},
		Satisfaction: &livedesk.Satisfaction{
			Rating: 5, Feedback: "処理が早かった", SubmittedAt: utc(t, "2025-11-05T09:20:00+08:00"),
		},
		CreatedAt: utc(t, "2025-11-04T09:15:22+08:00"),
		UpdatedAt: utc(t, "2025-11-04T09:18:45+08:00"),
	}, ticket)
	r := <-requests
	require.Equal(t, "GET /accounts/tickets/tk_20251104_789abc", r.Method+" "+r.URL.Path)
}

func TestAnUpdateRepeatsTheTicketAndLeavesItAlone(t *testing.T) {
	t.Parallel()
	ticket, err := answering(t, testdata(t, "details_ja.json")).Ticket(t.Context(), "tk_20251104_789abc")
	require.NoError(t, err)
	update := ticket.Update()
	require.Equal(t, livedesk.TicketUpdate{
		Title:        ticket.Title,
		Description:  ticket.Description,
		Attachments:  []livedesk.NewAttachment{{FileURL: "https://example.com/files/error.jpg"}},
		Priority:     livedesk.PriorityHigh,
		Type:         livedesk.TypeIncident,
		CustomFields: map[string]any{"device_sn": "PRN-2024-001"},
		Tags:         []string{"printer", "hardware"},
	}, update)

	update.CustomFields["device_sn"] = "changed"
	update.Tags[0] = "changed"
	require.Equal(t, "PRN-2024-001", ticket.CustomFields["device_sn"])
	require.Equal(t, "printer", ticket.Tags[0])
}

func TestAnUpdateRepeatsPriorityAndTypeAsTheyWereRead(t *testing.T) {
	t.Parallel()
	for word, odd := range map[string]bool{"urgent": false, "normal": false, "high": false, "P1": true, "": false} {
		ticket := read(t, fmt.Sprintf(`"priority":%q,"ticket_type":"None"`, word))
		update := ticket.Update()
		require.Equal(t, livedesk.TicketUpdate{Priority: livedesk.Priority(word)}, update, word)
		documented, found := update.Documented()
		require.Equal(t, odd, found, word)
		require.Equal(t, odd, documented.Priority != update.Priority, word)
	}
	own := read(t, `"ticket_type":"wish"`).Update()
	require.Equal(t, livedesk.TicketType("wish"), own.Type)
	documented, odd := own.Documented()
	require.True(t, odd)
	require.Empty(t, documented.Type)
}

func TestAnUpdateKeepsCustomFieldsExactly(t *testing.T) {
	t.Parallel()
	const fields = `{"big":12345678901234567890,"none":null,"list":[1.50,{"a":true}],"text":"<&>"}`
	encoded, err := json.Marshal(read(t, `"custom_fields":`+fields).Update().CustomFields)
	require.NoError(t, err)
	require.Contains(t, string(encoded), "12345678901234567890")
	require.Contains(t, string(encoded), "1.50")
	require.JSONEq(t, fields, string(encoded))
}

func TestCustomFieldsWithoutAValueAreNotDocumentedForWriting(t *testing.T) {
	t.Parallel()
	update := read(t, `"custom_fields":{"none":null,"n":7,"list":[null]}`).Update()
	documented, odd := update.Documented()
	require.True(t, odd)
	require.Equal(t, map[string]any{"n": json.Number("7"), "list": []any{nil}}, documented.CustomFields)
	require.Contains(t, update.CustomFields, "none")
	_, odd = documented.Documented()
	require.False(t, odd)
}

func TestAnUpdateRepeatsTagsHoweverTheyWereShown(t *testing.T) {
	t.Parallel()
	for shown, want := range map[string][]string{
		`["a b","ü"]`: {"a b", "ü"}, `[7,{"id":1,"name":"vip"},{"title":"late"},null,"",{}]`: {"7", "vip", "late"}, `[]`: nil, `null`: nil, `"a"`: nil,
	} {
		require.Equal(t, want, read(t, `"tags":`+shown).Update().Tags, shown)
	}
}

func TestFollowersMayBeTextsNumbersOrObjects(t *testing.T) {
	t.Parallel()
	const list = `["u_1", 12345678901234567890, {"id":"u_3"}, {"id":4,"name":"Li"}, {"name":"Wu"}, null, "", {}, [], true]`
	want := []livedesk.Person{{ID: "u_1"}, {ID: "12345678901234567890"}, {ID: "u_3"}, {ID: "4", Name: "Li"}, {Name: "Wu"}}
	ticket := read(t, `"followers":`+list+`,"requester":{"channel_contacts":{"followers":`+list+`}}`)
	require.Equal(t, want, ticket.Followers)
	require.Equal(t, want, ticket.Requester.ChannelContacts.Followers)
}

func TestATeamMayBeATextOrAnObject(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]*livedesk.Team{
		`"ITサポート"`:                  {Name: "ITサポート"},
		`{"id":5,"name":"ITサポート"}`:  {ID: "5", Name: "ITサポート"},
		`{"id":"5"}`:                {ID: "5"},
		`{"id":{},"name":"Second"}`: {Name: "Second"},
		`null`:                      nil,
		`""`:                        nil,
		`{}`:                        nil,
		`[]`:                        nil,
	} {
		require.Equal(t, want, read(t, `"assignment_team":`+value).Team, value)
	}
}

func TestNoTypeIsWrittenInManyWays(t *testing.T) {
	t.Parallel()
	for _, value := range []string{`"None"`, `"none"`, `null`, `""`, `{}`} {
		require.Empty(t, read(t, `"ticket_type":`+value).Type, value)
	}
	require.Equal(t, livedesk.TicketType("wish"), read(t, `"ticket_type":"wish"`).Type)
}

func TestUnknownWordsPassThrough(t *testing.T) {
	t.Parallel()
	ticket := read(t, `"status":"waiting_for_parts","priority":"normal","future":{"a":[1]},
		"status_changes":[{"to_status":"custom_7","changed_by_type":"robot"}],
		"conversation_list":[{"message_id":"m","sender":{"type":"contact"},"content_type":"sticker"}]`)
	require.Equal(t, livedesk.Status("waiting_for_parts"), ticket.Status)
	require.Equal(t, livedesk.Priority("normal"), ticket.Priority)
	require.Equal(t, livedesk.StatusChange{To: "custom_7", ByType: "robot"}, ticket.StatusChanges[0])
	require.Equal(t, livedesk.SenderType("contact"), ticket.Conversation[0].Sender.Type)
	require.Equal(t, livedesk.ContentType("sticker"), ticket.Conversation[0].ContentType)
}

func TestAMessageIsInternalUnlessPlainlySaidOtherwise(t *testing.T) {
	t.Parallel()
	for field, internal := range map[string]bool{
		`"is_internal":false`:     false,
		`"is_internal":true`:      true,
		`"is_internal":"false"`:   true,
		`"is_internal":0`:         true,
		`"is_internal":null`:      true,
		`"is_internal":[]`:        true,
		`"is_internal":{}`:        true,
		`"is_internal":""`:        true,
		`"Is_Internal":false`:     true,
		`"isInternal":false`:      true,
		`"content":"is_internal"`: true,
	} {
		ticket := read(t, `"conversation_list":[{"message_id":"m",`+field+`}]`)
		require.Equal(t, internal, ticket.Conversation[0].Internal, field)
	}
}

func TestAMessageWithoutIDGetsAStableOne(t *testing.T) {
	t.Parallel()
	message := func(fields string) string {
		return read(t, `"conversation_list":[{`+fields+`}]`).Conversation[0].ID
	}
	const base = `"sender":{"id":"u_1","type":"bot"},"content":"a","sent_at":"2025-11-04T09:25:00+08:00"`
	id := message(base)
	require.Regexp(t, "^hash:[0-9a-f]{32}$", id)
	for _, same := range []string{
		base + `,"message_id":null,"is_internal":true,"new":1`,
		strings.Replace(base, "09:25:00+08:00", "01:25:00Z", 1),
		strings.Replace(base, `"u_1"`, `"u_1","name":"Li"`, 1),
	} {
		require.Equal(t, id, message(same))
	}
	seen := map[string]bool{id: true}
	for _, other := range []string{
		strings.Replace(base, "u_1", "u_2", 1),
		strings.Replace(base, `"content":"a"`, `"content":"b"`, 1),
		strings.Replace(base, "09:25:00", "09:25:01", 1),
		base + `,"attachments":[{"file_url":"https://example.com/a.jpg?signature=1"}]`,
		base + `,"attachments":[{"file_url":"https://example.com/b.jpg?signature=1"}]`,
	} {
		require.False(t, seen[message(other)], other)
		seen[message(other)] = true
	}
	require.Equal(t,
		message(base+`,"attachments":[{"file_url":"https://example.com/a.jpg?signature=1"}]`),
		message(base+`,"attachments":[{"file_url":"https://example.com/a.jpg?signature=2"}]`))
	require.Equal(t, "7", message(`"message_id":7`))
}

func TestAttachmentsAreReadFromWhatIsThere(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]livedesk.Attachment{
		`{"file_name":"a.txt","file_type":"text/plain","file_url":"https://example.com/1","file_size":"1220"}`: {
			Name: "a.txt", MIMEType: "text/plain", URL: "https://example.com/1", Size: 1220},
		`{"file_url":"https://example.com/a/b%20%D1%8F.png?x=/y#z","file_size":1220}`: {
			Name: "b я.png", URL: "https://example.com/a/b%20%D1%8F.png?x=/y#z", Size: 1220},
		`{"file_name":"../../etc/\u202epasswd","file_url":"https://example.com/1","file_size":1220.0}`: {
			Name: "passwd", URL: "https://example.com/1", Size: 1220},
		`{"file_url":"https://example.com","file_size":"1.2 MB"}`: {URL: "https://example.com"},
		`{"file_url":"://","file_size":-1}`:                       {URL: "://"},
		`"https://example.com/c.pdf"`:                             {Name: "c.pdf", URL: "https://example.com/c.pdf"},
	} {
		ticket := read(t, `"attachments":[null,{},`+value+`,[]]`)
		require.Equal(t, []livedesk.Attachment{want}, ticket.Attachments, value)
	}
}

func TestSizesAreReadInEveryForm(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]int64{
		`1220`:                  1220,
		`" 1220 "`:              1220,
		`1220.9`:                1220,
		`1.22e3`:                1220,
		`"9007199254740993"`:    9007199254740993, // no float64 is this number
		`9007199254740991.0`:    9007199254740991,
		`9007199254740992.0`:    0, // may have been another number before somebody made a float64 of it
		`"9223372036854775808"`: 0,
		`-1220`:                 0,
		`"1220 KB"`:             0,
		`"NaN"`:                 0,
		`null`:                  0,
	} {
		ticket := read(t, `"attachments":[{"file_url":"https://example.com/1","file_size":`+value+`}]`)
		require.Equal(t, want, ticket.Attachments[0].Size, value)
	}
}

func TestTimesAreReadInEveryForm(t *testing.T) {
	t.Parallel()
	const second, milli = "2025-11-04T01:15:22Z", "2025-11-04T01:15:22.123Z"
	for value, want := range map[string]string{
		`"2025-11-04T01:15:22Z"`:          second,
		`"2025-11-04T09:15:22+08:00"`:     second,
		`"2025-11-04T09:15:22.123+08:00"`: milli,
		`"2025-11-04T09:15:22+0800"`:      second,
		`"2025-11-04T01:15:22.123Z"`:      milli,
		`"2025-11-04T01:15:22"`:           second,
		`"2025-11-04 01:15:22"`:           second,
		`"2025-11-04 01:15:22.123"`:       milli,
		`"2025-11-04 01:15:22 UTC"`:       second,
		`"2025-11-04 09:15:22 +0800"`:     second,
		`"2025-11-04 09:15:22+08:00"`:     second,
		`" 2025-11-04T01:15:22Z "`:        second,
		`1762218922`:                      second,
		`1762218922123`:                   milli,
		`1762218922.123`:                  milli,
		`"1762218922"`:                    second,
		`"1762218922123"`:                 milli,
		`"1762218922.123"`:                milli,
		`1.762218922e9`:                   second,
		`99999999999`:                     "5138-11-16T09:46:39Z", // the last number that is seconds
		`100000000000`:                    "1973-03-03T09:46:40Z", // the first that is milliseconds
		`"0001-01-01T00:00:01Z"`:          "0001-01-01T00:00:01Z",
		`"9999-12-31T23:59:59Z"`:          "9999-12-31T23:59:59Z",
	} {
		require.Equal(t, utc(t, want), read(t, `"created_at":`+value).CreatedAt, value)
	}
	for _, value := range []string{
		`null`, `""`, `"null"`, `"soon"`, `0`, `"0"`, `-1`, `"NaN"`, `"Infinity"`, `1e300`, `1e16`, `true`, `{}`, `[]`,
		`"0000-00-00 00:00:00"`, `"0000-01-01T00:00:00Z"`, `"9999-12-31T23:59:59-01:00"`, `"2025-13-01T00:00:00Z"`,
	} {
		require.True(t, read(t, `"closed_at":`+value).ClosedAt.IsZero(), value)
	}
}

func TestAnOddFieldSpoilsNothingElse(t *testing.T) {
	t.Parallel()
	var whole struct {
		Data map[string]any `json:"data"`
	}
	require.NoError(t, json.Unmarshal([]byte(testdata(t, "details_ja.json")), &whole))
	for field := range whole.Data {
		if field == "ticket_id" || field == "title" {
			continue
		}
		for _, odd := range []string{`null`, `7`, `-1.5e3`, `"odd"`, `true`, `[]`, `{}`, `[null]`, `[7]`, `[[]]`, `["odd"]`, `[{}]`, `{"id":[]}`} {
			ticket := read(t, `"title":"Jam","`+field+`":`+odd)
			require.Equal(t, "Jam", ticket.Title, field+" "+odd)
			for _, message := range ticket.Conversation {
				require.True(t, message.Internal)
			}
		}
	}
	require.Nil(t, read(t, `"sla":{},"satisfactions":null,"submitter":{}`).SLA)
	require.Equal(t, &livedesk.SLA{Breached: true}, read(t, `"sla":{"breached":"true"}`).SLA)
	require.Equal(t, &livedesk.Satisfaction{Rating: 4}, read(t, `"satisfactions":{"rating":"4"}`).Satisfaction)
	require.Equal(t, &livedesk.Member{ID: "7"}, read(t, `"submitter":7`).Submitter)
}

func TestATicketIsFoundWhereverItStands(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]livedesk.Ticket{
		`{"code":0,"data":{"ticket_id":"tk_2","title":"a"}}`: {ID: "tk_2", Title: "a"},
		`{"code":0,"data":{"title":"a"}}`:                    {ID: "tk_1", Title: "a"},
		`{"data":{"ticket_id":7}}`:                           {ID: "7"},
		`{"ticket_id":"tk_1","title":"a"}`:                   {ID: "tk_1", Title: "a"},
	} {
		ticket, err := answering(t, body).Ticket(t.Context(), "tk_1")
		require.NoError(t, err, body)
		require.Equal(t, want, ticket, body)
	}
}

func FuzzTicket(f *testing.F) {
	f.Add(testdata(f, "details_ja.json"))
	f.Add(testdata(f, "created_de.json"))
	f.Add(`{"code":"0","data":{"title":7,"created_at":1e9,"conversation_list":[{"sender":[],"attachments":["a"]}]}}`)
	f.Add(`{"code":0,"data":{"ticket_id":"1","requester":{"channel_contacts":{"followers":[1,"2",{"id":3}]}}}}`)
	f.Fuzz(func(t *testing.T, body string) {
		ticket, err := answering(t, body).Ticket(t.Context(), "tk_1")
		if err != nil {
			require.NotEmpty(t, failure(t, err).Op)
			return
		}
		require.NotEmpty(t, ticket.ID)
		for _, message := range ticket.Conversation {
			require.NotEmpty(t, message.ID)
			require.True(t, message.Internal || strings.Contains(body, "false"))
		}
		_, err = json.Marshal(ticket)
		require.NoError(t, err, "times and numbers can be written again")
		_, err = json.Marshal(ticket.Update())
		require.NoError(t, err)
	})
}

func FuzzCreated(f *testing.F) {
	f.Add(testdata(f, "created_ja.json"))
	f.Add(testdata(f, "created_de.json"))
	f.Add(`{"code":3002,"message":"no","errors":[{"title":["a"]}],"error":{"message":"b"}}`)
	f.Add(html)
	f.Fuzz(func(t *testing.T, body string) {
		created, err := answering(t, body).CreateTicket(t.Context(), valid)
		if err == nil {
			require.True(t, json.Valid([]byte(body)))
			return
		}
		require.Empty(t, created)
		e := failure(t, err)
		require.LessOrEqual(t, utf8.RuneCountInString(e.Message), 300)
		require.NotContains(t, e.Message+e.Code, "\n")
	})
}
