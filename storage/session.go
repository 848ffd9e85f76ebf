package storage

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// setting is one of a session with the server.
type setting struct{ name, value string }

// bounded are the settings of every session but those that migrate, whose statements may take as long as they need.
var (
	bounded   = append([]setting{{"statement_timeout", "10s"}}, common...)
	unbounded = append([]setting{{"statement_timeout", "0"}}, common...)
)

var common = []setting{
	{"lock_timeout", "5s"},
	{"idle_in_transaction_session_timeout", "30s"},
	// A vanished host must not keep its locks for hours.
	{"tcp_keepalives_idle", "10"},
	{"tcp_keepalives_interval", "5"},
	{"tcp_keepalives_count", "3"},
	{"tcp_user_timeout", "20s"},
	{"client_connection_check_interval", "5s"},
}

// configure makes settings in each session that has just begun. They are no parameters of its start, of which PgBouncer refuses
// most, and the whole connection with them. What the server refuses, because it has no such thing or does not let everybody
// change it, is left as it is.
func configure(settings []setting) func(context.Context, *pgx.Conn) error {
	return func(ctx context.Context, conn *pgx.Conn) error {
		err := set(ctx, conn, settings)
		if !refusal(err) {
			return err
		}
		for i := range settings {
			if err := set(ctx, conn, settings[i:i+1]); err != nil && !refusal(err) {
				return err
			}
		}
		return nil
	}
}

// set makes all of the settings, or none.
func set(ctx context.Context, conn *pgx.Conn, settings []setting) error {
	var calls []string
	for _, s := range settings {
		calls = append(calls, fmt.Sprintf("set_config('%s', '%s', false)", s.name, s.value))
	}
	if _, err := conn.Exec(ctx, "SELECT "+strings.Join(calls, ", ")); err != nil {
		return fmt.Errorf("begin a session: %w", err)
	}
	return nil
}

// refusal reports whether an error is the server's word, after which the connection still stands.
func refusal(err error) bool {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	return ok && refused.SeverityUnlocalized == "ERROR"
}
