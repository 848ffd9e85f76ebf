package view

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

// data is what a button carries: "ACTION:TICKET:ARGUMENT", at most 64 bytes. Those of lists have a person in the place of the ticket.
func data(action string, ticket int64, argument string) string {
	return fmt.Sprintf("%s:%d:%s", action, ticket, argument)
}

func button(label, action string, ticket int64, argument string) markup.Button {
	return markup.Button{Label: label, Data: data(action, ticket, argument)}
}

// CardButtons stand below the card of a ticket that can be looked at.
func CardButtons(say Language, t storage.Ticket) [][]markup.Button {
	if t.TicketID == "" || t.Status == StatusGone {
		return nil
	}
	rows := [][]markup.Button{{
		button(say.Text("button_refresh"), "refresh", t.ID, ""),
		button(say.Text("button_talk"), "talk", t.ID, "0"),
		button(say.Text("button_follow"), "follow", t.ID, ""),
	}}
	var row []markup.Button
	if !Finished(ShownOn(t).Status) {
		row = append(row, button(say.Text("button_priority"), "menu", t.ID, "priority"), button(say.Text("button_type"), "menu", t.ID, "type"))
	}
	if markup.Length(t.TicketID) <= maxCopy {
		row = append(row, markup.Button{Label: say.Text("button_copy"), Copy: t.TicketID})
	}
	if len(row) > 0 {
		rows = append(rows, row)
	}
	return rows
}

// maxCopy is how much a button may copy, in UTF-16 units. https://core.telegram.org/bots/api#copytextbutton
const maxCopy = 256

// FollowButtons let who presses choose whether they follow, in place of the card's buttons.
func FollowButtons(say Language, t storage.Ticket) [][]markup.Button {
	return [][]markup.Button{
		{button(say.Text("button_follow_on"), "notify", t.ID, "on"), button(say.Text("button_follow_off"), "notify", t.ID, "off")},
		{button(say.Text("button_back"), "menu", t.ID, "")},
	}
}

// maxTeamButtons is how many teams can be chosen by a press; a phone shows no more at once.
const maxTeamButtons = 16

// teamButtons offer the teams to the person who named one that there is not.
func teamButtons(t storage.Ticket, teams []string) [][]markup.Button {
	var rows [][]markup.Button
	for i, team := range teams[:min(len(teams), maxTeamButtons)] {
		if i%2 == 0 {
			rows = append(rows, nil)
		}
		last := len(rows) - 1
		rows[last] = append(rows[last], button(markup.Shorten(team, 30), "team", t.ID, TeamKey(team)))
	}
	return rows
}

// TeamKey stands for a team in the data of a button, where a long name has no room.
func TeamKey(team string) string {
	sum := sha256.Sum256([]byte(team))
	return hex.EncodeToString(sum[:6])
}

// decisions are the buttons of a ticket that nobody knows about. They count for the attempt that they stand for.
func decisions(say Language, t storage.Ticket) [][]markup.Button {
	attempt := strconv.Itoa(t.Attempts)
	again, leave := button(say.Text("button_again"), "again", t.ID, attempt), button(say.Text("button_leave"), "leave", t.ID, attempt)
	again.Style, leave.Style = markup.Primary, markup.Danger
	return [][]markup.Button{{again, leave}}
}

// Choices are the values that the API documents for writing.
var Choices = map[string][]string{
	"priority": {string(livedesk.PriorityHigh), string(livedesk.PriorityMedium), string(livedesk.PriorityLow)},
	"type": {
		string(livedesk.TypeProblem), string(livedesk.TypeIncident), string(livedesk.TypeQuestion), string(livedesk.TypeTask),
	},
}

// MenuButtons offer the values of a field in place of the card's buttons.
func MenuButtons(say Language, t storage.Ticket, field string) [][]markup.Button {
	var row []markup.Button
	for _, value := range Choices[field] {
		row = append(row, button(markup.Plain(say.Word(field, value)), "set", t.ID, field+"="+value))
	}
	return [][]markup.Button{row, {button(say.Text("button_back"), "menu", t.ID, "")}}
}

// actions are what the buttons of tickets and lists do.
var actions = []string{
	"again", "leave", "refresh", "talk", "page", "follow", "notify", "menu", "set", "team", "queue", "list", "show", "fixed", "broken", "rate",
}

// ParseButton reads "ACTION:TICKET:ARGUMENT".
func ParseButton(data string) (action string, id int64, argument string, ok bool) {
	parts := strings.SplitN(data, ":", 3)
	if len(parts) != 3 || !slices.Contains(actions, parts[0]) {
		return "", 0, "", false
	}
	id, err := strconv.ParseInt(parts[1], 10, 64)
	return parts[0], id, parts[2], err == nil
}

// Page is a page of a conversation, the last one where there are not so many, with buttons to its neighbours.
func Page(say Language, t storage.Ticket, pages []string, page int) markup.Message {
	page = min(page, len(pages)-1)
	m := markup.Message{Text: say.Text("talk", "Number", Number(t), "Page", page+1, "Pages", len(pages)) + "\n\n" + pages[page]}
	turn := func(page int) string { return data("page", t.ID, strconv.Itoa(page)) }
	if row := neighbours(page, len(pages), turn); len(row) > 0 {
		m.Buttons = [][]markup.Button{row}
	}
	return m
}

// neighbours are the buttons to the pages beside one; data is what the button to a page says.
func neighbours(page, pages int, data func(page int) string) []markup.Button {
	var row []markup.Button
	if page > 0 {
		row = append(row, markup.Button{Label: "⬅️", Data: data(page - 1)})
	}
	if page < pages-1 {
		row = append(row, markup.Button{Label: "➡️", Data: data(page + 1)})
	}
	return row
}
