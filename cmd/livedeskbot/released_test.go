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
	"strconv"
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
// LiveDesk had. It is written by that version:
//
//	go test ./cmd/livedeskbot -run TestWhatAReleaseLeftBehindGoesOn -release
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
	Bot     bool
	Text    string
	ReplyTo int
	File    bool
	Buttons [][]telegramtest.Button
}

type filed struct {
	Number   string
	Body     json.RawMessage // of the request that made it
	Status   string
	Messages []livedesktest.Message
}

// scenes are groups in which something was under way, each called by what that was.
var scenes = []string{
	"feed", "told", "unconfirmed", "refused", "left", "asked", "followed", "replied", "untold", "half relayed", "adding", "with a file", "sending", "waiting",
}

// stage is a world with the groups of the scenes.
type stage struct {
	*world
	groups map[string]*telegramtest.Chat
	bob    *telegramtest.Person
	file   *telegramtest.File
}

func newStage(t *testing.T, database string) stage {
	s := stage{world: newWorld(t, database, telegramtest.Options{}, nil), groups: map[string]*telegramtest.Chat{}}
	s.bob = s.telegram.NewPerson("Bob")
	for _, scene := range scenes {
		s.groups[scene] = s.telegram.NewSupergroup(scene)
	}
	s.file = s.telegram.NewFile(telegramtest.Document, "a.txt", "text/plain", []byte("a.txt"))
	s.settings["TRACK_INTERVAL"], s.settings["LIVEDESK_TIMEOUT"] = "1s", "2s"
	s.settings["FEED"] = strconv.FormatInt(s.groups["feed"].ID, 10)
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

// play lets the program get into the middle of everything, and kills it there.
func (s stage) play() {
	p := s.ready()
	for _, scene := range []string{"told", "followed", "replied", "half relayed", "adding"} {
		s.hears(s.ask(scene), "tk_")
	}
	for _, scene := range []string{"unconfirmed", "left"} {
		s.desk.Trouble(livedesktest.Create, 1, livedesktest.StoreThenLose())
		s.hears(s.ask(scene), "clear answer")
	}
	press, err := s.telegram.Press(s.alice, s.card("left"), "Leave it")
	require.NoError(s.t, err)
	s.eventually(press.Answered, "the press is not answered")
	s.desk.Trouble(livedesktest.Create, 1, livedesktest.Refuse(http.StatusUnprocessableEntity, livedesktest.Envelope))
	s.hears(s.ask("refused"), "not accepted")
	s.hears(s.telegram.Say(s.alice, s.groups["asked"], "/ticket"), "What is it about")
	s.hears(s.telegram.Say(s.bob, s.groups["followed"], "/follow", telegramtest.ReplyTo(s.card("followed"))), "You follow")
	s.reply("replied", "first answer")
	s.reply("half relayed", "first answer")
	s.eventually(func() bool { return s.says("replied", "first answer")+s.says("half relayed", "first answer") == 2 }, "not relayed")

	s.telegram.Refuse(telegramtest.Match{Method: "sendMessage", Chat: s.groups["half relayed"]})
	s.reply("half relayed", "second answer")
	s.stores(`SELECT count(*) FROM notices WHERE told_at IS NULL`)
	s.telegram.Refuse(telegramtest.Match{Method: "sendMessage", Chat: s.groups["untold"]})
	s.ask("untold")
	s.stores(`SELECT count(*) FROM tickets WHERE state = 'created' AND told = 0`)
	s.desk.Trouble(livedesktest.Update, livedesktest.Always, livedesktest.Unavailable(time.Second))
	s.telegram.Say(s.alice, s.groups["adding"], "an addition", telegramtest.ReplyTo(s.card("adding")))
	s.stores(`SELECT count(*) FROM additions WHERE done_at IS NULL`)
	s.desk.Trouble(livedesktest.Upload, livedesktest.Always, livedesktest.Unavailable(time.Second))
	s.hears(s.ask("with a file", telegramtest.Attached(s.file)), "tk_")
	s.stores(`SELECT count(*) FROM files WHERE state = 'waiting'`)
	s.desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Unavailable(time.Second).About("waiting"))
	s.desk.Trouble(livedesktest.Create, 1, livedesktest.Hang())
	seen := s.desk.Seen(livedesktest.Create)
	s.ask("sending")
	s.eventually(func() bool { return s.desk.Seen(livedesktest.Create) > seen }, "not sent")
	s.ask("waiting")
	s.eventually(func() bool {
		n, err := s.query(`SELECT count(*) FROM tickets WHERE state = 'waiting'`)
		return err == nil && n == 1
	}, "not waiting")
	p.kill()
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
			left.Said = append(left.Said, line{
				Chat: scene, ID: m.ID, Bot: m.FromBot, Text: m.Text, ReplyTo: m.ReplyTo, File: m.File != nil, Buttons: m.Buttons,
			})
		}
	}
	slices.SortFunc(left.Said, func(a, b line) int {
		return cmp.Or(cmp.Compare(updates[fmt.Sprint(a.Chat, a.ID)], updates[fmt.Sprint(b.Chat, b.ID)]), cmp.Compare(a.ID, b.ID))
	})
	for _, t := range s.desk.Tickets() {
		left.Tickets = append(left.Tickets, filed{Number: t.ID, Body: t.CreateBody, Status: t.Status, Messages: t.Messages})
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
		by := s.alice
		if strings.HasPrefix(m.Text, "/follow") {
			by = s.bob
		}
		if m.Bot {
			got = s.post(m)
		} else {
			got = s.telegram.Say(by, s.groups[m.Chat], m.Text, how...)
		}
		require.Equal(t, m.ID, got.ID, "%s: %s", m.Chat, m.Text)
	}
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
		require.NoError(t, s.desk.Change(number, func(ticket *livedesktest.Ticket) { ticket.Status, ticket.Messages = f.Status, f.Messages }))
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
	names := s.repeat(left)
	s.restore(left, names.Replace(string(rows)))
	posted := map[string]int{}
	for scene, group := range s.groups {
		posted[scene] = len(group.BotMessages())
	}
	s.ready()
	s.requireGoesOn(posted)
}

// requireGoesOn requires that everything goes on where it was, and that nothing is said or made twice.
func (s stage) requireGoesOn(posted map[string]int) {
	t := s.t
	becomes := func(scene, text string, times int) {
		t.Helper()
		s.eventually(func() bool { return s.says(scene, text) == times }, "%s: not %d times %q in\n%s", scene, times, text, s.chat(scene))
	}
	becomes("waiting", "tk_", 1)
	becomes("sending", "clear answer", 1)
	becomes("untold", "tk_", 1)
	becomes("half relayed", "second answer", 1)
	s.eventually(func() bool {
		ticket, _ := s.desk.Ticket(s.number("adding"))
		return strings.Contains(ticket.Description, "an addition")
	}, "not added")
	s.eventually(func() bool { ticket, _ := s.desk.Ticket(s.number("with a file")); return len(ticket.Attachments) == 1 }, "no file")
	for _, scene := range []string{"told", "followed"} {
		require.NoError(t, s.desk.SetStatus(s.number(scene), "resolved"))
		s.eventually(func() bool { return strings.Contains(s.card(scene).Text, "Resolved") }, "the card stands still")
		s.eventually(func() bool { return len(s.groups[scene].BotMessages()) == posted[scene]+1 }, "%s: %s", scene, s.chat(scene))
	}
	require.Contains(t, s.chat("followed"), "Bob")
	s.reply("replied", "second answer")
	becomes("replied", "second answer", 1)
	for _, scene := range []string{"replied", "half relayed"} {
		require.Equal(t, 1, s.says(scene, "first answer"), s.chat(scene))
	}
	before := s.desk.Count()
	press, err := s.telegram.Press(s.alice, s.card("unconfirmed"), "🔁 Send again")
	require.NoError(t, err)
	s.eventually(press.Answered, "the press is not answered")
	becomes("unconfirmed", "tk_", 1)
	s.hears(s.telegram.Say(s.alice, s.groups["asked"], "now with a text", telegramtest.ReplyTo(s.card("asked"))), "tk_")
	require.Equal(t, before+2, s.desk.Count())
	for _, scene := range []string{"refused", "left", "unconfirmed"} {
		require.Len(t, s.groups[scene].BotMessages(), posted[scene], s.chat(scene))
	}
	s.settle(patience)
}

func (s stage) chat(scene string) string {
	var lines []string
	for _, m := range s.groups[scene].Messages() {
		lines = append(lines, fmt.Sprintf("%d: %s", m.ID, m.Text))
	}
	return strings.Join(lines, "\n")
}
