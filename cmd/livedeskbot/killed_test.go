package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
	"livedeskbot/storage/storagetest"
)

// killWhile kills a process while LiveDesk has done a request of a kind and not answered it, and starts another.
func (w *world) killWhile(p *process, op livedesktest.Op) *process {
	w.t.Helper()
	release := make(chan struct{})
	defer close(release)
	seen := w.desk.Seen(op)
	w.desk.Trouble(op, 1, livedesktest.Hold(release))
	w.eventually(func() bool { return w.desk.Seen(op) > seen }, "no %s came", op)
	p.kill()
	return w.start()
}

// names are the uploaded files that a ticket has, in order.
func (w *world) names(ticket livedesktest.Ticket) (names []string) {
	for _, url := range ticket.Attachments {
		for _, f := range w.desk.Uploads() {
			if f.URL == url {
				names = append(names, f.Name)
			}
		}
	}
	return names
}

func (w *world) album(n int) (files []*telegramtest.File, names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("%c.bin", 'a'+i))
		files = append(files, w.telegram.NewBigFile(telegramtest.Document, names[i], "application/octet-stream", 1<<20))
	}
	return files, names
}

func TestKillsBetweenUploadsLoseAndRepeatNoFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storagetest.New(t), telegramtest.Options{}, nil)
	p := w.ready()
	files, names := w.album(4)
	parts := w.telegram.Album(w.alice, w.telegram.NewSupergroup("Group"), "/ticket album", files)
	for range 3 {
		p = w.killWhile(p, livedesktest.Upload)
	}
	w.hears(parts[0], "tk_")
	w.eventually(func() bool { return len(w.desk.Tickets()[0].Attachments) == len(names) }, "%v", w.names(w.desk.Tickets()[0]))
	require.Equal(t, names, w.names(w.desk.Tickets()[0]))
	require.Equal(t, 1, w.desk.Count())
}

func TestKillsBetweenUploadAndChangeLoseAndRepeatNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storagetest.New(t), telegramtest.Options{}, nil)
	w.settings["TRACK_INTERVAL"] = "1s"
	p := w.ready()
	chat := w.telegram.NewSupergroup("Group")
	card := w.hears(w.telegram.Say(w.alice, chat, "/ticket amended"), "tk_")
	var said []*telegramtest.Message
	files, names := w.album(3)
	for i, f := range files {
		said = append(said, w.telegram.Say(w.alice, chat, fmt.Sprintf("addition %d.", i), telegramtest.Attached(f), telegramtest.ReplyTo(card)))
		p = w.killWhile(p, livedesktest.Update)
	}
	for _, m := range said {
		w.eventually(func() bool { return chat.Message(m.ID).Reaction != "" }, "not said to be added")
	}
	w.eventually(func() bool { return len(w.desk.Tickets()[0].Attachments) >= len(names) }, "not all files are there")
	w.eventually(func() bool {
		n, err := w.query(`SELECT count(*) FROM files WHERE NOT entered`)
		return err == nil && n == 0
	}, "not settled")
	ticket := w.desk.Tickets()[0]
	require.Equal(t, names, w.names(ticket))
	for i := range said {
		require.Equal(t, 1, strings.Count(ticket.Description, fmt.Sprintf("addition %d.", i)), ticket.Description)
	}
}

func TestKillsBetweenLookAndPostMissNoReply(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storagetest.New(t), telegramtest.Options{}, nil)
	w.settings["TRACK_INTERVAL"] = "1s"
	p := w.ready()
	chat := w.telegram.NewSupergroup("Group")
	w.hears(w.telegram.Say(w.alice, chat, "/ticket watched"), "tk_")
	number := w.desk.Tickets()[0].ID
	const kills, each = 6, 5
	for i := range kills {
		for j := range each {
			_, err := w.desk.Reply(number, "Li", fmt.Sprintf("answer %02d.", i*each+j))
			require.NoError(t, err)
		}
		told := len(chat.BotMessages())
		w.eventually(func() bool { return len(chat.BotMessages()) > told }, "nothing was told")
		p.kill()
		time.Sleep(time.Duration(i) * 100 * time.Millisecond) // it was down for a while
		p = w.start()
	}
	w.eventually(func() bool { return w.relayed(chat, kills*each-1) > 0 }, "the last one was not told")
	var got []string
	repeated := 0
	for _, m := range chat.BotMessages() {
		_, text, ok := strings.Cut(m.Text, "answer ")
		switch {
		case !ok:
		case len(got) > 0 && got[len(got)-1] == text:
			repeated++
		default:
			got = append(got, text)
		}
	}
	require.Len(t, got, kills*each)
	require.IsIncreasing(t, got)
	require.LessOrEqual(t, repeated, kills, "only what a kill left open is told again")
}

func (w *world) relayed(chat *telegramtest.Chat, answer int) (n int) {
	for _, m := range chat.BotMessages() {
		if strings.Contains(m.Text, fmt.Sprintf("answer %02d.", answer)) {
			n++
		}
	}
	return n
}

func TestMemoryDoesNotGrowWithFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storagetest.New(t), telegramtest.Options{}, nil)
	p := w.ready()
	w.hears(w.telegram.Say(w.alice, w.telegram.NewSupergroup("Before"), "/ticket before"), "tk_")
	before, err := peakMemory(p.cmd.Process.Pid)
	require.NoError(t, err)
	const people, size = 20, 15 << 20
	var said []*telegramtest.Message
	for i := range people {
		file := w.telegram.NewBigFile(telegramtest.Video, "film.mp4", "video/mp4", size)
		said = append(said, w.telegram.Say(w.telegram.NewPerson("P"), w.telegram.NewSupergroup(fmt.Sprint(i)), "/ticket film", telegramtest.Attached(file)))
	}
	for _, m := range said {
		w.hears(m, "1 file")
	}
	after, err := peakMemory(p.cmd.Process.Pid)
	require.NoError(t, err)
	t.Logf("peak memory: %d MB before, %d MB after %d files of %d MB", before, after, people, size>>20)
	require.Less(t, after-before, 100)
	require.Len(t, w.desk.Uploads(), people)
}

func TestWithoutUploadsTheTicketSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storagetest.New(t), telegramtest.Options{}, nil)
	w.settings["LIVEDESK_UPLOAD_URL"] = "off"
	w.ready()
	file := w.telegram.NewBigFile(telegramtest.Document, "a.bin", "application/octet-stream", 1<<20)
	w.hears(w.telegram.Say(w.alice, w.telegram.NewSupergroup("Group"), "/ticket off", telegramtest.Attached(file)), "takes no files")
	require.Contains(t, w.desk.Tickets()[0].Description, "Not included: a.bin")
	require.Zero(t, w.desk.Seen(livedesktest.Upload))
	require.Empty(t, w.telegram.CallsOf("getFile"))
}
