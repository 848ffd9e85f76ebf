package storage

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// ConnectionState is what people have decided about a chat.
type ConnectionState string

// The states of a chat. What settings say of it stands beside them.
const (
	ChatNew          ConnectionState = "new"          // nobody has decided anything
	ChatAsked        ConnectionState = "asked"        // staff are asked, and have not answered
	ChatConnected    ConnectionState = "connected"    // the bot works there
	ChatRefused      ConnectionState = "refused"      // staff do not want the bot to be there
	ChatDisconnected ConnectionState = "disconnected" // the bot worked there, until staff ended that
)

// As what settings name a chat.
const (
	NamedStaff = "staff"
	NamedChat  = "chat"
)

// Connection is what is known of a chat's right to use the bot.
type Connection struct {
	ChatID    int64
	Was       int64  // group that became this supergroup; 0: none
	Named     string // NamedStaff, NamedChat; empty: settings do not name it
	State     ConnectionState
	Title     string // as staff were asked about it
	AskChatID int64  // staff chat that was asked; 0: none
	AskID     int64  // the message that asks; 0: not known to stand
	Open      int64  // unfinished tickets; only in lists
}

// Connected reports whether the bot works in the chat.
func (c Connection) Connected() bool { return c.Named != "" || c.State == ChatConnected }

// Staff reports whether the chat's members are staff.
func (c Connection) Staff() bool { return c.Named == NamedStaff }

const connectionColumns = `chat_id, was, named, state, title, ask_chat_id, ask_id`

// spoken is true of a row of tickets whose chat may be told something: of a disconnected one, what is news waits.
const spoken = `NOT EXISTS (
	SELECT 1 FROM connections c
	WHERE c.bot_id = tickets.bot_id AND c.chat_id = tickets.chat_id AND c.named = '' AND c.state <> 'connected')`

// NameChats stores which chats the settings of a bot name, and only those, together with the supergroups that they became.
func (s *Store) NameChats(ctx context.Context, botID int64, staff, chats []int64) error {
	_, err := s.pool.Exec(ctx, `
		WITH settings AS (
			SELECT id, CASE WHEN id = ANY (@staff::bigint[]) THEN 'staff' ELSE 'chat' END AS named
			FROM unnest(@staff::bigint[] || @chats::bigint[]) AS id
			GROUP BY id),
		added AS (
			INSERT INTO connections (bot_id, chat_id, named)
			SELECT @bot_id, id, named FROM settings ORDER BY id
			ON CONFLICT (bot_id, chat_id) DO NOTHING)
		UPDATE connections c SET named = coalesce((SELECT max(s.named) FROM settings s WHERE s.id IN (c.chat_id, c.was)), '')
		WHERE bot_id = @bot_id
		  AND named <> coalesce((SELECT max(s.named) FROM settings s WHERE s.id IN (c.chat_id, c.was)), '')`,
		named{"bot_id": botID, "staff": append([]int64{}, staff...), "chats": append([]int64{}, chats...)}) // nil would be null
	if err != nil {
		return fmt.Errorf("store the chats that settings name: %w", err)
	}
	return nil
}

// Connections returns what is known of some chats; of those that are missing nothing is.
func (s *Store) Connections(ctx context.Context, botID int64, chats []int64) ([]Connection, error) {
	known, err := many[Connection](ctx, s.pool, connectionsOf, botID, chats)
	if err != nil {
		return nil, fmt.Errorf("look for connections: %w", err)
	}
	return known, nil
}

const connectionsOf = `SELECT ` + connectionColumns + ` FROM connections WHERE bot_id = $1 AND chat_id = ANY ($2)`

// ConnectionsAndPlaces returns at once what is known of some chats, as Connections does, and what was set in them: whoever asks for
// the one soon asks for the other.
func (s *Store) ConnectionsAndPlaces(ctx context.Context, botID int64, chats []int64) (known []Connection, places []Place, err error) {
	batch := &pgx.Batch{}
	batch.Queue(connectionsOf, botID, chats).Query(func(rows pgx.Rows) (err error) {
		known, err = pgx.CollectRows(rows, pgx.RowToStructByNameLax[Connection])
		return err
	})
	batch.Queue(placesOf, botID, chats).Query(func(rows pgx.Rows) (err error) {
		places, err = pgx.CollectRows(rows, pgx.RowToStructByNameLax[Place])
		return err
	})
	if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
		return nil, nil, fmt.Errorf("look for connections and places: %w", err)
	}
	return known, places, nil
}

// ConnectUndecided connects those of the chats about which nobody has decided anything.
func (s *Store) ConnectUndecided(ctx context.Context, botID int64, chats []int64) error {
	_, err := s.pool.Exec(ctx, `
		INSERT INTO connections (bot_id, chat_id, state) SELECT $1, id, 'connected' FROM unnest($2::bigint[]) AS id ORDER BY id
		ON CONFLICT (bot_id, chat_id) DO UPDATE SET state = 'connected' WHERE connections.state IN ('new', 'asked')`, botID, chats)
	if err != nil {
		return fmt.Errorf("connect undecided chats: %w", err)
	}
	return nil
}

// Connect connects a chat by the word of staff, whatever was decided before.
func (s *Store) Connect(ctx context.Context, botID, chatID int64, title string) error {
	_, err := s.pool.Exec(ctx, `
		INSERT INTO connections (bot_id, chat_id, state, title) VALUES ($1, $2, 'connected', $3)
		ON CONFLICT (bot_id, chat_id) DO UPDATE SET state = 'connected', title = $3`, botID, chatID, title)
	if err != nil {
		return fmt.Errorf("connect chat %d: %w", chatID, err)
	}
	return nil
}

// DecideChat moves a chat from one of some states to another, for an update: that one may decide the same again.
// ErrNotFound: the chat is in none of these states.
func (s *Store) DecideChat(ctx context.Context, botID, chatID int64, from []ConnectionState, to ConnectionState, update int64) error {
	_, err := one[int64](ctx, s.pool, `
		UPDATE connections SET state = @to, decided_for = @update_id
		WHERE bot_id = @bot_id AND chat_id = @chat_id AND (state = ANY (@from::text[]) OR state = @to AND decided_for = @update_id)
		RETURNING chat_id`,
		named{"bot_id": botID, "chat_id": chatID, "from": from, "to": string(to), "update_id": update})
	if err != nil {
		return fmt.Errorf("decide about chat %d: %w", chatID, err)
	}
	return nil
}

// AskAbout notes that staff are about to be asked about a chat in askChat, for an update, and reports whether they are to be:
// once for each chat. Where that may have come to nothing, the same update asks again, and any other one some minutes later.
func (s *Store) AskAbout(ctx context.Context, botID int64, c Connection, update int64) (bool, error) {
	tag, err := s.pool.Exec(ctx, `
		INSERT INTO connections (bot_id, chat_id, state, title, ask_chat_id, decided_for, asked_at)
		VALUES (@bot_id, @chat_id, 'asked', @title, @ask_chat_id, @update_id, now())
		ON CONFLICT (bot_id, chat_id) DO UPDATE SET
			state = 'asked', title = excluded.title, ask_chat_id = excluded.ask_chat_id, decided_for = excluded.decided_for, asked_at = now()
		WHERE connections.state = 'new' OR connections.state = 'asked' AND connections.ask_id = 0
			AND (connections.decided_for = excluded.decided_for OR connections.asked_at < now() - interval '10 minutes')`,
		named{"bot_id": botID, "chat_id": c.ChatID, "title": c.Title, "ask_chat_id": c.AskChatID, "update_id": update})
	if err != nil {
		return false, fmt.Errorf("ask about chat %d: %w", c.ChatID, err)
	}
	return tag.RowsAffected() > 0, nil
}

// AskedAbout stores which message asks staff about a chat.
func (s *Store) AskedAbout(ctx context.Context, botID int64, c Connection) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE connections SET ask_chat_id = $3, ask_id = $4 WHERE bot_id = $1 AND chat_id = $2`, botID, c.ChatID, c.AskChatID, c.AskID)
	if err != nil {
		return fmt.Errorf("asked about chat %d: %w", c.ChatID, err)
	}
	return nil
}

// MoveConnection gives a supergroup what its group had. It may be told so several times, and what is decided about the
// supergroup afterwards stays. The group keeps what it had: what was said there may still be on its way.
func (s *Store) MoveConnection(ctx context.Context, botID, from, to int64) error {
	batch := &pgx.Batch{}
	batch.Queue(`
		INSERT INTO connections (bot_id, chat_id, was, named, state, title, decided_for, ask_chat_id, ask_id, asked_at)
		SELECT bot_id, $3, chat_id, named, state, title, decided_for, ask_chat_id, ask_id, asked_at FROM connections
		WHERE bot_id = $1 AND chat_id = $2
		ON CONFLICT (bot_id, chat_id) DO UPDATE SET
			was = excluded.was,
			named = CASE WHEN connections.named = '' THEN excluded.named ELSE connections.named END,
			state = CASE WHEN connections.state IN ('new', 'asked') AND excluded.state <> 'new' THEN excluded.state ELSE connections.state END
		WHERE connections.was <> excluded.was`, botID, from, to)
	batch.Queue(`
		INSERT INTO uses (bot_id, person_id, chat_id) SELECT bot_id, person_id, $3 FROM uses WHERE bot_id = $1 AND chat_id = $2
		ON CONFLICT DO NOTHING`, botID, from, to)
	// Where it is a staff chat, messages have other numbers there.
	batch.Queue(`UPDATE connections SET ask_chat_id = $3, ask_id = 0 WHERE bot_id = $1 AND ask_chat_id = $2`, botID, from, to)
	if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("move connection of chat %d to %d: %w", from, to, err)
	}
	return nil
}

// StaffChats returns the chats whose members are staff: those that settings name, and the supergroups that they became.
func (s *Store) StaffChats(ctx context.Context, botID int64) ([]int64, error) {
	chats, err := list[int64](ctx, s.pool, `SELECT chat_id FROM connections WHERE bot_id = $1 AND named = 'staff' ORDER BY chat_id`, botID)
	if err != nil {
		return nil, fmt.Errorf("look for staff chats: %w", err)
	}
	return chats, nil
}

// ListConnections returns the groups that are or were connected, from the given place on, and how many there are. Groups that
// became supergroups are left out.
func (s *Store) ListConnections(ctx context.Context, botID int64, offset, limit int) (page []Connection, total int, err error) {
	const listed = `
		FROM connections c
		WHERE bot_id = $1 AND chat_id < 0 AND (named <> '' OR state IN ('connected', 'disconnected'))
		  AND NOT EXISTS (SELECT 1 FROM connections n WHERE n.bot_id = c.bot_id AND n.was = c.chat_id)`
	total, err = one[int](ctx, s.pool, `SELECT count(*)`+listed, botID)
	if err != nil {
		return nil, 0, fmt.Errorf("count connections: %w", err)
	}
	page, err = many[Connection](ctx, s.pool, `
		SELECT `+connectionColumns+`,
			(SELECT count(*) FROM tickets WHERE bot_id = c.bot_id AND chat_id = c.chat_id AND `+unfinished+`) AS open
		`+listed+`
		ORDER BY named = '' AND state <> 'connected', named = '', chat_id DESC
		LIMIT $3 OFFSET $2`, botID, offset, limit)
	if err != nil {
		return nil, 0, fmt.Errorf("list connections: %w", err)
	}
	return page, total, nil
}
