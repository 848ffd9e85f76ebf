package bot_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

// teller plays one everyday story and counts what it costs a person: words and messages to type, presses, and what there is to read.
type teller struct {
	*bottest.World
	chat                  *telegramtest.Chat
	typed, words, presses int
	answers               []string // to presses
	earlier               map[int]string
}

// begin forgets what has happened so far: it belongs to no story.
func (s *teller) begin() {
	s.typed, s.words, s.presses, s.answers, s.earlier = 0, 0, 0, nil, map[int]string{}
	for _, m := range s.chat.BotMessages() {
		s.earlier[m.ID] = m.Text
	}
}

func (s *teller) types(text string, how ...telegramtest.Saying) *telegramtest.Message {
	s.typed++
	s.words += len(strings.Fields(text))
	return s.Telegram.Say(s.Alice, s.chat, text, how...)
}

func (s *teller) says(text string, how ...telegramtest.Saying) *telegramtest.Message {
	return s.Answer(s.types(text, how...))
}

func (s *teller) taps(m *telegramtest.Message, label string) {
	s.presses++
	s.answers = append(s.answers, s.Press(s.Alice, m, label))
}

// button is the label of the button whose data begins like this; empty: there is none.
func (s *teller) button(m *telegramtest.Message, data string) string {
	for _, b := range slices.Concat(s.chat.Message(m.ID).Buttons...) {
		if strings.HasPrefix(b.Data, data) {
			return b.Text
		}
	}
	return ""
}

// read is what the bot has said since the story began: its messages, and the words of all that is different now.
func (s *teller) read() (messages, words int) {
	for _, m := range s.chat.BotMessages() {
		if _, there := s.earlier[m.ID]; !there {
			messages++
		}
		if s.earlier[m.ID] != m.Text {
			words += len(strings.Fields(m.Text))
		}
	}
	for _, answer := range s.answers {
		words += len(strings.Fields(answer))
	}
	return messages, words
}

// everyday are the ten stories. Where a button does what had to be typed before there was one, it is pressed.
var everyday = []struct {
	name    string
	private bool
	play    func(*testing.T, *teller)
}{
	{"open in a group", false, func(t *testing.T, s *teller) { s.Becomes(s.says("/ticket The printer jams"), "tk_") }},
	{"open in private", true, func(t *testing.T, s *teller) {
		answer := s.says("my laptop does not start any more")
		if open := s.button(answer, "new:"); open != "" {
			s.taps(answer, open)
			s.Hears(s.chat, "tk_")
			return
		}
		s.Becomes(s.says("/ticket my laptop does not start any more"), "tk_")
	}},
	{"ask for the status", false, func(t *testing.T, s *teller) {
		card, number := s.opened()
		require.Contains(t, s.says("/status", telegramtest.ReplyTo(card)).Text, number)
	}},
	{"list", false, func(t *testing.T, s *teller) {
		for range 3 {
			s.opened()
		}
		require.Contains(t, s.says("/status").Text, "3")
	}},
	{"add a line", false, func(t *testing.T, s *teller) {
		card, number := s.opened()
		s.types("It flashes twice, then stops", telegramtest.ReplyTo(card))
		s.TicketIs(number, func(x livedesktest.Ticket) bool { return strings.Contains(x.Description, "flashes") })
	}},
	{"an agent answers, the customer replies", false, func(t *testing.T, s *teller) {
		_, number := s.opened()
		s.Reply(number, "Is it plugged in?")
		s.types("Yes, it is", telegramtest.ReplyTo(s.Hears(s.chat, "plugged in")))
		s.TicketIs(number, func(x livedesktest.Ticket) bool { return strings.Contains(x.Description, "Yes, it is") })
	}},
	{"a ticket with a photo", false, func(t *testing.T, s *teller) {
		photo := s.Telegram.NewFile(telegramtest.Photo, "", "image/jpeg", []byte("picture"))
		s.Becomes(s.says("/ticket This lamp is on", telegramtest.Attached(photo)), "tk_")
	}},
	{"stop following", false, func(t *testing.T, s *teller) {
		card, _ := s.opened()
		s.taps(card, s.button(card, "follow:"))
		if off := s.button(card, "notify:"+s.Row(card)+":off"); off != "" {
			s.taps(card, off)
		}
		require.Contains(t, s.answers[len(s.answers)-1], "do not follow")
	}},
	{"unconfirmed, sent again", false, func(t *testing.T, s *teller) {
		s.Desk.Trouble(livedesktest.Create, 1, livedesktest.StoreThenLose())
		card := s.says("/ticket The printer jams")
		s.taps(card, s.button(card, "again:"))
		s.Becomes(card, "tk_")
	}},
	{"resolved, and still broken", false, func(t *testing.T, s *teller) {
		card, number := s.opened()
		require.NoError(t, s.Desk.SetStatus(number, "resolved"))
		ended := s.Hears(s.chat, "Resolved: ticket")
		if broken := s.button(ended, "broken:"); broken != "" {
			s.taps(ended, broken)
			ended = s.Hears(s.chat, "till wrong")
		}
		s.types("It jams again", telegramtest.ReplyTo(ended))
		s.TicketIs(number, func(x livedesktest.Ticket) bool { return strings.Contains(x.Description, "jams again") })
		require.NoError(t, s.Desk.SetStatus(number, "open"))
		s.Becomes(card, "Open")
		s.Hears(s.chat, "Reopened")
	}},
}

// opened is a ticket from before the story, its card and number.
func (s *teller) opened() (card *telegramtest.Message, number string) {
	card, number = s.Ticket(s.chat, "The printer jams")
	s.begin()
	return card, number
}

// TestTenStories plays them and prints what they cost: go test ./bot -run TestTenStories -v.
func TestTenStories(t *testing.T) {
	t.Parallel()
	var table strings.Builder
	fmt.Fprintf(&table, "\n%-40s %6s %6s %8s %9s %6s\n", "", "types", "words", "presses", "messages", "reads")
	var sum [5]int
	whole := bottest.New(t)
	for _, story := range everyday {
		t.Run(story.name, func(t *testing.T) {
			w := whole.Part(t)
			s := &teller{World: w, chat: w.Telegram.NewSupergroup("S")}
			if story.private {
				s.chat = w.Telegram.Private(w.Alice)
			}
			s.begin()
			story.play(t, s)
			messages, read := s.read()
			row := [5]int{s.typed, s.words, s.presses, messages, read}
			fmt.Fprintf(&table, "%-40s %6d %6d %8d %9d %6d\n", story.name, row[0], row[1], row[2], row[3], row[4])
			for i, n := range row {
				sum[i] += n
			}
		})
	}
	fmt.Fprintf(&table, "%-40s %6d %6d %8d %9d %6d", "all ten", sum[0], sum[1], sum[2], sum[3], sum[4])
	t.Log(table.String())
}
