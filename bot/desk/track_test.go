package desk

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/view"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

func TestAnAdditionIsFoundAgainHoweverLiveDeskWritesLines(t *testing.T) {
	t.Parallel()
	added := func(text string) storage.Addition {
		return storage.Addition{Kind: storage.AddText, Content: fmt.Appendf(nil, `{"Text":%q}`, text)}
	}
	for _, test := range []struct {
		description, text string
		there             bool
	}{
		{"old\r\n\r\n### now, Al\r\n12\r\n", "### now, Al\n12", true},
		{"  ### now, Al  \n\n12 ", "### now, Al\n12", true},
		{"### now, Al\n12", "### now, Al\n1", false},
		{"### now, Al\n12", "### now, Bo\n12", false},
		{"", "", true},
	} {
		require.Equal(t, test.there, contains(livedesk.Ticket{Description: test.description}, added(test.text), nil), "%q", test)
	}
}

func TestAClockThatIsAheadKeepsNoTicketBusy(t *testing.T) {
	t.Parallel()
	k := tracker{&shared{cfg: Config{TrackEvery: time.Second, Relay: true}}}
	row := storage.Ticket{ChangedAt: time.Now().Add(-time.Hour), View: []byte(`{}`)}
	desk := livedesk.Ticket{Conversation: []livedesk.Message{
		{ID: "1", Sender: livedesk.Sender{Type: livedesk.SenderBot}, Content: "x", SentAt: time.Now().Add(24 * time.Hour)},
	}}
	var l storage.Look
	k.compare(row, desk, &l)
	row.View = l.View
	l = storage.Look{}
	k.compare(row, desk, &l)
	require.False(t, l.Changed)
}

func TestHowSoonATicketIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			quiet   time.Duration
			status  string
			changed bool
			every   time.Duration
		}{
			{0, "open", false, time.Second},
			{10*time.Minute - 1, "open", false, time.Second},
			{10 * time.Minute, "open", false, 30 * time.Second},
			{5 * time.Hour, "open", false, 15 * time.Minute},
			{11 * time.Hour, "open", false, 30 * time.Minute},
			{300 * day, "open", false, 30 * time.Minute},
			{300 * day, "open", true, time.Second},
			{10*time.Minute - 1, "closed", false, time.Second},
			{11 * time.Hour, "resolved", false, 33 * time.Minute},
			{21 * time.Hour, "closed", false, time.Hour},
			{7 * day, "closed", false, time.Hour},
			{7*day + 1, "closed", false, -1},
			{7*day + 1, "closed", true, time.Second},
		} {
			k := tracker{&shared{cfg: Config{TrackEvery: time.Second}}}
			ticket := storage.Ticket{ChangedAt: time.Now().Add(-c.quiet)}
			require.Equal(t, c.every, k.every(ticket, c.status, c.changed), "%+v", c)
			k.cfg.TrackEvery = 2 * time.Hour
			if c.every > 0 {
				c.every = 2 * time.Hour
			}
			require.Equal(t, c.every, k.every(ticket, c.status, c.changed), "never more often than TRACK_INTERVAL: %+v", c)
		}
	})
}

func TestLooksAreClaimedAsOftenAsTheRateAllowsAndTheIntervalNeeds(t *testing.T) {
	t.Parallel()
	pause := func(rate int, every time.Duration, more bool) time.Duration {
		return tracker{&shared{cfg: Config{Rate: rate, TrackEvery: every}}}.lookPause(more)
	}
	require.Equal(t, 250*time.Millisecond, pause(10, time.Minute, false))
	require.Equal(t, 50*time.Millisecond, pause(10, 200*time.Millisecond, false))
	require.Equal(t, 100*time.Millisecond, pause(10, time.Minute, true))
	require.Equal(t, 25*time.Millisecond, pause(1000, time.Minute, true))
	require.Equal(t, 250*time.Millisecond, pause(1, time.Minute, true))
	for rate, looks := range map[int]int{1: 16, 33: 16, 34: 17, 2048: 1024, 9000: 1024} {
		require.Equal(t, looks, looksInHand(rate), rate)
	}
}

func TestWhichChangesOfStatusAreMessages(t *testing.T) {
	t.Parallel()
	at := func(status, before string) []byte { return view.Shown{Status: status, Before: before}.JSON() }
	for _, c := range []struct {
		old   []byte // nil: no look so far, so it is open
		now   string
		moved bool
		told  bool
		again bool
	}{
		{at("open", ""), "open", false, false, false},
		{at("open", ""), "in_progress", false, false, false},
		{at("open", ""), "resolved", false, true, false},
		{at("resolved", ""), "closed", false, true, false},
		{at("closed", ""), "in_progress", false, true, true},
		{at("open", ""), "pending", false, true, false},
		{at("closed", ""), "pending", false, true, false},
		{nil, "pending", false, false, false},
		{nil, "pending", true, true, false},
		{nil, "resolved", false, true, false},
		{at(view.StatusGone, "open"), "open", false, false, false},
		{at(view.StatusGone, "open"), "closed", false, true, false},
		{at(view.StatusGone, "closed"), "open", false, true, true},
	} {
		notices := statusNotice(storage.Ticket{View: c.old}, view.Shown{Status: c.now}, c.moved)
		require.Equal(t, c.told, len(notices) == 1, "%s %+v", c.old, c)
		if c.told {
			require.Equal(t, view.NewNotice(notices[0].Key, view.NoticeStatus, view.Change{Status: c.now, Again: c.again}), notices[0])
		}
	}
}

func TestWithoutRelayNoticesAreKeptInSilence(t *testing.T) {
	t.Parallel()
	for _, relay := range []bool{true, false} {
		k := tracker{&shared{cfg: Config{TrackEvery: time.Second, Relay: relay}}}
		var l storage.Look
		k.compare(storage.Ticket{View: []byte(`{"status":"open"}`)}, livedesk.Ticket{Status: livedesk.StatusClosed, Conversation: []livedesk.Message{
			{ID: "1", Sender: livedesk.Sender{Type: livedesk.SenderBot}, Content: "x", SentAt: time.Now()},
		}}, &l)
		require.Len(t, l.Notices, 2)
		for _, n := range l.Notices {
			require.Equal(t, !relay, n.Silent)
		}
	}
}
