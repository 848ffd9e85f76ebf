package view

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

// endless is longer than any message, in letters that run from right to left.
var endless = strings.Repeat("א", 5000)

// largest is a ticket of which everything is endless, with files that did not come along.
func largest(state storage.State, reason, dropped string) (storage.Ticket, []storage.File) {
	t := storage.Ticket{
		State: state, Reason: reason, Detail: endless, TicketID: endless, Status: endless, SenderID: 1, SenderName: endless, ChatID: -1,
		Request: encode(livedesk.NewTicket{Title: endless, Description: endless, AssignmentTeam: endless}),
		View: encode(Shown{
			Title: endless, Status: endless, Priority: endless, Type: endless, Team: endless,
			Answer: time.Now(), Solution: time.Now(), Files: 1000, Rating: 5,
		}),
	}
	if reason == ReasonTeam {
		t.Detail = markup.Shorten(endless, 100) // as the row has it
	}
	var files []storage.File
	for range 30 {
		files = append(files, storage.File{State: storage.FileDropped, Reason: dropped, File: File{Name: endless}.JSON()})
	}
	return t, files
}

func TestTheLargestOfEverythingFitsIntoAMessage(t *testing.T) {
	t.Parallel()
	teams := slices.Repeat([]string{endless}, 3)
	v, err := New(Config{FollowUps: true, Teams: teams})
	require.NoError(t, err)
	screen := newScreen(t)
	fits := func(what, text string) {
		require.LessOrEqual(t, markup.Length(markup.Plain(text)), markup.MaxText, what)
		screen.show(t, text)
	}
	for _, lang := range Languages() {
		say := v.In(lang)
		for _, state := range []storage.State{
			storage.StateCreated, storage.StateWaiting, storage.StateSending, storage.StateRefused, storage.StateUnconfirmed, storage.StateLeft,
		} {
			reasons := []string{ReasonRefused}
			if state == storage.StateRefused {
				reasons = append(reasons, ReasonTeam)
			}
			for _, reason := range reasons {
				for _, drop := range []string{DropTooBig, DropExpired, DropRefused, DropNoPlace, DropTooMany, DropFailed, DropNumber} {
					ticket, files := largest(state, reason, drop)
					ticket.Language = lang
					m := v.Outcome(ticket, files)
					fits(fmt.Sprint(lang, state, reason, drop), v.Elsewhere(ticket, m).Text)
				}
			}
		}
		ticket, _ := largest(storage.StateCreated, "", "")
		ticket.ThreadID = 5
		names := storage.Names{{Chat: ticket.ChatID}: endless, {Chat: ticket.ChatID, Thread: 5}: endless}
		full := Listed{List: List{Queue: true}, Tickets: slices.Repeat([]storage.Ticket{ticket}, PerPage), Names: names, Total: storage.MaxListed}
		for _, full.Staff = range []bool{true, false} {
			fits(lang+" list", v.List(say, full).Text)
		}
		fits(lang+" candidates", v.Candidates(say, endless, full.Tickets, true).Text)
		fits(lang+" followed", say.Text("followed", "Number", Number(ticket)))
		file := livedesk.Attachment{Name: endless, URL: "https://" + endless}
		for _, internal := range []bool{false, true} {
			desk := livedesk.Ticket{Conversation: []livedesk.Message{{
				Sender:  livedesk.Sender{Type: livedesk.SenderType(endless), Name: endless, ID: endless},
				Content: endless, Internal: internal, SentAt: time.Now(), Attachments: slices.Repeat([]livedesk.Attachment{file}, 100),
			}}}
			fits(lang+" conversation", Page(say, ticket, Pages(say, desk, nil, Staff), 0).Text)
		}
	}
	fits("link", FileLink(ReplyFile{Name: endless, URL: "https://desk.invalid/" + endless}))
}

func TestFilesThatDidNotComeAlongAreNamedAndThenCounted(t *testing.T) {
	t.Parallel()
	v, err := New(Config{})
	require.NoError(t, err)
	lines := func(n int) []string {
		var files []storage.File
		for i := range n {
			files = append(files, storage.File{State: storage.FileDropped, Reason: DropTooBig, File: File{Name: fmt.Sprintf("%d.zip", i)}.JSON()})
		}
		return dropped(v.In("en"), append(files, storage.File{State: storage.FileUploaded}))
	}
	require.Empty(t, lines(0))
	require.Len(t, lines(maxDropped+1), maxDropped+1, "one more is named, not counted")
	many := lines(28)
	require.Len(t, many, maxDropped+1)
	require.Contains(t, many[maxDropped-1], fmt.Sprintf("%d.zip", maxDropped-1))
	require.Contains(t, many[maxDropped], fmt.Sprint(28-maxDropped, " more files"))
}
