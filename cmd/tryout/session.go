package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"livedeskbot/bot/telegram/telegramtest"
)

// How long the prompt waits for what comes of a line, so that it rarely appears in the middle of an answer.
const (
	calm     = 300 * time.Millisecond // nothing said for so long: that was all
	expected = 3 * time.Second        // for the first thing, where something should come
)

// session is the person at the keyboard, who is the customer and the agent.
type session struct {
	*stage
	*screen
	at     *place
	number string // of the ticket that the agent works on; empty for the newest
}

const welcome = `
Your turn. What you type is said by Nina in the topic. Some lines to try:

  /ticket My screen is dark
  agent reply Is it plugged in?
  /status
  trouble down
  help                       everything you can do
  quit                       or Ctrl-D

`

// A slip is a mistake of the person at the keyboard, in words for that person.
type slip string

func (s slip) Error() string { return string(s) }

var errQuit = errors.New("quit")

// converse does what lines say until one is quit, the input ends or ctx does.
func converse(ctx context.Context, st *stage, on *screen, stdin io.Reader, logPath string) error {
	s := &session{stage: st, screen: on, at: st.place("topic")}
	s.info(welcome)
	if logPath != "" {
		s.info("The service's log: " + logPath)
	}
	typed := readLines(ctx, stdin)
	for {
		if isTerminal(stdin) && isTerminal(s.out) {
			s.ask(s.at.who.Name() + " in " + s.at.title + "> ")
		}
		select {
		case <-ctx.Done():
			s.answered()
			s.info("\nStopping everything ...")
			return ctx.Err()
		case line, ok := <-typed:
			s.answered()
			if !ok || errors.Is(s.do(ctx, line), errQuit) {
				s.info("\nStopping everything ...")
				return nil
			}
		}
	}
}

// readLines reads until the input or ctx ends. A read that waits for the keyboard cannot be stopped; it ends with the process.
func readLines(ctx context.Context, from io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for scanner := bufio.NewScanner(from); scanner.Scan(); {
			select {
			case lines <- scanner.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}

// do does what a line says and waits until the answers to it have been seen.
func (s *session) do(ctx context.Context, line string) error {
	line = strings.TrimSpace(line)
	if line == "" {
		return nil
	}
	c, args, ok := find(commands(), line)
	if !ok {
		c, args = command{run: (*session).message}, line
	}
	s.chats.forget()
	awaits, err := c.run(s, ctx, args)
	if errors.Is(err, errQuit) {
		return err
	}
	if err != nil {
		s.fault(err.Error())
		return nil
	}
	s.settle(ctx, awaits)
	return nil
}

// settle waits until the bot has said nothing for a moment; longer for the first thing, where one should come.
func (s *session) settle(ctx context.Context, awaits bool) {
	limit := calm
	if awaits {
		limit = expected
	}
	for {
		select {
		case <-s.chats.heard:
			limit = calm
		case <-time.After(limit):
			return
		case <-ctx.Done():
			return
		}
	}
}

// say writes a message where the person is.
func (s *session) say(text string, how ...telegramtest.Saying) {
	s.telegram.Say(s.at.who, s.at.where(), lines(text), how...)
	s.chats.show(s.at.chat)
}

// lines makes new lines of \n, since what is typed is always one line.
func lines(text string) string { return strings.ReplaceAll(text, `\n`, "\n") }

// numbered finds the message that the first word of args is the number of, and returns the other words.
func (s *session) numbered(args string) (*telegramtest.Message, string, error) {
	word, rest, _ := strings.Cut(args, " ")
	id, err := strconv.Atoi(strings.TrimPrefix(word, "#"))
	if err != nil {
		return nil, "", slip("Which message? Its number stands before the name, such as #4.")
	}
	m := s.at.chat.Message(id)
	if m == nil {
		return nil, "", slip(fmt.Sprintf("There is no message #%d in %s.", id, s.at.title))
	}
	return m, strings.TrimSpace(rest), nil
}
