package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"livedeskbot/livedesk/livedesktest"
)

// agentCommands are what the person can do as the agent at LiveDesk, after the word agent.
func agentCommands() []command {
	return []command{
		{"reply", "TEXT", "answer the customer", onTicket((*session).agentReply)},
		{"note", "TEXT", "an internal note, which customers never see", quietly(onTicket((*session).agentNote))},
		{"photo", "[TEXT]", "answer with a photo", onTicket((*session).agentPhoto)},
		{"status", "WORD", "open, in_progress, pending, resolved, closed", onTicket((*session).agentStatus)},
		{"priority", "WORD", "low, medium, high", onTicket((*session).agentPriority)},
		{"team", "NAME", strings.Join(teams, ", "), onTicket((*session).agentTeam)},
		{"promise", "HOURS", "promise a solution within so many hours", onTicket((*session).agentPromise)},
		{"rate", "1-5 [TEXT]", "the customer's rating", onTicket((*session).agentRate)},
		{"show", "", "the ticket and the requests it came from", quietly(onTicket((*session).agentShow))},
		{"list", "", "all tickets", (*session).agentList},
		{"take", "NUMBER", "work on another ticket, by the end of its number", (*session).agentTake},
	}
}

func (s *session) agent(ctx context.Context, line string) (bool, error) {
	c, args, ok := find(agentCommands(), line)
	if !ok {
		return false, slip("There is no such command for the agent; help lists them.")
	}
	if args == "" && c.args != "" && !strings.HasPrefix(c.args, "[") {
		return false, slip("agent " + c.word + " " + c.args + ": " + c.does)
	}
	return c.run(s, ctx, args)
}

// onTicket gives a command the number of the ticket that the agent works on, and shows what the agent did with it. The bot
// learns of that when it reads the ticket the next time.
func onTicket(do func(s *session, number, args string) (did string, err error)) action {
	return func(s *session, _ context.Context, args string) (bool, error) {
		number := s.number
		if all := s.desk.Tickets(); number == "" && len(all) > 0 {
			number = all[len(all)-1].ID
		}
		if number == "" {
			return false, slip("There is no ticket yet. As the customer, type /ticket and what is wrong.")
		}
		did, err := do(s, number, args)
		if err != nil {
			return false, slip(err.Error())
		}
		s.said(deskTitle, number, did)
		return true, nil
	}
}

// quietly is for commands after which the bot says nothing, so that nobody waits for it.
func quietly(run action) action {
	return func(s *session, ctx context.Context, args string) (bool, error) {
		_, err := run(s, ctx, args)
		return false, err
	}
}

func (s *session) agentReply(number, text string) (string, error) {
	_, err := s.desk.Reply(number, agent, lines(text))
	return agent + " answers: " + lines(text), err
}

func (s *session) agentNote(number, text string) (string, error) {
	_, err := s.desk.Note(number, agent, lines(text))
	return agent + " notes internally: " + lines(text), err
}

func (s *session) agentPhoto(number, text string) (string, error) {
	file := livedesktest.File{Name: "answer.jpg", Type: "image/jpeg", Content: photo(1)}
	_, err := s.desk.Reply(number, agent, lines(text), file)
	return agent + " answers: [answer.jpg] " + lines(text), err
}

func (s *session) agentStatus(number, word string) (string, error) {
	return agent + " sets the status: " + word, s.desk.SetStatus(number, word)
}

func (s *session) agentPriority(number, word string) (string, error) {
	return agent + " sets the priority: " + word, s.desk.SetPriority(number, word)
}

func (s *session) agentTeam(number, name string) (string, error) {
	return agent + " hands it to " + name, s.desk.SetTeam(number, name)
}

func (s *session) agentPromise(number, args string) (string, error) {
	hours, err := strconv.Atoi(args)
	if err != nil || hours < 1 || hours > 1000 {
		return "", slip("agent promise HOURS: a whole number of hours")
	}
	due := time.Now().Add(time.Duration(hours) * time.Hour)
	return fmt.Sprintf("%s promises a solution within %d hours", agent, hours), s.desk.SetSLA(number, livedesktest.SLA{ResolutionDue: due})
}

func (s *session) agentRate(number, args string) (string, error) {
	word, feedback, _ := strings.Cut(args, " ")
	stars, err := strconv.Atoi(word)
	if err != nil || stars < 1 || stars > 5 {
		return "", slip("agent rate 1-5 [TEXT]: how many stars?")
	}
	return "rated: " + strings.Repeat("★", stars) + " " + feedback, s.desk.Rate(number, stars, feedback)
}

func (s *session) agentShow(number, _ string) (string, error) {
	t, _ := s.desk.Ticket(number)
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s priority, type %s, team %s\n%s\n%s\n", t.Status, t.Priority, t.Type, orNone(t.Team), t.Title, t.Description)
	fmt.Fprintf(&b, "tags: %s\n", orNone(strings.Join(t.Tags, ", ")))
	for _, name := range slices.Sorted(maps.Keys(t.CustomFields)) {
		fmt.Fprintf(&b, "%s: %v\n", name, t.CustomFields[name])
	}
	for _, m := range t.Messages {
		kind := ""
		if m.Internal {
			kind = " (internal)"
		}
		fmt.Fprintf(&b, "%s%s: %s\n", m.SenderName, kind, m.Content)
	}
	fmt.Fprintf(&b, "\ncreated from %s\n", pretty(t.CreateBody))
	for _, body := range t.UpdateBodies {
		fmt.Fprintf(&b, "updated by %s\n", pretty(body))
	}
	return b.String(), nil
}

func orNone(name string) string {
	if name == "" {
		return "none"
	}
	return name
}

func (s *session) agentList(context.Context, string) (bool, error) {
	all := s.desk.Tickets()
	if len(all) == 0 {
		s.info("There are no tickets.")
	}
	for _, t := range all {
		s.info(t.ID + "  " + t.Status + "  " + t.Title)
	}
	return false, nil
}

// agentTake chooses the ticket whose number ends so.
func (s *session) agentTake(_ context.Context, end string) (bool, error) {
	for _, t := range s.desk.Tickets() {
		if strings.HasSuffix(t.ID, end) {
			s.number = t.ID
			s.info(agent + " works on " + t.ID + ": " + t.Title)
			return false, nil
		}
	}
	return false, slip("No ticket's number ends in " + end + "; agent list shows them.")
}
