package desk_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/livedesk/livedesktest"
	"livedeskbot/storage/storagetest"
)

// A stop that comes while the database stores a claim must not give it up: it would be stored all the same, and the ticket
// taken for one that was sent.
func TestAStopWhileATicketIsBeingClaimedLeavesNoDoubt(t *testing.T) {
	t.Parallel()
	var line *storagetest.Line
	var direct *pgx.Conn
	w := bottest.New(t, func(w *bottest.World) {
		var err error
		direct, err = pgx.Connect(t.Context(), w.Database)
		require.NoError(t, err)
		t.Cleanup(func() { _ = direct.Close(context.Background()) })
		line = storagetest.NewLine(t, w.Database)
		w.Database = line.URL()
	})
	chat := w.Telegram.NewSupergroup("S")
	end := w.Desk.Trouble(livedesktest.Create, livedesktest.Always, livedesktest.Unavailable(0))
	card := w.Say(w.Alice, chat, "/ticket printer jam")
	require.Contains(t, card.Text, "keep trying")

	_, err := direct.Exec(t.Context(), `
		SELECT pg_advisory_lock(1, 1);
		CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock(1, 1); RETURN new; END';
		CREATE TRIGGER hold BEFORE UPDATE ON tickets FOR EACH ROW WHEN (new.state = 'sending') EXECUTE FUNCTION hold()`)
	require.NoError(t, err)
	w.Eventually(func() bool {
		var held int
		err := direct.QueryRow(t.Context(), `
			SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
			WHERE locktype = 'advisory' AND classid = 1 AND NOT granted AND datname = current_database()`).Scan(&held)
		return err == nil && held == 1
	}, "the ticket is not being claimed")
	line.NoMore() // so that the database does not hear that a statement is given up
	stopped := make(chan struct{})
	go func() { defer close(stopped); w.Stop() }()
	time.Sleep(200 * time.Millisecond) // the order to stop is there before the answer
	_, err = direct.Exec(t.Context(), `SELECT pg_advisory_unlock(1, 1)`)
	require.NoError(t, err)
	<-stopped
	line.Mend()
	end()
	w.Start()
	w.Number(card)
	require.Equal(t, 1, w.Desk.Count())
}
