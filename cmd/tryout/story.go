package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

const (
	deskTitle = "LiveDesk, the agents' side"
	patience  = 15 * time.Second // with one expected thing; it takes milliseconds, or TRACK_INTERVAL

	problem  = "Printer jam on floor 3"
	details  = "It flashes twice, then stops."
	addition = "This is the light that flashes."
	note     = "Third time this month. Offer them a new one?"
	answer   = "We cleaned the rollers from here. Please try again."
	broken   = "It jams again after two pages."

	alone      = "My laptop is very loud"
	aloneAdded = "Now it smells, too."
)

// step is a part of the story. It acts, waits for what must come of it, and fails if it does not come.
type step struct {
	title string
	look  string // what somebody who looks on should look at
	where string // the word of the place where there is most to see; empty for LiveDesk
	play  func(*story, context.Context) error
}

var steps = []step{
	{"Nina, a customer, opens a ticket in a topic of her group",
		"She writes /ticket, options and what is wrong. The bot's answer in the same topic becomes the ticket's card.",
		"topic", (*story).open},
	{"What LiveDesk received",
		"Priority, type and team come from her options; chat and topic say where she asked. “JSON as sent” is the request.",
		"", (*story).received},
	{"Your team sees it too",
		"The staff chat has one message for each ticket: who asked, where, and how it stands. It changes with the ticket.",
		"staff", (*story).feed},
	{"Nina asks for its status, replying to the bot",
		"A reply to the card with /status shows the details. Numbers need not be typed.",
		"topic", (*story).status},
	{"Nina adds a sentence and a photo, replying to the bot",
		"What she replies to the card goes into the ticket. The bot only reacts to her message: ✍ says that it has arrived.",
		"topic", (*story).add},
	{"An agent writes an internal note, then answers",
		"At LiveDesk Sam writes both. Only the answer comes into the topic, as a reply to the card.",
		"topic", (*story).answer},
	{"Ben, a colleague, wants to hear of it too",
		"He replies /follow to the card. From now on messages about the ticket name him as well.",
		"colleague", (*story).follow},
	{"The agent begins to work on it and promises when it is done",
		"Nobody gets a message: the card changes in place.",
		"topic", (*story).change},
	{"Nina lowers the priority with the ticket's buttons",
		"She presses Priority and then Low. Telegram shows her an answer for a moment, and LiveDesk has the new priority.",
		"topic", (*story).lower},
	{"The agent resolves it, but Nina presses Still broken",
		"The end is worth a message. What she writes next, without a reply, goes into the ticket and asks the team to reopen it.",
		"topic", (*story).reopen},
	{"Repaired and resolved again: Nina says so and gives five stars",
		"Yes, solved leads to the stars, in the same message. Nobody has to type anything.",
		"topic", (*story).solve},
	{"Nina writes to the bot alone, without a command",
		"The bot asks by buttons what becomes of her words: a ticket at first, then something more about it.",
		"private", (*story).alone},
	{"A group that nobody has connected wants to use the bot",
		"Omar of Globex writes /ticket. Nothing is opened: your team is asked, and Sam presses Allow.",
		"staff", (*story).connect},
	{"Another customer's group asks for the same number and gets nothing",
		"Omar of Globex asks for Nina's ticket, and for one that never was. Both answers are the same.",
		"other", (*story).elsewhere},
	{"Yui, who runs a group of Acme in Tokyo, sets it up",
		"/language ja and /setup team:Billing !low: from now on tickets of this group have that, unless they say something else.",
		"tokyo", (*story).setUp},
	{"Yui's ticket is told in her language, and has what she set up",
		"The command is the same in every language. LiveDesk has the team and the priority of the group.",
		"tokyo", (*story).inJapanese},
	{"What agents wrote among themselves has stayed there",
		"The note is at LiveDesk, and in none of the chats. Now it is your turn: write as anybody, or let something break.",
		"", (*story).secret},
}

// story is what later steps know from earlier ones.
type story struct {
	*stage
	topic *place
	card  *telegramtest.Message
	id    string // of the ticket
	ended int    // message that said last that the ticket is resolved
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
	if asked := slices.Concat(st.telegram.Unknown(), st.desk.Unknown()); len(asked) > 0 {
		return fmt.Errorf("the service asked Telegram or LiveDesk for what they do not have: %q", asked)
	}
	st.step("Everything in the story happened")
	return nil
}

// open makes the ticket that the story is about.
func (s *story) open(ctx context.Context) error {
	_, _, before := s.desk.Since(0)
	card, err := s.ask(ctx, s.topic, `/ticket !high #incident team:"IT Support" device=PRN-2024 `+problem+"\n"+details)
	if err != nil {
		return err
	}
	if err := s.desk.Await(ctx, func() bool { return s.find(before) }); err != nil {
		return fmt.Errorf("LiveDesk has no ticket %q: %w", problem, err)
	}
	s.card = card
	if err := s.cardBecomes(ctx, s.id); err != nil {
		return err
	}
	s.check("the topic has the ticket's number")
	return nil
}

// find looks for the ticket of the story among those that have come since a revision: whoever looks on may make others.
func (s *story) find(since int64) bool {
	tickets, _, _ := s.desk.Since(since)
	for _, t := range tickets {
		if t.Title == problem && t.Requester.ContactID == strconv.FormatInt(s.topic.chat.ID, 10) {
			s.id = t.ID
		}
	}
	return s.id != ""
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

// add replies to the card with a photo and its caption.
func (s *story) add(ctx context.Context) error {
	photo := s.newPhoto(0)
	err := s.adds(ctx, s.topic, addition, telegramtest.ReplyTo(s.card), telegramtest.Attached(photo))
	if err != nil {
		return err
	}
	err = s.desk.Await(ctx, func() bool {
		t, _ := s.desk.Ticket(s.id)
		return len(t.Attachments) == 1 && strings.Contains(t.Description, addition)
	})
	t, _ := s.desk.Ticket(s.id)
	s.said(deskTitle, "the description and files of "+s.id, t.Description+"\n"+strings.Join(t.Attachments, "\n"))
	if err != nil {
		return fmt.Errorf("photo or text did not arrive: %w", err)
	}
	if !slices.ContainsFunc(s.desk.Uploads(), func(f livedesktest.UploadedFile) bool {
		return f.URL == t.Attachments[0] && f.SHA256 == photo.SHA256()
	}) {
		return errors.New("the photo that arrived is not the one that was sent")
	}
	return s.expect(t.Description, "text and photo are in the ticket, and nothing else was lost", details, addition)
}

func (s *story) answer(ctx context.Context) error {
	if _, err := s.desk.Note(s.id, agent, note); err != nil {
		return err
	}
	s.said(deskTitle, agent+" notes internally", note)
	if _, err := s.desk.Reply(s.id, agent, answer); err != nil {
		return err
	}
	s.said(deskTitle, agent+" answers", answer)
	reply, err := s.until(ctx, "answer in the topic", func(m *telegramtest.Message) bool {
		return strings.Contains(m.Text, answer)
	})
	if err != nil {
		return err
	}
	if reply.ReplyTo != s.card.ID || reply.Topic != s.card.Topic {
		return fmt.Errorf("the answer is message #%d and does not reply to the card #%d", reply.ID, s.card.ID)
	}
	s.check("the answer is in the topic, as a reply to the ticket's message")
	return nil
}

func (s *story) follow(ctx context.Context) error {
	reply, err := s.ask(ctx, s.place("colleague"), "/follow", telegramtest.ReplyTo(s.card))
	if err != nil {
		return err
	}
	return s.expect(reply.Text, "Ben will be mentioned", "You follow", s.id)
}

func (s *story) change(ctx context.Context) error {
	err := s.desk.SetSLA(s.id, livedesktest.SLA{ResolutionDue: time.Now().Add(4 * time.Hour)})
	if err != nil {
		return err
	}
	s.said(deskTitle, agent+" promises a solution within four hours", "")
	if err := s.setStatus("in_progress"); err != nil {
		return err
	}
	if err := s.cardBecomes(ctx, "In progress", "promised"); err != nil {
		return err
	}
	s.check("the ticket's message has changed in place")
	return nil
}

func (s *story) lower(ctx context.Context) error {
	for _, label := range []string{"Priority", "Low"} {
		if err := s.press(ctx, s.topic, s.card, label); err != nil {
			return err
		}
		s.chats.show(s.topic.chat)
	}
	if err := s.cardBecomes(ctx, "Low priority"); err != nil {
		return err
	}
	if t, _ := s.desk.Ticket(s.id); t.Priority != "low" {
		return fmt.Errorf("LiveDesk has priority %q", t.Priority)
	}
	s.check("LiveDesk and the ticket's message have the new priority")
	return nil
}

// resolve is the agent's, and waits for the message that says so.
func (s *story) resolve(ctx context.Context) (*telegramtest.Message, error) {
	if err := s.setStatus("resolved"); err != nil {
		return nil, err
	}
	end, err := s.until(ctx, "message about the end", func(m *telegramtest.Message) bool {
		return m.ID > max(s.card.ID, s.ended) && strings.Contains(m.Text, "Resolved") && len(m.Buttons) > 0
	})
	if err != nil {
		return nil, err
	}
	s.ended = end.ID
	return end, s.cardBecomes(ctx, "Resolved")
}

// reopen lets Nina say what is still wrong with a ticket that is said to be resolved.
func (s *story) reopen(ctx context.Context) error {
	end, err := s.resolve(ctx)
	if err != nil {
		return err
	}
	nina, ben := s.topic.who.Name(), s.place("colleague").who.Name()
	if err := s.expect(end.Text, "a new message tells Nina and Ben, by name", s.id, nina, ben); err != nil {
		return err
	}
	if err := s.press(ctx, s.topic, end, "Still broken"); err != nil {
		return err
	}
	if _, err := s.until(ctx, "question what is still wrong", func(m *telegramtest.Message) bool { return m.ForceReply && m.ID > end.ID }); err != nil {
		return err
	}
	if err := s.adds(ctx, s.topic, broken); err != nil {
		return err
	}
	t, _ := s.desk.Ticket(s.id)
	if !strings.Contains(t.Description, broken) || !slices.Contains(t.Tags, "reopen-requested") {
		return fmt.Errorf("the ticket has the tags %q and the description %q", t.Tags, t.Description)
	}
	s.check("her words are in the ticket, with the tag reopen-requested")
	return s.cardBecomes(ctx, "Reopening was asked for")
}

// solve is the end of the ticket that the story is about.
func (s *story) solve(ctx context.Context) error {
	if err := s.setStatus("open"); err != nil {
		return err
	}
	if err := s.cardBecomes(ctx, "Open"); err != nil {
		return err
	}
	end, err := s.resolve(ctx)
	if err != nil {
		return err
	}
	for _, label := range []string{"Yes, solved", "5"} {
		if err := s.press(ctx, s.topic, end, label); err != nil {
			return err
		}
		s.chats.show(s.topic.chat)
	}
	err = s.desk.Await(ctx, func() bool {
		t, _ := s.desk.Ticket(s.id)
		return t.CustomFields["telegram_rating"] == "5"
	})
	if err != nil {
		return fmt.Errorf("LiveDesk has no rating: %w", err)
	}
	s.check("the ticket at LiveDesk has her rating")
	return nil
}

// alone is what somebody does who knows no commands.
func (s *story) alone(ctx context.Context) error {
	private := s.place("private")
	offer, err := s.ask(ctx, private, alone)
	if err != nil {
		return err
	}
	if err := s.press(ctx, private, offer, "Open a ticket"); err != nil {
		return err
	}
	var number string
	if err := s.desk.Await(ctx, func() bool { number = s.lastFrom(private); return number != "" }); err != nil {
		return fmt.Errorf("LiveDesk has no ticket %q: %w", alone, err)
	}
	if _, err := s.untilIn(ctx, private, "card", func(m *telegramtest.Message) bool { return strings.Contains(m.Text, number) }); err != nil {
		return err
	}
	s.check("a button made a ticket of her words")
	if offer, err = s.ask(ctx, private, aloneAdded); err != nil {
		return err
	}
	if err := s.press(ctx, private, offer, "Add to"); err != nil {
		return err
	}
	err = s.desk.Await(ctx, func() bool {
		t, _ := s.desk.Ticket(number)
		return strings.Contains(t.Description, aloneAdded)
	})
	if err != nil {
		return fmt.Errorf("the second message did not arrive: %w", err)
	}
	s.check("another button added what she wrote next")
	return nil
}

// lastFrom is the number of the newest ticket that was asked for alone in a private chat.
func (s *story) lastFrom(at *place) string {
	for _, t := range slices.Backward(s.desk.Tickets()) {
		if t.Title == alone && t.Requester.ContactID == strconv.FormatInt(at.chat.ID, 10) {
			return t.ID
		}
	}
	return ""
}

// adds lets somebody write what goes into the ticket, and waits until the bot's reaction says so.
func (s *story) adds(ctx context.Context, at *place, text string, how ...telegramtest.Saying) error {
	said := s.telegram.Say(at.who, at.where(), text, how...)
	s.chats.show(said.Chat)
	_, err := s.telegram.WaitAny(ctx, said.Chat, func(m *telegramtest.Message) bool { return m.ID == said.ID && m.Reaction != "" })
	if err != nil {
		return fmt.Errorf("no reaction to %q: %w", text, err)
	}
	s.chats.show(said.Chat)
	s.check("the bot's reaction says that it was added")
	return nil
}

func (s *story) setStatus(word string) error {
	s.said(deskTitle, agent+" sets the status: "+word, "")
	return s.desk.SetStatus(s.id, word)
}

// cardBecomes waits until all parts stand in the ticket's message.
func (s *story) cardBecomes(ctx context.Context, parts ...string) error {
	_, err := s.until(ctx, fmt.Sprintf("%q in the ticket's message", parts), func(m *telegramtest.Message) bool {
		return m.ID == s.card.ID && !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(m.Text, part) })
	})
	return err
}

// feed waits for the ticket in the staff chat.
func (s *story) feed(ctx context.Context) error {
	m, err := s.untilIn(ctx, s.place("staff"), "ticket in the staff chat", func(m *telegramtest.Message) bool {
		return strings.Contains(m.Text, s.id)
	})
	if err != nil {
		return err
	}
	return s.expect(m.Text, "it says who asked, and where", problem, s.topic.who.Name(), s.topic.chat.Look().Title)
}

// connect lets the people of a group ask for tickets, and staff allow it.
func (s *story) connect(ctx context.Context) error {
	other, staff := s.place("other"), s.place("staff")
	before := s.desk.Count()
	if _, err := s.ask(ctx, other, "/ticket The door is stuck"); err != nil {
		return err
	}
	if s.desk.Count() != before {
		return errors.New("a ticket was opened from a group that is not connected")
	}
	question, err := s.untilIn(ctx, staff, "question to the staff chat", func(m *telegramtest.Message) bool {
		return strings.Contains(m.Text, other.chat.Look().Title) && len(m.Buttons) > 0
	})
	if err != nil {
		return err
	}
	if err := s.press(ctx, staff, question, "Allow"); err != nil {
		return err
	}
	_, err = s.untilIn(ctx, other, "word that the group is connected", func(m *telegramtest.Message) bool {
		return strings.Contains(m.Text, "connected.") && m.ReplyTo == 0
	})
	if err != nil {
		return err
	}
	s.check("nothing was opened before, and now the group may use the bot")
	return nil
}

// setUp chooses language and defaults of a group.
func (s *story) setUp(ctx context.Context) error {
	tokyo := s.place("tokyo")
	if _, err := s.ask(ctx, tokyo, "/language ja"); err != nil {
		return err
	}
	shown, err := s.ask(ctx, tokyo, "/setup team:Billing !low")
	if err != nil {
		return err
	}
	return s.expect(shown.Text, "the bot shows what holds in this group now", "Billing", strconv.FormatInt(tokyo.chat.ID, 10))
}

func (s *story) inJapanese(ctx context.Context) error {
	const title = "プリンターが動きません"
	card, err := s.ask(ctx, s.place("tokyo"), "/ticket "+title)
	if err != nil {
		return err
	}
	card, err = s.untilIn(ctx, s.place("tokyo"), "number", func(m *telegramtest.Message) bool {
		return m.ID == card.ID && strings.Contains(m.Text, "tk_")
	})
	if err != nil {
		return err
	}
	if err := s.expect(card.Text, "the answer is in Japanese", title, "チケット"); err != nil {
		return err
	}
	for _, t := range s.desk.Tickets() {
		if t.Title == title && (t.Team != "Billing" || t.Priority != "low") {
			return fmt.Errorf("the ticket has team %q and priority %q", t.Team, t.Priority)
		}
	}
	s.check("team and priority are those of the group")
	return nil
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

func (s *story) secret(context.Context) error {
	for _, p := range s.places {
		for _, m := range p.chat.Messages() {
			if strings.Contains(m.Text, note) {
				return fmt.Errorf("the internal note is message #%d in %s", m.ID, p.title)
			}
		}
	}
	s.check("the internal note is in no chat")
	return nil
}

// ask lets somebody write, and waits for the bot's reply.
func (s *story) ask(ctx context.Context, at *place, text string, how ...telegramtest.Saying) (*telegramtest.Message, error) {
	m := s.telegram.Say(at.who, at.where(), text, how...)
	s.chats.show(m.Chat)
	reply, err := s.telegram.WaitReply(ctx, m)
	if err != nil {
		return nil, fmt.Errorf("no answer to %q: %w", text, err)
	}
	s.chats.show(m.Chat)
	return reply, nil
}

// until waits for a message of the bot in the customer's group.
func (s *story) until(ctx context.Context, what string, match func(*telegramtest.Message) bool) (*telegramtest.Message, error) {
	return s.untilIn(ctx, s.topic, what, match)
}

func (s *story) untilIn(
	ctx context.Context, at *place, what string, match func(*telegramtest.Message) bool,
) (*telegramtest.Message, error) {
	m, err := s.telegram.WaitMessage(ctx, at.chat, match)
	if err != nil {
		return nil, fmt.Errorf("no %s: %w", what, err)
	}
	s.chats.show(at.chat)
	return m, nil
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
