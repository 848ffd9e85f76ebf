package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"slices"
	"strings"

	"livedeskbot/bot/telegram/telegramtest"
)

// command is something that can be typed.
type command struct {
	word, args, does string
	run              action
}

// action does what was typed and reports whether the bot should say something about it.
type action func(s *session, ctx context.Context, args string) (awaits bool, err error)

// commands are what the person can type apart from messages; the agent's are in agent.go.
func commands() []command {
	return []command{
		{"reply", "N TEXT", "reply to message #N", (*session).reply},
		{"press", "N LABEL", "press a button under message #N, by words of it", (*session).press},
		{"edit", "N TEXT", "change your message #N", (*session).edit},
		{"photo", "[TEXT]", "send a photo, with a caption", (*session).photo},
		{"album", "[TEXT]", "send three photos as one album", (*session).album},
		{"go", "PLACE", strings.Join(placeWords, " "), (*session).walk},
		{"agent", "...", "act as the agent at LiveDesk, see below", (*session).agent},
		{"trouble", "KIND", "LiveDesk goes wrong: down, lose, slow, 429, off", (*session).trouble},
		{"say", "TEXT", "a message that begins with one of these words", (*session).message},
		{"help", "", "this list", (*session).help},
		{"quit", "", "leave, as do Ctrl-D and Ctrl-C", func(*session, context.Context, string) (bool, error) { return false, errQuit }},
	}
}

// find returns the command that a line is, and its arguments. With words after it, a command that takes none is not meant:
// "help me, please" is a message.
func find(list []command, line string) (command, string, bool) {
	word, args, _ := strings.Cut(line, " ")
	args = strings.TrimSpace(args)
	i := slices.IndexFunc(list, func(c command) bool { return c.word == word && (c.args != "" || args == "") })
	if i < 0 {
		return command{}, "", false
	}
	return list[i], args, true
}

func (s *session) message(_ context.Context, text string) (bool, error) {
	if text == "" {
		return false, slip("say TEXT: what do you want to say?")
	}
	s.say(text)
	return strings.HasPrefix(text, "/"), nil
}

func (s *session) reply(_ context.Context, args string) (bool, error) {
	m, text, err := s.numbered(args)
	if err != nil {
		return false, err
	}
	if text == "" {
		return false, slip("reply N TEXT: what do you want to reply?")
	}
	s.say(text, telegramtest.ReplyTo(m))
	return m.FromBot || strings.HasPrefix(text, "/"), nil
}

func (s *session) press(ctx context.Context, args string) (bool, error) {
	m, label, err := s.numbered(args)
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, expected)
	defer cancel()
	if err := s.stage.press(ctx, s.at, m, label); err != nil {
		return false, slip(err.Error())
	}
	return true, nil
}

func (s *session) edit(_ context.Context, args string) (bool, error) {
	m, text, err := s.numbered(args)
	if err != nil {
		return false, err
	}
	if m.From != s.at.who || text == "" {
		return false, slip("edit N TEXT: N is a message of " + s.at.who.Name() + ".")
	}
	s.telegram.Edit(m, lines(text))
	s.chats.show(s.at.chat)
	return false, nil
}

func (s *session) photo(_ context.Context, caption string) (bool, error) {
	s.say(caption, telegramtest.Attached(s.newPhoto(0)))
	return strings.HasPrefix(caption, "/"), nil
}

func (s *session) album(_ context.Context, caption string) (bool, error) {
	files := []*telegramtest.File{s.newPhoto(0), s.newPhoto(1), s.newPhoto(2)}
	s.telegram.Album(s.at.who, s.at.where(), lines(caption), files)
	s.chats.show(s.at.chat)
	return strings.HasPrefix(caption, "/"), nil
}

// newPhoto is a photo on Telegram's servers.
func (st *stage) newPhoto(number int) *telegramtest.File {
	return st.telegram.NewFile(telegramtest.Photo, "", "image/jpeg", photo(number))
}

// photo makes a picture of a lamp that glows, in another colour for each number up to 2.
func photo(number int) []byte {
	const width, height = 320, 240
	colours := []color.RGBA{{R: 255, G: 70, B: 50}, {R: 255, G: 190, B: 60}, {R: 90, G: 220, B: 120}}
	glow := colours[number%len(colours)]
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			far := math.Hypot(float64(x-width/2), float64(y-height/2)) / (height / 2)
			light := 0.1 + 0.9/(1+12*far*far)
			picture.Set(x, y, color.RGBA{shade(glow.R, light), shade(glow.G, light), shade(glow.B, light), 255})
		}
	}
	var b bytes.Buffer
	_ = jpeg.Encode(&b, picture, nil) // a buffer takes everything
	return b.Bytes()
}

func shade(full uint8, light float64) uint8 { return uint8(float64(full) * light) }

func (s *session) walk(_ context.Context, word string) (bool, error) {
	to := s.place(word)
	if to == nil {
		return false, slip("go PLACE: " + strings.Join(placeWords, ", "))
	}
	s.at = to
	s.info("You are " + to.who.Name() + " in " + to.title + ".")
	return false, nil
}

// trouble lets LiveDesk go wrong in one way until "off".
func (s *session) trouble(_ context.Context, word string) (bool, error) {
	s.troubles.Off()
	if word == "off" {
		s.info("LiveDesk works again.")
		return true, nil
	}
	for _, t := range s.troubles.List() {
		if t.Name == word && s.troubles.Set(word, true) {
			s.info(t.About + " trouble off ends it.")
			return false, nil
		}
	}
	return false, slip("trouble KIND: one of down, lose, slow, 429, off")
}

func (s *session) help(context.Context, string) (bool, error) {
	s.info(`Each line is a message of yours; \n in it begins a new line. Except for these:`)
	s.list("", commands())
	s.info("What the agent can do with the newest ticket, or the one taken last:")
	s.list("agent ", agentCommands())
	s.info("/help asks the bot what it can do.")
	return false, nil
}

func (s *session) list(before string, list []command) {
	var b strings.Builder
	for _, c := range list {
		fmt.Fprintf(&b, "  %-22s %s\n", strings.TrimSpace(before+c.word+" "+c.args), c.does)
	}
	s.write("", b.String()+"\n")
}
