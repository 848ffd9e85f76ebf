package storage_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
	"livedeskbot/storage/storagetest"
)

// poolerTakes are the parameters that PgBouncer takes when a connection begins; of any other it refuses the connection.
// https://www.pgbouncer.org/config.html#ignore_startup_parameters
var poolerTakes = []string{
	"user", "database", "application_name", "client_encoding", "datestyle", "timezone", "standard_conforming_strings",
}

// newPooler returns the connection string of a database behind what PgBouncer in session mode is when a connection begins.
func newPooler(t *testing.T, database string) string {
	t.Helper()
	u, err := url.Parse(database)
	require.NoError(t, err)
	folder, port := u.Query().Get("host"), u.Query().Get("port")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _ = pool(client, filepath.Join(folder, ".s.PGSQL."+port)) }() // the client sees the error
		}
	}()
	u.Host, u.RawQuery = listener.Addr().String(), "sslmode=disable"
	return u.String()
}

func pool(client net.Conn, socket string) error {
	defer client.Close()
	backend := pgproto3.NewBackend(client, client)
	first, err := backend.ReceiveStartupMessage()
	if err != nil {
		return err
	}
	start, ok := first.(*pgproto3.StartupMessage)
	if !ok {
		return errors.New("a request to cancel") // nobody here makes one
	}
	for name := range start.Parameters {
		if !slices.Contains(poolerTakes, name) {
			backend.Send(&pgproto3.ErrorResponse{
				Severity: "FATAL", SeverityUnlocalized: "FATAL", Code: "08P01", Message: "unsupported startup parameter: " + name,
			})
			return backend.Flush()
		}
	}
	server, err := net.Dial("unix", socket)
	if err != nil {
		return err
	}
	defer server.Close()
	frontend := pgproto3.NewFrontend(server, server)
	frontend.Send(start)
	if err := frontend.Flush(); err != nil {
		return err
	}
	go func() { _, _ = io.Copy(client, server); client.Close() }()
	_, err = io.Copy(server, client)
	return err
}

func TestAPoolerInSessionModeIsAsGoodAsTheServer(t *testing.T) {
	t.Parallel()
	store, err := storage.Open(t.Context(), newPooler(t, emptyDatabase(t)))
	require.NoError(t, err)
	t.Cleanup(store.Close)
	require.NoError(t, storage.Migrate(t.Context(), store.Pool(), slog.New(slog.DiscardHandler)))
	process := register(t, store)
	openTicket(t, store, process, newTicket("ref", 7, storage.StateSending))
	kill(t, store, process)
	require.Equal(t, 1, takeOver(t, store))
}

func TestEveryConnectionBoundsWhatItMayCostTheServer(t *testing.T) {
	t.Parallel()
	direct := storagetest.New(t)
	for name, address := range map[string]string{"direct": direct, "behind a pooler": newPooler(t, direct)} {
		store, err := storage.Open(t.Context(), address)
		require.NoError(t, err)
		t.Cleanup(store.Close)
		for setting, want := range map[string]string{
			"statement_timeout": "10s", "lock_timeout": "5s", "idle_in_transaction_session_timeout": "30s",
			"client_connection_check_interval": "5s", "application_name": "livedeskbot",
		} {
			var got string
			require.NoError(t, store.Pool().QueryRow(t.Context(), `SELECT current_setting($1)`, setting).Scan(&got))
			require.Equal(t, want, got, fmt.Sprint(name, ": ", setting))
		}
	}
}

// A server may be older than a setting, or not let everybody change it.
func TestASettingThatTheServerRefusesCostsNoOtherAndNoConnection(t *testing.T) {
	t.Parallel()
	database := storagetest.New(t)
	admin := openOver(t, database)
	exec(t, admin, `CREATE FUNCTION set_config(text, text, boolean) RETURNS text LANGUAGE plpgsql AS $$ BEGIN
		IF $1 = 'lock_timeout' THEN RAISE EXCEPTION 'permission denied to set parameter' USING ERRCODE = 'insufficient_privilege'; END IF;
		RETURN pg_catalog.set_config($1, $2, $3); END $$`)
	exec(t, admin, `ALTER DATABASE `+name(t, database)+` SET search_path = public, pg_catalog`)
	store := openOver(t, database)
	var lock, statement string
	require.NoError(t, store.Pool().QueryRow(t.Context(), `SHOW lock_timeout`).Scan(&lock))
	require.NoError(t, store.Pool().QueryRow(t.Context(), `SHOW statement_timeout`).Scan(&statement))
	require.Equal(t, []string{"0", "10s"}, []string{lock, statement})
}

// name is the name of a database.
func name(t *testing.T, database string) string {
	t.Helper()
	u, err := url.Parse(database)
	require.NoError(t, err)
	return u.Path[1:]
}
