package outbox_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

func TestAgentsFiles(t *testing.T) {
	t.Parallel()
	bottest.New(t).Parts(t,
		agentsFilesComeAsFilesOrAsALink, aPictureThatTelegramRefusesComesAsADocument, aFileBehindARedirectComesAsAFile,
	)
}

func agentsFilesComeAsFilesOrAsALink(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "files")
	w.Reply(number, "see these",
		livedesktest.File{Name: "p.jpg", Type: "image/jpeg", Content: []byte("jpeg")},
		livedesktest.File{Name: "r.pdf", Type: "application/pdf", Content: []byte("pdf")},
		livedesktest.File{Name: "huge.bin", Type: "application/octet-stream", Size: 21 << 20})
	w.Hears(chat, "huge.bin")
	var kinds []telegramtest.Kind
	for _, m := range chat.BotMessages() {
		if m.File != nil {
			kinds = append(kinds, m.File.Kind)
		}
	}
	require.Equal(t, []telegramtest.Kind{telegramtest.Photo, telegramtest.Document}, kinds)
}

func aPictureThatTelegramRefusesComesAsADocument(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "picture")
	w.Telegram.Fail(400, "Bad Request: PHOTO_INVALID_DIMENSIONS", telegramtest.Match{Method: "sendPhoto"})
	w.Reply(number, "", livedesktest.File{Name: "wide.png", Type: "image/png", Content: []byte("png")})
	w.Eventually(func() bool { return w.Files(chat) == 1 })
	require.Equal(t, telegramtest.Document, chat.BotMessages()[2].File.Kind)

	w.Telegram.Fail(400, "Bad Request: wrong type of file", telegramtest.Match{Method: "sendDocument"})
	w.Reply(number, "", livedesktest.File{Name: "odd.bin", Type: "x/y", Content: []byte("x")})
	require.Contains(t, w.Hears(chat, "📎").Sent, "<a href=")
}

func aFileBehindARedirectComesAsAFile(t *testing.T, w *bottest.World) {
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "redirect")
	w.Desk.Trouble(livedesktest.Download, 1, livedesktest.Redirect(http.StatusFound, "?signed"))
	w.Reply(number, "", livedesktest.File{Name: "a.txt", Type: "text/plain", Content: []byte("content")})
	w.Eventually(func() bool { return w.Files(chat) == 1 })
}

func TestLimitedChatsDoNotHoldTheFilesOfOthers(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	answer := func(chat *telegramtest.Chat) {
		_, number := w.Ticket(chat, "files")
		w.Reply(number, "see", livedesktest.File{Name: "a.txt", Type: "text/plain", Content: []byte("a")})
		w.Hears(chat, "see")
	}
	var limited []*telegramtest.Chat
	for range 3 {
		chat := w.Telegram.NewSupergroup("S")
		chat.Limit(2, 20*time.Second) // the card and the answer, but not its file
		limited = append(limited, chat)
		answer(chat)
	}
	other := w.Telegram.NewSupergroup("S")
	answer(other)
	w.Eventually(func() bool { return w.Files(other) == 1 })
	for _, chat := range limited {
		require.Zero(t, w.Files(chat))
	}
	for _, chat := range limited {
		require.Eventually(t, func() bool { return w.Files(chat) == 1 }, time.Minute, 50*time.Millisecond)
	}
	require.Empty(t, w.Telegram.Violations())
}
