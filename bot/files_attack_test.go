package bot_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

// serveTelegram replaces the world's Telegram by one with other options.
func serveTelegram(t *testing.T, w *bottest.World, options telegramtest.Options) {
	w.Telegram = telegramtest.New(options)
	server := httptest.NewServer(w.Telegram)
	t.Cleanup(server.Close)
	t.Cleanup(w.Telegram.Close)
	w.Config.APIURL = server.URL
	w.Alice = w.Telegram.NewPerson("Alice")
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
			w := bottest.New(t)
			chat, album := w.Telegram.NewSupergroup("S"), w.Telegram.NewAlbumID()
			question := w.Say(w.Alice, chat, "/ticket !high")
			for i, f := range w.Texts(3) {
				w.Telegram.Say(w.Alice, chat, captions[i], telegramtest.Attached(f), telegramtest.InAlbum(album), telegramtest.ReplyTo(question))
			}
			require.Equal(t, []string{"a.txt", "b.txt", "c.txt"}, w.Attachments(3))
			ticket := w.Desk.Tickets()[0]
			require.Equal(t, "high", ticket.Priority)
			for _, caption := range captions {
				require.Contains(t, ticket.Title+"\n"+ticket.Description, caption)
			}
			require.Zero(t, w.Said(chat, "has been answered"))
		})
	}
}

func TestCaptionsOfAnAlbumsPartsAreInTheTicketOnce(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat, album := w.Telegram.NewSupergroup("S"), w.Telegram.NewAlbumID()
	for i, f := range w.Texts(3) {
		w.Telegram.Say(w.Alice, chat, []string{"the door", "/ticket Broken\ndetails", "the lock"}[i], telegramtest.Attached(f), telegramtest.InAlbum(album))
	}
	require.Equal(t, []string{"a.txt", "b.txt", "c.txt"}, w.Attachments(3))
	require.Equal(t, "details\n\na.txt: the door\n\nc.txt: the lock", w.Desk.Tickets()[0].Description)
	late := w.Telegram.NewFile(telegramtest.Document, "d.txt", "text/plain", []byte("d"))
	w.Telegram.Say(w.Alice, chat, "the hinge", telegramtest.Attached(late), telegramtest.InAlbum(album))
	require.Equal(t, []string{"a.txt", "b.txt", "c.txt", "d.txt"}, w.Attachments(4))
	require.Equal(t, 1, strings.Count(w.Desk.Tickets()[0].Description, "d.txt: the hinge"))
}

func TestAForwardedAlbumCanBeAskedAbout(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	parts := w.Telegram.Album(w.Alice, chat, "/ticket is not a command here", w.Texts(3), telegramtest.ForwardedFromHidden("Customer"))
	w.Telegram.Say(w.Alice, chat, "/ticket From a customer", telegramtest.ReplyTo(parts[2]))
	require.Equal(t, []string{"a.txt", "b.txt", "c.txt"}, w.Attachments(3))
	require.Equal(t, 1, w.Desk.Count())
}

func TestAnAlbumThatAsksForANewTicketBelowACardIsNotAddedToTheOld(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	card, old := w.Ticket(chat, "old")
	w.Telegram.Album(w.Alice, chat, "/ticket new", w.Texts(3), telegramtest.ReplyTo(card))
	require.Eventually(t, func() bool {
		tickets := w.Desk.Tickets()
		return len(tickets) == 2 && len(tickets[1].Attachments) == 3
	}, 30*time.Second, 20*time.Millisecond, "%s", w.Logs)
	w.Looked(4)
	ticket, _ := w.Desk.Ticket(old)
	require.Empty(t, ticket.UpdateBodies)
}

func TestPartsThatTwoReplicasSeeMakeOneTicket(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	w.Stop()
	stopFirst := w.Start()
	w.Start()
	chat, album := w.Telegram.NewSupergroup("S"), w.Telegram.NewAlbumID()
	files := w.Texts(5)
	for i, f := range files {
		w.Telegram.Say(w.Alice, chat, []string{"", "/ticket two", "", "", ""}[i], telegramtest.Attached(f), telegramtest.InAlbum(album))
		if i == 2 {
			stopFirst()
		}
	}
	require.Equal(t, []string{"a.txt", "b.txt", "c.txt", "d.txt", "e.txt"}, w.Attachments(5))
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
			added := w.Say(w.Alice, chat, "see", telegramtest.ReplyTo(card), telegramtest.Attached(w.Texts(1)[0]))
			require.Contains(t, added.Text, "Added")
			require.Eventually(t, func() bool {
				ticket, _ := w.Desk.Ticket(number)
				return len(ticket.Attachments) == 1
			}, 30*time.Second, 10*time.Millisecond)
			updates := w.Desk.Seen(livedesktest.Update)
			w.Looked(5)
			require.Equal(t, updates, w.Desk.Seen(livedesktest.Update), "it was written again")
		})
	}
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

func TestAnEditKeepsWhatIsSaidOfMissingFiles(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	w.Desk.SetUpload(false)
	chat := w.Telegram.NewSupergroup("S")
	command := w.Telegram.Say(w.Alice, chat, "/ticket Door\nfirst", telegramtest.Attached(w.Texts(1)[0]))
	card, err := w.Telegram.WaitReply(w.Context(), command)
	require.NoError(t, err)
	w.Telegram.Edit(command, "/ticket Door\nsecond")
	w.TicketIs(w.Number(card), func(x livedesktest.Ticket) bool {
		return strings.HasPrefix(x.Description, "second\n\n[Not included: a.txt") && strings.Count(x.Description, "a.txt") == 1
	})
}

func TestAnAdditionAfterTheGroupMovedKeepsItsFile(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	group := w.Telegram.NewGroup("G")
	w.Say(w.Alice, group, "/ticket moves", telegramtest.Attached(w.Texts(1)[0]))
	super := group.Upgrade(w.Alice)
	require.Eventually(t, func() bool { return strings.Contains(w.Logs.String(), "became a supergroup") }, 30*time.Second, 10*time.Millisecond)
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
