package view

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

func TestTheButtonsOfAListSayWhichItIs(t *testing.T) {
	t.Parallel()
	for _, list := range []List{
		{}, {Queue: true}, {Finished: true}, {Person: math.MaxInt64, Thread: math.MaxInt32}, {Person: -1001234567890, Finished: true, Thread: 7},
	} {
		data := list.data(9999)
		require.LessOrEqual(t, len(data), 64, "as much as Telegram takes")
		action, person, argument, ok := ParseButton(data)
		require.True(t, ok)
		read, page, ok := ParseList(action, person, argument)
		require.True(t, ok)
		require.Equal(t, list, read)
		require.Equal(t, 9999, page)
	}
}

func FuzzParseList(f *testing.F) {
	f.Add("list", int64(5), "all.7.1")
	f.Add("queue", int64(0), "3")
	f.Fuzz(func(t *testing.T, action string, person int64, argument string) {
		_, page, ok := ParseList(action, person, argument)
		require.True(t, !ok || page >= 0 && page <= math.MaxUint16)
	})
}

func TestAListNamesWhatItsReadersDoNotKnow(t *testing.T) {
	t.Parallel()
	v, err := New(Config{})
	require.NoError(t, err)
	screen := newScreen(t)
	ticket := row(storage.Ticket{
		ID: 1, State: storage.StateCreated, TicketID: "tk_" + strings.Repeat("0", 20) + "1", ChatID: -1, SenderName: "Mina", Status: "open",
	}, livedesk.NewTicket{Title: "Jam"})
	for name, test := range map[string]struct {
		list       Listed
		with, less string
	}{
		"in a group who asked":      {Listed{}, "Mina", "Print shop"},
		"in private where":          {Listed{Private: true}, "Print shop", "Mina"},
		"among staff who and where": {Listed{Staff: true}, "Mina · Print shop", "never"},
	} {
		l := test.list
		l.Tickets, l.Names, l.Total = []storage.Ticket{ticket}, storage.Names{{Chat: -1}: "Print shop"}, 1
		m := v.List(v.In("en"), l)
		text := screen.show(t, m.Text)
		require.Contains(t, text, test.with, name)
		require.NotContains(t, text, test.less, name)
		require.Equal(t, "…0000000000000000001", m.Buttons[0][0].Label, "a long number is known by its end")
	}
}

func TestListsAreAskedForInEveryLanguage(t *testing.T) {
	t.Parallel()
	v, err := New(Config{})
	require.NoError(t, err)
	for word, want := range map[string][2]bool{
		"all": {true, false}, "ALLE": {true, false}, "全部": {true, false}, "tous": {true, false}, "semua": {true, false}, "ทั้งหมด": {true, false},
		"mine": {false, true}, "Meine": {false, true}, "我的": {false, true}, "自分": {false, true}, "ของฉัน": {false, true},
	} {
		finished, own, known := v.ListWord(word)
		require.True(t, known, word)
		require.Equal(t, want, [2]bool{finished, own}, word)
	}
	_, _, known := v.ListWord("tk_1")
	require.False(t, known)
}
