package livedesktest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"livedeskbot/livedesk/livedesktest"

	"github.com/stretchr/testify/require"
)

const small = `"title":"T","requester":{"euid":"c"}`

func TestABadCreateIsRefusedWithTheFieldAtFault(t *testing.T) {
	t.Parallel()
	channel := func(inside string) string {
		return `{"title":"T","requester":{"channel_contacts":{` + inside + `}}}`
	}
	cases := map[string]struct{ body, fault string }{
		"no JSON":                       {`{"title":`, "JSON object"},
		"a list":                        {`[]`, "JSON object"},
		"null":                          {`null`, "JSON object"},
		"not UTF-8":                     {"{\"title\":\"\xff\"}", "UTF-8"},
		"two objects":                   {`{` + small + `}{}`, "follows"},
		"title missing":                 {`{"requester":{"euid":"c"}}`, "title is missing"},
		"title empty":                   {`{"title":" ","requester":{"euid":"c"}}`, "title is empty"},
		"title a number":                {`{"title":1,"requester":{"euid":"c"}}`, "title must be text"},
		"title null":                    {`{"title":null,"requester":{"euid":"c"}}`, "title must be text"},
		"title in capitals":             {`{"Title":"T","requester":{"euid":"c"}}`, "Title is unknown"},
		"requester missing":             {`{"title":"T"}`, "requester is missing"},
		"requester text":                {`{"title":"T","requester":"c"}`, "requester must be an object"},
		"requester empty":               {`{"title":"T","requester":{}}`, "requester.euid or channel_contacts"},
		"euid empty":                    {`{"title":"T","requester":{"euid":""}}`, "requester.euid is empty"},
		"channel_id missing":            {channel(`"contact_id":"1"`), "channel_contacts.channel_id is missing"},
		"contact_id missing":            {channel(`"channel_id":"i"`), "channel_contacts.contact_id is missing"},
		"contact_id a number":           {channel(`"channel_id":"i","contact_id":1`), "contact_id must be text"},
		"sub_contact_id empty":          {channel(`"channel_id":"i","contact_id":"1","sub_contact_id":""`), "sub_contact_id is empty"},
		"channel field unknown":         {channel(`"channel_id":"i","contact_id":"1","topic":"2"`), "channel_contacts.topic is unknown"},
		"followers text":                {channel(`"channel_id":"i","contact_id":"1","followers":["7"]`), "followers[] must be an object"},
		"follower without id":           {channel(`"channel_id":"i","contact_id":"1","followers":[{"name":"n"}]`), "followers[].id is missing"},
		"follower without name":         {channel(`"channel_id":"i","contact_id":"1","followers":[{"id":"7"}]`), "followers[].name is missing"},
		"follower id a number":          {channel(`"channel_id":"i","contact_id":"1","followers":[{"id":7,"name":"n"}]`), "followers[].id must be text"},
		"followers null":                {channel(`"channel_id":"i","contact_id":"1","followers":null`), "followers must be a list"},
		"submitter without id":          {`{` + small + `,"submitter":{}}`, "submitter.id is missing"},
		"submitter with name":           {`{` + small + `,"submitter":{"id":"u","name":"n"}}`, "submitter.name is unknown"},
		"submitter null":                {`{` + small + `,"submitter":null}`, "submitter must be an object"},
		"attachment without address":    {`{` + small + `,"attachments":[{}]}`, "attachments[].file_url is missing"},
		"attachment with name":          {`{` + small + `,"attachments":[{"file_url":"http://h/f","file_name":"f"}]}`, "file_name is unknown"},
		"attachment address relative":   {`{` + small + `,"attachments":[{"file_url":"/files/f"}]}`, "complete address"},
		"attachment address hostless":   {`{` + small + `,"attachments":[{"file_url":"https:///f"}]}`, "complete address"},
		"team unknown":                  {`{` + small + `,"assignment_team":"Nobody"}`, "assignment_team does not exist"},
		"team in other letters":         {`{` + small + `,"assignment_team":"it support"}`, "assignment_team does not exist"},
		"team empty":                    {`{` + small + `,"assignment_team":""}`, "assignment_team does not exist"},
		"team an object":                {`{` + small + `,"assignment_team":{"id":5}}`, "assignment_team must be text"},
		"priority urgent":               {`{` + small + `,"priority":"urgent"}`, "priority is none of"},
		"priority empty":                {`{` + small + `,"priority":""}`, "priority is none of"},
		"type in other letters":         {`{` + small + `,"ticket_type":"none"}`, "ticket_type is none of"},
		"custom fields a list":          {`{` + small + `,"custom_fields":[]}`, "custom_fields must be an object"},
		"custom field an object":        {`{` + small + `,"custom_fields":{"a":{}}}`, "custom_fields.a must be"},
		"custom field null":             {`{` + small + `,"custom_fields":{"a":null}}`, "custom_fields.a must be"},
		"tags, which only update knows": {`{` + small + `,"tags":["a"]}`, "tags is unknown"},
		"status":                        {`{` + small + `,"status":"open"}`, "status is unknown"},
		"team inside requester":         {`{"title":"T","requester":{"euid":"c","assignment_team":"Sales"}}`, "requester.assignment_team is unknown"},
	}
	b := setup(t, livedesktest.Options{})
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := b.do(t, http.MethodPost, ticketsPath, c.body)
			require.Equal(t, http.StatusBadRequest, got.status)
			reply := got.json(t)
			require.NotZero(t, reply["code"])
			require.Contains(t, reply["message"], c.fault)
			require.Zero(t, b.Count())
		})
	}
}

func TestEverythingDocumentedForCreateIsAccepted(t *testing.T) {
	t.Parallel()
	b := setup(t, livedesktest.Options{})
	for _, body := range []string{
		`{` + small + `}`,
		`{` + small + `,"description":"","attachments":[],"custom_fields":{},"ticket_type":"None","priority":"low"}`,
		`{` + small + `,"custom_fields":{"n":12345678901234567890,"b":true,"s":""}}`,
		`{"title":"T","requester":{"channel_contacts":{"channel_id":"i","contact_id":"1","followers":[]}}}`,
		smallCreate,
	} {
		b.create(t, body)
	}
}

func TestOneReadingOfTheDocumentationDemandsAnEUID(t *testing.T) {
	t.Parallel()
	b := setup(t, livedesktest.Options{RequireEUID: true})
	got := b.do(t, http.MethodPost, ticketsPath, smallCreate)
	require.Equal(t, http.StatusBadRequest, got.status)
	require.Contains(t, got.body, "requester.euid is missing")
	b.create(t, japaneseCreate)
}

func TestRequestsOfTheWrongKindAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t, livedesktest.Options{})
	for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded"} {
		r := b.request(t, http.MethodPost, ticketsPath, smallCreate)
		r.Header.Set("Content-Type", kind)
		got, err := b.send(r)
		require.NoError(t, err)
		require.Equal(t, http.StatusUnsupportedMediaType, got.status, kind)
	}
	got := b.do(t, http.MethodPost, ticketsPath+"?lang=en", smallCreate)
	require.Equal(t, http.StatusBadRequest, got.status)
	got = b.do(t, http.MethodPost, ticketsPath, `{"title":"`+strings.Repeat("x", 5<<20)+`"}`)
	require.Equal(t, http.StatusRequestEntityTooLarge, got.status)
	require.Zero(t, b.Count())
}

func TestEqualRequestsMakeTwoTicketsAndAreCounted(t *testing.T) {
	t.Parallel()
	b := setup(t, livedesktest.Options{})
	require.NotEqual(t, b.create(t, smallCreate), b.create(t, smallCreate))
	b.do(t, http.MethodPost, ticketsPath, `{"title":"","custom_fields":{"telegram_ref":"r2"}}`)
	require.Equal(t, map[string]int{"r1": 2, "r2": 1}, b.Creates())
	tickets := b.Tickets()
	require.Len(t, tickets, 2)
	require.Equal(t, "r1", tickets[0].Ref)
	require.Equal(t, "r1", tickets[1].Ref)
}

func TestTenThousandTicketsHaveTheirOwnIDs(t *testing.T) {
	t.Parallel()
	d := direct{livedesktest.New(livedesktest.Options{})}
	for range 10_000 { // about three pairs of random ids are equal
		d.do(http.MethodPost, ticketsPath, smallCreate)
	}
	ids := map[string]bool{}
	for _, k := range d.Tickets() {
		ids[k.ID] = true
	}
	require.Len(t, ids, 10_000)
}

func TestUpdateReplacesWhatIsSentAndLeavesTheRest(t *testing.T) {
	t.Parallel()
	now := time.Date(2025, 11, 4, 1, 0, 0, 0, time.UTC)
	b := setup(t, livedesktest.Options{Now: func() time.Time { return now }})
	id := b.create(t, japaneseCreate)
	now = now.Add(time.Hour)

	body := `{"title":"New","description":"D","attachments":[{"file_url":"https://h/1"},{"file_url":"https://h/2"}],
		"priority":"normal","custom_fields":{"department":"x"},"tags":["a","b"]}`
	got := b.do(t, http.MethodPut, ticketsPath+"/"+id, body)
	require.JSONEq(t, `{"code":0,"message":"Success","data":{"ticket_id":"`+id+`","message":"Ticket updated successfully"}}`, got.body)

	k, _ := b.Ticket(id)
	require.Equal(t, "New", k.Title)
	require.Equal(t, "D", k.Description)
	require.Equal(t, []string{"https://h/1", "https://h/2"}, k.Attachments)
	require.Equal(t, "normal", k.Priority)
	require.Equal(t, "incident", k.Type)
	require.Equal(t, "ITサポート", k.Team)
	require.Equal(t, map[string]any{"department": "x"}, k.CustomFields)
	require.Equal(t, []string{"a", "b"}, k.Tags)
	require.Equal(t, time.Hour, k.UpdatedAt.Sub(k.CreatedAt))
	require.Equal(t, body, string(k.UpdateBodies[0]))

	b.do(t, http.MethodPut, ticketsPath+"/"+id, `{"title":"New","description":"","attachments":[],"tags":[]}`)
	k, _ = b.Ticket(id)
	require.Empty(t, k.Description)
	require.Empty(t, k.Attachments)
	require.Empty(t, k.Tags)
	require.Equal(t, map[string]any{"department": "x"}, k.CustomFields)
}

func TestTheReferenceOutlivesUpdates(t *testing.T) {
	t.Parallel()
	b := setup(t, livedesktest.Options{})
	id := b.create(t, smallCreate)
	b.do(t, http.MethodPut, ticketsPath+"/"+id, `{"title":"T","description":"","custom_fields":{"telegram_ref":"r2"}}`)
	b.do(t, http.MethodPut, ticketsPath+"/"+id, `{"title":"T","description":"","custom_fields":{}}`)
	require.Equal(t, map[string]int{"r1": 1}, b.Creates())
	k, _ := b.Ticket(id)
	require.Empty(t, k.CustomFields)
	require.Equal(t, "r1", k.Ref)
}

func TestABadUpdateChangesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t, livedesktest.Options{})
	id := b.create(t, smallCreate)
	before, _ := b.Ticket(id)
	for fault, body := range map[string]string{
		"title is missing":        `{"description":"D"}`,
		"title is empty":          `{"title":"","description":"D"}`,
		"description is missing":  `{"title":"New"}`,
		"status is unknown":       `{"title":"New","description":"D","status":"closed"}`,
		"team is unknown":         `{"title":"New","description":"D","assignment_team":"Sales"}`,
		"requester is unknown":    `{"title":"New","description":"D","requester":{"euid":"c"}}`,
		"tags[] must be text":     `{"title":"New","description":"D","tags":[1]}`,
		"tags must be a list":     `{"title":"New","description":"D","tags":"a"}`,
		"priority is none of":     `{"title":"New","description":"D","priority":"None"}`,
		"file_url is missing":     `{"title":"New","description":"D","attachments":[{"url":"https://h/1"}]}`,
		"custom_fields must be":   `{"title":"New","description":"D","custom_fields":null}`,
		"body must be a JSON obj": `{"title":"New","description":`,
	} {
		got := b.do(t, http.MethodPut, ticketsPath+"/"+id, body)
		require.Equal(t, http.StatusBadRequest, got.status, body)
		require.Contains(t, got.body, fault)
	}
	after, _ := b.Ticket(id)
	require.Equal(t, before, after)
}

func TestAnUnknownTicketIsNotFound(t *testing.T) {
	t.Parallel()
	b := setup(t, livedesktest.Options{})
	require.Equal(t, http.StatusNotFound, b.do(t, http.MethodGet, ticketsPath+"/tk_1", "").status)
	require.Equal(t, http.StatusNotFound, b.do(t, http.MethodPut, ticketsPath+"/tk_1", `{"title":"T","description":""}`).status)
	require.Empty(t, b.Unknown())
}

func FuzzCreate(f *testing.F) {
	f.Add(japaneseCreate)
	f.Add(germanCreate)
	f.Add(smallCreate)
	f.Add(`{"title":"T","requester":{"euid":"c"},"attachments":[{"file_url":"http://h"}],"tags":[null]}`)
	f.Fuzz(func(t *testing.T, body string) {
		b := direct{livedesktest.New(livedesktest.Options{})}
		got := b.do(http.MethodPost, ticketsPath, body)
		if got.status != http.StatusOK {
			require.Zero(t, b.Count())
			return
		}
		id := b.Tickets()[0].ID
		details := b.do(http.MethodGet, ticketsPath+"/"+id, "")
		require.Equal(t, http.StatusOK, details.status)
		require.NotEmpty(t, details.data(t)["title"])
	})
}
