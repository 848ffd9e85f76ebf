package storage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// State is where a ticket stands between the message that asked for it and LiveDesk.
type State string

// A ticket begins as waiting, sending or refused. Sending ends as created, refused, waiting or unconfirmed; unconfirmed
// ends by a person's word: sending again or left.
const (
	StateWaiting     State = "waiting"     // not with LiveDesk, due to be sent
	StateSending     State = "sending"     // the create request may leave at any moment, or has left
	StateCreated     State = "created"     // LiveDesk confirmed it
	StateRefused     State = "refused"     // LiveDesk will never accept it as it stands
	StateUnconfirmed State = "unconfirmed" // it may be with LiveDesk and nobody knows
	StateLeft        State = "left"        // unconfirmed, and a person decided to leave it so
)

// Addable reports whether something can be added to a ticket: LiveDesk has it, or may get it yet, under a number that we know.
func (t Ticket) Addable() bool {
	switch t.State {
	case StateRefused, StateLeft:
		return false
	case StateCreated:
		return t.TicketID != ""
	}
	return true
}

// ErrExists says that the message has its ticket already: it was delivered before.
var ErrExists = errors.New("ticket exists")

// ErrTooMany says that the person has opened as many tickets within a minute as one may.
var ErrTooMany = errors.New("too many tickets in a minute")

// Ticket is a row of tickets.
type Ticket struct {
	ID         int64
	Ref        string `db:"telegram_ref"`
	BotID      int64
	ChatID     int64
	ThreadID   int64 // topic; 0: General, or a chat without topics
	MessageID  int64 // message that asked; 0 once the chat has moved
	SenderID   int64 // person; the chat itself for anonymous administrators and channels
	SenderName string
	Language   string
	CreatedAt  time.Time

	Request  []byte // JSON body of the create request
	State    State
	Reason   string
	Detail   string // words to the reason
	Attempts int
	Rebuffs  int    // how often it was turned away, counted where other tickets were accepted in between
	TicketID string // LiveDesk's number; empty: not known

	Album     string // Telegram's album whose parts belong to the ticket
	WithFiles bool

	Status    string // as LiveDesk last said
	SeenAt    *time.Time
	View      []byte // JSON of what the card shows of that; nil: nothing yet
	ChangedAt time.Time

	Version    int
	Told       int
	TellTries  int
	MutedAt    *time.Time // since when the news wait because the bot may not write to the chat for now; nil: they do not
	CardChatID int64
	CardID     int64
	Forgotten  string // due or done: its person is forgotten, and nothing of its text is stored or told any more; empty: it is not
	Mine       bool   // telling it is in the hands of the process that asked

	// Of a ticket that is to be looked at.
	Missed   int        // looks in a row at which LiveDesk did not know it while it knew others
	MissedAt *time.Time // the first of them
	Urgent   bool       // a person waits for the look
	Pending  bool       // something of it is to be changed at LiveDesk
}

const ticketColumns = `
	id, telegram_ref, bot_id, chat_id, thread_id, message_id, sender_id, sender_name, language, created_at,
	request, state, reason, detail, attempts, rebuffs, ticket_id, status, seen_at,
	album, with_files, view, changed_at, version, told, tell_tries, muted_at, card_chat_id, card_id, forgotten`

// NewTicket is what a message asks for.
type NewTicket struct {
	Ref                                string
	BotID, ChatID, ThreadID, MessageID int64
	SenderID                           int64
	SenderName, Language               string
	Request                            []byte
	State                              State // sending: the caller sends it at once; waiting: it is due; refused: it never will be
	Reason, Detail                     string
	Followers                          []Person
	TellAfter                          time.Duration // how long nobody needs to be told that it waits
	PerMinute                          int           // tickets one sender may open in a minute; 0: no limit
	Album                              string
	Files                              []File        // the message's own and the quoted one's; parts of the album join by themselves
	Gather                             time.Duration // the longest that the ticket waits for its files
	Hold                               time.Duration // how long more parts of the album are awaited
	Fed                                bool          // staff see it in a feed
	Team                               string        // lower case; chooses the feed
	Answers                            int64         // Question.AskedID of the question that the message answers; 0: none
	Arriving                           bool          // the update is not journalled: it goes to the journal as one that is done
}

// OpenTicket stores a ticket and, in the same commit, ends the update that asked for it. ErrExists: the message has its
// ticket, the update is ended too where it is journalled. ErrTooMany: nothing was stored.
func (s *Store) OpenTicket(ctx context.Context, t NewTicket, process int32, update int64) (Ticket, error) {
	opened, err := s.insertTicket(ctx, t, newTicketItem(t, process, update))
	if errors.Is(err, ErrNotFound) {
		err = s.notOpened(ctx, t, update)
	}
	if err != nil {
		return Ticket{}, fmt.Errorf("open ticket for chat %d: %w", t.ChatID, err)
	}
	return opened, nil
}

// notOpened returns why a ticket was not inserted. Where its message has one already, it ends the update.
func (s *Store) notOpened(ctx context.Context, t NewTicket, update int64) error {
	exists, err := one[bool](ctx, s.pool, `SELECT EXISTS (SELECT 1 FROM tickets WHERE telegram_ref = $1)`, t.Ref)
	if err != nil {
		return err
	}
	if !exists {
		return ErrTooMany
	}
	if err := s.FinishUpdate(ctx, t.BotID, update); err != nil {
		return err
	}
	return ErrExists
}

// insertTicket inserts a ticket, together with its files where it has any.
func (s *Store) insertTicket(ctx context.Context, t NewTicket, item ticketItem) (Ticket, error) {
	if t.Album == "" && len(t.Files) == 0 {
		return grouped(ctx, s.commits, pgx.RowToStructByNameLax[Ticket], openTicket, item)
	}
	var opened Ticket
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		err := lockAlbum(ctx, tx, t.ChatID, t.Album)
		if err != nil {
			return err
		}
		if opened, err = alone(ctx, tx, pgx.RowToStructByNameLax[Ticket], openTicket, item); err != nil {
			return err
		}
		if err := addFiles(ctx, tx, opened.ID, t.Files); err != nil {
			return err
		}
		opened.WithFiles = true
		return joinAlbum(ctx, tx, opened.ID)
	})
	return opened, err
}

// ticketItem is a NewTicket for openTicket.
type ticketItem struct {
	Ref       string          `json:"ref"`
	Bot       int64           `json:"bot"`
	Chat      int64           `json:"chat"`
	Thread    int64           `json:"thread"`
	Message   int64           `json:"message"`
	Sender    int64           `json:"sender"`
	Name      string          `json:"name"`
	Language  string          `json:"lang"`
	Request   json.RawMessage `json:"body"`
	State     State           `json:"first"`
	Reason    string          `json:"why"`
	Detail    string          `json:"words"`
	Process   int32           `json:"process"`
	Update    int64           `json:"update"`
	Followers []followerItem  `json:"people"`
	PerMinute int             `json:"most"`
	Answers   int64           `json:"answers"`
	Album     string          `json:"parts"`
	TellAfter float64         `json:"tell_after"` // seconds, as the others
	Gather    float64         `json:"gather"`
	Hold      float64         `json:"hold"`
	Fed       bool            `json:"fed"`
	Team      string          `json:"crew"`
	Arriving  bool            `json:"arriving"`
}

type followerItem struct {
	Person int64  `json:"person"`
	Name   string `json:"name"`
}

func newTicketItem(t NewTicket, process int32, update int64) ticketItem {
	followers := make([]followerItem, len(t.Followers))
	for i, f := range t.Followers {
		followers[i] = followerItem{f.ID, f.Name}
	}
	return ticketItem{
		t.Ref, t.BotID, t.ChatID, t.ThreadID, t.MessageID, t.SenderID, t.SenderName, t.Language, t.Request, t.State, t.Reason, t.Detail,
		process, update, followers, t.PerMinute, t.Answers, t.Album, t.TellAfter.Seconds(), t.Gather.Seconds(), t.Hold.Seconds(),
		t.Fed, t.Team, t.Arriving,
	}
}

// openTicket counts what people have opened within a minute, those before an item in the same statement included.
var openTicket = given(`
	ref text, bot bigint, chat bigint, thread bigint, message bigint, sender bigint, name text, lang text, body json,
	first text, why text, words text, process integer, update bigint, people json, most integer, answers bigint, parts text,
	tell_after float8, gather float8, hold float8, fed boolean, crew text, arriving boolean`) + `,
	opened AS (
		INSERT INTO tickets (
			telegram_ref, bot_id, chat_id, thread_id, message_id, sender_id, sender_name, language, request,
			state, reason, detail, attempts, due_at, owner, tell_at, teller, album, hold_until, feed_version, team)
		SELECT ref, bot, chat, thread, message, sender, name, lang, body, first, why, words,
			CASE first WHEN 'sending' THEN 1 ELSE 0 END,
			CASE first WHEN 'waiting' THEN now() + make_interval(secs => gather) END,
			CASE first WHEN 'sending' THEN process END,
			CASE first WHEN 'waiting' THEN now() + make_interval(secs => tell_after) WHEN 'refused' THEN now() END,
			CASE first WHEN 'refused' THEN process END,
			parts, now() + make_interval(secs => hold), CASE WHEN fed THEN 1 ELSE 0 END, crew
		FROM given
		WHERE most = 0 OR most >
			(SELECT count(*) FROM given before WHERE before.sender = given.sender AND before.n < given.n) +
			(SELECT count(*) FROM (
				SELECT FROM tickets WHERE sender_id = given.sender AND created_at > now() - interval '1 minute' LIMIT given.most) recent)
		ORDER BY n
		ON CONFLICT (telegram_ref) DO NOTHING
		RETURNING *),
	made AS (SELECT DISTINCT ON (ref) opened.id, given.* FROM opened JOIN given ON ref = telegram_ref ORDER BY ref, n),
	followed AS (
		INSERT INTO followers (ticket, person_id, name)
		SELECT made.id, f.person, f.name FROM made, json_to_recordset(made.people) AS f (person bigint, name text)
		ON CONFLICT DO NOTHING),
	answered AS (
		UPDATE questions SET answered_at = now() FROM made
		WHERE bot_id = made.bot AND chat_id = made.chat AND asked_id = made.answers),
	done AS (
		UPDATE updates SET done_at = now(), payload = NULL, owner = NULL FROM made
		WHERE NOT arriving AND bot_id = made.bot AND update_id = made.update AND done_at IS NULL),
	journalled AS (
		INSERT INTO updates (bot_id, update_id, chat_id, done_at) SELECT bot, update, chat, now() FROM made WHERE arriving
		ON CONFLICT DO NOTHING)
	SELECT n, ` + ticketColumns + `, teller IS NOT NULL AS mine FROM made JOIN opened USING (id)`

// AnyWaiting reports whether a ticket is due to be sent; with early, whether one waits at all.
func (s *Store) AnyWaiting(ctx context.Context, early bool) (bool, error) {
	some, err := one[bool](ctx, s.pool, `
		SELECT EXISTS (
			SELECT 1 FROM tickets WHERE bot_id = $1 AND state = 'waiting' AND owner IS NULL AND ($2 OR due_at <= now()))`, s.bot, early)
	if err != nil {
		return false, fmt.Errorf("look for waiting tickets: %w", err)
	}
	return some, nil
}

// ClaimWaiting takes the oldest ticket that is due to be sent as sending: its request may leave. ErrNotFound: none is due.
func (s *Store) ClaimWaiting(ctx context.Context, process int32) (Ticket, error) {
	t, err := row[Ticket](ctx, s.pool, claimWaiting, process, s.bot)
	if err != nil {
		return Ticket{}, fmt.Errorf("claim a waiting ticket: %w", err)
	}
	return t, nil
}

// ClaimProbe takes one waiting ticket, due or not, to find out whether LiveDesk is back: of those that were turned away least
// the oldest after the given one, else the oldest, so that a ticket that LiveDesk cannot answer does not keep all others from
// being tried. ErrNotFound: none waits.
func (s *Store) ClaimProbe(ctx context.Context, process int32, after int64) (Ticket, error) {
	t, err := row[Ticket](ctx, s.pool, claimProbe, process, s.bot, after)
	if err != nil {
		return Ticket{}, fmt.Errorf("claim a ticket to probe with: %w", err)
	}
	return t, nil
}

var (
	claimWaiting = claimToSend(firstToSend(`due_at <= now() ORDER BY id`))
	claimProbe   = claimToSend(`coalesce(` + firstToSend(`rebuffs = (`+leastRebuffs+`) AND id > $3 ORDER BY id`) + `,
		` + firstToSend(`true ORDER BY rebuffs, id`) + `)`)
)

// toSend is true of a ticket of the bot $2 that waits in nobody's hands.
const toSend = `bot_id = $2 AND state = 'waiting' AND owner IS NULL`

const leastRebuffs = `SELECT rebuffs FROM tickets WHERE ` + toSend + ` ORDER BY rebuffs LIMIT 1`

func firstToSend(which string) string {
	return `(SELECT id FROM tickets WHERE ` + toSend + ` AND ` + which + ` LIMIT 1 FOR UPDATE SKIP LOCKED)`
}

// claimToSend claims the ticket of a number.
func claimToSend(id string) string {
	return `
	UPDATE tickets
	SET state = 'sending', owner = $1, attempts = attempts + 1, due_at = NULL,
		-- Before the first try has ended, that is the word to wait for; afterwards what is to be told stays so.
		tell_at = CASE WHEN told > 0 OR reason <> '' OR teller IS NOT NULL THEN tell_at END
	WHERE id = ` + id + `
	RETURNING ` + ticketColumns
}

// Outcome is how a create request ended.
type Outcome struct {
	State    State // created, refused, waiting or unconfirmed
	Reason   string
	Detail   string
	TicketID string
	Due      time.Duration // until the next work: sending again or the first look; negative: none

	// Rebuff, of one that waits, says that it may be kept out for what it says. The third such time at which other tickets were
	// accepted in between, it is refused for this reason. Empty: it does not count.
	Rebuff string
}

// maxRebuffs is how often a ticket is turned away, while others are accepted in between, before it is refused.
const maxRebuffs = 3

// othersAccepted is true of a row of tickets that was turned away where LiveDesk took a ticket that was asked for later.
const othersAccepted = `EXISTS (
	SELECT 1 FROM (SELECT bot_id, state, created_at FROM tickets ORDER BY id DESC LIMIT 100) AS newest
	WHERE newest.bot_id = tickets.bot_id AND newest.state = 'created' AND newest.created_at > tickets.rebuffed_at)`

// RecordOutcome stores how the given attempt ended. Where nobody else is telling the ticket's news, telling them is in
// the hands of this process (Mine). What a process knows for certain, after others had taken it for dead, still counts: that
// LiveDesk has the ticket even where a later attempt has begun. ErrNotFound: it is known already, or does not count any more.
func (s *Store) RecordOutcome(ctx context.Context, id int64, attempt int, o Outcome, process int32) (Ticket, error) {
	sql := recordOutcome
	switch {
	case o.Rebuff != "":
		sql = recordRebuff
	case o.State == StateUnconfirmed:
		sql = recordUnconfirmed
	}
	t, err := grouped(ctx, s.commits, pgx.RowToStructByNameLax[Ticket], sql, outcomeItem{
		id, attempt, o.State, o.Reason, o.Detail, o.TicketID, o.Due.Seconds(), process, o.Rebuff,
	})
	if err != nil {
		return Ticket{}, fmt.Errorf("record outcome of ticket %d: %w", id, err)
	}
	return t, nil
}

// outcomeItem is an Outcome for outcomeStatement.
type outcomeItem struct {
	ID       int64   `json:"ticket"`
	Attempt  int     `json:"attempt"`
	State    State   `json:"ended"`
	Reason   string  `json:"why"`
	Detail   string  `json:"words"`
	TicketID string  `json:"number"`
	Due      float64 `json:"due"` // seconds
	Process  int32   `json:"process"`
	Rebuff   string  `json:"rebuff"`
}

// Statements of their own ask about other tickets or store a notice: what no outcome needs costs nothing then.
var (
	recordOutcome = outcomeStatement(`rebuffs`, ``)
	recordRebuff  = outcomeStatement(`CASE WHEN rebuffs = 0 OR `+othersAccepted+` THEN rebuffs + 1 ELSE rebuffs END`, ``)

	recordUnconfirmed = outcomeStatement(`rebuffs`, `,
	noticed AS (
		`+noticeUnconfirmed+`
		FROM recorded WHERE (old_told > 0 OR old_teller IS NOT NULL) AND old_reason <> '`+reasonAgain+`'
		`+onceNoticed+`)`)
)

func outcomeStatement(rebuffs, noticed string) string {
	const (
		news    = `NOT (new_state = 'waiting' AND old_reason = new_reason)` // waiting is told once, however often it is tried
		told    = `(told > 0 OR teller IS NOT NULL)`                        // or is just being told
		atOnce  = `new_state = 'created' AND unsettled`                     // something of it is to be changed at LiveDesk
		refused = `rebuff <> '' AND new_rebuffs >= `
	)
	tooOften := refused + strconv.Itoa(maxRebuffs)
	return given(`
		ticket bigint, attempt integer, ended text, why text, words text, number text, due float8, process integer, rebuff text`) + `,
	old AS (
		SELECT given.*, told AS old_told, teller AS old_teller, reason AS old_reason, ` + rebuffs + ` AS new_rebuffs,
			with_files OR EXISTS (SELECT 1 FROM additions a WHERE a.ticket = tickets.id AND ` + toCome + `) AS unsettled
		FROM given JOIN tickets ON id = given.ticket
		WHERE attempts >= attempt AND ended = 'created' AND state <> 'created'
			OR attempts = attempt AND (state = 'sending' OR state IN ('unconfirmed', 'left') AND ended = 'refused'
				OR state = 'unconfirmed' AND reason = 'crash' AND ended = 'waiting')
		FOR UPDATE OF tickets),
	outcomes AS (
		SELECT *,
			CASE WHEN ` + tooOften + ` THEN 'refused' ELSE ended END AS new_state,
			CASE WHEN ` + tooOften + ` THEN rebuff ELSE why END AS new_reason
		FROM old),
	recorded AS (
		UPDATE tickets SET
			state = new_state, reason = new_reason, detail = words, ticket_id = number, owner = NULL,
			rebuffs = new_rebuffs, rebuffed_at = CASE WHEN new_rebuffs > rebuffs THEN now() ELSE rebuffed_at END,
			changed_at = CASE WHEN new_state = 'created' THEN now() ELSE changed_at END,
			due_at = CASE
				WHEN new_state = 'refused' THEN NULL
				WHEN new_state = 'created' AND number = '' THEN NULL -- there is nothing to look at
				WHEN ` + atOnce + ` THEN now()
				WHEN due >= 0 THEN now() + make_interval(secs => due) END,
			urgent_at = CASE WHEN ` + atOnce + ` AND number <> '' THEN now() ELSE urgent_at END,
			` + nextVersion(news) + `,
			tell_at = CASE WHEN ` + news + ` THEN now() WHEN ` + told + ` THEN tell_at ELSE coalesce(tell_at, now()) END,
			teller = CASE WHEN ` + news + ` THEN coalesce(teller, process) ELSE teller END
		FROM outcomes WHERE id = outcomes.ticket
		RETURNING n, ` + ticketColumns + `, old_told, old_teller, old_reason, old_teller IS NULL AND ` + news + ` AS mine)` + noticed + `
	SELECT n, ` + ticketColumns + `, mine FROM recorded`
}

// reasonAgain is the reason of a ticket that is being sent again, whose card still says that nobody knows.
const reasonAgain = `again`

// TryAgain makes an unconfirmed ticket sending or waiting, for one press of the button under the given attempt.
// ErrNotFound: it is not, or no longer, unconfirmed after that attempt.
func (s *Store) TryAgain(ctx context.Context, id int64, attempt int, to State, process int32) (Ticket, error) {
	t, err := row[Ticket](ctx, s.pool, `
		UPDATE tickets SET
			state = $3, reason = CASE $3 WHEN 'sending' THEN '`+reasonAgain+`' ELSE '' END, detail = '',
			attempts = CASE $3 WHEN 'sending' THEN attempts + 1 ELSE attempts END,
			owner = CASE $3 WHEN 'sending' THEN $4::integer END,
			due_at = CASE $3 WHEN 'waiting' THEN now() END,
			`+newsNow(`$3 = 'waiting'`)+`
		WHERE id = $1 AND attempts = $2 AND state = 'unconfirmed'
		RETURNING `+ticketColumns, id, attempt, string(to), process)
	if err != nil {
		return Ticket{}, fmt.Errorf("try ticket %d again: %w", id, err)
	}
	return t, nil
}

// Leave ends an unconfirmed ticket by a person's word. ErrNotFound: it is not, or no longer, unconfirmed after that attempt.
func (s *Store) Leave(ctx context.Context, id int64, attempt int) error {
	tag, err := s.pool.Exec(ctx, `
		UPDATE tickets SET state = 'left', `+newsNow(always)+`
		WHERE id = $1 AND attempts = $2 AND state = 'unconfirmed'`, id, attempt)
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("leave ticket %d: %w", id, err)
	}
	return nil
}

// Resubmission is another request for a ticket that was refused.
type Resubmission struct {
	Reason    string // that it was refused for
	Request   []byte
	Team      string        // of the request, lower case
	TellAfter time.Duration // how long nobody needs to be told that it waits
	Gather    time.Duration // longest that it waits for its files
}

// Resubmit makes a ticket that was refused wait with another request, once: its person has chosen what was wrong. ErrNotFound: it
// is not, or no longer, refused for that reason.
func (s *Store) Resubmit(ctx context.Context, id int64, r Resubmission) error {
	_, err := one[int64](ctx, s.pool, `
		UPDATE tickets SET
			state = 'waiting', reason = '', detail = '', request = @request::json, team = @team, `+nextVersion(always)+`,
			tell_at = now() + make_interval(secs => @tell_after),
			due_at = now() + CASE
				WHEN EXISTS (SELECT 1 FROM files f WHERE f.ticket = tickets.id AND f.state = 'waiting') THEN make_interval(secs => @gather)
				ELSE '0' END
		WHERE id = @id AND state = 'refused' AND reason = @reason AND forgotten = ''
		RETURNING id`,
		named{
			"id": id, "reason": r.Reason, "request": r.Request, "team": r.Team, "tell_after": r.TellAfter.Seconds(),
			"gather": r.Gather.Seconds(),
		})
	if err != nil {
		return fmt.Errorf("resubmit ticket %d: %w", id, err)
	}
	return nil
}

// Rewriting is another request for a ticket.
type Rewriting struct {
	Request []byte
	Team    string // of the request, lower case
	Notice  Notice // told where people have read that the ticket waits; else its card will be the answer
}

// Rewrite changes the request of a ticket that is not with LiveDesk yet and, in the same commit, ends the update.
// ErrNotFound: it is on its way, or there.
func (s *Store) Rewrite(ctx context.Context, id int64, r Rewriting, botID, update int64) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		told, err := one[bool](ctx, tx, `
			UPDATE tickets SET request = $2, team = $3, `+nextVersion(always)+`, `+tellNow(`told > 0`)+`
			WHERE id = $1 AND state = 'waiting'
			RETURNING told > 0 OR teller IS NOT NULL`, id, r.Request, r.Team)
		if err != nil {
			return err
		}
		if told {
			if err := addNotice(ctx, tx, id, r.Notice); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, finishUpdate, botID, update)
		return err
	})
	if err != nil {
		return fmt.Errorf("rewrite ticket %d: %w", id, err)
	}
	return nil
}

// Ticket returns one ticket by our own number.
func (s *Store) Ticket(ctx context.Context, id int64) (Ticket, error) {
	t, err := row[Ticket](ctx, s.pool, `SELECT `+ticketColumns+` FROM tickets WHERE id = $1`, id)
	if err != nil {
		return Ticket{}, fmt.Errorf("ticket %d: %w", id, err)
	}
	return t, nil
}

// ByRef returns the ticket that a message asked for.
func (s *Store) ByRef(ctx context.Context, ref string) (Ticket, error) {
	t, err := row[Ticket](ctx, s.pool, `SELECT `+ticketColumns+` FROM tickets WHERE telegram_ref = $1`, ref)
	if err != nil {
		return Ticket{}, fmt.Errorf("ticket by message: %w", err)
	}
	return t, nil
}

// TicketsByNumber returns the bot's tickets with LiveDesk's number: one, or none where LiveDesk got it from elsewhere.
func (s *Store) TicketsByNumber(ctx context.Context, ticketID string) ([]Ticket, error) {
	tickets, err := many[Ticket](ctx, s.pool,
		`SELECT `+ticketColumns+` FROM tickets WHERE ticket_id = $1 AND ticket_id <> '' AND bot_id = $2`, ticketID, s.bot)
	if err != nil {
		return nil, fmt.Errorf("tickets by number: %w", err)
	}
	return tickets, nil
}

// Seen stores the status LiveDesk gave a ticket just now.
func (s *Store) Seen(ctx context.Context, id int64, status string) error {
	_, err := s.pool.Exec(ctx, `UPDATE tickets SET status = $2, seen_at = now() WHERE id = $1`, id, status)
	if err != nil {
		return fmt.Errorf("status of ticket %d: %w", id, err)
	}
	return nil
}
