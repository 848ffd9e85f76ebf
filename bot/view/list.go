package view

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

// PerPage is how many tickets stand on a page of a list.
const PerPage = 8

const (
	maxListTitle  = 60 // UTF-16 units of a title in a list
	maxListNumber = 20 // characters of a number on a button
)

// List says which tickets a list has. The data of its buttons says so too.
type List struct {
	Queue    bool  // all unfinished ones, for staff: what they have to do something about first
	Finished bool  // finished ones too
	Person   int64 // who made or follows them; 0: anybody
	Thread   int64 // topic that they were asked for in; 0: any
}

// ListWord says which list somebody asks for by a word, in any language: with finished tickets too, or their own. known is false
// where it is no such word.
func (v *View) ListWord(word string) (finished, own, known bool) {
	names := func(id string) bool {
		return slices.ContainsFunc(v.everyLanguage(), func(say Language) bool {
			return slices.ContainsFunc(strings.Fields(say.plain(id)), func(name string) bool { return strings.EqualFold(name, word) })
		})
	}
	finished, own = names("list_word_all"), names("list_word_mine")
	return finished, own, finished || own
}

// Listed is a page of a list.
type Listed struct {
	List
	Tickets []storage.Ticket
	Names   storage.Names // of their chats
	Page    int           // counted from 0
	Total   int           // of tickets on all pages
	Private bool          // it is read in private
	Staff   bool          // it is read by staff
}

// Pages is how many pages so many tickets take.
func (l List) Pages(total int) int { return max(1, (total+PerPage-1)/PerPage) }

// data is what the button to a page of the list carries.
func (l List) data(page int) string {
	if l.Queue {
		return data("queue", 0, strconv.Itoa(page))
	}
	which := "open"
	if l.Finished {
		which = "all"
	}
	return data("list", l.Person, fmt.Sprintf("%s.%d.%d", which, l.Thread, page))
}

// ParseList reads which page of which list a button turns to.
func ParseList(action string, person int64, argument string) (l List, page int, ok bool) {
	if action == "queue" {
		page, ok = parsePage(argument)
		return List{Queue: true}, page, ok
	}
	parts := strings.Split(argument, ".")
	if len(parts) != 3 || parts[0] != "open" && parts[0] != "all" {
		return List{}, 0, false
	}
	thread, err := strconv.ParseInt(parts[1], 10, 64)
	page, ok = parsePage(parts[2])
	return List{Finished: parts[0] == "all", Person: person, Thread: thread}, page, ok && err == nil
}

func parsePage(argument string) (page int, ok bool) {
	n, err := strconv.ParseUint(argument, 10, 16)
	return int(n), err == nil
}

// id is the text above a list; with _empty behind it, the one in place of a list without tickets.
func (l Listed) id() string {
	switch {
	case l.Queue:
		return "queue"
	case l.Finished:
		return "list_all"
	case l.Private, l.Staff && l.Person != 0:
		return "list_private"
	case l.Person != 0:
		return "list_mine"
	case l.Thread != 0:
		return "list_topic"
	}
	return "list"
}

// List shows a page of a list, with buttons that open the tickets and turn the pages.
func (v *View) List(say Language, l Listed) markup.Message {
	if l.Total == 0 {
		return markup.Message{Text: say.Text(l.id() + "_empty")}
	}
	pages := l.Pages(l.Total)
	head := say.Text(l.id(), "Count", l.Total)
	if pages > 1 {
		head += " · " + l.part(say)
	}
	lines := []string{head}
	for _, t := range l.Tickets {
		lines = append(lines, l.line(v, say, t), l.about(say, t))
	}
	m := markup.Message{Text: strings.Join(lines, "\n"), Buttons: showButtons(l.Tickets)}
	if row := neighbours(l.Page, pages, l.data); len(row) > 0 {
		m.Buttons = append(m.Buttons, row)
	}
	return m
}

// part says which of the tickets are on the page.
func (l Listed) part(say Language) string {
	first, total := l.Page*PerPage, strconv.Itoa(l.Total)
	if l.Total == storage.MaxListed {
		total += "+"
	}
	return say.Text("list_part", "From", first+1, "To", min(first+PerPage, l.Total), "Total", total)
}

// line is a ticket in the list. Staff also see what waits for the operator.
func (l Listed) line(v *View, say Language, t storage.Ticket) string {
	if l.Staff && t.State == storage.StateWaiting && t.Reason == ReasonSetup {
		return say.Text("line_setup", "Title", markup.Shorten(RequestIn(t).Title, maxListTitle))
	}
	return v.Line(say, t)
}

// Line is a ticket in a list.
func (v *View) Line(say Language, t storage.Ticket) string {
	title := markup.Shorten(titled(RequestIn(t).Title), maxListTitle)
	switch {
	case t.State == storage.StateUnconfirmed, t.State == storage.StateLeft:
		return say.Text("line_unconfirmed", "Title", title)
	case t.State != storage.StateCreated:
		return say.Text("line_waiting", "Title", title)
	case t.TicketID == "":
		return say.Text("line_unnumbered", "Title", title)
	}
	status := say.Text("status_unknown")
	if t.Status != "" {
		status = say.Word("status", t.Status)
	}
	return say.Text("line", "Icon", icon(livedesk.Status(t.Status)), "Number", Number(t), "Title", title, "Status", markup.HTML(status))
}

// about is how old a ticket is, who asked for it and where, as far as the readers do not know that anyway.
func (l Listed) about(say Language, t storage.Ticket) string {
	facts := []string{"🕓 " + string(say.Ago(t.CreatedAt))}
	if !l.Private && (l.Staff || t.SenderName != "") {
		facts = append(facts, markup.Escape(markup.Isolate(askedBy(t))))
	}
	_, known := l.Names[storage.PlaceKey{Chat: t.ChatID}]
	if l.Staff || l.Private && known {
		facts = append(facts, askedIn(say, t, l.Names))
	}
	return dotted(facts)
}

// showButtons open tickets of a list, by the end of their numbers where these are long.
func showButtons(tickets []storage.Ticket) [][]markup.Button {
	var all []markup.Button
	for _, t := range tickets {
		label := []rune(t.TicketID)
		if len(label) > maxListNumber {
			label = append([]rune("…"), label[len(label)-maxListNumber+1:]...)
		}
		if t.TicketID != "" {
			all = append(all, button(string(label), "show", t.ID, ""))
		}
	}
	return slices.Collect(slices.Chunk(all, 2))
}

// Candidates asks which of several tickets a number means; more says that there are others.
func (v *View) Candidates(say Language, number string, tickets []storage.Ticket, more bool) markup.Message {
	lines := []string{say.Text("number_ambiguous", "Number", markup.Shorten(number, MaxNumber))}
	for _, t := range tickets {
		lines = append(lines, v.Line(say, t))
	}
	if more {
		lines = append(lines, "…")
	}
	return markup.Message{Text: strings.Join(lines, "\n"), Buttons: showButtons(tickets)}
}
