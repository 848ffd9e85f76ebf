package bottest

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/bot/view"
)

// NumberForm is what the numbers of LiveDesk's tickets look like.
var NumberForm = regexp.MustCompile(`tk_[0-9]{8}_[0-9a-z]+`)

// Say lets a person write and returns the bot's reply.
func (w *World) Say(
	who *telegramtest.Person, where telegramtest.Place, text string, how ...telegramtest.Saying,
) *telegramtest.Message {
	w.t.Helper()
	return w.Answer(w.Telegram.Say(who, where, text, how...))
}

// Answer waits for the bot's reply to a message.
func (w *World) Answer(m *telegramtest.Message) *telegramtest.Message {
	w.t.Helper()
	reply, err := w.Telegram.WaitReply(w.Context(), m)
	require.NoError(w.t, err, "no reply to %q\n%s", m.Text, w.Logs)
	return reply
}

// Ticket lets Alice open one and returns its card and number.
func (w *World) Ticket(where telegramtest.Place, text string) (card *telegramtest.Message, number string) {
	w.t.Helper()
	card = w.Say(w.Alice, where, "/ticket "+text)
	return card, w.Number(card)
}

// Number waits until a message of the bot names a ticket, which on a slow machine it does by an edit, and returns its number.
func (w *World) Number(m *telegramtest.Message) string {
	w.t.Helper()
	return NumberForm.FindString(w.Becomes(m, "tk_").Text)
}

// Becomes waits until a message of the bot contains a text, in place.
func (w *World) Becomes(m *telegramtest.Message, text string) *telegramtest.Message {
	w.t.Helper()
	now, err := w.Telegram.WaitMessage(w.Context(), m.Chat, func(x *telegramtest.Message) bool {
		return x.ID == m.ID && strings.Contains(x.Text, text)
	})
	require.NoError(w.t, err, "%q did not become %q\n%s", m.Chat.Message(m.ID).Text, text, w.Logs)
	return now
}

// Hears waits until the bot has said something with a text in a chat.
func (w *World) Hears(chat *telegramtest.Chat, text string) *telegramtest.Message {
	w.t.Helper()
	m, err := w.Telegram.WaitMessage(w.Context(), chat, func(x *telegramtest.Message) bool { return strings.Contains(x.Text, text) })
	require.NoError(w.t, err, "%q was not said\n%s", text, w.Logs)
	return m
}

// Quiet gives the bot a message that it must answer, in a private chat, and so waits until it has dealt with what came
// before from the same person elsewhere.
func (w *World) Quiet(who *telegramtest.Person) {
	w.t.Helper()
	w.Say(who, w.Telegram.Private(who), "/help")
}

// Said is how often a text stands in what the bot has said in a chat.
func (w *World) Said(chat *telegramtest.Chat, text string) (times int) {
	for _, m := range chat.BotMessages() {
		times += strings.Count(m.Text, text)
	}
	return times
}

// Press lets a person press a button under a message as it now is and returns the answer.
func (w *World) Press(by *telegramtest.Person, m *telegramtest.Message, label string) string {
	w.t.Helper()
	press, err := w.Telegram.Press(by, m, label)
	require.NoError(w.t, err, label)
	answer, err := press.Wait(w.Context())
	require.NoError(w.t, err, label)
	return answer.Text
}

// Forge presses a button that need not be there and returns the answer.
func (w *World) Forge(by *telegramtest.Person, m *telegramtest.Message, data string) string {
	w.t.Helper()
	answer, err := w.Telegram.Forge(by, m, data).Wait(w.Context())
	require.NoError(w.t, err, data)
	return answer.Text
}

// Reacts waits until the bot has reacted to a message, and returns with what.
func (w *World) Reacts(to *telegramtest.Message) (emoji string) {
	w.t.Helper()
	w.Eventually(func() bool { emoji = to.Chat.Message(to.ID).Reaction; return emoji != "" }, "a reaction to", to.Text)
	return emoji
}

// Add lets a person write what is added to a ticket, and waits until they see that it is.
func (w *World) Add(who *telegramtest.Person, where telegramtest.Place, text string, how ...telegramtest.Saying) {
	w.t.Helper()
	require.Equal(w.t, view.ReactionAdded, w.Reacts(w.Telegram.Say(who, where, text, how...)))
}

// Row is the ticket's number in our own table, as its card's buttons carry it.
func (w *World) Row(card *telegramtest.Message) string {
	w.t.Helper()
	for _, row := range card.Chat.Message(card.ID).Buttons {
		for _, b := range row {
			if parts := strings.Split(b.Data, ":"); len(parts) == 3 {
				return parts[1]
			}
		}
	}
	w.t.Fatal("a card without buttons")
	return ""
}

// Texts are n small files of people: a.txt, b.txt and so on, of which each holds its name.
func (w *World) Texts(n int) (files []*telegramtest.File) {
	for i := range n {
		files = append(files, w.Text(fmt.Sprintf("%c.txt", 'a'+i)))
	}
	return files
}

// Text is a small file of people, which holds its name.
func (w *World) Text(name string) *telegramtest.File {
	return w.Telegram.NewFile(telegramtest.Document, name, "text/plain", []byte(name))
}

// Files is how many files the bot has sent to a chat.
func (w *World) Files(chat *telegramtest.Chat) (n int) {
	for _, m := range chat.BotMessages() {
		if m.File != nil {
			n++
		}
	}
	return n
}
