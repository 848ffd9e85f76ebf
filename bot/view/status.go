package view

import (
	"strings"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

// MaxNumber is the longest number of a ticket, in characters; longer ones do not exist.
const MaxNumber = 128

// Number is a ticket's number as people see it.
func Number(t storage.Ticket) string { return markup.Shorten(t.TicketID, MaxNumber) }

// Status is LiveDesk's word as rows keep it. An account's own word that is ours for a ticket which LiveDesk does not know any
// more is spelt differently.
func Status(word livedesk.Status) string {
	status := markup.Line(string(word))
	if status == StatusGone {
		return strings.ToUpper(status)
	}
	return status
}

// NeedsCustomer reports whether a status means that the support team waits for the customer. The list of statuses is open;
// these words are what help desks use for it.
func NeedsCustomer(status string) bool {
	switch status {
	case "pending", "waiting", "on_hold", "waiting_for_customer", "waiting_on_customer", "pending_customer", "awaiting_customer":
		return true
	}
	return false
}

// Finished reports whether nobody has to do anything about a ticket any more.
func Finished(status string) bool {
	return status == string(livedesk.StatusResolved) || status == string(livedesk.StatusClosed) || status == StatusGone
}
