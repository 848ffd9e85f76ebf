package outbox_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

// held waits until the news of so many tickets wait for a chat.
func held(w *bottest.World, tickets int) {
	w.Eventually(func() bool { return w.Count("tickets WHERE muted_at IS NOT NULL AND teller IS NULL") == tickets })
}

// spoken are the last words of the bot's replies to a card.
func spoken(chat *telegramtest.Chat, card *telegramtest.Message) (words []string) {
	for _, m := range chat.BotMessages() {
		said, _, _ := strings.Cut(m.Text, "\nReply to this message")
		if fields := strings.Fields(said); m.ReplyTo == card.ID {
			words = append(words, fields[len(fields)-1])
		}
	}
	return words
}

func TestWhatCameWhileTheBotWasRestrictedComesInOrderWhenItIsNot(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	w.Quiet(w.Alice) // they could be told in private, too
	card, number := w.Ticket(chat, "first")
	end := w.Desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Unavailable(0))
	chat.SetBot(telegramtest.Restricted, w.Alice)
	w.Telegram.Say(w.Alice, chat, "/ticket second")
	end()
	require.NoError(t, w.Desk.Await(w.Context(), func() bool { return w.Desk.Count() == 2 }))
	w.Reply(number, "one")
	held(w, 2)
	w.Reply(number, "two")
	w.Reply(number, "three")
	w.Looked(4)

	chat.SetBot(telegramtest.Member, w.Alice)

	w.Hears(chat, "three")
	w.Hears(chat, "second")
	held(w, 0)
	require.Equal(t, []string{"one", "two", "three"}, spoken(chat, card))
	require.Equal(t, 1, w.Said(chat, "second"))
	require.NotContains(t, w.Logs.String(), "nobody can be told")
	require.Zero(t, w.Said(w.Telegram.Private(w.Alice), "second"))
}

func TestANightModeEndsWithTheFirstWordThatGoesThrough(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewForum("F")
	topic := chat.NewTopic("T")
	_, number := w.Ticket(topic, "night")
	other, second := w.Ticket(chat, "other")
	chat.Permit()
	w.Reply(number, "one")
	w.Reply(number, "two")
	w.Reply(second, "more")
	held(w, 2)
	require.NoError(t, w.Desk.SetStatus(number, "resolved"))
	w.Looked(4)
	chat.Unpermit() // Telegram tells nobody

	w.Say(w.Alice, chat, "/status")

	for _, text := range []string{"one", "two", "more", "Resolved: ticket"} {
		m := w.Hears(chat, text)
		require.Equal(t, 1, w.Said(chat, m.Text))
		if text == "more" {
			require.Equal(t, other.ID, m.ReplyTo)
		} else {
			require.Equal(t, topic, m.Topic)
		}
	}
	held(w, 0)
}

func TestAMutedChatIsTriedRarelyAndForSomeDays(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "night")
	chat.Permit()
	refused := func() (n int) {
		for _, c := range w.Telegram.CallsOf("sendMessage") {
			if c.ChatID == chat.ID && c.Status == 400 {
				n++
			}
		}
		return n
	}
	w.Reply(number, "one")
	held(w, 1)
	w.Reply(number, "two")
	w.Looked(5)
	require.Equal(t, 1, refused())
	pause := func() (seconds float64) {
		require.NoError(t, w.DB().QueryRow(t.Context(),
			`SELECT extract(epoch FROM tell_at - now()) FROM tickets WHERE chat_id = $1`, chat.ID).Scan(&seconds))
		return seconds
	}
	require.InDelta(t, 60, pause(), 30)
	for range 6 { // time passes
		w.SQL(`UPDATE tickets SET tell_at = now(), teller = NULL WHERE chat_id = $1`, chat.ID)
		n := refused()
		w.Eventually(func() bool { return refused() > n && pause() > 0 })
	}
	require.InDelta(t, 15*60, pause(), 60)

	w.SQL(`UPDATE tickets SET muted_at = now() - interval '8 days', tell_at = now() WHERE chat_id = $1`, chat.ID)
	w.Eventually(func() bool { return strings.Contains(w.Logs.String(), "nobody can be told what is new") })
	chat.Unpermit()
	w.Reply(number, "three")
	w.Hears(chat, "three")
	require.Zero(t, w.Said(chat, "one"))
}

func TestAnOutcomeThatWaitedTooLongForItsChatIsToldInPrivate(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	w.Quiet(w.Alice)
	chat.Permit()
	w.Telegram.Say(w.Alice, chat, "/ticket night")
	held(w, 1)
	w.SQL(`UPDATE tickets SET muted_at = now() - interval '8 days', tell_at = now()`)
	require.Contains(t, w.Hears(w.Telegram.Private(w.Alice), "night").Text, "tk_")
}

func TestWhereFilesAreNotAllowedTheirNamesAndLinksCome(t *testing.T) {
	t.Parallel()
	for name, forbid := range map[string]func(*bottest.World, *telegramtest.Chat){
		"a restricted bot": func(w *bottest.World, chat *telegramtest.Chat) {
			chat.SetBot(telegramtest.Restricted, w.Alice, "can_send_messages")
		},
		"a chat's rule": func(_ *bottest.World, chat *telegramtest.Chat) { chat.Permit("can_send_messages") },
		"a word of Telegram's own": func(w *bottest.World, chat *telegramtest.Chat) {
			w.Telegram.Fail(403, "Forbidden: CHAT_SEND_DOCS_FORBIDDEN", telegramtest.Match{Method: "sendDocument", Chat: chat})
			w.Telegram.Fail(400, "Bad Request: CHAT_SEND_PHOTOS_FORBIDDEN", telegramtest.Match{Method: "sendPhoto", Chat: chat})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := bottest.New(t)
			chat := w.Telegram.NewSupergroup("S")
			_, number := w.Ticket(chat, "files")
			forbid(w, chat)
			w.Reply(number, "see both",
				livedesktest.File{Name: "a.txt", Type: "text/plain", Content: []byte("a")},
				livedesktest.File{Name: "b.png", Type: "image/png", Content: []byte("b")})
			w.Hears(chat, "see both")
			for _, file := range []string{"a.txt", "b.png"} {
				m := w.Hears(chat, file)
				require.Nil(t, m.File)
				require.Contains(t, m.Sent, `<a href="http`)
			}
			require.NotContains(t, w.Logs.String(), "cannot write")
		})
	}
}

func TestPhotosThatAreNotAllowedComeAsFiles(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	_, number := w.Ticket(chat, "files")
	chat.Permit("can_send_messages", "can_send_documents")
	w.Reply(number, "", livedesktest.File{Name: "b.png", Type: "image/png", Content: []byte("b")})
	w.Eventually(func() bool { return w.Files(chat) == 1 })
}
