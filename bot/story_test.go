package bot_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

var update = flag.Bool("update", false, "write what happened into testdata")

// TestStories plays testdata/*.txt. A line that begins at the margin is a step, indented ones belong to it:
//
//	Alice in Printers/Floor 3: TEXT     she writes; "Alice in Printers answering Bob:" replies to Bob's last message
//	the bot says:                       its reply to the last message
//	the bot goes on:                    its next message in the same chat
//	the bot changes that to:            its message, once it has another text or other buttons
//	the card changes to:                that of the newest ticket, in the same way
//	the bot reacts:                     to the last message
//	LiveDesk is asked for:              the request that made the newest ticket
//	LiveDesk has:                       description, tags and custom fields of the newest ticket, once it has been changed
//	LiveDesk sets the status WORD       of the newest ticket, and the bot looks at it
//	LiveDesk NAME                       goes on as in troubles
//	Alice presses LABEL:                the answer to her press
//
// What the bot says and asks is compared with the file as a whole; -update writes it.
func TestStories(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			written, err := os.ReadFile(file)
			require.NoError(t, err)
			s := story{World: bottest.New(t, func(w *bottest.World) { w.Config.TrackEvery = time.Hour }), said: map[string]*telegramtest.Message{},
				people: map[string]*telegramtest.Person{}, chats: map[string]*telegramtest.Chat{}, topics: map[string]*telegramtest.Topic{}}
			s.people["Alice"] = s.Alice
			var played strings.Builder
			for _, step := range stepForm.FindAllString(string(written), -1) {
				head, body, _ := strings.Cut(step, "\n")
				played.WriteString(head + "\n" + s.play(t, head, unindent(body)))
			}
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(played.String()), 0o644))
			}
			require.Equal(t, string(written), played.String())
		})
	}
}

var (
	stepForm = regexp.MustCompile(`(?m)^(?:\S.*)?\n(?:    .*\n|\n    .*\n)*`)
	sayForm  = regexp.MustCompile(`^(\S+) in ([^:]+?)(?: answering (\S+))?: (.*)$`)
	pressing = regexp.MustCompile(`^(\S+) presses (.+):$`)
	timeForm = regexp.MustCompile(`\d+ [A-Z][a-z]{2} \d{4},? \d\d:\d\d(?::\d\d)? UTC`)
)

// troubles are what can happen to LiveDesk.
var troubles = map[string]livedesktest.Fault{
	"is away":                   livedesktest.Unavailable(0),
	"refuses":                   livedesktest.ErrorCode(3002, "title is too silly"),
	"loses the next answer":     livedesktest.StoreThenLose(),
	"confirms without a number": livedesktest.NoTicketID(),
}

type story struct {
	*bottest.World
	people map[string]*telegramtest.Person
	chats  map[string]*telegramtest.Chat
	topics map[string]*telegramtest.Topic
	said   map[string]*telegramtest.Message // last message by name; "the bot" is one
	last   *telegramtest.Message            // of a person
}

// play does what a step says and returns the indented lines below it, as they should stand in the file.
func (s *story) play(t *testing.T, head, body string) string {
	if m := sayForm.FindStringSubmatch(head); m != nil {
		s.speak(m[1], m[2], m[3], strings.TrimRight(m[4]+"\n"+body, "\n"))
		return indent(body)
	}
	if m := pressing.FindStringSubmatch(head); m != nil {
		press, err := s.Telegram.Press(s.person(m[1]), s.said["bot"], s.label(m[2]))
		require.NoError(t, err)
		answer, err := press.Wait(s.Context())
		require.NoError(t, err)
		return indent(answer.Text)
	}
	name, isTrouble := strings.CutPrefix(head, "LiveDesk ")
	switch {
	case head == "the bot says:":
		reply, err := s.Telegram.WaitReply(s.Context(), s.last)
		require.NoError(t, err)
		if strings.HasPrefix(reply.Text, "🟢") {
			s.said["card"] = reply
		}
		return s.hear(reply)
	case head == "the bot says below that:":
		s.last = s.said["bot"]
		return s.play(t, "the bot says:", body)
	case head == "the bot goes on:":
		next, err := s.Telegram.WaitMessage(s.Context(), s.said["bot"].Chat, func(m *telegramtest.Message) bool {
			return m.FromBot && m.ID > s.said["bot"].ID
		})
		require.NoError(t, err)
		return s.hear(next)
	case head == "the bot changes that to:":
		return s.hear(s.changed(t, "bot"))
	case head == "the card changes to:":
		s.said["card"] = s.changed(t, "card")
		return indent(shown(s.said["card"]))
	case head == "LiveDesk has:":
		return s.has(t)
	case strings.HasPrefix(name, "sets the status "):
		tickets := s.Desk.Tickets()
		require.NoError(t, s.Desk.SetStatus(tickets[len(tickets)-1].ID, strings.TrimPrefix(name, "sets the status ")))
		s.SQL(`UPDATE tickets SET due_at = now()`)
	case head == "the bot reacts:":
		s.Eventually(func() bool { return s.last.Chat.Message(s.last.ID).Reaction != "" }, "a reaction")
		return indent(s.last.Chat.Message(s.last.ID).Reaction)
	case head == "LiveDesk is asked for:":
		tickets := s.Desk.Tickets()
		return indent(steady(pretty(t, tickets[len(tickets)-1].CreateBody)))
	case name == "works again":
		s.Desk.Clear()
	case isTrouble:
		require.Contains(t, troubles, name)
		s.Desk.Trouble(livedesktest.Create, map[bool]int{true: livedesktest.Always, false: 1}[name == "is away"], troubles[name])
	default:
		require.True(t, head == "" || strings.HasPrefix(head, "#"), "no such step: %s", head)
	}
	return indent(body)
}

func (s *story) person(name string) *telegramtest.Person {
	if s.people[name] == nil {
		s.people[name] = s.Telegram.NewPerson(name)
	}
	return s.people[name]
}

// speak lets a person write in "private", a group, or a forum's topic: FORUM/TOPIC.
func (s *story) speak(who, where, answering, text string) {
	chat, topic, inTopic := strings.Cut(where, "/")
	if s.chats[chat] == nil && inTopic {
		s.chats[chat] = s.Telegram.NewForum(chat)
	} else if s.chats[chat] == nil {
		s.chats[chat] = s.Telegram.NewSupergroup(chat)
	}
	place := telegramtest.Place(s.chats[chat])
	if where == "private" {
		place = s.Telegram.Private(s.person(who))
	}
	if inTopic && s.topics[where] == nil {
		s.topics[where] = s.chats[chat].NewTopic(topic)
	}
	if inTopic {
		place = s.topics[where]
	}
	var how []telegramtest.Saying
	if answering != "" {
		how = append(how, telegramtest.ReplyTo(s.said[answering]))
	}
	s.last = s.Telegram.Say(s.person(who), place, text, how...)
	s.said[who] = s.last
}

// steady is text without what differs from run to run.
func steady(text string) string {
	return timeForm.ReplaceAllString(bottest.NumberForm.ReplaceAllString(text, "NUMBER"), "TIME")
}

// changed waits until a message of the bot has changed.
func (s *story) changed(t *testing.T, which string) *telegramtest.Message {
	before := s.said[which]
	now, err := s.Telegram.WaitMessage(s.Context(), before.Chat, func(m *telegramtest.Message) bool {
		return m.ID == before.ID && (m.Text != before.Text || !reflect.DeepEqual(m.Buttons, before.Buttons))
	})
	require.NoError(t, err)
	return now
}

// has is what stands in the newest ticket, once the last thing that is to come into it has.
func (s *story) has(t *testing.T) string {
	s.Eventually(func() bool { return s.Count("additions WHERE done_at IS NULL OR done_at = 'infinity'") == 0 })
	tickets := s.Desk.Tickets()
	last := tickets[len(tickets)-1]
	delete(last.CustomFields, livedesktest.RefField)
	raw, err := json.Marshal(map[string]any{"description": last.Description, "tags": last.Tags, "custom_fields": last.CustomFields})
	require.NoError(t, err)
	return indent(steady(pretty(t, raw)))
}

// label is that of a button below the last message of the bot, as it stands in the file.
func (s *story) label(steadied string) string {
	for _, row := range s.said["bot"].Buttons {
		for _, b := range row {
			if steady(b.Text) == steadied {
				return b.Text
			}
		}
	}
	return steadied
}

// hear notes a message of the bot and returns how it looks.
func (s *story) hear(m *telegramtest.Message) string {
	s.said["bot"] = m
	return indent(shown(m))
}

func shown(m *telegramtest.Message) string {
	var text strings.Builder
	text.WriteString(steady(m.Text))
	for _, row := range m.Buttons {
		text.WriteString("\n")
		for _, b := range row {
			fmt.Fprintf(&text, "[%s] ", steady(b.Text))
		}
	}
	return strings.ReplaceAll(text.String(), " \n", "\n")
}

func pretty(t *testing.T, raw []byte) string {
	var v any
	require.NoError(t, json.Unmarshal(raw, &v))
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	require.NoError(t, encoder.Encode(v))
	return out.String()
}

func indent(text string) string {
	if text = strings.TrimRight(text, " \n"); text == "" {
		return ""
	}
	return strings.ReplaceAll("    "+strings.ReplaceAll(text, "\n", "\n    ")+"\n", "\n    \n", "\n\n")
}

func unindent(body string) string {
	return strings.TrimRight(strings.ReplaceAll("\n"+body, "\n    ", "\n"), "\n")[min(1, len(body)):]
}
