package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/cmd/internal/page"
	"livedeskbot/livedesk/livedesktest"
	"livedeskbot/storage/localpg"
	_ "livedeskbot/storage/localpg/fetch"
)

// agent is who answers at LiveDesk.
const agent = "Sam"

// placeWords are the words of all places.
var placeWords = []string{"topic", "colleague", "general", "group", "private", "tokyo", "other", "staff"}

// teams are those of the emulated LiveDesk.
var teams = []string{"Support", "Billing", "IT Support"}

// narrator shows what happens, to whoever looks on.
type narrator interface {
	step(title string)            // begins a chapter
	said(place, who, text string) // is something in a place: who says it and what, which may be empty
	check(text string)            // is something that turned out as it should
	fault(text string)
	info(text string)
}

// stage is the running whole, as the story and the people who look on use it.
type stage struct {
	narrator
	telegram *telegramtest.Server
	desk     *livedesktest.Desk
	troubles *page.Troubles
	places   []*place
	chats    *transcript
	process  *process
	database database
}

// place is somewhere in Telegram, and who speaks there.
type place struct {
	word  string // by which the person at the keyboard goes there
	title string
	about string // what the chat is, in a few words
	who   *telegramtest.Person
	chat  *telegramtest.Chat
	topic *telegramtest.Topic // nil for the chat
}

func (p *place) where() telegramtest.Place {
	if p.topic != nil {
		return p.topic
	}
	return p.chat
}

// perform starts everything, lets play use it until it returns, and stops everything. The error is what did not start, a
// service that ended by itself, or what play returns.
func (st *stage) perform(ctx context.Context, logs logFile, play func(context.Context) error) error {
	server, err := localpg.StartTemporary(ctx)
	if err != nil {
		return fmt.Errorf("%w\n(the try-out only works with a Postgres of its own: DATABASE_URL has no effect on it)", err)
	}
	defer server.Close()
	st.database = database(server.URL())
	if err := st.database.keepPromises(ctx); err != nil {
		return err
	}
	st.process.log = logs
	st.process.listening = func(address string) {
		st.desk.SetWebhook(livedesktest.Webhook{URL: "http://" + address + "/livedesk/" + deskSecret})
	}
	defer st.telegram.Close()
	telegram, err := listen(st.telegram, logs)
	if err != nil {
		return err
	}
	defer telegram.Close()
	desk, err := listen(st.desk, logs)
	if err != nil {
		return err
	}
	defer desk.Close()

	settings := st.settings(telegram.Addr, desk.Addr, server.URL())
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return st.process.run(ctx, settings) })
	group.Go(func() error {
		defer leave()
		return play(ctx)
	})
	return group.Wait()
}

// keepFile is the largest file in bytes, sent or uploaded by the service, that can be looked at.
const keepFile = 8 << 20

// newStage makes the two emulators and everybody's chats.
func newStage(to narrator) *stage {
	telegram := telegramtest.New(telegramtest.Options{KeepUploads: keepFile})
	desk := livedesktest.New(livedesktest.Options{Teams: teams, KeepFile: keepFile, KeepFiles: 16 * keepFile})
	nina, ben := telegram.NewPerson("Nina"), telegram.NewPerson("Ben")
	omar, sam := telegram.NewPerson("Omar"), telegram.NewPerson(agent)
	yui := telegram.NewPerson("Yui", telegramtest.Language("ja"))
	forum := telegram.NewForum("Acme", telegramtest.ID(-1001234567890))
	printers := forum.NewTopic("Printers")
	tokyo, staff := telegram.NewSupergroup("Acme Tokyo"), telegram.NewSupergroup("Our support team")
	st := &stage{
		narrator: to, telegram: telegram, desk: desk, troubles: page.NewTroubles(telegram, desk), process: &process{},
		places: []*place{
			{"topic", "Acme › Printers", "a customer's group with topics", nina, forum, printers},
			{"colleague", "Acme › Printers", "", ben, forum, printers},
			{"general", "Acme › General", "", nina, forum, nil},
			{"group", "Acme Berlin", "another group of that customer", nina, telegram.NewSupergroup("Acme Berlin"), nil},
			{"private", "Nina's private chat", "with the bot alone", nina, telegram.Private(nina), nil},
			{"tokyo", "Acme Tokyo", "a group of that customer where another language is spoken", yui, tokyo, nil},
			{"other", "Globex", "another customer's group, which nobody has connected yet", omar, telegram.NewSupergroup("Globex"), nil},
			{"staff", "Our support team (staff chat)", "your people, who may see every ticket", sam, staff, nil},
		},
	}
	for _, p := range st.places {
		p.chat.SetMember(p.who, telegramtest.Member)
	}
	tokyo.SetMember(yui, telegramtest.Administrator)
	st.chats = newTranscript(st)
	return st
}

// place finds a place by its word, or returns nil.
func (st *stage) place(word string) *place {
	for _, p := range st.places {
		if p.word == word {
			return p
		}
	}
	return nil
}

// press presses the button under a message whose label has these words in it, and shows what Telegram then shows.
func (st *stage) press(ctx context.Context, at *place, m *telegramtest.Message, words string) error {
	for _, b := range slices.Concat(at.chat.Message(m.ID).Buttons...) {
		if b.Data == "" && b.CopyText == nil || !strings.Contains(strings.ToLower(b.Text), strings.ToLower(words)) {
			continue
		}
		st.said(at.title, fmt.Sprintf("%s presses [ %s ] under #%d", at.who.Name(), b.Text, m.ID), "")
		if b.CopyText != nil {
			st.said(at.title, "Telegram copies", b.CopyText.Text)
			return nil
		}
		press, err := st.telegram.Press(at.who, m, b.Data)
		if err != nil {
			return err
		}
		answer, err := press.Wait(ctx)
		if err != nil {
			return fmt.Errorf("the bot has not answered the press on %q: %w", b.Text, err)
		}
		if answer.Text != "" {
			st.said(at.title, "Telegram shows "+at.who.Name()+" for a moment", answer.Text)
		}
		return nil
	}
	return fmt.Errorf("message #%d has no button with %q", m.ID, words)
}

// deskSecret is what LiveDesk's posts to the service have in their address.
const deskSecret = "emulated-webhook-secret"

// settings are the environment of the service.
func (st *stage) settings(telegram, desk, database string) map[string]string {
	staff := st.place("staff")
	var chats []string // all but Globex, which is to be asked about
	for _, word := range []string{"topic", "group", "private", "tokyo"} {
		chats = append(chats, strconv.FormatInt(st.place(word).chat.ID, 10))
	}
	return map[string]string{
		"TELEGRAM_BOT_TOKEN":      st.telegram.Token(),
		"TELEGRAM_API_URL":        "http://" + telegram,
		"LIVEDESK_API_KEY":        livedesktest.DefaultKey,
		"LIVEDESK_API_SECRET":     livedesktest.DefaultSecret,
		"LIVEDESK_API_URL":        "http://" + desk + "/api/v2",
		"LIVEDESK_CHANNEL_ID":     "inbox_100",
		"LIVEDESK_TEAMS":          strings.Join(teams, ","),
		"LIVEDESK_TIMEOUT":        "5s", // a lost answer is told while the person is still looking
		"LIVEDESK_RATE":           "50",
		"LIVEDESK_WEBHOOK_SECRET": deskSecret,
		"TRACK_INTERVAL":          "5s", // which nobody waits for: LiveDesk says at once what has changed
		"CHATS":                   strings.Join(chats, ","),
		"NEW_CHATS":               "ask",
		"FEED":                    strconv.FormatInt(staff.chat.ID, 10),
		"STAFF_MEMBERS":           fmt.Sprintf("%d=%s", staff.who.ID, livedesktest.AgentID(agent)),
		"DATABASE_URL":            database,
		"LISTEN_ADDR":             "127.0.0.1:0",
	}
}

// listen serves a handler on a free loopback port, which Addr of the server says.
func listen(handler http.Handler, logs logFile) (*http.Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen on loopback: %w", err)
	}
	server := &http.Server{
		Addr: listener.Addr().String(), Handler: handler, ReadHeaderTimeout: 5 * time.Second, ErrorLog: log.New(logs, "", 0),
	}
	go server.Serve(listener) // until Close; nothing else ends a loopback listener
	return server, nil
}
