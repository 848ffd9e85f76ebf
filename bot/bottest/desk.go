package bottest

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

// Opened are LiveDesk's tickets, in a part of a test those that came since it began.
func (w *World) Opened() []livedesktest.Ticket { return w.Desk.Tickets()[w.before:] }

// Body is the request that made the only ticket.
func (w *World) Body() map[string]any {
	w.t.Helper()
	tickets := w.Opened()
	require.Len(w.t, tickets, 1)
	var body map[string]any
	require.NoError(w.t, json.Unmarshal(tickets[0].CreateBody, &body))
	return body
}

// Reply lets the agent Li reply to a ticket, for the customer to see, and returns the message's id.
func (w *World) Reply(number, text string, files ...livedesktest.File) (id string) {
	w.t.Helper()
	id, err := w.Desk.Reply(number, "Li", text, files...)
	require.NoError(w.t, err)
	return id
}

// Attachments waits until the only ticket has n of them and returns the names of the uploaded files, in order.
func (w *World) Attachments(n int) []string {
	w.t.Helper()
	var names []string
	w.Eventually(func() bool {
		tickets := w.Opened()
		if len(tickets) != 1 || len(tickets[0].Attachments) != n {
			return false
		}
		names = w.uploaded(tickets[0].Attachments)
		return len(names) == n
	})
	return names
}

// uploaded are the names of the files that were uploaded to the addresses.
func (w *World) uploaded(addresses []string) (names []string) {
	for _, address := range addresses {
		for _, f := range w.Desk.Uploads() {
			if f.URL == address {
				names = append(names, f.Name)
			}
		}
	}
	return names
}

// Looked waits for so many more looks at tickets.
func (w *World) Looked(times int) {
	w.t.Helper()
	until := w.Desk.Seen(livedesktest.Get) + times
	require.NoError(w.t, w.Desk.Await(w.Context(), func() bool { return w.Desk.Seen(livedesktest.Get) >= until }))
}

// LookedAt waits for so many more looks at one ticket.
func (w *World) LookedAt(number string, times int) {
	w.t.Helper()
	seen := 0
	for _, r := range w.Desk.Requests() {
		seen = r.Number
	}
	require.NoError(w.t, w.Desk.Await(w.Context(), func() bool {
		looks := 0
		for _, r := range w.Desk.RequestsSince(seen) {
			if r.Op == livedesktest.Get && strings.HasSuffix(r.Path, "/"+number) {
				looks++
			}
		}
		return looks >= times
	}), "ticket %s is not looked at", number)
}

// Missing makes LiveDesk not know a ticket until back is called, and lets so much time pass that this is believed. LiveDesk must
// have another one that is looked at.
func (w *World) Missing(number string) (back func()) {
	w.t.Helper()
	back = w.Desk.Trouble(livedesktest.Get, livedesktest.Always, livedesktest.Refuse(http.StatusNotFound, livedesktest.Envelope).About(number))
	w.Eventually(func() bool {
		return w.SQL(`UPDATE tickets SET missed_at = missed_at - interval '10 minutes' WHERE ticket_id = $1 AND missed_at IS NOT NULL`, number) == 1
	}, "the ticket is not missing")
	return back
}

// TicketIs waits until LiveDesk's ticket is as it should be, and still is a few looks later.
func (w *World) TicketIs(number string, right func(livedesktest.Ticket) bool) {
	w.t.Helper()
	is := func() bool {
		ticket, ok := w.Desk.Ticket(number)
		return ok && right(ticket)
	}
	w.Eventually(is)
	w.LookedAt(number, 4)
	require.True(w.t, is(), "it did not stay so")
}

// HoldLooks keeps LiveDesk from answering what it is asked about the ticket of a card, the world's only one, until resume
// is called.
func (w *World) HoldLooks(card *telegramtest.Message) (resume func()) {
	w.t.Helper()
	release := make(chan struct{})
	seen := w.Desk.Seen(livedesktest.Get)
	w.Desk.Trouble(livedesktest.Get, 1, livedesktest.Hold(release))
	w.Forge(w.Alice, card, "refresh:"+w.Row(card)+":")
	require.NoError(w.t, w.Desk.Await(w.Context(), func() bool { return w.Desk.Seen(livedesktest.Get) > seen }))
	return func() { close(release) }
}
