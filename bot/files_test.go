package bot_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

func TestAFileWithTheCommandIsInTheTicket(t *testing.T) {
	t.Parallel()
	for _, kind := range []telegramtest.Kind{
		telegramtest.Photo, telegramtest.Document, telegramtest.Video, telegramtest.Audio, telegramtest.Voice, telegramtest.Animation,
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := bottest.New(t)
			file := w.Telegram.NewFile(kind, "../etc/r\"e.port.pdf", "application/pdf", []byte("content of "+string(kind)))
			reply := w.Say(w.Alice, w.Telegram.NewSupergroup("S"), "/ticket look", telegramtest.Attached(file))
			w.Number(reply)
			require.Contains(t, reply.Text, "1 file")
			w.Attachments(1)
			upload := w.Desk.Uploads()[0]
			require.Equal(t, file.SHA256(), upload.SHA256)
			require.NotContains(t, upload.Name, "/")
			require.Len(t, w.Desk.Tickets()[0].UpdateBodies, 0, "it was in the ticket from the start")
			require.NotContains(t, string(w.Desk.Tickets()[0].CreateBody), w.Telegram.Token())
		})
	}
}

func TestAReplyToAFileTakesItAlong(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	original := w.Telegram.Say(w.Alice, chat, "", telegramtest.Attached(w.Telegram.NewFile(telegramtest.Photo, "", "", []byte("jpeg"))))
	w.Say(w.Alice, chat, "/ticket Broken", telegramtest.ReplyTo(original))
	w.Attachments(1)
}

func TestAnAlbumIsOneTicketWithAllPartsInOrder(t *testing.T) {
	t.Parallel()
	files := func(w *bottest.World) (all []*telegramtest.File) {
		for _, name := range []string{"a.txt", "b.txt", "c.txt"} {
			all = append(all, w.Telegram.NewFile(telegramtest.Document, name, "text/plain", []byte(name)))
		}
		return all
	}
	t.Run("the caption is the command", func(t *testing.T) {
		t.Parallel()
		w := bottest.New(t)
		w.Telegram.Album(w.Alice, w.Telegram.NewSupergroup("S"), "/ticket album", files(w))
		require.Equal(t, []string{"a.txt", "b.txt", "c.txt"}, w.Attachments(3))
	})
	t.Run("the command is on the last part", func(t *testing.T) {
		t.Parallel()
		w := bottest.New(t)
		chat, album := w.Telegram.NewSupergroup("S"), w.Telegram.NewAlbumID()
		for i, f := range files(w) {
			w.Telegram.Say(w.Alice, chat, []string{"", "", "/ticket album"}[i], telegramtest.Attached(f), telegramtest.InAlbum(album))
		}
		require.Equal(t, []string{"a.txt", "b.txt", "c.txt"}, w.Attachments(3))
	})
	t.Run("a reply to one part", func(t *testing.T) {
		t.Parallel()
		w := bottest.New(t)
		chat := w.Telegram.NewSupergroup("S")
		parts := w.Telegram.Album(w.Alice, chat, "look", files(w))
		w.Say(w.Alice, chat, "/ticket", telegramtest.ReplyTo(parts[1]))
		require.Equal(t, []string{"a.txt", "b.txt", "c.txt"}, w.Attachments(3))
	})
	t.Run("a part comes after the ticket was made, and over a restart", func(t *testing.T) {
		t.Parallel()
		w := bottest.New(t)
		chat, album := w.Telegram.NewSupergroup("S"), w.Telegram.NewAlbumID()
		all := files(w)
		w.Say(w.Alice, chat, "/ticket album", telegramtest.Attached(all[0]), telegramtest.InAlbum(album))
		w.Attachments(1)
		w.Stop()
		w.Telegram.Say(w.Alice, chat, "", telegramtest.Attached(all[1]), telegramtest.InAlbum(album))
		w.Start()
		w.Telegram.Say(w.Alice, chat, "", telegramtest.Attached(all[2]), telegramtest.InAlbum(album))
		require.Equal(t, []string{"a.txt", "b.txt", "c.txt"}, w.Attachments(3))
	})
}

func TestWhatCannotComeAlongIsNamedAndTold(t *testing.T) {
	t.Parallel()
	big := func(w *bottest.World) *telegramtest.File {
		return w.Telegram.NewBigFile(telegramtest.Video, "film.mp4", "video/mp4", 21<<20)
	}
	small := func(w *bottest.World) *telegramtest.File {
		return w.Telegram.NewFile(telegramtest.Document, "film.mp4", "video/mp4", []byte("x"))
	}
	for name, test := range map[string]struct {
		file    func(*bottest.World) *telegramtest.File
		prepare func(*bottest.World)
		agents  string
		people  string
	}{
		"too big":      {big, func(*bottest.World) {}, "larger than", "larger than"},
		"expired":      {small, func(w *bottest.World) {}, "no longer available", "send it again"},
		"no upload":    {small, func(w *bottest.World) { w.Desk.SetUpload(false) }, "no upload", "takes no files"},
		"refused":      {small, func(w *bottest.World) { w.Desk.Trouble(livedesktest.Upload, 1, livedesktest.Refuse(415, "")) }, "refused", "another format"},
		"none allowed": {small, func(w *bottest.World) { w.Stop(); w.Config.MaxFiles = 0; w.Start() }, "too many", "too many"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := bottest.New(t)
			test.prepare(w)
			file := test.file(w)
			if name == "expired" {
				file.Expire()
			}
			reply := w.Say(w.Alice, w.Telegram.NewSupergroup("S"), "/ticket look", telegramtest.Attached(file))
			w.Number(reply)
			require.Contains(t, reply.Text, "film.mp4")
			require.Contains(t, reply.Text, test.people)
			ticket := w.Desk.Tickets()[0]
			require.Contains(t, ticket.Description, "film.mp4")
			require.Contains(t, ticket.Description, test.agents)
			require.Empty(t, ticket.Attachments)
		})
	}
}

func TestAFileThatComesLateIsAddedOnce(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	w.Desk.Trouble(livedesktest.Upload, 2, livedesktest.Refuse(502, livedesktest.HTML))
	w.Telegram.Lose(telegramtest.Match{Method: "file", Times: 1})
	w.Desk.Trouble(livedesktest.Update, 1, livedesktest.StoreThenLose())
	file := w.Telegram.NewBigFile(telegramtest.Document, "big.bin", "application/octet-stream", 3<<20)
	reply := w.Say(w.Alice, w.Telegram.NewSupergroup("S"), "/ticket look\ndetails", telegramtest.Attached(file))
	w.Number(reply)
	require.Equal(t, []string{"big.bin"}, w.Attachments(1))
	require.Equal(t, "details", w.Desk.Tickets()[0].Description)
	w.Becomes(reply, "1 file")
	require.Equal(t, file.SHA256(), w.Desk.Uploads()[len(w.Desk.Uploads())-1].SHA256)
}

func TestALateFileOfATicketWithoutNumberIsNamed(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat, album := w.Telegram.NewSupergroup("S"), w.Telegram.NewAlbumID()
	send := func(name, text string) {
		file := w.Telegram.NewFile(telegramtest.Document, name, "text/plain", []byte(name))
		w.Telegram.Say(w.Alice, chat, text, telegramtest.Attached(file), telegramtest.InAlbum(album))
	}
	w.Desk.Trouble(livedesktest.Create, 1, livedesktest.NoTicketID())
	send("early.txt", "/ticket album")
	card := w.Hears(chat, "number unknown")
	require.NotContains(t, card.Text, "did not come along")
	send("late.txt", "")
	w.Becomes(card, "late.txt did not come along")
	require.NotContains(t, chat.Message(card.ID).Text, "early.txt")
	require.Len(t, w.Attachments(1), 1)
}

func TestAFileThatFailsForNowIsNamedWhereTheTicketHasNoNumber(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	w.Desk.Trouble(livedesktest.Create, 1, livedesktest.NoTicketID())
	w.Desk.Trouble(livedesktest.Upload, livedesktest.Always, livedesktest.Refuse(502, livedesktest.HTML))
	file := w.Telegram.NewFile(telegramtest.Document, "slow.txt", "text/plain", []byte("x"))
	card := w.Say(w.Alice, w.Telegram.NewSupergroup("S"), "/ticket look", telegramtest.Attached(file))
	w.Becomes(card, "slow.txt did not come along")
	require.Len(t, card.Chat.BotMessages(), 1)
	require.Zero(t, w.Count("files WHERE state = 'waiting'"))
}

func TestTheTokenIsInNothingThatLiveDeskSees(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	file := w.Telegram.NewFile(telegramtest.Document, "a.txt", "text/plain", bytes.Repeat([]byte("x"), 100))
	w.Say(w.Alice, w.Telegram.NewSupergroup("S"), "/ticket look", telegramtest.Attached(file))
	for _, ticket := range w.Desk.Tickets() {
		require.NotContains(t, string(ticket.CreateBody), w.Telegram.Token())
		require.NotContains(t, string(ticket.CreateBody), "/file/bot")
	}
}

func TestATicketIsNotRefusedForItsFiles(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	w.Desk.Trouble(livedesktest.Create, 1, livedesktest.Refuse(422, livedesktest.Envelope))
	file := w.Telegram.NewFile(telegramtest.Document, "odd.exe", "application/octet-stream", []byte("x"))
	card := w.Say(w.Alice, w.Telegram.NewSupergroup("S"), "/ticket look\ndetails", telegramtest.Attached(file))
	w.Number(card)
	require.Contains(t, card.Text, "odd.exe")
	ticket := w.Desk.Tickets()[0]
	require.Empty(t, ticket.Attachments)
	require.Contains(t, ticket.Description, "details\n\n[Not included: odd.exe")
}
