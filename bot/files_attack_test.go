package bot

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-telegram/bot/models"
	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

// texts are n small files.
func (w *world) texts(n int) (all []*telegramtest.File) {
	for i := range n {
		name := fmt.Sprintf("%c.txt", 'a'+i)
		all = append(all, w.telegram.NewFile(telegramtest.Document, name, "text/plain", []byte(name)))
	}
	return all
}

// serveTelegram replaces the world's Telegram by one with other options.
func (w *world) serveTelegram(options telegramtest.Options) {
	w.telegram = telegramtest.New(options)
	server := httptest.NewServer(w.telegram)
	w.t.Cleanup(server.Close)
	w.t.Cleanup(w.telegram.Close)
	w.cfg.APIURL = server.URL
	w.alice = w.telegram.NewPerson("Alice")
}

func TestAnAlbumThatAnswersTheBotsQuestionIsOneTicket(t *testing.T) {
	t.Parallel()
	for name, captions := range map[string][]string{
		"the words come first": {"Broken door\nsee the pictures", "", ""},
		"the words come last":  {"", "", "Broken door"},
		"there are no words":   {"", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			chat, album := w.telegram.NewSupergroup("S"), w.telegram.NewAlbumID()
			question := w.say(w.alice, chat, "/ticket !high")
			for i, f := range w.texts(3) {
				w.telegram.Say(w.alice, chat, captions[i], telegramtest.Attached(f), telegramtest.InAlbum(album), telegramtest.ReplyTo(question))
			}
			require.Equal(t, []string{"a.txt", "b.txt", "c.txt"}, w.attachments(3))
			ticket := w.desk.Tickets()[0]
			require.Equal(t, "high", ticket.Priority)
			for _, caption := range captions {
				require.Contains(t, ticket.Title+"\n"+ticket.Description, caption)
			}
			require.Zero(t, w.said(chat, "has been answered"))
		})
	}
}

func TestCaptionsOfAnAlbumsPartsAreInTheTicketOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat, album := w.telegram.NewSupergroup("S"), w.telegram.NewAlbumID()
	for i, f := range w.texts(3) {
		w.telegram.Say(w.alice, chat, []string{"the door", "/ticket Broken\ndetails", "the lock"}[i], telegramtest.Attached(f), telegramtest.InAlbum(album))
	}
	require.Equal(t, []string{"a.txt", "b.txt", "c.txt"}, w.attachments(3))
	require.Equal(t, "details\n\na.txt: the door\n\nc.txt: the lock", w.desk.Tickets()[0].Description)
	late := w.telegram.NewFile(telegramtest.Document, "d.txt", "text/plain", []byte("d"))
	w.telegram.Say(w.alice, chat, "the hinge", telegramtest.Attached(late), telegramtest.InAlbum(album))
	require.Equal(t, []string{"a.txt", "b.txt", "c.txt", "d.txt"}, w.attachments(4))
	require.Equal(t, 1, strings.Count(w.desk.Tickets()[0].Description, "d.txt: the hinge"))
}

func TestAForwardedAlbumCanBeAskedAbout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	parts := w.telegram.Album(w.alice, chat, "/ticket is not a command here", w.texts(3), telegramtest.ForwardedFromHidden("Customer"))
	w.telegram.Say(w.alice, chat, "/ticket From a customer", telegramtest.ReplyTo(parts[2]))
	require.Equal(t, []string{"a.txt", "b.txt", "c.txt"}, w.attachments(3))
	require.Equal(t, 1, w.desk.Count())
}

func TestAnAlbumThatAsksForANewTicketBelowACardIsNotAddedToTheOld(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.telegram.NewSupergroup("S")
	card, old := w.ticket(chat, "old")
	w.telegram.Album(w.alice, chat, "/ticket new", w.texts(3), telegramtest.ReplyTo(card))
	require.Eventually(t, func() bool {
		tickets := w.desk.Tickets()
		return len(tickets) == 2 && len(tickets[1].Attachments) == 3
	}, 30*time.Second, 20*time.Millisecond, "%s", w.logs)
	w.looked(4)
	ticket, _ := w.desk.Ticket(old)
	require.Empty(t, ticket.UpdateBodies)
}

func TestPartsThatTwoReplicasSeeMakeOneTicket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.stop
	w.start()
	second := w.stop
	w.stop = func() { first(); second() }
	chat, album := w.telegram.NewSupergroup("S"), w.telegram.NewAlbumID()
	files := w.texts(5)
	for i, f := range files {
		w.telegram.Say(w.alice, chat, []string{"", "/ticket two", "", "", ""}[i], telegramtest.Attached(f), telegramtest.InAlbum(album))
		if i == 2 {
			first()
		}
	}
	require.Equal(t, []string{"a.txt", "b.txt", "c.txt", "d.txt", "e.txt"}, w.attachments(5))
}

func TestFilesOfEveryKindAreFound(t *testing.T) {
	t.Parallel()
	for want, m := range map[string]*models.Message{
		"photo-7.jpg":      {Photo: []models.PhotoSize{{FileID: "small"}, {FileID: "f"}}},
		"a.gif":            {Animation: &models.Animation{FileID: "f", FileName: "a.gif"}, Document: &models.Document{FileID: "other"}},
		"document-7.pdf":   {Document: &models.Document{FileID: "f", MimeType: "application/pdf"}},
		"video-7.mp4":      {Video: &models.Video{FileID: "f", FileName: "../.."}},
		"song.flac":        {Audio: &models.Audio{FileID: "f", FileName: "/tmp/song.flac"}},
		"voice-7.ogg":      {Voice: &models.Voice{FileID: "f"}},
		"video-note-7.mp4": {VideoNote: &models.VideoNote{FileID: "f"}},
		"sticker-7.webp":   {Sticker: &models.Sticker{FileID: "f"}},
		"sticker-7.tgs":    {Sticker: &models.Sticker{FileID: "f", IsAnimated: true}},
		"sticker-7.webm":   {Sticker: &models.Sticker{FileID: "f", IsVideo: true}},
	} {
		m.ID = 7
		f := fileOf(m)
		require.NotNil(t, f)
		require.Equal(t, want, f.Name)
		require.Equal(t, "f", f.ID)
	}
}

func TestMoreFilesThanAllowedAreNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.cfg.MaxFiles = 2 })
	chat := w.telegram.NewSupergroup("S")
	w.telegram.Album(w.alice, chat, "/ticket many", w.texts(4))
	require.Equal(t, []string{"a.txt", "b.txt"}, w.attachments(2))
	card := w.hears(chat, "tk_")
	for _, name := range []string{"c.txt", "d.txt"} {
		w.hears(chat, name) // on the card, or by itself where the part came after it
		w.ticketIs(w.number(card), func(t livedesktest.Ticket) bool { return strings.Contains(t.Description, "Not included: "+name) })
	}
	w.telegram.Say(w.alice, chat, "one more", telegramtest.ReplyTo(card), telegramtest.Attached(
		w.telegram.NewFile(telegramtest.Document, "e.txt", "text/plain", []byte("e"))))
	require.Equal(t, []string{"a.txt", "b.txt", "e.txt"}, w.attachments(3), "an addition has a limit of its own")
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
			w := newWorld(t, func(w *world) { w.serveTelegram(telegramtest.Options{MaxDownload: test.limit}) })
			file := w.telegram.NewBigFile(telegramtest.Document, "big.bin", "application/octet-stream", test.size)
			w.say(w.alice, w.telegram.NewSupergroup("S"), "/ticket big", telegramtest.Attached(file))
			if !test.comes {
				require.Contains(t, w.desk.Tickets()[0].Description, "Not included: big.bin")
				return
			}
			w.attachments(1)
			require.Equal(t, file.SHA256(), w.desk.Uploads()[0].SHA256)
		})
	}
}

func TestASlowUploadDoesNotHoldTheTicketUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	release := make(chan struct{})
	w.desk.Trouble(livedesktest.Upload, 1, livedesktest.Hold(release))
	chat := w.telegram.NewSupergroup("S")
	card := w.say(w.alice, chat, "/ticket slow", telegramtest.Attached(w.texts(1)[0]))
	w.number(card)
	require.NotContains(t, card.Text, "did not come along")
	close(release)
	require.Equal(t, []string{"a.txt"}, w.attachments(1))
	w.becomes(card, "1 file")
}

func TestAnUploadThatBreaksOffIsDoneAgainAsAWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.desk.Trouble(livedesktest.Upload, 1, livedesktest.CutAfter(1<<20))
	file := w.telegram.NewBigFile(telegramtest.Document, "big.bin", "application/octet-stream", 3<<20)
	w.say(w.alice, w.telegram.NewSupergroup("S"), "/ticket half", telegramtest.Attached(file))
	w.attachments(1)
	for _, upload := range w.desk.Uploads() {
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
			w := newWorld(t)
			chat := w.telegram.NewSupergroup("S")
			card, number := w.ticket(chat, "rewritten")
			w.desk.SetDrift(drift)
			added := w.say(w.alice, chat, "see", telegramtest.ReplyTo(card), telegramtest.Attached(w.texts(1)[0]))
			require.Contains(t, added.Text, "Added")
			require.Eventually(t, func() bool {
				ticket, _ := w.desk.Ticket(number)
				return len(ticket.Attachments) == 1
			}, 30*time.Second, 10*time.Millisecond)
			updates := w.desk.Seen(livedesktest.Update)
			w.looked(5)
			require.Equal(t, updates, w.desk.Seen(livedesktest.Update), "it was written again")
		})
	}
}

func TestADeskThatForbidsUploadsDelaysNoTicket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.desk.Trouble(livedesktest.Upload, livedesktest.Always, livedesktest.Refuse(403, ""))
	chat := w.telegram.NewSupergroup("S")
	w.telegram.Say(w.alice, chat, "/ticket with a file", telegramtest.Attached(w.texts(1)[0]))
	require.NoError(t, w.desk.Await(w.context(), func() bool { return w.desk.Seen(livedesktest.Upload) > 0 }))
	for range 5 {
		w.ticket(chat, "without")
	}
	require.NotContains(t, w.logs.String(), "tickets wait")
}

func TestAnEditKeepsWhatIsSaidOfMissingFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.desk.SetUpload(false)
	chat := w.telegram.NewSupergroup("S")
	command := w.telegram.Say(w.alice, chat, "/ticket Door\nfirst", telegramtest.Attached(w.texts(1)[0]))
	card, err := w.telegram.WaitReply(w.context(), command)
	require.NoError(t, err)
	w.telegram.Edit(command, "/ticket Door\nsecond")
	w.ticketIs(w.number(card), func(x livedesktest.Ticket) bool {
		return strings.HasPrefix(x.Description, "second\n\n[Not included: a.txt") && strings.Count(x.Description, "a.txt") == 1
	})
}

func TestAnAdditionAfterTheGroupMovedKeepsItsFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	group := w.telegram.NewGroup("G")
	w.say(w.alice, group, "/ticket moves", telegramtest.Attached(w.texts(1)[0]))
	super := group.Upgrade(w.alice)
	require.Eventually(t, func() bool { return strings.Contains(w.logs.String(), "became a supergroup") }, 30*time.Second, 10*time.Millisecond)
	number := w.desk.Tickets()[0].ID
	card := w.say(w.alice, super, "/status "+number)
	require.EqualValues(t, 1, w.sql(`UPDATE files SET message_id = $1`, card.ID+1), "message numbers start anew in a supergroup")
	more := w.telegram.NewFile(telegramtest.Document, "b.txt", "text/plain", []byte("b"))
	w.telegram.Say(w.alice, super, "more", telegramtest.ReplyTo(card), telegramtest.Attached(more))
	w.attachments(2)
}

func TestNothingThatLiveDeskSeesHoldsTheToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.telegram.Lose(telegramtest.Match{Method: "file", Times: 1})
	w.telegram.Fail(400, "Bad Request: wrong path /file/bot"+w.telegram.Token()+"/x", telegramtest.Match{Method: "file", Times: 1})
	chat := w.telegram.NewSupergroup("S")
	w.telegram.Album(w.alice, chat, "/ticket secret", w.texts(3))
	require.Equal(t, []string{"a.txt", "b.txt", "c.txt"}, w.attachments(3))
	ticket := w.desk.Tickets()[0]
	seen := fmt.Sprintf("%s %s %v %v", ticket.CreateBody, ticket.UpdateBodies, w.desk.Uploads(), w.desk.Requests())
	require.NotContains(t, seen, w.telegram.Token())
	require.NotContains(t, seen, strings.Split(w.telegram.Token(), ":")[1])
	require.NotContains(t, seen, "/file/bot")
}
