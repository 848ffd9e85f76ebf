package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"livedeskbot/bot/telegramtest"
)

const (
	deskTitle = "LiveDesk, the agents' side"
	patience  = 15 * time.Second // with one expected thing; it takes milliseconds, or TRACK_INTERVAL

	problem = "Printer jam on floor 3"
	answer  = "We cleaned the rollers from here. Please try again."
)

// steps are the story. Each one acts, waits for what must come of it, and fails if it does not come.
var steps = []struct {
	title string
	play  func(*story, context.Context) error
}{
	{"Nina, a customer, opens a ticket in a topic of her group", (*story).open},
	{"What LiveDesk received", (*story).received},
	{"Nina asks for its status, replying to the bot", (*story).status},
	{"An agent answers and resolves it", (*story).resolve},
	{"Another customer's group asks for the same number and gets nothing", (*story).elsewhere},
}

// story is what later steps know from earlier ones.
type story struct {
	*stage
	topic *place
	card  *telegramtest.Message
	id    string // of the ticket
}

// tell plays all steps and stops at the first that fails.
func tell(ctx context.Context, st *stage) error {
	s := &story{stage: st, topic: st.place("topic")}
	for i, step := range steps {
		st.step(fmt.Sprintf("%d. %s", i+1, step.title))
		ctx, cancel := context.WithTimeout(ctx, patience)
		err := step.play(s, ctx)
		cancel()
		if err != nil {
			st.fault("this step failed")
			return fmt.Errorf("step %d of the story, %q: %w", i+1, step.title, err)
		}
	}
	st.step("Everything in the story happened")
	return nil
}

// open makes the ticket that the story is about.
func (s *story) open(ctx context.Context) error {
	card, err := s.ask(ctx, s.topic, `/ticket !high #incident team:"IT Support" device=PRN-2024 `+problem+"\nIt flashes twice, then stops.")
	if err != nil {
		return err
	}
	all := s.desk.Tickets()
	if len(all) != 1 {
		return fmt.Errorf("LiveDesk has %d tickets, not one", len(all))
	}
	s.card, s.id = card, all[0].ID
	return s.expect(card.Text, "the topic has the ticket's number", s.id)
}

func (s *story) received(context.Context) error {
	t, _ := s.desk.Ticket(s.id)
	s.said(deskTitle, "created "+s.id+" from", pretty(t.CreateBody))
	r, topic := t.Requester, s.card.Topic
	switch {
	case r.ContactID != strconv.FormatInt(s.card.Chat.ID, 10) || r.SubContactID != strconv.Itoa(topic.ID):
		return fmt.Errorf("the requester is contact %q, sub-contact %q", r.ContactID, r.SubContactID)
	case len(r.Followers) != 1 || r.Followers[0].Name != s.topic.who.Name():
		return fmt.Errorf("the followers are %v", r.Followers)
	case t.Priority != "high" || t.Type != "incident" || t.Team != "IT Support" || t.CustomFields["device"] != "PRN-2024":
		return fmt.Errorf("the options are %s, %s, %s, %v", t.Priority, t.Type, t.Team, t.CustomFields)
	}
	s.check("chat, topic, sender and options are in the right fields")
	return nil
}

func (s *story) status(ctx context.Context) error {
	reply, err := s.ask(ctx, s.topic, "/status", telegramtest.ReplyTo(s.card))
	if err != nil {
		return err
	}
	return s.expect(reply.Text, "the details are there", s.id, problem, "High", "IT Support")
}

func (s *story) resolve(ctx context.Context) error {
	if _, err := s.desk.Reply(s.id, agent, answer); err != nil {
		return err
	}
	s.said(deskTitle, agent+" answers "+s.id, answer)
	if err := s.desk.SetStatus(s.id, "resolved"); err != nil {
		return err
	}
	s.said(deskTitle, agent+" sets the status: resolved", "")
	reply, err := s.ask(ctx, s.topic, "/status "+s.id)
	if err != nil {
		return err
	}
	return s.expect(reply.Text, "Nina reads the answer, and that it is resolved", answer, "Resolved")
}

func (s *story) elsewhere(ctx context.Context) error {
	const never = "tk_20200101_0001"
	other := s.place("other")
	theirs, err := s.ask(ctx, other, "/status "+s.id)
	if err != nil {
		return err
	}
	none, err := s.ask(ctx, other, "/status "+never)
	if err != nil {
		return err
	}
	if strings.ReplaceAll(theirs.Text, s.id, never) != none.Text {
		return fmt.Errorf("a foreign ticket and one that never was are told apart: %q, %q", theirs.Text, none.Text)
	}
	s.check("nothing of it, not even that it exists")
	return nil
}

// ask lets somebody write, and waits for the bot's reply.
func (s *story) ask(ctx context.Context, at *place, text string, how ...telegramtest.Saying) (*telegramtest.Message, error) {
	m := s.telegram.Say(at.who, at.where, text, how...)
	s.chats.show(m.Chat)
	reply, err := s.telegram.WaitReply(ctx, m)
	if err != nil {
		return nil, fmt.Errorf("no answer to %q: %w", text, err)
	}
	s.chats.show(m.Chat)
	return reply, nil
}

// expect checks that all parts stand in a text, and then says so.
func (s *story) expect(text, meaning string, parts ...string) error {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return fmt.Errorf("%q is not in %q", part, text)
		}
	}
	s.check(meaning)
	return nil
}

func pretty(body json.RawMessage) string {
	var b bytes.Buffer
	if json.Indent(&b, body, "", "  ") != nil {
		return string(body)
	}
	return b.String()
}
