package desk

import (
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/view"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

func TestAFileThatLiveDeskNeverShowsIsGivenUp(t *testing.T) {
	t.Parallel()
	f := storage.File{ID: 1, File: []byte(`{"name":"a.txt"}`), State: storage.FileUploaded, URL: "https://desk.invalid/a.txt"}
	for tries, given := range map[int]bool{0: false, maxAmends - 2: false, maxAmends - 1: true} {
		f.Attempts = tries
		var l storage.Look
		(tracker{}).settle(&l, storage.Ticket{}, livedesk.Ticket{}, changes{files: []storage.File{f}, all: []storage.File{f}}, doubtfulWrite)
		require.Equal(t, given, len(l.Files) == 1 && len(l.Notices) == 1, tries)
	}
}

// adds is an addition with its content.
func adds(kind storage.AdditionKind, content any) storage.Addition {
	return view.NewAddition("", 1, kind, content)
}

func TestAnAdditionIsThereWhereTheTicketShowsIt(t *testing.T) {
	t.Parallel()
	desk := livedesk.Ticket{
		Title: "Door", Description: "it sticks\n\nan agent's words", Priority: "high", Type: "incident", Status: "closed",
		CustomFields: map[string]any{view.RatingField: 4.0, "room": 12}, Tags: []string{view.ReopenTag},
	}
	open := desk
	open.Status = "open"
	edit := view.Edit{OldTitle: "Dor", Title: "Door", OldDescription: "it stiks", Description: "it sticks", Block: "an edit"}
	with := func(change func(*view.Edit)) view.Edit { e := edit; change(&e); return e }
	for _, c := range []struct {
		desk     livedesk.Ticket
		addition storage.Addition
		there    bool
	}{
		{desk, adds(storage.AddText, view.Words{Text: "an agent's words"}), true},
		{desk, adds(storage.AddText, view.Words{Text: "words"}), false},
		{desk, adds(storage.AddPriority, view.Value{Value: "high"}), true},
		{desk, adds(storage.AddPriority, view.Value{Value: "incident"}), false},
		{desk, adds(storage.AddType, view.Value{Value: "incident"}), true},
		{desk, adds(storage.AddType, view.Value{Value: "high"}), false},
		{desk, adds(storage.AddRating, view.Rating{Stars: 4}), true},
		{desk, adds(storage.AddRating, view.Rating{Stars: 5}), false},
		{desk, adds(storage.AddReopen, view.Reopening{On: true}), true},
		{desk, adds(storage.AddReopen, view.Reopening{}), false},
		{open, adds(storage.AddReopen, view.Reopening{On: true}), true},
		{livedesk.Ticket{Status: "closed"}, adds(storage.AddReopen, view.Reopening{On: true}), false},
		{livedesk.Ticket{Status: "open"}, adds(storage.AddReopen, view.Reopening{On: true}), true}, // there is nothing to ask for
		{livedesk.Ticket{Status: "open"}, adds(storage.AddReopen, view.Reopening{}), true},
		{desk, adds(storage.AddEdit, edit), true},
		{desk, adds(storage.AddEdit, with(func(e *view.Edit) { e.Title = "Doors" })), true}, // an agent's title stays
		{desk, adds(storage.AddEdit, with(func(e *view.Edit) { e.OldTitle, e.Title = "Door", "Doors" })), false},
		{desk, adds(storage.AddEdit, with(func(e *view.Edit) { e.Description = "it stinks" })), false},
		{desk, adds(storage.AddEdit, with(func(e *view.Edit) { e.Description, e.Block = "it stinks", "an agent's words" })), true},
		{desk, adds(storage.AddEdit, with(func(e *view.Edit) { e.OldDescription = "an agent's words" })), false}, // which it was to replace
		{desk, adds(storage.AddEdit, with(func(e *view.Edit) { e.OldDescription, e.Description = "it sticks", "" })), false},
		{desk, adds(storage.AddEdit, with(func(e *view.Edit) { e.OldDescription = "" })), true},
		{desk, adds(storage.AddEdit, view.Edit{Priority: "high", Type: "incident"}), true},
		{desk, adds(storage.AddEdit, view.Edit{Priority: "low"}), false},
		{desk, adds(storage.AddEdit, view.Edit{Type: "question"}), false},
		{desk, adds(storage.AddEdit, view.Edit{Fields: map[string]string{"room": "12"}}), true},
		{desk, adds(storage.AddEdit, view.Edit{Fields: map[string]string{"room": "13"}}), false},
		{desk, adds(storage.AddEdit, view.Edit{Fields: map[string]string{"floor": ""}}), false},
		{desk, adds(storage.AddEdit, view.Edit{Fields: map[string]string{"floor": "<nil>"}}), false},
	} {
		require.Equal(t, c.there, contains(c.desk, c.addition, nil), "%s %s", c.addition.Kind, c.addition.Content)
	}
}

func TestWhatALaterAdditionReplacesNeedNotBeThere(t *testing.T) {
	t.Parallel()
	low, high := adds(storage.AddPriority, view.Value{Value: "low"}), adds(storage.AddPriority, view.Value{Value: "high"})
	question := adds(storage.AddType, view.Value{Value: "question"})
	edit := adds(storage.AddEdit, view.Edit{Priority: "high"})
	desk := livedesk.Ticket{Priority: "high", Type: "incident"}
	require.Equal(t, []bool{true, true}, standing(desk, []storage.Addition{low, high}))
	require.Equal(t, []bool{true, false}, standing(desk, []storage.Addition{high, low}))
	require.Equal(t, []bool{true, true, false}, standing(desk, []storage.Addition{low, edit, question}))
	words := adds(storage.AddText, view.Words{Text: "words"})
	require.Equal(t, []bool{false, false}, standing(desk, []storage.Addition{words, words}), "words replace nothing")
}

func TestTheSameFileMayHaveAnotherHostAndSignature(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		one, other string
		same       bool
	}{
		{"https://a.example.com/f/1?sig=x", "https://b.example.com/f/1?sig=y", true},
		{"/f/1", "https://b.example.com/f/1", true},
		{"https://a.example.com/f/1", "https://a.example.com/f/2", false},
		{"https://a.example.com/?f=1", "https://a.example.com/?f=2", false},
		{"https://a.example.com/?f=1", "https://a.example.com/?f=1", true},
		{"https://a.example.com/%zz", "https://a.example.com/%zz", true},
		{"https://a.example.com/%zz", "https://b.example.com/%zz", false},
		{"https://a.example.com/f/1", "https://a.example.com/%zz", false},
	} {
		require.Equal(t, c.same, sameFile(c.one, c.other), "%s %s", c.one, c.other)
		require.Equal(t, c.same, sameFile(c.other, c.one), "%s %s", c.other, c.one)
	}
}

func TestWhatBecomesOfAnAdditionAfterATry(t *testing.T) {
	t.Parallel()
	asked := func(kind storage.AdditionKind, content any, attempts int) storage.Addition {
		a := adds(kind, content)
		a.ID, a.MessageID, a.Attempts = 7, 3, attempts
		return a
	}
	desk := livedesk.Ticket{Description: "there\nis more", Title: "Door"}
	there, away := view.Words{Text: "there"}, view.Words{Text: "away"}
	changed := view.Words{Text: "there\nwas something else"} // its heading is there
	edit := view.Edit{OldTitle: "Dor", Title: "Door", Priority: "high", Block: "an edit"}
	for name, c := range map[string]struct {
		addition     storage.Addition
		w            written
		done, failed bool
	}{
		"there":                               {asked(storage.AddText, there, 0), doubtfulWrite, true, false},
		"there, after all":                    {asked(storage.AddText, there, maxAmends), refusedWrite, true, false},
		"not there":                           {asked(storage.AddText, away, 0), doubtfulWrite, false, false},
		"not there, and it was confirmed":     {asked(storage.AddText, away, 0), takenWrite, false, false},
		"not there, for the last but one try": {asked(storage.AddText, away, maxAmends-2), doubtfulWrite, false, false},
		"not there, for the last time":        {asked(storage.AddText, away, maxAmends-1), doubtfulWrite, false, true},
		"refused":                             {asked(storage.AddText, away, 0), refusedWrite, false, true},
		"changed by LiveDesk":                 {asked(storage.AddText, changed, 0), takenWrite, true, false},
		"changed, and nobody knows":           {asked(storage.AddText, changed, 0), doubtfulWrite, false, false},
		"a text that reads so":                {asked(storage.AddEdit, edit, 0), takenWrite, true, false},
		"an edit, and nobody knows":           {asked(storage.AddEdit, edit, 0), doubtfulWrite, false, false},
	} {
		var l storage.Look
		(tracker{}).settle(&l, storage.Ticket{}, desk, changes{additions: []storage.Addition{c.addition}}, c.w)
		require.Equal(t, c.done, len(l.Additions) == 1, name)
		require.Equal(t, c.failed, len(l.Failed) == 1, name)
		require.Equal(t, c.done || c.failed, len(l.Notices) == 1, name)
		require.Equal(t, c.done && c.addition.Kind == storage.AddEdit, l.Request != nil, name)
		if c.failed {
			require.Equal(t, []storage.Notice{view.AdditionNotice(c.addition, "add_failed")}, l.Notices, name)
		}
	}
}

func TestWhatBecomesOfAFileAfterATry(t *testing.T) {
	t.Parallel()
	texts, err := view.New(view.Config{})
	require.NoError(t, err)
	k := tracker{&shared{view: texts}}
	file := func(state storage.FileState, attempts int) storage.File {
		f := storage.File{ID: 1, File: []byte(`{"name":"a.txt"}`), State: state, URL: "https://desk.invalid/a.txt", Attempts: attempts}
		if state == storage.FileDropped {
			f.Reason = view.DropTooBig
		}
		return f
	}
	with := livedesk.Ticket{Attachments: []livedesk.Attachment{{URL: "https://other.invalid/a.txt"}}}
	noted := livedesk.Ticket{Description: texts.FileNote(file(storage.FileDropped, 0))}
	for name, c := range map[string]struct {
		desk  livedesk.Ticket
		file  storage.File
		w     written
		ended bool
		told  bool
	}{
		"there":                              {with, file(storage.FileUploaded, 0), doubtfulWrite, true, false},
		"not there":                          {livedesk.Ticket{}, file(storage.FileUploaded, 0), doubtfulWrite, false, false},
		"confirmed":                          {livedesk.Ticket{}, file(storage.FileUploaded, 0), takenWrite, true, false},
		"refused":                            {livedesk.Ticket{}, file(storage.FileUploaded, 0), refusedWrite, true, true},
		"its words are there":                {noted, file(storage.FileDropped, 0), doubtfulWrite, true, true},
		"its words are not there":            {with, file(storage.FileDropped, 0), takenWrite, false, false},
		"its words are not there in the end": {with, file(storage.FileDropped, maxAmends-1), takenWrite, true, true},
	} {
		var l storage.Look
		k.settle(&l, storage.Ticket{}, c.desk, changes{files: []storage.File{c.file}, all: []storage.File{c.file}}, c.w)
		require.Equal(t, c.ended, len(l.Files) == 1, name)
		require.Equal(t, c.told, len(l.Notices) == 1, name)
	}
}
