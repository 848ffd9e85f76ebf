package livedesktest_test

import (
	"net/http"
	"reflect"
	"testing"
	"time"

	"livedeskbot/livedesk/livedesktest"

	"github.com/stretchr/testify/require"
)

// drifted returns the details of one full ticket in the shape of drift.
func drifted(t *testing.T, drift livedesktest.Drift) map[string]any {
	t.Helper()
	b := setup(t, livedesktest.Options{})
	id := b.create(t, japaneseCreate)
	for _, text := range []string{"1", "2", "3", "4", "5", "6", "7", "8"} {
		_, err := b.Reply(id, "Li", text)
		require.NoError(t, err)
	}
	require.NoError(t, b.Change(id, func(k *livedesktest.Ticket) { k.Followers = []string{"u_1", "2"} }))
	b.SetDrift(drift)
	return b.details(t, id)
}

func channel(data map[string]any) map[string]any {
	return data["requester"].(map[string]any)["channel_contacts"].(map[string]any)
}

func TestFollowersDrift(t *testing.T) {
	t.Parallel()
	for form, want := range map[livedesktest.Form][2][]any{
		livedesktest.Documented: {{"7562646527"}, {map[string]any{"id": "u_1"}, map[string]any{"id": "2"}}},
		livedesktest.Text:       {{"7562646527"}, {"u_1", "2"}},
		livedesktest.Object: {
			{map[string]any{"id": "7562646527", "name": "張三"}},
			{map[string]any{"id": "u_1"}, map[string]any{"id": "2"}},
		},
		livedesktest.Number: {{7562646527.0}, {"u_1", 2.0}},
	} {
		data := drifted(t, livedesktest.Drift{Followers: form})
		require.Equal(t, want[0], channel(data)["followers"], form)
		require.Equal(t, want[1], data["followers"], form)
	}
}

func TestTeamAndIDsDrift(t *testing.T) {
	t.Parallel()
	data := drifted(t, livedesktest.Drift{Team: livedesktest.Text, NumericIDs: true})
	require.Equal(t, "ITサポート", data["assignment_team"])
	require.Equal(t, -1001234567890.0, channel(data)["contact_id"])
	require.Equal(t, 23232323.0, channel(data)["sub_contact_id"])
}

func TestOptionalFieldsDrift(t *testing.T) {
	t.Parallel()
	b := setup(t, livedesktest.Options{})
	id := b.create(t, `{`+small+`}`)
	keys := []string{"attachments", "submitter", "assignment_team", "custom_fields", "status_changes", "tags",
		"sla", "followers", "satisfactions", "resolved_at"}
	b.SetDrift(livedesktest.Drift{Optional: livedesktest.Null})
	data := b.details(t, id)
	for _, key := range keys {
		require.Contains(t, data, key)
		require.Nil(t, data[key], key)
	}
	b.SetDrift(livedesktest.Drift{Optional: livedesktest.Missing})
	data = b.details(t, id)
	for _, key := range keys {
		require.NotContains(t, data, key)
	}
	b.SetDrift(livedesktest.Drift{Optional: livedesktest.Blank})
	data = b.details(t, id)
	require.Equal(t, map[string]any{}, data["sla"])
	require.Equal(t, []any{}, data["tags"])
	require.Equal(t, map[string]any{}, data["custom_fields"])
	require.Equal(t, "", data["resolved_at"])
}

func TestTheHistoryDrifts(t *testing.T) {
	t.Parallel()
	data := drifted(t, livedesktest.Drift{
		Shuffled: true, NoInternal: true, NoMessageIDs: true, Extra: true, Times: livedesktest.Number,
	})
	var texts []any
	for _, m := range history(t, data) {
		texts = append(texts, m["content"])
		require.NotContains(t, m, "is_internal")
		require.NotContains(t, m, "message_id")
		require.Contains(t, m, "x_later")
		require.InDelta(t, time.Now().Unix(), m["sent_at"], 60)
	}
	require.ElementsMatch(t, []any{"1", "2", "3", "4", "5", "6", "7", "8"}, texts)
	require.Contains(t, data, "x_later")
}

func TestTimesDriftThroughAllForms(t *testing.T) {
	t.Parallel()
	forms := map[string]bool{}
	for _, m := range history(t, drifted(t, livedesktest.Drift{Times: livedesktest.Mixed})) {
		switch at := m["sent_at"].(type) {
		case float64:
			forms["number"] = true
		case string:
			parsed, err := time.Parse(time.RFC3339Nano, at)
			require.NoError(t, err)
			require.WithinDuration(t, time.Now(), parsed, time.Minute)
			forms[at[19:]] = true
		}
	}
	require.GreaterOrEqual(t, len(forms), 4, forms)
	require.Equal(t, "", drifted(t, livedesktest.Drift{Times: livedesktest.Blank})["created_at"])
}

func TestTextsAndRefusalsDrift(t *testing.T) {
	t.Parallel()
	b := setup(t, livedesktest.Options{})
	b.SetDrift(livedesktest.Drift{Message: "Erfolg", Detail: "Ticket erfolgreich erstellt", RefuseWithOK: true})
	got := b.do(t, http.MethodPost, ticketsPath, germanCreate)
	require.Equal(t, "Erfolg", got.json(t)["message"])
	require.Equal(t, "Ticket erfolgreich erstellt", got.data(t)["message"])
	got = b.do(t, http.MethodPost, ticketsPath, `{}`)
	require.Equal(t, http.StatusOK, got.status)
	require.NotZero(t, got.json(t)["code"])

	b.SetDrift(livedesktest.Drift{Refusals: livedesktest.ErrorObject})
	got = b.do(t, http.MethodPost, ticketsPath, `{}`)
	require.Equal(t, http.StatusBadRequest, got.status)
	require.Contains(t, got.json(t), "error")
}

func TestAShuffledHistoryComesInAnotherOrderEachTime(t *testing.T) {
	t.Parallel()
	b := setup(t, livedesktest.Options{})
	id := b.create(t, smallCreate)
	for range 8 {
		_, err := b.Reply(id, "Li", "x")
		require.NoError(t, err)
	}
	ordered := history(t, b.details(t, id))
	b.SetDrift(livedesktest.Drift{Shuffled: true})
	for range 3 { // all three in order by chance: less than once in 10^13 runs
		shuffled := history(t, b.details(t, id))
		require.ElementsMatch(t, ordered, shuffled)
		if !reflect.DeepEqual(ordered, shuffled) {
			return
		}
	}
	require.Fail(t, "always in order")
}

func TestWordsDrift(t *testing.T) {
	t.Parallel()
	data := drifted(t, livedesktest.Drift{Words: func(string) string { return "changed" }})
	require.Equal(t, "changed", data["title"])
	require.Equal(t, "changed", data["description"])
}

func TestAnUpdateMayReplaceTheWholeTicket(t *testing.T) {
	t.Parallel()
	for _, replace := range []bool{false, true} {
		b := setup(t, livedesktest.Options{Replace: replace})
		id := b.create(t, japaneseCreate)
		require.NoError(t, b.Change(id, func(k *livedesktest.Ticket) { k.Priority, k.Tags = "urgent", []string{"vip"} }))
		require.Equal(t, 200, b.do(t, "PUT", "/api/v2/accounts/tickets/"+id, `{"title":"T","description":"D"}`).status)
		k, _ := b.Ticket(id)
		require.Equal(t, replace, k.Priority == "medium" && k.Tags == nil && k.CustomFields == nil)
		require.Equal(t, !replace, k.Priority == "urgent")
	}
}
