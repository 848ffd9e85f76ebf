package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
	"livedeskbot/migrations"
	"livedeskbot/storage/storagetest"
)

// What a released version left behind when it was killed in the middle of everything: its rows, what stood in the chats, and what
// LiveDesk had. It is written by that version, in a worktree of its commit with this file and world_test.go as they are here:
//
//	go test ./cmd/livedeskbot -run TestWhatAReleaseLeftBehindGoesOn -release
//
// With -beside=PATH that version's program goes on beside today's.
var writeRelease = flag.Bool("release", false, "write what this version leaves behind into testdata, for the tests of later ones")

const (
	releasedRows  = "testdata/released.rows"
	releasedWorld = "testdata/released.json"
)

// legacy is what stood outside the database.
type legacy struct {
	Version int64     // of the schema
	Update  int64     // the last one that Telegram had for it
	At      time.Time // when the version was killed
	Said    []line    // in the order in which it was said
	Tickets []filed
}

type line struct {
	Chat    string
	ID      int
	By      string // first name; empty: the bot
	Text    string
	ReplyTo int
	File    bool
	Album   string
	Buttons [][]telegramtest.Button
}

type filed struct {
	Number      string
	Body        json.RawMessage // of the request that made it
	Description string
	Team        string
	Status      string
	Messages    []livedesktest.Message
}

// scenes are groups in which something was under way, each called by what that was.
var scenes = []string{
	"feed", "told", "unconfirmed", "refused", "left", "asked", "followed", "replied", "untold", "half relayed", "adding", "with a file", "sending", "waiting",
	"billing feed", "fed", "not fed", "other team", "followed in private", "muted", "lost", "asking", "answering", "album", "set up", "blocked", "disconnected",
	"added", "edited", "urgent", "uploaded", "uploading",
}

// stage is a world with the groups of the scenes.
type stage struct {
	*world
	groups map[string]*telegramtest.Chat
	people map[string]*telegramtest.Person
	bob    *telegramtest.Person
	file   *telegramtest.File
}

func newStage(t *testing.T, database string) stage {
	s := stage{world: newWorld(t, database, telegramtest.Options{}, nil), groups: map[string]*telegramtest.Chat{}}
	s.bob = s.telegram.NewPerson("Bob")
	s.people = map[string]*telegramtest.Person{"Alice": s.alice, "Bob": s.bob}
	for _, name := range []string{"Carol", "Dave", "Eve"} {
		s.people[name] = s.telegram.NewPerson(name)
	}
	for _, scene := range scenes {
		s.groups[scene] = s.telegram.NewSupergroup(scene)
	}
	s.groups["feed"].SetMember(s.alice, telegramtest.Member)
	s.groups["followed in private"].SetMember(s.bob, telegramtest.Member)
	s.groups["set up"].SetMember(s.alice, telegramtest.Administrator)
	s.file = s.telegram.NewFile(telegramtest.Document, "a.txt", "text/plain", []byte("a.txt"))
	s.settings["TRACK_INTERVAL"], s.settings["LIVEDESK_TIMEOUT"] = "1s", "2s"
	s.settings["FEED"] = fmt.Sprintf("%d,%d=Billing", s.groups["feed"].ID, s.groups["billing feed"].ID)
	return s
}

func (s stage) ask(scene string, how ...telegramtest.Saying) *telegramtest.Message {
	return s.telegram.Say(s.alice, s.groups[scene], "/ticket "+scene, how...)
}

// card is the bot's first message in a scene.
func (s stage) card(scene string) *telegramtest.Message { return s.groups[scene].BotMessages()[0] }

// number is LiveDesk's of the ticket of a scene, empty where there is none.
func (s stage) number(scene string) string {
	for _, t := range s.desk.Tickets() {
		if t.Title == scene {
			return t.ID
		}
	}
	return ""
}

func (s stage) says(scene, text string) (times int) {
	for _, m := range s.groups[scene].BotMessages() {
		times += strings.Count(m.Text, text)
	}
	return times
}

func (s stage) reply(scene, text string) {
	s.t.Helper()
	_, err := s.desk.Reply(s.number(scene), "Li", text)
	require.NoError(s.t, err)
}

// say lets somebody say something in a scene.
func (s stage) say(who, scene, text string, how ...telegramtest.Saying) *telegramtest.Message {
	return s.telegram.Say(s.people[who], s.groups[scene], text, how...)
}

// replyToCard lets Alice reply to the card of a scene.
func (s stage) replyToCard(scene, text string) *telegramtest.Message {
	return s.say("Alice", scene, text, telegramtest.ReplyTo(s.card(scene)))
}

// press lets Alice press a button of the card of a scene, once it is there.
func (s stage) press(scene, button string) {
	s.t.Helper()
	var press *telegramtest.Press
	s.eventually(func() (there bool) {
		got, err := s.telegram.Press(s.alice, s.card(scene), button)
		press = got
		return err == nil
	}, "%s: no button %q", scene, button)
	s.eventually(press.Answered, "%s: the press is not answered", scene)
}

// inFeed is the message in a feed that a text stands in, nil where there is none.
func (s stage) inFeed(feed, text string) *telegramtest.Message {
	all := s.groups[feed].BotMessages()
	if i := slices.IndexFunc(all, func(m *telegramtest.Message) bool { return strings.Contains(m.Text, text) }); i >= 0 {
		return all[i]
	}
	return nil
}

// description is that of the ticket of a scene.
func (s stage) description(scene string) string {
	ticket, _ := s.desk.Ticket(s.number(scene))
	return ticket.Description
}

// play lets the program get into the middle of everything, and kills it there.
func (s stage) play() {
	p := s.ready()
	for _, scene := range []string{
		"fed", "other team", "told", "followed", "followed in private", "replied", "half relayed", "muted", "lost", "disconnected", "set up",
		"adding", "added", "edited", "urgent",
	} {
		s.hears(s.ask(scene), "tk_")
	}
	s.decide()
	s.hears(s.say("Alice", "asked", "/ticket"), "What is it about")
	for _, scene := range []string{"followed", "followed in private"} {
		s.hears(s.say("Bob", scene, "/follow", telegramtest.ReplyTo(s.card(scene))), "You follow")
	}
	s.telegram.Say(s.bob, s.telegram.Private(s.bob), "/follow "+s.number("followed in private"))
	s.stores(`SELECT count(*) FROM followers WHERE private`)
	s.reply("replied", "first answer")
	s.reply("half relayed", "first answer")
	s.eventually(func() bool { return s.says("replied", "first answer")+s.says("half relayed", "first answer") == 2 }, "not relayed")
	s.setUp()
	s.hush()
	s.hushFeeds()
	s.add()
	s.carry()
	s.question()
	s.send()
	p.kill()
}

// decide gets tickets that nobody knows about, and decides some of them.
func (s stage) decide() {
	for _, scene := range []string{"unconfirmed", "left"} {
		s.desk.Trouble(livedesktest.Create, 1, livedesktest.StoreThenLose())
		s.hears(s.ask(scene), "clear answer")
	}
	s.press("left", "Leave it")
	s.desk.Trouble(livedesktest.Create, 1, livedesktest.Refuse(http.StatusUnprocessableEntity, livedesktest.Envelope))
	s.hears(s.ask("refused"), "not accepted")
}

// setUp lets staff and administrators decide what holds in places and for people.
func (s stage) setUp() {
	s.say("Alice", "set up", "/language de")
	s.stores(`SELECT count(*) FROM places WHERE language = 'de'`)
	s.hears(s.say("Eve", "blocked", "/ticket blocked"), "tk_")
	s.say("Alice", "feed", fmt.Sprint("/block ", s.people["Eve"].ID))
	s.stores(`SELECT count(*) FROM blocks`)
	s.hears(s.say("Eve", "blocked", "/ticket again"), "nothing for you")
	list := s.hears(s.say("Alice", "feed", "/chats"), "")
	s.telegram.Forge(s.alice, list, fmt.Sprintf("disconnect:%d:0", s.groups["disconnected"].ID)) // it may stand on another page
	s.stores(`SELECT count(*) FROM connections WHERE state = 'disconnected'`)
}

// bar takes the right to write from the bot in some groups.
func (s stage) bar() {
	s.groups["muted"].SetBot(telegramtest.Restricted, s.alice)
	s.groups["lost"].SetBot(telegramtest.Kicked, s.alice)
}

// hush lets the bot have something to tell that it cannot tell.
func (s stage) hush() {
	s.bar()
	s.stores(`SELECT count(*) FROM chats WHERE lost_at IS NOT NULL`)
	s.reply("lost", "first answer")
	s.reply("muted", "first answer")
	s.stores(`SELECT count(*) FROM tickets WHERE muted_at IS NOT NULL AND teller IS NULL`)
	s.telegram.Refuse(telegramtest.Match{Method: "sendMessage", Chat: s.telegram.Private(s.bob)})
	require.NoError(s.t, s.desk.SetStatus(s.number("followed in private"), "resolved"))
	s.stores(`SELECT count(*) FROM private_notices`)
	s.telegram.Refuse(telegramtest.Match{Method: "sendMessage", Chat: s.groups["half relayed"]})
	s.reply("half relayed", "second answer")
	s.stores(`SELECT count(*) FROM notices n JOIN tickets t ON t.id = n.ticket WHERE n.told_at IS NULL AND t.request->>'title' = 'half relayed'`)
	s.telegram.Refuse(telegramtest.Match{Method: "sendMessage", Chat: s.groups["untold"]})
	s.ask("untold")
	s.stores(`SELECT count(*) FROM tickets WHERE state = 'created' AND told = 0`)
}

// hushFeeds lets staff's feeds get behind.
func (s stage) hushFeeds() {
	s.eventually(func() bool { return s.inFeed("feed", "fed") != nil && s.inFeed("feed", "other team") != nil }, "not in the feed")
	s.hears(s.say("Alice", "feed", "a reply", telegramtest.ReplyTo(s.inFeed("feed", "fed"))), "Customers do not see")
	s.telegram.Refuse(telegramtest.Match{Chat: s.groups["feed"]})
	require.NoError(s.t, s.desk.SetTeam(s.number("other team"), "Billing"))
	s.stores(`SELECT count(*) FROM feed_left`)
	require.NoError(s.t, s.desk.SetStatus(s.number("fed"), "in_progress"))
	s.eventually(func() bool { return strings.Contains(s.card("fed").Text, "In progress") }, "the card stands still")
	s.hears(s.replyToCard("fed", "for staff to read"), "Added")
	s.stores(`SELECT count(*) FROM additions WHERE feed = 'due' AND done_at IS NOT NULL`)
	s.hears(s.ask("not fed"), "tk_")
	s.stores(`SELECT count(*) FROM tickets t WHERE feed_at IS NOT NULL AND request->>'title' = 'not fed'
		AND NOT EXISTS (SELECT FROM feed_posts WHERE ticket = t.id)`)
}

// add lets changes of tickets be under way: tried in vain, and taken without an answer.
func (s stage) add() {
	open := func(kind string) {
		s.t.Helper()
		s.stores(`SELECT count(*) FROM additions WHERE done_at IS NULL AND attempts > 0 AND kind = '` + kind + `'`)
	}
	s.desk.Trouble(livedesktest.Update, livedesktest.Always, livedesktest.Cut().About("an addition"))
	s.replyToCard("adding", "an addition")
	open("text")
	s.desk.Trouble(livedesktest.Update, livedesktest.Always, livedesktest.Cut().About("with more words"))
	s.telegram.Edit(s.groups["edited"].Messages()[0], "/ticket edited\nwith more words")
	open("edit")
	s.desk.Trouble(livedesktest.Update, livedesktest.Always, livedesktest.Cut().About(s.number("urgent")))
	s.press("urgent", "Priority")
	s.press("urgent", "High priority")
	open("priority")
	s.desk.Trouble(livedesktest.Update, livedesktest.Always, livedesktest.StoreThenHang().About("came through"))
	s.replyToCard("added", "what came through")
	s.eventually(func() bool { return strings.Contains(s.description("added"), "came through") }, "not stored")
	// Or it would be seen, when the wait for the answer is over, that it is there.
	s.desk.Trouble(livedesktest.Get, livedesktest.Always, livedesktest.Cut().About(s.number("added")))
	s.stores(`SELECT (count(*) = 4)::int FROM additions WHERE done_at IS NULL`)
}

// carry lets files be on their way, and a part of an album without its ticket.
func (s stage) carry() {
	s.say("Alice", "album", "", telegramtest.Attached(s.file), telegramtest.InAlbum(s.telegram.NewAlbumID()))
	s.stores(`SELECT count(*) FROM album_parts`)
	s.desk.Trouble(livedesktest.Update, livedesktest.Always, livedesktest.Cut().About(`"uploaded"`))
	s.hears(s.ask("uploaded"), "tk_")
	s.say("Alice", "uploaded", "a file", telegramtest.ReplyTo(s.card("uploaded")), telegramtest.Attached(s.file))
	s.stores(`SELECT count(*) FROM files WHERE state = 'uploaded' AND NOT entered AND attempts > 0`)
	s.desk.Trouble(livedesktest.Upload, 1, livedesktest.Hang())
	s.desk.Trouble(livedesktest.Upload, livedesktest.Always, livedesktest.Unavailable(time.Second))
	seen := s.desk.Seen(livedesktest.Upload)
	s.ask("uploading", telegramtest.Attached(s.file))
	s.eventually(func() bool { return s.desk.Seen(livedesktest.Upload) > seen }, "not uploaded")
	s.ask("with a file", telegramtest.Attached(s.file))
	s.stores(`SELECT (count(*) = 2)::int FROM files WHERE state = 'waiting'`)
}

// question lets a question and the answer to one be under way.
func (s stage) question() {
	s.telegram.Refuse(telegramtest.Match{Method: "sendMessage", Chat: s.groups["asking"]})
	s.say("Carol", "asking", "/ticket")
	s.stores(`SELECT count(*) FROM questions WHERE message_id = 0`)
	asked := s.hears(s.say("Dave", "answering", "/ticket"), "What is it about")
	s.telegram.Slow(time.Minute, telegramtest.Match{Method: "sendMessage", Chat: s.groups["answering"]})
	s.say("Dave", "answering", "/status")
	s.say("Dave", "answering", "answering", telegramtest.ReplyTo(asked))
	s.stores(fmt.Sprintf(`SELECT (count(*) = 2)::int FROM updates WHERE done_at IS NULL AND chat_id = %d`, s.groups["answering"].ID))
}

// send lets tickets be on their way.
func (s stage) send() {
	s.desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Unavailable(time.Second).About("waiting"))
	s.desk.Trouble(livedesktest.Create, 1, livedesktest.Hang())
	seen := s.desk.Seen(livedesktest.Create)
	s.ask("sending")
	s.eventually(func() bool { return s.desk.Seen(livedesktest.Create) > seen }, "not sent")
	s.ask("waiting")
	s.stores(`SELECT count(*) FROM tickets WHERE state = 'waiting' AND request->>'title' = 'waiting'`)
}

// stores waits until a count is one.
func (s stage) stores(count string) {
	s.t.Helper()
	s.eventually(func() bool { n, err := s.query(count); return err == nil && n == 1 }, "%s is not 1", count)
}

// write stores what is left behind.
func (s stage) write() {
	left := legacy{At: time.Now().UTC()}
	require.NoError(s.t, s.pool.QueryRow(s.t.Context(), `SELECT (SELECT max(version_id) FROM goose_db_version), (SELECT max(update_id) FROM updates)`).
		Scan(&left.Version, &left.Update))
	updates := map[string]int64{}
	for scene, group := range s.groups {
		after := int64(0)
		for _, m := range group.Messages() {
			after = max(after, m.Update)
			updates[fmt.Sprint(scene, m.ID)] = after
			l := line{Chat: scene, ID: m.ID, Text: m.Text, ReplyTo: m.ReplyTo, File: m.File != nil, Album: m.Album, Buttons: m.Buttons}
			if !m.FromBot {
				l.By = m.From.Name()
			}
			left.Said = append(left.Said, l)
		}
	}
	slices.SortFunc(left.Said, func(a, b line) int {
		return cmp.Or(cmp.Compare(updates[fmt.Sprint(a.Chat, a.ID)], updates[fmt.Sprint(b.Chat, b.ID)]), cmp.Compare(a.ID, b.ID))
	})
	for _, t := range s.desk.Tickets() {
		left.Tickets = append(left.Tickets, filed{
			Number: t.ID, Body: t.CreateBody, Description: t.Description, Team: t.Team, Status: t.Status, Messages: t.Messages,
		})
	}
	raw, err := json.MarshalIndent(left, "", " ")
	require.NoError(s.t, err)
	require.NoError(s.t, os.MkdirAll("testdata", 0o755))
	require.NoError(s.t, os.WriteFile(releasedWorld, append(raw, '\n'), 0o644))
	require.NoError(s.t, os.WriteFile(releasedRows, dump(s.t, s.pool), 0o644))
}

// dump is all rows of all tables, each table as what COPY prints after a line that names its columns, parents before children.
func dump(t *testing.T, pool *pgxpool.Pool) []byte {
	t.Helper()
	rows, err := pool.Query(t.Context(), `
		SELECT format('%I (%s)', c.relname, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum))
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'goose_db_version'
		GROUP BY c.oid, c.relname ORDER BY c.oid`)
	require.NoError(t, err)
	var tables []string
	for rows.Next() {
		var table string
		require.NoError(t, rows.Scan(&table))
		tables = append(tables, table)
	}
	require.NoError(t, rows.Err())
	conn, err := pool.Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	var out bytes.Buffer
	for _, table := range tables {
		fmt.Fprintf(&out, "COPY %s\n", table)
		_, err := conn.Conn().PgConn().CopyTo(t.Context(), &out, "COPY "+table+" TO STDOUT")
		require.NoError(t, err)
		out.WriteString("\\.\n")
	}
	return out.Bytes()
}

// restore makes of an empty database what the released version left behind.
func (s stage) restore(left legacy, rows string) {
	t := s.t
	config := s.pool.Config().ConnConfig
	db := stdlib.OpenDB(*config)
	defer db.Close()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS)
	require.NoError(t, err)
	_, err = provider.DownTo(t.Context(), 0)
	require.NoError(t, err)
	_, err = provider.UpTo(t.Context(), left.Version)
	require.NoError(t, err)
	conn, err := s.pool.Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	_, err = conn.Exec(t.Context(), `DELETE FROM connections`)
	require.NoError(t, err)
	for table := range strings.SplitSeq(strings.TrimSuffix(rows, "\\.\n"), "\\.\n") {
		columns, data, _ := strings.Cut(table, "\n")
		_, err := conn.Conn().PgConn().CopyFrom(t.Context(), strings.NewReader(data), columns+" FROM STDIN")
		require.NoError(t, err, columns)
	}
	// As if it had been killed just now, with counters that go on.
	_, err = conn.Exec(t.Context(), fmt.Sprintf(`DO $$
		DECLARE c record;
		BEGIN
			FOR c IN SELECT table_name, column_name, data_type, is_identity FROM information_schema.columns
				WHERE table_schema = 'public' AND table_name <> 'goose_db_version' LOOP
				IF c.data_type = 'timestamp with time zone' THEN
					EXECUTE format('UPDATE %%I SET %%2$I = %%2$I + (now() - %%3$L::timestamptz)', c.table_name, c.column_name, '%s');
				ELSIF c.is_identity = 'YES' THEN
					EXECUTE format('SELECT setval(pg_get_serial_sequence(%%1$L, %%2$L), (SELECT greatest(max(%%2$I), 1) FROM %%1$I))', c.table_name, c.column_name);
				END IF;
			END LOOP;
			PERFORM setval('process_number', (SELECT max(number) FROM processes));
			-- What it did not take for its own was confirmed to Telegram, too.
			INSERT INTO updates (bot_id, update_id, chat_id, done_at)
				SELECT min(bot_id), generate_series(min(update_id), max(update_id)), 0, now() FROM updates
				ON CONFLICT DO NOTHING;
		END $$`, left.At.Format(time.RFC3339Nano)))
	require.NoError(t, err)
}

// repeat lets be said and filed what was, and returns what to call the tickets now.
func (s stage) repeat(left legacy) *strings.Replacer {
	t := s.t
	for _, m := range left.Said {
		var got *telegramtest.Message
		how := []telegramtest.Saying{}
		if m.ReplyTo != 0 {
			how = append(how, telegramtest.ReplyTo(s.groups[m.Chat].Message(m.ReplyTo)))
		}
		if m.File {
			how = append(how, telegramtest.Attached(s.file))
		}
		if m.Album != "" {
			how = append(how, telegramtest.InAlbum(m.Album))
		}
		if m.By == "" {
			got = s.post(m)
		} else {
			got = s.say(m.By, m.Chat, m.Text, how...)
		}
		require.Equal(t, m.ID, got.ID, "%s: %s", m.Chat, m.Text)
	}
	s.bar()
	for private := s.telegram.Private(s.bob); s.telegram.Say(s.bob, private, "and what else was said").Update < left.Update; {
	}
	var names []string
	for _, f := range left.Tickets {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.settings["LIVEDESK_API_URL"]+"/accounts/tickets", bytes.NewReader(f.Body))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/json")
		req.SetBasicAuth(livedesktest.DefaultKey, livedesktest.DefaultSecret)
		before := s.desk.Tickets()
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		_ = res.Body.Close()
		require.Equal(t, http.StatusOK, res.StatusCode)
		number := s.desk.Tickets()[len(before)].ID
		require.NoError(t, s.desk.Change(number, func(ticket *livedesktest.Ticket) {
			ticket.Description, ticket.Team, ticket.Status, ticket.Messages = f.Description, f.Team, f.Status, f.Messages
		}))
		names = append(names, f.Number, number)
	}
	return strings.NewReplacer(names...)
}

// post lets the bot post as its earlier version did.
func (s stage) post(m line) *telegramtest.Message {
	group := s.groups[m.Chat]
	call := map[string]any{"chat_id": group.ID, "text": m.Text}
	if m.ReplyTo != 0 {
		call["reply_parameters"] = map[string]any{"message_id": m.ReplyTo}
	}
	if len(m.Buttons) > 0 {
		var rows [][]map[string]string
		for _, row := range m.Buttons {
			var buttons []map[string]string
			for _, b := range row {
				buttons = append(buttons, map[string]string{"text": b.Text, "callback_data": b.Data})
			}
			rows = append(rows, buttons)
		}
		call["reply_markup"] = map[string]any{"inline_keyboard": rows}
	}
	raw, err := json.Marshal(call)
	require.NoError(s.t, err)
	res, err := http.Post(s.settings["TELEGRAM_API_URL"]+"/bot"+s.telegram.Token()+"/sendMessage", "application/json", bytes.NewReader(raw))
	require.NoError(s.t, err)
	_ = res.Body.Close()
	require.Equal(s.t, http.StatusOK, res.StatusCode)
	all := group.BotMessages()
	return all[len(all)-1]
}

func TestWhatAReleaseLeftBehindGoesOn(t *testing.T) {
	t.Parallel()
	if *writeRelease {
		s := newStage(t, storagetest.New(t))
		s.play()
		s.write()
	}
	raw, err := os.ReadFile(releasedWorld)
	require.NoError(t, err)
	var left legacy
	require.NoError(t, json.Unmarshal(raw, &left))
	rows, err := os.ReadFile(releasedRows)
	require.NoError(t, err)

	s := newStage(t, storagetest.New(t))
	s.settings["LIVEDESK_TIMEOUT"] = "1m" // from here on nothing is meant to be late, on no machine
	names := s.repeat(left)
	s.restore(left, names.Replace(string(rows)))
	posted := map[string]int{}
	for scene, group := range s.groups {
		posted[scene] = len(group.BotMessages())
	}
	if *beside != "" { // as in a rolling upgrade: it works on while today's program migrates
		old := s.startProgram(*beside)
		s.eventually(func() bool { return old.get("/readyz") == http.StatusOK }, "not ready\n%s", old.log)
	}
	s.ready()
	s.requireGoesOn(posted)
}

// requireGoesOn requires that everything goes on where it was, and that nothing is said or made twice.
func (s stage) requireGoesOn(posted map[string]int) {
	t := s.t
	s.becomes("waiting", "tk_", 1)
	s.becomes("sending", "clear answer", 1)
	s.becomes("untold", "tk_", 1)
	s.becomes("half relayed", "second answer", 1)
	s.requireChangesGoOn()
	s.requireFilesGoOn()
	s.requireNewsGoOn()
	for _, scene := range []string{"told", "followed"} {
		require.NoError(t, s.desk.SetStatus(s.number(scene), "resolved"))
		s.eventually(func() bool { return strings.Contains(s.card(scene).Text, "Resolved") }, "the card stands still")
		s.eventually(func() bool { return len(s.groups[scene].BotMessages()) == posted[scene]+1 }, "%s: %s", scene, s.chat(scene))
	}
	require.Contains(t, s.chat("followed"), "Bob")
	s.reply("replied", "second answer")
	s.becomes("replied", "second answer", 1)
	for _, scene := range []string{"replied", "half relayed"} {
		require.Equal(t, 1, s.says(scene, "first answer"), s.chat(scene))
	}
	s.press("unconfirmed", "🔁 Send again")
	s.becomes("unconfirmed", "tk_", 1)
	s.requireQuestionsGoOn()
	s.requireChoicesGoOn()
	for _, scene := range []string{"refused", "left", "unconfirmed"} {
		require.Len(t, s.groups[scene].BotMessages(), posted[scene], s.chat(scene))
	}
	s.settle(patience)
	s.requireMadeOnce()
}

// requireMadeOnce requires that each scene that is to have a ticket has one, and that there is no other.
func (s stage) requireMadeOnce() {
	s.t.Helper()
	want := map[string]int{"noch eins": 1}
	for _, scene := range scenes {
		switch scene {
		case "feed", "billing feed", "refused", "sending": // LiveDesk got or took none
		case "unconfirmed": // nobody knew that it was there
			want[scene] = 2
		default:
			want[scene] = 1
		}
	}
	made := map[string]int{}
	for _, ticket := range s.desk.Tickets() {
		made[ticket.Title]++
	}
	require.Equal(s.t, want, made)
}

// becomes waits until the bot has said something in a scene so many times.
func (s stage) becomes(scene, text string, times int) {
	s.t.Helper()
	s.eventually(func() bool { return s.says(scene, text) == times }, "%s: not %d times %q in\n%s", scene, times, text, s.chat(scene))
}

// requireChangesGoOn requires that what was to be changed in tickets is, once.
func (s stage) requireChangesGoOn() {
	s.t.Helper()
	for scene, text := range map[string]string{"adding": "an addition", "edited": "with more words", "added": "what came through"} {
		s.eventually(func() bool { return strings.Contains(s.description(scene), text) }, "%s: not added", scene)
	}
	s.eventually(func() bool { ticket, _ := s.desk.Ticket(s.number("urgent")); return ticket.Priority == "high" }, "no priority")
	s.becomes("urgent", "High priority", 1)
	for _, scene := range []string{"adding", "added"} { // by a word, or as later versions do
		s.eventually(func() bool {
			all := s.groups[scene].Messages()
			return s.says(scene, "Added") == 1 || slices.ContainsFunc(all, func(m *telegramtest.Message) bool { return m.Reaction != "" })
		}, "%s: not acknowledged", scene)
	}
	require.Equal(s.t, 1, strings.Count(s.description("added"), "what came through"))
}

// requireFilesGoOn requires that files come into their tickets, and that none is uploaded again.
func (s stage) requireFilesGoOn() {
	s.t.Helper()
	s.say("Alice", "album", "/ticket album", telegramtest.Attached(s.file), telegramtest.InAlbum(s.groups["album"].Messages()[0].Album))
	s.becomes("album", "tk_", 1)
	for scene, files := range map[string]int{"with a file": 1, "uploading": 1, "uploaded": 1, "album": 2} {
		s.eventually(func() bool {
			ticket, _ := s.desk.Ticket(s.number(scene))
			return len(ticket.Attachments) == files
		}, "%s: not %d files", scene, files)
	}
	require.Len(s.t, s.desk.Uploads(), 4, "an uploaded one is there")
}

// requireNewsGoOn requires that what could not be told is, once.
func (s stage) requireNewsGoOn() {
	s.t.Helper()
	private := s.telegram.Private(s.bob)
	s.eventually(func() bool { return len(private.BotMessages()) == 1 }, "Bob is not told")
	require.Contains(s.t, private.BotMessages()[0].Text, "Resolved")
	s.becomes("followed in private", "Resolved: ticket", 1)

	s.groups["muted"].SetBot(telegramtest.Member, s.alice)
	s.becomes("muted", "first answer", 1)
	s.groups["lost"].SetBot(telegramtest.Member, s.alice)
	s.reply("lost", "second answer")
	s.becomes("lost", "second answer", 1)

	for scene, text := range map[string]string{"fed": "In progress", "other team": "now with Billing", "not fed": "not fed"} {
		s.eventually(func() bool {
			m := s.inFeed("feed", scene)
			return m != nil && strings.Contains(m.Text, text)
		}, "%s: the feed does not say %q:\n%s", scene, text, s.chat("feed"))
	}
	s.becomes("feed", "for staff to read", 1)
	s.becomes("billing feed", "· Billing", 1)
}

// requireQuestionsGoOn requires that questions are put, and their answers taken.
func (s stage) requireQuestionsGoOn() {
	s.t.Helper()
	s.hears(s.say("Alice", "asked", "asked", telegramtest.ReplyTo(s.card("asked"))), "tk_")
	s.becomes("answering", "tk_", 1)
	s.becomes("asking", "What is it about", 1)
	s.hears(s.say("Carol", "asking", "asking", telegramtest.ReplyTo(s.card("asking"))), "tk_")
}

// requireChoicesGoOn requires that what was decided for places and people holds.
func (s stage) requireChoicesGoOn() {
	s.t.Helper()
	s.hears(s.say("Alice", "set up", "/ticket noch eins"), "Offen")
	before := len(s.groups["blocked"].BotMessages())
	s.say("Eve", "blocked", "/ticket once more")
	s.say("Alice", "disconnected", "/ticket once more")
	s.say("Alice", "feed", "another reply", telegramtest.ReplyTo(s.inFeed("feed", "fed")))
	s.eventually(func() bool { return s.telegram.Pending() == 0 }, "not taken")
	s.settle(patience)
	require.Len(s.t, s.groups["blocked"].BotMessages(), before, "Eve was told less than an hour ago")
	s.becomes("feed", "Customers do not see", 1)
}

func (s stage) chat(scene string) string {
	var lines []string
	for _, m := range s.groups[scene].Messages() {
		lines = append(lines, fmt.Sprintf("%d: %s", m.ID, m.Text))
	}
	return strings.Join(lines, "\n")
}
