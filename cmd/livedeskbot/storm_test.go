package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

// TestNothingIsLostOrDoubledInAStorm kills two replicas and their Postgres at random instants of a burst, delivers updates
// up to three times and lets LiveDesk and Telegram fail at random; then it looks at every command.
func TestNothingIsLostOrDoubledInAStorm(t *testing.T) {
	t.Parallel()
	number, length := *seed, max(*long, 5*time.Second)
	if number == 0 {
		number = rand.Uint64()
	}
	t.Logf("again with: go test ./cmd/livedeskbot -run Storm -storm=%v -seed=%d -beside=%q", length, number, *beside)
	pg := newPostgres(t)
	answers := &answers{}
	s := &storm{
		world: newWorld(t, pg.server.URL(), telegramtest.Options{FloodGrace: time.Second}, answers.watch), answers: answers,
		dice: rand.New(rand.NewPCG(number, 1)), pg: pg,
	}
	s.replicas = []*process{s.ready(), nil}
	s.replicas[1] = s.replica(1)
	s.rage(length, number)
	s.calm()
	defer func() {
		if t.Failed() {
			t.Log(s.unsettled())
		}
	}()
	s.settle(max(length, time.Minute))
	s.look(false)
	s.decide()
	s.settle(patience)
	s.look(true)
	s.print()
}

type storm struct {
	*world
	answers  *answers
	dice     *rand.Rand // of the troubles
	pg       *postgres
	replicas []*process
	commands []*telegramtest.Message
	pressed  map[*telegramtest.Message]bool
	tally
}

// tally counts what the storm did and what came of the commands.
type tally struct {
	kills, crashes, restarts                         int
	created, refused, unconfirmed, left              int
	repeated, stale, doubled, lost, untold, unproven int
}

// leastKills is how often a process of the service is killed however slow the machine is.
const leastKills = 5

// rage lets people write for so long, while everything else goes wrong.
func (s *storm) rage(length time.Duration, number uint64) {
	s.telegram.Misbehave(number, telegramtest.Chaos{
		Refuse: 0.02, Lose: 0.02, ServerError: 0.02, Garbage: 0.02, Flood: 0.01, Slow: 0.05, SlowBy: 100 * time.Millisecond,
	})
	s.desk.Chaos(number, livedesktest.Storm(0.15)...)
	end := time.Now().Add(length)
	ctx, hush := context.WithCancel(s.t.Context())
	defer hush()
	var people sync.WaitGroup
	people.Go(func() { s.commands = s.talk(ctx, rand.New(rand.NewPCG(number, 2))) })
	for time.Now().Before(end) || s.kills < leastKills {
		time.Sleep(time.Duration(100+s.dice.IntN(500)) * time.Millisecond)
		switch s.dice.IntN(8) {
		case 0:
			s.pg.end(syscall.SIGKILL)
			s.pg.start()
			s.crashes++
		case 1:
			s.pg.end(syscall.SIGINT)
			s.pg.start()
			s.restarts++
		default:
			i := s.dice.IntN(len(s.replicas))
			s.answers.killing()
			s.replicas[i].kill()
			s.kills++
			s.replicas[i] = s.replica(i)
		}
	}
	hush()
	people.Wait()
}

// replica starts a replica, the second one of the version to which today's is to do no harm.
func (s *storm) replica(i int) *process {
	if i == 1 && *beside != "" {
		return s.startProgram(*beside)
	}
	return s.start()
}

// groups is the number of supergroups, and also that of forums and of private chats.
const groups = 12

// talk lets people open tickets in groups, topics and private chats, and returns the commands.
func (s *storm) talk(ctx context.Context, dice *rand.Rand) (commands []*telegramtest.Message) {
	var people []*telegramtest.Person
	var places []telegramtest.Place
	for i := range groups {
		p := s.telegram.NewPerson(fmt.Sprint("Person", i))
		people = append(people, p)
		places = append(places, s.telegram.NewSupergroup(fmt.Sprint("Group", i)), s.telegram.NewForum(fmt.Sprint("Forum", i)).NewTopic("Topic"))
		s.telegram.Say(p, s.telegram.Private(p), "Hello")
	}
	for ctx.Err() == nil {
		s.telegram.Duplicate(dice.IntN(3))
		for range dice.IntN(5) {
			who := people[dice.IntN(len(people))]
			where := telegramtest.Place(s.telegram.Private(who))
			if dice.IntN(4) > 0 {
				where = places[dice.IntN(len(places))]
			}
			commands = append(commands, s.telegram.Say(who, where, fmt.Sprintf("/ticket command %d %s", len(commands), option(dice))))
		}
		time.Sleep(time.Duration(dice.IntN(40)) * time.Millisecond)
	}
	return commands
}

// option is an option for a command; some name a team that does not exist, so that LiveDesk refuses the ticket.
func option(dice *rand.Rand) string {
	if dice.IntN(20) == 0 {
		return "team:Nobody"
	}
	return "!high"
}

// calm ends all troubles. A replica may have died of one: where an operator would have it started again, so do we.
func (s *storm) calm() {
	s.telegram.Duplicate(0)
	s.telegram.Calm()
	s.desk.Clear()
	for _, p := range s.replicas {
		select {
		case <-p.exited:
			require.Fail(s.t, "a replica ended by itself", "%s", p.log)
		default:
		}
	}
}

// decide presses buttons under what is unconfirmed: "again" twice under half of it, "leave" under the rest.
func (s *storm) decide() {
	s.pressed = map[*telegramtest.Message]bool{}
	for i, m := range s.commands {
		last := s.last(m)
		if !strings.HasPrefix(last.Text, "❓") {
			continue
		}
		button := last.Buttons[0][i%2].Data
		s.pressed[m] = strings.HasPrefix(button, "again:")
		_, err := s.telegram.Press(m.From, last, button)
		require.NoError(s.t, err)
		s.telegram.Forge(m.From, last, button) // a second press at once, also where the button is gone
	}
	s.eventually(func() bool {
		for m := range s.pressed {
			if strings.HasPrefix(s.last(m).Text, "❓") {
				return false
			}
		}
		return true
	}, "buttons that nobody obeys")
}

// last returns the reply to a command that the bot posted or changed last, which has its outcome. There may be older
// replies: where nobody knows whether Telegram has a message, the bot posts it again and cannot change the first one.
func (s *storm) last(m *telegramtest.Message) *telegramtest.Message {
	replies := s.telegram.Replies(m)
	require.NotEmpty(s.t, replies, "nothing was told about %q", m.Text)
	return lastWord(replies)
}

func lastWord(replies []*telegramtest.Message) *telegramtest.Message {
	return slices.MaxFunc(replies, func(x, y *telegramtest.Message) int { return said(x).Compare(said(y)) })
}

func said(m *telegramtest.Message) time.Time {
	if m.Edited.IsZero() {
		return m.Date
	}
	return m.Edited
}

var numberForm = regexp.MustCompile(`tk_[0-9]{8}_[0-9a-z]+`)

// look judges every command: its last message is final, and LiveDesk has what it says. final says that nothing may be
// unconfirmed any more.
func (s *storm) look(final bool) {
	s.tally = tally{kills: s.kills, crashes: s.crashes, restarts: s.restarts}
	desk := map[string][]livedesktest.Ticket{}
	for _, ticket := range s.desk.Tickets() {
		desk[ticket.Ref] = append(desk[ticket.Ref], ticket)
	}
	for _, m := range s.commands {
		ref := fmt.Sprintf("%d/%d/%d", s.telegram.Bot().ID, m.Chat.ID, m.ID)
		s.judge(m, desk[ref])
		delete(desk, ref)
	}
	require.Empty(s.t, desk, "tickets that nobody asked for")
	require.Zero(s.t, s.lost, "commands without a message")
	require.Zero(s.t, s.untold, "commands whose last message is not final")
	require.Zero(s.t, s.doubled, "commands with more tickets than were asked for")
	require.Zero(s.t, s.unproven, "outcomes that LiveDesk contradicts")
	require.LessOrEqual(s.t, s.repeated, s.answers.open(), "messages repeated for no reason")
	if final {
		require.Zero(s.t, s.unconfirmed)
	}
	require.Empty(s.t, s.telegram.Unknown())
	require.Empty(s.t, s.desk.Unknown())
}

func (s *storm) judge(m *telegramtest.Message, tickets []livedesktest.Ticket) {
	replies := s.telegram.Replies(m)
	if len(replies) == 0 {
		s.lost++
		return
	}
	told := lastWord(replies)
	s.repeated += len(replies) - 1
	for _, other := range replies {
		if other != told && strings.HasPrefix(other.Text, "⏳") {
			s.stale++
		}
	}
	allowed := 1
	if s.pressed[m] {
		allowed = 2
	}
	if len(tickets) > allowed {
		s.doubled++
	}
	s.count(m, told, tickets)
}

// count adds the outcome that a message tells to the tally, and checks it against LiveDesk's tickets.
func (s *storm) count(m, told *telegramtest.Message, tickets []livedesktest.Ticket) {
	proven, number := true, numberForm.FindString(told.Text)
	switch {
	case number != "":
		s.created++
		proven = slices.ContainsFunc(tickets, func(t livedesktest.Ticket) bool { return t.ID == number })
	case strings.HasPrefix(told.Text, "❌"):
		s.refused++
		proven = len(tickets) == 0 && strings.Contains(m.Text, "team:")
	case strings.HasPrefix(told.Text, "❓"):
		s.unconfirmed++
	case strings.HasPrefix(told.Text, "❔"):
		s.left++
	default:
		s.untold++
		for _, reply := range s.telegram.Replies(m) {
			s.t.Logf("%d/%d at %s, edited at %s: %.40q, before that %d versions", m.Chat.ID, reply.ID,
				reply.Date.Format(time.StampMilli), reply.Edited.Format(time.StampMilli), reply.Text, len(reply.Earlier))
		}
	}
	if told.Topic != m.Topic || !proven {
		s.unproven++
		s.t.Logf("%q\n%q with %d tickets", m.Text, told.Text, len(tickets))
	}
}

func (s *storm) print() {
	s.t.Logf(`
%8d commands in %d chats
%8d kills of the service, %d of Postgres, %d restarts of Postgres
%8d created, %d refused, %d unconfirmed and left so, %d sent again by hand
%8d messages repeated of %d whose answer was lost or cut off, of these %d overtaken while they said "waiting"
%8d doubled, %d lost, %d untold`,
		len(s.commands), 3*groups, s.kills, s.crashes, s.restarts, s.created, s.refused, s.left, len(s.pressed)-s.left,
		s.repeated, s.answers.open(), s.stale, s.doubled, s.lost, s.untold)
}

// answers counts the messages of which the bot cannot know that Telegram has them: Telegram's answer did not arrive whole,
// or the bot was killed before it arrived or shortly after. Only those may be posted again.
type answers struct {
	mu   sync.Mutex
	lost int
	busy map[*http.Request]bool
	late []time.Time // answers of the last moments
}

// shortly is how long it may take to record an answer, also on a busy machine whose Postgres has just been restarted.
const shortly = 4 * time.Second

func (a *answers) watch(next http.Handler) http.Handler {
	a.busy = map[*http.Request]bool{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/sendMessage") {
			next.ServeHTTP(w, r)
			return
		}
		seen := &seen{ResponseWriter: w}
		a.mu.Lock()
		a.busy[r] = true
		a.mu.Unlock()
		defer func() {
			a.mu.Lock()
			defer a.mu.Unlock()
			delete(a.busy, r)
			if whole := strings.Contains(seen.body.String(), `"message_id"`); whole && r.Context().Err() == nil {
				a.late = append(a.late, time.Now())
			} else {
				a.lost++
			}
		}()
		next.ServeHTTP(seen, r)
	})
}

// killing notes that a process is about to be killed.
func (a *answers) killing() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lost += len(a.busy)
	for _, at := range a.late {
		if time.Since(at) < shortly {
			a.lost++
		}
	}
	a.late = nil
}

func (a *answers) open() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.lost
}

// seen keeps what was answered.
type seen struct {
	http.ResponseWriter
	body strings.Builder
}

func (s *seen) Write(p []byte) (int, error) {
	s.body.Write(p)
	return s.ResponseWriter.Write(p)
}
