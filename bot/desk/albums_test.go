package desk_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/bot/view"
)

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
	parts := w.Telegram.Album(w.Alice, chat, "/ticket new", w.Texts(3), telegramtest.ReplyTo(card))
	offer := w.Answer(parts[0])
	w.Eventually(func() bool { return w.Count("offers WHERE cardinality(messages) = 3") == 1 })
	w.Press(w.Alice, offer, "🎫 Open another")
	w.Eventually(func() bool {
		tickets := w.Desk.Tickets()
		return len(tickets) == 2 && len(tickets[1].Attachments) == 3
	})
	w.Looked(4)
	ticket, _ := w.Desk.Ticket(old)
	require.Empty(t, ticket.UpdateBodies)
}

func TestAnAlbumAddedToATicketIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "leak")
	var files []*telegramtest.File
	for _, name := range []string{"a.txt", "b.txt", "c.txt"} {
		files = append(files, w.Telegram.NewFile(telegramtest.Document, name, "text/plain", []byte(name)))
	}
	parts := w.Telegram.Album(w.Alice, chat, "three views", files, telegramtest.ReplyTo(card))
	require.Equal(t, []string{"a.txt", "b.txt", "c.txt"}, w.Attachments(3))
	w.Becomes(card, "3 files")
	ticket, _ := w.Desk.Ticket(number)
	require.Equal(t, 1, strings.Count(ticket.Description, "###"), ticket.Description)
	reactions := func() (n int) {
		for _, part := range parts {
			n += len(chat.Message(part.ID).Reaction) / len(view.ReactionAdded)
		}
		return n
	}
	w.Eventually(func() bool { return reactions() == 1 })
	require.Zero(t, w.Said(chat, "Added to ticket"))
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
