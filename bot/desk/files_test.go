package desk_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

func TestAFileWithTheCommandIsInTheTicket(t *testing.T) {
	t.Parallel()
	whole := bottest.New(t)
	for _, kind := range []telegramtest.Kind{
		telegramtest.Photo, telegramtest.Document, telegramtest.Video, telegramtest.Audio, telegramtest.Voice, telegramtest.Animation,
	} {
		t.Run(string(kind), func(t *testing.T) {
			w := whole.Part(t)
			file := w.Telegram.NewFile(kind, "../etc/r\"e.port.pdf", "application/pdf", []byte("content of "+string(kind)))
			reply := w.Say(w.Alice, w.Telegram.NewSupergroup("S"), "/ticket look", telegramtest.Attached(file))
			w.Number(reply)
			require.Contains(t, reply.Text, "1 file")
			w.Attachments(1)
			upload := w.Desk.Uploads()[len(w.Desk.Uploads())-1]
			require.Equal(t, file.SHA256(), upload.SHA256)
			require.NotContains(t, upload.Name, "/")
			require.Len(t, w.Opened()[0].UpdateBodies, 0, "it was in the ticket from the start")
			require.NotContains(t, string(w.Opened()[0].CreateBody), w.Telegram.Token())
		})
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	bottest.New(t).Parts(t,
		aReplyToAFileTakesItAlong, aPhotoInAReplyToTheCardIsAdded, aTicketIsNotRefusedForItsFiles,
		aFileThatComesLateIsAddedOnce,
	)
}

func aReplyToAFileTakesItAlong(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	original := w.Telegram.Say(w.Alice, chat, "", telegramtest.Attached(w.Telegram.NewFile(telegramtest.Photo, "", "", []byte("jpeg"))))
	w.Say(w.Alice, chat, "/ticket Broken", telegramtest.ReplyTo(original))
	w.Attachments(1)
}

func aPhotoInAReplyToTheCardIsAdded(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	card, _ := w.Ticket(chat, "leak")
	photo := w.Telegram.NewFile(telegramtest.Photo, "", "", []byte("jpeg"))
	w.Add(w.Alice, chat, "see", telegramtest.ReplyTo(card), telegramtest.Attached(photo))
	w.Attachments(1)
	w.Becomes(card, "1 file")
}

func TestFilesUpToTheLimitOfTheServerComeAlong(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		limit, size int64
		comes       bool
	}{
		"19 MB": {0, 19 << 20, true}, "21 MB": {0, 21 << 20, false}, "30 MB from a server of one's own": {64 << 20, 30 << 20, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := bottest.New(t, func(w *bottest.World) { serveTelegram(t, w, telegramtest.Options{MaxDownload: test.limit}) })
			file := w.Telegram.NewBigFile(telegramtest.Document, "big.bin", "application/octet-stream", test.size)
			w.Say(w.Alice, w.Telegram.NewSupergroup("S"), "/ticket big", telegramtest.Attached(file))
			if !test.comes {
				require.Contains(t, w.Desk.Tickets()[0].Description, "Not included: big.bin")
				return
			}
			w.Attachments(1)
			require.Equal(t, file.SHA256(), w.Desk.Uploads()[0].SHA256)
		})
	}
}

// serveTelegram replaces the world's Telegram by one with other options.
func serveTelegram(t *testing.T, w *bottest.World, options telegramtest.Options) {
	w.Telegram = telegramtest.New(options)
	server := httptest.NewServer(w.Telegram)
	t.Cleanup(server.Close)
	t.Cleanup(w.Telegram.Close)
	w.Config.APIURL = server.URL
	w.Alice = w.Telegram.NewPerson("Alice")
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

func TestMoreFilesThanAllowedAreNamed(t *testing.T) {
	t.Parallel()
	w := bottest.New(t, func(w *bottest.World) { w.Config.MaxFiles = 2 })
	chat := w.Telegram.NewSupergroup("S")
	w.Telegram.Album(w.Alice, chat, "/ticket many", w.Texts(4))
	require.Equal(t, []string{"a.txt", "b.txt"}, w.Attachments(2))
	card := w.Hears(chat, "tk_")
	for _, name := range []string{"c.txt", "d.txt"} {
		w.Hears(chat, name) // on the card, or by itself where the part came after it
		w.TicketIs(w.Number(card), func(t livedesktest.Ticket) bool { return strings.Contains(t.Description, "Not included: "+name) })
	}
	w.Telegram.Say(w.Alice, chat, "one more", telegramtest.ReplyTo(card), telegramtest.Attached(
		w.Telegram.NewFile(telegramtest.Document, "e.txt", "text/plain", []byte("e"))))
	require.Equal(t, []string{"a.txt", "b.txt", "e.txt"}, w.Attachments(3), "an addition has a limit of its own")
}

func aTicketIsNotRefusedForItsFiles(t *testing.T, w *bottest.World) {
	w.Desk.Trouble(livedesktest.Create, 1, livedesktest.Refuse(422, livedesktest.Envelope))
	file := w.Telegram.NewFile(telegramtest.Document, "odd.exe", "application/octet-stream", []byte("x"))
	card := w.Say(w.Alice, w.Telegram.NewSupergroup("S"), "/ticket look\ndetails", telegramtest.Attached(file))
	w.Number(card)
	require.Contains(t, card.Text, "odd.exe")
	ticket := w.Opened()[0]
	require.Empty(t, ticket.Attachments)
	require.Contains(t, ticket.Description, "details\n\n[Not included: odd.exe")
}

func TestASlowUploadDoesNotHoldTheTicketUp(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	release := make(chan struct{})
	w.Desk.Trouble(livedesktest.Upload, 1, livedesktest.Hold(release))
	chat := w.Telegram.NewSupergroup("S")
	card := w.Say(w.Alice, chat, "/ticket slow", telegramtest.Attached(w.Texts(1)[0]))
	w.Number(card)
	require.NotContains(t, card.Text, "did not come along")
	close(release)
	require.Equal(t, []string{"a.txt"}, w.Attachments(1))
	w.Becomes(card, "1 file")
}

func TestADeskThatForbidsUploadsDelaysNoTicket(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	w.Desk.Trouble(livedesktest.Upload, livedesktest.Always, livedesktest.Refuse(403, ""))
	chat := w.Telegram.NewSupergroup("S")
	w.Telegram.Say(w.Alice, chat, "/ticket with a file", telegramtest.Attached(w.Texts(1)[0]))
	require.NoError(t, w.Desk.Await(w.Context(), func() bool { return w.Desk.Seen(livedesktest.Upload) > 0 }))
	for range 5 {
		w.Ticket(chat, "without")
	}
	require.NotContains(t, w.Logs.String(), "tickets wait")
}

func aFileThatComesLateIsAddedOnce(t *testing.T, w *bottest.World) {
	w.Desk.Trouble(livedesktest.Upload, 2, livedesktest.Refuse(502, livedesktest.HTML))
	w.Telegram.Lose(telegramtest.Match{Method: "file", Times: 1})
	w.Desk.Trouble(livedesktest.Update, 1, livedesktest.StoreThenLose())
	file := w.Telegram.NewBigFile(telegramtest.Document, "big.bin", "application/octet-stream", 3<<20)
	reply := w.Say(w.Alice, w.Telegram.NewSupergroup("S"), "/ticket look\ndetails", telegramtest.Attached(file))
	w.Number(reply)
	require.Equal(t, []string{"big.bin"}, w.Attachments(1))
	require.Equal(t, "details", w.Opened()[0].Description)
	w.Becomes(reply, "1 file")
	require.Equal(t, file.SHA256(), w.Desk.Uploads()[len(w.Desk.Uploads())-1].SHA256)
}

func TestAnUploadThatBreaksOffIsDoneAgainAsAWhole(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	w.Desk.Trouble(livedesktest.Upload, 1, livedesktest.CutAfter(1<<20))
	file := w.Telegram.NewBigFile(telegramtest.Document, "big.bin", "application/octet-stream", 3<<20)
	w.Say(w.Alice, w.Telegram.NewSupergroup("S"), "/ticket half", telegramtest.Attached(file))
	w.Attachments(1)
	for _, upload := range w.Desk.Uploads() {
		require.Equal(t, file.SHA256(), upload.SHA256)
	}
}

func TestAFileWhoseAddressLiveDeskRewritesIsAddedOnce(t *testing.T) {
	t.Parallel()
	for name, drift := range map[string]livedesktest.Drift{
		"relative":       {RelativeURLs: true},
		"another host":   {FileBase: "https://cdn.invalid"},
		"bare addresses": {BareFiles: true, RelativeURLs: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := bottest.New(t)
			chat := w.Telegram.NewSupergroup("S")
			card, number := w.Ticket(chat, "rewritten")
			w.Desk.SetDrift(drift)
			w.Add(w.Alice, chat, "see", telegramtest.ReplyTo(card), telegramtest.Attached(w.Texts(1)[0]))
			w.Eventually(func() bool {
				ticket, _ := w.Desk.Ticket(number)
				return len(ticket.Attachments) == 1
			})
			updates := w.Desk.Seen(livedesktest.Update)
			w.Looked(5)
			require.Equal(t, updates, w.Desk.Seen(livedesktest.Update), "it was written again")
		})
	}
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

func TestAnAdditionAfterTheGroupMovedKeepsItsFile(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	group := w.Telegram.NewGroup("G")
	w.Say(w.Alice, group, "/ticket moves", telegramtest.Attached(w.Texts(1)[0]))
	super := group.Upgrade(w.Alice)
	w.Eventually(func() bool { return strings.Contains(w.Logs.String(), "became a supergroup") })
	number := w.Desk.Tickets()[0].ID
	card := w.Say(w.Alice, super, "/status "+number)
	require.EqualValues(t, 1, w.SQL(`UPDATE files SET message_id = $1`, card.ID+1), "message numbers start anew in a supergroup")
	more := w.Telegram.NewFile(telegramtest.Document, "b.txt", "text/plain", []byte("b"))
	w.Telegram.Say(w.Alice, super, "more", telegramtest.ReplyTo(card), telegramtest.Attached(more))
	w.Attachments(2)
}

func TestNothingThatLiveDeskSeesHoldsTheToken(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	w.Telegram.Lose(telegramtest.Match{Method: "file", Times: 1})
	w.Telegram.Fail(400, "Bad Request: wrong path /file/bot"+w.Telegram.Token()+"/x", telegramtest.Match{Method: "file", Times: 1})
	chat := w.Telegram.NewSupergroup("S")
	w.Telegram.Album(w.Alice, chat, "/ticket secret", w.Texts(3))
	require.Equal(t, []string{"a.txt", "b.txt", "c.txt"}, w.Attachments(3))
	ticket := w.Desk.Tickets()[0]
	seen := fmt.Sprintf("%s %s %v %v", ticket.CreateBody, ticket.UpdateBodies, w.Desk.Uploads(), w.Desk.Requests())
	require.NotContains(t, seen, w.Telegram.Token())
	require.NotContains(t, seen, strings.Split(w.Telegram.Token(), ":")[1])
	require.NotContains(t, seen, "/file/bot")
}
