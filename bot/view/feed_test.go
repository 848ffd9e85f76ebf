package view

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

// row is a ticket of ours with a request.
func row(t storage.Ticket, r livedesk.NewTicket) storage.Ticket {
	t.Request = encode(r)
	return t
}

func TestAFeedShowsWhatLiveDeskHasOrMayHaveAndWhatTheOperatorMustMend(t *testing.T) {
	t.Parallel()
	for state, want := range map[storage.State]bool{
		storage.StateCreated: true, storage.StateUnconfirmed: true, storage.StateLeft: true,
		storage.StateWaiting: false, storage.StateSending: false, storage.StateRefused: false,
	} {
		require.Equal(t, want, Fed(storage.Ticket{State: state, Reason: ReasonAway}), state)
	}
	require.True(t, Fed(storage.Ticket{State: storage.StateWaiting, Reason: ReasonSetup}))
	require.True(t, Fed(storage.Ticket{State: storage.StateSending, Reason: ReasonSetup}), "it is tried again")
}

func TestTheLongestFeedCardFitsAMessage(t *testing.T) {
	t.Parallel()
	c := newCards(t)
	fields := map[string]string{"telegram_ref": "1/-100/3"}
	for n := range 40 {
		fields[fmt.Sprintf("a%d%s", n, strings.Repeat("k", 200))] = strings.Repeat("<v>", 300)
	}
	long := strings.Repeat("&<ü>", 300)
	ticket := row(storage.Ticket{
		ID: 1, State: storage.StateCreated, TicketID: strings.Repeat("t", MaxNumber), ChatID: supergroups - 7, ThreadID: 5, MessageID: 3,
		SenderName: long,
	}, livedesk.NewTicket{Title: long, AssignmentTeam: long, CustomFields: fields})
	names := storage.Names{{Chat: ticket.ChatID}: long, {Chat: ticket.ChatID, Thread: 5}: long}
	for _, state := range []storage.State{
		storage.StateCreated, storage.StateUnconfirmed, storage.StateLeft, storage.StateRefused, storage.StateWaiting, storage.StateSending,
	} {
		ticket.State = state
		ticket.Detail = long
		text := c.screen.show(t, c.view.FeedCard(ticket, names).Text)
		require.LessOrEqual(t, markup.Length(text), markup.MaxText, state)
		require.NotContains(t, text, "1/-100/3")
	}
	tickets := make([]storage.Ticket, PerPage)
	for i := range tickets {
		tickets[i] = ticket
		tickets[i].State = storage.StateCreated
	}
	text := c.screen.show(t, c.view.List(c.view.In("en"), Listed{List: List{Queue: true}, Tickets: tickets, Names: names, Total: 1000, Staff: true}).Text)
	require.LessOrEqual(t, markup.Length(text), markup.MaxText)
	c.screen.show(t, c.view.FeedMoved(ticket).Text)
	c.screen.show(t, c.view.FeedReply(ticket))
}

func TestOnlyMessagesOfSupergroupsHaveLinks(t *testing.T) {
	t.Parallel()
	for want, k := range map[string]storage.Ticket{
		"https://t.me/c/1234567890/7":   {ChatID: -1001234567890, MessageID: 7},
		"https://t.me/c/1234567890/5/7": {ChatID: -1001234567890, ThreadID: 5, MessageID: 7},
	} {
		require.Equal(t, want, messageLink(k))
	}
	for _, k := range []storage.Ticket{
		{ChatID: -1001234567890}, {ChatID: -1234567890, MessageID: 7}, {ChatID: 5, MessageID: 7},
	} {
		require.Empty(t, messageLink(k))
	}
}

func TestAFeedTellsAsMuchOfWhatWasAddedAsFitsAMessage(t *testing.T) {
	t.Parallel()
	c := newCards(t)
	ticket := storage.Ticket{ID: 1, State: storage.StateCreated, TicketID: "tk_1"}
	words := func(origin, text string) storage.FeedAddition {
		a := NewAddition(origin, 1, storage.AddText, Words{Origin: origin, Text: text})
		a.SenderName = "Mina"
		return storage.FeedAddition{Addition: a}
	}
	long := "### 2 Jan 2026, Mina\n" + strings.Repeat("<word> ", 1000)
	additions := []storage.FeedAddition{words("a", long), words("b", long), words("c", "short")}
	told := 0
	for _, want := range []int{1, 2} {
		text, n := c.view.FeedAdditions(ticket, additions[told:], nil)
		require.LessOrEqual(t, markup.Length(c.screen.show(t, text)), markup.MaxText)
		require.NotContains(t, text, "###")
		require.Equal(t, want, n)
		told += n
	}
	album := []storage.FeedAddition{words("album", "### heading\nlook"), words("album", ""), words("album", "")}
	files := []storage.File{{Origin: "album"}, {Origin: "album"}, {Origin: "album"}, {Origin: ""}}
	text, n := c.view.FeedAdditions(ticket, album, files)
	require.Equal(t, 3, n)
	require.Equal(t, 1, strings.Count(text, "Mina"))
	require.Contains(t, text, "3 files")
}
