package desk

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/view"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

func TestARatingIsFoundAgainHoweverLiveDeskKeepsIt(t *testing.T) {
	t.Parallel()
	four := view.NewAddition("r", 1, storage.AddRating, view.Rating{Stars: 4})
	for _, test := range []struct {
		value any
		there bool
	}{{"4", true}, {json.Number("4"), true}, {4, true}, {"5", false}, {nil, false}, {"", false}, {"44", false}} {
		desk := livedesk.Ticket{CustomFields: map[string]any{"telegram_rating": test.value}}
		require.Equal(t, test.there, contains(desk, four, nil), test.value)
	}
	require.False(t, contains(livedesk.Ticket{}, four, nil))

	update := livedesk.Ticket{}.Update()
	apply(&update, four)
	require.Equal(t, livedesk.TicketUpdate{CustomFields: map[string]any{"telegram_rating": "4"}}, update, "not even a type")
}

func TestTheMarkThatAsksForReopeningComesOnceAndGoesAlone(t *testing.T) {
	t.Parallel()
	mark := func(on bool) storage.Addition {
		return view.NewAddition("m", 1, storage.AddReopen, view.Reopening{On: on})
	}
	ask, take := mark(true), mark(false)
	for _, test := range []struct {
		status     livedesk.Status
		tags       []string
		on, off    bool // it is as the addition wants
		then, gone []string
	}{
		{"resolved", nil, false, true, []string{"reopen-requested"}, []string{}},
		{"resolved", []string{"vip"}, false, true, []string{"vip", "reopen-requested"}, []string{"vip"}},
		{"resolved", []string{"Reopen-Requested", "vip"}, true, false, []string{"vip", "reopen-requested"}, []string{"vip"}},
		{"open", nil, true, true, []string{"reopen-requested"}, []string{}},
		{"open", []string{"reopen-requested"}, true, false, []string{"reopen-requested"}, []string{}},
	} {
		desk := livedesk.Ticket{Status: test.status, Tags: test.tags}
		require.Equal(t, test.on, contains(desk, ask, nil), test)
		require.Equal(t, test.off, contains(desk, take, nil), test)
		update := desk.Update()
		apply(&update, ask)
		require.Equal(t, test.then, update.Tags, test)
		apply(&update, take)
		require.Equal(t, test.gone, update.Tags, test)
		require.NotNil(t, update.Tags, "an empty list is sent")
	}
	marked := livedesk.Ticket{Status: "resolved", Tags: []string{"reopen-requested"}}
	require.Equal(t, []bool{true, true}, standing(marked, []storage.Addition{take, ask}), "the later one counts")
	require.Equal(t, []bool{true, false}, standing(marked, []storage.Addition{ask, take}))
}
