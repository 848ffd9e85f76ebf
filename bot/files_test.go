package bot

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

// attachments waits until the only ticket has n of them and returns the names of the uploaded files, in order.
func (w *world) attachments(n int) []string {
	w.t.Helper()
	var names []string
	require.Eventually(w.t, func() bool {
		tickets := w.desk.Tickets()
		if len(tickets) != 1 || len(tickets[0].Attachments) != n {
			return false
		}
		names = nil
		for _, url := range tickets[0].Attachments {
			for _, f := range w.desk.Uploads() {
				if f.URL == url {
					names = append(names, f.Name)
				}
			}
		}
		return len(names) == n
	}, 30*time.Second, 20*time.Millisecond, "%s", w.logs)
	return names
}

func TestAFileWithTheCommandIsInTheTicket(t *testing.T) {
	t.Parallel()
	for _, kind := range []telegramtest.Kind{
		telegramtest.Photo, telegramtest.Document, telegramtest.Video, telegramtest.Audio, telegramtest.Voice, telegramtest.Animation,
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			file := w.telegram.NewFile(kind, "../etc/r\"e.port.pdf", "application/pdf", []byte("content of "+string(kind)))
			reply := w.say(w.alice, w.telegram.NewSupergroup("S"), "/ticket look", telegramtest.Attached(file))
			w.number(reply)
			require.Contains(t, reply.Text, "1 file")
			w.attachments(1)
			upload := w.desk.Uploads()[0]
			require.Equal(t, file.SHA256(), upload.SHA256)
			require.NotContains(t, upload.Name, "/")
			require.Len(t, w.desk.Tickets()[0].UpdateBodies, 0, "it was in the ticket from the start")
			require.NotContains(t, string(w.desk.Tickets()[0].CreateBody), w.telegram.Token())
		})
	}
}

func TestAReplyToAFileTakesItAlong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	original := w.telegram.Say(w.alice, chat, "", telegramtest.Attached(w.telegram.NewFile(telegramtest.Photo, "", "", []byte("jpeg"))))
	w.say(w.alice, chat, "/ticket Broken", telegramtest.ReplyTo(original))
	w.attachments(1)
}

func TestAnAlbumIsOneTicketWithAllPartsInOrder(t *testing.T) {
	t.Parallel()
	files := func(w *world) (all []*telegramtest.File) {
		for _, name := range []string{"a.txt", "b.txt", "c.txt"} {
			all = append(all, w.telegram.NewFile(telegramtest.Document, name, "text/plain", []byte(name)))
		}
		return all
	}
	t.Run("the caption is the command", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.telegram.Album(w.alice, w.telegram.NewSupergroup("S"), "/ticket album", files(w))
		require.Equal(t, []string{"a.txt", "b.txt", "c.txt"}, w.attachments(3))
	})
	t.Run("the command is on the last part", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		chat, album := w.telegram.NewSupergroup("S"), w.telegram.NewAlbumID()
		for i, f := range files(w) {
			w.telegram.Say(w.alice, chat, []string{"", "", "/ticket album"}[i], telegramtest.Attached(f), telegramtest.InAlbum(album))
		}
		require.Equal(t, []string{"a.txt", "b.txt", "c.txt"}, w.attachments(3))
	})
	t.Run("a reply to one part", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		chat := w.telegram.NewSupergroup("S")
		parts := w.telegram.Album(w.alice, chat, "look", files(w))
		w.say(w.alice, chat, "/ticket", telegramtest.ReplyTo(parts[1]))
		require.Equal(t, []string{"a.txt", "b.txt", "c.txt"}, w.attachments(3))
	})
	t.Run("a part comes after the ticket was made, and over a restart", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		chat, album := w.telegram.NewSupergroup("S"), w.telegram.NewAlbumID()
		all := files(w)
		w.say(w.alice, chat, "/ticket album", telegramtest.Attached(all[0]), telegramtest.InAlbum(album))
		w.attachments(1)
		w.stop()
		w.telegram.Say(w.alice, chat, "", telegramtest.Attached(all[1]), telegramtest.InAlbum(album))
		w.start()
		w.telegram.Say(w.alice, chat, "", telegramtest.Attached(all[2]), telegramtest.InAlbum(album))
		require.Equal(t, []string{"a.txt", "b.txt", "c.txt"}, w.attachments(3))
	})
}

func TestWhatCannotComeAlongIsNamedAndTold(t *testing.T) {
	t.Parallel()
	big := func(w *world) *telegramtest.File {
		return w.telegram.NewBigFile(telegramtest.Video, "film.mp4", "video/mp4", 21<<20)
	}
	small := func(w *world) *telegramtest.File {
		return w.telegram.NewFile(telegramtest.Document, "film.mp4", "video/mp4", []byte("x"))
	}
	for name, test := range map[string]struct {
		file    func(*world) *telegramtest.File
		prepare func(*world)
		agents  string
		people  string
	}{
		"too big":      {big, func(*world) {}, "larger than", "larger than"},
		"expired":      {small, func(w *world) {}, "no longer available", "send it again"},
		"no upload":    {small, func(w *world) { w.desk.SetUpload(false) }, "no upload", "takes no files"},
		"refused":      {small, func(w *world) { w.desk.Trouble(livedesktest.Upload, 1, livedesktest.Refuse(415, "")) }, "refused", "another format"},
		"none allowed": {small, func(w *world) { w.stop(); w.cfg.MaxFiles = 0; w.start() }, "too many", "too many"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			test.prepare(w)
			file := test.file(w)
			if name == "expired" {
				file.Expire()
			}
			reply := w.say(w.alice, w.telegram.NewSupergroup("S"), "/ticket look", telegramtest.Attached(file))
			w.number(reply)
			require.Contains(t, reply.Text, "film.mp4")
			require.Contains(t, reply.Text, test.people)
			ticket := w.desk.Tickets()[0]
			require.Contains(t, ticket.Description, "film.mp4")
			require.Contains(t, ticket.Description, test.agents)
			require.Empty(t, ticket.Attachments)
		})
	}
}

func TestAFileThatComesLateIsAddedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.desk.Trouble(livedesktest.Upload, 2, livedesktest.Refuse(502, livedesktest.HTML))
	w.telegram.Lose(telegramtest.Match{Method: "file", Times: 1})
	w.desk.Trouble(livedesktest.Update, 1, livedesktest.StoreThenLose())
	file := w.telegram.NewBigFile(telegramtest.Document, "big.bin", "application/octet-stream", 3<<20)
	reply := w.say(w.alice, w.telegram.NewSupergroup("S"), "/ticket look\ndetails", telegramtest.Attached(file))
	w.number(reply)
	require.Equal(t, []string{"big.bin"}, w.attachments(1))
	require.Equal(t, "details", w.desk.Tickets()[0].Description)
	w.becomes(reply, "1 file")
	require.Equal(t, file.SHA256(), w.desk.Uploads()[len(w.desk.Uploads())-1].SHA256)
}

func TestALateFileOfATicketWithoutNumberIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat, album := w.telegram.NewSupergroup("S"), w.telegram.NewAlbumID()
	send := func(name, text string) {
		file := w.telegram.NewFile(telegramtest.Document, name, "text/plain", []byte(name))
		w.telegram.Say(w.alice, chat, text, telegramtest.Attached(file), telegramtest.InAlbum(album))
	}
	w.desk.Trouble(livedesktest.Create, 1, livedesktest.NoTicketID())
	send("early.txt", "/ticket album")
	card := w.hears(chat, "number unknown")
	require.NotContains(t, card.Text, "did not come along")
	send("late.txt", "")
	w.becomes(card, "late.txt did not come along")
	require.NotContains(t, chat.Message(card.ID).Text, "early.txt")
	require.Len(t, w.attachments(1), 1)
}

func TestAFileThatFailsForNowIsNamedWhereTheTicketHasNoNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.desk.Trouble(livedesktest.Create, 1, livedesktest.NoTicketID())
	w.desk.Trouble(livedesktest.Upload, livedesktest.Always, livedesktest.Refuse(502, livedesktest.HTML))
	file := w.telegram.NewFile(telegramtest.Document, "slow.txt", "text/plain", []byte("x"))
	card := w.say(w.alice, w.telegram.NewSupergroup("S"), "/ticket look", telegramtest.Attached(file))
	w.becomes(card, "slow.txt did not come along")
	require.Len(t, card.Chat.BotMessages(), 1)
	require.Zero(t, w.count("files WHERE state = 'waiting'"))
}

func TestTheTokenIsInNothingThatLiveDeskSees(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := w.telegram.NewFile(telegramtest.Document, "a.txt", "text/plain", bytes.Repeat([]byte("x"), 100))
	w.say(w.alice, w.telegram.NewSupergroup("S"), "/ticket look", telegramtest.Attached(file))
	for _, ticket := range w.desk.Tickets() {
		require.NotContains(t, string(ticket.CreateBody), w.telegram.Token())
		require.NotContains(t, string(ticket.CreateBody), "/file/bot")
	}
}

func TestATicketIsNotRefusedForItsFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.desk.Trouble(livedesktest.Create, 1, livedesktest.Refuse(422, livedesktest.Envelope))
	file := w.telegram.NewFile(telegramtest.Document, "odd.exe", "application/octet-stream", []byte("x"))
	card := w.say(w.alice, w.telegram.NewSupergroup("S"), "/ticket look\ndetails", telegramtest.Attached(file))
	w.number(card)
	require.Contains(t, card.Text, "odd.exe")
	ticket := w.desk.Tickets()[0]
	require.Empty(t, ticket.Attachments)
	require.Contains(t, ticket.Description, "details\n\n[Not included: odd.exe")
}
