package desk

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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
