package view

import (
	"fmt"
	"strconv"
	"strings"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/storage"
)

// Actions of the buttons of an offer. They carry "new:MESSAGE", "join:MESSAGE" and "add:MESSAGE:TICKET": a person's message, a row.
const (
	OfferNew    = "new"
	OfferAdd    = "add"
	OfferFollow = "join"
)

// maxOfferTitle is how much of a ticket's title a button shows, in UTF-16 units.
const maxOfferTitle = 30

// Talk offers what may become of what a person said in private, in count messages: a new ticket, or an addition to one of the given.
func Talk(say Language, o storage.Offer, count int, tickets []storage.Ticket) markup.Message {
	text := say.Text("offer")
	if count > 1 {
		text = say.Text("offer_more", "Count", count)
	}
	m := markup.Message{Text: text, Buttons: [][]markup.Button{{newButton(say, o)}}}
	for _, t := range tickets {
		m.Buttons = append(m.Buttons, []markup.Button{addButton(say, o, t)})
	}
	return m
}

func addButton(say Language, o storage.Offer, t storage.Ticket) markup.Button {
	return markup.Button{
		Label: markup.Plain(say.Text("offer_add", "Title", offerTitle(t))), Data: fmt.Sprintf("%s:%d:%d", OfferAdd, o.MessageID, t.ID),
	}
}

// SameTicket offers the ticket that a command replies to in place of another one: to add to it to who asked for it, to others to
// follow it.
func SameTicket(say Language, o storage.Offer, t storage.Ticket) markup.Message {
	first := markup.Button{
		Label: markup.Plain(say.Text("offer_follow", "Title", offerTitle(t))), Data: fmt.Sprintf("%s:%d", OfferFollow, o.MessageID),
	}
	if t.SenderID == o.PersonID {
		first = addButton(say, o, t)
	}
	another := newButton(say, o)
	another.Label = markup.Plain(say.Text("offer_another"))
	return markup.Message{Text: say.Text("offer_same"), Buttons: [][]markup.Button{{first}, {another}}}
}

// ClosedTicket offers a new ticket in place of a closed one.
func ClosedTicket(say Language, o storage.Offer, t storage.Ticket) markup.Message {
	return markup.Message{Text: say.Text("offer_closed", "Number", Number(t)), Buttons: [][]markup.Button{{newButton(say, o)}}}
}

func newButton(say Language, o storage.Offer) markup.Button {
	return markup.Button{Label: markup.Plain(say.Text("offer_new")), Data: fmt.Sprintf("%s:%d", OfferNew, o.MessageID)}
}

func offerTitle(t storage.Ticket) string {
	return titled(markup.Shorten(ShownOn(t).Title, maxOfferTitle))
}

// OfferButton is the button of an offer: its action, the person's message, and a ticket's row where there is one.
type OfferButton struct {
	Action          string
	Message, Ticket int64
}

// ParseOfferButton reads the data of an offer's button.
func ParseOfferButton(data string) (b OfferButton, ok bool) {
	parts := strings.Split(data, ":")
	switch {
	case len(parts) == 2 && (parts[0] == OfferNew || parts[0] == OfferFollow):
		parts = append(parts, "0")
	case len(parts) != 3 || parts[0] != OfferAdd:
		return b, false
	}
	message, err := strconv.ParseInt(parts[1], 10, 64)
	ticket, ticketErr := strconv.ParseInt(parts[2], 10, 64)
	return OfferButton{parts[0], message, ticket}, err == nil && ticketErr == nil
}

// Follows is the line that names the closed ticket which a new one goes on from.
func (v *View) Follows(t storage.Ticket) string {
	return v.agents().plain("agents_follows", "Number", Number(t))
}
